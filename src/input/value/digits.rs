//! Runs of digits as times: calendar times without separators, and counts since an epoch.
//!
//! - Eight digits are `%Y%m%d`, twelve `%Y%m%d%H%M` and fourteen `%Y%m%d%H%M%S`, as pandas reads them;
//! - other digits that fit a calendar time may be that or a count since 1970: the user says which;
//! - so may nanoseconds of 1973, 1974, 1989 and 1990 be the ticks of .NET or of Windows;
//! - the unit of any other count follows from its size: every number whose distance from 1970 is between 3 years
//!   (100,000,000 seconds) and 230 years lies in that range for one of seconds, milliseconds, microseconds and nanoseconds
//!   only. Smaller numbers are refused: they are years, weeks or counters more often than seconds of 1970.

use super::calendar::{DAY, days, full_year, is_leap};

/// The smallest and the largest distance of an epoch time from 1970, in seconds: 1973-03-03 and 2200-01-01.
const EPOCH_SECONDS: std::ops::Range<i64> = 100_000_000..7_258_118_400;
/// From here on, 2030-03-17, seconds since 1970 look like `%Y%m%d%H`.
const FAR_SECONDS: i64 = 1_900_000_000;
/// The years that digits are believed to mean.
const PLAUSIBLE: std::ops::RangeInclusive<u32> = 1900..=2100;
/// The same for ticks, in milliseconds since 1970: before 1970 few have counted them.
const PLAUSIBLE_TICKS: std::ops::Range<i64> = 0..4_102_444_800_000;

/// What is wrong with a number that is not a timestamp.
pub(crate) const NO_EPOCH: &str = "is neither a day as YYYYMMDD nor an epoch time between 1973 and 2200 in seconds or \
     a finer unit: write timestamps as YYYY-MM-DD, or set timestamp_format to their form, such as %Y%m";

/// What is wrong with a number that has two readings.
const TWO_READINGS: &str = "could be a calendar time without separators or a count since an epoch: set timestamp_format to \
     the one that is meant, such as %Y%m%d%H or epoch_s, or write timestamps as YYYY-MM-DD HH:MM:SS";

/// A number's meaning as a time, by the word of the setting `timestamp_format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// Tenths of a microsecond since the year 1, without a time zone.
    DotnetTicks,
    /// Tenths of a microsecond since 1601, in UTC.
    Filetime,
}

impl Count {
    /// The words of the setting.
    pub(crate) const WORDS: [(&str, Self); 6] = [
        ("epoch_s", Self::Seconds),
        ("epoch_ms", Self::Milliseconds),
        ("epoch_us", Self::Microseconds),
        ("epoch_ns", Self::Nanoseconds),
        ("dotnet_ticks", Self::DotnetTicks),
        ("filetime", Self::Filetime),
    ];

    /// The count that a word means.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, count)| *count)
    }

    /// The word.
    pub(crate) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, count)| *count == self).map_or("", |(word, _)| word)
    }

    /// Milliseconds since 1970.
    pub(crate) fn time(self, number: i64) -> Option<i64> {
        match self {
            Self::Seconds => number.checked_mul(1000),
            Self::Milliseconds => Some(number),
            Self::Microseconds => Some(number.div_euclid(1000)),
            Self::Nanoseconds => Some(number.div_euclid(1_000_000)),
            Self::DotnetTicks => Some(number.div_euclid(10_000) - 62_135_596_800_000),
            Self::Filetime => Some(number.div_euclid(10_000) - 11_644_473_600_000),
        }
    }

    /// [`Self::time`] of a number with decimals.
    pub(crate) fn time_of(self, number: f64) -> Option<i64> {
        let largest = number.is_finite() && number.abs() < 9.0e18;
        match self {
            Self::Seconds => largest.then(|| (number * 1000.0).round() as i64),
            _ => largest.then(|| number.floor() as i64).and_then(|number| self.time(number)),
        }
    }
}

/// A meaning that digits may have besides that of a count since 1970 whose unit follows from its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Compact(&'static str),
    Count(Count),
}

/// All of these, the most likely first.
pub(super) const READINGS: [Reading; 14] = [
    Reading::Compact("%Y%m%d%H%M"),
    Reading::Compact("%Y%m%d%H%M%S"),
    Reading::Compact("%Y%m%d%H"),
    Reading::Compact("%y%m%d%H%M"),
    Reading::Compact("%Y%j%H"),
    Reading::Compact("%y%m%d%H%M%S"),
    Reading::Compact("%Y%j%H%M%S"),
    Reading::Compact("%Y%j%H%M"),
    Reading::Compact("%Y%j"),
    Reading::Compact("%Y%m"),
    Reading::Compact("%y%m%d"),
    Reading::Compact("%Y%m%d%H%M%S%f"),
    Reading::Count(Count::DotnetTicks),
    Reading::Count(Count::Filetime),
];

impl Reading {
    /// Whether there is no doubt: pandas reads these too.
    pub(super) fn is_certain(self) -> bool {
        matches!(self, Self::Compact("%Y%m%d%H%M" | "%Y%m%d%H%M%S"))
    }

    /// Whether digits of this form are long enough to be taken for times.
    pub(super) fn may_be_unsaid(self) -> bool {
        !matches!(self, Self::Compact("%Y%j" | "%Y%m" | "%y%m%d"))
    }

    /// Whether digits that are a count of seconds of our days fit by chance more often than they are meant so.
    pub(super) fn is_doubtful_alone(self) -> bool {
        matches!(self, Self::Compact("%y%m%d%H%M"))
    }

    /// The time, if the digits fit.
    pub(super) fn time(self, digits: &[u8]) -> Option<i64> {
        match self {
            Self::Compact(form) => compact(digits, form),
            Self::Count(count) => {
                let number = str::from_utf8(digits).ok()?.parse().ok()?;
                count.time(number).filter(|time| PLAUSIBLE_TICKS.contains(time))
            }
        }
    }

    /// The value of the setting `timestamp_format`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Compact(form) => form,
            Self::Count(count) => count.name(),
        }
    }
}

/// The time of digits in a form such as `%Y%m%d%H`.
pub(super) fn compact(digits: &[u8], form: &str) -> Option<i64> {
    let (mut rest, mut year, mut month, mut day, mut clock) = (digits, 0, 1, 1, [0; 4]);
    let mut day_of_year = None;
    for directive in form.split('%').skip(1) {
        let width = match directive {
            "Y" => 4,
            "j" => 3,
            "f" => rest.len().min(5),
            _ => 2,
        };
        let (digits, others) = rest.split_at_checked(width).filter(|(digits, _)| !digits.is_empty())?;
        rest = others;
        let number: u32 = str::from_utf8(digits).ok()?.parse().ok()?;
        match directive {
            "Y" => year = Some(number).filter(|year| PLAUSIBLE.contains(year))?,
            "y" => year = full_year(number),
            "m" => month = number,
            "d" => day = number,
            "j" => day_of_year = Some(number),
            "H" => clock[0] = number,
            "M" => clock[1] = number,
            "S" => clock[2] = number,
            _ => clock[3] = (f64::from(number) * 1000.0 / 10_f64.powi(digits.len() as i32)) as u32,
        }
    }
    let [hour, minute, second, millisecond] = clock;
    if !rest.is_empty() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = match day_of_year {
        Some(day) if (1..=365 + u32::from(is_leap(year))).contains(&day) => days(year, 1, 1)? + i64::from(day) - 1,
        Some(_) => return None,
        None => days(year, month, day)?,
    };
    Some(day * DAY + i64::from(((hour * 60 + minute) * 60 + second) * 1000 + millisecond))
}

/// The digits of a whole number that is written as `1325376000`, `1325376000.0` or `1.325376e9`, in `buffer` where they are
/// not in the text; `None` for other numbers.
pub(super) fn digits_of<'a>(text: &'a [u8], buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if text.iter().all(u8::is_ascii_digit) {
        return Some(text);
    }
    if let Some(point) = text.iter().position(|byte| *byte == b'.')
        && point > 0
        && text[..point].iter().all(u8::is_ascii_digit)
        && text[point + 1..].iter().all(|byte| *byte == b'0')
    {
        return Some(&text[..point]);
    }
    whole_digits(fast_float2::parse::<f64, _>(text).ok()?, buffer)
}

/// The digits of a whole number of a typed column.
pub(super) fn whole_digits(number: f64, buffer: &mut Vec<u8>) -> Option<&[u8]> {
    if number.fract() != 0.0 || !(0.0..1e19).contains(&number) {
        return None;
    }
    buffer.clear();
    buffer.extend_from_slice((number as u64).to_string().as_bytes());
    Some(buffer)
}

/// The time of digits, or of a negative number, that stand alone, without a column that decides.
///
/// # Errors
/// A complaint to follow the digits.
pub(super) fn lone(digits: &[u8]) -> Result<i64, &'static str> {
    let count = str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).and_then(whole_number);
    if digits.len() == 8 {
        return count.ok_or(NO_EPOCH);
    }
    for reading in READINGS {
        match reading.time(digits) {
            Some(time) if reading.is_certain() => return Ok(time),
            Some(_) if !(reading.is_doubtful_alone() && count.is_some_and(is_of_our_days)) => {
                return Err(if count.is_some() { TWO_READINGS } else { NO_EPOCH });
            }
            _ => {}
        }
    }
    count.ok_or(NO_EPOCH)
}

/// [`lone`] of a number of a typed column.
pub(super) fn lone_number(number: f64) -> Result<i64, &'static str> {
    match whole_digits(number, &mut Vec::new()) {
        Some(digits) => lone(digits),
        None => fractional_number(number).ok_or(NO_EPOCH),
    }
}

/// The time of a number as a count since 1970.
pub(super) fn count(text: &[u8]) -> Option<i64> {
    match str::from_utf8(text).ok()?.parse() {
        Ok(number) => whole_number(number),
        Err(_) => fast_float2::parse::<f64, _>(text).ok().and_then(fractional_number),
    }
}

/// Whether a number is a timestamp in any reading.
pub(super) fn may_be_time(text: &[u8]) -> bool {
    let mut buffer = Vec::new();
    let digits = digits_of(text, &mut buffer).unwrap_or_default();
    READINGS.into_iter().any(|reading| reading.may_be_unsaid() && reading.time(digits).is_some())
}

/// Whether a number is not a calendar time without separators, and so a count in UTC.
pub(super) fn is_count(text: &[u8]) -> bool {
    let mut buffer = Vec::new();
    let digits = digits_of(text, &mut buffer).unwrap_or_default();
    digits.len() != 8 && !READINGS.into_iter().any(|reading| reading.is_certain() && reading.time(digits).is_some())
}

/// Whether a time is before the seconds that look like `%Y%m%d%H`.
pub(super) fn is_of_our_days(time: i64) -> bool {
    time < FAR_SECONDS * 1000
}

/// Whether a number is a day as `YYYYMMDD`, which unlike an epoch time is not in UTC.
pub(super) fn is_day(number: i64) -> bool {
    (10_000_000..100_000_000).contains(&number)
}

/// A day, if it has eight digits, else an epoch time in the unit that its size tells.
pub(super) fn whole_number(number: i64) -> Option<i64> {
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
pub(super) fn fractional_number(number: f64) -> Option<i64> {
    let whole = number.trunc();
    if whole.abs() >= i64::MAX as f64 || whole.is_nan() {
        return None;
    }
    let time = whole_number(whole as i64)?;
    let seconds = EPOCH_SECONDS.start as f64..EPOCH_SECONDS.end as f64;
    Some(if seconds.contains(&whole.abs()) { (number * 1000.0).round() as i64 } else { time })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The readings that digits fit.
    fn readings(digits: &str) -> Vec<&'static str> {
        READINGS.into_iter().filter(|reading| reading.time(digits.as_bytes()).is_some()).map(Reading::name).collect()
    }

    #[test]
    fn digits_have_the_readings_that_their_number_allows() {
        for (digits, expected) in [
            ("2024013106", &["%Y%m%d%H"][..]),
            ("2401310600", &["%y%m%d%H%M"]),
            ("202403106", &["%Y%j%H"]),
            ("202401310600", &["%Y%m%d%H%M"]),
            ("240131060000", &["%y%m%d%H%M%S"]),
            ("2024031060000", &["%Y%j%H%M%S"]),
            ("20240131060000", &["%Y%m%d%H%M%S"]),
            ("20240131060000123", &["%Y%m%d%H%M%S%f"]),
            ("638422992000000000", &["dotnet_ticks"]),
            ("133511328000000000", &["filetime"]),
            ("1709188215", &[]),
            ("1709188215000", &[]),
            ("1709188215000000000", &[]),
            ("202401", &["%Y%m"]),
            ("2024366", &["%Y%j"]),
            ("2023366", &[]),
            ("2024013124", &[]),
        ] {
            assert_eq!(readings(digits), expected, "{digits}");
        }
        assert_eq!(compact(b"20240131060000123", "%Y%m%d%H%M%S%f").unwrap() % 1000, 123);
        assert_eq!(compact(b"202403106", "%Y%j%H"), compact(b"2024013106", "%Y%m%d%H"));
        let ticks = Reading::Count(Count::DotnetTicks).time(b"638422992000000000");
        assert_eq!(ticks, compact(b"2024013112", "%Y%m%d%H"));
        assert_eq!(Reading::Count(Count::Filetime).time(b"133511328000000000"), compact(b"2024013100", "%Y%m%d%H"));
    }

    #[test]
    fn digits_that_stand_alone_are_refused_where_they_have_two_readings() {
        assert_eq!(lone(b"202401310600"), lone(b"20240131060000"));
        for digits in ["2024013106", "2401310600", "202403106", "2024031060000", "638422992000000000"] {
            assert_eq!(lone(digits.as_bytes()), Err(TWO_READINGS), "{digits}");
        }
        // It fits %y%m%d%H%M, by chance.
        assert_eq!(lone(b"1501310600"), Ok(1_501_310_600_000));
        assert_eq!(lone(b"202401"), Err(NO_EPOCH));
    }

    #[test]
    fn whole_numbers_are_known_in_every_spelling() {
        let mut buffer = Vec::new();
        for text in ["2024013106", "2024013106.0", "2024013106.", "2.024013106e9"] {
            assert_eq!(digits_of(text.as_bytes(), &mut buffer), Some(&b"2024013106"[..]), "{text}");
        }
        assert_eq!(digits_of(b"1325376000.25", &mut buffer), None);
        assert_eq!(digits_of(b"-1325376000", &mut buffer), None);
    }

    proptest! {
        #[test]
        fn an_epoch_time_is_read_in_every_unit(second in 100_000_000..7_258_118_400_i64, negative: bool) {
            let second = if negative { -second } else { second };
            for per_second in [1, 1000, 1_000_000, 1_000_000_000] {
                prop_assert_eq!(whole_number(second * per_second), Some(second * 1000));
            }
        }

        #[test]
        fn arbitrary_digits_never_panic(digits in "[0-9]{0,24}") {
            let _ = lone(digits.as_bytes());
        }
    }
}
