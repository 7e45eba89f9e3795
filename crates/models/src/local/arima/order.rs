//! Orders of seasonal ARIMA models.

use serde::{Deserialize, Serialize};

/// The largest order of each part.
pub(super) const MOST_LAGS: usize = 10;
/// The most differences of each kind.
pub(super) const MOST_DIFFERENCES: usize = 2;

/// The order (p, d, q)(P, D, Q)ₘ, and whether there is a mean of the differenced values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Autoregressive lags.
    pub p: usize,
    /// Differences.
    pub d: usize,
    /// Lags of the moving average.
    pub q: usize,
    /// Seasonal autoregressive lags.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seasonal_p: usize,
    /// Seasonal differences.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seasonal_d: usize,
    /// Seasonal lags of the moving average.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seasonal_q: usize,
    /// Steps of a season; 1 without one.
    pub period: usize,
    /// Whether the differenced values have a mean: a constant, or a drift.
    pub constant: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(x: &usize) -> bool {
    *x == 0
}

impl Order {
    /// Coefficients, and the mean.
    pub(super) const fn parameters(&self) -> usize {
        self.p + self.q + self.seasonal_p + self.seasonal_q + self.constant as usize
    }

    /// Lengths of the four kinds of coefficients, in the order of the variables: φ, Φ, θ, Θ.
    pub(super) const fn parts(&self) -> [usize; 4] {
        [self.p, self.seasonal_p, self.q, self.seasonal_q]
    }

    /// Values that differencing takes.
    pub(super) const fn lost(&self) -> usize {
        self.d + self.seasonal_d * self.period
    }

    /// Elements of the state.
    pub(super) const fn state(&self) -> usize {
        let (ar, ma) = (self.p + self.seasonal_p * self.period, self.q + self.seasonal_q * self.period + 1);
        if ar > ma { ar } else { ma }
    }
}
