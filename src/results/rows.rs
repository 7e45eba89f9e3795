//! Rows of a table of results: a customer, a key and numbers.

use crate::error::Error;
use std::io;

/// What the columns after the customer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `ds`: milliseconds since the epoch, written as ISO 8601.
    Date,
    /// `row`: a whole number.
    Row,
    /// `ds` and `cutoff`, the date from which it was forecast: two times for each row.
    DateAndCutoff,
}

impl Key {
    /// The columns' names.
    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Date => &["ds"],
            Self::Row => &["row"],
            Self::DateAndCutoff => &["ds", "cutoff"],
        }
    }

    /// Numbers in [`Rows::keys`] for each row.
    pub(super) const fn width(self) -> usize {
        self.names().len()
    }

    /// Whether they are times.
    pub(super) const fn is_time(self) -> bool {
        !matches!(self, Self::Row)
    }
}

/// Rows of one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The customer.
    pub customer: String,
    /// The columns of the key, shape (n), row by row where there are two.
    pub keys: Vec<i64>,
    /// The columns of numbers in the table's order, each of shape (n), or empty if the customer has no such column. NaN is
    /// a missing number.
    pub columns: Vec<Vec<f64>>,
}

/// The error of a table that cannot be written.
pub(super) fn failed(name: &str, error: io::Error) -> Error {
    Error::storage(format_args!("writing {name}"), error)
}
