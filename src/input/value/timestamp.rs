//! Text to time: milliseconds since 1970-01-01T00:00:00.
//!
//! | form | read as |
//! |---|---|
//! | `2024-02-29`, `2024/02/29`, `20240229`, `2024-2-29`, `2024.02.29`, `29 Feb 2024` | midnight of the day |
//! | `2024-02`, `2024-2`, `2/2024`, `Feb-2024`, `2024Q1` | midnight of the first day |
//! | `2024-02-29 06:30`, `2024-02-29T06:30:15.25`, `2024-02-29 6:30 AM` | that time; digits below the millisecond are cut |
//! | `202402290630`, `20240229063015` | that time |
//! | … followed by `Z`, ` UTC`, ` GMT`, `+02`, `+0200`, `+02:00` | that time in UTC |
//! | `1709188215`, `1709188215.25`, `-1709188215` | an epoch time |
//! | `29/02/2024`, `2/29/2024` | midnight of the day, if a number above 12 tells which one it is |
//!
//! - Digits are read as `digits` says, and dates in words or in another order as `written_date` says.
//! - Years are 1678 to 2261, what 64-bit nanoseconds hold: a model is also read by tools that count in them.
//! - `02/03/2024` alone is refused: half of the world reads it as February, the other half as March. Where a column of times
//!   can decide, `time_form` does.

use jiff::{
    civil::{Date, DateTime},
    fmt::{strtime::BrokenDownTime, temporal::Pieces},
    tz::Offset,
};

use super::{
    calendar::{DAY, YEARS, days, offset, two_digits},
    digits, written_date,
};

/// The times of these years.
const TIMES: std::ops::Range<i64> = -9_214_560_000_000..9_214_646_400_000;
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

/// Whether the text is a timestamp, though perhaps one that only its column or the user can decide.
pub(crate) fn is_time(text: &[u8]) -> bool {
    parse(text).is_ok()
        || if is_number(text) {
            digits::may_be_time(text)
        } else {
            written_date::read(text).is_some_and(|date| date.is_date())
        }
}

/// Whether the form alone shows that the text is a timestamp, which is not so for a number.
pub(crate) fn is_calendar(text: &[u8]) -> bool {
    !is_number(text) && is_time(text)
}

/// Whether a timestamp's text has an offset or is an epoch time, so that it is in UTC.
pub(super) fn is_absolute(text: &[u8]) -> bool {
    if is_number(text) {
        return digits::is_count(text);
    }
    let dated = matches!(text, [b0, b1, b2, b3, b'-' | b'/', b5, ..] if [b0, b1, b2, b3, b5].iter().all(|byte| byte.is_ascii_digit()));
    if dated {
        let time_of_day =
            text.iter().position(|byte| matches!(byte, b'T' | b't' | b' ')).map_or(&[][..], |at| &text[at..]);
        return time_of_day.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U' | b'G'));
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match written_date::read(text) {
        Some(date) => date.absolute,
        // YYYYMMDD with a time of day.
        None => text[digits..].iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')),
    }
}

/// A fixed form's local time, and how far it is ahead of UTC; `None` for other forms.
pub(super) fn local_time(text: &[u8]) -> Option<(i64, i64)> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time_of_day, rest) = clock(rest)?;
    let local = fixed_form(date)? + time_of_day;
    Some((local, offset(rest)?))
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
pub(crate) fn fixed_form(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != date[7] || !matches!(date[4], b'-' | b'/') {
        return None;
    }
    let year = two_digits(date[0], date[1])? * 100 + two_digits(date[2], date[3])?;
    let day = days(year, two_digits(date[5], date[6])?, two_digits(date[8], date[9])?)?;
    let time_of_day = if rest.is_empty() { 0 } else { time_of_day(rest)? };
    Some(day * DAY + time_of_day)
}

/// Milliseconds since midnight UTC of what follows the date: `T06:30`, ` 06:30:15.25`, with or without an offset.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let (time_of_day, rest) = clock(text)?;
    Some(time_of_day - offset(rest)?)
}

/// Milliseconds since midnight of the time of day, and what follows it.
#[inline]
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
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
    Some((i64::from(((hour * 60 + minute) * 60 + second) * 1000 + millisecond), rest))
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
    let bytes = text.as_bytes();
    if bytes[0].is_ascii_digit()
        && let Some(time) = month_form(text).or_else(|| with_annotation(text)).or_else(|| loose_form(text))
    {
        return Ok(time);
    }
    let written = written_date::read(bytes);
    if let Some(time) = written.and_then(|written| written.certain()) {
        return Ok(time);
    }
    let first_part = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    Err(match bytes.get(first_part) {
        _ if written.is_some_and(|written| written.is_date()) => TWO_ORDERS,
        _ if written.is_some() => NO_SUCH_TIME,
        Some(b'/' | b'-') if first_part == 4 => NO_SUCH_TIME,
        _ => NOT_A_TIMESTAMP,
    })
}

/// What to do about dates in which day, month and year cannot be told apart.
macro_rules! set_order {
    () => {
        "set dayfirst to true or false, or timestamp_format to their form, such as %d/%m/%Y, or write timestamps as YYYY-MM-DD"
    };
}
pub(super) const SET_ORDER: &str = set_order!();

/// What is wrong with such a date.
const TWO_ORDERS: &str = concat!("could be day/month/year or month/day/year: ", set_order!());

const NO_SUCH_TIME: &str = "is not a calendar time between 1678 and 2261, or is not written as YYYY-MM-DD HH:MM:SS";

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

/// A form as strptime names it.
pub(super) fn with_format(format: &str, text: &[u8]) -> Option<i64> {
    let mut parts = BrokenDownTime::parse(format, text).ok()?;
    if let Some(time) = parts.timestamp() {
        return in_range(time.as_millisecond()).ok();
    }
    if parts.day_of_year().is_none() && parts.iso_week().is_none() {
        // A month is its first day, and a year its first month.
        let (month, day) = (parts.month().or(Some(1)), parts.day().or(Some(1)));
        parts.set_month(month).ok()?;
        parts.set_day(day).ok()?;
    } else if parts.iso_week().is_some() && parts.weekday().is_none() {
        parts.set_weekday(Some(jiff::civil::Weekday::Monday));
    }
    let time_of_day = if parts.hour().is_some() { parts.to_time().ok()? } else { jiff::civil::Time::midnight() };
    let ahead = parts.offset().map_or(0, |offset| i64::from(offset.seconds()) * 1000);
    Some(milliseconds(parts.to_date().ok()?.to_datetime(time_of_day))? - ahead)
}

/// Only a sign, digits, a point and an exponent.
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit) && fast_float2::parse::<f64, _>(digits).is_ok()
}

fn number_form(text: &[u8]) -> Result<i64, &'static str> {
    match digits::digits_of(text, &mut Vec::new()) {
        Some(digits) => digits::lone(digits),
        None => digits::count(text).ok_or(digits::NO_EPOCH),
    }
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
        for text in ["202402290000", "20240229000000", "29/02/2024", "2/29/2024", "2024.02.29", "Feb 29, 2024 12:00 AM"]
        {
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
            ("02/03/2024", "day/month/year or month/day/year"),
            ("2.3.2024", "day/month/year or month/day/year"),
            ("31/04/2024", "calendar"),
            ("31/01/24", "day/month/year or month/day/year"),
            ("2024013106", "%Y%m%d%H or epoch_s"),
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
        assert!(is_calendar(b"01/02/2024"));
        assert!(is_time(b"2024013106"));
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
    }
}
