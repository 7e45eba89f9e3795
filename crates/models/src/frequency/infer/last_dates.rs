//! The calendar of the last dates of a history, as stock Prophet sees it.

use crate::frequency::{
    spacing::{DayOfMonth, Frequency},
    times::{DAY, civil, month_number},
    week::{WeekDays, weekday},
};
use jiff::civil::DateTime;

/// Number of last dates that Prophet's `make_future_dataframe(freq=None)` looks at.
const DATES_LOOKED_AT: usize = 5;

/// Days of history after which a lack of weekends is taken for a rule.
const WEEKEND_EVIDENCE_DAYS: i64 = 14;

/// The frequency of the last five dates, as `pandas.infer_freq` finds it; where pandas finds none, their median gap.
///
/// One departure: daily dates of two weeks or more without a single weekend are business days, even when the last
/// five have no gap. A single date gives daily, Prophet's default.
pub(super) fn of_last_dates(dates: &[i64]) -> Frequency {
    let last = &dates[dates.len().saturating_sub(DATES_LOOKED_AT)..];
    let gaps: Vec<i64> = last.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let Some(&gap) = gaps.first() else { return Frequency::DAILY };
    let civil: Vec<DateTime> = last.iter().map(|&ms| civil(ms)).collect();
    if last.len() > 2 && gaps.iter().all(|gap| gap % DAY == 0) {
        if let Some(monthly) = infer_monthly(&civil) {
            return monthly;
        }
        if gaps.iter().all(|&gap| gap == DAY || gap == 3 * DAY) && is_business_days(dates) {
            return Frequency::BusinessDay { count: 1 };
        }
    }
    if gaps.iter().all(|&other| other == gap) {
        return Frequency::Fixed(gap);
    }
    let mut sorted = gaps;
    sorted.sort_unstable();
    Frequency::Fixed(sorted[sorted.len() / 2])
}

/// Number of last dates each of which follows the one before it by exactly one step of a frequency of [`of_last_dates`].
pub(super) fn regular_dates(frequency: Frequency, dates: &[i64]) -> usize {
    let follows = |pair: &[i64]| match frequency {
        Frequency::Fixed(gap) => pair[1] - pair[0] == gap,
        Frequency::BusinessDay { .. } => {
            let day = |ms: i64| ms.div_euclid(DAY);
            let is_business_day = |ms: i64| WeekDays::BUSINESS.has(weekday(day(ms)));
            (pair[1] - pair[0]) % DAY == 0
                && is_business_day(pair[0])
                && is_business_day(pair[1])
                && WeekDays::BUSINESS.up_to(day(pair[1])) - WeekDays::BUSINESS.up_to(day(pair[0])) == 1
        }
        Frequency::Monthly { count, day, .. } => {
            let (from, to) = (civil(pair[0]), civil(pair[1]));
            (pair[1] - pair[0]) % DAY == 0
                && month_number(to.date()) - month_number(from.date()) == count
                && [from, to].iter().all(|date| day.in_month_of(date.date()) == date.date())
        }
        _ => false,
    };
    1 + dates.windows(2).rev().take_while(|pair| follows(pair)).count()
}

/// Whether the dates are one day of a month each, a constant number of months apart.
fn infer_monthly(dates: &[DateTime]) -> Option<Frequency> {
    let months: Vec<i64> = dates.iter().map(|date| month_number(date.date())).collect();
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
    let span = dates[dates.len() - 1] - dates[0];
    let skips =
        dates[dates.len().saturating_sub(DATES_LOOKED_AT)..].windows(2).any(|pair| pair[1] - pair[0] == 3 * DAY);
    (skips || span >= WEEKEND_EVIDENCE_DAYS * DAY)
        && dates.iter().all(|&ms| WeekDays::BUSINESS.has(weekday(ms.div_euclid(DAY))))
}
