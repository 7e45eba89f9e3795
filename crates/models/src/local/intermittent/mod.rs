//! Intermittent demand: series of counts that are zero at most steps.
//!
//! Croston, Forecasting and stock control for intermittent demands, Operational Research Quarterly 23(3), 1972; with the correction of
//! Syntetos and Boylan, The accuracy of intermittent demand estimates, International Journal of Forecasting 21(2), 2005; Teunter,
//! Syntetos and Babai, Intermittent demand: linking forecasting to inventory obsolescence, European Journal of Operational Research
//! 214(3), 2011; Nikolopoulos et al., An aggregate–disaggregate intermittent demand approach (ADIDA) to forecasting, Journal of the
//! Operational Research Society 62(3), 2011; Petropoulos and Kourentzes, Forecast combinations for intermittent demand, same journal
//! 66(6), 2015. Smoothing parameters are those of Nixtla's statsforecast, and so are the forecasts.
//!
//! A forecast is one number for all steps. None of the papers says how it is distributed: its deviation is that of the one-step
//! errors within the history, for all steps.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | a specification, a fitted model |
//! | `smoothing.rs` | exponential smoothing and its parameter |

mod smoothing;
#[cfg(test)]
mod tests;

use super::outlook::Outlook;
use crate::{
    Error, Result,
    fit_error::FitError,
    forecast::Scores,
    interrupt::{Interrupt, Interruption},
};
use serde::{Deserialize, Serialize};
use smoothing::{Level, best_alpha};

/// Croston's smoothing parameter.
const CROSTON_ALPHA: f64 = 0.1;
/// What the correction of Syntetos and Boylan multiplies by: 1 − α/2.
const CORRECTION: f64 = 0.95;

/// A model of intermittent demand. It needs one row; without any demand it forecasts zero.
///
/// A demand is a value above zero. Between demands is time in steps; values below zero end such an interval and are no demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum IntermittentSpec {
    /// Croston's method: the smoothed demand by the smoothed interval, both with α = 0.1.
    CrostonClassic,
    /// Croston's method, with the α between 0.1 and 0.3 that has the least squared errors for each of the two.
    CrostonOptimized,
    /// Croston's method with the correction of Syntetos and Boylan: 0.95 of it.
    #[default]
    CrostonSba,
    /// Teunter, Syntetos and Babai: the smoothed demand times the smoothed probability of one, which falls with every step without.
    Tsb {
        /// Smoothing parameter of the demand, above 0 and at most 1.
        alpha_d: f64,
        /// Smoothing parameter of the probability, above 0 and at most 1.
        alpha_p: f64,
    },
    /// Sums over as many steps as lie between demands on average, smoothed with the α between 0.1 and 0.3 that has the least squared
    /// errors, and divided among the steps.
    Adida,
    /// The mean of what ADIDA forecasts with all sums over fewer steps.
    Imapa,
}

/// A fitted model of intermittent demand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedIntermittent {
    /// Which one.
    pub kind: IntermittentSpec,
    /// The forecast of every step.
    pub mean: f64,
    /// Root mean square of the one-step errors, from the first row that has a forecast.
    pub sigma: f64,
    /// In-sample errors, from the first row that has a forecast: after the first demand, or the first sum.
    #[serde(skip)]
    pub scores: Scores,
}

/// Buffers that are reused from fit to fit.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    values: Vec<f64>,
    demands: Vec<f64>,
    intervals: Vec<f64>,
    sums: Vec<f64>,
    /// One-step forecasts of the last rows.
    forecasts: Vec<f64>,
}

impl IntermittentSpec {
    /// The method of Teunter, Syntetos and Babai, with both parameters as Croston's.
    pub const TSB: Self = Self::Tsb { alpha_d: CROSTON_ALPHA, alpha_p: CROSTON_ALPHA };

    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrostonClassic => "croston-classic",
            Self::CrostonOptimized => "croston-optimized",
            Self::CrostonSba => "croston-sba",
            Self::Tsb { .. } => "tsb",
            Self::Adida => "adida",
            Self::Imapa => "imapa",
        }
    }

    /// Fits the model to equally spaced values.
    ///
    /// # Errors
    /// [`FitError::TooShort`] without values, [`FitError::Interrupted`].
    pub(crate) fn fit(
        self,
        values: &[f64],
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
    ) -> Result<FittedIntermittent, FitError> {
        if values.is_empty() {
            return Err(FitError::TooShort { rows: 0 });
        }
        interrupt.check()?;
        // A power of two, by which division does not round; squares of values of any size stay finite.
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        let unit = if largest > 0.0 { libm::ldexp(1.0, libm::frexp(largest).1 - 1) } else { 1.0 };
        scratch.prepare(values, unit);
        let mean = match self {
            Self::CrostonClassic => scratch.croston([CROSTON_ALPHA; 2], 1.0),
            Self::CrostonSba => scratch.croston([CROSTON_ALPHA; 2], CORRECTION),
            Self::CrostonOptimized => {
                let alphas = [best_alpha(&scratch.demands), best_alpha(&scratch.intervals)];
                scratch.croston(alphas, 1.0)
            }
            Self::Tsb { alpha_d, alpha_p } => scratch.tsb(alpha_d, alpha_p),
            Self::Adida => {
                let steps = scratch.mean_interval();
                scratch.aggregated(steps..=steps, interrupt)?
            }
            Self::Imapa => scratch.aggregated(1..=scratch.mean_interval(), interrupt)?,
        };
        let scores = scratch.scores(mean);
        Ok(FittedIntermittent {
            kind: self,
            mean: unit * mean,
            sigma: unit * scores.rmse,
            scores: Scores { mae: unit * scores.mae, rmse: unit * scores.rmse },
        })
    }
}

impl Scratch {
    fn prepare(&mut self, values: &[f64], unit: f64) {
        self.values.clear();
        self.values.extend(values.iter().map(|y| y / unit));
        self.demands.clear();
        self.demands.extend(self.values.iter().filter(|&&y| y > 0.0));
        self.intervals.clear();
        let mut before = 0;
        for (at, _) in (1_usize..).zip(&self.values).filter(|(_, y)| **y != 0.0) {
            self.intervals.push((at - before) as f64);
            before = at;
        }
        self.forecasts.clear();
    }

    /// Croston's method with the smoothing parameters of demand and interval. Without demand, the last value.
    fn croston(&mut self, [demand, interval]: [f64; 2], correction: f64) -> f64 {
        let (mut demand, mut interval) = (Level::new(demand), Level::new(interval));
        let (mut forecast, mut since) = (None, 0.0);
        for &y in &self.values {
            self.forecasts.extend(forecast);
            since += 1.0;
            if y != 0.0 {
                interval.update(since);
                since = 0.0;
            }
            if y > 0.0 {
                demand.update(y);
            }
            forecast = demand.value.zip(interval.value).map(|(demand, interval)| demand / interval * correction);
        }
        forecast.unwrap_or_else(|| self.values[self.values.len() - 1] * correction)
    }

    /// Without demand, zero.
    fn tsb(&mut self, alpha_d: f64, alpha_p: f64) -> f64 {
        let (mut demand, mut probability) = (Level::new(alpha_d), Level::new(alpha_p));
        let mut forecast = None;
        for &y in &self.values {
            self.forecasts.extend(forecast);
            probability.update(if y == 0.0 { 0.0 } else { 1.0 });
            if y > 0.0 {
                demand.update(y);
            }
            forecast = demand.value.zip(probability.value).map(|(demand, probability)| demand * probability);
        }
        forecast.unwrap_or(0.0)
    }

    /// Steps from demand to demand, at least one.
    fn mean_interval(&self) -> usize {
        let count = self.intervals.len().max(1) as f64;
        (self.intervals.iter().sum::<f64>() / count).round_ties_even().max(1.0) as usize
    }

    /// The mean of the forecasts with sums over each of these numbers of steps. The oldest values, which fill no sum, are left out.
    fn aggregated(
        &mut self,
        levels: std::ops::RangeInclusive<usize>,
        interrupt: Interrupt<'_>,
    ) -> Result<f64, Interruption> {
        let n = self.values.len();
        // What each row's forecast is more than that of the row before, summed over the levels.
        self.forecasts.resize(n + 1, 0.0);
        let (mut sum, mut first) = (0.0, 0);
        let count = levels.clone().count() as f64;
        for steps in levels {
            interrupt.check()?;
            self.sums.clear();
            self.sums.extend(self.values[n % steps..].chunks_exact(steps).map(|chunk| chunk.iter().sum::<f64>()));
            let mut level = Level::new(best_alpha(&self.sums));
            for (at, &chunk) in self.sums.iter().enumerate() {
                let begin = n % steps + at * steps;
                if let Some(forecast) = level.value {
                    self.forecasts[begin] += forecast / steps as f64;
                    self.forecasts[begin + steps] -= forecast / steps as f64;
                } else {
                    first = first.max(begin + steps);
                }
                level.update(chunk);
            }
            sum += level.value.unwrap_or(0.0) / steps as f64;
        }
        let mut running = 0.0;
        for change in &mut self.forecasts {
            running += *change;
            *change = running / count;
        }
        self.forecasts.truncate(n);
        self.forecasts.drain(..first.min(n));
        Ok(sum / count)
    }

    /// Errors of the last rows, which have forecasts; where none has one, errors of the mean.
    fn scores(&self, mean: f64) -> Scores {
        let rows = if self.forecasts.is_empty() { self.values.len() } else { self.forecasts.len() };
        let forecasts = self.forecasts.iter().copied().chain(std::iter::repeat(mean));
        let errors = self.values[self.values.len() - rows..].iter().zip(forecasts).map(|(y, forecast)| y - forecast);
        let (sum, squares) = errors.fold((0.0, 0.0), |(sum, squares), e| (sum + e.abs(), squares + e * e));
        Scores { mae: sum / rows as f64, rmse: (squares / rows as f64).sqrt() }
    }
}

impl FittedIntermittent {
    /// The next steps, which are all alike.
    pub(crate) fn outlook(&self, horizon: usize) -> Outlook {
        Outlook { mean: vec![self.mean; horizon], deviation: vec![self.sigma; horizon], simulated: Vec::new() }
    }

    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(crate) fn check(&self) -> Result<()> {
        if self.sigma.is_nan() || self.sigma < 0.0 {
            return Err(Error::Data(format!("sigma is {}: a standard deviation is not negative", self.sigma)));
        }
        Ok(())
    }
}
