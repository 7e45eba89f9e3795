//! What is kept of a backtest.

use super::metrics::Metrics;
use crate::prophet::Tuned;
use serde::{Deserialize, Serialize};

/// What a backtest found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BacktestRecord {
    /// Cutoffs from which forecasts were scored.
    pub cutoffs: usize,
    /// Rows that were forecast, over all cutoffs.
    pub rows: usize,
    /// Errors of the model that forecasts, or of the combination, with its intervals as they are calibrated; none if it could not be
    /// fitted at a cutoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Share of the rows that its own intervals cover, before they are calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_coverage: Option<f64>,
    /// The same for its interval score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_interval_score: Option<f64>,
    /// Errors of the seasonal naive; none where it cannot be fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seasonal_naive: Option<Metrics>,
    /// The version of the model that did best, if there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Tuned>,
    /// The models that were chosen from or compared, the simplest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateRecord>,
}

impl BacktestRecord {
    /// The same for a customer that is forecast by another model than the one that was scored.
    #[must_use]
    pub fn without_model(self) -> Self {
        Self { metrics: None, tuned: None, own_coverage: None, own_interval_score: None, ..self }
    }
}

/// What a backtest found of one candidate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CandidateRecord {
    /// As in the setting `model`.
    pub model: String,
    /// The version of it that did best, if there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Tuned>,
    /// Its share of the forecast, from 0 to 1; none where nothing was to be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Its errors, with its own intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}
