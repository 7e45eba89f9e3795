//! Conversion of times from the zone of the input to the zone of the output.

use jiff::{
    Timestamp,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

/// A time in the zone of the output, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputTime {
    /// The one that is meant.
    Once(i64),
    /// A local time that the clocks skip, moved forward by as much as they are set forward.
    Skipped(i64),
    /// Both times of an hour that the clocks repeat.
    Repeated(i64, i64),
}

/// The local time of the output zone.
///
/// `absolute`: `time` is UTC, because its text had an offset or was an epoch time. Otherwise it is a local time of the zone
/// `assumed`, or is taken as UTC without one.
pub(super) fn output_time(
    time: i64,
    absolute: bool,
    assumed: Option<&TimeZone>,
    output: Option<&TimeZone>,
) -> OutputTime {
    let shown = |utc: i64| match output {
        Some(zone) => {
            let offset = Timestamp::from_millisecond(utc).map_or(0, |moment| zone.to_offset(moment).seconds());
            utc + i64::from(offset) * 1000
        }
        None => utc,
    };
    let (Some(zone), false, Ok(wall)) = (assumed, absolute, Timestamp::from_millisecond(time)) else {
        return OutputTime::Once(shown(time));
    };
    let utc = |offset: Offset| time - i64::from(offset.seconds()) * 1000;
    match zone.to_ambiguous_timestamp(Offset::UTC.to_datetime(wall)).offset() {
        AmbiguousOffset::Unambiguous { offset } => OutputTime::Once(shown(utc(offset))),
        AmbiguousOffset::Gap { before, .. } => OutputTime::Skipped(shown(utc(before))),
        AmbiguousOffset::Fold { before, after } => {
            let (first, second) = (shown(utc(before)), shown(utc(after)));
            // In the same zone again they are written alike.
            if first == second { OutputTime::Once(first) } else { OutputTime::Repeated(first, second) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::value::{
        time_form::TimeForm,
        timestamp::{format, parse},
    };

    fn converted(text: &str, assumed: Option<&str>, output: Option<&str>) -> String {
        let zone = |name: Option<&str>| name.map(|name| TimeZone::get(name).unwrap());
        let (assumed, output) = (zone(assumed), zone(output));
        let absolute = TimeForm::Usual.is_absolute(text.as_bytes());
        let time = output_time(parse(text.as_bytes()).unwrap(), absolute, assumed.as_ref(), output.as_ref());
        match time {
            OutputTime::Once(time) => format(time),
            OutputTime::Skipped(time) => format!("{}, skipped", format(time)),
            OutputTime::Repeated(first, second) => format!("{} or {}", format(first), format(second)),
        }
    }

    #[test]
    fn times_without_an_offset_are_local_times_of_the_assumed_zone() {
        let berlin = Some("Europe/Berlin");
        assert_eq!(converted("2024-01-15 12:00", berlin, None), "2024-01-15T11:00:00");
        assert_eq!(converted("2024-07-15T12:00", berlin, None), "2024-07-15T10:00:00");
        assert_eq!(converted("2024-07-15", berlin, None), "2024-07-14T22:00:00");
        assert_eq!(converted("2024-07-15T12:00Z", berlin, None), "2024-07-15T12:00:00");
        assert_eq!(converted("1721044800", berlin, None), "2024-07-15T12:00:00");
        for text in ["20240715", "202407150000", "2024.07.15", "15-Jul-2024", "15/07/2024 12:00 AM", "2024-Jul-15"] {
            assert_eq!(converted(text, berlin, None), "2024-07-14T22:00:00", "{text}");
        }
        for text in ["2024-07-14 10:00 PM GMT", "14/07/2024 22:00Z", "Jul 15, 2024 00:00 +0200", "20240714T220000Z"] {
            assert_eq!(converted(text, berlin, None), "2024-07-14T22:00:00", "{text}");
        }
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
        assert_eq!(converted("2024-03-31 02:30", berlin, berlin), "2024-03-31T03:30:00, skipped");
        assert_eq!(converted("2024-10-27 02:30", berlin, None), "2024-10-27T00:30:00 or 2024-10-27T01:30:00");
        assert_eq!(converted("2024-10-27 02:30", berlin, berlin), "2024-10-27T02:30:00");
        assert_eq!(converted("2024-10-27 02:30+01:00", berlin, None), "2024-10-27T01:30:00");
        assert_eq!(converted("2024-10-27 03:00", berlin, None), "2024-10-27T02:00:00");
        // By half an hour.
        let howe = Some("Australia/Lord_Howe");
        assert_eq!(converted("2024-04-07 01:45", howe, None), "2024-04-06T14:45:00 or 2024-04-06T15:15:00");
    }
}
