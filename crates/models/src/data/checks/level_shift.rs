//! A level that changes from one row to the next, and stays.
//!
//! At each place the median of the window before it is taken from that of the window after it. A shift is the largest such difference,
//! if it is far larger than the others are: differences between windows of a trend are all alike, and those of a random walk or of a
//! season grow with the windows everywhere. It must also be sudden, since a random walk drifts as far over whole windows, and it
//! must not come again a season later.

use super::{
    finding::Finding,
    robust::{Window, centre_and_spread, median},
};
use std::{
    f64::consts::{PI, SQRT_2},
    ops::Range,
};

/// Windows on each side.
const SHARE: usize = 12;
const NARROWEST: usize = 5;
const WIDEST: usize = 24;

/// Fewest values: those of six windows.
const FEWEST: usize = 30;

/// Seasons of rows from which whole seasons are compared, by their medians.
const SEASONS: usize = 60;

/// Values that are compared at most; of longer series, several seasons or rows are one of them.
const MOST: usize = 1024;

/// Spreads of the other differences from which a difference is a shift.
const RATIO: f64 = 5.0;

/// Share of the shift that the rows nearest to it must show.
const SUDDEN: f64 = 0.6;

/// Share of the shift that makes another one, a season away, the same season's.
const AGAIN: f64 = 0.5;

/// Buffers.
#[derive(Debug, Default)]
pub(super) struct LevelShift {
    window: Window,
    blocks: Vec<f64>,
    medians: Vec<f64>,
    /// Median after minus median before, for each place that has a whole window on both sides.
    differences: Vec<f64>,
    sorted: Vec<f64>,
}

impl LevelShift {
    /// The largest shift, if there is one, in values without their shortest season, which is the first of `seasons`.
    pub(super) fn find(&mut self, values: &[f64], dates: &[i64], seasons: &[usize]) -> Option<Finding> {
        let season = seasons.first().copied().unwrap_or(1).max(1);
        let whole = if values.len() >= SEASONS * season { season } else { 1 };
        let block = whole * values.len().div_ceil(whole * MOST);
        // Counted from the end, so that the last values are in a whole block.
        let skipped = values.len() % block;
        self.blocks.clear();
        if block == 1 {
            self.blocks.extend_from_slice(values);
        } else {
            for rows in values[skipped..].chunks_exact(block) {
                self.sorted.clear();
                self.sorted.extend_from_slice(rows);
                self.blocks.push(median(&mut self.sorted));
            }
        }
        let count = self.blocks.len();
        if count < FEWEST {
            return None;
        }
        let width = (count / SHARE).clamp(NARROWEST, WIDEST);
        self.find_differences(width);
        let place = self.largest(width, seasons.iter().map(|season| season / block))?;
        let reach = block * width;
        let (at, near_size) = self.locate(values, skipped + (place + width) * block, reach);
        // The differences are as large on a plateau around the row at which the level changes: its middle is there.
        let place = (at.saturating_sub(skipped) / block).clamp(width, count - width) - width;
        let (centre, spread) = self.spread_elsewhere(place, width);
        let size = self.differences[place] - centre;
        if size.abs() <= RATIO * spread || size == 0.0 {
            return None;
        }
        let is_sudden = near_size * size.signum() >= SUDDEN * size.abs();
        let stays = self.stays(values, at, reach, size);
        // Rounding is no noise.
        let ratio = Some(size.abs() / spread).filter(|_| spread > 1e-9 * size.abs());
        (is_sudden && stays).then(|| Finding::LevelShift { size, at: dates[at], ratio })
    }

    fn find_differences(&mut self, width: usize) {
        let Self { window, blocks, medians, differences, .. } = self;
        window.fill(&blocks[..width]);
        medians.clear();
        medians.push(window.median());
        for at in width..blocks.len() {
            window.slide(blocks[at - width], blocks[at]);
            medians.push(window.median());
        }
        differences.clear();
        differences.extend(medians.iter().zip(&medians[width..]).map(|(before, after)| after - before));
    }

    /// The place of the largest difference from the median difference, unless it comes again a season before or after.
    fn largest(&mut self, width: usize, seasons: impl Iterator<Item = usize>) -> Option<usize> {
        self.sorted.clear();
        self.sorted.extend_from_slice(&self.differences);
        let centre = median(&mut self.sorted);
        let from_centre = |at: usize| self.differences[at] - centre;
        let mut place = 0;
        for at in 1..self.differences.len() {
            if from_centre(at).abs() > from_centre(place).abs() {
                place = at;
            }
        }
        let size = from_centre(place);
        let has_again = |at: usize| {
            let near = at.saturating_sub(2)..(at + 3).min(self.differences.len());
            near.into_iter().any(|at| from_centre(at) * size.signum() >= AGAIN * size.abs())
        };
        let recurs = |season: usize| {
            let (before, after) = (place.checked_sub(season), place + season);
            season >= 2 * width && (before.is_some_and(has_again) || has_again(after))
        };
        (!{ seasons }.any(recurs)).then_some(place)
    }

    /// The median of the differences of windows near a place but without it, and the spread of all without it.
    fn spread_elsewhere(&mut self, place: usize, width: usize) -> (f64, f64) {
        let (before, after) = (place.saturating_sub(width), (place + width).min(self.differences.len()));
        self.sorted.clear();
        self.sorted.extend_from_slice(&self.differences[..before]);
        self.sorted.extend_from_slice(&self.differences[after..]);
        let (_, spread) = centre_and_spread(&mut self.sorted);
        // The trend nearby, where it is not the same everywhere.
        self.sorted.clear();
        self.sorted.extend_from_slice(&self.differences[before.saturating_sub(width)..before]);
        self.sorted.extend_from_slice(&self.differences[after..(after + width).min(self.differences.len())]);
        let centre = median(&mut self.sorted);
        // What independent noise of the size of the changes from one to the next would give, everywhere and nearby: a median of n
        // values has the standard error √(π / 2n).
        let (middle, end) = (place + width, self.blocks.len());
        let near = middle.saturating_sub(2 * width)..(middle + 2 * width).min(end);
        let noise = self.noise(0..end, middle).max(self.noise(near, middle));
        (centre, spread.max(noise * (PI / width as f64).sqrt()))
    }

    /// The spread of changes from one to the next, over √2, without the change at a place.
    fn noise(&mut self, among: Range<usize>, place: usize) -> f64 {
        self.sorted.clear();
        for part in [among.start..place, place..among.end] {
            self.sorted.extend(self.blocks[part].windows(2).map(|pair| pair[1] - pair[0]));
        }
        centre_and_spread(&mut self.sorted).1 / SQRT_2
    }

    /// Whether the level is still another one in the second window after a row than in the window before it, and in the first window
    /// after it than in the second before it: a peak of some weeks is no shift.
    fn stays(&mut self, values: &[f64], at: usize, reach: usize, size: f64) -> bool {
        let mut median_of = |begin: usize, end: usize| {
            self.sorted.clear();
            self.sorted.extend_from_slice(&values[begin..end]);
            median(&mut self.sorted)
        };
        let is_there = |before: f64, after: f64| (after - before) * size.signum() >= AGAIN * size.abs();
        let (before, after) = (at.saturating_sub(reach), (at + reach).min(values.len()));
        let (old, new) = (median_of(before, at), median_of(at, after));
        (at < 2 * reach || is_there(median_of(at - 2 * reach, before), new))
            && (at + 2 * reach > values.len() || is_there(old, median_of(after, at + 2 * reach)))
    }

    /// The row at which a step best explains the rows around a place, and the step over a few rows there.
    fn locate(&mut self, values: &[f64], near: usize, reach: usize) -> (usize, f64) {
        let (begin, end) = (near.saturating_sub(reach), (near + reach).min(values.len()));
        let mut median_of = |rows: &[f64]| {
            self.sorted.clear();
            self.sorted.extend_from_slice(rows);
            median(&mut self.sorted)
        };
        let (before, after) = (median_of(&values[begin..near]), median_of(&values[near..end]));
        // Deviations from `before` up to a row and from `after` from it on, less those for the earliest row.
        let (mut least, mut sum, mut at) = (0.0, 0.0, begin);
        for (row, value) in (begin + 1..).zip(&values[begin..end]) {
            sum += (value - before).abs() - (value - after).abs();
            if sum < least {
                (least, at) = (sum, row);
            }
        }
        let few = (reach / 3).max(2);
        let size =
            median_of(&values[at..(at + few).min(values.len())]) - median_of(&values[at.saturating_sub(few)..at]);
        (at.min(values.len() - 1), size)
    }
}
