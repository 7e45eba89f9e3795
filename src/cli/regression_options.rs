//! The options of `prepare` for tables of features.

use super::values::{fraction, time};
use crate::{
    error::{Error, Result},
    prepare::Validation,
};
use clap::Args;

/// Whether tables are of features, and which of their rows are for validation.
#[derive(Args)]
pub(super) struct RegressionOptions {
    /// Tables of features for regression instead of series: no timestamps, and all columns are kept
    #[arg(long, conflicts_with_all = ["aggregate", "frequency", "grid", "duplicates"])]
    pub(super) regression: bool,

    /// Share of each customer's rows to write to validation/ instead, such as 0.2; with --regression
    #[arg(long, value_name = "SHARE", value_parser = fraction, requires = "regression")]
    validation_fraction: Option<f64>,

    /// Seed of the rows that --validation-fraction draws [default: 0]
    #[arg(long, value_name = "N", requires = "validation_fraction")]
    seed: Option<u64>,

    /// Write rows at or after this time to validation/ instead; with --regression and --timestamp
    #[arg(long, value_name = "TIME", value_parser = time, requires_all = ["regression", "timestamp"],
        conflicts_with = "validation_fraction")]
    validation_from: Option<i64>,
}

impl RegressionOptions {
    /// Which rows are set apart for validation.
    pub(super) fn validation(&self) -> Option<Validation> {
        let seed = self.seed.unwrap_or_default();
        let share = self.validation_fraction.map(|share| Validation::Share { share, seed });
        share.or(self.validation_from.map(Validation::From))
    }

    /// Refuses options about times, of which each is given or not, where rows have no times.
    pub(super) fn check_times(&self, has_times: bool, about_times: &[(&str, bool)]) -> Result<()> {
        match about_times.iter().find(|(_, given)| *given) {
            Some((option, _)) if self.regression && !has_times => Err(Error::Settings(format!(
                "{option} needs --timestamp with --regression: name the column that has the times of the rows"
            ))),
            _ => Ok(()),
        }
    }
}
