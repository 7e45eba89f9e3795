//! The metadata of an artifact, `.manyfit.json`.

use super::selection::Selection;
use manyfit_models::{
    Accuracy, FittedRows, RowsModel, Scores, Sidecar,
    backtest::{BacktestRecord, Calibration},
    data::Feature,
};
use serde::{Deserialize, Serialize};

/// Version of the artifact's layout. Raising it makes every older artifact be fitted again.
pub const FORMAT: u32 = 1;

/// An artifact's metadata: its first member.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// See [`FORMAT`].
    pub format: u32,
    /// Version of the manyfit that wrote it.
    pub manyfit: String,
    /// The customer.
    pub customer: String,
    /// The user's own version of the models, from the setting `version`.
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
    /// The other member that it refers to: the Prophet of a combination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refers_to: Option<ReferredFile>,
    /// Date range of the training data; none for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<Span>,
    /// Rows used in the fit.
    pub rows: usize,
    /// Rows skipped because they had no value.
    pub missing: usize,
    /// Frequency of the dates, as a pandas alias; empty for regression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub frequency: String,
    /// In-sample errors; none for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_sample: Option<Scores>,
    /// log p at the optimum, without its constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_posterior: Option<f64>,
    /// Standard deviation of the noise, in the units of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
    /// How well the model would have forecast the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestRecord>,
    /// By how much intervals are scaled; none for the model's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Remarks about the fit, such as a constant series or a perfect fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the fallback model was used, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// What a regression model's file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<RegressionMetadata>,
}

impl Metadata {
    /// What the model file does not say: the frequency of a series, or the features of rows, in their order.
    #[must_use]
    pub fn sidecar(&self) -> Sidecar {
        let features =
            |about: &RegressionMetadata| about.features.iter().map(|record| record.feature.clone()).collect();
        Sidecar {
            frequency: self.frequency.parse().ok(),
            features: self.regression.as_ref().map(features),
            interval_factor: self.calibration.map(|calibration| calibration.factor),
            member: None,
        }
    }
}

/// A member of an artifact beside the model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferredFile {
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// What a regression model's file does not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegressionMetadata {
    /// Its errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// How it was chosen, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// Number of trees; none for a linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trees: Option<usize>,
    /// Its features, in the order of a row.
    pub features: Vec<FeatureMetadata>,
}

/// A feature and its importances, as XGBoost names them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureMetadata {
    /// Its name and categories.
    #[serde(flatten)]
    pub feature: Feature,
    /// Mean loss change of the splits that use it; none for a linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Mean sum of hessians of those splits (with squared error, of weights).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<f64>,
    /// Number of those splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<usize>,
}

impl RegressionMetadata {
    /// Describes a fitted model.
    #[must_use]
    pub fn new(fitted: &FittedRows, accuracy: Option<Accuracy>, selection: Option<Selection>) -> Self {
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
        Self { accuracy, selection, trees, features: fitted.features().iter().enumerate().map(record).collect() }
    }
}

/// First and last date of the training data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Milliseconds since the epoch.
    pub first_ms: i64,
    /// Milliseconds since the epoch.
    pub last_ms: i64,
}
