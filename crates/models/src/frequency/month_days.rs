//! Several days of each month, or one that is paid out before weekends.

use super::times::month_number;
use jiff::civil::Date;

/// Days that a series has in every month, at least one: numbers, or the last.
///
/// A number that a month lacks is its last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDays {
    /// A bit for each number, from the 1st on; the last bit is the last day.
    bits: u32,
    /// Whether the Friday before it stands for a day on a weekend, as with wages.
    before_weekends: bool,
}

/// The number that stands for the last day of the month.
pub(super) const LAST: i8 = 32;

impl MonthDays {
    /// Numbers from 1 to 31, and 32 for the last day.
    #[must_use]
    pub(super) fn new(days: impl IntoIterator<Item = i8>) -> Option<Self> {
        let bits =
            days.into_iter().try_fold(0, |bits, day| (1..=LAST).contains(&day).then(|| bits | 1 << (day - 1)))?;
        (bits != 0).then_some(Self { bits, before_weekends: false })
    }

    /// The same days, or the Friday before those on weekends; none where that Friday may be in the month before.
    #[must_use]
    pub(super) const fn before_weekends(self) -> Option<Self> {
        if self.bits.trailing_zeros() >= 2 { Some(Self { before_weekends: true, ..self }) } else { None }
    }

    /// Whether the Friday before it stands for a day on a weekend.
    #[must_use]
    pub(super) const fn are_before_weekends(self) -> bool {
        self.before_weekends
    }

    /// The numbers, increasing; 32 is the last day.
    pub(super) fn numbers(self) -> impl Iterator<Item = i8> + Clone {
        (1..=LAST).filter(move |day| self.bits >> (day - 1) & 1 == 1)
    }

    /// Number of them in a month.
    #[must_use]
    pub(super) const fn per_month(self) -> usize {
        self.bits.count_ones() as usize
    }

    /// Whether a date is one of them.
    #[must_use]
    pub(super) fn has(self, date: Date) -> bool {
        self.in_month_of(date).any(|day| day == date.day())
    }

    /// The days in the month of a date, from the first on.
    pub(super) fn in_month_of(self, date: Date) -> impl Iterator<Item = i8> {
        let last = date.days_in_month();
        // The weekday of the first, 0 = Monday.
        let first = (date.weekday().to_monday_zero_offset() - (date.day() - 1)).rem_euclid(7);
        self.numbers().map(move |number| {
            let day = number.min(last);
            let beyond_friday = ((first + day - 1) % 7 - 4).max(0);
            if self.before_weekends { day - beyond_friday } else { day }
        })
    }

    /// Number of them from a fixed day in the past to a date, which counts.
    #[must_use]
    pub(super) fn up_to(self, date: Date) -> i64 {
        let begun = self.in_month_of(date).filter(|&day| day <= date.day()).count();
        month_number(date) * self.per_month() as i64 + begun as i64
    }
}
