//! Everything that a run needs from its caller.

use super::models::ModelList;
use crate::{input::CustomerRows, settings::MaxFailures};
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
    },
    /// Predictions for rows of features.
    Rows {
        /// The rows.
        features: CustomerRows,
        /// Whether the table also has SHAP values.
        shap: bool,
    },
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
