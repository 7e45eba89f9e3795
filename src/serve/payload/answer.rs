//! From a request body to a response body.

use super::{
    forecast::Forecaster,
    forecast_limits,
    forecast_query::Queries,
    forecast_table::{self, ForecastTable},
    format::{Format, Rules, media_type},
    json, pandas_frame,
    rows::{self, Predicted},
    scores,
};
use crate::serve::{error::ApiError, models::LoadedModel};
use axum::body::Bytes;
use manyfit_models::{Fitted, FittedRows, FittedSeries, RowsModel, trees::Objective};
use serde_json::Value;
use std::time::Instant;

/// A request's body and the headers that describe it.
#[derive(Debug)]
pub(in crate::serve) struct Request {
    pub(in crate::serve) content_type: Option<String>,
    pub(in crate::serve) accept: Option<String>,
    pub(in crate::serve) body: Bytes,
    /// When nobody waits for the answer any more.
    pub(in crate::serve) deadline: Instant,
}

/// A response's body.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::serve) struct Answer {
    pub(in crate::serve) format: Format,
    pub(in crate::serve) body: Vec<u8>,
    /// Number of values that are no category of the model, and count as missing.
    pub(in crate::serve) unseen: usize,
}

impl Answer {
    const fn new(format: Format, body: Vec<u8>) -> Self {
        Self { format, body, unseen: 0 }
    }
}

/// Computes a model's response. Blocks while it computes.
pub(in crate::serve) fn answer(model: &LoadedModel, request: &Request, rules: Rules) -> Result<Answer, ApiError> {
    let accept = Format::accepted(request.accept.as_deref(), rules)?;
    let body = &*request.body;
    let is_empty = body.trim_ascii().is_empty();
    match &model.model {
        Fitted::Series(series) => {
            let format = content_format(request, &[Format::Json, Format::JsonLines, Format::Csv])?;
            if is_empty {
                return Err(ApiError::bad_request("the body is empty: send for example {\"horizon\": 7}"));
            }
            let queries = match format {
                Format::Csv => Queries::from_csv(body)?,
                Format::JsonLines => Queries::from_json_lines(body)?,
                Format::Json | Format::Libsvm => {
                    let value = json_within(body)?;
                    if let Some(period) = pandas_frame::period(&value) {
                        let body = frame(model, series, &Queries::steps(period?), request.deadline)?;
                        return Ok(Answer::new(Format::Json, body));
                    }
                    Queries::from_json(value)?
                }
            };
            Ok(Answer::new(accept, forecasts(model, series, &queries, accept, request.deadline)?))
        }
        Fitted::Rows(fitted) => {
            // AWS's containers answer an empty body with an empty response.
            if is_empty {
                return Ok(Answer::new(accept, Vec::new()));
            }
            let format = content_format(request, &[Format::Csv, Format::Libsvm, Format::Json, Format::JsonLines])?;
            let Predicted { predictions, unseen } = rows::predict(fitted, format, body, rules.batch)?;
            let body = match rules.selection {
                Some(selection) => {
                    scores::write_selected(&predictions, selection, are_probabilities(fitted), accept, rules)
                }
                None => scores::write(&predictions, accept, rules),
            };
            Ok(Answer { unseen, ..Answer::new(accept, body) })
        }
    }
}

fn are_probabilities(model: &FittedRows) -> bool {
    matches!(model.model(), RowsModel::Trees { ensemble, .. } if ensemble.objective() == Objective::Logistic)
}

fn forecasts(
    model: &LoadedModel,
    series: &FittedSeries,
    queries: &Queries,
    accept: Format,
    deadline: Instant,
) -> Result<Vec<u8>, ApiError> {
    forecast_limits::check(series, queries)?;
    let tables = queries.list.iter().enumerate().map(|(number, query)| {
        let forecaster = Forecaster::new(model, series, query, deadline);
        let table = forecaster.and_then(|forecaster| ForecastTable::new(&forecaster, query));
        table.map_err(|error| queries.within(number, error))
    });
    let tables: Vec<ForecastTable> = tables.collect::<Result<_, _>>()?;
    Ok(forecast_table::write(&tables, queries.is_batch, accept))
}

fn frame(
    model: &LoadedModel,
    series: &FittedSeries,
    queries: &Queries,
    deadline: Instant,
) -> Result<Vec<u8>, ApiError> {
    forecast_limits::check(series, queries)?;
    let forecast = Forecaster::new(model, series, &queries.list[0], deadline)?.forecast(None)?;
    Ok(pandas_frame::write(&forecast, model.rows))
}

/// JSON, or JSON text within JSON: the SageMaker SDK's serializer encodes text once more.
fn json_within(body: &[u8]) -> Result<Value, ApiError> {
    let not_json = |error| ApiError::bad_request(format!("the body is not JSON: {error}; example: {{\"horizon\": 7}}"));
    match json::parse(body).map_err(not_json)? {
        Value::String(text) => json::parse(text.as_bytes()).map_err(not_json),
        value => Ok(value),
    }
}

/// The body's format: the one of its content type, or a guess if that says nothing.
fn content_format(request: &Request, known: &[Format]) -> Result<Format, ApiError> {
    let told = request.content_type.as_deref().map(media_type).filter(|media| {
        // The defaults of HTTP clients.
        !matches!(media.as_str(), "" | "application/octet-stream" | "application/x-www-form-urlencoded")
    });
    let found = match told {
        Some(media) => Format::of_media_type(&media),
        None => Some(Format::guess(&request.body, known)),
    };
    found.filter(|format| known.contains(format)).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|format| format.content_type()).collect();
        let given = request.content_type.as_deref().unwrap_or_default();
        ApiError::unsupported(format!("this model does not read content type {given}: send {}", known.join(", ")))
    })
}
