//! How often a series is differenced: the seasonal strength and the test of Kwiatkowski, Phillips, Schmidt and Shin.

use super::order::Order;
use crate::{
    fit_error::FitError,
    interrupt::Interrupt,
    local::mstl::{self, seasonal_strength},
};

/// The strength of a season above which it is differenced (Wang, Smith and Hyndman, Characteristic-based clustering for time series
/// data, Data Mining and Knowledge Discovery 13, 2006; the limit is that of R's `nsdiffs`).
const STRONG: f64 = 0.64;

/// The test's critical value at 5 % for a level (Kwiatkowski, Phillips, Schmidt and Shin, Testing the null hypothesis of stationarity
/// against the alternative of a unit root, Journal of Econometrics 54, 1992).
const CRITICAL: f64 = 0.463;

/// Differences of the series into another buffer.
pub(super) fn difference(values: &[f64], order: &Order, into: &mut Vec<f64>) {
    into.clear();
    into.extend_from_slice(values);
    for lag in std::iter::repeat_n(order.period, order.seasonal_d).chain(std::iter::repeat_n(1, order.d)) {
        for at in (lag..into.len()).rev() {
            into[at] -= into[at - lag];
        }
        into.drain(..lag.min(into.len()));
    }
}

pub(super) fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|y| *y == values[0])
}

/// Whether a season is so strong that it is differenced.
pub(super) fn is_seasonal(
    values: &[f64],
    period: usize,
    interrupt: Interrupt<'_>,
    scratch: &mut mstl::Scratch,
) -> Result<bool, FitError> {
    Ok(values.len() > 2 * period && seasonal_strength(values, period, interrupt, scratch)? > STRONG)
}

/// Whether the test rejects that the values have a level.
pub(super) fn has_unit_root(values: &[f64]) -> bool {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let mut sum = 0.0;
    let mut squares = 0.0;
    for y in values {
        sum += y - mean;
        squares += sum * sum;
    }
    let lags = (3.0 * n.sqrt() / 13.0) as usize;
    let mut variance: f64 = values.iter().map(|y| (y - mean) * (y - mean)).sum();
    for lag in 1..=lags.min(values.len().saturating_sub(1)) {
        let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
        let products: f64 = values[lag..].iter().zip(values).map(|(y, before)| (y - mean) * (before - mean)).sum();
        variance += 2.0 * weight * products;
    }
    squares / (n * variance) > CRITICAL
}

#[cfg(test)]
mod tests {
    use super::{super::order::Order, difference, has_unit_root};

    #[test]
    fn differences_are_taken_at_the_lag_of_the_season_too() {
        let order = Order { d: 1, seasonal_d: 1, period: 4, ..Order::default() };
        let mut differenced = Vec::new();
        difference(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], &order, &mut differenced);
        assert_eq!(differenced, [15.0, 30.0]);
    }

    #[test]
    fn a_line_has_a_unit_root_and_a_wave_has_none() {
        let line: Vec<f64> = (0..40).map(f64::from).collect();
        let wave: Vec<f64> = (0..40).map(|t| f64::from(t % 3)).collect();
        assert!(has_unit_root(&line) && !has_unit_root(&wave));
    }
}
