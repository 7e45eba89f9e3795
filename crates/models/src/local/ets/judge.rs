//! Sums of squares at several points at a time.
//!
//! A step of the recursion has to wait for the one before it; the steps of several points do not wait for each other.

use super::{
    form::{Form, Seasonality},
    recursion::{ALPHA, BETA, GAMMA, LEVEL, PHI, SEASONS, SLOPE},
};
use std::array;

/// How many points at a time.
pub(super) const AT_ONCE: usize = 4;

/// A number of each point.
pub(super) type Lanes = [f64; AT_ONCE];

/// Within these bounds, a product is far enough from overflow for some more factors.
const SAFE: std::ops::Range<f64> = 1e-140..1e140;
const FACTORS: usize = 8;

/// The sums of squares at the points, whether their parameters are admissible or not; infinite where they are not defined. What is the
/// sum for relative errors is said in `derivatives.rs`.
pub(super) fn sums_of_squares(
    form: Form,
    period: usize,
    values: &[f64],
    points: &[Vec<f64>; AT_ONCE],
    seasons: &mut Vec<Lanes>,
) -> Lanes {
    if form.season == Seasonality::Multiplicative {
        sums::<true>(form.relative, period, values, points, seasons)
    } else {
        sums::<false>(form.relative, period, values, points, seasons)
    }
}

fn sums<const MULTIPLIES: bool>(
    relative: bool,
    period: usize,
    values: &[f64],
    points: &[Vec<f64>; AT_ONCE],
    seasons: &mut Vec<Lanes>,
) -> Lanes {
    let of = |variable: usize| -> Lanes { array::from_fn(|point| points[point][variable]) };
    let [alpha, beta, gamma, phi] = [ALPHA, BETA, GAMMA, PHI].map(of);
    let (mut level, mut slope) = (of(LEVEL), of(SLOPE));
    seasons.clear();
    seasons.extend((SEASONS..SEASONS + period - 1).map(of));
    let total = if MULTIPLIES { period as f64 } else { 0.0 };
    seasons.push(array::from_fn(|point| total - seasons.iter().map(|season| season[point]).sum::<f64>()));
    let (mut sum, mut product, mut logs, mut lowest) = ([0.0; AT_ONCE], [1.0; AT_ONCE], [0.0; AT_ONCE], [1.0; AT_ONCE]);
    let mut place = 0;
    for block in values.chunks(FACTORS) {
        for &y in block {
            let season = &mut seasons[place];
            place = if place + 1 == period { 0 } else { place + 1 };
            for i in 0..AT_ONCE {
                let trend = phi[i] * slope[i];
                let (q, s) = (level[i] + trend, season[i]);
                let (forecast, by_season, by_level);
                if MULTIPLIES {
                    forecast = q * s;
                    (by_season, by_level) = (y / s - q, y / q - s);
                } else {
                    forecast = q + s;
                    (by_season, by_level) = (y - forecast, y - forecast);
                }
                if relative {
                    let u = y / forecast - 1.0;
                    sum[i] += u * u;
                    product[i] *= forecast;
                    lowest[i] = if forecast < lowest[i] { forecast } else { lowest[i] };
                } else {
                    sum[i] += (y - forecast) * (y - forecast);
                }
                level[i] = q + alpha[i] * by_season;
                slope[i] = trend + beta[i] * by_season;
                season[i] = s + gamma[i] * by_level;
            }
        }
        for i in 0..AT_ONCE {
            if relative && !SAFE.contains(&product[i]) {
                logs[i] += libm::log(product[i]);
                product[i] = 1.0;
            }
        }
    }
    array::from_fn(|i| {
        if relative {
            let mean = (logs[i] + libm::log(product[i])) / values.len() as f64;
            sum[i] *= libm::exp(2.0 * mean);
        }
        if lowest[i] > 0.0 && sum[i].is_finite() { sum[i] } else { f64::INFINITY }
    })
}
