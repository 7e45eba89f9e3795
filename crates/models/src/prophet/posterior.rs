//! What is maximised: the design, the parameters, and the log posterior of one given the other.

use super::spec::Growth;
use crate::linear_algebra::add_scaled;

/// The model's inputs apart from y, in Prophet's scaled units.
#[derive(Clone, Debug, Default)]
pub(super) struct Design {
    /// Linear, flat or logistic.
    pub(super) growth: Growth,
    /// Time scaled to [0, 1], shape (n), sorted.
    pub(super) t: Vec<f64>,
    /// Times of the potential changepoints, shape (S), sorted.
    pub(super) changepoints: Vec<f64>,
    /// τ, the scale of their Laplace prior.
    pub(super) changepoint_prior_scale: f64,
    /// X, shape (n, K), column after column.
    pub(super) features: Vec<f64>,
    /// σ_j, the scale of each feature's normal prior, shape (K).
    pub(super) prior_scales: Vec<f64>,
    /// Whether each feature multiplies the trend, shape (K).
    pub(super) multiplicative: Vec<bool>,
    /// The capacity of logistic growth at each row, above the floor, shape (n); empty for other growth.
    pub(super) cap: Vec<f64>,
}

/// The unknowns of the model, in Prophet's scaled units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Initial slope of the trend.
    pub k: f64,
    /// Initial level of the trend.
    pub m: f64,
    /// Change of slope at each changepoint, shape (S).
    pub delta: Vec<f64>,
    /// Coefficient of each feature, shape (K).
    pub beta: Vec<f64>,
    /// Standard deviation of the noise.
    pub sigma: f64,
}

impl Design {
    /// The columns of X.
    pub(super) fn feature_columns(&self) -> impl Iterator<Item = &[f64]> {
        // Without rows or features there are no columns.
        self.features.chunks_exact(self.t.len().max(1)).take(self.prior_scales.len())
    }

    /// The trend at each row, shape (n): η = (k + A δ) t + (m + A γ) with γ = −s δ; or m; or cap · inv_logit(η), where
    /// the offset of η is −k m.
    pub(super) fn trend(&self, parameters: &Parameters, out: &mut Vec<f64>) {
        let Parameters { k, m, delta, .. } = parameters;
        match self.growth {
            Growth::Flat => {
                out.clear();
                out.resize(self.t.len(), *m);
            }
            Growth::Linear => self.path(*k, *m, delta, out),
            Growth::Logistic => {
                self.path(*k, -k * m, delta, out);
                out.iter_mut().zip(&self.cap).for_each(|(eta, cap)| *eta = cap * inverse_logit(*eta));
            }
        }
    }

    /// The piecewise linear function with a slope, a level at t = 0 and changes of slope, at each row: shape (n).
    ///
    /// Prophet's logistic trend is that of such a function too: its offsets are chosen so that the exponent has no jump.
    pub(super) fn path(&self, mut slope: f64, mut level: f64, delta: &[f64], out: &mut Vec<f64>) {
        out.clear();
        let mut changes = self.changepoints.iter().zip(delta).peekable();
        for &t in &self.t {
            while let Some((s, delta)) = changes.next_if(|(s, _)| **s <= t) {
                slope += delta;
                level -= s * delta;
            }
            out.push(slope * t + level);
        }
    }

    /// Whether μ is linear in the parameters: no term multiplies the trend, which is linear or flat.
    pub(super) fn is_linear(&self) -> bool {
        self.growth != Growth::Logistic && !self.multiplicative.contains(&true)
    }

    /// Whether some terms multiply the trend and others add to it.
    pub(super) fn is_mixed(&self) -> bool {
        self.multiplicative.contains(&true) && self.multiplicative.contains(&false)
    }

    /// y − μ at each row of a linear design, shape (n); `trend` as [`Design::trend`] left it.
    pub(super) fn residuals(&self, parameters: &Parameters, trend: &[f64], y: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.extend(y.iter().zip(trend).map(|(y, trend)| y - trend));
        for (column, &beta) in self.feature_columns().zip(&parameters.beta) {
            add_scaled(out, -beta, column);
        }
    }

    /// The log posterior without its constant, as `prophet.stan` defines it (no Jacobian term):
    ///
    /// log p = −k²/50 − m²/50 − Σ|δ|/τ − Σ β²/(2σ_j²) − 2σ² − n ln σ − SSE/(2σ²)
    pub(super) fn log_posterior(&self, parameters: &Parameters, sse: f64) -> f64 {
        let Parameters { k, m, delta, beta, sigma } = parameters;
        let variance = sigma * sigma;
        -(k * k + m * m) / 50.0
            - delta.iter().map(|d| d.abs()).sum::<f64>() / self.changepoint_prior_scale
            - beta.iter().zip(&self.prior_scales).map(|(b, s)| b * b / (2.0 * s * s)).sum::<f64>()
            - 2.0 * variance
            - self.t.len() as f64 * libm::log(*sigma)
            - sse / (2.0 * variance)
    }
}

/// The x at which [`inverse_logit`] is a share.
pub(super) fn logit(share: f64) -> f64 {
    libm::log(share / (1.0 - share))
}

/// 1 / (1 + e^−x).
pub(super) fn inverse_logit(x: f64) -> f64 {
    // libm's function gives the same bits on every machine; the system's may not.
    1.0 / (1.0 + libm::exp(-x))
}
