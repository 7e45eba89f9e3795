//! What is kept of the choice of a regression model.

use manyfit_models::{
    RowsSpec, ScoredOn,
    rows_selection::{ChosenBy, Trial},
    trees::MaxFeatures,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a customer's regression model was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The error that it was chosen by.
    pub by: ChosenBy,
    /// The rows that the candidates were judged by.
    pub on: ScoredOn,
    /// The candidates, the simplest first.
    pub candidates: Vec<SelectionCandidate>,
}

/// One of the models that a customer's was chosen from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SelectionCandidate {
    /// As in the setting `model`.
    pub model: String,
    /// Its settings that differ between candidates.
    pub settings: BTreeMap<String, f64>,
    /// Its error, in the target's unit; none if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Whether it is the customer's model.
    pub chosen: bool,
}

impl Selection {
    /// What is kept of the trials of all candidates; the one in the place `chosen` is the customer's model.
    pub(crate) fn new(by: ChosenBy, on: ScoredOn, specs: &[RowsSpec], trials: &[Trial], chosen: usize) -> Self {
        let candidate = |(place, (spec, trial)): (usize, (&RowsSpec, &Trial))| SelectionCandidate {
            model: spec.name().into(),
            settings: varied(spec).into_iter().map(|(name, value)| (name.into(), value)).collect(),
            error: trial.error(by),
            failed: trial.result.as_ref().err().cloned(),
            chosen: place == chosen,
        };
        Self { by, on, candidates: specs.iter().zip(trials).enumerate().map(candidate).collect() }
    }
}

/// The settings that the candidates of one family differ in.
fn varied(spec: &RowsSpec) -> Vec<(&'static str, f64)> {
    match spec {
        RowsSpec::Ridge(params) => vec![("alpha", params.alpha)],
        RowsSpec::RandomForest { params, .. } => match params.max_features {
            MaxFeatures::Fraction(share) => vec![("max_features", share)],
            _ => Vec::new(),
        },
        RowsSpec::GradientBoosting { params, .. } => vec![
            ("max_depth", params.max_depth as f64),
            // As it is written, not as single precision holds it.
            ("eta", params.eta.to_string().parse().unwrap_or_else(|_| params.eta.into())),
            ("num_round", params.num_round as f64),
        ],
    }
}
