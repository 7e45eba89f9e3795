//! The features of one customer's rows.

use crate::{Error, Result};

/// The largest weight: as for [`Matrix::MAX_TARGET`].
const MAX_WEIGHT: f32 = 1e9;

/// Feature values, shape (n, k), stored column by column.
///
/// - single precision, as XGBoost and scikit-learn's trees hold them;
/// - NaN is a missing value, infinite values are refused;
/// - at least one row and one column, fewer than 2³¹ of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// The largest target: squares of sums over many rows must fit single precision.
    pub const MAX_TARGET: f32 = 1e18;

    /// Takes the columns one after another, each of `rows` values.
    pub fn from_columns(rows: usize, values: Vec<f32>) -> Result<Self> {
        if rows == 0 || values.is_empty() {
            return Err(Error::Data(
                "the table of features is empty: at least one row and one column are needed".into(),
            ));
        }
        let columns = values.len() / rows;
        if columns * rows != values.len() {
            return Err(Error::Data(format!("{} feature values do not make columns of {rows} rows", values.len())));
        }
        if rows >= 1 << 31 || columns >= 1 << 31 {
            return Err(Error::Data(format!("{rows} rows × {columns} columns are too many for one model")));
        }
        if let Some(at) = values.iter().position(|value| value.is_infinite()) {
            return Err(Error::Data(format!(
                "row {}, feature {}: the value is infinite (or too large for single precision); \
                 leave it empty if it is missing",
                at % rows + 1,
                at / rows + 1
            )));
        }
        Ok(Self { rows, columns, values })
    }

    /// Takes the rows one after another, each of `columns` values.
    pub fn from_rows(columns: usize, values: &[f32]) -> Result<Self> {
        if columns == 0 || values.is_empty() {
            return Err(Error::Data(
                "the table of features is empty: at least one row and one column are needed".into(),
            ));
        }
        let rows = values.len() / columns;
        if columns * rows != values.len() {
            return Err(Error::Data(format!("{} feature values do not make rows of {columns}", values.len())));
        }
        let mut transposed = Vec::with_capacity(values.len());
        for column in 0..columns {
            transposed.extend(values[column..].iter().step_by(columns));
        }
        Self::from_columns(rows, transposed)
    }

    /// Number of rows, n.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, k.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The values of feature `column`, shape (n).
    #[must_use]
    pub fn column(&self, column: usize) -> &[f32] {
        &self.values[column * self.rows..][..self.rows]
    }

    /// Writes the features of `row`, shape (k), over what `into` holds.
    pub fn copy_row(&self, row: usize, into: &mut Vec<f32>) {
        into.clear();
        into.extend(self.values[row..].iter().step_by(self.rows));
    }

    /// Checks that `numbers` (the targets, or the weights) has one finite value for each row.
    pub(crate) fn check_length(&self, what: &str, numbers: &[f32]) -> Result<()> {
        if numbers.len() != self.rows {
            return Err(Error::Data(format!("{} {what}s for {} rows of features", numbers.len(), self.rows)));
        }
        if let Some(row) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(Error::Data(format!("row {}: the {what} is missing or not finite", row + 1)));
        }
        if let Some(row) = numbers.iter().position(|number| number.abs() > Self::MAX_TARGET) {
            let number = numbers[row];
            return Err(Error::Data(format!(
                "row {}: the {what} {number} is too large; choose a larger unit",
                row + 1
            )));
        }
        Ok(())
    }

    /// Checks that the sample weights are finite, not negative and not all zero.
    pub(crate) fn check_weights(&self, weights: &[f32]) -> Result<()> {
        self.check_length("weight", weights)?;
        if let Some(row) = weights.iter().position(|&weight| weight < 0.0) {
            return Err(Error::Data(format!("row {}: the weight {} is negative", row + 1, weights[row])));
        }
        if let Some(row) = weights.iter().position(|&weight| weight > MAX_WEIGHT) {
            return Err(Error::Data(format!("row {}: the weight {} is too large", row + 1, weights[row])));
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err(Error::Data("every weight is zero: no row is left to learn from".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_two_views_of_the_same_values() {
        let matrix = Matrix::from_rows(3, &[1.0, 2.0, 3.0, 4.0, 5.0, f32::NAN]).unwrap();
        assert_eq!((matrix.rows(), matrix.columns()), (2, 3));
        assert_eq!(matrix.column(1), [2.0, 5.0]);
        let mut row = vec![];
        matrix.copy_row(0, &mut row);
        assert_eq!(row, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn an_infinite_value_is_refused_with_its_place() {
        let error = Matrix::from_rows(2, &[1.0, 2.0, 3.0, f32::INFINITY]).unwrap_err().to_string();
        assert!(error.contains("row 2, feature 2"), "{error}");
    }

    #[test]
    fn ragged_and_empty_tables_are_refused() {
        assert!(Matrix::from_rows(2, &[1.0, 2.0, 3.0]).is_err());
        assert!(Matrix::from_rows(0, &[]).is_err());
        assert!(Matrix::from_columns(0, vec![]).is_err());
        assert!(Matrix::from_columns(3, vec![]).is_err());
    }
}
