//! The values of settings that each candidate of a choice is tried with.

use super::family::Family;
use manyfit_models::{
    ModelFormat, RowsSpec,
    ridge::RidgeParams,
    trees::{BoostingParams, ForestParams, MaxFeatures, Objective},
};

/// Penalties of ridge regression: those of scikit-learn's `RidgeCV`, the strongest first.
const ALPHAS: [f64; 3] = [10.0, 1.0, 0.1];

/// Shares of the features that a forest searches: a third, as Breiman recommends for regression (Machine Learning 45, 2001), and all,
/// scikit-learn's default.
const FEATURES: [f64; 2] = [1.0 / 3.0, 1.0];

/// Depth, shrinkage and number of trees: scikit-learn's defaults, many small steps, and XGBoost's defaults.
const BOOSTING: [(usize, f32, usize); 3] = [(3, 0.1, 100), (5, 0.05, 200), (6, 0.3, 100)];

/// What all models of the grid share.
pub(super) struct Grid {
    pub(super) objective: Objective,
    pub(super) format: ModelFormat,
    pub(super) seed: u32,
}

impl Grid {
    /// The models of a family, the simplest first.
    pub(super) fn of(&self, family: Family) -> Vec<RowsSpec> {
        let Self { objective, format, seed } = *self;
        match family {
            Family::RandomForest => {
                let forest = |share| ForestParams {
                    max_features: MaxFeatures::Fraction(share),
                    random_state: seed,
                    ..ForestParams::default()
                };
                FEATURES.map(|share| RowsSpec::RandomForest { params: forest(share), format }).to_vec()
            }
            Family::GradientBoosting => {
                let boosting = |(max_depth, eta, num_round)| BoostingParams {
                    max_depth,
                    eta,
                    num_round,
                    objective,
                    seed,
                    ..BoostingParams::default()
                };
                BOOSTING.map(|values| RowsSpec::GradientBoosting { params: boosting(values), format }).to_vec()
            }
            _ => ALPHAS.map(|alpha| RowsSpec::Ridge(RidgeParams { alpha, ..RidgeParams::default() })).to_vec(),
        }
    }
}
