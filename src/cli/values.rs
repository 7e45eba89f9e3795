//! Parsers of option values that several commands take, or that clap has none for.

use crate::input::parse_timestamp;
use jiff::civil::Date;
use std::time::Duration;

/// A size in bytes, with units in powers of 1,024: `6291456`, `512M`, `16MB`, `1.5GiB`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let invalid = || format!("{text:?} is not a size: write one such as 6291456, 512M or 2GB");
    let (number, unit) = number_and_unit(text).ok_or_else(invalid)?;
    let unit = unit.to_ascii_lowercase();
    let power = match unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(&unit) {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(invalid()),
    };
    let bytes = number * 1024_f64.powi(power);
    if bytes >= 1.0 { Ok(bytes as u64) } else { Err(format!("{text:?} is less than a byte")) }
}

/// A time span such as `90s`, `30m` or `2h`; seconds where there is no unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    number_and_unit(text)
        .and_then(|(number, unit)| {
            let seconds = match unit {
                "s" | "" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
            (number > 0.0 && number < 1e6).then(|| Duration::from_secs_f64(number * seconds))
        })
        .ok_or_else(|| "use a number with s, m or h, such as 30m".into())
}

/// A share from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1, such as 0.05".into()),
    }
}

/// A share above 0 and below 1.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("a share is a number above 0 and below 1, such as 0.2".into()),
    }
}

/// A time, as tables have them: milliseconds since 1970.
pub(super) fn time(text: &str) -> Result<i64, String> {
    parse_timestamp(text.as_bytes()).map_err(|complaint| format!("{text:?} {complaint}"))
}

/// A calendar date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "a date is a year, a month and a day, such as 2023-01-01".into())
}

/// A decimal number and the text after it.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_1024_with_or_without_a_b() {
        for (text, bytes) in [
            ("6291456", 6 << 20),
            ("1B", 1),
            ("500k", 500 << 10),
            ("512M", 512 << 20),
            ("16MB", 16 << 20),
            ("16 mb", 16 << 20),
            ("2GiB", 2 << 30),
            ("1.5g", 3 << 29),
            ("1TB", 1 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "0", "0.5", "-1M", "5X", "5MBB", "1.2.3M", "one"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_positive_numbers_with_a_unit() {
        for (text, seconds) in [("90s", 90.0), ("30m", 1800.0), ("1.5min", 90.0), ("2h", 7200.0), ("0.001s", 0.001)] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "1d", "1e9s", "9999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
