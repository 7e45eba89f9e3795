//! What a preparation is asked to do, checked.

use jiff::tz::TimeZone;

use super::{filter::Filter, period::Period};
use crate::input::InputSettings;

/// What is asked for, beside the places.
#[derive(Clone, Debug)]
pub struct Options {
    /// The columns of the tables.
    pub columns: InputSettings,
    /// What the column of values is called in the output.
    pub target_name: String,
    /// Which other columns are carried along.
    pub keep: Keep,
    /// Rows that do not pass all of these are left out.
    pub filters: Vec<Filter>,
    /// Rows before this time (milliseconds since 1970, as written in the output) are left out.
    pub from: Option<i64>,
    /// Rows at or after this time are left out.
    pub to: Option<i64>,
    /// Where clocks without an offset hang; none: their times are taken as they are.
    pub assumed_zone: Option<TimeZone>,
    /// Whose clock the output shows; none: UTC where there was an offset.
    pub written_zone: Option<TimeZone>,
    /// What becomes of rows that share a timestamp, where nothing is aggregated.
    pub duplicates: Duplicates,
    /// One row for each period.
    pub aggregate: Option<(Aggregate, Period)>,
    /// Whether periods without a row get one, without a value.
    pub grid: bool,
    /// What the files are.
    pub arrangement: Arrangement,
    /// How the files are written.
    pub format: Format,
    /// Bad rows that are tolerated.
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
            format: Format::Csv { header: true },
            max_bad_rows: 0,
        }
    }
}

/// Which columns are carried along beside customer, timestamp and target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Every other column, under its name.
    All,
    /// These, each with its name in the output.
    Named(Vec<(String, String)>),
}

/// What becomes of rows of a customer that share a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are written as they are, and counted.
    Keep,
    /// They become one.
    Combine(Aggregate),
}

/// How several rows become one. Values that are missing are left out; where all are missing, so is the result. Other
/// columns are the last row's, or the first's for [`Aggregate::First`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The sum, in the order of time.
    Sum,
    /// The sum over the count.
    Mean,
    /// The first in time, and in the order of the input where times are equal.
    First,
    /// The last.
    Last,
}

/// What the files of the output are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// One for each customer.
    Customers,
    /// Whole customers together, with equal expected work, of about so many bytes of text each.
    Bundles(u64),
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text.
    Csv {
        /// Whether the first line names the columns.
        header: bool,
    },
    /// Columns.
    Parquet,
}

impl Format {
    /// How names of files end.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Parquet => "parquet",
        }
    }
}
