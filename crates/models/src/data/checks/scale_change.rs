//! Values that vary far more, or far less, at the end than before.
//!
//! What is compared is the spread of changes from row to row, as itself and as a share of the level, so that neither a level that
//! grows with its noise nor one that grows without it is told of.

use super::{
    finding::Finding,
    robust::{centre_and_spread, median, sample},
};

/// Fewest values.
const FEWEST: usize = 48;

/// The last part is one of so many.
const PARTS: usize = 4;

/// Standard errors of a spread's logarithm that are no change: that error is about 1.17 / √n for n independent normal values, and
/// larger for changes, of which neighbours share a value.
const ERRORS: f64 = 3.5;
const ERROR: f64 = 1.5;

/// The least ratio that is a change, however many values there are.
const LEAST: f64 = 2.5;

/// Buffers.
#[derive(Debug, Default)]
pub(super) struct ScaleChange {
    sorted: Vec<f64>,
}

impl ScaleChange {
    /// A change of the spread in values without their shortest season.
    pub(super) fn find(&mut self, values: &[f64], seasons: &[usize]) -> Option<Finding> {
        let count = values.len();
        if count < FEWEST {
            return None;
        }
        let last = count / PARTS;
        let (before, end) = values.split_at(count - last);
        let (old, new) = (self.spread(before), self.spread(end));
        let error = ERROR * (1.0 / last as f64 + 1.0 / before.len() as f64).sqrt();
        let least = libm::exp(ERRORS * error).max(LEAST);
        let is_change = |ratio: f64| ratio > least || ratio < 1.0 / least;
        let ratio = new / old;
        if old <= 0.0 || new <= 0.0 || !is_change(ratio) {
            return None;
        }
        let levels = self.level(end) / self.level(before);
        let mut is_sudden = !levels.is_normal() || is_change(ratio / levels);
        // Seasons of quiet and of noise: the same part a season earlier.
        for &season in seasons.iter().filter(|season| **season >= last && count >= **season + last) {
            let earlier = self.spread(&values[count - last - season..count - season]);
            let ratio = new / earlier;
            is_sudden &= !(1.0 / LEAST..LEAST).contains(&ratio);
        }
        is_sudden.then_some(Finding::ScaleChange { values: last as u64, ratio })
    }

    /// The spread of changes.
    fn spread(&mut self, values: &[f64]) -> f64 {
        sample(values.windows(2).map(|pair| pair[1] - pair[0]), &mut self.sorted);
        centre_and_spread(&mut self.sorted).1
    }

    /// The median size.
    fn level(&mut self, values: &[f64]) -> f64 {
        sample(values.iter().map(|value| value.abs()), &mut self.sorted);
        median(&mut self.sorted)
    }
}
