//! Error responses.

use crate::{error::Error, words::told};
use axum::{
    extract::rejection::PathRejection,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::io::ErrorKind;

/// An error response: its status, its type as Multi Model Server names it, and a message that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    kind: &'static str,
    pub(super) message: String,
}

/// The body, with the keys of Multi Model Server in their order.
#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: told(&message.into()).into_owned() }
    }

    /// 400: the request is invalid.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// The same error, with the part of the request that caused it.
    pub(super) fn within(self, part: &str) -> Self {
        Self { message: format!("{part}: {}", self.message), ..self }
    }

    /// 404: no model of that name is loaded.
    pub(super) fn unknown_model(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ModelNotFoundException", format!("Model not found: {name}"))
    }

    /// The same error, with a name that exists.
    pub(super) fn suggesting(self, nearest: &str) -> Self {
        Self { message: format!("{}; did you mean {nearest}?", self.message), ..self }
    }

    /// 404: no such path.
    pub(super) fn unknown_path() -> Self {
        let message = "Requested resource is not found, please refer to API document.";
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    /// 405: the path has other methods.
    pub(super) fn unknown_method() -> Self {
        let message = "Requested method is not allowed, please refer to API document.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", message)
    }

    /// 409: the name is taken.
    pub(super) fn conflict(name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictStatusException", format!("Model {name} is already registered."))
    }

    /// 413: the body exceeds the limit.
    pub(super) fn too_large(limit: u64) -> Self {
        let message = format!("the request exceeds the limit of {limit} bytes: send fewer rows at a time");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
    }

    /// 415: an unsupported content type.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException", message)
    }

    /// 503: too many requests are waiting.
    pub(super) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
    }

    /// 507: SageMaker unloads other models and retries.
    pub(super) fn out_of_memory(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "InternalServerException", message)
    }

    /// 500: a bug, or storage that fails.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", message)
    }
}

/// The error of a model that cannot be opened.
impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let message = format!("Unable to load model: {error}");
        match error {
            Error::Storage { source, .. } if source.kind() == ErrorKind::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "ModelNotFoundException", message)
            }
            Error::Storage { .. } => Self::internal(message),
            _ => Self::new(StatusCode::BAD_REQUEST, "InvalidModelException", message),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::bad_request("the model's name in the path is not UTF-8: percent-encode its UTF-8 bytes")
    }
}

/// Indented JSON with a final newline, as Multi Model Server writes it.
pub(super) fn pretty(body: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(body).expect("plain data has a JSON form");
    text.push(b'\n');
    text
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = pretty(&Body { code: self.status.as_u16(), kind: self.kind, message: &self.message });
        (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}
