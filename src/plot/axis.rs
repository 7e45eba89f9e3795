//! Where times have their ticks, and how these are written.

use jiff::{
    Span, Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use std::ops::Range;

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// How the times along an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// As dates.
    Date,
    /// As days of the week.
    Weekday,
    /// As days of the year.
    DayOfYear,
    /// As hours.
    Hour,
}

/// Times from the first to the last, milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Steps between ticks, the smallest first: years, months, days, hours.
const STEPS: [(i64, i64, i64, i64); 17] = [
    (0, 0, 0, 1),
    (0, 0, 0, 3),
    (0, 0, 0, 6),
    (0, 0, 0, 12),
    (0, 0, 1, 0),
    (0, 0, 2, 0),
    (0, 0, 7, 0),
    (0, 0, 14, 0),
    (0, 1, 0, 0),
    (0, 2, 0, 0),
    (0, 3, 0, 0),
    (0, 6, 0, 0),
    (1, 0, 0, 0),
    (2, 0, 0, 0),
    (5, 0, 0, 0),
    (10, 0, 0, 0),
    (50, 0, 0, 0),
];

fn civil(ms: i64) -> Option<DateTime> {
    Timestamp::from_millisecond(ms).ok().map(|time| time.to_zoned(TimeZone::UTC).datetime())
}

fn milliseconds(time: DateTime) -> Option<i64> {
    time.to_zoned(TimeZone::UTC).ok().as_ref().map(Zoned::timestamp).map(Timestamp::as_millisecond)
}

impl TimeAxis {
    /// At most so many ticks, on round dates.
    pub(super) fn ticks(&self, most: usize) -> Vec<i64> {
        let days = (self.last - self.first) as f64 / DAY as f64;
        let length = |&(years, months, days, hours): &(i64, i64, i64, i64)| {
            365.25 * years as f64 + 30.44 * months as f64 + days as f64 + hours as f64 / 24.0
        };
        let fits = |step: &&(i64, i64, i64, i64)| days / length(step) <= most.max(2) as f64;
        let &(years, months, step, hours) = STEPS.iter().find(fits).unwrap_or(&STEPS[16]);
        let span = Span::new().years(years).months(months).days(step).hours(hours);
        let Some(begin) = civil(self.first) else { return Vec::new() };
        // The first of a year, a month or a day, from which steps lead to round dates.
        let begin = match (years, months) {
            (1.., _) => Date::new(begin.year() - begin.year().rem_euclid(years as i16), 1, 1).ok(),
            (_, 1..) => Date::new(begin.year(), 1, 1).ok(),
            _ => Some(begin.date()),
        };
        let mut next = begin.map(|date| date.at(0, 0, 0, 0));
        let mut ticks = Vec::new();
        while let Some(time) = next.and_then(milliseconds)
            && time <= self.last
        {
            if time >= self.first {
                ticks.push(time);
            }
            next = next.and_then(|time| time.checked_add(span).ok());
        }
        ticks
    }

    /// A tick as text.
    pub(super) fn write(&self, ms: i64, written: Written) -> String {
        let Some(time) = civil(ms) else { return String::new() };
        let format = match written {
            Written::Weekday => "%a",
            Written::DayOfYear => "%-d %b",
            Written::Hour => "%H:%M",
            Written::Date if self.last - self.first < 3 * DAY => "%H:%M",
            Written::Date => "%Y-%m-%d",
        };
        time.strftime(format).to_string()
    }
}

impl Ranged for TimeAxis {
    type FormatOption = DefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.first) as f64 / (self.last - self.first).max(1) as f64;
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i64> {
        self.ticks(hint.bold_points().min(8))
    }

    fn range(&self) -> Range<i64> {
        self.first..self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_on_round_dates() {
        let day = |text: &str| milliseconds(text.parse::<Date>().unwrap().at(0, 0, 0, 0)).unwrap();
        let written = |first: &str, last: &str| {
            let axis = TimeAxis { first: day(first), last: day(last) };
            axis.ticks(8).into_iter().map(|tick| axis.write(tick, Written::Date)).collect::<Vec<_>>()
        };
        assert_eq!(written("2024-01-15", "2024-05-20"), ["2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01"]);
        assert_eq!(written("1990-06-14", "1992-10-01").len(), 5);
        assert_eq!(written("1990-06-14", "1992-10-01")[0], "1990-07-01");
        assert_eq!(written("1949-01-01", "1960-12-01")[..2], ["1950-01-01", "1952-01-01"]);
        assert_eq!(written("2024-03-01", "2024-03-02").first().map(String::as_str), Some("00:00"));
    }
}
