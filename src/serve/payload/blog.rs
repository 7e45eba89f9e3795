//! The form of the AWS blog's Prophet endpoint: `{"period": 7}` in, `json.dumps(frame.to_json())` out.
//!
//! The frame has the columns of `Prophet.predict`, and its index goes on from the rows of the history; `pandas.read_json`
//! reads it.

use super::{
    Fault,
    plain::{self, Ask},
};
use crate::serve::resident::Resident;
use manyfit_models::{FittedSeries, Forecast};
use serde::Serialize;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// The number of steps, if this is the blog's question.
pub(super) fn period(question: &Value) -> Option<Result<usize, Fault>> {
    let period = question.as_object()?.get("period")?;
    let number = period.as_u64().or_else(|| period.as_str()?.trim().parse().ok());
    Some(number.map(|number| number as usize).ok_or_else(|| {
        Fault::bad_request(format!("period is {period}: it is a number of steps, as in {{\"period\": 7}}"))
    }))
}

/// The frame as text in JSON.
pub(super) fn answer(model: &Resident, series: &FittedSeries, period: usize) -> Result<Vec<u8>, Fault> {
    let forecast = plain::forecast(model, series, &Ask::steps(period))?;
    let frame = frame(&forecast, model.rows);
    let text = serde_json::to_string(&frame).expect("plain data has a JSON form");
    Ok(serde_json::to_vec(&text).expect("plain data has a JSON form"))
}

/// A column: values by row number.
#[derive(Serialize)]
#[serde(untagged)]
enum Column {
    Dates(BTreeMap<usize, i64>),
    Numbers(BTreeMap<usize, f64>),
}

/// A frame's columns in their order.
struct Frame<'a>(Vec<(Cow<'a, str>, Column)>);

impl Serialize for Frame<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, column)| (name, column)))
    }
}

fn frame(forecast: &Forecast, first_row: usize) -> Frame<'_> {
    let dates = forecast.dates.iter().enumerate().map(|(at, date)| (first_row + at, *date)).collect();
    let numbers = |values: &[f64]| {
        Column::Numbers(values.iter().enumerate().map(|(at, value)| (first_row + at, ten_decimals(*value))).collect())
    };
    let mut columns: Vec<(Cow<'_, str>, Column)> = vec![
        ("ds".into(), Column::Dates(dates)),
        ("trend".into(), numbers(&forecast.trend)),
        ("yhat_lower".into(), numbers(&forecast.yhat_lower)),
        ("yhat_upper".into(), numbers(&forecast.yhat_upper)),
        ("trend_lower".into(), numbers(&forecast.trend_lower)),
        ("trend_upper".into(), numbers(&forecast.trend_upper)),
    ];
    // Coefficients are points, so that the interval of a component is the component.
    for (name, values) in plain::components(forecast) {
        for suffix in ["", "_lower", "_upper"] {
            columns.push((format!("{name}{suffix}").into(), numbers(&values)));
        }
    }
    columns.push(("yhat".into(), numbers(&forecast.yhat)));
    Frame(columns)
}

/// As `to_json` writes floats by default. From a million on, a double has no more decimals than that.
fn ten_decimals(value: f64) -> f64 {
    if value.abs() < 1e6 { (value * 1e10).round() / 1e10 } else { value }
}
