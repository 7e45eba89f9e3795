//! Text to time: milliseconds since 1970-01-01T00:00:00.
//!
//! | form | read as |
//! |---|---|
//! | `2024-02-29`, `2024/02/29`, `20240229`, `2024-2-29` | midnight of the day |
//! | `2024-02` | midnight of the first day |
//! | `2024-02-29 06:30`, `2024-02-29T06:30:15.25` | that time; digits below the millisecond are cut |
//! | … followed by `Z`, ` UTC`, `+02`, `+0200`, `+02:00` | that time in UTC |
//! | `1709188215`, `1709188215.25`, `-1709188215` | an epoch time |
//!
//! - The unit of an epoch time follows from its size: every number whose distance from 1970 is between
//!   3 years (100,000,000 seconds) and 230 years lies in that range for one of seconds, milliseconds, microseconds and
//!   nanoseconds only. Smaller numbers are refused: they are years, weeks or counters more often than seconds of 1970.
//! - Eight digits are a calendar day, never an epoch time.
//! - Years are 1678 to 2261, what 64-bit nanoseconds hold: a model is also read by tools that count in them.
//! - `02/03/2024` is refused: half of the world reads it as February, the other half as March.

use jiff::{
    civil::{Date, DateTime},
    fmt::{strtime::BrokenDownTime, temporal::Pieces},
    tz::Offset,
};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// The years that 64-bit nanoseconds hold in full.
const YEARS: std::ops::RangeInclusive<u32> = 1678..=2261;
/// The times of these years.
const TIMES: std::ops::Range<i64> = -9_214_560_000_000..9_214_646_400_000;
/// The smallest and the largest distance of an epoch time from 1970, in seconds: 1973-03-03 and 2200-01-01.
const EPOCH_SECONDS: std::ops::Range<i64> = 100_000_000..7_258_118_400;
/// Forms with one-digit parts, which the strict parsers refuse.
const LOOSE_FORMS: [&str; 6] =
    ["%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f"];

/// Reads any form of the table above.
///
/// # Errors
/// The second half of a sentence that begins with the text: what is wrong and what to write instead.
#[inline]
pub fn parse(text: &[u8]) -> Result<i64, &'static str> {
    match fixed_form(text) {
        Some(time) => Ok(time),
        None => rare_form(text),
    }
}

/// Whether the form alone shows that the text is a timestamp, which is not so for a number.
pub(crate) fn is_calendar(text: &[u8]) -> bool {
    !is_number(text) && parse(text).is_ok()
}

/// The time as ISO 8601, without a time of day of zero.
pub(crate) fn format(time: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(time).map(|time| Offset::UTC.to_datetime(time));
    match moment {
        Ok(moment) if time.rem_euclid(DAY) == 0 => moment.date().to_string(),
        Ok(moment) => moment.to_string(),
        Err(_) => format!("{time} ms"),
    }
}

/// `YYYY-MM-DD` or `YYYY/MM/DD`, alone or with a time of day: nearly every row of nearly every file.
#[inline]
fn fixed_form(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != date[7] || !matches!(date[4], b'-' | b'/') {
        return None;
    }
    let year = two_digits(date[0], date[1])? * 100 + two_digits(date[2], date[3])?;
    let day = days(year, two_digits(date[5], date[6])?, two_digits(date[8], date[9])?)?;
    let time_of_day = if rest.is_empty() { 0 } else { time_of_day(rest)? };
    Some(day * DAY + time_of_day)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None`: there is no such date, or it is out of range.
///
/// The year is taken to begin in March, so that the leap day is its last and the days before a month follow a line
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
#[inline]
fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
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

/// Milliseconds since midnight UTC of what follows the date: `T06:30`, ` 06:30:15.25`, with or without an offset.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, rest @ ..] = text else { return None };
    let (hour, minute) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
    let (second, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (two_digits(*s1, *s2)?, rest),
        rest => (0, rest),
    };
    let (millisecond, rest) = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            let digit = |place: usize| if place < digits { u32::from(rest[place] - b'0') } else { 0 };
            (digit(0) * 100 + digit(1) * 10 + digit(2), &rest[digits..])
        }
        rest => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i64::from(((hour * 60 + minute) * 60 + second) * 1000 + millisecond) - offset(rest)?)
}

/// Milliseconds that the local time is ahead of UTC; nothing is none.
fn offset(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, hour, minute) = match *text {
        [] | [b'Z' | b'z'] | [b'U', b'T', b'C'] => return Some(0),
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
fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Everything but the fixed forms, and the reason when it is none of them.
#[cold]
fn rare_form(text: &[u8]) -> Result<i64, &'static str> {
    if is_number(text) {
        return number_form(text);
    }
    let Ok(text) = std::str::from_utf8(text) else { return Err("is not text in UTF-8") };
    if text.is_empty() {
        return Err("is empty: every row needs a timestamp");
    }
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(NOT_A_TIMESTAMP);
    }
    let other = month_form(text).or_else(|| with_annotation(text)).or_else(|| loose_form(text));
    other.ok_or_else(|| {
        let bytes = text.as_bytes();
        let first_part = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match bytes.get(first_part) {
            Some(b'/' | b'.' | b'-') if first_part <= 2 => {
                "could be day/month or month/day: write timestamps as YYYY-MM-DD"
            }
            Some(b'/' | b'-') if first_part == 4 => {
                "is not a calendar time between 1678 and 2261, or is not written as YYYY-MM-DD HH:MM:SS"
            }
            _ => NOT_A_TIMESTAMP,
        }
    })
}

const NOT_A_TIMESTAMP: &str =
    "is not a timestamp: write YYYY-MM-DD, YYYY-MM-DD HH:MM:SS with or without an offset, or an epoch time";

/// `YYYY-MM` or `YYYY/MM`, the first of the month.
fn month_form(text: &str) -> Option<i64> {
    match *text.as_bytes() {
        [y1, y2, y3, y4, b'-' | b'/', m1, m2] => {
            Some(days(two_digits(y1, y2)? * 100 + two_digits(y3, y4)?, two_digits(m1, m2)?, 1)? * DAY)
        }
        _ => None,
    }
}

/// What else ISO 8601 and RFC 9557 allow. The name of a time zone is read only with an offset: there is no zone data here.
fn with_annotation(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let ahead = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (Some(offset), _) => i64::from(offset.seconds()) * 1000,
        (None, None) => 0,
        (None, Some(_)) => return None,
    };
    Some(milliseconds(pieces.date().to_datetime(pieces.time().unwrap_or_default()))? - ahead)
}

fn loose_form(text: &str) -> Option<i64> {
    LOOSE_FORMS.iter().find_map(|form| {
        let parts = BrokenDownTime::parse(form, text).ok()?;
        let date: Date = parts.to_date().ok()?;
        milliseconds(date.to_datetime(parts.to_time().unwrap_or_default()))
    })
}

fn milliseconds(moment: DateTime) -> Option<i64> {
    let in_range = u32::try_from(moment.year()).is_ok_and(|year| YEARS.contains(&year));
    in_range
        .then(|| Offset::UTC.to_timestamp(moment).ok())
        .flatten()
        .map(|time| time.as_nanosecond().div_euclid(1_000_000) as i64)
}

/// Only a sign, digits, a point and an exponent.
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit) && fast_float2::parse::<f64, _>(digits).is_ok()
}

/// What is wrong with a number that is not a timestamp.
pub(crate) const NO_EPOCH: &str = "is neither a day as YYYYMMDD nor an epoch time between 1973 and 2200 in seconds or \
     a finer unit: write timestamps as YYYY-MM-DD";

fn number_form(text: &[u8]) -> Result<i64, &'static str> {
    let whole = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
    let time = match whole {
        Some(number) => whole_number(number),
        None => fast_float2::parse::<f64, _>(text).ok().and_then(fractional_number),
    };
    time.ok_or(NO_EPOCH)
}

/// Whether a number is a day as `YYYYMMDD`, which unlike an epoch time is not in UTC.
pub(crate) fn is_day(number: i64) -> bool {
    (10_000_000..100_000_000).contains(&number)
}

/// A day, if it has eight digits, else an epoch time in the unit that its size tells.
pub(crate) fn whole_number(number: i64) -> Option<i64> {
    if is_day(number) {
        let number = number as u32;
        return Some(days(number / 10_000, number / 100 % 100, number % 100)? * DAY);
    }
    let distance = number.unsigned_abs();
    let within = |per_second: u64| {
        let range = EPOCH_SECONDS.start as u64 * per_second..EPOCH_SECONDS.end as u64 * per_second;
        range.contains(&distance)
    };
    if within(1) {
        return Some(number * 1000);
    }
    let unit = [1_u64, 1000, 1_000_000].into_iter().find(|per_millisecond| within(per_millisecond * 1000));
    unit.map(|per_millisecond| number.div_euclid(per_millisecond as i64))
}

/// [`whole_number`] with decimals, which are kept for seconds only.
pub(crate) fn fractional_number(number: f64) -> Option<i64> {
    let whole = number.trunc();
    if whole.abs() >= i64::MAX as f64 || whole.is_nan() {
        return None;
    }
    let time = whole_number(whole as i64)?;
    let seconds = EPOCH_SECONDS.start as f64..EPOCH_SECONDS.end as f64;
    Some(if seconds.contains(&whole.abs()) { (number * 1000.0).round() as i64 } else { time })
}

/// Checks that the year of a time is in range.
///
/// # Errors
/// A complaint to follow the time.
pub(crate) fn in_range(time: i64) -> Result<i64, &'static str> {
    if TIMES.contains(&time) { Ok(time) } else { Err("is not between 1678 and 2261") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        parse(text.as_bytes()).unwrap_or_else(|complaint| panic!("{text:?} {complaint}"))
    }

    #[test]
    fn every_form_of_the_table_is_read() {
        let midnight = 1_709_164_800_000;
        for text in ["2024-02-29", "2024/02/29", "20240229", "2024-2-29", "2024/2/29", "2024-02-29 00:00"] {
            assert_eq!(at(text), midnight, "{text}");
        }
        assert_eq!(at("2024-02"), at("2024-02-01"));
        let moment = midnight + (6 * 60 + 30) * 60_000;
        for text in ["2024-02-29T06:30", "2024/02/29 06:30:00", "2024-02-29t06:30:00.0009", "2024-2-29 6:30"] {
            assert_eq!(at(text), moment, "{text}");
        }
        assert_eq!(at("2024-02-29 06:30:15.25"), moment + 15_250);
    }

    #[test]
    fn an_offset_is_taken_off() {
        let moment = at("2024-02-29T06:30");
        for text in [
            "2024-02-29T06:30Z",
            "2024-02-29 06:30:00 UTC",
            "2024-02-29T08:30+02:00",
            "2024-02-29T08:30:00.000+0200",
            "2024-02-29 08:30 +02",
            "2024-02-28T23:00:00-07:30",
            "2024-02-29T07:30:00+01:00[Europe/Berlin]",
            "20240229T063000Z",
        ] {
            assert_eq!(at(text), moment, "{text}");
        }
    }

    #[test]
    fn the_unit_of_an_epoch_time_follows_from_its_size() {
        for text in
            ["1325376000", "1325376000.0", "1.325376e9", "1325376000000", "1325376000000000", "1325376000000000000"]
        {
            assert_eq!(at(text), at("2012-01-01"), "{text}");
        }
        assert_eq!(at("1325376000.25"), at("2012-01-01") + 250);
        assert_eq!(at("-1325376000"), -at("2012-01-01"));
    }

    #[test]
    fn times_before_1970_are_negative() {
        assert_eq!(at("1969-12-31T23:59:59.999"), -1);
        assert_eq!(at("1949-01-01"), -662_688_000_000);
    }

    #[test]
    fn what_is_not_a_timestamp_is_refused_with_a_hint() {
        for (text, complaint) in [
            ("", "is empty"),
            ("2023-02-29", "calendar"),
            ("1900-02-29", "calendar"),
            ("2024-13-01", "calendar"),
            ("2024-00-10", "calendar"),
            ("2024-04-31", "calendar"),
            ("2024-01-01 24:00", "calendar"),
            ("2024-01-01 12:60", "calendar"),
            ("9999-12-31", "1678 and 2261"),
            ("1600-01-01", "1678 and 2261"),
            ("2024-01-01 10:00[Europe/Berlin]", "calendar"),
            ("02/03/2024", "day/month or month/day"),
            ("2.3.2024", "day/month or month/day"),
            ("20241301", "YYYYMMDD"),
            ("2019", "epoch time"),
            ("0", "epoch time"),
            ("1e300", "epoch time"),
            ("99999999999999999999", "epoch time"),
            ("yesterday", "is not a timestamp"),
            ("2024", "epoch time"),
            ("12:30", "is not a timestamp"),
            ("nan", "is not a timestamp"),
        ] {
            let refusal = parse(text.as_bytes()).unwrap_err();
            assert!(refusal.contains(complaint), "{text:?}: {refusal}");
        }
        assert!(parse(b"2024-01-\xff1").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn a_bare_number_is_no_calendar_form() {
        assert!(is_calendar(b"2024-02-29"));
        assert!(is_calendar(b"2024-02"));
        assert!(!is_calendar(b"20240229"));
        assert!(!is_calendar(b"1325376000"));
    }

    #[test]
    fn times_are_written_without_the_parts_that_are_zero() {
        assert_eq!(format(at("1949-01-01")), "1949-01-01");
        assert_eq!(format(at("2024-02-29 06:30:15.25")), "2024-02-29T06:30:15.25");
        assert_eq!(format(i64::MAX), "9223372036854775807 ms");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_fixed_form_agrees_with_jiff(day in -106_751_i64..106_751, second in 0..86_400_i64, ms in 0..1000_i64) {
            let moment = date(1970, 1, 1).at(0, 0, 0, 0)
                .checked_add(jiff::SignedDuration::from_millis(day * DAY + second * 1000 + ms)).unwrap();
            let expected = moment.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond();
            prop_assume!(YEARS.contains(&(moment.year() as u32)));
            prop_assert_eq!(fixed_form(moment.to_string().as_bytes()), Some(expected));
            prop_assert_eq!(fixed_form(moment.strftime("%Y/%m/%d %H:%M:%S%.3f").to_string().as_bytes()), Some(expected));
            prop_assert_eq!(parse(format(expected).as_bytes()), Ok(expected));
        }

        #[test]
        fn a_date_is_taken_exactly_when_jiff_takes_it(year in 1678..2262_i16, month in 0..14_i8, day in 0..33_i8) {
            let taken = days(year as u32, month as u32, day as u32).map(|days| days * DAY);
            prop_assert_eq!(taken, Date::new(year, month, day).ok().and_then(|date| milliseconds(date.at(0, 0, 0, 0))));
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&text);
            let _ = is_calendar(&text);
        }

        #[test]
        fn almost_timestamps_never_panic(text in "[0-9TZ:.+ /-]{0,32}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn an_epoch_time_is_read_in_every_unit(second in 100_000_000..7_258_118_400_i64, negative: bool) {
            let second = if negative { -second } else { second };
            for per_second in [1, 1000, 1_000_000, 1_000_000_000] {
                prop_assert_eq!(whole_number(second * per_second), Some(second * 1000));
            }
        }
    }
}
