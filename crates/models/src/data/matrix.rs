//! The features of one customer's rows.

use crate::{Error, Result, words::counted};

/// The largest weight: as for [`Matrix::MAX_TARGET`].
const MAX_WEIGHT: f32 = 1e9;

/// Feature values, shape (n, k), stored column by column.
///
/// - single precision, as in XGBoost and scikit-learn's trees;
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
        let rows = values.len().checked_div(columns).unwrap_or(0);
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
        check_rows(numbers, f32::is_finite, |_| format!("the {what} is missing or not finite"))?;
        let is_too_large = |number| format!("the {what} {number} is too large; choose a larger unit");
        check_rows(numbers, |number| number.abs() <= Self::MAX_TARGET, is_too_large)
    }

    /// Checks that the sample weights are finite, not negative and not all zero.
    pub(crate) fn check_weights(&self, weights: &[f32]) -> Result<()> {
        self.check_length("weight", weights)?;
        check_rows(weights, |weight| weight >= 0.0, |weight| format!("the weight {weight} is negative"))?;
        check_rows(weights, |weight| weight <= MAX_WEIGHT, |weight| format!("the weight {weight} is too large"))?;
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err(Error::Data("every weight is zero: there is no row to learn from".into()));
        }
        Ok(())
    }
}

/// Checks a number of each row; the complaint is about the first that is wrong.
pub(crate) fn check_rows(
    numbers: &[f32],
    is_right: impl Fn(f32) -> bool,
    complaint: impl Fn(f32) -> String,
) -> Result<()> {
    match numbers.iter().position(|&number| !is_right(number)) {
        Some(row) => Err(Error::Data(format!("row {}: {}", row + 1, complaint(numbers[row])))),
        None => Ok(()),
    }
}

/// Checks that a row has as many features as the model.
pub(crate) fn check_width(features: usize, expected: usize) -> Result<()> {
    if features == expected {
        Ok(())
    } else {
        let given = counted(features, "feature");
        Err(Error::Data(format!("a row has {given}, the model was trained on {expected}")))
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
