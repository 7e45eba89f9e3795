//! Calendars, and how they go on.

use super::{
    month_days::MonthDays,
    opening::OpenHours,
    times::{DAY, WEEK, civil, milliseconds, month_number},
    week::{WeekDays, weekday},
};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

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
    /// Certain days of the week.
    Days(WeekDays),
    /// Steps of less than a day, within certain hours of the week.
    Hours(OpenHours),
    /// Every `count` months on the first to fourth, or the last, of one weekday.
    NthWeekday {
        /// Number of months.
        count: i64,
        /// 1 to 4, or 5 for the last.
        nth: i8,
        /// 0 = Monday to 6 = Sunday.
        weekday: i8,
    },
    /// Several days of each month.
    MonthDays(MonthDays),
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
    pub(super) fn in_month_of(self, date: Date) -> Date {
        let (first, last) = (date.first_of_month(), date.last_of_month());
        let weekend = |date: Date| i64::from(date.weekday().to_monday_zero_offset()) - 4;
        match self {
            // From a Saturday two days on, from a Sunday one.
            Self::FirstBusiness if weekend(first) > 0 => first.saturating_add((3 - weekend(first)).days()),
            Self::First | Self::FirstBusiness => first,
            Self::LastBusiness if weekend(last) > 0 => last.saturating_sub(weekend(last).days()),
            Self::Last | Self::LastBusiness => last,
            Self::Number(number) if number >= last.day() => last,
            Self::Number(number) => first.saturating_add(i64::from(number - 1).days()),
        }
    }
}

impl Frequency {
    /// Once a day.
    pub const DAILY: Self = Self::Fixed(DAY);

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
                let first = last.saturating_add(if ahead == 0 { count * WEEK } else { ahead * DAY });
                dates.extend((0..periods as i64).map(|i| first.saturating_add(i.saturating_mul(count * WEEK))));
            }
            Self::BusinessDay { count } => {
                dates.extend(days_after(date, WeekDays::BUSINESS, count).take(periods).map(on_time));
            }
            Self::Days(days) => dates.extend(days_after(date, days, 1).take(periods).map(on_time)),
            Self::Hours(open) => {
                let mut ms = last;
                dates.extend((0..periods).map(|_| {
                    ms = open.next(ms);
                    ms
                }));
            }
            Self::NthWeekday { count, nth, weekday } => {
                let mut month = date.first_of_month();
                let here = nth_weekday(month, nth, weekday);
                if here <= date {
                    month = month.saturating_add(if here == date { count } else { 1 }.months());
                }
                while dates.len() < periods && month < Date::MAX.first_of_month() {
                    dates.push(on_time(nth_weekday(month, nth, weekday)));
                    month = month.saturating_add(count.months());
                }
            }
            Self::MonthDays(days) => {
                let (mut month, mut latest) = (date.first_of_month(), date);
                while dates.len() < periods && month < Date::MAX.first_of_month() {
                    for day in days.in_month_of(month) {
                        let next = month.saturating_add(i64::from(day - 1).days());
                        if next > latest && dates.len() < periods {
                            dates.push(on_time(next));
                            latest = next;
                        }
                    }
                    month = month.saturating_add(1.month());
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

    /// The last date of the calendar that is not after a time, for days of the week, hours, and days of the month; none for
    /// other calendars.
    #[must_use]
    pub fn at_or_before(self, ms: i64) -> Option<i64> {
        let at = |date: Date| milliseconds(date.into());
        let is_past = |date: &Date| at(*date) <= ms;
        let today = civil(ms).date();
        let months = std::iter::successors(Some(today.first_of_month()), |month| month.checked_sub(1.month()).ok());
        match self {
            Self::BusinessDay { count: 1 } => last_day(WeekDays::BUSINESS, ms),
            Self::Days(days) => last_day(days, ms),
            Self::Hours(open) => Some(open.at_or_before(ms)),
            Self::NthWeekday { count: 1, nth, weekday } => {
                months.map(|month| nth_weekday(month, nth, weekday)).find(is_past).map(at)
            }
            Self::MonthDays(days) => {
                let day_of = |month: Date, day: i8| month.saturating_add(i64::from(day - 1).days());
                let latest = |month: Date| days.in_month_of(month).map(|day| day_of(month, day)).filter(is_past).max();
                months.take(2).find_map(latest).map(at)
            }
            _ => None,
        }
    }

    /// Months after which the calendar repeats: quarters and years start in fixed months.
    pub(super) const fn phase(count: i64) -> i64 {
        match count {
            _ if count % 12 == 0 => 12,
            _ if count % 3 == 0 => 3,
            _ => 1,
        }
    }

    /// Number of steps from one date to a later one; of dates that are off the calendar, to the nearest.
    #[must_use]
    pub fn steps(self, from: i64, to: i64) -> i64 {
        let months = |ms: i64| month_number(civil(ms).date());
        // A day between counts as the one before it: a weekend as its Friday.
        let days = |days: WeekDays| days.up_to(to.div_euclid(DAY)) - days.up_to(from.div_euclid(DAY));
        let nearest = |gap: i64, unit: i64| (gap + unit / 2).div_euclid(unit);
        match self {
            Self::Fixed(gap) => nearest(to - from, gap.max(1)),
            Self::Weekly { count, .. } => nearest(to - from, count * WEEK),
            Self::BusinessDay { count } => nearest(days(WeekDays::BUSINESS), count),
            Self::Days(weekdays) => days(weekdays),
            Self::Hours(open) => open.up_to(to) - open.up_to(from),
            Self::MonthDays(days) => days.up_to(civil(to).date()) - days.up_to(civil(from).date()),
            Self::NthWeekday { count, .. } | Self::Monthly { count, .. } => nearest(months(to) - months(from), count),
        }
    }

    /// Number of periods in the season that such data usually has: a day of hours, a week of days, a year of months.
    #[must_use]
    pub fn season(self) -> usize {
        match self {
            Self::Fixed(gap) if gap > 0 && gap < DAY => (DAY / gap) as usize,
            Self::Fixed(gap) if (DAY..WEEK).contains(&gap) => (WEEK / gap) as usize,
            Self::Fixed(gap) if (WEEK..28 * DAY).contains(&gap) => (364 * DAY / gap) as usize,
            Self::Fixed(_) => 1,
            Self::Weekly { count, .. } => (52 / count) as usize,
            Self::BusinessDay { .. } => 5,
            Self::Days(days) => days.per_week(),
            Self::Hours(open) => open.season(),
            Self::MonthDays(days) => 12 * days.per_month(),
            Self::NthWeekday { count, .. } | Self::Monthly { count, .. } => (12 / count) as usize,
        }
    }

    /// Lengths of the seasons that such data usually has, the shortest first: a day of hours and a week of them, a week of days and a
    /// year of them.
    #[must_use]
    pub fn seasons(self) -> Vec<usize> {
        let longer = match self {
            Self::Fixed(gap) if gap > 0 && gap < DAY => Some((WEEK / gap) as usize),
            Self::Fixed(DAY) => Some(365),
            Self::BusinessDay { count: 1 } => Some(261),
            _ => None,
        };
        let season = self.season();
        [Some(season), longer.filter(|longer| *longer > season)].into_iter().flatten().collect()
    }
}

/// Every `count`-th of the days of the week after a date; from another day, the next of them is the first.
fn days_after(date: Date, days: WeekDays, count: i64) -> impl Iterator<Item = Date> {
    let is_one = move |date: Date| days.has(date.weekday().to_monday_zero_offset() as usize);
    let mut to_go = if is_one(date) { count } else { 1 };
    let later = std::iter::successors(Some(date), |date| date.tomorrow().ok()).skip(1);
    later.filter(move |&date| is_one(date)).filter(move |_| {
        to_go -= 1;
        let is_due = to_go == 0;
        if is_due {
            to_go = count;
        }
        is_due
    })
}

/// The last of these days that is not after a time.
fn last_day(days: WeekDays, ms: i64) -> Option<i64> {
    let day = ms.div_euclid(DAY);
    (day - 6..=day).rev().find(|&day| days.has(weekday(day))).map(|day| day * DAY)
}

/// The first to fourth, or as the fifth the last, of a weekday (0 = Monday) in a month.
pub(super) fn nth_weekday(month: Date, nth: i8, weekday: i8) -> Date {
    let nth = if nth > 4 { -1 } else { nth };
    Weekday::from_monday_zero_offset(weekday)
        .and_then(|weekday| month.nth_weekday_of_month(nth, weekday))
        .unwrap_or(month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::DateTime;

    fn ms(text: &str) -> i64 {
        milliseconds(text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into)).unwrap())
    }

    /// pandas 3.1: `pd.date_range(last, periods=3, freq=alias)`, without `last`.
    #[test]
    fn a_calendar_goes_on_at_its_next_date() {
        for (alias, last, future) in [
            ("MS", "2024-05-15", ["2024-06-01", "2024-07-01"]),
            ("ME", "2024-05-15", ["2024-05-31", "2024-06-30"]),
            ("QS", "2024-05-15", ["2024-07-01", "2024-10-01"]),
            ("QE", "2024-05-15", ["2024-06-30", "2024-09-30"]),
            ("QE-NOV", "2024-05-31", ["2024-08-31", "2024-11-30"]),
            ("YE-JUN", "2024-05-15", ["2024-06-30", "2025-06-30"]),
            ("W-MON", "2024-05-15", ["2024-05-20", "2024-05-27"]),
            ("W-WED", "2024-05-15", ["2024-05-22", "2024-05-29"]),
            ("2D", "2024-05-15", ["2024-05-17", "2024-05-19"]),
            ("2B", "2024-05-18", ["2024-05-20", "2024-05-22"]),
            ("WOM-3FRI", "2024-05-15", ["2024-05-17", "2024-06-21"]),
            ("WOM-3FRI", "2024-05-17", ["2024-06-21", "2024-07-19"]),
            ("3WOM-3FRI", "2024-03-15", ["2024-06-21", "2024-09-20"]),
            ("LWOM-FRI", "2024-05-31", ["2024-06-28", "2024-07-26"]),
            ("SMS", "2024-05-15", ["2024-06-01", "2024-06-15"]),
            ("SME", "2024-01-31", ["2024-02-15", "2024-02-29"]),
            ("SMS-10", "2024-05-02", ["2024-05-10", "2024-06-01"]),
            ("M-10-20-E", "2024-02-20", ["2024-02-29", "2024-03-10"]),
            ("M-15-30", "2024-02-15", ["2024-02-29", "2024-03-15"]),
            // The 15th of June 2024 is a Saturday.
            ("BSME", "2024-05-31", ["2024-06-14", "2024-06-28"]),
            ("BM-25", "2024-04-25", ["2024-05-24", "2024-06-25"]),
            ("C Mon Tue Wed Thu Fri Sat", "2024-05-18", ["2024-05-20", "2024-05-21"]),
            ("C 1000100", "2024-05-15", ["2024-05-17", "2024-05-20"]),
            ("bh", "2024-05-17T16:00:00", ["2024-05-20T09:00:00", "2024-05-20T10:00:00"]),
            ("h 09:00-11:00 22:00-24:00", "2024-05-17T23:00:00", ["2024-05-18T09:00:00", "2024-05-18T10:00:00"]),
            (
                "h 09:00-18:00 Mon Tue Wed Thu Fri, 09:00-11:00 Sat",
                "2024-05-18T10:00:00",
                ["2024-05-20T09:00:00", "2024-05-20T10:00:00"],
            ),
            ("10min 09:00-09:30 Mon-Fri", "2024-05-16T09:10:00", ["2024-05-16T09:20:00", "2024-05-17T09:00:00"]),
            ("12h Mon Tue Wed Thu Fri", "2024-05-17T20:00:00", ["2024-05-20T08:00:00", "2024-05-20T20:00:00"]),
        ] {
            let frequency: Frequency = alias.parse().unwrap();
            let (last, future) = (ms(last), future.map(ms));
            assert_eq!(frequency.after(last, 2), future, "{alias}");
            assert_eq!(frequency.steps(future[0], future[1]), 1, "{alias}");
            assert_eq!(frequency.after(last, 40).len(), 40, "{alias}");
        }
    }

    #[test]
    fn steps_count_the_dates_that_follow() {
        for alias in [
            "D",
            "3D",
            "W-TUE",
            "B",
            "C Mon Tue Sat",
            "MS",
            "ME",
            "BME",
            "QE-NOV",
            "YE-JUN",
            "WOM-3FRI",
            "LWOM-MON",
            "BSME",
            "BM-25",
            "SMS",
            "SME",
            "M-10-20-E",
            "h",
            "15min",
            "bh",
            "30min 09:00-17:30 Mon Wed",
            "10min 09:00-17:00",
            "h 22:00-24:00 00:00-03:00 Fri Sat, 12:00-15:00 Sun",
        ] {
            let frequency: Frequency = alias.parse().unwrap();
            let dates = frequency.after(ms("2023-12-20"), 200);
            for (at, &date) in dates.iter().enumerate() {
                assert_eq!(frequency.steps(dates[0], date), at as i64, "{alias} {}", civil(date));
            }
            assert!(frequency.season() > 0, "{alias}");
        }
    }

    #[test]
    fn a_season_of_opening_hours_is_a_day_where_days_are_equal_and_otherwise_a_week() {
        for (alias, season) in
            [("bh", 8), ("h 09:00-18:00 Mon Tue, 09:00-12:00 Sat", 21), ("C Mon Tue Sat", 3), ("30min 09:00-17:00", 16)]
        {
            assert_eq!(alias.parse::<Frequency>().unwrap().season(), season, "{alias}");
        }
    }
}
