//! Asking a model.

use super::{
    app::App,
    body,
    capture::{Body as CapturedBody, Captured},
    fault::Fault,
    management::{Name, TARGET_MODEL, text},
    payload::{self, Question},
    resident::{LONGEST_HEADER, Resident},
    routes::Context,
    settings::Models,
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// The one header of a client's own that the platform lets through, both ways.
const CUSTOM_ATTRIBUTES: HeaderName = HeaderName::from_static("x-amzn-sagemaker-custom-attributes");

type Reply = Result<Response, Fault>;

/// Asks the model of this name.
pub(super) async fn invoke(
    State(app): State<Arc<App>>,
    Extension(context): Extension<Context>,
    name: Name,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    let Path(name) = name?;
    let body = body::read(&headers, body, app.settings.max_request, &app.room, context.deadline).await?;
    let model = match (&app.settings.models, &app.folder) {
        (Models::Folder(_) | Models::Bucket { .. }, Some(folder)) => folder.find(&name, &app.loader).await?,
        _ => app.registry.get(&name).ok_or_else(|| Fault::unknown_model(&name))?,
    };
    ask(&app, &context, &name, model, &headers, body).await
}

/// Asks the single model, or the one that a header names.
pub(super) async fn invocations(
    State(app): State<Arc<App>>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
    body: Body,
) -> Reply {
    let body = body::read(&headers, body, app.settings.max_request, &app.room, context.deadline).await?;
    if let Some(model) = &app.single {
        return ask(&app, &context, "model", Arc::clone(model), &headers, body).await;
    }
    let target = text(&headers, TARGET_MODEL).ok_or_else(|| Fault::bad_request("Parameter model_name is required."))?;
    let loaded = match app.settings.models {
        Models::Loaded { .. } => app.registry.by_target(target),
        Models::Folder(_) | Models::Bucket { .. } | Models::Single(_) => None,
    };
    let model = match (loaded, &app.folder) {
        (Some(model), _) => model,
        (None, Some(folder)) => folder.find(target, &app.loader).await?,
        (None, None) => return Err(Fault::unknown_model(target)),
    };
    ask(&app, &context, target, model, &headers, body).await
}

/// How a batch transform should send its rows, where one model is served.
pub(super) async fn execution_parameters(State(app): State<Arc<App>>) -> Reply {
    if app.single.is_none() {
        return Err(Fault::unknown_path());
    }
    let megabytes = (app.settings.max_request >> 20).max(1);
    let parameters = json!({
        "MaxConcurrentTransforms": app.settings.jobs,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": megabytes,
    });
    Ok(axum::Json(parameters).into_response())
}

/// Computes the answer on a thread of its own and dresses it.
async fn ask(
    app: &Arc<App>,
    context: &Context,
    name: &str,
    model: Arc<Resident>,
    headers: &HeaderMap,
    body: Bytes,
) -> Reply {
    let header_text = |name: HeaderName| text(headers, name.as_str()).map(str::to_owned);
    let (content_type, accept) = (header_text(header::CONTENT_TYPE), header_text(header::ACCEPT));
    let attributes = headers.get(CUSTOM_ATTRIBUTES).filter(|value| value.len() <= LONGEST_HEADER).cloned();
    let captured = app.capture.as_ref().filter(|capture| capture.wants_next());
    let rules = app.settings.rules;
    let (theirs, asked, type_of_body) = (Arc::clone(&model), body.clone(), content_type.clone());
    let answer = app
        .work
        .run(move || {
            let question = Question { content_type: type_of_body.as_deref(), accept: accept.as_deref(), body: &asked };
            payload::answer(&theirs, question, rules)
        })
        .await
        .and_then(|answer| answer);
    let (status, format, output) = match answer {
        Ok(answer) if answer.body.is_empty() => (StatusCode::NO_CONTENT, None, Ok(Bytes::new())),
        Ok(answer) => (StatusCode::OK, Some(answer.format.content_type()), Ok(Bytes::from(answer.body))),
        Err(fault) => (fault.status, None, Err(fault)),
    };
    if let Some(capture) = captured {
        let output = output.as_ref().map_or_else(|fault| fault.message.as_bytes(), |output| &**output);
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
        Err(fault) => fault.into_response(),
    };
    let headers = response.headers_mut();
    match format {
        Some(format) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format));
        }
        None if status == StatusCode::NO_CONTENT => {
            headers.remove(header::CONTENT_TYPE);
        }
        None => {}
    }
    // A client's own attributes come back as they were; where it sent none there is room for the model's identity.
    let attributes = attributes.or_else(|| HeaderValue::from_str(&model.identity.line()).ok());
    headers.extend(attributes.map(|attributes| (CUSTOM_ATTRIBUTES, attributes)));
    model.identity.write_headers(headers);
    Ok(response)
}
