//! The options of a preparation, checked.

use clap::ValueEnum;
use jiff::tz::TimeZone;

use super::{calendar_period::Period, row_filter::Filter};
use crate::input::InputSettings;

/// What to do with the rows, apart from where they are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The columns of the tables, which are tables of features if it has settings for these.
    pub columns: InputSettings,
    /// Which rows of features are set apart for validation.
    pub validation: Option<Validation>,
    /// Name of the value column in the output.
    pub target_name: String,
    /// Which other columns are kept.
    pub keep: Keep,
    /// Rows that do not meet all of these are left out.
    pub filters: Vec<Filter>,
    /// Rows before this time are left out: milliseconds since 1970, in the output's zone.
    pub from: Option<i64>,
    /// Rows at or after this time are left out.
    pub to: Option<i64>,
    /// Time zone of timestamps without an offset; without one they are not converted.
    pub assumed_zone: Option<TimeZone>,
    /// Which time is meant where the clocks of that zone repeat an hour.
    pub ambiguous: Ambiguous,
    /// Time zone of the output; without one, timestamps with an offset are written in UTC.
    pub written_zone: Option<TimeZone>,
    /// Combines a customer's rows that share a timestamp, if rows are not aggregated; `None` writes them unchanged.
    pub duplicates: Option<Aggregate>,
    /// Aggregates rows to one for each period.
    pub aggregate: Option<(Aggregate, Period)>,
    /// Whether periods without rows get a row without a value.
    pub grid: bool,
    /// How customers are distributed over files.
    pub arrangement: Arrangement,
    /// The format of the output files.
    pub format: OutputFormat,
    /// Whether CSV files start with a header.
    pub header: bool,
    /// Number of bad rows to leave out before giving up.
    pub max_bad_rows: u64,
}

/// Columns to keep besides customer, timestamp and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All others, under their own names.
    All,
    /// These, each with its name in the output.
    Named(Vec<(String, String)>),
}

/// Which rows of a table of features are set apart to judge models by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Validation {
    /// A share of each customer's rows that have a target, drawn as `train` draws it.
    Share {
        /// Above 0 and below 1.
        share: f64,
        /// Decides which rows, together with the customer's name and the number of its rows.
        seed: u64,
    },
    /// Rows at or after this time: milliseconds since 1970, in the output's zone.
    From(i64),
}

/// How rows are combined into one. Missing values are ignored; if all are missing, so is the result. Rows with equal times
/// are in the order of the input. Kept columns come from the last row, or from the first for [`Aggregate::First`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Aggregate {
    /// The sum
    Sum,
    /// The mean
    Mean,
    /// The first value in time
    First,
    /// The last value in time
    Last,
}

/// Which time is meant where clocks are set back and an hour occurs twice, as pandas' `ambiguous` says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Ambiguous {
    /// The order of a customer's rows tells
    #[default]
    Infer,
    /// The first, before the clocks are set back
    First,
    /// The second
    Last,
    /// The row is bad
    Error,
}

/// How customers are distributed over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// A file for each customer.
    Customers,
    /// Bundles of whole customers with equal expected training work, of about this many bytes of text each.
    Bundles(u64),
}

/// The format of output files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// CSV
    #[default]
    Csv,
    /// Parquet
    Parquet,
}

impl Options {
    /// Whether rows are of features instead of series.
    pub(super) const fn has_features(&self) -> bool {
        self.columns.table.is_some()
    }

    /// How rows of a period, or of a timestamp, are combined; `None` if they are not.
    pub(super) fn combine(&self) -> Option<Aggregate> {
        self.aggregate.map(|(aggregate, _)| aggregate).or(self.duplicates)
    }
}

impl OutputFormat {
    /// The extension of file names.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}
