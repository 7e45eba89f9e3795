//! Point forecasts and the variance of their errors.
//!
//! Differenced values follow from the state; the differences are then summed up again. The variance h steps ahead is
//! σ² (1 + ψ₁² + … + ψ²ₕ₋₁), with the weights ψ of the errors in the values themselves.

use super::{
    FittedArima,
    likelihood::Arma,
    polynomial::{differences, product},
};
use crate::local::outlook::Outlook;

/// The largest forecast and deviation that is told: those of twice differenced values grow without bound.
const WIDEST: f64 = 1e300;

impl FittedArima {
    /// The next `horizon` steps.
    pub(in crate::local) fn outlook(&self, horizon: usize) -> Outlook {
        let mut arma = Arma::default();
        product(&self.ar, &self.seasonal_ar, self.order.period, &mut arma.phi);
        // 1 + θB + … is 1 − (−θ)B − …
        let negative = |theta: &[f64]| theta.iter().map(|theta| -theta).collect::<Vec<_>>();
        product(&negative(&self.ma), &negative(&self.seasonal_ma), self.order.period, &mut arma.theta);
        arma.theta.iter_mut().for_each(|theta| *theta = -*theta);
        let differences = differences(&self.order);
        Outlook {
            mean: self.means(horizon, &arma, &differences),
            deviation: self.deviations(horizon, &arma, &differences),
            simulated: Vec::new(),
        }
    }

    fn means(&self, horizon: usize, arma: &Arma, differences: &[f64]) -> Vec<f64> {
        let mut state = self.state.clone();
        let mut values = self.tail.clone();
        for _ in 0..horizon {
            let first = state[0];
            state.copy_within(1.., 0);
            if let Some(last) = state.last_mut() {
                *last = 0.0;
            }
            for (element, phi) in state.iter_mut().zip(&arma.phi) {
                *element += phi * first;
            }
            let sums: f64 = differences.iter().zip(values.iter().rev()).map(|(c, y)| c * y).sum();
            values.push((self.mean + first + sums).clamp(-WIDEST, WIDEST));
        }
        values.split_off(self.tail.len())
    }

    fn deviations(&self, horizon: usize, arma: &Arma, differences: &[f64]) -> Vec<f64> {
        // ψ of the differenced values, and then of the values.
        let mut weights: Vec<f64> = Vec::with_capacity(horizon);
        let mut sums: Vec<f64> = Vec::with_capacity(horizon);
        let mut total = 0.0;
        (0..horizon)
            .map(|lag| {
                let moving = if lag == 0 { 1.0 } else { arma.theta.get(lag - 1).copied().unwrap_or(0.0) };
                let past: f64 = arma.phi.iter().zip(weights.iter().rev()).map(|(c, w)| c * w).sum();
                weights.push(moving + past);
                let past: f64 = differences.iter().zip(sums.iter().rev()).map(|(c, w)| c * w).sum();
                let weight = (weights[lag] + past).clamp(-WIDEST, WIDEST);
                sums.push(weight);
                total = f64::min(total + weight * weight, WIDEST);
                (self.sigma * f64::sqrt(total)).min(WIDEST)
            })
            .collect()
    }
}
