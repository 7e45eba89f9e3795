//! Fits one model per customer, for thousands or millions of customers, in one run.
//!
//! # Data flow
//!
//! ```text
//! Environment ─► Settings ─► InputFile… ─► [ read ─► check ─► fit ─► score ─► pack ─► publish ] ─► Outcome…
//!                                           one customer per worker thread, no shared state
//! Outcome… ─► one dispatcher thread: counts, progress, manifest, metric lines, stop decision ─► Summary ─► exit code
//! ```
//!
//! # The map, top layer first
//!
//! A module imports only from rows below its own; a test (`tests/suite/layers.rs`) enforces it.
//!
//! | layer | modules |
//! |---|---|
//! | 10 | `fuzzing`: doors to readers, for the properties that any bytes must keep |
//! | 9 | `cli`: the sub-commands, which combine the layers |
//! | 9 | [`frames`]: tables in memory in, artifacts and tables out, for callers within the process |
//! | 8 | [`train`]: the run: plan, workers, dispatcher, progress |
//! | 8 | [`merge`]: merges the results of all shards |
//! | 8 | [`prepare`]: from raw tables to files of customers |
//! | 8 | [`predict`]: from artifacts to forecasts and predictions |
//! | 8 | [`plan`]: estimates a job's time, memory and cost from a sample |
//! | 8 | [`serve`]: the HTTP server: models in memory, requests, responses |
//! | 8 | [`simulate`]: a SageMaker job of many instances on one machine |
//! | 8 | [`generate`]: synthetic customers |
//! | 7 | [`explain`]: what is known of one customer |
//! | 7 | [`plot`]: drawings of one customer |
//! | 7 | [`report`]: a page made of the results of a run |
//! | 6 | [`results`]: manifest, tables and summary of a run |
//! | 5 | [`settings`]: parses and checks settings, and reports all errors at once |
//! | 4 | [`artifact`]: content, deterministic bytes, name and fingerprint of a `tar.gz` |
//! | 3 | [`input`]: from files to customers' series and tables of features; [`launch`]: SageMaker API requests |
//! | 2 | [`store`]: directories and buckets; [`shard`]: which part of the customers a run processes; [`sagemaker`]: the container's files and variables |
//! | 1 | `run`: threads, memory, panics |
//! | 0 | [`error`]: errors and exit codes; `words`: counts and lists in messages |
//!
//! Below all of them is the crate `manyfit-models`: data, models, forecasts; no input or output, no threads.
//!
//! # Fences
//!
//! - the platform's paths and variables only in [`sagemaker`];
//! - the AWS SDK only in `store/s3`;
//! - polars only in `input/parquet`, which reads and writes Parquet, and in `input/frame`, which reads Arrow's tables;
//! - rayon only in [`prepare`], [`train`], [`predict`], [`generate`] and `run`: one thread fits a model or computes its forecast;
//! - async only in [`serve`], where `cli` starts it, and in `store/s3`, behind calls that block;
//! - `process::exit` nowhere: `main` returns an exit code.

pub mod artifact;
pub mod cli;
pub mod error;
pub mod explain;
#[cfg(feature = "parquet")]
pub mod frames;
#[doc(hidden)]
pub mod fuzzing;
pub mod generate;
pub mod input;
pub mod launch;
pub mod merge;
pub mod plan;
pub mod plot;
pub mod predict;
pub mod prepare;
pub mod report;
pub mod results;
mod run;
pub mod sagemaker;
pub mod serve;
pub mod settings;
pub mod shard;
pub mod simulate;
pub mod store;
pub mod train;
mod words;
