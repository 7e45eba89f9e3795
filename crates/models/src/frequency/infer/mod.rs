//! The calendar of a history, from all of its dates.
//!
//! Where every date follows the one before it by one step, that step is the calendar. Otherwise each calendar that may
//! explain the dates is priced: how many bits it takes to name it, to say which of its dates the history has, and to name
//! each date that is off it (minimum description length; Rissanen, Modeling by shortest data description, 1978). The
//! cheapest is taken: the one with the fewest dates that the history lacks, unless only exceptions or chance speak for it.

mod candidate;
mod days;
mod hours;
mod jitter;
mod last_dates;
mod months;
#[cfg(test)]
mod tests;

use crate::frequency::{
    opening::OpenHours,
    spacing::{DayOfMonth, Frequency},
    times::DAY,
};
use candidate::{Candidate, bits_off, most_frequent};
use last_dates::{of_last_dates, regular_dates};
use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;
use std::f64::consts::LN_2;

/// Regular dates at the end after which a calendar that does not suit them is one of the past.
const NEW_HABIT: usize = 10;

/// Milliseconds by which the times of daily dates may differ: clocks are changed by an hour, and people are late.
const SAME_TIME: i64 = 2 * 3_600_000;

/// The calendar of a history, and how well it explains the dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inferred {
    /// The calendar.
    pub frequency: Frequency,
    /// How well it explains the dates.
    pub fit: CalendarFit,
}

/// How well a calendar explains the dates of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarFit {
    /// Dates that are off the calendar.
    pub off: u64,
    /// Dates of the calendar, between the first and the last of the history, that the history lacks.
    pub gaps: u64,
    /// Whether `pandas.infer_freq` finds no frequency in these dates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_guess: bool,
    /// Whether no calendar explains the dates, so that their median gap stands for one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_irregular: bool,
    /// Whether the calendar is another one than that of the last five dates, which stock Prophet looks at.
    #[serde(skip)]
    pub differs: bool,
}

impl Frequency {
    /// The calendar of a history; see [`Inferred::of`].
    #[must_use]
    pub fn infer(dates: &[i64]) -> Self {
        Inferred::of(dates).frequency
    }
}

impl Inferred {
    /// The calendar of a history of increasing dates; of dates without a calendar, their median gap.
    ///
    /// Regular dates have the calendar that `pandas.infer_freq` finds in the last five. A single date gives daily, Prophet's
    /// default.
    #[must_use]
    pub fn of(dates: &[i64]) -> Self {
        let last = of_last_dates(dates);
        let regular = regular_dates(last, dates);
        if dates.len() < 3 || regular == dates.len() {
            let is_guess = dates.len() < 3 || !is_known_to_pandas(last);
            return Self { frequency: last, fit: CalendarFit { is_guess, ..CalendarFit::default() } };
        }
        let best = best(dates);
        let begin = dates.len() - regular;
        if regular >= NEW_HABIT && best.is_none_or(|best| is_past(best.frequency, last, dates, begin)) {
            let fit = CalendarFit { off: begin as u64, is_guess: true, ..CalendarFit::default() };
            return Self { frequency: last, fit };
        }
        let Some(Candidate { frequency, off, gaps, .. }) = best.or_else(|| jitter::of(dates, median_gap(dates))) else {
            let gap = median_gap(dates);
            let off = dates.windows(2).filter(|pair| pair[1] - pair[0] != gap).count() as u64;
            let frequency = Frequency::Fixed(gap);
            let differs = frequency != last;
            return Self { frequency, fit: CalendarFit { off, gaps: 0, is_guess: true, is_irregular: true, differs } };
        };
        // Of two names of one calendar, the one of the last dates.
        let frequency = if is_same(frequency, last) { last } else { frequency };
        // Steps that are constant were regular above: here clocks were changed.
        let is_constant = matches!(frequency, Frequency::Fixed(_));
        let is_guess = off > 0 || gaps > 0 || is_constant || !is_known_to_pandas(frequency);
        let differs = frequency != last;
        Self { frequency, fit: CalendarFit { off: off as u64, gaps, is_guess, is_irregular: false, differs } }
    }
}

/// Whether pandas infers this frequency from dates that are exactly those of its calendar.
fn is_known_to_pandas(frequency: Frequency) -> bool {
    match frequency {
        Frequency::Fixed(_) | Frequency::Weekly { .. } => true,
        Frequency::BusinessDay { count } => count == 1,
        Frequency::Monthly { day, .. } => !matches!(day, DayOfMonth::Number(_)),
        Frequency::NthWeekday { count, nth, .. } => count == 1 && nth < 5,
        Frequency::Hours(open) => OpenHours::business() == Some(open),
        Frequency::Days(_) | Frequency::MonthDays(_) => false,
    }
}

/// The calendar that explains the dates best, if any does.
fn best(dates: &[i64]) -> Option<Candidate> {
    let (found, without) = match one_a_day(dates) {
        Some((days, off)) => {
            let moments = days[days.len() - 1] - days[0] + 1;
            let bits = bits_off(moments);
            let found = days::candidates(&days, bits).into_iter().chain(months::candidates(&days, bits));
            let found = found.map(|candidate| Candidate { off: candidate.off + off, ..candidate }).collect();
            (found, ln_binomial(moments.unsigned_abs(), days.len() as u64) / LN_2)
        }
        None => hours::candidates(dates),
    };
    // A calendar that costs more than it saves would be made up. A millionth: the same sum may be rounded twice.
    let sensible = found.into_iter().filter(|candidate| candidate.bits <= without * (1.0 + 1e-6) + 1e-6);
    sensible.min_by(|a, b| a.bits.total_cmp(&b.bits))
}

/// The days since the epoch of dates that have about the same time of day, and the number of other dates; none if there
/// are too many.
fn one_a_day(dates: &[i64]) -> Option<(Vec<i64>, usize)> {
    let times = || dates.iter().map(|ms| ms.rem_euclid(DAY));
    let first = times().next()?;
    if times().all(|time| time == first) {
        return Some((dates.iter().map(|ms| ms.div_euclid(DAY)).collect(), 0));
    }
    let usual = most_frequent(times())?;
    // So many milliseconds after the usual time of the day, less than half a day.
    let late = |ms: i64| (ms - usual + DAY / 2).rem_euclid(DAY) - DAY / 2;
    let mut days: Vec<i64> =
        dates.iter().filter(|ms| late(**ms).abs() <= SAME_TIME).map(|ms| (ms - late(*ms)).div_euclid(DAY)).collect();
    days.dedup();
    let off = dates.len() - days.len();
    (days.len() > 2 && 10 * off <= dates.len()).then_some((days, off))
}

/// Whether the dates since `begin`, which are regular, have another calendar than those before.
fn is_past(calendar: Frequency, regular: Frequency, dates: &[i64], begin: usize) -> bool {
    let density = |dates: &[i64]| match dates {
        [first, .., last] => (dates.len() - 1) as f64 / calendar.steps(*first, *last).max(1) as f64,
        _ => 0.0,
    };
    let (before, since) = (density(&dates[..=begin]), density(&dates[begin..]));
    !is_same(calendar, regular) && since < 1.0 / 3.0 && before > 2.0 * since
}

/// Whether two calendars have the same dates, however they are named.
fn is_same(a: Frequency, b: Frequency) -> bool {
    match (a, b) {
        (
            Frequency::Monthly { count, day, month },
            Frequency::Monthly { count: other_count, day: other_day, month: other },
        ) => {
            let phase = Frequency::phase(count);
            count == other_count && day == other_day && i64::from(month - other) % phase == 0
        }
        _ => a == b,
    }
}

/// The median gap; of two, the longer.
fn median_gap(dates: &[i64]) -> i64 {
    let mut gaps: Vec<i64> = dates.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    gaps[gaps.len() / 2]
}
