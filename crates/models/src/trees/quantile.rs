//! Medians as XGBoost takes them.

/// The median of a non-empty sample: the middle value, or the mean of the middle two.
pub(super) fn median(values: &mut [f32]) -> f32 {
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
pub(super) fn weighted_median(mut pairs: Vec<(f32, f32)>) -> f32 {
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
}
