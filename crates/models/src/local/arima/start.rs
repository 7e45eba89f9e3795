//! Where the search for an order's coefficients begins: a regression on past values and on the errors of a long autoregression.
//!
//! Hannan and Rissanen, Recursive estimation of mixed autoregressive-moving average order, Biometrika 69(1), 1982. The products of
//! seasonal and other coefficients are left out of the regression.

use super::{
    order::{MOST_LAGS, Order},
    polynomial::to_partials,
};
use crate::linear_algebra::{back_substitute, cholesky, forward_substitute};

/// The longest lags of the autoregression: at least so many, or so many seasons, in at most this part of the values.
const LEAST: usize = 8;
const SEASONS: usize = 2;
const PART: usize = 4;

/// What is added to the diagonal of the normal equations, as a share of it.
const RIDGE: f64 = 1e-6;
/// The largest partial autocorrelation to begin at, and what coefficients of an unstable polynomial are multiplied by for each lag.
const LARGEST: f64 = 0.95;
const SHRINKAGE: f64 = 0.9;

/// Values without their mean, and the errors of a long autoregression of them.
#[derive(Debug, Default)]
pub(super) struct Regression {
    values: Vec<f64>,
    errors: Vec<f64>,
}

impl Regression {
    /// Prepares for orders of one series.
    pub(super) fn prepare(&mut self, values: &[f64], period: usize, constant: bool) {
        let n = values.len();
        let mean = if constant { values.iter().sum::<f64>() / n as f64 } else { 0.0 };
        self.values.clear();
        self.values.extend(values.iter().map(|w| w - mean));
        let most = (SEASONS * period).max(LEAST).min(n / PART);
        let w = &self.values;
        let covariance = |lag: usize| w[lag..].iter().zip(w).map(|(a, b)| a * b).sum::<f64>();
        let mut rest = covariance(0);
        let covariances: Vec<f64> = (0..=most).map(covariance).collect();
        let mut predictor: Vec<f64> = Vec::with_capacity(most);
        self.errors.clear();
        for (at, value) in w.iter().enumerate() {
            let predicted: f64 = predictor.iter().zip(w[..at].iter().rev()).map(|(c, w)| c * w).sum();
            self.errors.push(value - predicted);
            let k = predictor.len();
            if k == at && k < most && rest > 0.0 {
                // Levinson's step to one lag more.
                let explained: f64 = predictor.iter().enumerate().map(|(j, c)| c * covariances[k - j]).sum();
                let partial = (covariances[k + 1] - explained) / rest;
                let before = predictor.clone();
                for j in 0..k {
                    predictor[j] -= partial * before[k - 1 - j];
                }
                predictor.push(partial);
                rest *= 1.0 - partial * partial;
            }
        }
    }

    /// Partial autocorrelations of the order's four polynomials; none where the regression has no solution.
    pub(super) fn start(&self, order: &Order) -> Option<Vec<f64>> {
        let parts = order.parts();
        let k: usize = parts.iter().sum();
        let sources = [&self.values, &self.values, &self.errors, &self.errors];
        let spacing = [1, order.period, 1, order.period];
        let mut columns: Vec<(&[f64], usize)> = Vec::with_capacity(k);
        for ((source, space), count) in sources.into_iter().zip(spacing).zip(parts) {
            columns.extend((1..=count).map(|lag| (&source[..], lag * space)));
        }
        let first = columns.iter().map(|(_, lag)| *lag).max().unwrap_or(0);
        let n = self.values.len();
        if first + k >= n {
            return None;
        }
        let column = |(source, lag): &(&[f64], usize)| source[first - lag..n - lag].to_vec();
        let columns: Vec<Vec<f64>> = columns.iter().map(column).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut matrix = vec![0.0; k * k];
        let mut solution = vec![0.0; k];
        for i in 0..k {
            solution[i] = product(&columns[i], &self.values[first..]);
            for j in 0..=i {
                matrix[i * k + j] = product(&columns[i], &columns[j]);
            }
            matrix[i * k + i] *= 1.0 + RIDGE;
        }
        if !cholesky(&mut matrix, k) {
            return None;
        }
        forward_substitute(&matrix, k, &mut solution);
        back_substitute(&matrix, k, &mut solution);
        let mut rest = &solution[..];
        let mut start = Vec::with_capacity(order.parameters());
        for (part, count) in parts.into_iter().enumerate() {
            let (coefficients, others) = rest.split_at(count);
            rest = others;
            let sign = if part < 2 { 1.0 } else { -1.0 };
            let mut stable = [0.0; MOST_LAGS];
            for (stable, coefficient) in stable.iter_mut().zip(coefficients) {
                *stable = sign * coefficient;
            }
            start.extend_from_slice(&partials(&mut stable[..count])[..count]);
        }
        start.iter().all(|partial| partial.is_finite()).then_some(start)
    }
}

/// The partial autocorrelations of coefficients, which are shrunk until they are stable.
fn partials(coefficients: &mut [f64]) -> [f64; MOST_LAGS] {
    for _ in 0..100 {
        if let Some(partials) = to_partials(coefficients) {
            return partials.map(|partial| partial.clamp(-LARGEST, LARGEST));
        }
        let mut power = 1.0;
        for coefficient in coefficients.iter_mut() {
            power *= SHRINKAGE;
            *coefficient *= power;
        }
    }
    [0.0; MOST_LAGS]
}
