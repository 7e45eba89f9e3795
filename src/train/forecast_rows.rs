//! Rows of the forecasts table, and their form in the spool.

use crate::models::Forecast;

/// Columns of numbers, after `customer` and `ds`. A component that a customer's model does not have is empty.
pub(super) const COLUMNS: [&str; 10] = [
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
];

/// Bytes of a row in the spool: the date and the numbers.
const ROW: usize = 8 * (1 + COLUMNS.len());

/// One row: milliseconds since the epoch, and the numbers; NaN where there is none.
pub(super) type Row = (i64, [f64; COLUMNS.len()]);

/// A forecast's rows as bytes.
pub(super) fn to_block(forecast: &Forecast) -> Vec<u8> {
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
    ];
    let mut block = Vec::with_capacity(ROW * forecast.dates.len());
    for (row, date) in forecast.dates.iter().enumerate() {
        block.extend_from_slice(&date.to_le_bytes());
        for column in columns {
            block.extend_from_slice(&column.map_or(f64::NAN, |column| column[row]).to_le_bytes());
        }
    }
    block
}

/// The rows of a block.
pub(super) fn rows(block: &[u8]) -> impl Iterator<Item = Row> {
    block.chunks_exact(ROW).map(|row| {
        let mut words = row.chunks_exact(8).map(|word| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            bytes
        });
        let date = words.next().map(i64::from_le_bytes).unwrap_or_default();
        let mut numbers = [f64::NAN; COLUMNS.len()];
        numbers.iter_mut().zip(words).for_each(|(number, bytes)| *number = f64::from_le_bytes(bytes));
        (date, numbers)
    })
}
