//! What handlers share: a request's context, its headers, a model's name in its path.

use crate::serve::error::ApiError;
use axum::{
    extract::{Path, rejection::PathRejection},
    http::{HeaderMap, HeaderName},
    response::Response,
};
use std::sync::Arc;
use tokio::time::Instant;

/// The target by which a client names a model: SageMaker replaces it by a hash in the path and keeps it in this header.
pub(super) const TARGET_MODEL: HeaderName = HeaderName::from_static("x-amzn-sagemaker-target-model");

/// What a handler returns.
pub(super) type HandlerResult = Result<Response, ApiError>;

/// A model's name in a path.
pub(super) type ModelName = Result<Path<String>, PathRejection>;

/// What every request has: an identifier and a deadline.
#[derive(Clone, Debug)]
pub(super) struct RequestContext {
    pub(super) request_id: Arc<str>,
    /// When the response is due.
    pub(super) deadline: Instant,
}

/// A header's value, if it is text.
pub(super) fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
