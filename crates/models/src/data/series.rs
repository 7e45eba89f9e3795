//! A time series and its extra columns.

use super::columns::{Columns, Covariates};

/// A univariate time series: one value for each timestamp.
///
/// - times are milliseconds since 1970-01-01T00:00:00, without a time zone (UTC where the input had an offset);
/// - `dates` are the times of all rows, with or without a value, strictly increasing;
/// - `timestamps` and `values` are the rows that have a value: same length, strictly increasing, finite;
/// - `columns` has a row for each of `dates`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The times of all rows.
    pub dates: Vec<i64>,
    /// The times of the rows that have a value, shape (n).
    pub timestamps: Vec<i64>,
    /// The values, shape (n), in the units of the input.
    pub values: Vec<f64>,
    /// Extra columns, which a model may need.
    pub columns: Columns,
}

impl Series {
    /// Removes the rows and keeps the memory, for the next customer.
    pub fn clear(&mut self) {
        self.dates.clear();
        self.timestamps.clear();
        self.values.clear();
        self.columns.clear_rows();
    }

    /// Its extra columns, with their dates.
    #[must_use]
    pub fn covariates(&self) -> Covariates<'_> {
        Covariates { dates: &self.dates, columns: &self.columns }
    }

    /// Number of rows that have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no row has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of rows that were dropped because their value is missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.dates.len() - self.timestamps.len()
    }
}
