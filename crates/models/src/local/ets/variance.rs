//! Point forecasts and the variance of their errors.
//!
//! Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008, chapter 6. Their classes 1 and 2 are written in
//! c_j, the weight that an error has j steps later. For class 3 their matrices are reduced to the moments of level and slope: a
//! season multiplies, so it is the past factors 1 + γε of its own place.

use super::{FittedEts, form::Seasonality};
use crate::local::outlook::Outlook;

/// The largest deviation that is told: where relative errors are large, variances exceed all bounds.
const WIDEST: f64 = 1e300;

impl FittedEts {
    /// The next `horizon` steps. All forms have variances in closed form, so nothing is simulated.
    pub(in crate::local) fn outlook(&self, horizon: usize) -> Outlook {
        let mean = self.means(horizon);
        let variance = self.sigma * self.sigma;
        let deviation = if !self.form.relative {
            self.additive_errors(horizon)
        } else if self.form.season == Seasonality::Multiplicative {
            (1..=horizon).map(|step| self.multiplied(step, variance)).collect()
        } else {
            self.relative_errors(&mean, variance)
        };
        let deviation = deviation.into_iter().map(|d: f64| if d < WIDEST { d } else { WIDEST }).collect();
        Outlook { mean, deviation, simulated: Vec::new() }
    }

    fn means(&self, horizon: usize) -> Vec<f64> {
        let (mut level, mut slope) = (self.level, self.slope);
        (0..horizon)
            .map(|step| {
                slope *= self.phi;
                level += slope;
                match self.form.season {
                    Seasonality::None => level,
                    Seasonality::Additive => level + self.season(step),
                    Seasonality::Multiplicative => level * self.season(step),
                }
            })
            .collect()
    }

    fn season(&self, step: usize) -> f64 {
        self.seasons[step % self.seasons.len()]
    }

    /// The weights of an error 1, 2, … steps later.
    fn weights(&self) -> impl Iterator<Item = f64> {
        let (mut power, mut sum) = (1.0, 0.0);
        (1_usize..).map(move |step| {
            power *= self.phi;
            sum += power;
            let season =
                if !self.seasons.is_empty() && step.is_multiple_of(self.seasons.len()) { self.gamma } else { 0.0 };
            self.alpha + self.beta * sum + season
        })
    }

    /// Class 1: σ² (1 + Σ c²).
    fn additive_errors(&self, horizon: usize) -> Vec<f64> {
        let mut sum = 1.0;
        let mut weights = self.weights();
        let mut next = || {
            let weight = weights.next().unwrap_or(0.0);
            let deviation = self.sigma * f64::sqrt(sum);
            sum += weight * weight;
            deviation
        };
        (0..horizon).map(|_| next()).collect()
    }

    /// Class 2: θₕ = μₕ² + σ² Σ cⱼ² θₕ₋ⱼ and (1 + σ²) θₕ − μₕ², which is σ² θₕ + (θₕ − μₕ²).
    fn relative_errors(&self, mean: &[f64], variance: f64) -> Vec<f64> {
        // Squares of very large and very small values would overflow or underflow: values are divided by the largest first.
        let largest = mean.iter().fold(f64::MIN_POSITIVE, |largest, y| largest.max(y.abs()));
        let squares: Vec<f64> = self.weights().take(mean.len()).map(|weight| weight * weight).collect();
        let mut thetas: Vec<f64> = Vec::with_capacity(mean.len());
        let mut deviations = Vec::with_capacity(mean.len());
        for y in mean {
            let spread = variance * squares.iter().zip(thetas.iter().rev()).map(|(c, theta)| c * theta).sum::<f64>();
            let theta = (y / largest) * (y / largest) + spread;
            thetas.push(theta);
            deviations.push(largest * (variance * theta + spread).sqrt());
        }
        deviations
    }

    /// Class 3: the deviation some steps ahead, from the moments of level and slope.
    ///
    /// With q = l + φb, each error takes them to q (1 + αε) and φb + βqε. At the steps that are whole seasons before the last one,
    /// the season takes a factor 1 + γε with the same ε.
    fn multiplied(&self, steps: usize, variance: f64) -> f64 {
        let Self { alpha, beta, gamma, phi, .. } = *self;
        let largest = self.level.abs().max(self.slope.abs()).max(f64::MIN_POSITIVE);
        let (mut l, mut b) = (self.level / largest, self.slope / largest);
        let (mut ll, mut lb, mut bb) = (l * l, l * b, b * b);
        for step in 1..steps {
            // Moments of ε⁰, ε¹, ε² under the weight (1 + γε)², and of ε under 1 + γε.
            let (zeroth, first, second, mixed) = if (steps - step).is_multiple_of(self.seasons.len()) {
                let square = gamma * gamma * variance;
                (1.0 + square, 2.0 * gamma * variance, variance * (1.0 + 3.0 * square), gamma * variance)
            } else {
                (1.0, 0.0, variance, 0.0)
            };
            let (q, qq, qb) = (l + phi * b, ll + phi * (2.0 * lb + phi * bb), lb + phi * bb);
            (l, b) = (q * (1.0 + alpha * mixed), phi * b + beta * q * mixed);
            ll = qq * (zeroth + 2.0 * alpha * first + alpha * alpha * second);
            lb = phi * qb * (zeroth + alpha * first) + beta * qq * (first + alpha * second);
            bb = phi * phi * bb * zeroth + 2.0 * phi * beta * qb * first + beta * beta * qq * second;
        }
        let (q, qq) = (l + phi * b, ll + phi * (2.0 * lb + phi * bb));
        largest * self.season(steps - 1).abs() * (qq * variance + (qq - q * q).max(0.0)).sqrt()
    }
}
