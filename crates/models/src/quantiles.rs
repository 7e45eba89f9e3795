//! Quantiles of samples and of the normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

/// The value below which a standard normal falls with probability `p`.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The `low` and the `high` quantile of a sample, by linear interpolation between order statistics as
/// `numpy.percentile` does.
///
/// Reorders the sample, which is not empty; `low` is at most `high`, both from 0 to 1.
#[must_use]
pub fn quantiles_in_place(sample: &mut [f64], low: f64, high: f64) -> (f64, f64) {
    let last = (sample.len() - 1) as f64;
    let below = (low * last).floor() as usize;
    let (_, &mut at, above) = sample.select_nth_unstable_by(below, f64::total_cmp);
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    let interpolate = |at: f64, next: f64, share: f64| if share > 0.0 { at + share * (next - at) } else { at };
    let lower = interpolate(at, next, low * last - below as f64);

    // The high one is among those above the low one, unless the two share a place.
    let place = (high * last).floor() as usize;
    let upper = if place == below {
        interpolate(at, next, high * last - place as f64)
    } else {
        let (_, &mut at, above) = above.select_nth_unstable_by(place - below - 1, f64::total_cmp);
        let next = above.iter().copied().fold(f64::INFINITY, f64::min);
        interpolate(at, next, high * last - place as f64)
    };
    (lower, upper)
}

/// A quantile of a sorted sample that is not empty, by the same interpolation; `share` is from 0 to 1.
pub(crate) fn quantile_of_sorted(sample: &[f64], share: f64) -> f64 {
    let place = share * (sample.len() - 1) as f64;
    let below = place.floor() as usize;
    let next = sample[(below + 1).min(sample.len() - 1)];
    sample[below] + (place - place.floor()) * (next - sample[below])
}

/// The median of a non-empty sample, rounded as XGBoost rounds it: the middle value, or the mean of the middle two.
pub(crate) fn median(values: &mut [f32]) -> f32 {
    let n = values.len();
    let below = (n - 1) / 2;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    if n % 2 == 1 {
        return low;
    }
    let high = above.iter().copied().fold(f32::INFINITY, f32::min);
    (f64::from(low) + 0.5 * f64::from(high - low)) as f32
}

/// The first value at which the running weight reaches half of the total weight.
pub(crate) fn weighted_median(mut pairs: Vec<(f32, f32)>) -> f32 {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = (f64::from(pairs.iter().fold(0.0, |sum: f32, pair| sum + pair.1)) * 0.5) as f32;
    let mut running = 0.0;
    for &(value, weight) in &pairs {
        running += weight;
        if running >= half {
            return value;
        }
    }
    pairs.last().map_or(f32::NAN, |pair| pair.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use super::*;

    #[test]
    fn medians_take_the_middle() {
        assert_eq!(median(&mut [5.0]), 5.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(weighted_median(vec![(1.0, 1.0), (9.0, 5.0), (2.0, 1.0)]), 9.0);
        assert_eq!(weighted_median(vec![(1.0, 1.0), (2.0, 1.0)]), 1.0);
    }

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.1, 0.5), (1.4, 3.0));
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.0, 1.0), (1.0, 5.0));
        assert_eq!(quantiles_in_place(&mut [2.0, 1.0], 0.25, 0.75), (1.25, 1.75));
        assert_eq!(quantiles_in_place(&mut [7.0], 0.1, 0.9), (7.0, 7.0));
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let mut values = [7.0, 1.0, 3.0, 100.0, 5.0, 2.0];
        assert_eq!(quantiles_in_place(&mut values, 0.25, 0.75), (2.25, 6.5));
        assert_eq!(quantiles_in_place(&mut values, 0.0, 1.0), (1.0, 100.0));
        values.sort_unstable_by(f64::total_cmp);
        assert_eq!([0.0, 0.25, 0.75, 1.0].map(|share| quantile_of_sorted(&values, share)), [1.0, 2.25, 6.5, 100.0]);
    }
}
