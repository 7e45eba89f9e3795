//! Forecast queries: a horizon or dates, and options.

use super::json;
use crate::{
    input::{format_timestamp, is_compact_time, parse_timestamps},
    serve::error::ApiError,
};
use manyfit_models::data::{is_missing, truth};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// One forecast query.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ForecastQuery {
    /// Number of steps after the training data.
    #[serde(alias = "prediction_length")]
    pub(super) horizon: Option<usize>,
    /// Dates, instead of a horizon.
    pub(super) dates: Option<Vec<QueryDate>>,
    /// For each extra column that the model needs, a value for each date.
    #[serde(alias = "columns", deserialize_with = "numbers")]
    pub(super) regressors: BTreeMap<String, Vec<Option<f64>>>,
    /// Spacing of the steps, as a pandas alias; by default that of the training data.
    #[serde(alias = "freq")]
    pub(super) frequency: Option<String>,
    /// Whether to return trend and components.
    pub(super) components: bool,
    /// Coverage probability of the interval.
    pub(super) interval_width: Option<f64>,
    /// Number of simulated futures behind the interval; 0 for no interval.
    pub(super) uncertainty_samples: Option<usize>,
    /// Quantiles of the forecast.
    pub(super) quantiles: Vec<f64>,
    /// Seed of the draws.
    pub(super) seed: u64,
}

/// A date: text, or milliseconds since the epoch.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum QueryDate {
    Milliseconds(i64),
    Text(String),
}

/// Numbers below are in 1970 to 1973 as milliseconds: mostly seconds, or calendar times without separators.
const EARLY: i64 = 100_000_000_000;

impl QueryDate {
    /// The times of all dates of a query to a model whose first forecast is of the time `next`. `is_daily`: its forecasts are of
    /// days, so that midnights of a time zone are local dates.
    pub(super) fn times(dates: &[Self], next: i64, is_daily: bool) -> Result<Vec<i64>, ApiError> {
        let texts: Vec<&str> = dates.iter().filter_map(Self::text).collect();
        let mut times = parse_timestamps(&texts, is_daily)
            .map_err(|(text, complaint)| ApiError::bad_request(format!("dates: {text:?} {complaint}")))?
            .into_iter();
        let numbers = dates.iter().map(|date| match date {
            Self::Text(_) => Ok(times.next().unwrap_or_default()),
            Self::Milliseconds(number) => check_milliseconds(*number, next),
        });
        numbers.collect()
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Milliseconds(_) => None,
            Self::Text(text) => Some(text.trim()),
        }
    }
}

fn check_milliseconds(number: i64, next: i64) -> Result<i64, ApiError> {
    // The range of 64-bit nanoseconds.
    if number.unsigned_abs() >= 9_223_372_036_854 {
        let complaint = format!("dates: {number} is out of range: numbers are milliseconds since 1970");
        return Err(ApiError::bad_request(complaint));
    }
    let is_early = (1..EARLY).contains(&number) && next >= EARLY;
    if is_early || is_compact_time(number) {
        return Err(ApiError::bad_request(format!(
            "dates: {number} is {} as milliseconds since 1970: send milliseconds, or dates as text",
            format_timestamp(number)
        )));
    }
    Ok(number)
}

/// A value of an extra column.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a value of a regressor must be a number, true, false or null")]
enum QueryNumber {
    Number(f64),
    Truth(bool),
    Text(String),
}

/// The values of the extra columns as numbers, those of truth values 1 and 0.
fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<Option<f64>>>, D::Error> {
    let given = BTreeMap::<String, Vec<Option<QueryNumber>>>::deserialize(deserializer)?;
    let number = |name: &str, value| match value {
        QueryNumber::Number(number) => Ok(number),
        QueryNumber::Truth(truth) => Ok(f64::from(u8::from(truth))),
        QueryNumber::Text(text) => Err(D::Error::custom(format_args!(
            "{text:?} among the values of {name:?} is not a finite number: leave null what is unknown"
        ))),
    };
    let column = |(name, values): (String, Vec<Option<QueryNumber>>)| {
        let numbers = values.into_iter().map(|value| value.map(|value| number(&name, value)).transpose());
        let numbers = numbers.collect::<Result<_, _>>()?;
        Ok((name, numbers))
    };
    given.into_iter().map(column).collect()
}

/// The queries of a body.
pub(super) struct Queries {
    pub(super) list: Vec<ForecastQuery>,
    /// Whether the body may hold several, so that the response is a list even for one.
    pub(super) is_batch: bool,
}

impl Queries {
    /// One query: this many steps after the training data, with default options.
    pub(super) fn steps(horizon: usize) -> Self {
        Self::one(ForecastQuery { horizon: Some(horizon), ..ForecastQuery::default() })
    }

    fn one(query: ForecastQuery) -> Self {
        Self { list: vec![query], is_batch: false }
    }

    /// The error of a query, with its number if there may be several.
    pub(super) fn within(&self, number: usize, error: ApiError) -> ApiError {
        if self.is_batch { error.within(&format!("request {number}")) } else { error }
    }

    /// An object, a list of objects, or `{"instances": list}`.
    pub(super) fn from_json(body: Value) -> Result<Self, ApiError> {
        let parse = |item: Value| serde_json::from_value(item).map_err(|error| invalid(&error));
        let items = match body {
            Value::Array(items) => items,
            Value::Object(mut members) if members.contains_key("instances") => match members.remove("instances") {
                Some(Value::Array(items)) if members.is_empty() => items,
                _ => return Err(invalid(&"instances must be a list of requests, and the only key")),
            },
            value => return Ok(Self::one(parse(value)?)),
        };
        Ok(Self { list: items.into_iter().map(parse).collect::<Result<_, _>>()?, is_batch: true })
    }

    /// An object per line.
    pub(super) fn from_json_lines(body: &[u8]) -> Result<Self, ApiError> {
        let lines = body.split(|byte| *byte == b'\n').enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
        let parse = |(at, line)| json::parse(line).map_err(|error| invalid(&format_args!("line {}: {error}", at + 1)));
        Ok(Self { list: lines.map(parse).collect::<Result<_, _>>()?, is_batch: true })
    }

    /// A row for each date; the header names the columns, among them `ds`.
    pub(super) fn from_csv(body: &[u8]) -> Result<Self, ApiError> {
        let invalid_csv = |error: csv::Error| ApiError::bad_request(format!("the CSV is invalid: {error}"));
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(body);
        let headers = reader.headers().map_err(invalid_csv)?.clone();
        let at = headers
            .iter()
            .position(|name| name == "ds")
            .ok_or_else(|| ApiError::bad_request("the CSV has no column ds: send a header, and a row for each date"))?;
        let mut dates = Vec::new();
        let mut columns = vec![Vec::new(); headers.len()];
        for (row, record) in reader.records().enumerate() {
            let record = record.map_err(invalid_csv)?;
            dates.push(QueryDate::Text(record[at].to_owned()));
            for (column, values) in columns.iter_mut().enumerate().filter(|(column, _)| *column != at) {
                let text = &record[column];
                let number = match (text.parse::<f64>(), truth(text.as_bytes())) {
                    _ if is_missing(text.as_bytes()) => None,
                    (Ok(number), _) => Some(number),
                    (_, Some(truth)) => Some(f64::from(u8::from(truth))),
                    _ => {
                        let name = &headers[column];
                        let message = format!("line {}, column {name:?}: {text:?} is not a number", row + 2);
                        return Err(ApiError::bad_request(message));
                    }
                };
                values.push(number);
            }
        }
        let regressors = headers.iter().map(str::to_owned).zip(columns).filter(|(name, _)| name != "ds").collect();
        Ok(Self::one(ForecastQuery { dates: Some(dates), regressors, ..ForecastQuery::default() }))
    }
}

fn invalid(error: &dyn fmt::Display) -> ApiError {
    ApiError::bad_request(format!("the request is invalid: {error}; example: {{\"horizon\": 7}}"))
}
