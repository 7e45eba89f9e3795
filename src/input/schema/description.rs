//! The names of the columns, for people.

use crate::{
    input::value::decimal::Decimal,
    words::{counted, listed},
};
use std::fmt;

/// The most features that are listed by name.
const SHOWN: usize = 12;

/// The columns that the series or tables of a file are made of.
///
/// Displays as `timestamp = "WeekStarting", target = "Quantity" (timestamp and target are guessed; set them to choose)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames {
    /// The column of timestamps, in files of series.
    pub timestamp: Option<ColumnName>,
    /// The column of values.
    pub target: ColumnName,
    /// The column of customer names, in files of many customers.
    pub customer: Option<ColumnName>,
    /// The columns of features, in files of tables.
    pub features: Vec<String>,
    /// The number of the file's columns.
    pub width: usize,
    /// How the timestamps of the file are read, if that is not a matter of course.
    pub times: Option<String>,
    /// How the numbers of the file are read, if not as usual.
    pub decimal: Option<Decimal>,
    /// Which lines come before the rows, if not one.
    pub preamble: Option<String>,
}

/// A column's name, and whether it was guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// The name in the file; `#1` for the first column of a file without a header.
    pub name: String,
    /// Its position in the file, from 0.
    pub at: usize,
    /// Whether it was detected, not set by the user.
    pub guessed: bool,
}

impl fmt::Display for ColumnNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = [
            ("timestamp", self.timestamp.as_ref()),
            ("target", Some(&self.target)),
            ("customer", self.customer.as_ref()),
        ];
        let roles = || roles.iter().filter_map(|(role, column)| Some((*role, (*column)?)));
        let names: Vec<String> = roles().map(|(role, column)| format!("{role} = {:?}", column.name)).collect();
        write!(f, "{}", names.join(", "))?;
        match self.features.len() {
            0 => {}
            number @ 1..=SHOWN => write!(f, ", {}: {}", counted(number, "feature"), self.features.join(", "))?,
            number => write!(f, ", {number} features, from {:?} to {:?}", self.features[0], self.features[number - 1])?,
        }
        let guessed: Vec<&str> = roles().filter(|(_, column)| column.guessed).map(|(role, _)| role).collect();
        match guessed.as_slice() {
            [] => {}
            [one] => write!(f, " ({one} is guessed; set {one} to choose)")?,
            several => write!(f, " ({} are guessed; set them to choose)", listed(several, "and"))?,
        }
        if let Some(times) = &self.times {
            write!(f, "; {times}")?;
        }
        if let Some(decimal) = self.decimal {
            write!(f, "; numbers read with a decimal {}", decimal.name())?;
        }
        self.preamble.as_ref().map_or(Ok(()), |preamble| write!(f, "; {preamble}"))
    }
}
