//! What a run leaves behind: the manifest, the tables of results and the summary.
//!
//! | module | content |
//! |---|---|
//! | `directory` | where results go and what their files are called; all of a run's are put in place together |
//! | `checkpoints` | the manifest so far in a bucket |
//! | `checks` | what the checks of series found, by customer and over the run |
//! | `checksum`, `earlier` | what the summary says of the files beside it, and whether those of an earlier run are whole |
//! | `manifest` | one customer's outcome: a row of `manifest.jsonl` |
//! | `summary`, `accuracy`, `backtest`, `failures` | the whole run in one page, the errors of its models, and its failures by cause |
//! | `rows`, `table`, `iso`, `parquet` | a table with a key and columns of numbers, as CSV, JSON or Parquet |
//! | `sorted`, `spool` | the same table for rows that arrive in any order: kept on disk, sorted at the end |
//! | `merge_sorted` | files of several shards or tasks, merged by customer |
//! | `forecast`, `history`, `prediction` | forecasts, observed values and predictions as rows of a table |
//! | `reader`, `customer` | reading those files, and what they say of one customer |
//! | `shown` | the customers whose series the report shows |

mod accuracy;
mod backtest;
mod checkpoints;
mod checks;
mod checksum;
mod customer;
mod directory;
mod earlier;
mod failures;
mod forecast;
mod history;
mod iso;
mod manifest;
mod merge_sorted;
#[cfg(feature = "parquet")]
mod parquet;
mod prediction;
mod reader;
mod rows;
mod shown;
mod sorted;
mod spool;
mod summary;
mod table;

pub(crate) use self::{
    accuracy::FleetAccuracy,
    checkpoints::Checkpoints,
    customer::CustomerResults,
    directory::ResultsLock,
    earlier::{EarlierSummary, notes_on},
    failures::{Failures, without_file},
    forecast::{FORECASTS, forecast_columns, forecast_rows},
    history::{HISTORY, history_rows},
    iso::iso_date,
    merge_sorted::merge_sorted,
    prediction::{PREDICTIONS, prediction_rows},
    reader::{ResultsReader, TableReader, number, time},
    shown::ShownCustomers,
    sorted::{EncodedRows, Layout, SortedTable},
    spool::Spool,
};
pub use self::{
    accuracy::MedianAccuracy,
    backtest::{BacktestSummary, ComparedModel},
    checks::{Check, CheckCounts},
    checksum::Checksum,
    directory::ResultsDirectory,
    manifest::{Outcome, Phases, Status},
    rows::{Key, Rows},
    summary::{Counts, Summary},
    table::{ResultTable, TableFormat},
};
