//! From files to customers' series, or to their tables of features.
//!
//! ```text
//! Store ─► discover ─► Discovery: files and their customers ─► (Shard) ─► Reader ─► Series
//!                                                                     └─► TableReader ─► Table
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `discovery` | which files there are, whose they are, what is refused |
//! | `file_names` | what a file's name tells |
//! | `census` | how many rows each customer has in a file of many |
//! | `reader` | a file to the series of its customer, or of its customers |
//! | `csv`, `parquet` | a file's bytes to rows: the same three verbs for each format |
//! | `table_reader` | a file to the table of its customer, or of its customers |
//! | `table_csv`, `table_parquet` | a file's bytes to rows of features |
//! | `table_columns`, `table_rows` | which column is what; rows of features to a table |
//! | `parquet_values` | what a Parquet file holds: columns, and what their values mean |
//! | `bundle` | the customers of a file of many |
//! | `records` | CSV text to fields |
//! | `columns` | which column is what: as set, or guessed |
//! | `names` | the columns, for people |
//! | `timestamp`, `number` | a field to a time, to a value |
//! | `rows` | rows in the order of a file to a series in the order of time |
//! | `sheet` | small tables beside the data: holidays, overrides, the future |
//! | `customer_rows` | such a table, by customer |
//! | `bytes` | a stored object to plain bytes |
//! | `raw` | the same columns, times and numbers for tables larger than memory |
//! | `fault` | what a message about data says |
//!
//! A customer is a file (`8.csv`, `8.csv.gz`, `8.parquet`), a directory (`8/data.csv`), or a value of the customer
//! column of files that hold many. What is wrong with one customer's data is that customer's failure only.

mod bundle;
mod bytes;
mod census;
mod columns;
mod csv;
mod customer_rows;
mod discovery;
mod fault;
pub(crate) mod file_names;
mod names;
mod number;
mod parquet;
#[cfg(feature = "parquet")]
pub(crate) mod parquet_values;
pub(crate) mod raw;
mod reader;
mod records;
mod rows;
mod sheet;
mod table_columns;
mod table_csv;
mod table_parquet;
mod table_reader;
mod table_rows;
mod timestamp;

use std::{fmt, str::FromStr};

pub use self::{
    census::Scan,
    customer_rows::CustomerRows,
    discovery::{Contents, Discovery, InputFile, Skipped, discover, discover_with},
    file_names::{Format, is_table},
    names::{ColumnName, ColumnNames},
    reader::Reader,
    sheet::{Sheet, SheetRow},
    table_reader::{KnownFeatures, TableReader},
    timestamp::{format as format_timestamp, parse as parse_timestamp},
};

/// What the user says about the input; what is not said is guessed from each file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSettings {
    /// The column of timestamps.
    pub timestamp: Option<String>,
    /// The column of values to forecast.
    pub target: Option<String>,
    /// The column that says whose row it is; set, every file holds many customers.
    pub customer: Option<String>,
    /// What becomes of rows of a customer that share a timestamp.
    pub duplicates: Duplicates,
    /// Columns of numbers that are read beside the target of a series.
    pub further: Vec<FurtherColumn>,
    /// What is said about tables of features; none where files hold series.
    pub table: Option<TableSettings>,
}

/// A column of numbers beside the target: a regressor, a condition, a capacity. `true` and `false` are 1 and 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FurtherColumn {
    /// What the model calls it.
    pub name: String,
    /// What files call it.
    pub column: String,
    /// Whether every file must have it.
    pub required: bool,
}

impl FurtherColumn {
    /// A column that every file must have, by its own name.
    #[must_use]
    pub fn required(name: &str) -> Self {
        Self { name: name.into(), column: name.into(), required: true }
    }
}

/// What the user says about tables of features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSettings {
    /// The columns of features, in this order; empty for all columns that are not something else.
    pub features: Vec<String>,
    /// The columns whose values are categories.
    pub categorical: Vec<String>,
    /// The column of sample weights.
    pub weight: Option<String>,
    /// Whether files begin with the columns' names; none to tell it from the first line.
    pub header: Option<bool>,
    /// What the rows of the place are for.
    pub purpose: Purpose,
}

/// What rows of features are for. Files may say it by the end of their name, after the customer's: `_train`, `_val`,
/// `_validation`, `_test`. Where one file of a place says that it is for what the place is read for, those that say
/// something else are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To fit models to.
    #[default]
    Training,
    /// To judge models by, and to stop boosting early.
    Validation,
    /// For neither.
    Test,
}

/// What becomes of rows of a customer that share a timestamp.
///
/// The choices count rows that have a value; where none has, the timestamp has a missing value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The customer fails, with the timestamp and the lines named.
    #[default]
    Error,
    /// The first value in the order of the file.
    First,
    /// The last value in the order of the file.
    Last,
    /// The mean of the values.
    Mean,
    /// The sum of the values.
    Sum,
}

impl Duplicates {
    /// Every choice, with the name it has in settings.
    pub const ALL: [(&str, Self); 5] = [
        ("error", Self::Error),
        ("first", Self::First),
        ("last", Self::Last),
        ("mean", Self::Mean),
        ("sum", Self::Sum),
    ];
}

impl FromStr for Duplicates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
        known.map(|(_, choice)| *choice).ok_or_else(|| format!("{text:?} is none of error, first, last, mean, sum"))
    }
}

impl fmt::Display for Duplicates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, choice)| choice == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// Where rows go as a file is read.
trait Sink {
    /// Where a customer's rows go; `None`: they are not wanted, and need not be parsed.
    fn slot(&mut self, customer: &[u8]) -> Option<usize>;

    /// Takes a row, and its further columns.
    fn push(&mut self, slot: usize, row: rows::Row, further: &[f64]);

    /// Takes what is wrong with a row. An error ends the reading of the file.
    fn fail(&mut self, slot: usize, fault: fault::Fault) -> Result<(), fault::Fault>;
}

#[cfg(test)]
mod testing {
    //! A place for objects that lives in memory.

    use std::collections::BTreeMap;

    use crate::{
        error::Result,
        store::{Entry, Store},
    };

    /// Objects by key.
    #[derive(Default)]
    pub(super) struct Memory(BTreeMap<String, Vec<u8>>);

    impl Memory {
        pub(super) fn with<K: Into<String>, B: Into<Vec<u8>>>(objects: impl IntoIterator<Item = (K, B)>) -> Self {
            Self(objects.into_iter().map(|(key, bytes)| (key.into(), bytes.into())).collect())
        }
    }

    impl Store for Memory {
        fn list(&self) -> Result<Vec<Entry>> {
            Ok(self.0.iter().map(|(key, bytes)| Entry { key: key.clone(), size: bytes.len() as u64 }).collect())
        }

        fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
            buffer.clear();
            let object = self.0.get(key);
            buffer.extend_from_slice(object.map_or(&[], Vec::as_slice));
            Ok(object.is_some())
        }

        fn publish(&self, _: &str, _: &[u8]) -> Result<()> {
            unreachable!("input is only read")
        }

        fn describe(&self, key: &str) -> String {
            format!("in/{key}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_with_duplicates_are_written_as_they_are_read() {
        for (name, choice) in Duplicates::ALL {
            assert_eq!(name.parse(), Ok(choice));
            assert_eq!(choice.to_string(), name);
        }
        assert!("median".parse::<Duplicates>().unwrap_err().contains("first, last, mean"));
    }
}
