//! From a fitted model to a forecast: trend, components, yhat and its interval.

use super::{calendar::fourier_features, fitted::FittedProphet, spec::Growth};
use crate::models::{Forecast, normal_quantile, quantiles_in_place};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

impl FittedProphet {
    /// Predicts at the given dates, milliseconds since the epoch, increasing.
    ///
    /// The interval follows `Prophet.predict`: a future trend may bend at every step as often and as much as the past
    /// one did, and noise comes on top. At dates within the history only the noise is uncertain, which needs no draws.
    pub fn forecast(&self, dates: &[i64], rng: &mut impl Rng) -> Forecast {
        let t: Vec<f64> = dates.iter().map(|&ms| self.scaled_time(ms)).collect();
        let trend: Vec<f64> = t.iter().map(|&t| self.scaled_trend(t) * self.y_scale + self.floor).collect();

        let features = fourier_features(dates, &self.seasonalities);
        let mut columns = features.chunks_exact(dates.len().max(1)).zip(&self.parameters.beta);
        let components: Vec<(String, Vec<f64>)> = self
            .seasonalities
            .iter()
            .map(|seasonality| {
                let mut effect = vec![0.0; dates.len()];
                for (column, beta) in columns.by_ref().take(2 * seasonality.fourier_order) {
                    super::linear_algebra::add_scaled(&mut effect, beta * self.y_scale, column);
                }
                (seasonality.name.clone(), effect)
            })
            .collect();
        let additive: Vec<f64> =
            (0..dates.len()).map(|i| components.iter().map(|(_, effect)| effect[i]).sum()).collect();
        let yhat: Vec<f64> = trend.iter().zip(&additive).map(|(trend, additive)| trend + additive).collect();

        let mut forecast = Forecast {
            dates: dates.to_vec(),
            yhat_lower: yhat.clone(),
            yhat_upper: yhat.clone(),
            trend_lower: trend.clone(),
            trend_upper: trend.clone(),
            yhat,
            trend,
            additive_terms: additive,
            components,
        };
        if self.spec.uncertainty_samples > 0 {
            self.widen(&t, &mut forecast, rng);
        }
        forecast
    }

    /// Puts the intervals around a forecast that has none.
    fn widen(&self, t: &[f64], forecast: &mut Forecast, rng: &mut impl Rng) {
        let (low, high) = ((1.0 - self.spec.interval_width) / 2.0, f64::midpoint(1.0, self.spec.interval_width));
        let sigma = self.parameters.sigma * self.y_scale;
        let past = if self.spec.growth == Growth::Flat { t.len() } else { t.partition_point(|&t| t <= 1.0) };
        for i in 0..past {
            forecast.yhat_lower[i] += sigma * normal_quantile(low);
            forecast.yhat_upper[i] += sigma * normal_quantile(high);
        }
        let steps = t.len() - past;
        if steps == 0 {
            return;
        }
        let mut walks = TrendWalks::new(self, &t[past..]);
        let mut draws = vec![0.0; self.spec.uncertainty_samples];
        for i in past..t.len() {
            walks.step(&mut draws, rng);
            let (trend, yhat) = (forecast.trend[i], forecast.yhat[i]);
            let (lower, upper) = quantiles_in_place(&mut draws, low, high);
            (forecast.trend_lower[i], forecast.trend_upper[i]) = (trend + lower, trend + upper);
            for draw in &mut draws {
                let noise: f64 = StandardNormal.sample(rng);
                *draw += sigma * noise;
            }
            let (lower, upper) = quantiles_in_place(&mut draws, low, high);
            (forecast.yhat_lower[i], forecast.yhat_upper[i]) = (yhat + lower, yhat + upper);
        }
    }
}

/// Simulated departures from the expected trend after the history, one walk per sample.
///
/// At every step the slope changes with probability S · (spacing in scaled time), by a Laplace draw with the mean size of
/// the past changes; a change acts half in its own step and half in the next. All walks go one step at a time, so that
/// the memory they take does not grow with the horizon.
struct TrendWalks {
    walks: Vec<Walk>,
    probability: f64,
    /// Mean size of a change of slope.
    scale: f64,
    /// What a departure of 1 is in the units of the input.
    unit: f64,
}

#[derive(Clone, Default)]
struct Walk {
    slope: f64,
    departure: f64,
    /// The change of slope at the step before.
    last: f64,
}

impl TrendWalks {
    /// Walks along the scaled times of the future, of which there is at least one.
    fn new(fitted: &FittedProphet, t: &[f64]) -> Self {
        let steps = t.len();
        let spacing = if steps > 1 {
            (t[steps - 1] - t[0]) / (steps - 1) as f64
        } else {
            // One step has no spacing of its own: the mean of the history that was kept.
            let (first, last) = (fitted.history[0].timestamp, fitted.history[fitted.history.len() - 1].timestamp);
            fitted.scaled_time(fitted.start + (last - first)) / (fitted.history.len() - 1) as f64
        };
        let delta = &fitted.parameters.delta;
        Self {
            walks: vec![Walk::default(); fitted.spec.uncertainty_samples],
            probability: (fitted.changepoints_t.len() as f64 * spacing).min(1.0),
            scale: delta.iter().map(|d| d.abs()).sum::<f64>() / delta.len().max(1) as f64 + 1e-8,
            unit: spacing * fitted.y_scale,
        }
    }

    /// Takes every walk one step further and puts its departure, in the units of the input, into `draws`.
    fn step(&mut self, draws: &mut [f64], rng: &mut impl Rng) {
        for (walk, draw) in self.walks.iter_mut().zip(draws) {
            let change = if rng.random::<f64>() < self.probability { self.scale * laplace(rng) } else { 0.0 };
            walk.slope += f64::midpoint(walk.last, change);
            walk.departure += walk.slope;
            walk.last = change;
            *draw = walk.departure * self.unit;
        }
    }
}

/// A draw from the standard Laplace distribution, by its inverse distribution function.
fn laplace(rng: &mut impl Rng) -> f64 {
    // In (0, 1): the logarithm of either half is finite.
    let u: f64 = rng.sample(rand::distr::Open01);
    if u < 0.5 { libm::log(2.0 * u) } else { -libm::log(2.0 * (1.0 - u)) }
}
