//! A forecast as rows of a table.

use super::{
    rows::{Key, Rows},
    sorted::Layout,
};
use manyfit_models::Forecast;

/// The table of forecasts that a training run writes. Components that a customer's model does not have are empty.
///
/// The columns are the same in every run: rows are spooled while customers are fitted, and the seasonalities, holidays
/// and regressors of all models are known only when the last one is. `manyfit predict --components` opens all models
/// first.
pub(crate) static FORECASTS: Layout = Layout {
    name: "forecasts",
    key: Key::Date,
    columns: &[
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
    ],
};

/// The forecast itself.
const FORECAST: [&str; 3] = ["yhat", "yhat_lower", "yhat_upper"];

/// What it is the sum of, before the components that differ from model to model.
const PARTS: [&str; 5] = ["trend", "trend_lower", "trend_upper", "additive_terms", "multiplicative_terms"];

/// The columns that the forecasts of all models have.
pub(crate) fn forecast_columns(components: bool) -> Vec<String> {
    let parts: &[&str] = if components { &PARTS } else { &[] };
    FORECAST.iter().chain(parts).map(|&name| name.to_owned()).collect()
}

/// A customer's forecast as rows with these columns.
pub(crate) fn forecast_rows(customer: String, mut forecast: Forecast, columns: &[impl AsRef<str>]) -> Rows {
    let mut take = |name: &str| {
        std::mem::take(match name {
            "yhat" => &mut forecast.yhat,
            "yhat_lower" => &mut forecast.yhat_lower,
            "yhat_upper" => &mut forecast.yhat_upper,
            "trend" => &mut forecast.trend,
            "trend_lower" => &mut forecast.trend_lower,
            "trend_upper" => &mut forecast.trend_upper,
            "additive_terms" => &mut forecast.additive_terms,
            "multiplicative_terms" => &mut forecast.multiplicative_terms,
            component => match forecast.components.iter_mut().find(|(name, _)| name == component) {
                Some((_, effect)) => effect,
                None => return Vec::new(),
            },
        })
    };
    let columns = columns.iter().map(|name| take(name.as_ref())).collect();
    Rows { customer, keys: forecast.dates, columns }
}
