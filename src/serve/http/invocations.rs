//! Handlers for invocations.

use super::{
    app::App,
    body,
    request::{HandlerResult, ModelName, RequestContext, TARGET_MODEL, header_text},
};
use crate::serve::{
    error::ApiError,
    models::{LONGEST_HEADER, LoadedModel},
    observe::{Captured, CapturedBody},
    payload::{self, Request},
    settings::Models,
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
    let model = match (&app.settings.models, &app.folder) {
        (Models::Folder(_) | Models::Bucket { .. }, Some(folder)) => folder.find(&name, &app.loader).await?,
        _ => app.registry().get(&name).ok_or_else(|| ApiError::unknown_model(&name))?,
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
    if let Some(model) = &app.single {
        return respond(&app, &context, "model", Arc::clone(model), &headers, body).await;
    }
    let target = header_text(&headers, TARGET_MODEL)
        .ok_or_else(|| ApiError::bad_request("Parameter model_name is required."))?;
    let loaded = match app.settings.models {
        Models::Loaded { .. } => app.registry().by_target(target),
        Models::Folder(_) | Models::Bucket { .. } | Models::Single(_) => None,
    };
    let model = match (loaded, &app.folder) {
        (Some(model), _) => model,
        (None, Some(folder)) => folder.find(target, &app.loader).await?,
        (None, None) => return Err(ApiError::unknown_model(target)),
    };
    respond(&app, &context, target, model, &headers, body).await
}

/// How a batch transform should send its rows, if a single model is served.
pub(super) async fn execution_parameters(State(app): State<Arc<App>>) -> HandlerResult {
    if app.single.is_none() {
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
    let attributes = headers.get(CUSTOM_ATTRIBUTES).filter(|value| value.len() <= LONGEST_HEADER).cloned();
    let capture = app.capture.as_ref().filter(|capture| capture.wants_next());
    let rules = app.settings.rules;
    let (job_model, job_body, job_content_type) = (Arc::clone(&model), body.clone(), content_type.clone());
    let answer = app
        .jobs
        .run(move || {
            let content_type = job_content_type.as_deref();
            payload::answer(&job_model, Request { content_type, accept: accept.as_deref(), body: &job_body }, rules)
        })
        .await
        .and_then(|answer| answer);
    let (status, format, output) = match answer {
        Ok(answer) if answer.body.is_empty() => (StatusCode::NO_CONTENT, None, Ok(Bytes::new())),
        Ok(answer) => (StatusCode::OK, Some(answer.format.content_type()), Ok(Bytes::from(answer.body))),
        Err(error) => (error.status, None, Err(error)),
    };
    if let Some(capture) = capture {
        let output = output.as_ref().map_or_else(|error| error.message.as_bytes(), |output| &**output);
        capture.offer(Captured {
            request_id: context.request_id.to_string(),
            model: name.to_owned(),
            identity: model.identity.line(),
            input: CapturedBody::new(&content_type.unwrap_or_default(), &body),
            output: CapturedBody::new(format.unwrap_or_default(), output),
            status: status.as_u16(),
            custom_attributes: attributes.as_ref().and_then(|value| value.to_str().ok()).map(str::to_owned),
        });
    }
    let mut response = match output {
        Ok(output) => (status, output).into_response(),
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    if let Some(format) = format {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format));
    } else if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    }
    // A client's own attributes are returned unchanged; without any, the header carries the model's identity.
    let attributes = attributes.or_else(|| HeaderValue::from_str(&model.identity.line()).ok());
    headers.extend(attributes.map(|attributes| (CUSTOM_ATTRIBUTES, attributes)));
    model.identity.write_headers(headers);
    Ok(response)
}
