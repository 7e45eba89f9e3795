//! How good a regression model is, as it is recorded.

use crate::trees::RegressionScores;
use serde::{Deserialize, Serialize};

/// The rows that a model was judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoredOn {
    /// Rows that it was not fitted to.
    Validation,
    /// The rows that it was fitted to: how closely it follows them, not how well it predicts.
    InSample,
}

impl ScoredOn {
    /// The name in tables and log lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::InSample => "in_sample",
        }
    }
}

/// The errors of a regression model; see [`RegressionScores`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The rows that it was judged by.
    pub on: ScoredOn,
    /// How many of them there are.
    pub rows: usize,
    /// Root mean squared error, in the target's unit.
    pub rmse: f64,
    /// Mean absolute error, in the target's unit.
    pub mae: f64,
    /// Coefficient of determination; none where all targets are equal.
    pub r2: Option<f64>,
    /// Absolute error that 10 % of the rows stay within.
    pub ae_at_10th_percentile: f64,
    /// The median absolute error.
    pub ae_at_50th_percentile: f64,
    /// Absolute error that 90 % of the rows stay within.
    pub ae_at_90th_percentile: f64,
}

impl Accuracy {
    /// Compares predictions with targets, shape (n) each; `weights`, shape (n), are sample weights. `None` if no row weighs
    /// anything.
    #[must_use]
    pub fn new(on: ScoredOn, targets: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> Option<Self> {
        let RegressionScores { rmse, mae, r2, absolute_error_percentiles } =
            RegressionScores::new(targets, predictions, weights)?;
        let [ae_at_10th_percentile, ae_at_50th_percentile, ae_at_90th_percentile] = absolute_error_percentiles;
        let r2 = Some(r2).filter(|r2| r2.is_finite());
        let rows = targets.len();
        Some(Self { on, rows, rmse, mae, r2, ae_at_10th_percentile, ae_at_50th_percentile, ae_at_90th_percentile })
    }

    /// Names and values, for tables and log lines.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        [
            ("rmse", Some(self.rmse)),
            ("mae", Some(self.mae)),
            ("r2", self.r2),
            ("ae_at_10th_percentile", Some(self.ae_at_10th_percentile)),
            ("ae_at_50th_percentile", Some(self.ae_at_50th_percentile)),
            ("ae_at_90th_percentile", Some(self.ae_at_90th_percentile)),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_back_even_where_r2_does_not_exist() {
        for targets in [[1.0, 2.0, 4.0], [2.0; 3]] {
            let accuracy = Accuracy::new(ScoredOn::Validation, &targets, &[1.0, 2.5, 3.0], None).unwrap();
            let text = serde_json::to_string(&accuracy).unwrap();
            assert!(text.starts_with(r#"{"on":"validation","rows":3,"rmse":"#), "{text}");
            assert_eq!(serde_json::from_str::<Accuracy>(&text).unwrap(), accuracy);
            assert_eq!(accuracy.named().count(), if targets[0] == targets[1] { 5 } else { 6 });
        }
        assert_eq!(Accuracy::new(ScoredOn::InSample, &[], &[], None), None);
    }
}
