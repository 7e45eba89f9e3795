//! Medians, and spreads that a few wild values do not move.
//!
//! The spread is the median absolute deviation, made consistent with a normal distribution's standard deviation: Hampel, The influence
//! curve and its role in robust estimation, Journal of the American Statistical Association 69(346), 1974. Where more than half of
//! the values are equal it is zero, and the mean absolute deviation takes its place, as in Iglewicz and Hoaglin, How to detect and
//! handle outliers, ASQC Quality Press, 1993.

/// A normal distribution's standard deviation over its median absolute deviation: 1 / Φ⁻¹(3/4).
const OF_MEDIAN: f64 = 1.482_602_218_505_602;

/// A normal distribution's standard deviation over its mean absolute deviation: √(π/2).
const OF_MEAN: f64 = 1.253_314_137_315_500_3;

/// Values that a spread is taken of; of more, as many that are evenly spaced. Its standard error is 7 % then.
const SAMPLE: usize = 256;

/// Takes evenly spaced values.
pub(super) fn sample(values: impl ExactSizeIterator<Item = f64>, sampled: &mut Vec<f64>) {
    let stride = values.len().div_ceil(SAMPLE).max(1);
    sampled.clear();
    sampled.extend(values.step_by(stride));
}

/// The median of values, which are reordered; zero of none.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let is_odd = values.len() % 2 == 1;
    let (below, &mut at, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd { at } else { f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), at) }
}

/// The median of values, and their spread around it in the values' units; they become their absolute deviations, in any order.
pub(super) fn centre_and_spread(values: &mut [f64]) -> (f64, f64) {
    let centre = median(values);
    for value in values.iter_mut() {
        *value = (*value - centre).abs();
    }
    (centre, spread_of_deviations(values))
}

/// The spread of values of which these are the absolute deviations from their centre.
pub(super) fn spread_of_deviations(deviations: &mut [f64]) -> f64 {
    let of_median = OF_MEDIAN * median(deviations);
    if of_median > 0.0 {
        return of_median;
    }
    let count = deviations.len().max(1) as f64;
    // Each is divided before it is added, so that no sum overflows.
    OF_MEAN * deviations.iter().map(|deviation| deviation / count).sum::<f64>()
}

/// The values of a window that slides over a series, in their order of size.
#[derive(Debug, Default)]
pub(super) struct Window {
    sorted: Vec<f64>,
}

impl Window {
    /// Starts anew with these values.
    pub(super) fn fill(&mut self, values: &[f64]) {
        self.sorted.clear();
        self.sorted.extend_from_slice(values);
        self.sorted.sort_unstable_by(f64::total_cmp);
    }

    /// Replaces a value that is in the window.
    pub(super) fn slide(&mut self, leaving: f64, entering: f64) {
        let place = |value: f64| self.sorted.partition_point(|other| other.total_cmp(&value).is_lt());
        let (from, to) = (place(leaving), place(entering));
        if to > from {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = entering;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = entering;
        }
    }

    /// The median; of none, zero.
    pub(super) fn median(&self) -> f64 {
        let middle = self.sorted.len() / 2;
        match self.sorted.len() {
            0 => 0.0,
            odd if odd % 2 == 1 => self.sorted[middle],
            _ => f64::midpoint(self.sorted[middle - 1], self.sorted[middle]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Window, centre_and_spread, median};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn medians_are_those_of_sorted_values() {
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(median(&mut [3.0]), 3.0);
        assert_eq!(median(&mut [4.0, 1.0]), 2.5);
        assert_eq!(median(&mut [5.0, 1.0, 9.0]), 5.0);
        assert_eq!(median(&mut [1e300, -1e300, 5.0, 7.0]), 6.0);
    }

    #[test]
    fn a_wild_value_does_not_move_the_spread() {
        let (centre, spread) = centre_and_spread(&mut [1.0, 2.0, 3.0, 4.0, 1e9]);
        assert_eq!((centre, spread), (3.0, super::OF_MEDIAN));
        // More than half of the values are equal: the mean deviation is 2.
        assert_eq!(centre_and_spread(&mut [0.0, 0.0, 0.0, 0.0, 10.0]), (0.0, 2.0 * super::OF_MEAN));
        assert_eq!(centre_and_spread(&mut [7.0; 4]), (7.0, 0.0));
    }

    #[test]
    fn a_sliding_window_is_a_sorted_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let values: Vec<f64> = (0..300).map(|_| f64::from(rng.random_range(-9i8..9))).collect();
        for width in [1, 2, 7, 12] {
            let mut window = Window::default();
            window.fill(&values[..width]);
            for at in width..values.len() {
                window.slide(values[at - width], values[at]);
                assert_eq!(window.median(), median(&mut values[at + 1 - width..=at].to_vec()), "{width} at {at}");
            }
        }
    }
}
