//! Customers by an error, in bins of one width.

use serde::Serialize;

/// Counts by bins [from + i·width, from + (i + 1)·width), and of what is below and above all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Histogram {
    from: f64,
    width: f64,
    below: u64,
    counts: Vec<u64>,
    above: u64,
    /// Whether the last bin includes its upper end.
    #[serde(skip)]
    is_closed: bool,
}

impl Histogram {
    pub(super) fn new(from: f64, width: f64, bins: usize) -> Self {
        Self { from, width, below: 0, counts: vec![0; bins], above: 0, is_closed: false }
    }

    /// One of shares from 0 to 1, both included.
    pub(super) fn of_shares(bins: usize) -> Self {
        Self { is_closed: true, ..Self::new(0.0, 1.0 / bins as f64, bins) }
    }

    pub(super) fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return };
        let bins = self.counts.len();
        // The tolerance is for values such as 0.3, three widths of 0.1 but for rounding.
        let bin = ((value - self.from) / self.width + 1e-9).floor();
        if bin < 0.0 {
            self.below += 1;
        } else if bin < bins as f64 {
            self.counts[bin as usize] += 1;
        } else if self.is_closed && bin == bins as f64 {
            self.counts[bins - 1] += 1;
        } else {
            self.above += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.below + self.above + self.counts.iter().sum::<u64>() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_one_bin() {
        let mut histogram = Histogram::new(-1.0, 0.5, 4);
        assert!(histogram.is_empty());
        let values = [-2.0, -1.0, -0.5, -0.1, 0.0, 0.99, 1.0, f64::INFINITY];
        for value in values {
            histogram.add(Some(value));
        }
        histogram.add(None);
        histogram.add(Some(f64::NAN));
        assert_eq!((histogram.below, &histogram.counts[..], histogram.above), (1, &[1, 2, 1, 1][..], 2));
    }

    #[test]
    fn the_last_bin_of_shares_has_those_of_one() {
        let mut histogram = Histogram::of_shares(10);
        for share in [0.0, 0.3, 0.95, 1.0] {
            histogram.add(Some(share));
        }
        assert_eq!(histogram.counts, [1, 0, 0, 1, 0, 0, 0, 0, 0, 2]);
    }
}
