//! What a caller is told when a request cannot be answered.

use crate::artifact::OpenError;
use axum::{
    extract::rejection::PathRejection,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// An error answer: its status, its type as Multi Model Server names it, and a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    kind: &'static str,
    pub(super) message: String,
}

/// The body, in the order and the names of Multi Model Server.
#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

impl Fault {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// 400: the caller can mend the request.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// The same fault, with the part of the request that has it.
    pub(super) fn within(self, part: &str) -> Self {
        Self { message: format!("{part}: {}", self.message), ..self }
    }

    /// 404: no model of that name is loaded.
    pub(super) fn unknown_model(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ModelNotFoundException", format!("Model not found: {name}"))
    }

    /// 404: no such path.
    pub(super) fn unknown_path() -> Self {
        let message = "Requested resource is not found, please refer to API document.";
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    /// 405: a path that has other methods.
    pub(super) fn unknown_method() -> Self {
        let message = "Requested method is not allowed, please refer to API document.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", message)
    }

    /// 409: the name is taken.
    pub(super) fn conflict(name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictStatusException", format!("Model {name} is already registered."))
    }

    /// 413: the body is longer than is taken.
    pub(super) fn too_large(limit: u64) -> Self {
        let message = format!("the request is larger than {limit} bytes, the limit: send fewer rows at a time");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
    }

    /// 415: a body of a kind that is not read.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException", message)
    }

    /// 503: too many requests wait already.
    pub(super) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
    }

    /// 507: the platform unloads other models and tries again.
    pub(super) fn no_room(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "InternalServerException", message)
    }

    /// 500: a bug.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", message)
    }
}

impl From<OpenError> for Fault {
    fn from(error: OpenError) -> Self {
        let message = format!("Unable to load model: {error}");
        match error {
            OpenError::Missing(_) => Self::new(StatusCode::NOT_FOUND, "ModelNotFoundException", message),
            OpenError::TooLarge(_) | OpenError::Refused(_) => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidModelException", message)
            }
            OpenError::Storage { .. } => Self::internal(message),
        }
    }
}

impl From<PathRejection> for Fault {
    fn from(_: PathRejection) -> Self {
        Self::bad_request("the model's name in the path is not UTF-8: write its UTF-8 bytes as %XX")
    }
}

/// Indented JSON and a line's end, as Multi Model Server writes it.
pub(super) fn pretty(body: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(body).expect("plain data has a JSON form");
    text.push(b'\n');
    text
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = pretty(&Body { code: self.status.as_u16(), kind: self.kind, message: &self.message });
        (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}
