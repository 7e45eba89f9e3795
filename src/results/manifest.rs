//! One customer's outcome: a row of the manifest.

use super::checks::Check;
use crate::artifact::Selection;
use manyfit_models::{
    Accuracy, Scores,
    backtest::{BacktestRecord, Calibration},
    frequency::CalendarFit,
};
use serde::{Deserialize, Serialize};

/// How a customer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fitted and published.
    Fitted,
    /// The artifact of an earlier run has the same fingerprint and was kept.
    Unchanged,
    /// The model could not be fitted; the fallback model was.
    Fallback,
    /// No artifact, or no forecast from it; see the reason.
    #[default]
    Failed,
    /// Not a customer of this run, but its artifact of an earlier run is still there.
    Stale,
}

impl Status {
    /// All of a run's customers, in the order of the summary.
    pub const ALL: [Self; 4] = [Self::Fitted, Self::Unchanged, Self::Fallback, Self::Failed];

    /// Whether the customer has the artifact that the run gave or left it.
    pub(crate) const fn is_done(self) -> bool {
        matches!(self, Self::Fitted | Self::Unchanged | Self::Fallback)
    }

    /// Its name in the manifest.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Unchanged => "unchanged",
            Self::Fallback => "fallback",
            Self::Failed => "failed",
            Self::Stale => "stale",
        }
    }
}

/// Time that a customer took, in milliseconds by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Reading and parsing the rows. For a file of many customers, an equal share.
    pub read: f64,
    /// Comparing with the artifact of an earlier run.
    pub compare: f64,
    /// Forecasting the past from cutoffs.
    #[serde(default)]
    pub backtest: f64,
    /// Fitting.
    pub fit: f64,
    /// Packing the artifact into an archive.
    pub pack: f64,
    /// Writing the archive.
    pub publish: f64,
    /// Forecasting; for regression, predicting the validation rows.
    pub forecast: f64,
}

impl Phases {
    /// Names and values, in the order in which they run.
    pub(crate) const fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("read", self.read),
            ("compare", self.compare),
            ("backtest", self.backtest),
            ("fit", self.fit),
            ("pack", self.pack),
            ("publish", self.publish),
            ("forecast", self.forecast),
        ]
    }

    /// The sum of all phases.
    pub(crate) fn total(&self) -> f64 {
        self.named().iter().map(|(_, ms)| ms).sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.compare += other.compare;
        self.backtest += other.backtest;
        self.fit += other.fit;
        self.pack += other.pack;
        self.publish += other.publish;
        self.forecast += other.forecast;
    }
}

/// One customer's outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The customer's name.
    pub customer: String,
    /// How it ended.
    pub status: Status,
    /// Why it failed, or why the fallback model was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Remarks about the fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the checks of the series found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
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
    /// How well the spacing explains the dates, where it was inferred from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<CalendarFit>,
    /// Family of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// log p at the optimum, without its constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_posterior: Option<f64>,
    /// Standard deviation of the noise, in the units of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// In-sample errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_sample: Option<Scores>,
    /// Errors of its forecasts of the past, and those of the models that it was chosen from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestRecord>,
    /// By how much its intervals are scaled; none for the model's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Errors of a regression model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// How its regression model was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
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
    /// Name of an artifact that an earlier run left, of a customer that is gone or fails now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    /// Hash of the customer's data and of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The ETag of this version of the artifact in a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl Outcome {
    /// A customer that has no artifact.
    pub(crate) fn failed(customer: &str, reason: String) -> Self {
        Self { customer: customer.into(), reason: Some(reason), ..Self::default() }
    }

    /// A customer of an earlier run, of which an artifact is left.
    pub(crate) fn stale(customer: &str, artifact: &str) -> Self {
        Self { customer: customer.into(), status: Status::Stale, stale: Some(artifact.into()), ..Self::default() }
    }
}
