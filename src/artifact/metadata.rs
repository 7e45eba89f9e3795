//! What an artifact says about itself.

use manyfit_models::{Accuracy, FittedRows, RowsModel, Scores, Sidecar, data::Feature};
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
    /// The history that was fitted; none for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<Span>,
    /// Rows fitted.
    pub rows: usize,
    /// Rows left out because they had no value.
    pub missing: usize,
    /// Spacing of the dates, as a pandas alias; none for regression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub frequency: String,
    /// Errors within the history; none for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_sample: Option<Scores>,
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
    /// What there is to know of a regression model beside its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<RegressionMetadata>,
}

impl Metadata {
    /// What the model file does not say: the frequency of a series, or the features of rows, in their order.
    #[must_use]
    pub fn sidecar(&self) -> Sidecar {
        let features =
            |about: &RegressionMetadata| about.features.iter().map(|record| record.feature.clone()).collect();
        Sidecar { frequency: self.frequency.parse().ok(), features: self.regression.as_ref().map(features) }
    }
}

/// What there is to know of a regression model beside its file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegressionMetadata {
    /// Its errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// Number of trees; none for a linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<usize>,
    /// Its features, in the order of a row.
    pub features: Vec<FeatureMetadata>,
}

/// A feature and how much it matters: XGBoost's importances of these names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureMetadata {
    /// Its name and categories.
    #[serde(flatten)]
    pub feature: Feature,
    /// Mean loss change of the splits that use it; none for a linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Mean sum of hessians (with squared error: of weights) of those splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<f64>,
    /// Number of those splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<usize>,
}

impl RegressionMetadata {
    /// Describes a fitted model.
    #[must_use]
    pub fn new(fitted: &FittedRows, accuracy: Option<Accuracy>) -> Self {
        let importances = fitted.importances();
        let record = |(at, feature): (usize, &Feature)| {
            let importance = importances.as_ref().map(|importances| importances[at]);
            FeatureMetadata {
                feature: feature.clone(),
                gain: importance.map(|importance| importance.gain()),
                cover: importance.map(|importance| importance.cover()),
                weight: importance.map(|importance| importance.weight),
            }
        };
        let trees = match fitted.model() {
            RowsModel::Trees { ensemble, .. } => Some(ensemble.trees().len()),
            RowsModel::Ridge(_) => None,
        };
        Self { accuracy, trees, features: fitted.features().iter().enumerate().map(record).collect() }
    }
}

/// First and last date of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Milliseconds since the epoch.
    pub first_ms: i64,
    /// Milliseconds since the epoch.
    pub last_ms: i64,
}
