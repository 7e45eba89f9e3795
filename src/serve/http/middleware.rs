//! What all requests have in common: an identifier, a time limit, response headers, metrics, log lines.

use super::{app::App, request::RequestContext};
use crate::serve::{
    error::ApiError,
    observe::{Counted, LogLevel},
};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The request's identifier, given by the client or assigned.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How much later than the handlers the middleware times out: a handler's message about a slow body says more.
const MARGIN: Duration = Duration::from_millis(200);

/// The operation that a request counts as in metrics and logs.
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

/// The response to a request that timed out.
fn timed_out(operation: &str, timeout: Duration) -> ApiError {
    let advice = match operation {
        "load" => "the model may still be loading: look for it in GET /models, or raise --timeout",
        _ => "request less at a time",
    };
    ApiError::busy(format!("no response within {} s: {advice}", timeout.as_secs_f64()))
}

/// Wraps every request.
pub(super) async fn wrap(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let _in_flight = Counted::new(&app.metrics.in_flight);
    let operation = operation(request.method(), request.uri().path());
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| id.len() <= 128);
    let request_id: Arc<str> = given.map_or_else(|| app.next_request_id().into(), Into::into);
    let deadline = begun + app.settings.timeout;
    request.extensions_mut().insert(RequestContext { request_id: Arc::clone(&request_id), deadline });
    let logs_requests = app.settings.log_level >= LogLevel::Requests;
    let request_line = logs_requests.then(|| format!("{} {}", request.method(), request.uri()));

    let response = tokio::time::timeout_at(deadline + MARGIN, next.run(request)).await;
    let mut response = response.unwrap_or_else(|_| timed_out(operation, app.settings.timeout).into_response());

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
    app.metrics.responded(operation, status.as_u16(), elapsed);
    let seconds = elapsed.as_secs_f64();
    if let Some(line) = request_line {
        let fields =
            json!({"request": line, "request_id": &*request_id, "status": status.as_u16(), "seconds": seconds});
        app.log.write(LogLevel::Requests, operation, fields);
    }
    if status.is_server_error() && status != 507 {
        let fields = json!({"operation": operation, "request_id": &*request_id, "status": status.as_u16()});
        app.log.write(LogLevel::Errors, "request failed", fields);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_whose_request_times_out_is_told_what_to_do() {
        for (operation, part) in
            [("load", "within 2 s: the model may still be loading"), ("invoke", "request less at a time")]
        {
            let error = timed_out(operation, Duration::from_secs(2));
            assert!(error.message.contains(part), "{error:?}");
            assert_eq!(error.status, 503);
        }
    }
}
