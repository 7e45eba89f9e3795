//! Formats of bodies, and their content types.

use super::selection::Selection;
use crate::serve::error::ApiError;
use axum::http::StatusCode;
use serde::Serialize;

/// The format of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    #[default]
    Json,
    /// `application/jsonlines`.
    JsonLines,
    /// `text/csv`.
    Csv,
    /// `text/libsvm`, for requests only.
    Libsvm,
}

/// How responses are written if a request does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The format of responses to requests without `Accept`.
    pub default_accept: Format,
    /// Requests come from a batch transform: CSV has a row for each row.
    pub batch: bool,
    /// A single model is served at `/invocations`: as AWS's container does, its predictions are wrapped in `predictions`.
    pub single: bool,
    /// The parts of predictions that are returned, instead of scores.
    pub selection: Option<Selection>,
}

/// The media type without parameters, in lower case.
pub(super) fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Format {
    /// The format of a media type, given in lower case.
    #[must_use]
    pub fn of_media_type(media: &str) -> Option<Self> {
        Some(match media {
            "application/json" => Self::Json,
            "application/jsonlines" | "application/x-jsonlines" | "application/x-ndjson" | "application/ndjson" => {
                Self::JsonLines
            }
            "text/csv" => Self::Csv,
            "text/libsvm" | "text/x-libsvm" => Self::Libsvm,
            _ => return None,
        })
    }

    /// The media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonlines",
            Self::Csv => "text/csv",
            Self::Libsvm => "text/libsvm",
        }
    }

    /// The format that an `Accept` header asks for: the first known one, regardless of its weight.
    pub(super) fn accepted(accept: Option<&str>, rules: Rules) -> Result<Self, ApiError> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(rules.default_accept) };
        let known = accept.split(',').map(media_type).find_map(|media| match media.as_str() {
            "*/*" | "application/*" => Some(rules.default_accept),
            "text/*" => Some(Self::Csv),
            media => Self::of_media_type(media).filter(|format| *format != Self::Libsvm),
        });
        known.ok_or_else(|| {
            // As AWS's containers: 406 with a single model, 415 with many.
            let status = if rules.single { StatusCode::NOT_ACCEPTABLE } else { StatusCode::UNSUPPORTED_MEDIA_TYPE };
            let message =
                format!("cannot respond with {accept}: use application/json, application/jsonlines or text/csv");
            ApiError::new(status, "NotAcceptableException", message)
        })
    }

    /// Guesses the format of a body without a content type, among those that a model reads.
    pub(super) fn guess(body: &[u8], known: &[Self]) -> Self {
        let text = body.trim_ascii_start();
        let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if matches!(text.first(), Some(b'{' | b'[' | b'"')) {
            Self::Json
        } else if known.contains(&Self::Libsvm) && first_line.contains(&b':') {
            Self::Libsvm
        } else {
            Self::Csv
        }
    }
}

/// A value as JSON.
pub(super) fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data has a JSON form")
}

/// Rows as an object.
#[derive(Serialize)]
pub(super) struct Predictions<T> {
    pub(super) predictions: Vec<T>,
}

/// Values as JSON lines.
pub(super) fn json_lines(values: impl Iterator<Item = impl Serialize>) -> Vec<u8> {
    values.flat_map(|value| to_json(&value).into_iter().chain([b'\n'])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_header_or_the_default_decides() {
        let rules = Rules { default_accept: Format::Csv, ..Rules::default() };
        for (accept, expected) in [
            (None, Some(Format::Csv)),
            (Some(" "), Some(Format::Csv)),
            (Some("*/*"), Some(Format::Csv)),
            (Some("Application/JSON; q=0.5"), Some(Format::Json)),
            (Some("image/png, application/jsonlines"), Some(Format::JsonLines)),
            (Some("application/x-npy"), None),
            (Some("text/libsvm"), None),
        ] {
            assert_eq!(Format::accepted(accept, rules).ok(), expected, "{accept:?}");
        }
        assert_eq!(Format::accepted(Some("image/png"), rules).unwrap_err().status, 415);
        assert_eq!(Format::accepted(Some("image/png"), Rules { single: true, ..rules }).unwrap_err().status, 406);
    }
}
