//! The training run: fits every customer of a place in parallel, each with its own outcome.
//!
//! ```text
//! plan ─► workers (one per core): read ─► compare ─► fit ─► pack ─► publish ─► Event ─► dispatcher ─► Summary
//!                                                                                       manifest, tables, progress
//! ```
//!
//! | module | content |
//! |---|---|
//! | `job`, `run` | what a run needs; the run from listing the input to the summary |
//! | `plan`, `validation` | which files to process; which validation rows belong to them |
//! | `existing` | artifacts of earlier runs |
//! | `workers` | the worker threads: reading, fitting, publishing; panics and memory |
//! | `fit` | what the fits of series and of rows share: keep or fit, pack, results |
//! | `backtest`, `backtest_table` | one customer's forecasts of the past, and their table |
//! | `choice` | the model that a customer gets: chosen, asked for, or a fallback |
//! | `selection` | the same for a regression model |
//! | `checks`, `treatment` | the checks of a series, and what follows from them; what settings change in it |
//! | `series`, `rows` | one customer's series or table of features to an artifact |
//! | `dispatcher`, `progress` | the thread that counts, records, prints and decides |
//!
//! - A worker processes one customer at a time and shares nothing; one dispatcher thread counts, records and decides.
//! - A customer's artifact depends only on its rows and the settings, never on the order or the number of workers.
//! - Bad rows, a panic, or a foreign file under the artifact's name fail one customer. Only input that cannot be listed
//!   and places that cannot be written stop the run.
//! - A run that is killed at any moment leaves whole artifacts; the next run fits what is missing or has changed.

mod backtest;
mod backtest_table;
mod checks;
mod choice;
mod dispatcher;
mod existing;
mod fit;
mod job;
mod plan;
mod progress;
mod rows;
mod run;
mod selection;
mod series;
mod treatment;
mod validation;
mod workers;

pub(crate) use self::job::INPUT_SHARE;
pub use self::{
    job::Job,
    progress::Progress,
    run::{Found, run, run_found},
};
