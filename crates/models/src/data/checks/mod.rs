//! Checks of a series before it is fitted: what makes a forecast of it doubtful, with numbers and a reason.
//!
//! Nothing is changed. A check is for people who look at thousands of series: what it tells of should be worth a look, so bounds are
//! such that at most one in twenty made-up series without a fault is told of.
//!
//! | check | what it finds | file |
//! |---|---|---|
//! | `short` | fewer values than two seasons, or than three | `mod.rs` |
//! | `constant` | values that are all equal | `mod.rs` |
//! | `mostly-zero`, `intermittent` | demand that comes now and then | `demand.rs` |
//! | `level-shift` | a level that changes from one row to the next, and stays | `level_shift.rs` |
//! | `outliers` | values far off those around them | `outliers.rs` |
//! | `gaps` | steps of the calendar without a value | `calendar.rs` |
//! | `stale-end` | equal values at the end, for longer than ever before | `ending.rs` |
//! | `scale-change` | noise that is another one at the end | `scale_change.rs` |
//!
//! Shifts, outliers and noise are looked for in the values without their shortest season (`season.rs`), by medians (`robust.rs`).

mod calendar;
mod demand;
mod ending;
mod finding;
mod level_shift;
mod outliers;
mod robust;
mod scale_change;
mod season;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

use crate::{data::Series, frequency::Frequency};
use calendar::Steps;
use demand::OpenRows;
pub use finding::{Demand, Finding};

/// Fewest values of any series.
const FEWEST: usize = 3;

/// The largest magnitude of a value: differences and sums of some of them stay finite.
const LARGEST_VALUE: f64 = 1e300;

/// Values that differ by less than this share of their size are equal.
const ROUNDING: f64 = 1e-12;

/// A value far off those around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Its date, milliseconds since the epoch.
    pub at: i64,
    /// The nearest value that is no outlier there.
    pub bound: f64,
}

/// Checks series, with buffers that are reused from one to the next.
///
/// ```
/// use manyfit_models::{data::{Checks, Series}, frequency::Frequency};
///
/// let dates: Vec<i64> = (0..60).map(|day| day * 86_400_000).collect();
/// let values = (0..60).map(|day| f64::from(day * day % 11) + if day < 40 { 100.0 } else { 145.0 }).collect();
/// let series = Series { timestamps: dates.clone(), dates, values, ..Series::default() };
/// let found = Checks::default().findings(&series, Some(Frequency::DAILY), &[7]);
/// assert_eq!(found[0].code(), "level-shift");
/// ```
#[derive(Debug, Default)]
pub struct Checks {
    steps: Steps,
    season: season::Season,
    plain: Vec<f64>,
    open: OpenRows,
    shift: level_shift::LevelShift,
    outliers: outliers::Outliers,
    scale: scale_change::ScaleChange,
}

impl Checks {
    /// What is found in a series: at most one finding of each check, in a fixed order.
    ///
    /// `frequency` is the calendar of the dates, none if no calendar explains them; `seasons` are the lengths of seasons in steps of it, the
    /// shortest first, and may be empty. Takes O(n log n) time for n rows.
    #[must_use]
    pub fn findings(&mut self, series: &Series, frequency: Option<Frequency>, seasons: &[usize]) -> Vec<Finding> {
        let Series { timestamps: dates, values, .. } = series;
        let seasons: Vec<usize> = seasons.iter().copied().filter(|season| *season > 1).collect();
        let shortest = seasons.first().copied().unwrap_or(1);
        let mut findings = Vec::new();
        self.outliers.bounds.clear();
        if values.len() < FEWEST.max(if shortest > 1 { shortest.saturating_mul(2) } else { 0 }) {
            let season = if values.len() < FEWEST { 1 } else { shortest as u64 };
            findings.push(Finding::Short { values: values.len() as u64, season });
        }
        let Some(&first) = values.first() else { return findings };
        let has_calendar = self.steps.place(series, frequency, shortest, &mut findings);
        let (seasons, shortest) = if has_calendar { (&seasons[..], shortest) } else { (&[][..], 1) };
        let steps = &self.steps.of_rows;
        if values.iter().any(|value| value.is_nan() || value.abs() > LARGEST_VALUE) {
            return findings;
        }
        let (low, high) = values.iter().fold((first, first), |(low, high), &value| (low.min(value), high.max(value)));
        if values.len() >= FEWEST && high - low <= ROUNDING * high.abs().max(low.abs()) {
            findings.push(Finding::Constant { values: values.len() as u64, value: first });
            return findings;
        }
        findings.extend(ending::stale_end(values));
        let open = self.open.select(values, dates, steps, shortest);
        if let Some(demand) = demand::demand(&self.open.values) {
            // Medians and spreads of what is often zero say nothing.
            findings.push(demand);
            return findings;
        }
        // A season of which there is no second one shows in nothing.
        let seasons = seasons.iter().filter(|season| **season < steps.len());
        let seasons: Vec<usize> = seasons.map(|season| season.saturating_mul(open) / shortest).collect();
        let OpenRows { values, dates, steps, .. } = &self.open;
        self.season.remove(values, steps, open, &mut self.plain);
        findings.extend(self.shift.find(&self.plain, dates, &seasons));
        findings.extend(self.outliers.find(&self.plain, dates, &seasons));
        findings.extend(self.scale.find(&self.plain, &seasons));
        findings
    }

    /// The outliers of the series that was checked last, in the order of their dates.
    pub fn outliers(&self) -> impl Iterator<Item = Outlier> {
        self.outliers.bounds.iter().map(|&(row, bound)| {
            let (value, plain) = (self.open.values[row], self.plain[row]);
            let bound = if self.season.multiplied { value * (bound / plain) } else { value + (bound - plain) };
            Outlier { at: self.open.dates[row], bound }
        })
    }
}
