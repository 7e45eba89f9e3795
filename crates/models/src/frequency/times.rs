//! Milliseconds since the epoch, and what they are on the calendar.

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};

/// In milliseconds.
pub(crate) const DAY: i64 = 86_400_000;
pub(super) const WEEK: i64 = 7 * DAY;

/// The last millisecond of pandas' timestamps, which are 64-bit nanoseconds since 1970; the first is as far before it.
pub(crate) const LATEST: u64 = 9_223_372_036_854;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since the epoch as a date and a time of day.
pub(crate) fn civil(ms: i64) -> DateTime {
    EPOCH.saturating_add(SignedDuration::from_millis(ms))
}

/// Milliseconds since the epoch.
pub(crate) fn milliseconds(datetime: DateTime) -> i64 {
    datetime.duration_since(EPOCH).as_millis() as i64
}

/// The month of a date, counted from the year 0.
pub(super) fn month_number(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month())
}

/// The greatest common divisor.
pub(super) const fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
