//! Handlers for SageMaker's management calls: ping, load, list, describe, unload.

use super::{
    app::{App, Lookup},
    body,
    request::{HandlerResult, ModelName, RequestContext, TARGET_MODEL, header_text},
};
use crate::serve::{
    error::{ApiError, pretty},
    models::{Identity, ListedModel},
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::HashMap,
    path::{self, Component},
    sync::Arc,
    time::Instant,
};

/// The largest body of a load: a name and a path.
const LARGEST_LOAD: u64 = 64 << 10;

/// Models on a page of the list, by default and at most.
const PAGE: usize = 100;

fn status(code: StatusCode, status: &str) -> Response {
    reply(code, &json!({"status": status}))
}

fn reply(code: StatusCode, body: &impl Serialize) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], pretty(body)).into_response()
}

/// The server is up; a single model was loaded before it listened.
pub(super) async fn ping() -> Response {
    status(StatusCode::OK, "Healthy")
}

/// The body of a load. Multi Model Server has more keys, which concern its workers.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Load {
    model_name: Option<String>,
    url: Option<String>,
    initial_workers: Option<u32>,
    synchronous: Option<bool>,
}

/// Loads a model from the directory into which SageMaker has unpacked its archive.
pub(super) async fn load(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
    query: Result<Query<Load>, QueryRejection>,
    body: Body,
) -> HandlerResult {
    let body = body::read(&headers, body, LARGEST_LOAD, &app.body_memory, context.deadline).await?;
    let is_json = header_text(&headers, header::CONTENT_TYPE)
        .is_some_and(|media| media.trim_start().to_ascii_lowercase().starts_with("application/json"));
    let load: Load = if is_json {
        serde_json::from_slice(&body).map_err(|error| {
            ApiError::bad_request(format!(
                "the body is not JSON of the form {{\"model_name\": \"…\", \"url\": \"/path\"}}: {error}"
            ))
        })?
    } else {
        // As in Multi Model Server, any other body is ignored and the query has the parameters.
        query.map_or_else(|_| Load::default(), |Query(load)| load)
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let url = given(load.url).ok_or_else(|| ApiError::bad_request("Parameter url is required."))?;
    let name = given(load.model_name)
        .ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "InvalidModelException", "Model name is not defined."))?;
    let target = header_text(&headers, TARGET_MODEL).map(str::to_owned);

    // Before the path is checked: a name that is taken is a conflict, even if the path is invalid.
    let reservation = app.loader.registry.reserve(&name)?;
    let loader = Arc::clone(&app.loader);
    app.loader
        .jobs
        .run(move || {
            let begun = Instant::now();
            let known_as = target.as_deref().unwrap_or(&name);
            let model = check_path(&url)
                .and_then(|()| loader.read_path(&name, path::Path::new(&url)))
                .inspect_err(|error| loader.failed(known_as, error))?;
            loader.loaded(known_as, &model, begun);
            reservation.complete(Arc::new(model), url, target.as_deref());
            Ok(name)
        })
        .await?
        .map(|name| match (load.initial_workers, load.synchronous) {
            (Some(0), _) => status(StatusCode::OK, &format!("Model \"{name}\" registered")),
            (_, Some(false)) => status(StatusCode::ACCEPTED, "Processing worker updates..."),
            _ => status(StatusCode::OK, "Workers scaled"),
        })
}

/// Refuses paths that SageMaker never sends.
fn check_path(url: &str) -> Result<(), ApiError> {
    let not_found = |message: String| ApiError::new(StatusCode::NOT_FOUND, "ModelNotFoundException", message);
    let path = path::Path::new(url);
    if path.components().any(|component| component == Component::ParentDir) {
        return Err(not_found(format!("Relative path is not allowed in url: {url}")));
    }
    if !path.is_absolute() || url.contains('\0') || !path.exists() {
        return Err(not_found(format!("Model not found in model store: {url}")));
    }
    // A link may lead there.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if ["/dev", "/proc", "/sys"].iter().any(|system| path.starts_with(system) || real.starts_with(system)) {
        return Err(ApiError::bad_request(format!("{url} is in a system directory, which cannot hold a model")));
    }
    Ok(())
}

/// A page of the list; the token comes first, as in Multi Model Server.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    models: Vec<ListedModel>,
}

/// Lists the models by name: those that are loaded, of a folder or bucket those that can be. The token is the number of models
/// before the page.
pub(super) async fn list(State(app): State<Arc<App>>, Query(query): Query<HashMap<String, String>>) -> HandlerResult {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let limit = number("limit").filter(|limit| (1..=PAGE).contains(limit)).unwrap_or(PAGE);
    let skip = number("next_page_token").unwrap_or(0);
    let models = match &app.lookup {
        Lookup::Folder(folder) => folder.list(&app.loader, skip, limit).await?,
        Lookup::Loaded(_) | Lookup::Single(_) => app.loader.registry.list(skip, limit),
    };
    // Even if the page ends with the last model: then the next page is empty.
    let next_page_token = (models.len() == limit).then(|| (skip + limit).to_string());
    Ok(reply(StatusCode::OK, &Page { next_page_token, models }))
}

#[derive(Serialize)]
struct Description<'a> {
    #[serde(flatten)]
    listed: ListedModel,
    #[serde(flatten)]
    identity: &'a Identity,
    #[serde(rename = "memoryBytes")]
    memory_bytes: u64,
}

/// Describes a model.
pub(super) async fn describe(State(app): State<Arc<App>>, name: ModelName) -> HandlerResult {
    let Path(name) = name?;
    let (listed, model) = app.loader.registry.describe(&name).ok_or_else(|| ApiError::unknown_model(&name))?;
    let description = Description { listed, identity: &model.identity, memory_bytes: model.bytes };
    Ok(reply(StatusCode::OK, &description))
}

/// Unloads a model.
pub(super) async fn unload(State(app): State<Arc<App>>, name: ModelName) -> HandlerResult {
    let Path(name) = name?;
    let model = app.loader.registry.remove(&name).ok_or_else(|| ApiError::unknown_model(&name))?;
    drop(model);
    app.loader.unloaded(&name, "unload call");
    Ok(status(StatusCode::OK, &format!("Model \"{name}\" unregistered")))
}
