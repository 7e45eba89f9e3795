//! Predictions for validation rows as rows of a table.

use super::{
    rows::{Key, Rows},
    sorted::Layout,
};
use manyfit_models::data::Table;

/// The table of predictions that a training run writes. `row` counts from 1, without the header, in the customer's
/// validation file, or in the file that the validation rows were drawn from.
pub(crate) static PREDICTIONS: Layout =
    Layout { name: "predictions", key: Key::Row, columns: &["target", "prediction"] };

/// A customer's validation rows with their predictions, of shape (n).
pub(crate) fn prediction_rows(customer: String, validation: &Table, predictions: &[f32]) -> Rows {
    let keys = validation.rows.iter().map(|row| *row as i64).collect();
    let columns = [&validation.targets[..], predictions].map(|column| column.iter().copied().map(f64::from).collect());
    Rows { customer, keys, columns: columns.into() }
}
