//! Forecast queries: a horizon or dates, and options.

use crate::{input::parse_timestamp, serve::error::ApiError};
use manyfit_models::data::is_missing;
use serde::Deserialize;
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
    #[serde(alias = "columns")]
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

impl QueryDate {
    pub(super) fn milliseconds(&self) -> Result<i64, ApiError> {
        match self {
            // The range of 64-bit nanoseconds.
            Self::Milliseconds(ms) if ms.unsigned_abs() < 9_223_372_036_854 => Ok(*ms),
            Self::Milliseconds(ms) => {
                Err(ApiError::bad_request(format!("dates: {ms} is out of range: numbers are milliseconds since 1970")))
            }
            Self::Text(text) => parse_timestamp(text.trim().as_bytes())
                .map_err(|complaint| ApiError::bad_request(format!("dates: {text:?} {complaint}"))),
        }
    }
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
        let parse = |(at, line)| {
            serde_json::from_slice(line).map_err(|error| invalid(&format_args!("line {}: {error}", at + 1)))
        };
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
                let number = if is_missing(text.as_bytes()) { Ok(None) } else { text.parse::<f64>().map(Some) };
                values.push(number.map_err(|_| {
                    let name = &headers[column];
                    ApiError::bad_request(format!("line {}, column {name:?}: {text:?} is not a number", row + 2))
                })?);
            }
        }
        let regressors = headers.iter().map(str::to_owned).zip(columns).filter(|(name, _)| name != "ds").collect();
        Ok(Self::one(ForecastQuery { dates: Some(dates), regressors, ..ForecastQuery::default() }))
    }
}

fn invalid(error: &dyn fmt::Display) -> ApiError {
    ApiError::bad_request(format!("the request is invalid: {error}; example: {{\"horizon\": 7}}"))
}
