//! XGBoost's evaluation metrics.

use super::objective::Objective;
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

    /// XGBoost's default metric of an objective.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_metrics_are_one_to_one() {
        for name in Metric::NAMES {
            assert_eq!(Metric::parse(name).unwrap().name(), name);
        }
        assert_eq!(Metric::parse("auc"), None);
    }
}
