//! The parts of a calendar time: days, times of day, offsets.

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;
/// The years that 64-bit nanoseconds hold in full.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1678..=2261;

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None`: there is no such date, or it is out of range.
///
/// The year is taken to begin in March, so that the leap day is its last and the days before a month follow a line
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
#[inline]
pub(super) fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    let leap = is_leap(year);
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !YEARS.contains(&year) || day < 1 || day > length {
        return None;
    }
    let year = year - u32::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(i64::from(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year) - 719_468)
}

#[inline]
pub(super) const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The year that two digits mean, as POSIX has it: 69 to 99 are of the twentieth century.
pub(super) const fn full_year(two_digits: u32) -> u32 {
    if two_digits < 69 { 2000 + two_digits } else { 1900 + two_digits }
}

/// Milliseconds that the local time is ahead of UTC; nothing is none.
pub(super) fn offset(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, hour, minute) = match *text {
        [] | [b'Z' | b'z'] | [b'U', b'T', b'C'] | [b'G', b'M', b'T'] => return Some(0),
        [sign, h1, h2] => (sign, two_digits(h1, h2)?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, two_digits(h1, h2)?, two_digits(m1, m2)?),
        _ => return None,
    };
    if hour > 23 || minute > 59 {
        return None;
    }
    let ahead = i64::from(hour * 60 + minute) * 60_000;
    match sign {
        b'+' => Some(ahead),
        b'-' => Some(-ahead),
        _ => None,
    }
}

#[inline]
pub(super) fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}
