//! How a client tells which model answered.

use crate::{
    artifact::{Metadata, Span},
    input::format_timestamp,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::fmt::Write as _;

/// Headers by which a client detects a stale model.
const CUSTOMER: HeaderName = HeaderName::from_static("x-manyfit-customer");
const VERSION: HeaderName = HeaderName::from_static("x-manyfit-model-version");
const FINGERPRINT: HeaderName = HeaderName::from_static("x-manyfit-fingerprint");
const TRAINED: HeaderName = HeaderName::from_static("x-manyfit-trained");
const FAMILY: HeaderName = HeaderName::from_static("x-manyfit-model");

/// How many values of a request's rows are no category of the model, and count as missing; absent if there are none.
pub(in crate::serve) const UNSEEN_CATEGORIES: HeaderName = HeaderName::from_static("x-manyfit-unseen-categories");

/// The longest header value that SageMaker passes through, and the longest of the headers above.
pub(in crate::serve) const LONGEST_HEADER: usize = 1024;

/// What identifies a model; only the family where manyfit did not write the artifact.
#[derive(Debug, Default, Serialize)]
pub(in crate::serve) struct Identity {
    #[serde(rename = "model")]
    family: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Box<str>>,
    /// First and last date of the training data, as in `2022-01-01/2023-12-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    trained: Option<Box<str>>,
}

impl Identity {
    pub(super) fn new(metadata: Option<&Metadata>, family: &str) -> Self {
        let family = family.into();
        let Some(metadata) = metadata else { return Self { family, ..Self::default() } };
        let span =
            |span: Span| format!("{}/{}", format_timestamp(span.first_ms), format_timestamp(span.last_ms)).into();
        Self {
            customer: Some(metadata.customer.as_str().into()),
            version: metadata.version.as_deref().map(Into::into),
            fingerprint: Some(metadata.fingerprint.as_str().into()),
            trained: metadata.trained.map(span),
            family,
        }
    }

    /// Bytes of memory of its texts.
    pub(super) fn bytes(&self) -> u64 {
        self.parts().map(|(_, value)| value.len() as u64).sum()
    }

    /// Header names and values of what is known, the fingerprint first because it is unique.
    fn parts(&self) -> impl Iterator<Item = (HeaderName, &str)> {
        let known = [
            (FINGERPRINT, self.fingerprint.as_deref()),
            (CUSTOMER, self.customer.as_deref()),
            (VERSION, self.version.as_deref()),
            (TRAINED, self.trained.as_deref()),
            (FAMILY, Some(&*self.family)),
        ];
        known.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)))
    }

    /// Adds it to a response's headers; long values are truncated.
    pub(in crate::serve) fn write_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in self.parts() {
            let plain = HeaderValue::from_str(&value[..value.floor_char_boundary(LONGEST_HEADER)]);
            // A customer's name may have characters that a header cannot carry.
            let encoded = plain.or_else(|_| HeaderValue::from_str(&percent_encode(value, LONGEST_HEADER)));
            headers.extend(encoded.ok().map(|value| (name, value)));
        }
    }

    /// All of it in one line, for the only custom header that SageMaker passes through; parts that do not fit are omitted.
    /// `unseen`: the number of a request's values that are no category of the model, if there are any.
    pub(in crate::serve) fn line(&self, unseen: usize) -> String {
        let mut line = String::new();
        let unseen = (unseen > 0).then(|| unseen.to_string());
        for (name, value) in self.parts().chain(unseen.as_deref().map(|unseen| (UNSEEN_CATEGORIES, unseen))) {
            let name = name.as_str().trim_start_matches("x-manyfit-");
            let separator = if line.is_empty() { "" } else { ";" };
            let part = format!("{separator}{name}={}", percent_encode(value, LONGEST_HEADER));
            if line.len() + part.len() <= LONGEST_HEADER {
                line.push_str(&part);
            }
        }
        line
    }
}

/// Percent-encodes everything but visible ASCII other than separators; the result is cut to at most `most` bytes.
fn percent_encode(text: &str, most: usize) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_graphic() && !matches!(byte, b';' | b'%' | b'=');
        if encoded.len() + if plain { 1 } else { 3 } > most {
            break;
        }
        if plain {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_written_to_headers_and_to_one_line() {
        let identity = Identity {
            customer: Some("Zürich 3".into()),
            fingerprint: Some("ab12".into()),
            family: "prophet".into(),
            ..Identity::default()
        };
        let mut headers = HeaderMap::new();
        identity.write_headers(&mut headers);
        assert_eq!(headers["x-manyfit-fingerprint"], "ab12");
        assert_eq!(headers.len(), 3);
        assert_eq!(identity.line(0), "fingerprint=ab12;customer=Z%C3%BCrich%203;model=prophet");
        assert!(identity.line(2).ends_with(";model=prophet;unseen-categories=2"), "{}", identity.line(2));
    }

    #[test]
    fn values_too_long_for_a_header_are_omitted_or_truncated() {
        let identity = Identity {
            customer: Some("ü".repeat(500).into()),
            version: Some("v".repeat(5000).into()),
            fingerprint: Some("ab12".into()),
            family: "prophet".into(),
            ..Identity::default()
        };
        assert_eq!(identity.line(0), "fingerprint=ab12;model=prophet");
        let mut headers = HeaderMap::new();
        identity.write_headers(&mut headers);
        assert_eq!(headers[VERSION].len(), LONGEST_HEADER);
        assert_eq!(headers[FINGERPRINT], "ab12");
        assert!(headers.values().all(|value| value.len() <= LONGEST_HEADER), "{headers:?}");
    }
}
