//! The spacing of a calendar: inferred from the last dates of a history, or named as pandas names it, and continued.

use jiff::{
    SignedDuration, ToSpan,
    civil::{Date, DateTime},
};
use std::{fmt, str::FromStr};

/// In milliseconds.
pub(crate) const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;

/// Number of last dates that the inferred frequency depends on, as in Prophet's `make_future_dataframe(freq=None)`.
const DATES_LOOKED_AT: usize = 5;

/// Days of history after which a lack of weekends is taken for a rule.
const WEEKEND_EVIDENCE_DAYS: i64 = 14;

/// Spacing of the dates of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// A number of milliseconds: seconds to days.
    Fixed(i64),
    /// Every `count` weeks on one weekday, 0 = Monday.
    Weekly {
        /// Number of weeks.
        count: i64,
        /// 0 = Monday to 6 = Sunday.
        weekday: i8,
    },
    /// Every `count` business days, Monday to Friday.
    BusinessDay {
        /// Number of business days.
        count: i64,
    },
    /// Every `count` months on one day of the month.
    Monthly {
        /// Number of months.
        count: i64,
        /// The day.
        day: DayOfMonth,
        /// A month (1 to 12) of the calendar, for quarters and years; otherwise 1.
        month: i8,
    },
}

/// A day that every month has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOfMonth {
    /// The first.
    First,
    /// The last.
    Last,
    /// The first Monday to Friday.
    FirstBusiness,
    /// The last Monday to Friday.
    LastBusiness,
    /// This one, or the last where the month is shorter.
    Number(i8),
}

impl DayOfMonth {
    /// The day in the month of `date`.
    fn in_month_of(self, date: Date) -> Date {
        let (first, last) = (date.first_of_month(), date.last_of_month());
        let weekend = |date: Date| i64::from(date.weekday().to_monday_zero_offset()) - 4;
        match self {
            Self::First => first,
            Self::Last => last,
            // From a Saturday two days on, from a Sunday one.
            Self::FirstBusiness if weekend(first) > 0 => first.saturating_add((3 - weekend(first)).days()),
            Self::FirstBusiness => first,
            Self::LastBusiness => last.saturating_sub(weekend(last).max(0).days()),
            Self::Number(number) if number >= last.day() => last,
            Self::Number(number) => first.saturating_add(i64::from(number - 1).days()),
        }
    }
}

impl Frequency {
    /// Once a day.
    pub const DAILY: Self = Self::Fixed(DAY);

    /// The frequency of the last five dates, as `pandas.infer_freq` finds it; where pandas finds none, their median gap.
    ///
    /// One departure: daily dates of two weeks or more without a single weekend are business days, even when the last
    /// five have no gap. A single date gives daily, Prophet's default.
    #[must_use]
    pub fn infer(dates: &[i64]) -> Self {
        let last = &dates[dates.len().saturating_sub(DATES_LOOKED_AT)..];
        let gaps: Vec<i64> = last.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let Some(&gap) = gaps.first() else { return Self::DAILY };
        let civil: Vec<DateTime> = last.iter().map(|&ms| civil(ms)).collect();
        if last.len() > 2 && gaps.iter().all(|gap| gap % DAY == 0) {
            if let Some(monthly) = infer_monthly(&civil) {
                return monthly;
            }
            if gaps.iter().all(|&gap| gap == DAY || gap == 3 * DAY) && is_business_days(dates) {
                return Self::BusinessDay { count: 1 };
            }
        }
        if gaps.iter().all(|&other| other == gap) {
            return Self::Fixed(gap);
        }
        let mut sorted = gaps;
        sorted.sort_unstable();
        Self::Fixed(sorted[sorted.len() / 2])
    }

    /// The next `periods` dates after `last`, as `pandas.date_range` continues from it.
    #[must_use]
    pub fn after(self, last: i64, periods: usize) -> Vec<i64> {
        let start = civil(last);
        let (date, time) = (start.date(), start.time());
        let on_time = |date: Date| milliseconds(date.to_datetime(time));
        let mut dates = Vec::with_capacity(periods);
        match self {
            Self::Fixed(gap) => dates.extend((1..=periods as i64).map(|i| last.saturating_add(gap.saturating_mul(i)))),
            Self::Weekly { count, weekday } => {
                let ahead = i64::from(weekday - date.weekday().to_monday_zero_offset()).rem_euclid(7);
                let first = if ahead == 0 { last + count * WEEK } else { last + ahead * DAY };
                dates.extend((0..periods as i64).map(|i| first + i * count * WEEK));
            }
            Self::BusinessDay { count } => {
                let mut day = date;
                // From a weekend the next Monday is the first; from a business day it is `count` on.
                let mut to_go = if date.weekday().to_monday_zero_offset() >= 5 { 1 } else { count };
                while dates.len() < periods {
                    day = day.saturating_add(1.day());
                    to_go -= i64::from(day.weekday().to_monday_zero_offset() < 5);
                    if to_go == 0 {
                        dates.push(on_time(day));
                        to_go = count;
                    }
                    if day == Date::MAX {
                        break;
                    }
                }
            }
            Self::Monthly { count, day, month } => {
                // The first month of the calendar whose day is not before the last date.
                let phase = Self::phase(count);
                let mut current = date.first_of_month();
                while (i64::from(current.month()) - i64::from(month)).rem_euclid(phase) != 0
                    || day.in_month_of(current) < date
                {
                    current = current.saturating_add(1.month());
                }
                while dates.len() < periods && current < Date::MAX.first_of_month() {
                    let date = on_time(day.in_month_of(current));
                    if date > last {
                        dates.push(date);
                    }
                    current = current.saturating_add(count.months());
                }
            }
        }
        dates
    }

    /// Months after which the calendar repeats: quarters and years start in fixed months.
    const fn phase(count: i64) -> i64 {
        match count {
            _ if count % 12 == 0 => 12,
            _ if count % 3 == 0 => 3,
            _ => 1,
        }
    }

    /// Number of steps from one date to a later one; of dates that are off the calendar, to the nearest.
    #[must_use]
    pub fn steps(self, from: i64, to: i64) -> i64 {
        let months = |ms: i64| {
            let date = civil(ms).date();
            i64::from(date.year()) * 12 + i64::from(date.month())
        };
        // 1970-01-01 was a Thursday; a weekend counts as the Friday before it.
        let business_days = |ms: i64| {
            let day = ms.div_euclid(DAY) + 3;
            day.div_euclid(7) * 5 + day.rem_euclid(7).min(4)
        };
        let nearest = |gap: i64, unit: i64| (gap + unit / 2).div_euclid(unit);
        match self {
            Self::Fixed(gap) => nearest(to - from, gap.max(1)),
            Self::Weekly { count, .. } => nearest(to - from, count * WEEK),
            Self::BusinessDay { count } => nearest(business_days(to) - business_days(from), count),
            Self::Monthly { count, .. } => nearest(months(to) - months(from), count),
        }
    }

    /// Number of periods in the season that such data usually has: a day of hours, a week of days, a year of months.
    #[must_use]
    pub const fn season(self) -> usize {
        match self {
            Self::Fixed(gap) if gap > 0 && gap < DAY => (DAY / gap) as usize,
            Self::Fixed(gap) if gap >= DAY && gap < WEEK => (WEEK / gap) as usize,
            Self::Fixed(gap) if gap >= WEEK && gap < 28 * DAY => (364 * DAY / gap) as usize,
            Self::Fixed(_) => 1,
            Self::Weekly { count, .. } => (52 / count) as usize,
            Self::BusinessDay { .. } => 5,
            Self::Monthly { count, .. } => (12 / count) as usize,
        }
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since the epoch as a date and a time of day.
pub(crate) fn civil(ms: i64) -> DateTime {
    EPOCH.saturating_add(SignedDuration::from_millis(ms))
}

/// Milliseconds since the epoch.
pub(crate) fn milliseconds(datetime: DateTime) -> i64 {
    datetime.duration_since(EPOCH).as_millis() as i64
}

/// Whether the dates are one day of a month each, a constant number of months apart.
fn infer_monthly(dates: &[DateTime]) -> Option<Frequency> {
    let months: Vec<i64> = dates.iter().map(|d| i64::from(d.year()) * 12 + i64::from(d.month())).collect();
    let count = months[1] - months[0];
    if count < 1 || months.windows(2).any(|pair| pair[1] - pair[0] != count) {
        return None;
    }
    let number = dates.iter().map(|date| date.day()).max()?;
    let day = [
        DayOfMonth::First,
        DayOfMonth::FirstBusiness,
        DayOfMonth::Last,
        DayOfMonth::LastBusiness,
        DayOfMonth::Number(number),
    ]
    .into_iter()
    .find(|day| dates.iter().all(|date| day.in_month_of(date.date()) == date.date()))?;
    let month = if Frequency::phase(count) > 1 { dates[0].month() } else { 1 };
    Some(Frequency::Monthly { count, day, month })
}

/// Whether all dates are Mondays to Fridays, over a long time or across a weekend.
fn is_business_days(dates: &[i64]) -> bool {
    // 1970-01-01 was a Thursday.
    let weekday = |ms: i64| (ms.div_euclid(DAY) + 3).rem_euclid(7);
    let span = dates[dates.len() - 1] - dates[0];
    let skips =
        dates[dates.len().saturating_sub(DATES_LOOKED_AT)..].windows(2).any(|pair| pair[1] - pair[0] == 3 * DAY);
    (skips || span >= WEEKEND_EVIDENCE_DAYS * DAY) && dates.iter().all(|&ms| weekday(ms) < 5)
}

/// Aliases of fixed spacings, in milliseconds.
const UNITS: [(&str, i64); 5] = [("D", DAY), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

impl fmt::Display for Frequency {
    /// The pandas alias.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, alias) = match *self {
            Self::Fixed(gap) => UNITS
                .into_iter()
                .find(|(_, unit)| gap % unit == 0)
                .map_or((gap, String::from("ms")), |(alias, unit)| (gap / unit, alias.into())),
            Self::Weekly { count, weekday } => (count, format!("W-{}", WEEKDAYS[weekday as usize])),
            Self::BusinessDay { count } => (count, "B".into()),
            Self::Monthly { count, day, month } => {
                let position = match day {
                    DayOfMonth::First => "S",
                    DayOfMonth::Last => "E",
                    DayOfMonth::FirstBusiness => "BS",
                    DayOfMonth::LastBusiness => "BE",
                    // Not an alias of pandas: the day in words.
                    DayOfMonth::Number(day) => return write!(f, "{count}M-{day}-{}", MONTHS[month as usize - 1]),
                };
                let (business, edge) = position.split_at(position.len() - 1);
                match count {
                    _ if count % 12 == 0 => (count / 12, format!("{business}Y{edge}-{}", MONTHS[month as usize - 1])),
                    _ if count % 3 == 0 => (count / 3, format!("{business}Q{edge}-{}", MONTHS[month as usize - 1])),
                    _ => (count, format!("{business}M{edge}")),
                }
            }
        };
        if count == 1 { f.write_str(&alias) } else { write!(f, "{count}{alias}") }
    }
}

impl FromStr for Frequency {
    type Err = String;

    /// A pandas alias: `D`, `B`, `W`, `W-MON`, `MS`, `ME`, `QS`, `QE-MAR`, `YS`, `YE`, `h`, `15min`, `s`; with a count before it.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            format!(
                "{text:?} is not a frequency: use a pandas alias such as D, B, W-MON, MS, ME, QS, QE, YS, h or 15min"
            )
        })
    }
}

impl Frequency {
    fn parse(text: &str) -> Option<Self> {
        let name = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &text[..text.len() - name.len()];
        let count: i64 = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        let (alias, anchor) = name.split_once('-').map_or((name, None), |(alias, anchor)| (alias, Some(anchor)));
        // A century between two dates is more than any series has, and far from any overflow.
        let at_most = |most: i64| (1..=most).contains(&count).then_some(count);
        let anchored = |names: &[&str], default: &str| {
            let name = anchor.unwrap_or(default).to_ascii_uppercase();
            names.iter().position(|known| *known == name).map(|at| at as i8)
        };
        let monthly = |months: i64, day: DayOfMonth, month: Option<i8>| {
            Some(Self::Monthly { count: at_most(1_200 / months)? * months, day, month: month? })
        };
        let plain = anchor.is_none().then_some(1);
        let month = |default: &str| anchored(&MONTHS, default).map(|at| at + 1);
        if let Some((day, month)) = anchor.filter(|_| alias == "M").and_then(|anchor| anchor.split_once('-')) {
            let month = MONTHS.iter().position(|known| *known == month).map(|at| at as i8 + 1);
            let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
            return monthly(1, DayOfMonth::Number(day), month);
        }
        match alias {
            "B" => plain.and(at_most(26_000)).map(|count| Self::BusinessDay { count }),
            "W" => Some(Self::Weekly { count: at_most(5_200)?, weekday: anchored(&WEEKDAYS, "SUN")? }),
            "MS" => monthly(1, DayOfMonth::First, plain),
            "ME" | "M" => monthly(1, DayOfMonth::Last, plain),
            "BMS" => monthly(1, DayOfMonth::FirstBusiness, plain),
            "BME" | "BM" => monthly(1, DayOfMonth::LastBusiness, plain),
            "QS" => monthly(3, DayOfMonth::First, month("JAN")),
            "QE" | "Q" => monthly(3, DayOfMonth::Last, month("DEC")),
            "BQS" => monthly(3, DayOfMonth::FirstBusiness, month("JAN")),
            "BQE" | "BQ" => monthly(3, DayOfMonth::LastBusiness, month("DEC")),
            "YS" | "AS" => monthly(12, DayOfMonth::First, month("JAN")),
            "YE" | "Y" | "A" => monthly(12, DayOfMonth::Last, month("DEC")),
            "BYS" => monthly(12, DayOfMonth::FirstBusiness, month("JAN")),
            "BYE" => monthly(12, DayOfMonth::LastBusiness, month("DEC")),
            _ => {
                let older = [("H", "h"), ("T", "min"), ("S", "s"), ("L", "ms")];
                let alias = older.iter().find(|(old, _)| *old == alias).map_or(alias, |(_, new)| *new);
                let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == alias)?;
                plain.and(at_most(36_525 * DAY / unit)).map(|count| Self::Fixed(count * unit))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(texts: &[&str]) -> Vec<i64> {
        texts
            .iter()
            .map(|text| {
                milliseconds(text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into)).unwrap())
            })
            .collect()
    }

    #[test]
    fn the_calendar_of_the_last_dates_is_continued() {
        for (history, alias, future) in [
            (vec!["2024-02-27", "2024-02-28", "2024-02-29"], "D", ["2024-03-01", "2024-03-02"]),
            (vec!["2024-01-01", "2024-01-08", "2024-01-15"], "7D", ["2024-01-22", "2024-01-29"]),
            (vec!["2023-11-01", "2023-12-01", "2024-01-01"], "MS", ["2024-02-01", "2024-03-01"]),
            (vec!["2023-12-31", "2024-01-31", "2024-02-29"], "ME", ["2024-03-31", "2024-04-30"]),
            (vec!["2023-07-01", "2023-10-01", "2024-01-01"], "QS-JUL", ["2024-04-01", "2024-07-01"]),
            (vec!["2023-06-30", "2023-09-30", "2023-12-31"], "QE-JUN", ["2024-03-31", "2024-06-30"]),
            (vec!["2021-01-01", "2022-01-01", "2023-01-01"], "YS-JAN", ["2024-01-01", "2025-01-01"]),
            (vec!["2024-01-04", "2024-01-05", "2024-01-08"], "B", ["2024-01-09", "2024-01-10"]),
            (vec!["2024-01-10", "2024-02-10", "2024-03-10"], "1M-10-JAN", ["2024-04-10", "2024-05-10"]),
            (vec!["2024-01-31", "2024-02-29", "2024-03-29"], "BME", ["2024-04-30", "2024-05-31"]),
            (
                vec!["2024-01-01T22:00:00", "2024-01-01T23:00:00", "2024-01-02T00:00:00"],
                "h",
                ["2024-01-02T01:00:00", "2024-01-02T02:00:00"],
            ),
            (
                vec!["2024-01-01T00:00:00", "2024-01-01T00:05:00", "2024-01-01T00:10:00"],
                "5min",
                ["2024-01-01T00:15:00", "2024-01-01T00:20:00"],
            ),
        ] {
            let history = dates(&history);
            let frequency = Frequency::infer(&history);
            assert_eq!(frequency.to_string(), alias);
            assert_eq!(frequency.after(history[history.len() - 1], 2), dates(&future), "{alias}");
            assert_eq!(frequency.to_string().parse::<Frequency>(), Ok(frequency), "the alias is read back");
        }
    }

    #[test]
    fn five_weekdays_after_a_fortnight_of_them_are_business_days() {
        let day = |i: i64| 1_704_067_200_000 + i * DAY; // 2024-01-01, a Monday
        let weekdays: Vec<i64> = (0..19).filter(|i| i % 7 < 5).map(day).collect();
        let frequency = Frequency::infer(&weekdays);
        assert_eq!(frequency, Frequency::BusinessDay { count: 1 });
        assert_eq!(frequency.after(day(18), 1), [day(21)]);
        assert_eq!(Frequency::infer(&weekdays[..5]), Frequency::DAILY);
    }

    #[test]
    fn one_date_is_daily_and_irregular_dates_go_on_with_their_median_gap() {
        assert_eq!(Frequency::infer(&[0]), Frequency::DAILY);
        assert_eq!(Frequency::infer(&[0, 5 * DAY]), Frequency::Fixed(5 * DAY));
        assert_eq!(Frequency::infer(&[0, DAY, 3 * DAY, 5 * DAY, 12 * DAY]), Frequency::Fixed(2 * DAY));
    }

    #[test]
    fn a_set_frequency_starts_at_its_next_anchor() {
        let last = dates(&["2024-05-15"])[0];
        for (alias, future) in [
            ("MS", ["2024-06-01", "2024-07-01"]),
            ("ME", ["2024-05-31", "2024-06-30"]),
            ("QS", ["2024-07-01", "2024-10-01"]),
            ("QE", ["2024-06-30", "2024-09-30"]),
            ("W-MON", ["2024-05-20", "2024-05-27"]),
            ("W-WED", ["2024-05-22", "2024-05-29"]),
            ("2D", ["2024-05-17", "2024-05-19"]),
        ] {
            assert_eq!(alias.parse::<Frequency>().unwrap().after(last, 2), dates(&future), "{alias}");
        }
    }

    #[test]
    fn what_is_not_a_frequency_is_refused_with_examples() {
        for text in
            ["", "daily", "0D", "20000YS", "1000000W", "0M-3-JAN", "W-XYZ", "QS-FOO", "D-MON", "99999999999999999999D"]
        {
            assert!(text.parse::<Frequency>().unwrap_err().contains("15min"), "{text}");
        }
    }
}
