//! The format of the Prophet endpoint in AWS's blog: `{"period": 7}` in, `json.dumps(frame.to_json())` out.
//!
//! The frame has the columns of `Prophet.predict`, its index continues the rows of the training data, and
//! `pandas.read_json` reads it.

use super::{forecast::components, format::to_json};
use crate::serve::error::ApiError;
use manyfit_models::Forecast;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use std::collections::BTreeMap;

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
    let frame = serde_json::to_string(&Frame { forecast, first_row }).expect("plain data has a JSON form");
    to_json(&frame)
}

/// Columns of values by row number.
struct Frame<'a> {
    forecast: &'a Forecast,
    first_row: usize,
}

impl Serialize for Frame<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { forecast, first_row } = self;
        let numbers = |values: &[f64]| -> BTreeMap<usize, f64> {
            (*first_row..).zip(values.iter().copied().map(ten_decimals)).collect()
        };
        let mut frame = serializer.serialize_map(None)?;
        let dates: BTreeMap<usize, i64> = (*first_row..).zip(forecast.dates.iter().copied()).collect();
        frame.serialize_entry("ds", &dates)?;
        for (name, values) in [
            ("trend", &forecast.trend),
            ("yhat_lower", &forecast.yhat_lower),
            ("yhat_upper", &forecast.yhat_upper),
            ("trend_lower", &forecast.trend_lower),
            ("trend_upper", &forecast.trend_upper),
        ] {
            frame.serialize_entry(name, &numbers(values))?;
        }
        // The coefficients are point estimates, so the interval of a component is the component itself.
        for (name, values) in components(forecast) {
            let values = numbers(values);
            for suffix in ["", "_lower", "_upper"] {
                frame.serialize_entry(&format_args!("{name}{suffix}"), &values)?;
            }
        }
        frame.serialize_entry("yhat", &numbers(&forecast.yhat))?;
        frame.end()
    }
}

/// As `to_json` rounds floats by default. A double above a million has no more than ten decimals.
fn ten_decimals(value: f64) -> f64 {
    if value.abs() < 1e6 { (value * 1e10).round() / 1e10 } else { value }
}
