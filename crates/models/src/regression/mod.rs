//! Regression: from a customer's table of features to a fitted model to predictions for rows.
//!
//! ```text
//! Table ─► RegressionSpec::fit ─► FittedRegression ─► predict, SHAP values ─► to_bytes ─► file
//!                                        ▲                                                  │
//!                                        └──────────────── from_file ◄──────────────────────┘
//! ```
//!
//! A [`FittedRegression`] is a model file together with what the file does not say: the features' names and categories.
//! Files that stock XGBoost wrote are read without them.

mod accuracy;
mod fitted;

pub use accuracy::{Accuracy, ScoredOn};
pub use fitted::{FittedRegression, ModelFormat, RegressionModel};

use super::{
    patience::{Patience, Unfitted},
    ridge::RidgeParams,
    trees::{BoostingParams, Evaluation, ForestParams, Scratch},
};
use crate::data::Table;
use serde::Serialize;

/// A regression model to fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum RegressionSpec {
    /// Gradient boosting, see [`BoostingParams`].
    GradientBoosting {
        /// Its parameters.
        params: BoostingParams,
        /// How its file is written.
        format: ModelFormat,
    },
    /// A random forest, see [`ForestParams`].
    RandomForest {
        /// Its parameters.
        params: ForestParams,
        /// How its file is written.
        format: ModelFormat,
    },
    /// Ridge regression, see [`RidgeParams`].
    Ridge(RidgeParams),
}

impl RegressionSpec {
    /// The family's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GradientBoosting { .. } => "gradient-boosting",
            Self::RandomForest { .. } => "random-forest",
            Self::Ridge(_) => "ridge",
        }
    }

    /// Whether it wants to stop early, for which it needs validation rows.
    #[must_use]
    pub const fn stops_early(&self) -> bool {
        matches!(self, Self::GradientBoosting { params: BoostingParams { early_stopping_rounds: Some(_), .. }, .. })
    }

    /// Fits the model. `validation` has the features of `training`, and decides early stopping; without it, boosting goes
    /// through all its rounds.
    ///
    /// # Errors
    /// What the model cannot be fitted to, or that the patience is over.
    pub fn fit(
        &self,
        training: &Table,
        validation: Option<&Table>,
        patience: Patience<'_>,
        scratch: &mut Scratch,
    ) -> Result<FittedRegression, Unfitted> {
        let Table { features, matrix, targets, weights, .. } = training;
        let weights = weights.as_deref();
        let model = match self {
            Self::GradientBoosting { params, format } => {
                let evaluation = validation.filter(|_| self.stops_early()).map(|table| Evaluation {
                    matrix: &table.matrix,
                    targets: &table.targets,
                    weights: table.weights.as_deref(),
                });
                let without = BoostingParams { early_stopping_rounds: None, ..params.clone() };
                let params = if evaluation.is_some() { params } else { &without };
                let fitted = params.fit_within(matrix, targets, weights, evaluation, patience, scratch)?;
                RegressionModel::Trees { ensemble: fitted.model, format: *format }
            }
            Self::RandomForest { params, format } => {
                let ensemble = params.fit_within(matrix, targets, weights, patience, scratch)?;
                RegressionModel::Trees { ensemble, format: *format }
            }
            Self::Ridge(params) => RegressionModel::Ridge(params.fit_within(matrix, targets, weights, patience)?),
        };
        Ok(FittedRegression::new(features.clone(), model))
    }
}
