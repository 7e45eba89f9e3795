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
        let samples = self.spec.uncertainty_samples;
        let mut draws = self.trend_draws(&t[past..], samples, rng);
        for (step, draws) in draws.chunks_exact_mut(samples).enumerate() {
            let i = past + step;
            let (trend, yhat) = (forecast.trend[i], forecast.yhat[i]);
            let (lower, upper) = quantiles_in_place(draws, low, high);
            (forecast.trend_lower[i], forecast.trend_upper[i]) = (trend + lower, trend + upper);
            for draw in draws.iter_mut() {
                let noise: f64 = StandardNormal.sample(rng);
                *draw += sigma * noise;
            }
            let (lower, upper) = quantiles_in_place(draws, low, high);
            (forecast.yhat_lower[i], forecast.yhat_upper[i]) = (yhat + lower, yhat + upper);
        }
    }

    /// Simulated departures from the expected trend after the history, shape (steps, samples), in the input's units.
    ///
    /// At every step the slope changes with probability S · (spacing in scaled time), by a Laplace draw with the mean
    /// size of the past changes; a change acts half in its own step and half in the next.
    fn trend_draws(&self, t: &[f64], samples: usize, rng: &mut impl Rng) -> Vec<f64> {
        let steps = t.len();
        let spacing = if steps > 1 {
            (t[steps - 1] - t[0]) / (steps - 1) as f64
        } else {
            // One step has no spacing of its own: the mean of the history that was kept.
            let (first, last) = (self.history[0].timestamp, self.history[self.history.len() - 1].timestamp);
            self.scaled_time(self.start + (last - first)) / (self.history.len() - 1) as f64
        };
        let probability = (self.changepoints_t.len() as f64 * spacing).min(1.0);
        let delta = &self.parameters.delta;
        let scale = delta.iter().map(|d| d.abs()).sum::<f64>() / delta.len().max(1) as f64 + 1e-8;
        let mut draws = vec![0.0; steps * samples];
        for sample in 0..samples {
            let (mut slope, mut departure, mut last) = (0.0, 0.0, 0.0);
            for step in 0..steps {
                let change = if rng.random::<f64>() < probability { scale * laplace(rng) } else { 0.0 };
                slope += f64::midpoint(last, change);
                departure += slope;
                last = change;
                draws[step * samples + sample] = departure * spacing * self.y_scale;
            }
        }
        draws
    }
}

/// A draw from the standard Laplace distribution, by its inverse distribution function.
fn laplace(rng: &mut impl Rng) -> f64 {
    // In (0, 1): the logarithm of either half is finite.
    let u: f64 = rng.sample(rand::distr::Open01);
    if u < 0.5 { libm::log(2.0 * u) } else { -libm::log(2.0 * (1.0 - u)) }
}
