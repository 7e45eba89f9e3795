//! Content types.

use super::{super::fault::Fault, Rules};
use axum::http::StatusCode;

/// A form of requests or answers.
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

/// The media type without its parameters, in lower case.
pub(super) fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

impl Format {
    /// Reads a media type in lower case.
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

    /// The form that an `Accept` header asks for: the first that is known, whatever the weights.
    pub(super) fn accepted(accept: Option<&str>, rules: Rules) -> Result<Self, Fault> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(rules.default_accept) };
        let known = accept.split(',').map(media_type).find_map(|media| match media.as_str() {
            "*/*" | "application/*" => Some(rules.default_accept),
            "text/*" => Some(Self::Csv),
            media => Self::of_media_type(media).filter(|format| *format != Self::Libsvm),
        });
        known.ok_or_else(|| {
            // As the containers have it: 406 from one with a single model, 415 from one with many.
            let status = if rules.single { StatusCode::NOT_ACCEPTABLE } else { StatusCode::UNSUPPORTED_MEDIA_TYPE };
            let message =
                format!("Accept is {accept}; answers are application/json, application/jsonlines or text/csv");
            Fault::new(status, "NotAcceptableException", message)
        })
    }

    /// What a body without a content type looks like, among the forms that a model reads.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_header_is_followed_and_its_absence_is_too() {
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
