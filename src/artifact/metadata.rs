//! What an artifact says about itself.

use crate::models::Scores;
use serde::{Deserialize, Serialize};

/// Version of the artifact's layout. A change of it makes every older artifact be fitted again.
pub const FORMAT: u32 = 1;

/// The first member of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// See [`FORMAT`].
    pub format: u32,
    /// The manyfit that wrote it.
    pub manyfit: String,
    /// The customer.
    pub customer: String,
    /// The user's own version of the fleet's models, as the setting `version` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Hash of the customer's data and of the settings, see [`super::Fingerprint`].
    pub fingerprint: String,
    /// Family of the model.
    pub model: String,
    /// Name of the member that holds the model.
    pub file: String,
    /// SHA-256 of that member.
    pub sha256: String,
    /// The history that was fitted.
    pub trained: Span,
    /// Rows fitted.
    pub rows: usize,
    /// Rows left out because they had no value.
    pub missing: usize,
    /// Spacing of the dates, as a pandas alias.
    pub frequency: String,
    /// Errors within the history.
    pub in_sample: Scores,
    /// log p at the optimum, without its constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_posterior: Option<f64>,
    /// Standard deviation of the noise, in the units of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// What else there is to know, in sentences: a constant series, a perfect fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the model is the fallback, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// First and last date of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Milliseconds since the epoch.
    pub first_ms: i64,
    /// Milliseconds since the epoch.
    pub last_ms: i64,
}
