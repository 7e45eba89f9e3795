//! The exact Gaussian likelihood of stationary ARMA models, at several points at once.
//!
//! With the companion matrix T of φ, r = max(p, q + 1) elements of the state, and its first element the value, the filter needs of the
//! covariance P of the state given the past only F = P₁₁ and K = T P e₁. Since P starts as the stationary one, its change is of rank
//! one, and with a vector L that starts as K (Morf, Sidhu and Kailath, Some new algorithms for recursive estimation in constant,
//! linear, discrete-time systems, IEEE Transactions on Automatic Control 19(4), 1974) a step is
//!
//! ```text
//! v = w − a₁    a ← T a + K v / F    ρ = L₁ / F    K, L, F ← K − ρ T L,  T L − ρ K,  F (1 − ρ²)
//! ```
//!
//! where ρ are the partial autocorrelations of the process. So a step costs a few operations for each element.

use crate::interrupt::{Interrupt, Interruption};

/// Steps after which it is looked whether the filter has settled, and how small L then is beside F: K and F change by its square.
const CHECKED: usize = 16;
const SETTLED: f64 = 1e-7;

/// A model without its variance: φ and θ, from lag 1 on, of w = Σ φ w + ε + Σ θ ε.
#[derive(Clone, Debug, Default)]
pub(super) struct Arma {
    pub(super) phi: Vec<f64>,
    pub(super) theta: Vec<f64>,
    pub(super) mean: f64,
}

/// A filter of N models at once.
#[derive(Debug)]
pub(super) struct Filter<const N: usize> {
    /// φ that are not zero, with their places.
    phi: Vec<(usize, [f64; N])>,
    /// a and L, which move on by one place in each step.
    states: Vec<[f64; N]>,
    changes: Vec<[f64; N]>,
    gain: Vec<[f64; N]>,
    covariance: Vec<f64>,
    products: Vec<f64>,
    weights: Vec<f64>,
    /// v / √F of each value.
    pub(super) residuals: Vec<[f64; N]>,
    /// Σ log F.
    pub(super) logs: [f64; N],
}

impl<const N: usize> Default for Filter<N> {
    fn default() -> Self {
        Self {
            phi: Vec::new(),
            states: Vec::new(),
            changes: Vec::new(),
            gain: Vec::new(),
            residuals: Vec::new(),
            covariance: Vec::new(),
            products: Vec::new(),
            weights: Vec::new(),
            logs: [0.0; N],
        }
    }
}

impl<const N: usize> Filter<N> {
    /// Filters the values by each model; fewer models than lanes leave the rest as the last one.
    pub(super) fn filter(
        &mut self,
        values: &[f64],
        models: &[Arma],
        interrupt: Interrupt<'_>,
    ) -> Result<(), Interruption> {
        let size = models.iter().map(|arma| arma.phi.len().max(arma.theta.len() + 1)).max().unwrap_or(1);
        for (buffer, length) in [(&mut self.gain, size), (&mut self.states, values.len() + size)] {
            buffer.clear();
            buffer.resize(length, [0.0; N]);
        }
        let mut variance = [1.0; N];
        let mut means = [0.0; N];
        for lane in 0..N {
            let arma = &models[lane.min(models.len() - 1)];
            if lane < models.len() {
                variance[lane] = self.stationary(arma, lane);
            } else {
                variance[lane] = variance[lane - 1];
                for gain in &mut self.gain {
                    gain[lane] = gain[lane - 1];
                }
            }
            means[lane] = arma.mean;
        }
        self.phi.clear();
        for lag in 0..size {
            let phi: [f64; N] =
                std::array::from_fn(|lane| models[lane.min(models.len() - 1)].phi.get(lag).copied().unwrap_or(0.0));
            if phi.iter().any(|phi| *phi != 0.0) {
                self.phi.push((lag, phi));
            }
        }
        self.changes.clear();
        self.changes.extend_from_slice(&self.gain);
        self.changes.resize(values.len() + size, [0.0; N]);
        self.run(values, variance, means, interrupt)
    }

    fn run(
        &mut self,
        values: &[f64],
        mut variance: [f64; N],
        means: [f64; N],
        interrupt: Interrupt<'_>,
    ) -> Result<(), Interruption> {
        let Self { phi, states, gain, changes, residuals, logs, .. } = self;
        let size = gain.len();
        residuals.clear();
        *logs = [0.0; N];
        let mut products = [1.0; N];
        let mut settled = false;
        for (at, &w) in values.iter().enumerate() {
            // T moves elements up by one place: the vectors are windows that move on.
            let (first, head) = (states[at], changes[at]);
            let mut residual = [0.0; N];
            let mut step = [0.0; N];
            let mut share = [0.0; N];
            for lane in 0..N {
                let error = w - means[lane] - first[lane];
                step[lane] = error / variance[lane];
                residual[lane] = error / variance[lane].sqrt();
                share[lane] = head[lane] / variance[lane];
                products[lane] *= variance[lane];
            }
            residuals.push(residual);
            let state = &mut states[at + 1..][..size];
            let change = &mut changes[at + 1..][..size];
            for (lag, phi) in phi.iter() {
                for lane in 0..N {
                    state[*lag][lane] += phi[lane] * first[lane];
                    change[*lag][lane] += phi[lane] * head[lane];
                }
            }
            if settled {
                for (state, gain) in state.iter_mut().zip(gain.iter()) {
                    for lane in 0..N {
                        state[lane] += gain[lane] * step[lane];
                    }
                }
            } else {
                for ((state, gain), change) in state.iter_mut().zip(gain.iter_mut()).zip(change.iter_mut()) {
                    for lane in 0..N {
                        let (k, l) = (gain[lane], change[lane]);
                        state[lane] += k * step[lane];
                        gain[lane] = k - share[lane] * l;
                        change[lane] = l - share[lane] * k;
                    }
                }
                for lane in 0..N {
                    variance[lane] *= 1.0 - share[lane] * share[lane];
                }
            }
            if at % CHECKED == CHECKED - 1 {
                interrupt.check()?;
                for lane in 0..N {
                    logs[lane] += libm::log(products[lane]);
                }
                products = [1.0; N];
                if !settled {
                    settled = changes[at + 1..][..size]
                        .iter()
                        .all(|change| (0..N).all(|lane| change[lane].abs() < SETTLED * variance[lane]));
                    if settled {
                        changes.fill([0.0; N]);
                    }
                }
            }
        }
        for lane in 0..N {
            logs[lane] += libm::log(products[lane]);
        }
        Ok(())
    }

    /// After a pass: what the next values are expected to be beside their mean, and what autoregression makes of them.
    pub(super) fn state(&self) -> &[[f64; N]] {
        &self.states[self.states.len() - self.gain.len()..]
    }

    /// The stationary F of a model, and its K in this lane.
    ///
    /// K has the covariances of the value with what the next state is made of: of autoregressive lags, and of errors.
    fn stationary(&mut self, arma: &Arma, lane: usize) -> f64 {
        let size = self.gain.len();
        let (p, q) = (arma.phi.len(), arma.theta.len());
        self.autocovariances(arma, size);
        // ψ: the weights of the errors in the values.
        let Self { covariance, weights, gain, .. } = self;
        weights.clear();
        weights.push(1.0);
        for j in 1..=q {
            let ar: f64 = (1..=p.min(j)).map(|i| arma.phi[i - 1] * weights[j - i]).sum();
            weights.push(arma.theta[j - 1] + ar);
        }
        for (i, gain) in gain.iter_mut().enumerate() {
            let lags: f64 = (i..p).map(|j| arma.phi[j] * covariance[j - i]).sum();
            let errors: f64 = (i..q).map(|j| arma.theta[j] * weights[j - i]).sum();
            gain[lane] = lags + errors;
        }
        covariance[0]
    }

    /// Autocovariances of the model with errors of variance 1, from lag 0 to `last`, into `covariance`.
    ///
    /// Those of the autoregression alone come from its partial autocorrelations; the moving average is a filter of them.
    fn autocovariances(&mut self, arma: &Arma, last: usize) {
        let (p, q) = (arma.phi.len(), arma.theta.len());
        let Self { covariance, products, weights, .. } = self;
        let lags = last + q + 1;
        covariance.clear();
        covariance.resize(lags, 0.0);
        covariance[0] = 1.0;
        if p > 0 {
            // Predictors of all orders by stepping down, the one of order k at k (k − 1) / 2.
            weights.clear();
            weights.resize(p * (p + 1) / 2, 0.0);
            weights[p * (p - 1) / 2..].copy_from_slice(&arma.phi);
            for k in (1..p).rev() {
                let (low, high) = weights.split_at_mut(k * (k + 1) / 2);
                let partial = high[k];
                let scale = 1.0 / (1.0 - partial * partial);
                for (j, low) in low[k * (k - 1) / 2..].iter_mut().enumerate() {
                    *low = (high[j] + partial * high[k - 1 - j]) * scale;
                }
            }
            let partial = |k: usize| weights[k * (k + 1) / 2 - 1];
            covariance[0] = 1.0 / (1..=p).map(|k| 1.0 - partial(k) * partial(k)).product::<f64>();
            for k in 1..lags {
                let order = k.min(p);
                let predictor = &weights[order * (order - 1) / 2..][..order];
                // Up to lag p the last coefficient is the partial autocorrelation, times the variance that is left.
                covariance[k] = predictor.iter().zip(covariance[..k].iter().rev()).map(|(c, g)| c * g).sum();
            }
        }
        if q > 0 {
            // Those of the moving average itself.
            products.clear();
            products.extend((0..=q).map(|lag| {
                let theta = |j: usize| if j == 0 { 1.0 } else { arma.theta[j - 1] };
                (0..=q - lag).map(|j| theta(j) * theta(j + lag)).sum::<f64>()
            }));
            let filtered = |lag: usize| {
                (1..=q).map(|j| products[j] * (covariance[lag.abs_diff(j)] + covariance[lag + j])).sum::<f64>()
                    + products[0] * covariance[lag]
            };
            let all: Vec<f64> = (0..=last).map(filtered).collect();
            covariance[..=last].copy_from_slice(&all);
        }
        covariance.truncate(last + 1);
    }
}
