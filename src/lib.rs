//! One model per customer, for a thousand or a million customers, in one run.
//!
//! # The road of the data
//!
//! ```text
//! Environment ─► Settings ─► InputFile… ─► [ read ─► check ─► fit ─► score ─► pack ─► publish ] ─► Outcome…
//!                                           one customer, one worker thread, no shared state
//! Outcome… ─► one dispatcher thread: counts, progress, manifest, metric lines, stop decision ─► Summary ─► exit code
//! ```
//!
//! # The map, top layer first
//!
//! A module imports only from rows below its own; a test (`tests/suite/layers.rs`) enforces it.
//!
//! | layer | modules |
//! |---|---|
//! | 8 | `cli`: the sub-commands; the only place that glues layers together |
//! | 7 | [`train`]: the run: plan, workers, dispatcher, progress |
//! | 7 | [`merge`]: the results of all shards as one |
//! | 7 | [`prepare`]: from raw tables to files of customers |
//! | 7 | [`predict`]: from artifacts to forecasts and predictions |
//! | 7 | [`plan`]: what a job will take, from a sample |
//! | 7 | [`serve`]: the endpoint: models in memory, requests, answers |
//! | 7 | [`simulate`]: a job of many instances on one machine |
//! | 7 | [`generate`]: synthetic customers |
//! | 6 | [`results`]: what a run leaves: manifest, tables, summary |
//! | 5 | [`settings`]: text to checked settings, all faults at once |
//! | 4 | [`artifact`]: what one `tar.gz` holds, its deterministic bytes, its name, its fingerprint |
//! | 3 | [`input`]: from files to customers' series and tables of features; [`launch`]: requests that start the platform's jobs |
//! | 2 | [`store`]: where bytes live; [`shard`]: which part of the customers a run processes; [`sagemaker`]: the platform's files and variables |
//! | 1 | `run`: threads, memory, panics |
//! | 0 | [`error`]: who must act, and the exit codes |
//!
//! Below all of them is the crate `manyfit-models`: data, models, forecasts; no input or output, no threads.
//!
//! # Fences
//!
//! - the platform's paths and variables only in [`sagemaker`];
//! - the AWS SDK only in `store/s3`;
//! - polars only in the Parquet files of [`input`] and [`prepare`] and the tables of results;
//! - rayon only in [`prepare`], [`train`], [`predict`] and `run`: a model is fitted and asked by one thread;
//! - async only in [`serve`], where `cli` starts it, and in `store/s3`, behind calls that block;
//! - `process::exit` nowhere: `main` returns an exit code.

pub mod artifact;
pub mod cli;
pub mod error;
pub mod generate;
pub mod input;
pub mod launch;
pub mod merge;
pub mod plan;
pub mod predict;
pub mod prepare;
pub mod results;
mod run;
pub mod sagemaker;
pub mod serve;
pub mod settings;
pub mod shard;
pub mod simulate;
pub mod store;
pub mod train;
