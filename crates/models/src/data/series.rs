//! A time series and its extra columns.

use super::columns::{Columns, Covariates};
use std::borrow::Cow;

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

    /// The series without the rows after its last value.
    #[must_use]
    pub fn until_last_value(&self) -> Cow<'_, Self> {
        let rows = self.dates.partition_point(|date| Some(date) <= self.timestamps.last());
        if rows == self.dates.len() {
            return Cow::Borrowed(self);
        }
        let mut columns = Columns::default();
        self.columns.iter().for_each(|(name, values)| columns.insert(name, values[..rows].to_vec()));
        let (timestamps, values) = (self.timestamps.clone(), self.values.clone());
        Cow::Owned(Self { dates: self.dates[..rows].to_vec(), timestamps, values, columns })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_after_the_last_value_are_left_out_with_their_columns() {
        let mut columns = Columns::default();
        columns.insert("price", vec![1.0, 2.0, 3.0, 4.0]);
        let series = Series { dates: vec![0, 10, 20, 30], timestamps: vec![0, 20], values: vec![5.0, 6.0], columns };
        let cut = series.until_last_value();
        assert_eq!(
            (&cut.dates[..], &cut.timestamps[..], &cut.values[..]),
            (&[0, 10, 20][..], &[0, 20][..], &[5.0, 6.0][..])
        );
        assert_eq!(cut.columns.get("price"), Some(&[1.0, 2.0, 3.0][..]));
        assert!(matches!(cut.until_last_value(), Cow::Borrowed(_)));
        assert!(Series { dates: vec![1], ..Series::default() }.until_last_value().dates.is_empty());
    }
}
