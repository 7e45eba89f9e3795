//! The parameters of gradient boosting.

use super::{Metric, Objective};
use crate::{Result, error::Faults};
use serde::Serialize;

/// Parameters of gradient boosting, with XGBoost's names, meanings and defaults.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoostingParams {
    /// Number of trees. Default 100, as in XGBoost's scikit-learn interface.
    pub num_round: usize,
    /// The loss, and with it the kind of prediction.
    pub objective: Objective,
    /// Shrinkage of every tree. Default 0.3.
    pub eta: f32,
    /// Most splits between the root and a leaf, at least 1. Default 6.
    pub max_depth: usize,
    /// Loss change below which a split is pruned, in squared units of the target for squared error. Default 0.
    pub gamma: f32,
    /// Smallest sum of hessians (with squared error: of weights) of a leaf. Default 1.
    pub min_child_weight: f32,
    /// L2 penalty on leaf weights. Default 1.
    pub lambda: f32,
    /// L1 penalty on leaf weights. Default 0.
    pub alpha: f32,
    /// Largest absolute leaf weight, 0 for no limit. Default 0, for `count:poisson` 0.7.
    pub max_delta_step: Option<f32>,
    /// Fraction of the rows that each tree is grown on. Default 1.
    pub subsample: f32,
    /// Fraction of the features that each tree may use. Default 1.
    pub colsample_bytree: f32,
    /// Fraction of the tree's features that each level may use. Default 1.
    pub colsample_bylevel: f32,
    /// For each feature: 1 if the prediction may only grow with it, -1 if it may only fall, 0 if it is free.
    pub monotone_constraints: Vec<i8>,
    /// The prediction that boosting starts from; estimated from the targets if not given.
    pub base_score: Option<f32>,
    /// Stop when the metric of the validation rows has not improved for this many rounds.
    pub early_stopping_rounds: Option<usize>,
    /// The metric that early stopping watches; the objective's own if not given.
    pub eval_metric: Option<Metric>,
    /// Whether `reg:absoluteerror` replaces each leaf by the median residual of its rows. Default true, as XGBoost does
    /// with `hist` and `approx`; `false` leaves the mean sign of the residuals, as XGBoost does with `exact`.
    pub refresh_leaf: bool,
    /// Seed of the random draws. Default 0.
    pub seed: u32,
}

impl Default for BoostingParams {
    fn default() -> Self {
        Self {
            num_round: 100,
            objective: Objective::SquaredError,
            eta: 0.3,
            max_depth: 6,
            gamma: 0.0,
            min_child_weight: 1.0,
            lambda: 1.0,
            alpha: 0.0,
            max_delta_step: None,
            subsample: 1.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            monotone_constraints: vec![],
            base_score: None,
            early_stopping_rounds: None,
            eval_metric: None,
            refresh_leaf: true,
            seed: 0,
        }
    }
}

impl BoostingParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        faults.check(self.num_round >= 1, "num_round", self.num_round, "at least 1");
        let rule = "at least 1; the exact method has no unlimited depth";
        faults.check(self.max_depth >= 1, "max_depth", self.max_depth, rule);
        for (name, value) in [
            ("eta", self.eta),
            ("gamma", self.gamma),
            ("min_child_weight", self.min_child_weight),
            ("lambda", self.lambda),
            ("alpha", self.alpha),
            ("max_delta_step", self.effective_max_delta_step()),
        ] {
            faults.check(value >= 0.0 && value.is_finite(), name, value, "must be 0 or more");
        }
        for (name, value) in [
            ("subsample", self.subsample),
            ("colsample_bytree", self.colsample_bytree),
            ("colsample_bylevel", self.colsample_bylevel),
        ] {
            faults.check_share(name, value);
        }
        if let Some(rounds) = self.early_stopping_rounds {
            faults.check(rounds >= 1, "early_stopping_rounds", rounds, "at least 1");
        }
        if let Objective::Tweedie { variance_power: power } = self.objective {
            faults.check((1.0..2.0).contains(&power), "tweedie_variance_power", power, "from 1 to below 2");
        }
        if let Some(base_score) = self.base_score {
            let fits = self.objective.check_base_score(base_score).is_ok();
            let rule = format_args!("does not fit the objective {}", self.objective.name());
            faults.check(fits, "base_score", base_score, rule);
        }
        for direction in &self.monotone_constraints {
            let rule = "each must be -1, 0 or 1";
            faults.check((-1..=1).contains(direction), "monotone_constraints", direction, rule);
        }
        faults.into_result()
    }

    /// `max_delta_step`, or XGBoost's default for the objective.
    pub(super) fn effective_max_delta_step(&self) -> f32 {
        self.max_delta_step.unwrap_or(if self.objective == Objective::Poisson { 0.7 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let params = BoostingParams {
            eta: -1.0,
            max_depth: 0,
            subsample: 1.5,
            monotone_constraints: vec![0, 2],
            objective: Objective::Tweedie { variance_power: 2.0 },
            ..BoostingParams::default()
        };
        let error = params.check().unwrap_err().to_string();
        for part in ["eta=-1", "max_depth=0", "subsample=1.5", "monotone_constraints=2", "tweedie_variance_power=2"] {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
        assert_eq!(error.lines().count(), 5, "{error}");
    }
}
