//! From a fitted model to a forecast: trend, components, yhat and its interval.

use super::{
    features::{Component, Family},
    fitted::FittedProphet,
    posterior::inverse_logit,
    spec::Growth,
    terms::Mode,
};
use crate::{
    data::{CovariateError, Covariates},
    forecast::Forecast,
    forecast_request::{ForecastRequest, Future, Past},
    interrupt::{Interrupt, Interruption},
    linear_algebra::add_scaled,
    quantiles::{normal_quantile, quantiles_in_place},
};
use rand::{Rng, RngExt};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use std::borrow::Cow;

/// The interval of a forecast.
#[derive(Clone, Copy, Debug)]
pub struct Uncertainty {
    /// Probability that the interval should cover, from 0 to below 1.
    pub interval_width: f64,
    /// Simulated futures; 0 for no interval.
    pub samples: usize,
}

impl FittedProphet {
    /// Forecasts for a request, regardless of the bound: finds the dates, the columns and the holidays that the forecast depends on.
    pub(crate) fn answer(&self, request: &ForecastRequest<'_>) -> Result<Forecast, CovariateError> {
        let (needed, wanted): (Vec<_>, Vec<_>) = (self.columns().collect(), self.all_columns().collect());
        let (last_value, last_date) = (self.last_value(), self.last_date());
        let future = Future::new(request, Past { last_value, last_date, needed: &needed, wanted: &wanted })?;
        let first = future.dates.first().copied().unwrap_or(i64::MAX);
        let history = request.history.partition_point(|&date| date < first);
        let mut asked = Cow::Borrowed(&*future.dates);
        if history > 0 {
            asked.to_mut().splice(0..0, request.history[..history].iter().copied());
        }
        let mut dates = Cow::Borrowed(&*asked);
        if !dates.is_sorted_by(|a, b| a < b) {
            dates.to_mut().sort_unstable();
            dates.to_mut().dedup();
        }
        let mut model = Cow::Borrowed(self);
        if let Some(&last) = dates.last().filter(|_| self.unknown_holidays.is_some()) {
            model.to_mut().look_up_holidays(last).map_err(CovariateError::Holidays)?;
        }
        let Uncertainty { interval_width, samples } = self.uncertainty();
        let uncertainty = Uncertainty {
            interval_width: request.interval_width.unwrap_or(interval_width),
            samples: request.uncertainty_samples.unwrap_or(samples),
        };
        let forecast =
            model.forecast_unless(&dates, future.covariates(), uncertainty, request.seed, request.interrupt)?;
        if dates == asked {
            return Ok(forecast);
        }
        let place = |date: &i64| dates.partition_point(|other| other < date);
        Ok(forecast.select(&asked, &asked.iter().map(place).collect::<Vec<_>>()))
    }

    /// Predicts at the given dates, milliseconds since the epoch, increasing.
    ///
    /// The interval follows `Prophet.predict`: a future trend may bend at every step as often and as much as the past
    /// one did, and noise comes on top. At dates within the history only the noise is uncertain, which needs no draws.
    ///
    /// # Errors
    /// Where the covariates lack what [`FittedProphet::columns`] names, or the days of a country's holidays are not known until
    /// the last date.
    pub fn forecast(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        uncertainty: Uncertainty,
        seed: [u8; 32],
    ) -> Result<Forecast, CovariateError> {
        let forecast = self.forecast_unless(dates, covariates, uncertainty, seed, Interrupt::NONE)?;
        Ok(forecast.bounded(self.spec.lower_bound))
    }

    /// The same regardless of the bound, unless it is ended early.
    fn forecast_unless(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        uncertainty: Uncertainty,
        seed: [u8; 32],
        interrupt: Interrupt<'_>,
    ) -> Result<Forecast, CovariateError> {
        dates.last().map_or(Ok(()), |&last| self.check_holidays(last))?;
        let t: Vec<f64> = dates.iter().map(|&ms| self.scaled_time(ms)).collect();
        let (floors, caps) = self.saturation(dates, covariates)?;
        let cap = |row: usize| caps.get(row).copied().unwrap_or(0.0);
        let trend: Vec<f64> = (t.iter().zip(&floors).enumerate())
            .map(|(row, (&t, floor))| self.scaled_trend(t, cap(row)) * self.y_scale + floor)
            .collect();

        let (components, [additive_terms, multiplicative_terms]) = self.sum_terms(dates, covariates, interrupt)?;
        let yhat: Vec<f64> = (trend.iter().zip(&multiplicative_terms).zip(&additive_terms))
            .map(|((trend, multiplicative), additive)| trend * (1.0 + multiplicative) + additive)
            .collect();

        let mut forecast = Forecast {
            dates: dates.to_vec(),
            yhat_lower: yhat.clone(),
            yhat_upper: yhat.clone(),
            trend_lower: trend.clone(),
            trend_upper: trend.clone(),
            yhat,
            trend,
            additive_terms,
            multiplicative_terms,
            components,
        };
        if uncertainty.samples > 0 {
            self.widen(&t, &caps, &mut forecast, uncertainty, &mut ChaCha8Rng::from_seed(seed), interrupt)?;
        }
        Ok(forecast)
    }

    /// The interval that was set when the model was fitted.
    #[must_use]
    pub const fn uncertainty(&self) -> Uncertainty {
        Uncertainty { interval_width: self.spec.interval_width, samples: self.spec.uncertainty_samples }
    }

    /// The floors in the units of the input, and for logistic growth the scaled caps above them.
    fn saturation(&self, dates: &[i64], covariates: Covariates<'_>) -> Result<(Vec<f64>, Vec<f64>), CovariateError> {
        if self.spec.growth != Growth::Logistic {
            return Ok((vec![self.floor; dates.len()], Vec::new()));
        }
        let limits = |name, constant, usual| match constant {
            Some(limit) => Ok(vec![limit; dates.len()]),
            None => covariates.values_at(name, dates, usual),
        };
        let floors = if self.logistic_floor {
            limits("floor", self.spec.floor, self.usual_floor)?
        } else {
            vec![self.floor; dates.len()]
        };
        let mut caps = limits("cap", self.spec.cap, self.usual_cap)?;
        for (row, (cap, &floor)) in caps.iter_mut().zip(&floors).enumerate() {
            if *cap <= floor {
                return Err(CovariateError::CapBelowFloor { date: dates[row], cap: *cap, floor });
            }
            *cap = (*cap - floor) / self.y_scale;
        }
        Ok((floors, caps))
    }

    /// Every component and Python's groups of them by name, and the sums of the additive and of the multiplicative ones.
    #[expect(clippy::type_complexity, reason = "named columns and two sums, taken apart by the only caller")]
    fn sum_terms(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        interrupt: Interrupt<'_>,
    ) -> Result<(Vec<(String, Vec<f64>)>, [Vec<f64>; 2]), CovariateError> {
        let features = self.terms.features(dates, covariates)?;
        let column = |j: usize| &features[j * dates.len()..(j + 1) * dates.len()];
        let mut components = Vec::new();
        let mut sums = [vec![0.0; dates.len()], vec![0.0; dates.len()]];
        let mut holidays: Option<Vec<f64>> = None;
        let mut regressors: [Option<Vec<f64>>; 2] = [None, None];
        for Component { name, family, mode, columns } in self.terms.components() {
            let unit = if mode == Mode::Additive { self.y_scale } else { 1.0 };
            let mut effect = vec![0.0; dates.len()];
            for j in columns {
                interrupt.check()?;
                add_scaled(&mut effect, self.parameters.beta[j] * unit, column(j));
            }
            let group = match family {
                Family::Seasonality => None,
                Family::Holiday => Some(&mut holidays),
                Family::Regressor => Some(&mut regressors[mode as usize]),
            };
            if let Some(group) = group {
                add_scaled(group.get_or_insert_with(|| vec![0.0; dates.len()]), 1.0, &effect);
            }
            add_scaled(&mut sums[mode as usize], 1.0, &effect);
            components.push((name.to_owned(), effect));
        }
        let [additive, multiplicative] = regressors;
        let groups = [
            ("holidays", holidays),
            ("extra_regressors_additive", additive),
            ("extra_regressors_multiplicative", multiplicative),
        ];
        components.extend(groups.into_iter().filter_map(|(name, sum)| Some((name.to_owned(), sum?))));
        Ok((components, sums))
    }

    /// Adds the intervals to a forecast that has none.
    fn widen(
        &self,
        t: &[f64],
        caps: &[f64],
        forecast: &mut Forecast,
        Uncertainty { interval_width, samples }: Uncertainty,
        rng: &mut impl Rng,
        interrupt: Interrupt<'_>,
    ) -> Result<(), Interruption> {
        let (low, high) = ((1.0 - interval_width) / 2.0, f64::midpoint(1.0, interval_width));
        let sigma = self.parameters.sigma * self.y_scale;
        let past = if self.spec.growth == Growth::Flat { t.len() } else { t.partition_point(|&t| t <= 1.0) };
        for i in 0..past {
            forecast.yhat_lower[i] += sigma * normal_quantile(low);
            forecast.yhat_upper[i] += sigma * normal_quantile(high);
        }
        let steps = t.len() - past;
        if steps == 0 {
            return Ok(());
        }
        let mut walks = TrendWalks::new(self, &t[past..], samples);
        let mut draws = vec![0.0; samples];
        for (i, &t) in t.iter().enumerate().skip(past) {
            interrupt.check()?;
            match caps.get(i) {
                Some(cap) => walks.step_logistic(t, *cap, &mut draws, rng),
                None => walks.step(&mut draws, rng),
            }
            let (trend, yhat) = (forecast.trend[i], forecast.yhat[i]);
            let (lower, upper) = quantiles_in_place(&mut draws, low, high);
            (forecast.trend_lower[i], forecast.trend_upper[i]) = (trend + lower, trend + upper);
            let factor = 1.0 + forecast.multiplicative_terms[i];
            for draw in &mut draws {
                let noise: f64 = StandardNormal.sample(rng);
                *draw = *draw * factor + sigma * noise;
            }
            let (lower, upper) = quantiles_in_place(&mut draws, low, high);
            (forecast.yhat_lower[i], forecast.yhat_upper[i]) = (yhat + lower, yhat + upper);
        }
        Ok(())
    }
}

/// Simulated departures from the expected trend after the history, one walk per sample.
///
/// At every step the slope changes with probability S · (spacing in scaled time), by a Laplace draw with the mean size of
/// the past changes; a change acts half in its own step and half in the next. All walks advance together, so that memory
/// does not grow with the horizon.
struct TrendWalks {
    walks: Vec<Walk>,
    probability: f64,
    /// Mean size of a change of slope.
    scale: f64,
    /// Between two steps, in scaled time.
    spacing: f64,
    y_scale: f64,
    /// Slope and level at t = 0 of the expected path of logistic growth, and the scaled time of the last step.
    path: (f64, f64),
    before: f64,
}

#[derive(Clone, Default)]
struct Walk {
    slope: f64,
    departure: f64,
    /// The change of slope at the step before.
    last: f64,
}

impl Walk {
    /// With some probability draws a change of slope of a mean size.
    fn change_slope(&mut self, probability: f64, scale: f64, rng: &mut impl Rng) {
        let change = if rng.random::<f64>() < probability { scale * laplace(rng) } else { 0.0 };
        self.slope += f64::midpoint(self.last, change);
        self.last = change;
    }
}

impl TrendWalks {
    /// Walks along the scaled times of the future, of which there is at least one.
    fn new(fitted: &FittedProphet, t: &[f64], samples: usize) -> Self {
        let steps = t.len();
        let spacing = if steps > 1 {
            (t[steps - 1] - t[0]) / (steps - 1) as f64
        } else {
            // A single step has no spacing: take the mean of the kept history.
            let (first, last) = (fitted.history[0].timestamp, fitted.history[fitted.history.len() - 1].timestamp);
            fitted.scaled_time(fitted.start + (last - first)) / (fitted.history.len() - 1) as f64
        };
        let delta = &fitted.parameters.delta;
        Self {
            walks: vec![Walk::default(); samples],
            probability: (fitted.changepoints_t.len() as f64 * spacing).min(1.0),
            scale: delta.iter().map(|d| d.abs()).sum::<f64>() / delta.len().max(1) as f64 + 1e-8,
            spacing,
            y_scale: fitted.y_scale,
            path: stepwise_path(fitted, spacing),
            before: t[0],
        }
    }

    /// Advances every walk by a step and writes its departure, in the units of the input, to `draws`.
    fn step(&mut self, draws: &mut [f64], rng: &mut impl Rng) {
        let unit = self.spacing * self.y_scale;
        for (walk, draw) in self.walks.iter_mut().zip(draws) {
            walk.change_slope(self.probability, self.scale, rng);
            walk.departure += walk.slope;
            *draw = walk.departure * unit;
        }
    }

    /// The same for logistic growth: the exponent walks, a change of slope acts from its step on, and the departure is from the
    /// walks' mean.
    fn step_logistic(&mut self, t: f64, cap: f64, draws: &mut [f64], rng: &mut impl Rng) {
        let expected = self.path.0 * t + self.path.1;
        let passed = t - self.before;
        for (walk, draw) in self.walks.iter_mut().zip(&mut *draws) {
            walk.departure += walk.slope * passed;
            walk.change_slope(self.probability, self.scale, rng);
            *draw = cap * inverse_logit(expected + walk.departure) * self.y_scale;
        }
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        for draw in draws {
            *draw -= mean;
        }
        self.before = t;
    }
}

/// The path of logistic growth after the history, as in `Prophet._make_historical_mat_time`: each change acts from the first
/// multiple of the spacing after its changepoint, and of several on one multiple the last alone.
fn stepwise_path(fitted: &FittedProphet, spacing: f64) -> (f64, f64) {
    let (mut slope, mut level) = (fitted.parameters.k, -fitted.parameters.k * fitted.parameters.m);
    let step = |s: f64| (s / spacing).floor() + 1.0;
    let mut changes = fitted.changepoints_t.iter().zip(&fitted.parameters.delta).peekable();
    while let Some((&s, delta)) = changes.next() {
        if changes.peek().is_none_or(|(next, _)| step(**next) > step(s)) {
            slope += delta;
            level -= delta * step(s) * spacing;
        }
    }
    (slope, level)
}

/// A draw from the standard Laplace distribution, by its inverse distribution function.
fn laplace(rng: &mut impl Rng) -> f64 {
    // In (0, 1): the logarithm of either half is finite.
    let u: f64 = rng.sample(rand::distr::Open01);
    if u < 0.5 { libm::log(2.0 * u) } else { -libm::log(2.0 * (1.0 - u)) }
}
