//! Calendar periods, labelled as by pandas' `resample`.

use std::str::FromStr;

use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};

use manyfit_models::frequency::{DayOfMonth, Frequency};

const DAY: i64 = 86_400_000;

/// A frequency whose periods partition time.
///
/// - `h`, `15min`, `2D`, `7h` and so on are counted from midnight of the customer's first day (as with pandas'
///   `origin="start_day"`) and labelled by their start;
/// - `W-SUN` and the other weeks, `ME`, `QE`, `YE` are labelled by their last day, which they include;
/// - `MS`, `QS`, `YS` by their first day; `B` by the day, with weekends counted to the Friday before;
/// - other days of the week, hours, and days of the month (`C Mon Tue`, `bh`, `WOM-3FRI`, `SMS`) likewise by the last of them
///   that is not after the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(Frequency);

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let frequency: Frequency = text.parse()?;
        let covers = match frequency {
            Frequency::Weekly { count, .. }
            | Frequency::BusinessDay { count }
            | Frequency::NthWeekday { count, .. } => count == 1,
            Frequency::Fixed(_) | Frequency::Days(_) | Frequency::Hours(_) | Frequency::MonthDays(_) => true,
            Frequency::Monthly { count, day, .. } => {
                matches!(count, 1 | 3 | 12) && matches!(day, DayOfMonth::First | DayOfMonth::Last)
            }
        };
        if covers {
            Ok(Self(frequency))
        } else {
            Err(format!("{text:?} is not a fixed calendar period: use D, h, 15min, W-SUN, MS, ME, QS, QE, YS, YE or B"))
        }
    }
}

impl Period {
    /// The frequency.
    pub(super) const fn frequency(self) -> Frequency {
        self.0
    }

    /// The label of the period that contains `time`; `first` is the customer's first time. All in milliseconds since 1970.
    pub(super) fn label(self, time: i64, first: i64) -> i64 {
        let day = time.div_euclid(DAY);
        match self.0 {
            Frequency::Fixed(gap) => time - (time - first.div_euclid(DAY) * DAY).rem_euclid(gap),
            // 1970-01-01 was a Thursday, which is 3.
            Frequency::Weekly { weekday, .. } => (day + (i64::from(weekday) - (day + 3)).rem_euclid(7)) * DAY,
            Frequency::Monthly { count, day: DayOfMonth::First, month } => {
                let date = date_of(day);
                let back = (i64::from(date.month()) - i64::from(month)).rem_euclid(count);
                day_of(date.first_of_month().saturating_sub(back.months())) * DAY
            }
            Frequency::Monthly { count, month, .. } => {
                let date = date_of(day);
                let ahead = (i64::from(month) - i64::from(date.month())).rem_euclid(count);
                day_of(date.first_of_month().saturating_add(ahead.months()).last_of_month()) * DAY
            }
            frequency => frequency.at_or_before(time).unwrap_or(time),
        }
    }

    /// The label of the next period.
    pub(super) fn next(self, label: i64) -> i64 {
        match self.0 {
            Frequency::Fixed(gap) => label + gap,
            frequency => frequency.after(label, 1).first().copied().unwrap_or(i64::MAX),
        }
    }
}

fn date_of(day: i64) -> Date {
    Timestamp::from_millisecond(day * DAY).map_or(Date::ZERO, |time| Offset::UTC.to_datetime(time).date())
}

fn day_of(date: Date) -> i64 {
    i64::from((date - Date::constant(1970, 1, 1)).get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::value::timestamp::{format, parse};

    fn label(alias: &str, time: &str) -> String {
        let time = parse(time.as_bytes()).unwrap();
        format(alias.parse::<Period>().unwrap().label(time, time))
    }

    #[test]
    fn labels_are_those_of_pandas() {
        for (alias, time, expected) in [
            ("D", "2024-02-29 23:59", "2024-02-29"),
            ("h", "2024-02-29 23:59", "2024-02-29T23:00:00"),
            ("15min", "1969-12-31 23:59", "1969-12-31T23:45:00"),
            ("W-SUN", "2024-05-15", "2024-05-19"),
            ("W-MON", "2024-05-13 23:00", "2024-05-13"),
            ("W-MON", "2024-05-14", "2024-05-20"),
            ("MS", "2024-05-31 23:00", "2024-05-01"),
            ("ME", "2024-02-10", "2024-02-29"),
            ("QS", "2024-05-15", "2024-04-01"),
            ("QE", "2024-05-15", "2024-06-30"),
            ("YS", "2024-05-15", "2024-01-01"),
            ("YE", "2024-05-15", "2024-12-31"),
            ("B", "2024-05-18", "2024-05-17"),
            ("B", "2024-05-20", "2024-05-20"),
        ] {
            assert_eq!(label(alias, time), expected, "{alias} {time}");
        }
    }

    #[test]
    fn periods_that_do_not_divide_a_day_are_counted_from_the_first_day() {
        let label = |alias: &str, time: &str, first: &str| {
            let [time, first] = [time, first].map(|text| parse(text.as_bytes()).unwrap());
            format(alias.parse::<Period>().unwrap().label(time, first))
        };
        // pandas 3.1: pd.Series(1, index=pd.to_datetime([first, time])).resample(alias).sum().index
        for (alias, time, expected) in [
            ("2D", "2024-01-03", "2024-01-02"),
            ("2D", "2024-01-04 05:00", "2024-01-04"),
            ("7h", "2024-01-02 13:59", "2024-01-02T07:00:00"),
            ("7h", "2024-01-03 03:00", "2024-01-02T21:00:00"),
            ("7h", "2024-01-03 04:00", "2024-01-03T04:00:00"),
        ] {
            assert_eq!(label(alias, time, "2024-01-02 05:30"), expected, "{alias} {time}");
        }
    }

    #[test]
    fn next_is_the_label_of_the_following_period() {
        for alias in [
            "D",
            "h",
            "7h",
            "2D",
            "W-WED",
            "MS",
            "ME",
            "QS-FEB",
            "QE",
            "YS",
            "YE",
            "B",
            "C Mon Tue Sat",
            "bh",
            "10min 09:00-17:30 Sat",
            "WOM-3FRI",
            "LWOM-MON",
            "SMS",
            "SME-10",
        ] {
            let period: Period = alias.parse().unwrap();
            let first = parse(b"2023-11-15").unwrap();
            let mut label = period.label(first, first);
            for _ in 0..50 {
                let next = period.next(label);
                assert!(next > label);
                assert_eq!(period.label(next, first), next, "{alias}");
                let before = period.label(next - 1, first);
                assert_eq!(before.max(label), before, "{alias}");
                label = next;
            }
        }
    }

    #[test]
    fn frequencies_that_are_not_calendar_periods_are_refused() {
        for alias in ["2W-SUN", "2MS", "BMS", "1M-10-JAN", "3B", "often"] {
            assert!(alias.parse::<Period>().is_err(), "{alias}");
        }
    }
}
