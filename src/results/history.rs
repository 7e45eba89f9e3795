//! The observed values of the customers whose series the report shows, as rows of a table.

use super::{
    rows::{Key, Rows},
    sorted::{EncodedRows, Layout},
};
use manyfit_models::data::Series;

/// The table of histories that a training run writes for its report.
pub(crate) static HISTORY: Layout = Layout { name: "history", key: Key::Date, columns: &["y"] };

/// Values of a history that are kept: the last ones.
const MOST: usize = 2000;

/// A customer's last values.
pub(crate) fn history_rows(series: &Series) -> EncodedRows {
    let from = series.len().saturating_sub(MOST);
    let rows = Rows {
        customer: String::new(),
        keys: series.timestamps[from..].to_vec(),
        columns: vec![series.values[from..].to_vec()],
    };
    EncodedRows::new(HISTORY.key, &rows)
}
