//! Paths and methods.

use super::{app::App, invocations, management, middleware::wrap};
use crate::serve::error::ApiError;
use axum::{
    Router,
    extract::State,
    http::header,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, options, post},
};
use std::sync::Arc;

/// The OpenAPI description of the paths and their bodies.
const OPENAPI: &str = include_str!("../openapi.json");

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
        // The path that the AWS SDK uses when its endpoint URL is this server's.
        .route("/endpoints/{endpoint}/invocations", post(invocations::invocations))
        .route("/execution-parameters", get(invocations::execution_parameters))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/", options(openapi))
        .fallback(|| async { ApiError::unknown_path() })
        .method_not_allowed_fallback(|| async { ApiError::unknown_method() })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), wrap))
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, media)], app.metrics_text()).into_response()
}

async fn openapi() -> Response {
    let text = OPENAPI.replacen("\"VERSION\"", concat!("\"", env!("CARGO_PKG_VERSION"), "\""), 1);
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
