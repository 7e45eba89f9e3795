//! Rows of a table of results: a customer, a key and numbers.

use crate::error::Error;
use std::io;

/// The second column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `ds`: milliseconds since the epoch, written as ISO 8601.
    Date,
    /// `row`: a whole number.
    Row,
}

impl Key {
    /// The column's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Date => "ds",
            Self::Row => "row",
        }
    }
}

/// Rows of one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The customer.
    pub customer: String,
    /// The second column, shape (n).
    pub keys: Vec<i64>,
    /// The columns of numbers in the table's order, each of shape (n), or empty if the customer has no such column. NaN is
    /// a missing number.
    pub columns: Vec<Vec<f64>>,
}

/// The error of a table that cannot be written.
pub(super) fn failed(name: &str, error: io::Error) -> Error {
    Error::storage(format_args!("writing {name}"), error)
}
