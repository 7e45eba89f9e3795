//! The errors of a regression model.

use crate::quantiles::quantile_of_sorted;
use serde::{Deserialize, Serialize};

/// The spread of targets up to which they count as equal.
const LEAST_SPREAD: f64 = (1e-6 * f32::MIN_POSITIVE) as f64;

/// The rows that a model was scored on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoredOn {
    /// Rows that it was not fitted to.
    Validation,
    /// Its training rows, each by a model that was fitted to the other folds.
    Folds,
    /// The rows that it was fitted to: the scores show the fit, not how well it predicts.
    InSample,
}

impl ScoredOn {
    /// The name in tables and log lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::Folds => "folds",
            Self::InSample => "in_sample",
        }
    }
}

/// The errors of a regression model on rows with known targets.
///
/// Means and r2 are weighted by the rows' sample weights, as by XGBoost's metrics and scikit-learn's; percentiles ignore the weights
/// and interpolate linearly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The rows that it was scored on.
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
        let n = targets.len().min(predictions.len());
        let sum = |value: &dyn Fn(usize) -> f64| -> f64 {
            (0..n).map(|row| weights.map_or(1.0, |weights| f64::from(weights[row])) * value(row)).sum()
        };
        let total = sum(&|_| 1.0);
        if total <= 0.0 {
            return None;
        }
        let mut errors: Vec<f64> =
            targets.iter().zip(predictions).map(|(&y, &p)| (f64::from(y) - f64::from(p)).abs()).collect();
        let squares = sum(&|row| errors[row] * errors[row]);
        let mean = sum(&|row| f64::from(targets[row])) / total;
        let spread = sum(&|row| (f64::from(targets[row]) - mean).powi(2));
        let mae = sum(&|row| errors[row]) / total;
        errors.sort_unstable_by(f64::total_cmp);
        let r2 = (spread > LEAST_SPREAD).then(|| 1.0 - squares / spread).filter(|r2| r2.is_finite());
        let rmse = (squares / total).sqrt();
        let [ae_at_10th_percentile, ae_at_50th_percentile, ae_at_90th_percentile] =
            [0.1, 0.5, 0.9].map(|share| quantile_of_sorted(&errors, share));
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

    fn errors(targets: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> Option<Accuracy> {
        Accuracy::new(ScoredOn::Validation, targets, predictions, weights)
    }

    #[test]
    fn scores_are_those_of_the_textbook() {
        let scores = errors(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 8.0], None).unwrap();
        assert_eq!(scores.rmse, 2.0);
        assert_eq!(scores.mae, 1.0);
        assert!((scores.r2.unwrap() - (1.0 - 16.0 / 5.0)).abs() < 1e-12);
        assert_eq!(scores.ae_at_50th_percentile, 0.0);
        assert!((scores.ae_at_90th_percentile - 2.8).abs() < 1e-12);
    }

    #[test]
    fn equal_targets_have_no_r2_and_no_rows_have_no_scores() {
        assert!(errors(&[3.0, 3.0], &[3.0, 4.0], None).unwrap().r2.is_none());
        assert!(errors(&[], &[], None).is_none());
        assert!(errors(&[1.0], &[2.0], Some(&[0.0])).is_none());
    }

    #[test]
    fn a_weight_of_three_is_a_row_three_times() {
        let weighted = errors(&[1.0, 2.0, 4.0], &[1.5, 2.0, 7.0], Some(&[1.0, 3.0, 0.5])).unwrap();
        let rows = errors(
            &[1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0],
            &[1.5, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 7.0],
            None,
        );
        let rows = rows.unwrap();
        for (one, other) in
            [(weighted.rmse, rows.rmse), (weighted.mae, rows.mae), (weighted.r2.unwrap(), rows.r2.unwrap())]
        {
            assert!((one - other).abs() < 1e-12, "{weighted:?} and {rows:?}");
        }
        let watched = crate::trees::Metric::Rmse.evaluate(&[1.0, 2.0, 4.0], &[1.5, 2.0, 7.0], Some(&[1.0, 3.0, 0.5]));
        assert!((weighted.rmse - watched).abs() < 1e-12, "early stopping watches the error that is recorded");
    }
}
