//! What a preparation is asked to do, checked.

use jiff::tz::TimeZone;

use super::{calendar_period::Period, row_filter::Filter};
use crate::input::InputSettings;

/// What to do with the rows, apart from where they are.
#[derive(Clone, Debug)]
pub struct Options {
    /// The columns of the tables.
    pub columns: InputSettings,
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
    /// Time zone of the output; without one, timestamps with an offset are written in UTC.
    pub written_zone: Option<TimeZone>,
    /// What to do with rows that share a timestamp, if rows are not aggregated.
    pub duplicates: Duplicates,
    /// Aggregates rows to one for each period.
    pub aggregate: Option<(Aggregate, Period)>,
    /// Whether periods without rows get a row without a value.
    pub grid: bool,
    /// How customers are distributed over files.
    pub arrangement: Arrangement,
    /// The format of the output files.
    pub format: OutputFormat,
    /// Number of bad rows to leave out before giving up.
    pub max_bad_rows: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            columns: InputSettings::default(),
            target_name: "target".into(),
            keep: Keep::Named(Vec::new()),
            filters: Vec::new(),
            from: None,
            to: None,
            assumed_zone: None,
            written_zone: None,
            duplicates: Duplicates::Keep,
            aggregate: None,
            grid: false,
            arrangement: Arrangement::Customers,
            format: OutputFormat::Csv { header: true },
            max_bad_rows: 0,
        }
    }
}

/// Columns to keep besides customer, timestamp and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All others, under their own names.
    All,
    /// These, each with its name in the output.
    Named(Vec<(String, String)>),
}

/// What to do with rows of a customer that share a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Write them unchanged; the quality report counts them.
    Keep,
    /// Combine them into one.
    Combine(Aggregate),
}

/// How rows are combined into one. Missing values are ignored; if all are missing, so is the result. Kept columns come from
/// the last row, or from the first for [`Aggregate::First`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The sum, added in the order of time.
    Sum,
    /// The sum divided by the count.
    Mean,
    /// The first value in time; for equal times, in the order of the input.
    First,
    /// The last value.
    Last,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// CSV.
    Csv {
        /// Whether the first line names the columns.
        header: bool,
    },
    /// Parquet.
    Parquet,
}

impl OutputFormat {
    /// The extension of file names.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Parquet => "parquet",
        }
    }
}
