//! Values far off those around them: the Hampel identifier.
//!
//! A value is compared with the running median of seven, and the difference with the spread of all such differences and of those
//! nearby: Pearson, Outliers in process modeling and identification, IEEE Transactions on Control Systems Technology 10(1), 2002.
//! At the ends windows are narrower, and the last value is compared with the line through those before it, by Tukey's end-point
//! rule (Exploratory Data Analysis, 1977), so that a trend has no outliers there.

use super::{
    finding::Finding,
    robust::{Window, centre_and_spread, sample, spread_of_deviations},
};
use std::{f64::consts::SQRT_2, ops::Range};

/// Values around each, with itself.
const WINDOW: usize = 7;

/// Fewest values.
const FEWEST: usize = 15;

/// Spreads from which a difference is an outlier.
const RATIO: f64 = 7.5;

/// Rows whose spread is nearby.
const NEARBY: usize = 30;

/// Share of the difference that makes another one, a season away, the same season's.
const AGAIN: f64 = 0.5;

/// Steps by which holidays move from year to year.
const MOVES: usize = 3;

/// Buffers.
#[derive(Debug, Default)]
pub(super) struct Outliers {
    window: Window,
    /// Each value minus the running median there.
    differences: Vec<f64>,
    sorted: Vec<f64>,
    /// The outliers' rows, and the values there beyond which they are outliers.
    pub(super) bounds: Vec<(usize, f64)>,
}

impl Outliers {
    /// The outliers in values without their shortest season.
    pub(super) fn find(&mut self, values: &[f64], dates: &[i64], seasons: &[usize]) -> Option<Finding> {
        self.bounds.clear();
        if values.len() < FEWEST {
            return None;
        }
        self.find_differences(values);
        let spread = self.spread(values, 0..values.len());
        // Rounding is no noise.
        let largest_value = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let spread = spread.max(1e-9 * largest_value);
        let (mut largest, mut at, mut ratio) = (0.0f64, 0, 0.0);
        let blocks = (values.len() / NEARBY).max(1);
        let bound = |block: usize| block * values.len() / blocks;
        for block in 0..blocks {
            let rows = bound(block)..bound(block + 1);
            if !self.differences[rows.clone()].iter().any(|difference| difference.abs() > RATIO * spread) {
                continue;
            }
            let spread = spread.max(self.spread(values, rows.clone()));
            for row in rows {
                let difference = self.differences[row];
                if difference.abs() > RATIO * spread && !self.recurs(row, seasons) {
                    self.bounds.push((row, values[row] - difference + (RATIO * spread).copysign(difference)));
                    if difference.abs() > largest.abs() {
                        (largest, at, ratio) = (difference, dates[row], difference.abs() / spread);
                    }
                }
            }
        }
        let count = self.bounds.len() as u64;
        (count > 0).then_some(Finding::Outliers { count, largest, at, ratio })
    }

    /// The spread of the differences of some rows, or of the changes from row to row, which are larger where a series wanders.
    fn spread(&mut self, values: &[f64], rows: Range<usize>) -> f64 {
        sample(self.differences[rows.clone()].iter().map(|difference| difference.abs()), &mut self.sorted);
        let spread = spread_of_deviations(&mut self.sorted);
        sample(values[rows].windows(2).map(|pair| pair[1] - pair[0]), &mut self.sorted);
        let (_, changes) = centre_and_spread(&mut self.sorted);
        spread.max(changes / SQRT_2)
    }

    /// Whether there is such a difference a season before or after.
    fn recurs(&self, row: usize, seasons: &[usize]) -> bool {
        let difference = self.differences[row];
        let is_alike = |other: &f64| other * difference.signum() >= AGAIN * difference.abs();
        seasons.iter().filter(|season| **season > 2 * MOVES).any(|&season| {
            let around = |at: usize| {
                let (begin, end) = (at.saturating_sub(MOVES), (at + MOVES + 1).min(self.differences.len()));
                self.differences.get(begin..end).is_some_and(|rows| rows.iter().any(is_alike))
            };
            row.checked_sub(season).is_some_and(around) || around(row + season)
        })
    }

    fn find_differences(&mut self, values: &[f64]) {
        let Self { window, differences, .. } = self;
        let (count, half) = (values.len(), WINDOW / 2);
        differences.clear();
        differences.push(0.0);
        for row in 1..half {
            window.fill(&values[..=2 * row]);
            differences.push(values[row] - window.median());
        }
        window.fill(&values[..WINDOW]);
        differences.push(values[half] - window.median());
        for row in half + 1..count - half {
            window.slide(values[row - half - 1], values[row + half]);
            differences.push(values[row] - window.median());
        }
        for left in (1..half).rev() {
            window.fill(&values[count - 1 - 2 * left..]);
            differences.push(values[count - 1 - left] - window.median());
        }
        differences.push(0.0);
        let smooth = |row: usize| values[row] - differences[row];
        let by_rule = |end: usize, next: usize, second: usize| {
            let (next, second) = (smooth(next), smooth(second));
            let line = 3.0 * next - 2.0 * second;
            values[end] - values[end].clamp(next.min(line), next.max(line))
        };
        let (first, last) = (by_rule(0, 1, 2), by_rule(count - 1, count - 2, count - 3));
        differences[0] = first;
        differences[count - 1] = last;
    }
}
