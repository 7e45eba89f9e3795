//! Conversion of times from the zone of the input to the zone of the output.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

/// The local time of the output zone, in milliseconds since 1970.
///
/// - `absolute`: `time` is UTC, because its text had an offset or was an epoch time. Otherwise it is a local time of the zone
///   `assumed`, or is taken as UTC without one.
/// - A local time that daylight saving skips is moved forward by the gap; of one that occurs twice the first is meant.
pub(super) fn output_time(time: i64, absolute: bool, assumed: Option<&TimeZone>, output: Option<&TimeZone>) -> i64 {
    let utc = match assumed {
        Some(zone) if !absolute => utc_of(time, zone).unwrap_or(time),
        _ => time,
    };
    match output {
        Some(zone) => {
            let offset = Timestamp::from_millisecond(utc).map_or(0, |moment| zone.to_offset(moment).seconds());
            utc + i64::from(offset) * 1000
        }
        None => utc,
    }
}

fn utc_of(time: i64, zone: &TimeZone) -> Option<i64> {
    let wall = Offset::UTC.to_datetime(Timestamp::from_millisecond(time).ok()?);
    zone.to_timestamp(wall).ok().map(Timestamp::as_millisecond)
}

/// Whether a timestamp's text has an offset or is an epoch time.
pub(super) fn is_absolute(text: &[u8]) -> bool {
    let dated = text.len() >= 5 && text[..4].iter().all(u8::is_ascii_digit) && matches!(text[4], b'-' | b'/');
    if !dated {
        // YYYYMMDD is a day, with or without a time of day; other numbers are epoch times.
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return match text.get(digits) {
            None | Some(b'.') => digits != 8,
            Some(_) if digits == 0 => true,
            Some(_) => text[digits..].iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')),
        };
    }
    let time_of_day = text.iter().position(|byte| matches!(byte, b'T' | b't' | b' ')).map_or(&[][..], |at| &text[at..]);
    time_of_day.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::value::timestamp::{format, parse};

    fn converted(text: &str, assumed: Option<&str>, output: Option<&str>) -> String {
        let zone = |name: Option<&str>| name.map(|name| TimeZone::get(name).unwrap());
        let (assumed, output) = (zone(assumed), zone(output));
        let absolute = is_absolute(text.as_bytes());
        format(output_time(parse(text.as_bytes()).unwrap(), absolute, assumed.as_ref(), output.as_ref()))
    }

    #[test]
    fn times_without_an_offset_are_local_times_of_the_assumed_zone() {
        let berlin = Some("Europe/Berlin");
        assert_eq!(converted("2024-01-15 12:00", berlin, None), "2024-01-15T11:00:00");
        assert_eq!(converted("2024-07-15T12:00", berlin, None), "2024-07-15T10:00:00");
        assert_eq!(converted("2024-07-15", berlin, None), "2024-07-14T22:00:00");
        assert_eq!(converted("2024-07-15T12:00Z", berlin, None), "2024-07-15T12:00:00");
        assert_eq!(converted("1721044800", berlin, None), "2024-07-15T12:00:00");
        assert_eq!(converted("20240715", berlin, None), "2024-07-14T22:00:00");
    }

    #[test]
    fn the_output_is_in_one_zone() {
        let york = Some("America/New_York");
        assert_eq!(converted("2024-07-15T12:00Z", None, york), "2024-07-15T08:00:00");
        assert_eq!(converted("2024-01-15 12:00 +01", None, york), "2024-01-15T06:00:00");
        assert_eq!(converted("2024-01-15 12:00", Some("Europe/Berlin"), york), "2024-01-15T06:00:00");
        assert_eq!(converted("2024-01-15 12:00", york, york), "2024-01-15T12:00:00");
    }

    #[test]
    fn skipped_and_repeated_hours_follow_the_rule() {
        let berlin = Some("Europe/Berlin");
        assert_eq!(converted("2024-03-31 02:30", berlin, berlin), "2024-03-31T03:30:00");
        assert_eq!(converted("2024-10-27 02:30", berlin, None), "2024-10-27T00:30:00");
    }
}
