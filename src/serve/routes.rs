//! Paths and methods, and what all requests have in common: a number, a time limit, headers, counts, log lines.

use super::{app::App, fault::Fault, invocations, journal::Detail, management};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, options, post},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The number of a request, taken from the client or given to it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The schema of the paths and their bodies.
const OPENAPI: &str = include_str!("openapi.json");

/// What handlers may know of the request beside its parts.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) request_id: Arc<str>,
    /// When the answer must be there.
    pub(super) deadline: Instant,
}

/// All paths of a server.
pub(super) fn router(app: Arc<App>) -> Router {
    let models = get(management::list).post(management::load);
    let invoke = post(invocations::invoke).get(invocations::invoke);
    Router::new()
        .route("/ping", get(management::ping))
        .route("/models", models.clone())
        .route("/models/", models)
        .route("/models/{name}", get(management::describe).delete(management::unload))
        .route("/models/{name}/invoke", invoke)
        .route("/invocations", post(invocations::invocations))
        // Where the AWS SDK is pointed at this server itself, it posts as to the platform.
        .route("/endpoints/{endpoint}/invocations", post(invocations::invocations))
        .route("/execution-parameters", get(invocations::execution_parameters))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/", options(openapi))
        .fallback(|| async { Fault::unknown_path() })
        .method_not_allowed_fallback(|| async { Fault::unknown_method() })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), common))
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, media)], app.metrics.text(&app.levels())).into_response()
}

async fn openapi() -> Response {
    let text = OPENAPI.replacen("\"VERSION\"", concat!("\"", env!("CARGO_PKG_VERSION"), "\""), 1);
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// What a request is counted as.
fn operation(method: &Method, path: &str) -> &'static str {
    match path.trim_end_matches('/') {
        "/ping" => "ping",
        "/metrics" => "metrics",
        "/models" if method == Method::POST => "load",
        "/models" => "list",
        path if path.ends_with("/invoke") || path.ends_with("/invocations") => "invoke",
        path if path.starts_with("/models/") && method == Method::DELETE => "unload",
        path if path.starts_with("/models/") => "describe",
        _ => "other",
    }
}

/// What the client of a request is told that has no answer in time.
fn overdue(operation: &str, timeout: Duration) -> Fault {
    let way_out = match operation {
        "load" => "the model may be loaded yet: look for it in GET /models, or raise --timeout",
        _ => "ask for less at a time",
    };
    Fault::busy(format!("no answer within {} s: {way_out}", timeout.as_secs_f64()))
}

/// Wraps every request.
async fn common(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let _under_way = app.metrics.request();
    let operation = operation(request.method(), request.uri().path());
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 128);
    let request_id: Arc<str> = given.map_or_else(|| app.next_request().into(), Into::into);
    let deadline = begun + app.settings.timeout;
    request.extensions_mut().insert(Context { request_id: Arc::clone(&request_id), deadline });
    let what = (app.settings.detail >= Detail::Requests).then(|| format!("{} {}", request.method(), request.uri()));

    // A body that does not arrive is the handler's to notice, at the same moment: it has the first word.
    let answer = tokio::time::timeout_at(deadline + Duration::from_millis(200), next.run(request)).await;
    let mut response = answer.unwrap_or_else(|_| overdue(operation, app.settings.timeout).into_response());

    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        (header::PRAGMA, "no-cache"),
        (header::CACHE_CONTROL, "no-cache; no-store, must-revalidate, private"),
        (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 UTC"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let (status, elapsed) = (response.status(), begun.elapsed());
    app.metrics.answered(operation, status.as_u16(), elapsed);
    if let Some(what) = what {
        let fields = json!({"request": what, "request_id": &*request_id, "status": status.as_u16(), "seconds": elapsed.as_secs_f64()});
        app.journal.log(Detail::Requests, operation, fields);
    }
    if status.is_server_error() && status != 507 {
        let fields = json!({"operation": operation, "request_id": &*request_id, "status": status.as_u16()});
        app.journal.log(Detail::Errors, "request failed", fields);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_too_long_is_told_what_to_do_about_it() {
        for (operation, part) in [("load", "within 2 s: the model may be loaded yet"), ("invoke", "ask for less")] {
            let fault = overdue(operation, Duration::from_secs(2));
            assert!(fault.message.contains(part), "{fault:?}");
            assert_eq!(fault.status, 503);
        }
    }
}
