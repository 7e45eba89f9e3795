//! The format of the Prophet endpoint in AWS's blog: `{"period": 7}` in, `json.dumps(frame.to_json())` out.
//!
//! The frame has the columns of `Prophet.predict`, its index continues the rows of the training data, and
//! `pandas.read_json` reads it.

use super::{forecast::components, format::to_json};
use crate::serve::error::ApiError;
use manyfit_models::Forecast;
use serde::Serialize;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// The number of steps, if this is a request in this format.
pub(super) fn period(request: &Value) -> Option<Result<usize, ApiError>> {
    let period = request.as_object()?.get("period")?;
    let number = period.as_u64().or_else(|| period.as_str()?.trim().parse().ok());
    Some(number.map(|number| number as usize).ok_or_else(|| {
        ApiError::bad_request(format!("period is {period}: it must be a number of steps, as in {{\"period\": 7}}"))
    }))
}

/// The frame as JSON text within JSON.
pub(super) fn write(forecast: &Forecast, first_row: usize) -> Vec<u8> {
    let frame = serde_json::to_string(&frame(forecast, first_row)).expect("plain data has a JSON form");
    to_json(&frame)
}

/// A column: values by row number.
#[derive(Serialize)]
#[serde(untagged)]
enum Column {
    Dates(BTreeMap<usize, i64>),
    Numbers(BTreeMap<usize, f64>),
}

/// A frame's columns in their order.
struct Frame(Vec<(Cow<'static, str>, Column)>);

impl Serialize for Frame {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, column)| (name, column)))
    }
}

fn frame(forecast: &Forecast, first_row: usize) -> Frame {
    let dates = forecast.dates.iter().enumerate().map(|(at, date)| (first_row + at, *date)).collect();
    let numbers = |values: &[f64]| {
        Column::Numbers(values.iter().enumerate().map(|(at, value)| (first_row + at, ten_decimals(*value))).collect())
    };
    let mut columns: Vec<(Cow<'static, str>, Column)> = vec![
        ("ds".into(), Column::Dates(dates)),
        ("trend".into(), numbers(&forecast.trend)),
        ("yhat_lower".into(), numbers(&forecast.yhat_lower)),
        ("yhat_upper".into(), numbers(&forecast.yhat_upper)),
        ("trend_lower".into(), numbers(&forecast.trend_lower)),
        ("trend_upper".into(), numbers(&forecast.trend_upper)),
    ];
    // The coefficients are point estimates, so the interval of a component is the component itself.
    for (name, values) in components(forecast) {
        for suffix in ["", "_lower", "_upper"] {
            columns.push((format!("{name}{suffix}").into(), numbers(values)));
        }
    }
    columns.push(("yhat".into(), numbers(&forecast.yhat)));
    Frame(columns)
}

/// As `to_json` rounds floats by default. A double above a million has no more than ten decimals.
fn ten_decimals(value: f64) -> f64 {
    if value.abs() < 1e6 { (value * 1e10).round() / 1e10 } else { value }
}
