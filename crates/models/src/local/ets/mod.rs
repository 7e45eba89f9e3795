//! Exponential smoothing: forms of error, trend and season, by maximum likelihood and chosen by AICc.
//!
//! Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008; Hyndman and Athanasopoulos, Forecasting: Principles
//! and Practice, 3rd edition, chapter 8. Likelihood and criterion are those of R's `ets` and of statsforecast's `AutoETS`; smoothing
//! parameters are within statsforecast's bounds and, as R demands, admissible. The reduced pool is that of Petropoulos,
//! Grushka-Cockayne, Siemsen and Spiliotis, Wielding Occam's razor: fast and frugal retail forecasting, arXiv 2102.13209.
//!
//! | file | |
//! |---|---|
//! | `form.rs` | the forms, and their names |
//! | `recursion.rs` | states and forecasts |
//! | `derivatives.rs` | the likelihood as a sum of squares, with its derivatives |
//! | `admissible.rs` | which smoothing parameters are stable |
//! | `starts.rs` | points to begin at |
//! | `judge.rs` | how good several points are |
//! | `estimate.rs` | a form's maximum of the likelihood |
//! | `few.rs` | values too few for a likelihood |
//! | `variance.rs` | point forecasts and the variance of their errors |
//!
//! What a series does not allow is left out. Values that are not all positive are modelled with additive errors and seasons; a season
//! of more than 24 steps, or not shorter than the series, is ignored, as by R; forms with too many parameters for AICc are not tried,
//! and a model of which no form is left goes without its season, then without its trend. Up to six values are too few for a
//! likelihood: they take the better of simple exponential smoothing and, from three values on, Holt's method, which begin at the
//! first values. Equal values are continued.

mod admissible;
mod derivatives;
mod estimate;
mod few;
mod form;
mod judge;
mod recursion;
mod starts;
mod variance;

pub(in crate::local) use estimate::{Near, Workspace};
pub use form::{EtsModel, Form, ModelNameError, Seasonality, Trend};

use crate::{Error, Result, fit_error::FitError, forecast::Scores, interrupt::Interrupt};
use admissible::LONGEST_SEASON;
use estimate::{Estimate, Estimator, Survey};
use recursion::{HIGHEST, Recursion};
use serde::{Deserialize, Serialize};

/// Up to how many values are too few for a likelihood, in R's `ets`.
const FEW: usize = 6;

/// Exponential smoothing, unfitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct EtsSpec {
    /// The forms that are tried.
    pub model: EtsModel,
    /// Whether additive trends are damped; both are tried if unset. The reduced pool has no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damped: Option<bool>,
}

/// Fitted exponential smoothing: its parameters, and the states after the last value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedEts {
    /// The form that was chosen.
    pub form: Form,
    /// Smoothing of the level.
    pub alpha: f64,
    /// Smoothing of the slope.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub beta: f64,
    /// Smoothing of the season.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gamma: f64,
    /// What is left of the slope after a step: 1 if it is not damped.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub phi: f64,
    /// The level.
    pub level: f64,
    /// The slope.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slope: f64,
    /// The season of the next steps, in order; none without a season.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<f64>,
    /// Standard deviation of the errors: relative to the forecast where the form's are.
    pub sigma: f64,
    /// The corrected Akaike criterion, as R's `ets` counts it; none without a likelihood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aicc: Option<f64>,
    /// In-sample one-step errors.
    #[serde(skip)]
    pub scores: Scores,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(x: &f64) -> bool {
    *x == 1.0
}

const fn one() -> f64 {
    1.0
}

impl EtsSpec {
    /// Fits a series of at least one value; `season` is the length of the season in steps, 1 for none.
    pub(super) fn fit(
        &self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedEts, FitError> {
        let Some(first) = values.first() else { return Err(FitError::TooShort { rows: 0 }) };
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        if !largest.is_finite() {
            return Err(FitError::NotFinite);
        }
        // A power of two changes no digit.
        let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
        workspace.values.clear();
        workspace.values.extend(values.iter().map(|y| libm::scalbn(*y, -exponent)));
        let scaled = if values.iter().all(|y| y == first) {
            FittedEts::constant(workspace.values[0])
        } else if values.len() <= FEW {
            self.fit_few(workspace, interrupt)?
        } else {
            let seasonal = (2..=LONGEST_SEASON).contains(&season) && season < values.len();
            self.choose(if seasonal { season } else { 1 }, exponent, interrupt, workspace)?
        };
        Ok(scaled.scaled(exponent, values.len()))
    }

    /// The form with the least AICc.
    fn choose(
        &self,
        period: usize,
        exponent: i32,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedEts, FitError> {
        let positive = workspace.values.iter().all(|y| *y > 0.0);
        let model = if positive { self.model } else { self.model.added() };
        let rows = workspace.values.len();
        let mut estimator = Estimator::new(workspace, period, exponent, interrupt);
        for model in [model, model.without_season(), EtsModel::SIMPLE] {
            let mut surveys: Vec<(f64, Survey)> = Vec::new();
            for form in model.forms(self.damped) {
                let period = if form.season == Seasonality::None { 1 } else { period };
                let parameters = form.parameters(period);
                let estimable = parameters + 2 < rows
                    && (positive || !(form.relative || form.season == Seasonality::Multiplicative))
                    && (period > 1 || form.season == Seasonality::None);
                if estimable {
                    let survey = estimator.survey(form)?;
                    surveys.push((criterion(rows, parameters, survey.least().max(estimator.negligible())), survey));
                }
            }
            // The better the first forms are, the sooner others are seen to be worse.
            surveys.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut best: Option<(f64, Estimate)> = None;
            for (_, mut survey) in surveys {
                let period = if survey.form.season == Seasonality::None { 1 } else { period };
                let parameters = survey.form.parameters(period);
                let rival = best.as_ref().map_or(f64::INFINITY, |(aicc, _)| {
                    libm::exp((aicc - criterion(rows, parameters, 1.0)) / rows as f64)
                });
                if let Some(estimate) = estimator.estimate(&mut survey, rival)? {
                    let aicc = criterion(rows, parameters, estimate.sum.max(estimator.negligible()));
                    if best.as_ref().is_none_or(|(least, _)| aicc < *least) {
                        best = Some((aicc, estimate));
                    }
                }
            }
            if let Some((aicc, estimate)) = best {
                return Ok(FittedEts::new(&estimate, Some(aicc), estimator.recursion(estimate.form)));
            }
        }
        Err(FitError::NotFinite)
    }

    /// The better of two methods that begin at the first values.
    fn fit_few(&self, workspace: &mut Workspace, interrupt: Interrupt<'_>) -> Result<FittedEts, FitError> {
        let simple = Form { relative: false, trend: Trend::None, season: Seasonality::None };
        let (level, slope) = (workspace.values[0], workspace.values[1] - workspace.values[0]);
        let mut best = few::from_states(workspace, simple, [level, 0.0], interrupt)?;
        if self.model.allows_trend() && workspace.values.len() > 2 {
            let holt = Form { trend: Trend::Additive, ..simple };
            let other = few::from_states(workspace, holt, [level, slope], interrupt)?;
            best = if other.sum < best.sum { other } else { best };
        }
        let form = best.form;
        Ok(FittedEts::new(&best, None, Estimator::new(workspace, 1, 0, interrupt).recursion(form)))
    }
}

impl FittedEts {
    /// The states after the last value, and the sizes of the errors.
    fn new(estimate: &Estimate, aicc: Option<f64>, mut recursion: Recursion<'_>) -> Self {
        let form = estimate.form;
        let rows = recursion.values.len() as f64;
        let (mut squares, mut errors, mut raw_squares) = (0.0, 0.0, 0.0);
        recursion.run(&estimate.variables, |y, forecast| {
            let error = y - forecast;
            let residual = if form.relative { error / forecast } else { error };
            squares += residual * residual;
            raw_squares += error * error;
            errors += error.abs();
            true
        });
        // Residuals have lost as many degrees of freedom as statsforecast counts; R's means of few values lose none.
        let freedom = aicc.map_or(rows, |_| rows - form.parameters(recursion.period) as f64 - 2.0);
        let smoothing = Recursion::smoothing(&estimate.variables);
        let mut seasons = Vec::new();
        if form.season != Seasonality::None {
            seasons.clone_from(&recursion.buffers.seasons);
            seasons.rotate_left(recursion.values.len() % recursion.period);
        }
        Self {
            form,
            alpha: smoothing.alpha,
            beta: smoothing.beta,
            gamma: smoothing.gamma,
            phi: smoothing.phi,
            level: recursion.buffers.level,
            slope: recursion.buffers.slope,
            seasons,
            sigma: (squares / freedom).sqrt(),
            aicc,
            scores: Scores { mae: errors / rows, rmse: (raw_squares / rows).sqrt() },
        }
    }

    /// What continues equal values.
    const fn constant(level: f64) -> Self {
        Self {
            form: Form { relative: false, trend: Trend::None, season: Seasonality::None },
            alpha: HIGHEST,
            beta: 0.0,
            gamma: 0.0,
            phi: 1.0,
            level,
            slope: 0.0,
            seasons: Vec::new(),
            sigma: 0.0,
            aicc: None,
            scores: Scores { mae: 0.0, rmse: 0.0 },
        }
    }

    /// The fit to values 2^exponent times as large.
    fn scaled(mut self, exponent: i32, rows: usize) -> Self {
        let scale = |x: &mut f64| *x = libm::scalbn(*x, exponent);
        scale(&mut self.level);
        scale(&mut self.slope);
        if self.form.season == Seasonality::Additive {
            self.seasons.iter_mut().for_each(scale);
        }
        if !self.form.relative {
            scale(&mut self.sigma);
        }
        scale(&mut self.scores.mae);
        scale(&mut self.scores.rmse);
        self.aicc = self.aicc.map(|aicc| aicc + 2.0 * rows as f64 * std::f64::consts::LN_2 * f64::from(exponent));
        self
    }

    /// Checks what a file says.
    pub(super) fn check(&self) -> Result<()> {
        if self.seasons.is_empty() != (self.form.season == Seasonality::None) {
            let (form, seasons) = (self.form, self.seasons.len());
            return Err(Error::Data(format!("form is {form}, which does not agree with {seasons} values of seasons")));
        }
        let shares = [("alpha", self.alpha), ("beta", self.beta), ("gamma", self.gamma), ("phi", self.phi)];
        for (name, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Data(format!("{name} is {share}: it is from 0 to 1")));
            }
        }
        if self.sigma < 0.0 {
            return Err(Error::Data(format!("sigma is {}: a standard deviation is not negative", self.sigma)));
        }
        Ok(())
    }
}

/// AICc, up to what is the same for all forms.
fn criterion(rows: usize, parameters: usize, sum: f64) -> f64 {
    let (n, k) = (rows as f64, parameters as f64 + 1.0);
    n * libm::log(sum) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)
}

#[cfg(test)]
mod tests;
