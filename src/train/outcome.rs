//! What became of one customer: a row of the manifest.

use manyfit_models::{Accuracy, Scores};
use serde::{Deserialize, Serialize};

/// How a customer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fitted and published.
    Fitted,
    /// The artifact of an earlier run has the same fingerprint.
    Unchanged,
    /// The model could not be fitted, its fallback was.
    Fallback,
    /// No artifact, or no forecast by it; the reason says why.
    Failed,
}

impl Status {
    /// All of them, in the order of a summary.
    pub const ALL: [Self; 4] = [Self::Fitted, Self::Unchanged, Self::Fallback, Self::Failed];

    /// Its name in the manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Unchanged => "unchanged",
            Self::Fallback => "fallback",
            Self::Failed => "failed",
        }
    }
}

/// Milliseconds that a customer took, by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Reading and parsing the rows. Of a file with many customers, an equal share.
    pub read: f64,
    /// Comparing with the artifact of an earlier run.
    pub compare: f64,
    /// Fitting.
    pub fit: f64,
    /// Packing the artifact.
    pub pack: f64,
    /// Writing it.
    pub publish: f64,
    /// Forecasting; for regression, predicting the rows that the model is judged by.
    pub forecast: f64,
}

impl Phases {
    /// Names and values, in the order of the work.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("read", self.read),
            ("compare", self.compare),
            ("fit", self.fit),
            ("pack", self.pack),
            ("publish", self.publish),
            ("forecast", self.forecast),
        ]
    }

    /// All phases together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.named().iter().map(|(_, ms)| ms).sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.compare += other.compare;
        self.fit += other.fit;
        self.pack += other.pack;
        self.publish += other.publish;
        self.forecast += other.forecast;
    }
}

/// What became of one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The customer's name.
    pub customer: String,
    /// How it ended.
    pub status: Status,
    /// Why it failed or fell back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What else there is to know about the fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Rows fitted.
    pub rows: usize,
    /// Rows without a value.
    pub missing: usize,
    /// First date of the history, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last date of the history, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Spacing of the dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// Family of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// log p at the optimum, without its constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_posterior: Option<f64>,
    /// Standard deviation of the noise, in the units of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// Errors within the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_sample: Option<Scores>,
    /// Errors of a regression model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// Number of trees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trees: Option<usize>,
    /// Milliseconds by phase.
    pub ms: Phases,
    /// Size of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// SHA-256 of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Name of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Hash of the customer's data and of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// What a distant store calls this version of the artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl Outcome {
    /// A customer without an artifact.
    #[must_use]
    pub fn failed(customer: &str, reason: String) -> Self {
        Self {
            customer: customer.into(),
            status: Status::Failed,
            reason: Some(reason),
            notes: Vec::new(),
            rows: 0,
            missing: 0,
            first: None,
            last: None,
            frequency: None,
            model: None,
            log_posterior: None,
            sigma: None,
            in_sample: None,
            accuracy: None,
            trees: None,
            ms: Phases::default(),
            bytes: None,
            sha256: None,
            artifact: None,
            fingerprint: None,
            etag: None,
        }
    }
}
