//! The platform's calls: ping, load, list, describe, unload.

use super::{
    app::App,
    body,
    fault::{Fault, pretty},
    resident::Resident,
    routes::Context,
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    path::{self, Component},
    sync::Arc,
    time::Instant,
};

/// The name by which the platform's clients know the model; the name in the path is a hash.
pub(super) const TARGET_MODEL: &str = "x-amzn-sagemaker-target-model";

/// A load's body is a name and a path.
const LARGEST_LOAD: u64 = 64 << 10;

/// Models on a page of the list, by default and at most.
const PAGE: usize = 100;

type Reply = Result<Response, Fault>;

/// A model's name in a path.
pub(super) type Name = Result<Path<String>, PathRejection>;

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
}

fn status(code: StatusCode, status: &str) -> Response {
    reply(code, &Status { status })
}

fn reply(code: StatusCode, body: &impl Serialize) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], pretty(body)).into_response()
}

/// The server is up; a single model was read before it listened.
pub(super) async fn ping() -> Response {
    status(StatusCode::OK, "Healthy")
}

/// The body of a load. Multi Model Server knows more keys, about its workers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Load {
    model_name: Option<String>,
    url: Option<String>,
    initial_workers: Option<u32>,
    synchronous: Option<bool>,
}

/// Loads a model from the directory into which the platform has unpacked its archive.
pub(super) async fn load(
    State(app): State<Arc<App>>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Reply {
    let body = body::read(&headers, body, LARGEST_LOAD, &app.room, context.deadline).await?;
    let is_json = text(&headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|media| media.trim_start().to_ascii_lowercase().starts_with("application/json"));
    let load: Load = if is_json {
        serde_json::from_slice(&body).map_err(|error| {
            Fault::bad_request(format!(
                "the body is not JSON of the form {{\"model_name\": \"…\", \"url\": \"/path\"}}: {error}"
            ))
        })?
    } else {
        // As Multi Model Server: another body is none, and the parameters are in the query.
        Query::try_from_uri(&format!("/?{}", query.unwrap_or_default()).parse().unwrap_or_default())
            .map_or_else(|_| Load::default(), |Query(load)| load)
    };
    let url = load.url.filter(|url| !url.is_empty()).ok_or_else(|| Fault::bad_request("Parameter url is required."))?;
    let name = load
        .model_name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "InvalidModelException", "Model name is not defined."))?;
    let target = text(&headers, TARGET_MODEL).map(str::to_owned);

    // Before the path is looked at: a name that is taken is a conflict, whatever the path.
    let reservation = app.registry.reserve(&name)?;
    let loader = Arc::clone(&app.loader);
    let directory = url.clone();
    app.loader
        .work
        .run(move || {
            let begun = Instant::now();
            let read = check_path(&directory).and_then(|()| loader.read(&name, path::Path::new(&directory), true));
            match read {
                Ok(model) => {
                    let model = Arc::new(model);
                    loader.loaded(target.as_deref().unwrap_or(&name), &model, begun);
                    reservation.complete(model, directory, target.as_deref());
                    Ok(name)
                }
                Err(fault) => {
                    loader.failed(target.as_deref().unwrap_or(&name), &fault);
                    Err(fault)
                }
            }
        })
        .await?
        .map(|name| match (load.initial_workers, load.synchronous) {
            (Some(0), _) => status(StatusCode::OK, &format!("Model \"{name}\" registered")),
            (_, Some(false)) => status(StatusCode::ACCEPTED, "Processing worker updates..."),
            _ => status(StatusCode::OK, "Workers scaled"),
        })
}

/// Refuses what no platform sends.
fn check_path(url: &str) -> Result<(), Fault> {
    let not_found = |message: String| Fault::new(StatusCode::NOT_FOUND, "ModelNotFoundException", message);
    let path = path::Path::new(url);
    if path.components().any(|component| component == Component::ParentDir) {
        return Err(not_found(format!("Relative path is not allowed in url: {url}")));
    }
    if !path.is_absolute() || url.contains('\0') || !path.exists() {
        return Err(not_found(format!("Model not found in model store: {url}")));
    }
    if ["/dev", "/proc", "/sys"].iter().any(|system| path.starts_with(system)) {
        return Err(Fault::bad_request(format!("{url} is a place of the system's, where no model can be")));
    }
    Ok(())
}

/// A model in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    model_name: &'a str,
    model_url: &'a str,
}

/// A page of the list; the token stands first, as Multi Model Server has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    models: Vec<Entry<'a>>,
}

/// Lists the models by name. The token is the number of models before the page.
pub(super) async fn list(State(app): State<Arc<App>>, Query(query): Query<HashMap<String, String>>) -> Response {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let limit = number("limit").filter(|limit| (1..=PAGE).contains(limit)).unwrap_or(PAGE);
    let skip = number("next_page_token").unwrap_or(0);
    let found = app.registry.list(skip, limit);
    // Also where the page ends with the last model: the next page is empty then.
    let next_page_token = (found.len() == limit).then(|| (skip + limit).to_string());
    let models = found.iter().map(|found| Entry { model_name: &found.name, model_url: &found.url }).collect();
    reply(StatusCode::OK, &Page { next_page_token, models })
}

/// What is known of a model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trained: Option<&'a str>,
    memory_bytes: u64,
}

/// Describes a model.
pub(super) async fn describe(State(app): State<Arc<App>>, name: Name) -> Reply {
    let Path(name) = name?;
    let (listed, model) = app.registry.describe(&name).ok_or_else(|| Fault::unknown_model(&name))?;
    let Resident { identity, .. } = &*model;
    let description = Description {
        entry: Entry { model_name: &listed.name, model_url: &listed.url },
        model: &identity.family,
        customer: identity.customer.as_deref(),
        version: identity.version.as_deref(),
        fingerprint: identity.fingerprint.as_deref(),
        trained: identity.trained.as_deref(),
        memory_bytes: model.bytes(),
    };
    Ok(reply(StatusCode::OK, &description))
}

/// Unloads a model.
pub(super) async fn unload(State(app): State<Arc<App>>, name: Name) -> Reply {
    let Path(name) = name?;
    let model = app.registry.take_out(&name).ok_or_else(|| Fault::unknown_model(&name))?;
    drop(model);
    app.loader.unloaded(&name, "a call");
    Ok(status(StatusCode::OK, &format!("Model \"{name}\" unregistered")))
}

/// A header's value, where it is text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
