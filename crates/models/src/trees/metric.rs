//! How good predictions are: XGBoost's evaluation metrics, and the summary that every regression model reports.

use super::objective::{EPSILON, Objective};
use serde::Serialize;

/// An evaluation metric; smaller is better. Names are XGBoost's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Metric {
    /// `rmse`: root mean squared error.
    Rmse,
    /// `mae`: mean absolute error.
    Mae,
    /// `mape`: mean absolute error relative to the target.
    Mape,
    /// `logloss`: negative log-likelihood of a probability.
    LogLoss,
    /// `poisson-nloglik`: negative log-likelihood of a Poisson rate.
    Poisson,
    /// `tweedie-nloglik`: negative log-likelihood of a Tweedie mean, for the given variance power.
    Tweedie(f32),
}

impl Metric {
    /// The names that [`Self::parse`] takes.
    pub const NAMES: [&'static str; 6] = ["rmse", "mae", "mape", "logloss", "poisson-nloglik", "tweedie-nloglik@1.5"];

    /// The metric of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "rmse" => Self::Rmse,
            "mae" => Self::Mae,
            "mape" => Self::Mape,
            "logloss" => Self::LogLoss,
            "poisson-nloglik" => Self::Poisson,
            _ => {
                let power = name.strip_prefix("tweedie-nloglik@")?.parse().ok()?;
                (1.0..2.0).contains(&power).then_some(Self::Tweedie(power))?
            }
        })
    }

    /// The name, as XGBoost prints it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Rmse => "rmse".into(),
            Self::Mae => "mae".into(),
            Self::Mape => "mape".into(),
            Self::LogLoss => "logloss".into(),
            Self::Poisson => "poisson-nloglik".into(),
            Self::Tweedie(power) => format!("tweedie-nloglik@{power}"),
        }
    }

    /// The metric that XGBoost watches for an objective unless told otherwise.
    #[must_use]
    pub const fn of(objective: Objective) -> Self {
        match objective {
            Objective::SquaredError => Self::Rmse,
            Objective::AbsoluteError => Self::Mae,
            Objective::Tweedie { variance_power } => Self::Tweedie(variance_power),
            Objective::Poisson => Self::Poisson,
            Objective::Logistic => Self::LogLoss,
        }
    }

    /// The weighted mean of the rows' losses (of `rmse`: its root).
    #[must_use]
    pub fn evaluate(self, targets: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> f64 {
        // XGBoost sums in blocks of 2,048 rows, which shows in the last digits that early stopping compares.
        const BLOCK: usize = 2048;
        let (mut loss, mut weight) = (0.0, 0.0);
        for start in (0..targets.len()).step_by(BLOCK) {
            let (mut block_loss, mut block_weight) = (0.0, 0.0);
            for row in start..targets.len().min(start + BLOCK) {
                let w = weights.map_or(1.0, |weights| weights[row]);
                block_loss += f64::from(self.loss(targets[row], predictions[row]) * w);
                block_weight += f64::from(w);
            }
            loss += block_loss;
            weight += block_weight;
        }
        let mean = if weight == 0.0 { loss } else { loss / weight };
        if self == Self::Rmse { mean.sqrt() } else { mean }
    }

    fn loss(self, y: f32, prediction: f32) -> f32 {
        match self {
            Self::Rmse => {
                let difference = y - prediction;
                difference * difference
            }
            Self::Mae => (y - prediction).abs(),
            Self::Mape => ((y - prediction) / y).abs(),
            Self::LogLoss => {
                let term = |x: f32, p: f32| if x == 0.0 { 0.0 } else { x * p.max(1e-16).ln() };
                term(-y, prediction) + term(-(1.0 - y), 1.0 - prediction)
            }
            Self::Poisson => {
                let rate = prediction.max(1e-16);
                libm::lgammaf(y + 1.0) + rate - rate.ln() * y
            }
            Self::Tweedie(power) => {
                let log = prediction.ln();
                let low = y * ((1.0 - power) * log).exp() / (1.0 - power);
                let high = ((2.0 - power) * log).exp() / (2.0 - power);
                -low + high
            }
        }
    }
}

/// The errors of a regression model on rows with known targets.
///
/// Means and r2 are weighted by the rows' sample weights, as by XGBoost's metrics and scikit-learn's; percentiles are of rows,
/// whatever they weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegressionScores {
    /// Root mean squared error, in the target's unit.
    pub rmse: f64,
    /// Mean absolute error, in the target's unit.
    pub mae: f64,
    /// Coefficient of determination: 1 for perfect, 0 for no better than the mean; NaN if the targets are all equal.
    pub r2: f64,
    /// Absolute error that 10 %, 50 % and 90 % of the rows stay within, linearly interpolated.
    pub absolute_error_percentiles: [f64; 3],
}

impl RegressionScores {
    /// Compares predictions with targets, shape (n) each; `weights`, shape (n), are sample weights. `None` if no row weighs
    /// anything.
    #[must_use]
    pub fn new(targets: &[f32], predictions: &[f32], weights: Option<&[f32]>) -> Option<Self> {
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
        let percentile = |p: f64| {
            let place = p * (n - 1) as f64;
            let below = place.floor() as usize;
            errors[below] + (place - place.floor()) * (errors[(below + 1).min(n - 1)] - errors[below])
        };
        let r2 = if spread > f64::from(EPSILON * f32::MIN_POSITIVE) { 1.0 - squares / spread } else { f64::NAN };
        let absolute_error_percentiles = [0.1, 0.5, 0.9].map(percentile);
        Some(Self { rmse: (squares / total).sqrt(), mae, r2, absolute_error_percentiles })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_textbook() {
        let scores = RegressionScores::new(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 8.0], None).unwrap();
        assert_eq!(scores.rmse, 2.0);
        assert_eq!(scores.mae, 1.0);
        assert!((scores.r2 - (1.0 - 16.0 / 5.0)).abs() < 1e-12);
        assert_eq!(scores.absolute_error_percentiles[1], 0.0);
        assert!((scores.absolute_error_percentiles[2] - 2.8).abs() < 1e-12);
    }

    #[test]
    fn equal_targets_have_no_r2_and_no_rows_have_no_scores() {
        assert!(RegressionScores::new(&[3.0, 3.0], &[3.0, 4.0], None).unwrap().r2.is_nan());
        assert!(RegressionScores::new(&[], &[], None).is_none());
        assert!(RegressionScores::new(&[1.0], &[2.0], Some(&[0.0])).is_none());
    }

    #[test]
    fn a_weight_of_three_is_a_row_three_times() {
        let weighted = RegressionScores::new(&[1.0, 2.0, 4.0], &[1.5, 2.0, 7.0], Some(&[1.0, 3.0, 0.5])).unwrap();
        let rows = RegressionScores::new(
            &[1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0],
            &[1.5, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 7.0],
            None,
        );
        let rows = rows.unwrap();
        for (one, other) in [(weighted.rmse, rows.rmse), (weighted.mae, rows.mae), (weighted.r2, rows.r2)] {
            assert!((one - other).abs() < 1e-12, "{weighted:?} and {rows:?}");
        }
        let watched = Metric::Rmse.evaluate(&[1.0, 2.0, 4.0], &[1.5, 2.0, 7.0], Some(&[1.0, 3.0, 0.5]));
        assert!((weighted.rmse - watched).abs() < 1e-12, "early stopping watches the error that is recorded");
    }

    #[test]
    fn names_and_metrics_are_one_to_one() {
        for name in Metric::NAMES {
            assert_eq!(Metric::parse(name).unwrap().name(), name);
        }
        assert_eq!(Metric::parse("auc"), None);
    }
}
