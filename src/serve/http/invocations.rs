//! Handlers for invocations.

use super::{
    app::{App, Lookup},
    body,
    request::{HandlerResult, ModelName, RequestContext, TARGET_MODEL, header_text},
};
use crate::serve::{
    error::ApiError,
    models::{LONGEST_HEADER, LoadedModel, UNSEEN_CATEGORIES},
    observe::{Captured, CapturedBody},
    payload::{self, Request},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use serde_json::json;
use std::sync::Arc;

/// The only custom header that SageMaker passes through, in requests and in responses.
const CUSTOM_ATTRIBUTES: HeaderName = HeaderName::from_static("x-amzn-sagemaker-custom-attributes");

/// Invokes the model named in the path.
pub(super) async fn invoke(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    name: ModelName,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let Path(name) = name?;
    let body = body::read(&headers, body, app.settings.max_request, &app.body_memory, context.deadline).await?;
    let model = match &app.lookup {
        Lookup::Folder(folder) => folder.find(&name, &app.loader).await?,
        _ => app.loader.registry.get(&name).ok_or_else(|| ApiError::unknown_model(&name))?,
    };
    respond(&app, &context, &name, model, &headers, body).await
}

/// Invokes the single model, or the one that a header names.
pub(super) async fn invocations(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let body = body::read(&headers, body, app.settings.max_request, &app.body_memory, context.deadline).await?;
    let (name, model) = match &app.lookup {
        Lookup::Single(model) => ("model", Arc::clone(model)),
        Lookup::Loaded(folder) | Lookup::Folder(folder) => {
            let target = header_text(&headers, TARGET_MODEL)
                .ok_or_else(|| ApiError::bad_request("Parameter model_name is required."))?;
            (target, folder.find(target, &app.loader).await?)
        }
    };
    respond(&app, &context, name, model, &headers, body).await
}

/// How a batch transform should send its rows, if a single model is served.
pub(super) async fn execution_parameters(State(app): State<Arc<App>>) -> HandlerResult {
    if !matches!(app.lookup, Lookup::Single(_)) {
        return Err(ApiError::unknown_path());
    }
    let megabytes = (app.settings.max_request >> 20).max(1);
    let parameters = json!({
        "MaxConcurrentTransforms": app.settings.jobs,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": megabytes,
    });
    Ok(axum::Json(parameters).into_response())
}

/// Computes the response on a blocking thread, captures it and adds its headers.
async fn respond(
    app: &Arc<App>,
    context: &RequestContext,
    name: &str,
    model: Arc<LoadedModel>,
    headers: &HeaderMap,
    body: Bytes,
) -> HandlerResult {
    let owned = |name: HeaderName| header_text(headers, name).map(str::to_owned);
    let (content_type, accept) = (owned(header::CONTENT_TYPE), owned(header::ACCEPT));
    let request = Request { content_type, accept, body, deadline: context.deadline.into_std() };
    let request = Arc::new(request);
    let attributes = headers.get(CUSTOM_ATTRIBUTES).filter(|value| value.len() <= LONGEST_HEADER).cloned();
    let rules = app.settings.rules;
    let (job_model, job_request) = (Arc::clone(&model), Arc::clone(&request));
    let answer = app.jobs.run(move || payload::answer(&job_model, &job_request, rules)).await.flatten();
    let unseen = answer.as_ref().map_or(0, |answer| answer.unseen);
    app.metrics.unseen_categories.inc_by(unseen as u64);
    let (status, format, output) = match answer {
        Ok(answer) if answer.body.is_empty() => (StatusCode::NO_CONTENT, None, Ok(Bytes::new())),
        Ok(answer) => (StatusCode::OK, Some(answer.format.content_type()), Ok(Bytes::from(answer.body))),
        Err(error) => (error.status, None, Err(error)),
    };
    if let Some(capture) = app.capture.as_ref().filter(|capture| capture.wants_next()) {
        let output = output.as_ref().map_or_else(|error| error.message.as_bytes(), |output| &**output);
        capture.writer.offer(Captured {
            request_id: context.request_id.to_string(),
            model: name.to_owned(),
            identity: model.identity.line(unseen),
            input: CapturedBody::new(request.content_type.as_deref().unwrap_or_default(), &request.body),
            output: CapturedBody::new(format.unwrap_or_default(), output),
            status: status.as_u16(),
            custom_attributes: attributes.as_ref().and_then(|value| value.to_str().ok()).map(str::to_owned),
        });
    }
    let mut response = match output {
        Ok(output) => (status, Body::from(output)).into_response(),
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    if let Some(format) = format {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format));
    }
    if unseen > 0 {
        headers.insert(UNSEEN_CATEGORIES, unseen.into());
    }
    // A client's own attributes are returned unchanged; without any, the header carries the model's identity.
    let attributes = attributes.or_else(|| HeaderValue::from_str(&model.identity.line(unseen)).ok());
    headers.extend(attributes.map(|attributes| (CUSTOM_ATTRIBUTES, attributes)));
    model.identity.write_headers(headers);
    Ok(response)
}
