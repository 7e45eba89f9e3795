//! What boosting minimizes: gradients, links, base scores and the metrics that early stopping watches.
//!
//! Single precision throughout, in the order of operations of XGBoost 3.2, whose names these are.

use crate::{
    Error, Result,
    data::check_rows,
    quantiles::{median, weighted_median},
};
use serde::Serialize;

/// A loss, by its XGBoost name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Objective {
    /// `reg:squarederror`: ½(f − y)².
    SquaredError,
    /// `reg:absoluteerror`: |f − y|.
    AbsoluteError,
    /// `reg:tweedie` with a log link: for totals that are often zero and otherwise positive.
    Tweedie {
        /// `tweedie_variance_power`, from 1 (Poisson) to below 2 (gamma).
        variance_power: f32,
    },
    /// `count:poisson` with a log link.
    Poisson,
    /// `binary:logistic`: the prediction is a probability.
    Logistic,
}

/// The smallest number that XGBoost calls different from zero.
pub(super) const EPSILON: f32 = 1e-6;

impl Objective {
    /// The names that [`Self::parse`] takes.
    pub const NAMES: [&'static str; 5] =
        ["reg:squarederror", "reg:absoluteerror", "reg:tweedie", "count:poisson", "binary:logistic"];

    /// The objective of this name, Tweedie with its default variance power of 1.5. `reg:linear` is squared error's old
    /// name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "reg:squarederror" | "reg:linear" => Self::SquaredError,
            "reg:absoluteerror" => Self::AbsoluteError,
            "reg:tweedie" => Self::Tweedie { variance_power: 1.5 },
            "count:poisson" => Self::Poisson,
            "binary:logistic" => Self::Logistic,
            _ => return None,
        })
    }

    /// The XGBoost name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SquaredError => "reg:squarederror",
            Self::AbsoluteError => "reg:absoluteerror",
            Self::Tweedie { .. } => "reg:tweedie",
            Self::Poisson => "count:poisson",
            Self::Logistic => "binary:logistic",
        }
    }

    /// Whether every unweighted row has the hessian 1.
    pub(super) const fn has_unit_hessian(self) -> bool {
        matches!(self, Self::SquaredError | Self::AbsoluteError)
    }

    /// From the sum of leaves (the margin) to the prediction.
    #[inline]
    #[must_use]
    pub fn transform(self, margin: f32) -> f32 {
        match self {
            Self::SquaredError | Self::AbsoluteError => margin,
            Self::Tweedie { .. } | Self::Poisson => margin.exp(),
            Self::Logistic => sigmoid(margin),
        }
    }

    /// From a prediction to the margin: the inverse of [`Self::transform`], for the base score.
    pub(super) fn margin(self, prediction: f32) -> f32 {
        match self {
            Self::SquaredError | Self::AbsoluteError => prediction,
            Self::Tweedie { .. } | Self::Poisson => prediction.ln(),
            Self::Logistic => -(1.0 / prediction.clamp(EPSILON, 1.0 - EPSILON) - 1.0).ln(),
        }
    }

    /// Checks what the objective demands of the targets.
    pub(super) fn check_targets(self, targets: &[f32]) -> Result<()> {
        let (fits, demand): (fn(f32) -> bool, _) = match self {
            Self::SquaredError | Self::AbsoluteError => return Ok(()),
            Self::Tweedie { .. } | Self::Poisson => (|y| y >= 0.0, "0 or more"),
            Self::Logistic => (|y| (0.0..=1.0).contains(&y), "between 0 and 1"),
        };
        check_rows(targets, fits, |y| {
            let name = self.name();
            format!("the target {y} does not fit the objective {name}, which needs targets of {demand}")
        })
    }

    /// Checks that a base score has a finite margin.
    pub(super) fn check_base_score(self, base_score: f32) -> Result<()> {
        let fits = match self {
            Self::SquaredError | Self::AbsoluteError => true,
            Self::Tweedie { .. } | Self::Poisson => base_score > 0.0,
            Self::Logistic => (0.0..=1.0).contains(&base_score),
        };
        if fits && base_score.is_finite() {
            return Ok(());
        }
        Err(Error::Data(format!(
            "the mean of the targets, {base_score}, cannot be the base score of {}: every target is zero, or they are \
             too large",
            self.name()
        )))
    }

    /// The constant prediction that boosting starts from: the mean of the targets, for the absolute error their median.
    pub(super) fn base_score(self, targets: &[f32], weights: Option<&[f32]>) -> f32 {
        match (self, weights) {
            (Self::AbsoluteError, None) => there_and_back(median(&mut targets.to_vec()), targets.len() as f64),
            (Self::AbsoluteError, Some(weights)) => {
                let pairs = targets.iter().copied().zip(weights.iter().copied()).collect();
                there_and_back(weighted_median(pairs), total(weights))
            }
            (_, None) => {
                let n = targets.len() as f64;
                targets.iter().fold(0.0, |sum, &y| sum + f64::from(y) / n) as f32
            }
            (_, Some(weights)) => {
                let total = total(weights);
                targets.iter().zip(weights).fold(0.0, |sum, (&y, &w)| sum + f64::from(y) / total * f64::from(w)) as f32
            }
        }
    }

    /// Writes the gradient of every row, shape (n), where every hessian is 1.
    pub(super) fn gradients(self, margins: &[f32], targets: &[f32], into: &mut Vec<f32>) {
        into.clear();
        into.extend(margins.iter().zip(targets).map(|(&f, &y)| self.derivatives(f, y, 0.0).0));
    }

    /// Writes the gradient and the hessian of every row, shape (n, 2).
    pub(super) fn weighted_derivatives(
        self,
        margins: &[f32],
        targets: &[f32],
        weights: Option<&[f32]>,
        max_delta_step: f32,
        into: &mut Vec<[f32; 2]>,
    ) {
        into.clear();
        into.extend(margins.iter().zip(targets).enumerate().map(|(row, (&f, &y))| {
            let (g, h) = self.derivatives(f, y, max_delta_step);
            let w = weights.map_or(1.0, |weights| weights[row]);
            [g * w, h * w]
        }));
    }

    #[inline]
    fn derivatives(self, f: f32, y: f32, max_delta_step: f32) -> (f32, f32) {
        match self {
            Self::SquaredError => (f - y, 1.0),
            Self::AbsoluteError => (f32::from(i8::from(f > y) - i8::from(f < y)), 1.0),
            Self::Tweedie { variance_power: rho } => {
                let (low, high) = (((1.0 - rho) * f).exp(), ((2.0 - rho) * f).exp());
                (-y * low + high, -y * (1.0 - rho) * low + (2.0 - rho) * high)
            }
            Self::Poisson => (f.exp() - y, (f + max_delta_step).exp()),
            Self::Logistic => {
                let p = sigmoid(f);
                (p - y, (p * (1.0 - p)).max(1e-16))
            }
        }
    }
}

fn total(weights: &[f32]) -> f64 {
    weights.iter().fold(0.0, |sum, &weight| sum + f64::from(weight))
}

/// XGBoost multiplies a median by the total weight and divides it again, to average over machines; that can change its
/// last digit.
fn there_and_back(median: f32, total: f64) -> f32 {
    (f64::from((f64::from(median) * total) as f32) / total) as f32
}

/// The logistic function, its argument bounded so that the exponential stays finite.
fn sigmoid(x: f32) -> f32 {
    let exponential = (-x).min(88.7).exp();
    1.0 / (exponential + 1.0 + 1e-16)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Loss = fn(f64, f64) -> f64;

    #[test]
    fn gradients_are_the_slopes_of_their_losses() {
        // Central differences of the losses as their papers write them, in double precision.
        let losses: [(Objective, Loss); 4] = [
            (Objective::SquaredError, |f, y| 0.5 * (f - y) * (f - y)),
            (Objective::Poisson, |f, y| f.exp() - y * f),
            (Objective::Logistic, |f, y| (1.0 + f.exp()).ln() - y * f),
            (Objective::Tweedie { variance_power: 1.5 }, |f, y| y * (-0.5 * f).exp() / 0.5 + (0.5 * f).exp() / 0.5),
        ];
        for (objective, loss) in losses {
            for (f, y) in [(0.3, 0.0), (-1.2, 1.0), (2.0, 1.0), (0.0, 0.0)] {
                let slope = (loss(f + 1e-5, y) - loss(f - 1e-5, y)) / 2e-5;
                let (g, _) = objective.derivatives(f as f32, y as f32, 0.7);
                assert!((slope - f64::from(g)).abs() < 1e-4, "{objective:?} at {f}, {y}: {g} for {slope}");
            }
        }
    }

    #[test]
    fn names_and_objectives_are_one_to_one() {
        for name in Objective::NAMES {
            assert_eq!(Objective::parse(name).unwrap().name(), name);
        }
        assert_eq!(Objective::parse("rank:ndcg"), None);
    }
}
