//! Metric definitions, by which the platform extracts numbers from the log of a fit.

use super::spec::Launch;
use serde_json::{Value, json};

/// Counts that `train` prints as `models_{name}={count};`, a line each.
const COUNTS: [&str; 5] = ["done", "fitted", "unchanged", "fallback", "failed"];

/// Error measures of regression models, which `train` prints as `median_{rows}_{measure}={number};` at its end.
const MEASURES: [&str; 6] =
    ["rmse", "mae", "r2", "ae_at_10th_percentile", "ae_at_50th_percentile", "ae_at_90th_percentile"];

/// Errors of forecasts of the past, which `train` prints as `backtest_{measure}={number};` at its end.
const BACKTEST: [&str; 5] = ["mase", "rmsse", "seasonal_naive_mase", "seasonal_naive_rmsse", "coverage"];

/// The rows that the errors refer to.
const ROWS: [&str; 3] = ["validation", "folds", "in_sample"];

/// Name and regular expression of each metric; the group is the number.
pub(super) fn definitions(launch: &Launch) -> Vec<Value> {
    let counts = COUNTS.map(|count| define(&format!("models:{count}"), &format!("models_{count}=([0-9]+);")));
    let medians = ROWS.iter().flat_map(|rows| MEASURES.map(|measure| (rows, measure))).map(|(rows, measure)| {
        define(&format!("median:{rows}:{measure}"), &format!("median_{rows}_{measure}=([-+.0-9e]+);"))
    });
    let backtests =
        BACKTEST.map(|measure| define(&format!("backtest:{measure}"), &format!("backtest_{measure}=([-+.0-9e]+);")));
    let backtests = backtests.into_iter().filter(|_| launch.backtest);
    counts.into_iter().chain(backtests).chain(medians.filter(|_| launch.regression)).collect()
}

fn define(name: &str, regex: &str) -> Value {
    json!({ "Name": name, "Regex": regex })
}
