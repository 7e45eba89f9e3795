//! The hours of the week in which a series has dates.

use super::{
    times::DAY,
    week::{WeekDays, week, weekday},
};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
/// The hours of pandas' `bh`.
pub(super) const BUSINESS_HOURS: (i64, i64) = (9 * HOUR, 17 * HOUR);
/// The units of opening hours of steps that are shorter than the first of them.
const UNITS: [i64; 3] = [15 * MINUTE, 30 * MINUTE, HOUR];

/// The hours of each day of the week in which a series has dates, at least some.
///
/// They are made of units: of the step between dates, or of 15, 30 or 60 minutes where the step is shorter than 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHours {
    /// Milliseconds between dates.
    step: i64,
    /// Milliseconds.
    unit: i64,
    /// A bit for each unit of each day, Monday first.
    days: [u128; 7],
}

impl OpenHours {
    /// The unit of the opening hours for a step; none where units would not fill a day.
    #[must_use]
    pub(super) fn unit(step: i64) -> Option<i64> {
        if step < UNITS[0] {
            return UNITS.into_iter().find(|unit| step > 0 && unit % step == 0);
        }
        (DAY % step == 0).then_some(step)
    }

    /// Opening hours with a bit for each unit of each day, Monday first; none if nothing is open.
    #[must_use]
    pub(super) fn new(step: i64, days: [u128; 7]) -> Option<Self> {
        let unit = Self::unit(step)?;
        let days = days.map(|units| units & all_units(DAY / unit));
        (days != [0; 7]).then_some(Self { step, unit, days })
    }

    /// Each hour of pandas' `bh`.
    #[must_use]
    pub(super) fn business() -> Option<Self> {
        let hours = all_units(BUSINESS_HOURS.1 / HOUR) & !all_units(BUSINESS_HOURS.0 / HOUR);
        Self::new(HOUR, std::array::from_fn(|at| if WeekDays::BUSINESS.has(at) { hours } else { 0 }))
    }

    /// Milliseconds between dates.
    #[must_use]
    pub const fn step(&self) -> i64 {
        self.step
    }

    /// Whether the hours are the whole week.
    #[must_use]
    pub(super) fn is_always(&self) -> bool {
        self.days == [all_units(DAY / self.unit); 7]
    }

    /// The hours of a day of the week, from and to as milliseconds from midnight.
    #[must_use]
    pub(super) fn hours(&self, weekday: usize) -> Vec<(i64, i64)> {
        runs(self.days[weekday]).map(|(from, to)| (from * self.unit, to * self.unit)).collect()
    }

    /// Whether a time is within the hours.
    #[must_use]
    pub(super) fn has(&self, ms: i64) -> bool {
        self.days[weekday(ms.div_euclid(DAY))] >> (ms.rem_euclid(DAY) / self.unit) & 1 == 1
    }

    /// Number of dates from a fixed time in the past to a time, which counts.
    #[must_use]
    pub(super) fn up_to(&self, ms: i64) -> i64 {
        let (day, time) = (ms.div_euclid(DAY), ms.rem_euclid(DAY));
        let (at, place) = (weekday(day), time / self.unit);
        let before = self.days[at] & all_units(place);
        let units = week(day) * count(&self.days) + count(&self.days[..at]) + i64::from(before.count_ones());
        let begun = if self.has(ms) { time % self.unit / self.step + 1 } else { 0 };
        units * (self.unit / self.step) + begun
    }

    /// The next date after one.
    #[must_use]
    pub(super) fn next(&self, ms: i64) -> i64 {
        let mut next = ms.saturating_add(self.step);
        while next < i64::MAX && !self.has(next) {
            let left = self.unit - next.rem_euclid(self.unit);
            next = next.saturating_add((left + self.step - 1) / self.step * self.step);
        }
        next
    }

    /// The last date that is not after a time; the first date of a day is at midnight or a number of steps later.
    #[must_use]
    pub(super) fn at_or_before(&self, ms: i64) -> i64 {
        let mut last = ms - ms.rem_euclid(self.step);
        while !self.has(last) {
            last -= last.rem_euclid(self.unit) + self.step;
        }
        last
    }

    /// Number of dates after which the hours repeat: those of a day, where all open days have the same number, or of a week.
    #[must_use]
    pub(super) fn season(&self) -> usize {
        let counts = self.days.map(u128::count_ones);
        let most = counts.into_iter().max().unwrap_or(0);
        let is_daily = counts.iter().all(|&units| units == 0 || units == most);
        let units = if is_daily { most } else { counts.iter().sum() };
        units as usize * (self.unit / self.step) as usize
    }
}

fn count(days: &[u128]) -> i64 {
    days.iter().map(|units| i64::from(units.count_ones())).sum()
}

/// The first units of a day.
pub(super) const fn all_units(count: i64) -> u128 {
    if count >= 128 { u128::MAX } else { (1 << count) - 1 }
}

/// Runs of bits that are set: the first, and the one after the last.
pub(super) fn runs(units: u128) -> impl Iterator<Item = (i64, i64)> {
    let mut left = units;
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let from = left.trailing_zeros();
        let to = from + (left >> from).trailing_ones();
        left &= !all_units(i64::from(to));
        Some((i64::from(from), i64::from(to)))
    })
}
