//! Calendars of months, quarters and years.

use super::candidate::{Candidate, by_frequency, most_frequent, steps_behind};
use crate::frequency::{
    month_days::{LAST, MonthDays},
    spacing::{DayOfMonth, Frequency, nth_weekday},
    times::{DAY, civil, month_number},
};
use jiff::civil::{Date, Weekday};

/// Days of each month, at most, of a calendar of several days of the month.
const MOST_DAYS: usize = 4;

/// Days of the month and weekdays of the month, of the days since the epoch of a history.
pub(super) fn candidates(days: &[i64], bits_off: f64) -> Vec<Candidate> {
    let months = (days[days.len() - 1] - days[0]) / 28 + 2;
    if days.len() as i64 > months * MOST_DAYS as i64 {
        return Vec::new();
    }
    let dates: Vec<Date> = days.iter().map(|day| civil(day * DAY).date()).collect();
    let mut found = Vec::new();
    for (day, bits) in days_of_month(&dates) {
        let frequency = |count, month| Frequency::Monthly { count, day, month };
        found.extend(monthly(&dates, |date| day.in_month_of(date) == date, frequency, bits, bits_off));
    }
    for (nth, weekday) in weekdays_of_month(&dates) {
        let frequency = |count, _| Frequency::NthWeekday { count, nth, weekday };
        found.extend(monthly(&dates, |date| nth_weekday(date, nth, weekday) == date, frequency, 7.0, bits_off));
    }
    let kinds = [true, false].map(|ends_are_last| [(ends_are_last, false), (ends_are_last, true)]);
    for (ends_are_last, before_weekends) in kinds.into_iter().flatten() {
        let Some(days) = several_days(&dates, ends_are_last, before_weekends) else { continue };
        let places = dates.iter().map(|&date| days.has(date).then(|| days.up_to(date)));
        // A month has half of them by the 1st and the 15th, or the 15th and the last.
        let is_common = days.per_month() == 2 && days.numbers().any(|day| day == 15);
        let bits = if is_common { 4.0 } else { 3.0 + 5.0 * days.per_month() as f64 };
        let bits = bits + if before_weekends { 3.0 } else { 0.0 };
        found.extend(Candidate::new(Frequency::MonthDays(days), places, bits, bits_off));
    }
    found
}

/// The days of the month that may be that of all dates, and the bits to name them.
fn days_of_month(dates: &[Date]) -> Vec<(DayOfMonth, f64)> {
    let numbers = || dates.iter().map(|date| i64::from(date.day()));
    let mut days = vec![
        (DayOfMonth::First, 2.0),
        (DayOfMonth::Last, 2.0),
        (DayOfMonth::FirstBusiness, 5.0),
        (DayOfMonth::LastBusiness, 5.0),
    ];
    // In a short month the number may be cut: the largest is tried, too.
    let mut likely: Vec<i64> = most_frequent(numbers()).into_iter().chain(numbers().max()).collect();
    likely.dedup();
    days.extend(likely.into_iter().map(|number| (DayOfMonth::Number(number as i8), 8.0)));
    days
}

/// The weekdays of the month that may be that of all dates: the most frequent weekday, first to fourth, or last.
fn weekdays_of_month(dates: &[Date]) -> Vec<(i8, i8)> {
    let of = |date: &Date| i64::from(date.weekday().to_monday_zero_offset());
    let Some(weekday) = most_frequent(dates.iter().map(of)) else { return Vec::new() };
    let weeks = dates.iter().filter(|date| of(date) == weekday).map(|date| i64::from((date.day() - 1) / 7));
    let nth = most_frequent(weeks).filter(|&week| week < 4).map(|week| week as i8 + 1);
    nth.into_iter().chain([5]).map(|nth| (nth, weekday as i8)).collect()
}

/// One date in every few months.
fn monthly(
    dates: &[Date],
    is_one: impl Fn(Date) -> bool,
    frequency: impl Fn(i64, i8) -> Frequency,
    day_bits: f64,
    bits_off: f64,
) -> Vec<Candidate> {
    let months: Vec<i64> = dates.iter().filter(|date| is_one(**date)).map(|date| month_number(*date)).collect();
    if 2 * months.len() < dates.len() {
        return Vec::new();
    }
    let judge = |count: i64| {
        let phase = most_frequent(months.iter().map(|month| month.rem_euclid(count)))?;
        let place = |date: &Date| {
            let ahead = month_number(*date) - phase;
            (is_one(*date) && ahead % count == 0).then_some(ahead / count)
        };
        let month = if Frequency::phase(count) > 1 { (phase - 1).rem_euclid(12) + 1 } else { 1 };
        let count_bits = match count {
            1 => 0.0,
            3 | 12 => 1.0,
            _ => 3.0,
        };
        let bits = day_bits + count_bits + (count as f64).log2();
        Candidate::new(frequency(count, month as i8), dates.iter().map(place), bits, bits_off)
    };
    steps_behind(months.windows(2).map(|pair| pair[1] - pair[0])).into_iter().filter_map(judge).collect()
}

/// Two to four days of the month that most dates have; the last day of a month as such, or as the number that the month lacks.
///
/// With days that are paid out before weekends, also a single one; Fridays do not tell them.
fn several_days(dates: &[Date], ends_are_last: bool, before_weekends: bool) -> Option<MonthDays> {
    let is_telling = |date: &&Date| !before_weekends || date.weekday() != Weekday::Friday;
    let number = |date: &Date| {
        let is_last = date.day() == date.days_in_month();
        i64::from(if ends_are_last && is_last { LAST } else { date.day() })
    };
    let telling = || dates.iter().filter(is_telling);
    let ranked = by_frequency(telling().map(number));
    let count = |day: i64| telling().filter(|date| number(date) == day).count();
    let most = count(*ranked.first()?);
    // In February the 30th is another number: a number counts with a third of the dates of the most frequent one.
    let usual: Vec<i8> = ranked.into_iter().filter(|&day| 3 * count(day) >= most).map(|day| day as i8).collect();
    let least = if before_weekends { 1 } else { 2 };
    if !(least..=MOST_DAYS).contains(&usual.len()) {
        return None;
    }
    let days = MonthDays::new(usual)?;
    if before_weekends { days.before_weekends() } else { Some(days) }
}
