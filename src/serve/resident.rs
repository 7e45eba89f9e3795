//! A model in memory, with everything that answers need of its artifact, and nothing else.

use super::budget::Charge;
use crate::{
    artifact::{Metadata, Opened, Span, forecast_seed},
    input::format_timestamp,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use manyfit_models::Fitted;
use std::fmt::Write as _;

/// Names of the headers by which a stale artifact is seen.
const CUSTOMER: HeaderName = HeaderName::from_static("x-manyfit-customer");
const VERSION: HeaderName = HeaderName::from_static("x-manyfit-model-version");
const FINGERPRINT: HeaderName = HeaderName::from_static("x-manyfit-fingerprint");
const TRAINED: HeaderName = HeaderName::from_static("x-manyfit-trained");
const FAMILY: HeaderName = HeaderName::from_static("x-manyfit-model");

/// The longest header that the platform lets through, and of each of ours the longest.
pub(super) const LONGEST_HEADER: usize = 1024;

/// What the registry takes for a model, in bytes.
const IN_REGISTRY: u64 = 1024;

/// A model in memory.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) model: Fitted,
    /// Rows that it was fitted to, with and without a value, as far as they are known.
    pub(super) rows: usize,
    /// What the artifact says of itself; empty where others wrote it.
    pub(super) identity: Identity,
    /// Bytes of memory it takes.
    footprint: u64,
    /// Its part of the budget, given back with it.
    charge: Charge,
}

/// Who a model is.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) customer: Option<Box<str>>,
    pub(super) version: Option<Box<str>>,
    pub(super) fingerprint: Option<Box<str>>,
    /// First and last date of the history, as in `2022-01-01/2023-12-31`.
    pub(super) trained: Option<Box<str>>,
    pub(super) family: Box<str>,
}

impl Resident {
    /// Keeps what answers need; `charge` is what reading it was thought to take, until it is [settled](Self::settle).
    pub(super) fn new(opened: Opened, charge: Charge) -> Self {
        let Opened { metadata, mut model, file: _ } = opened;
        let metadata = metadata.as_ref();
        let rows = match (metadata, &model) {
            (Some(metadata), _) => metadata.rows + metadata.missing,
            (None, Fitted::Series(fitted)) => fitted.history_rows(),
            (None, Fitted::Rows(_)) => 0,
        };
        model.trim();
        let (family, footprint) = (model.name(), model.footprint() as u64);
        let identity = Identity::new(metadata, family);
        let footprint = footprint + identity.bytes() + size_of::<Self>() as u64 + IN_REGISTRY;
        Self { model, rows, identity, footprint, charge }
    }

    /// Bytes of memory it takes.
    pub(super) const fn bytes(&self) -> u64 {
        self.footprint
    }

    /// Charges what it takes, neither more nor less; `false` where so much is not left.
    #[must_use]
    pub(super) fn settle(&mut self) -> bool {
        self.charge.settle(self.footprint)
    }

    /// The seed of its forecasts: with the default, forecasts equal those of the run that fitted it.
    pub(super) fn seed(&self, seed: u64) -> [u8; 32] {
        forecast_seed(seed, self.identity.customer.as_deref().unwrap_or_default())
    }
}

impl Identity {
    fn new(metadata: Option<&Metadata>, family: &str) -> Self {
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

    fn bytes(&self) -> u64 {
        self.parts().map(|(_, value)| value.len() as u64).sum()
    }

    /// Names and values of what is known, that first by which an artifact is told from all others.
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

    /// Puts it into an answer's headers, long values cut.
    pub(super) fn write_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in self.parts() {
            let plain = HeaderValue::from_str(&value[..value.floor_char_boundary(LONGEST_HEADER)]);
            // A customer's name may have letters that a header cannot carry.
            let encoded = plain.or_else(|_| HeaderValue::from_str(&percent_encode(value, LONGEST_HEADER)));
            headers.extend(encoded.ok().map(|value| (name, value)));
        }
    }

    /// The same in one line, for the one header that the platform lets through; without the parts that are too long for it.
    pub(super) fn line(&self) -> String {
        let mut line = String::new();
        for (name, value) in self.parts() {
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

/// Keeps what is visible in ASCII and no separator, and writes other bytes as `%XX`; ends before it has more than so many
/// bytes.
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
    fn an_identity_fits_into_headers_and_into_one_line() {
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
        assert_eq!(identity.line(), "fingerprint=ab12;customer=Z%C3%BCrich%203;model=prophet");
    }

    #[test]
    fn what_is_too_long_for_a_header_is_left_out_or_cut() {
        let identity = Identity {
            customer: Some("ü".repeat(500).into()),
            version: Some("v".repeat(5000).into()),
            fingerprint: Some("ab12".into()),
            family: "prophet".into(),
            ..Identity::default()
        };
        assert_eq!(identity.line(), "fingerprint=ab12;model=prophet");
        let mut headers = HeaderMap::new();
        identity.write_headers(&mut headers);
        assert_eq!(headers[VERSION].len(), LONGEST_HEADER);
        assert_eq!(headers[FINGERPRINT], "ab12");
        assert!(headers.values().all(|value| value.len() <= LONGEST_HEADER), "{headers:?}");
    }
}
