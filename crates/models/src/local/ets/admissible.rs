//! Which smoothing parameters give forecasts that forget the distant past.

use super::form::{Form, Seasonality, Trend};

/// How far a root may be outside the unit circle, as in R's `ets`.
const SLACK: f64 = 1e-10;

/// The longest season that is estimated, as in R's `ets`.
pub(super) const LONGEST_SEASON: usize = 24;

/// Smoothing parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Smoothing {
    pub(super) alpha: f64,
    pub(super) beta: f64,
    pub(super) gamma: f64,
    pub(super) phi: f64,
}

/// Whether parameters within their bounds are admissible: the roots of the characteristic equation are within the unit circle.
///
/// Hyndman, Akram and Archibald, The admissible parameter space for exponential smoothing models, Annals of the Institute of
/// Statistical Mathematics 60, 2008. Within 0 < β ≤ α and 0 < γ ≤ 1 − α all parameters are, unless there are a trend and a season.
pub(super) fn admissible(smoothing: Smoothing, form: Form, period: usize) -> bool {
    if form.trend == Trend::None || form.season == Seasonality::None {
        return true;
    }
    let Smoothing { alpha, beta, gamma, phi } = smoothing;
    let mut polynomial = [0.0; LONGEST_SEASON + 2];
    let coefficients = &mut polynomial[..period + 2];
    // From the constant on. A root r becomes one of r / (1 + SLACK) when each coefficient is multiplied by (1 + SLACK)ᵏ.
    coefficients.fill(alpha + beta - alpha * phi);
    coefficients[0] = phi * (1.0 - alpha - gamma);
    coefficients[1] += gamma - 1.0;
    coefficients[period] = alpha + beta - phi;
    coefficients[period + 1] = 1.0;
    let mut power = 1.0;
    for coefficient in coefficients.iter_mut() {
        *coefficient *= power;
        power *= 1.0 + SLACK;
    }
    is_stable(coefficients)
}

/// The test of Schur and Cohn: all roots of a polynomial, given from the constant on, are within the unit circle.
fn is_stable(coefficients: &mut [f64]) -> bool {
    let mut degree = coefficients.len() - 1;
    while degree > 0 {
        let ratio = coefficients[0] / coefficients[degree];
        if ratio.is_nan() || ratio.abs() >= 1.0 {
            return false;
        }
        // p(z) − ratio · zⁿ p(1/z), divided by z.
        for low in 0..=degree / 2 {
            let high = degree - low;
            let (a, b) = (coefficients[low], coefficients[high]);
            coefficients[low] = a - ratio * b;
            coefficients[high] = b - ratio * a;
        }
        coefficients.copy_within(1..=degree, 0);
        degree -= 1;
    }
    true
}
