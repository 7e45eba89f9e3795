//! Polynomials in the backward shift, and the regions where they are stable.

use super::order::{MOST_LAGS, Order};

/// Coefficients c of 1 − c₁B − c₂B² − … from partial autocorrelations: stable where all of these are within (−1, 1).
///
/// Monahan, A note on enforcing stationarity in autoregressive-moving average models, Biometrika 71(2), 1984.
pub(super) fn from_partials(partials: &[f64]) -> [f64; MOST_LAGS] {
    let mut coefficients = [0.0; MOST_LAGS];
    for (k, &partial) in partials.iter().enumerate() {
        let before = coefficients;
        for j in 0..k {
            coefficients[j] = before[j] - partial * before[k - 1 - j];
        }
        coefficients[k] = partial;
    }
    coefficients
}

/// Partial autocorrelations of the coefficients; none where one is not within (−1, 1).
pub(super) fn to_partials(coefficients: &[f64]) -> Option<[f64; MOST_LAGS]> {
    let mut partials = [0.0; MOST_LAGS];
    let mut rest = [0.0; MOST_LAGS];
    rest[..coefficients.len()].copy_from_slice(coefficients);
    for k in (0..coefficients.len()).rev() {
        let partial = rest[k];
        if partial.is_nan() || partial.abs() >= 1.0 {
            return None;
        }
        partials[k] = partial;
        let before = rest;
        for j in 0..k {
            rest[j] = (before[j] + partial * before[k - 1 - j]) / (1.0 - partial * partial);
        }
    }
    Some(partials)
}

/// Whether all roots of 1 − c₁B − … are farther from 0 than this.
pub(super) fn roots_are_beyond(coefficients: &[f64], distance: f64) -> bool {
    let mut scaled = [0.0; MOST_LAGS];
    let mut power = 1.0;
    for (scaled, coefficient) in scaled.iter_mut().zip(coefficients) {
        power *= distance;
        *scaled = coefficient * power;
    }
    to_partials(&scaled[..coefficients.len()]).is_some()
}

/// The coefficients of (1 − Σ cⱼBʲ)(1 − Σ Cⱼ B^(mj)), in the same form, from the first lag on.
pub(super) fn product(short: &[f64], seasonal: &[f64], period: usize, into: &mut Vec<f64>) {
    into.clear();
    into.resize(short.len() + seasonal.len() * period, 0.0);
    into[..short.len()].copy_from_slice(short);
    for (k, factor) in seasonal.iter().enumerate() {
        let lag = (k + 1) * period;
        into[lag - 1] += factor;
        for (j, coefficient) in short.iter().enumerate() {
            into[lag + j] -= factor * coefficient;
        }
    }
}

/// The coefficients of (1 − B)^d (1 − B^m)^D, in the same form.
pub(super) fn differences(order: &Order) -> Vec<f64> {
    let mut whole = vec![1.0];
    for lag in std::iter::repeat_n(1, order.d).chain(std::iter::repeat_n(order.period, order.seasonal_d)) {
        let before = whole.clone();
        whole.resize(before.len() + lag, 0.0);
        for (j, coefficient) in before.iter().enumerate() {
            whole[j + lag] -= coefficient;
        }
    }
    whole[1..].iter().map(|coefficient| -coefficient).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::order::Order, differences, from_partials, roots_are_beyond, to_partials};

    #[test]
    fn polynomials_and_their_partial_autocorrelations_are_the_same() {
        for partials in [vec![0.5, -0.9, 0.3], vec![-0.2], vec![0.99, -0.99, 0.1, 0.7, -0.5]] {
            let coefficients = from_partials(&partials);
            let back = to_partials(&coefficients[..partials.len()]).unwrap();
            for (one, other) in partials.iter().zip(&back) {
                assert!((one - other).abs() < 1e-9);
            }
        }
        assert!(to_partials(&[1.5, -0.4]).is_none());
        // 1 − 0.5B has the root 2; 1 − B + 0.5B² roots of modulus √2.
        assert!(roots_are_beyond(&[0.5], 1.99) && !roots_are_beyond(&[0.5], 2.01));
        assert!(roots_are_beyond(&[1.0, -0.5], 1.41) && !roots_are_beyond(&[1.0, -0.5], 1.42));
        let order = Order { d: 1, seasonal_d: 1, period: 4, ..Order::default() };
        assert_eq!(differences(&order), [1.0, 0.0, 0.0, 1.0, -1.0]);
    }
}
