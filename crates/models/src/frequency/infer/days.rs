//! Calendars of days and weeks.

use super::candidate::{Candidate, most_frequent, steps_behind};
use crate::frequency::{
    spacing::Frequency,
    times::DAY,
    week::{WeekDays, weekday},
};

/// Days in which two dates on the same day of the week make a habit.
const RECENT_DAYS: i64 = 28;

/// Days, every few days, weeks, and days of the week, of the days since the epoch of a history.
pub(super) fn candidates(days: &[i64], bits_off: f64) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut judge = |frequency, place: &dyn Fn(i64) -> Option<i64>, bits| {
        found.extend(Candidate::new(frequency, days.iter().map(|&day| place(day)), bits, bits_off));
    };
    judge(Frequency::DAILY, &Some, 0.0);
    for step in steps_behind(days.windows(2).map(|pair| pair[1] - pair[0])).into_iter().filter(|&step| step > 1) {
        let Some(phase) = most_frequent(days.iter().map(|day| day.rem_euclid(step))) else { continue };
        let place = |day: i64| ((day - phase) % step == 0).then_some((day - phase) / step);
        let is_continued = days.last().is_some_and(|&day| place(day).is_some());
        let frequency = match step % 7 {
            0 if !is_continued => Frequency::Weekly { count: step / 7, weekday: weekday(phase) as i8 },
            _ => Frequency::Fixed(step * DAY),
        };
        // Weeks are more usual than other numbers of days. As many bits again say on which days it begins.
        let length = if step % 7 == 0 { 2.0 + 2.0 * (step as f64 / 7.0).log2() } else { 1.0 + (step as f64).log2() };
        judge(frequency, &place, length + (step as f64).log2());
    }
    let mut weeks = vec![WeekDays::BUSINESS, WeekDays::NO_SUNDAY];
    weeks.extend(usual_days(days).filter(|days| !weeks.contains(days) && *days != WeekDays::ALL));
    for days in weeks {
        let place = |day: i64| days.has(weekday(day)).then(|| days.up_to(day));
        match days {
            WeekDays::BUSINESS => judge(Frequency::BusinessDay { count: 1 }, &place, 2.0),
            // Of one day of the week there is a step of 7 days.
            days if days.per_week() > 1 => judge(Frequency::Days(days), &place, bits_of(days)),
            _ => {}
        }
    }
    found
}

/// Bits to name days of the week: few for those that follow each other.
pub(super) fn bits_of(days: WeekDays) -> f64 {
    match days {
        WeekDays::ALL => 0.0,
        WeekDays::BUSINESS => 2.0,
        WeekDays::NO_SUNDAY => 3.0,
        _ => 2.0 + 3.0 * days.changes() as f64,
    }
}

/// The days of the week that are no exceptions: with a tenth of the dates of the most frequent, or more than one of late.
pub(super) fn usual_days(days: &[i64]) -> Option<WeekDays> {
    let last = days.last()?;
    let (mut counts, mut recent) = ([0_usize; 7], [0_usize; 7]);
    for day in days {
        counts[weekday(*day)] += 1;
        recent[weekday(*day)] += usize::from(last - day < RECENT_DAYS);
    }
    let most = counts.into_iter().max()?;
    WeekDays::from_fn(|at| counts[at] > 0 && (10 * counts[at] >= most || recent[at] > 1))
}
