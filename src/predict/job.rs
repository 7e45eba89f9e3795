//! Everything that a run needs from its caller.

use super::models::ModelList;
use crate::{input::CustomerRows, settings::MaxFailures};
use manyfit_models::Fitted;
use std::sync::atomic::AtomicBool;

/// What is requested of every model.
pub enum Request {
    /// Forecasts of series.
    Forecast {
        /// Steps after the history; `None` for the dates of `future`.
        horizon: Option<usize>,
        /// Future dates, regressors, conditions and capacities.
        future: Option<CustomerRows>,
        /// Whether the table also has the trend and the components.
        components: bool,
        /// Seed of the intervals.
        seed: u64,
        /// Probability that the intervals should cover; `None` for each model's own.
        interval_width: Option<f64>,
    },
    /// Predictions for rows of features.
    Rows {
        /// The rows.
        features: CustomerRows,
        /// Whether the table also has SHAP values.
        shap: bool,
    },
}

impl Request {
    /// The rows that it gives, if any.
    pub(super) fn rows(&self) -> Option<&CustomerRows> {
        match self {
            Self::Rows { features, .. } => Some(features),
            Self::Forecast { future, .. } => future.as_ref(),
        }
    }

    /// Whether it gives rows, but none of a customer whose model needs them. A number of steps alone is enough for a model that
    /// follows no columns.
    pub(super) fn lacks_rows(&self, customer: &str, model: &Fitted) -> bool {
        let is_needed = match (self, model) {
            (Self::Forecast { horizon: Some(_), .. }, Fitted::Series(model)) => !model.all_columns().is_empty(),
            _ => true,
        };
        is_needed && self.rows().is_some_and(|rows| !rows.has(customer))
    }
}

/// A prediction run.
pub struct Job<'a> {
    /// The models, in the order of the table.
    pub models: &'a ModelList,
    /// The requested customers; empty for all.
    pub customers: &'a [String],
    /// What is requested.
    pub request: &'a Request,
    /// Number of threads.
    pub jobs: usize,
    /// Failed customers above which the run fails.
    pub max_failures: MaxFailures,
    /// Set from outside to stop the run early.
    pub stop: &'a AtomicBool,
}

impl Job<'_> {
    /// Whether a customer is requested.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.customers.is_empty() || self.customers.iter().any(|customer| customer == name)
    }
}
