//! Rows of the forecasts table.

use super::result_table::{Block, Layout};
use crate::tables::Key;
use manyfit_models::Forecast;

/// Columns of numbers, after `customer` and `ds`. A component that a customer's model does not have is empty.
///
/// They are the same in every run: rows are spooled while customers are fitted, and which seasonalities, holidays and regressors
/// the models have is known only when the last of them is. `manyfit predict --components` looks at all models first.
const COLUMNS: [&str; 12] = [
    "yhat",
    "yhat_lower",
    "yhat_upper",
    "trend",
    "trend_lower",
    "trend_upper",
    "additive_terms",
    "yearly",
    "weekly",
    "daily",
    "multiplicative_terms",
    "holidays",
];

/// The table.
pub(super) static FORECASTS: Layout = Layout { name: "forecasts", key: Key::Date, columns: &COLUMNS };

/// A forecast's rows.
pub(super) fn to_block(forecast: &Forecast) -> Block {
    let component = |name: &str| forecast.components.iter().find(|(n, _)| n == name).map(|(_, effect)| &effect[..]);
    let columns = [
        Some(&forecast.yhat[..]),
        Some(&forecast.yhat_lower[..]),
        Some(&forecast.yhat_upper[..]),
        Some(&forecast.trend[..]),
        Some(&forecast.trend_lower[..]),
        Some(&forecast.trend_upper[..]),
        Some(&forecast.additive_terms[..]),
        component("yearly"),
        component("weekly"),
        component("daily"),
        Some(&forecast.multiplicative_terms[..]),
        component("holidays"),
    ];
    let mut block = Block::with_capacity(&FORECASTS, forecast.dates.len());
    for (row, date) in forecast.dates.iter().enumerate() {
        block.push(
            *date,
            columns.iter().map(|column| column.and_then(|column| column.get(row).copied()).unwrap_or(f64::NAN)),
        );
    }
    block
}
