//! The theta family: simple exponential smoothing of what a trend line leaves, and part of the line.
//!
//! The four models are those of Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler, Models for optimising the theta method and
//! their relationship to state space models, International Journal of Forecasting 32(4), 2016; the standard one is the theta method
//! of Assimakopoulos and Nikolopoulos, International Journal of Forecasting 16(4), 2000. Around them is the recipe of the M4
//! competition: a season, if a test finds one, is taken out by classical decomposition and put back into the forecasts.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | a specification, a fitted model |
//! | `season.rs` | the test and the decomposition |
//! | `optimum.rs` | parameters of least squares |
//! | `future.rs` | forecasts and their variances |

mod future;
mod optimum;
mod season;
#[cfg(test)]
mod tests;

pub(in crate::local) use season::additive_season;
pub use season::{Decomposition, Season};

use crate::{Error, Result, fit_error::FitError, forecast::Scores, interrupt::Interrupt};
use optimum::{Lines, Optimum, SKIPPED, SMALLEST_POWER, STANDARD_WEIGHT};
use serde::{Deserialize, Serialize};

/// With fewer values than this, the three parameters leave no errors to tell a deviation from.
const LEAST_FOR_ERRORS: usize = 7;

/// Which model of the family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThetaModel {
    /// Half the slope of the line through all values (θ = 2).
    Standard,
    /// A share of that slope that is fitted, none to all of it (θ from 1).
    Optimized,
    /// As the standard model, with the line through the values known at each time.
    DynamicStandard,
    /// As the optimised model, with the line through the values known at each time.
    #[default]
    DynamicOptimized,
    /// The one of the four that has the least squared errors.
    Auto,
}

impl ThetaModel {
    /// The model where the values do not tell which is best.
    const fn or_standard(self) -> Self {
        if matches!(self, Self::Auto) { Self::Standard } else { self }
    }

    const ALL: [Self; 4] = [Self::Standard, Self::Optimized, Self::DynamicStandard, Self::DynamicOptimized];

    const fn is_dynamic(self) -> bool {
        matches!(self, Self::DynamicStandard | Self::DynamicOptimized)
    }

    const fn weight(self) -> Option<f64> {
        if matches!(self, Self::Standard | Self::DynamicStandard) { Some(STANDARD_WEIGHT) } else { None }
    }
}

/// A theta model to fit.
///
/// Series with fewer than four values are random walks. A season of at least four steps is tested for where there are at least two of
/// them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThetaSpec {
    /// Which of the models.
    pub model: ThetaModel,
    /// How a season is taken out.
    pub decomposition: Decomposition,
}

/// A fitted theta model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedTheta {
    /// Which one; never [`ThetaModel::Auto`].
    pub model: ThetaModel,
    /// Smoothing parameter α.
    pub alpha: f64,
    /// θ: the share of the line's slope is 1 − 1/θ.
    pub theta: f64,
    /// The last level, without the season.
    pub level: f64,
    /// Mean of the values, without the season.
    pub mean: f64,
    /// Slope of the line through the values, without the season.
    pub slope: f64,
    /// Standard deviation of the one-step errors, without the season.
    pub sigma: f64,
    /// Length of the history in steps.
    pub steps: usize,
    /// The season, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<Season>,
    /// The sum of squared one-step errors, without the season, from the fourth value on.
    #[serde(skip)]
    pub squares: f64,
    /// In-sample errors from the fourth value on.
    #[serde(skip)]
    pub scores: Scores,
}

/// Buffers that are reused from fit to fit.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    lines: Lines,
    errors: Vec<f64>,
}

impl ThetaSpec {
    /// Fits the model to equally spaced values; `season` is the number of steps of a season, 1 if there is none.
    ///
    /// # Errors
    /// [`FitError::TooShort`] without values, [`FitError::Interrupted`].
    pub(crate) fn fit(
        self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
    ) -> Result<FittedTheta, FitError> {
        let Some(&last) = values.last() else {
            return Err(FitError::TooShort { rows: 0 });
        };
        if values.len() <= SKIPPED {
            return Ok(self.random_walk(values, last));
        }
        let (scale, season) = self.prepare(values, season, interrupt, &mut scratch.lines.values)?;
        let (model, optimum) = self.best(&mut scratch.lines, interrupt)?;
        Ok(scratch.finish(model, optimum, scale, season))
    }

    /// Takes the season and the scale off the values.
    fn prepare(
        self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        series: &mut Vec<f64>,
    ) -> Result<(Scale, Option<Season>), FitError> {
        // Sums and squares of values of any size stay finite.
        let unit = positive_or_one(values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs())));
        series.clear();
        series.extend(values.iter().map(|y| y / unit));
        let mut season = season::remove(series, season, self.decomposition, interrupt)?;
        // A constant more in the values is one in the forecasts: without it, differences keep their digits.
        let origin = series[0];
        let spread = positive_or_one(series.iter().fold(0.0_f64, |largest, y| largest.max((y - origin).abs())));
        for y in series.iter_mut() {
            *y = (*y - origin) / spread;
        }
        if let Some(season) = season.as_mut().filter(|season| season.decomposition == Decomposition::Additive) {
            for index in &mut season.indices {
                *index *= unit;
            }
        }
        Ok((Scale { origin: unit * origin, unit: unit * spread }, season))
    }

    /// The model with the least squares, and its parameters; its trend line is left in `lines`.
    fn best(self, lines: &mut Lines, interrupt: Interrupt<'_>) -> Result<(ThetaModel, Optimum), FitError> {
        if lines.values.iter().all(|&y| y == 0.0) {
            // Any parameters fit a constant: those of a random walk repeat it without rounding.
            let model = self.model.or_standard();
            lines.draw(model.is_dynamic());
            return Ok((model, Optimum { alpha: 1.0, ..Optimum::default() }));
        }
        let mut best: Option<(ThetaModel, Optimum)> = None;
        for model in ThetaModel::ALL.into_iter().filter(|model| self.model == ThetaModel::Auto || *model == self.model)
        {
            lines.draw(model.is_dynamic());
            let found = optimum::search(lines, model.weight(), interrupt)?;
            if best.is_none_or(|(_, best)| found.squares < best.squares) {
                best = Some((model, found));
            }
        }
        let best = best.expect("there is a model of each name");
        lines.draw(best.0.is_dynamic());
        Ok(best)
    }

    /// One to three values: α = 1 and θ = 1.
    fn random_walk(self, values: &[f64], last: f64) -> FittedTheta {
        let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let largest = positive_or_one(changes.iter().fold(0.0_f64, |largest, change| largest.max(change.abs())));
        let scores = scores(changes.iter().map(|change| change / largest), largest);
        FittedTheta {
            model: self.model.or_standard(),
            alpha: 1.0,
            theta: 1.0,
            level: last,
            mean: values.iter().map(|y| y / values.len() as f64).sum(),
            slope: 0.0,
            sigma: scores.rmse,
            steps: values.len(),
            season: None,
            squares: 0.0,
            scores,
        }
    }
}

/// What was taken off the values, and what they were then divided by.
#[derive(Clone, Copy)]
struct Scale {
    origin: f64,
    unit: f64,
}

impl Scratch {
    /// Runs through the values once more, for the last states and the errors.
    fn finish(&mut self, model: ThetaModel, optimum: Optimum, scale: Scale, season: Option<Season>) -> FittedTheta {
        let Optimum { alpha, weight, initial, .. } = optimum;
        let Lines { values, intercepts, slopes } = &self.lines;
        let n = values.len();
        let decay = 1.0 - alpha;
        let (mut level, mut power) = (decay * initial, 1.0);
        self.errors.clear();
        for at in 1..n {
            power *= decay;
            let trend = intercepts[at - 1] * power + slopes[at - 1] * (1.0 - power * decay) / alpha;
            self.errors.push(values[at] - level - weight * trend);
            level += alpha * (values[at] - level);
            power = power.max(SMALLEST_POWER);
        }
        let errors = &self.errors[SKIPPED - 1..];
        let factor = |at: usize| season.as_ref().map_or(1.0, |season| season.factor_of_row(at, n));
        let scores = scores(errors.iter().enumerate().map(|(at, error)| error * factor(SKIPPED + at)), scale.unit);
        let slope = slopes[n - 1];
        FittedTheta {
            model,
            alpha,
            theta: 1.0 / (1.0 - weight),
            level: scale.origin * (1.0 - weight * decay * power) + scale.unit * level,
            mean: scale.origin + scale.unit * (intercepts[n - 1] + slope * (n as f64 + 1.0) / 2.0),
            slope: scale.unit * slope,
            sigma: scale.unit * if n < LEAST_FOR_ERRORS { change(values) } else { deviation(errors) },
            steps: n,
            squares: scale.unit * scale.unit * errors.iter().map(|error| error * error).sum::<f64>(),
            scores,
            season,
        }
    }
}

/// Root mean square of the differences of neighbours.
fn change(values: &[f64]) -> f64 {
    let squares: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// Standard deviation, with one degree of freedom for the mean.
fn deviation(errors: &[f64]) -> f64 {
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    (errors.iter().map(|error| (error - mean) * (error - mean)).sum::<f64>() / (n - 1.0)).sqrt()
}

fn scores(errors: impl ExactSizeIterator<Item = f64>, unit: f64) -> Scores {
    let n = errors.len().max(1) as f64;
    let (sum, squares) = errors.fold((0.0, 0.0), |(sum, squares), error| (sum + error.abs(), squares + error * error));
    Scores { mae: unit * (sum / n), rmse: unit * (squares / n).sqrt() }
}

fn positive_or_one(value: f64) -> f64 {
    if value > 0.0 { value } else { 1.0 }
}

impl FittedTheta {
    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(crate) fn check(&self) -> Result<()> {
        let fault = if self.model == ThetaModel::Auto {
            "model is \"auto\": a fitted model is one of the others".into()
        } else if !(self.alpha > 0.0 && self.alpha <= 1.0) {
            format!("alpha is {}: it is above 0 and at most 1", self.alpha)
        } else if self.theta.is_nan() || self.theta < 1.0 {
            format!("theta is {}: it is at least 1", self.theta)
        } else if self.sigma.is_nan() || self.sigma < 0.0 {
            format!("sigma is {}: a standard deviation is not negative", self.sigma)
        } else if self.steps == 0 {
            "steps is 0: the history has at least one".into()
        } else if self.season.as_ref().is_some_and(|season| season.indices.is_empty()) {
            "indices is empty: a season has one for each of its steps".into()
        } else {
            return Ok(());
        };
        Err(Error::Data(fault))
    }
}
