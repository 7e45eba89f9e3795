//! Timestamps and calendars.

use jiff::{Timestamp, civil::DateTime};
use manyfit::{fuzzing, input::parse_timestamp};
use manyfit_models::frequency::{Frequency, Inferred};

use super::{check_text, checked};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A timestamp a line: each by itself as jiff reads it, where jiff does; all of them as a column.
pub(super) fn timestamps(input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').take(100).collect();
    for line in &lines {
        match parse_timestamp(line) {
            Ok(time) => check_time(line, time),
            Err(complaint) => check_text(complaint),
        }
    }
    let texts: Vec<&str> = lines.iter().filter_map(|line| std::str::from_utf8(line).ok()).collect();
    for is_daily in [false, true] {
        match fuzzing::column_of_timestamps(&texts, is_daily) {
            Ok(times) => assert_eq!(times.len(), texts.len()),
            Err((text, complaint)) => {
                assert!(texts.contains(&text));
                check_text(complaint);
            }
        }
    }
}

fn check_time(text: &[u8], time: i64) {
    let written = fuzzing::format_timestamp(time);
    assert_eq!(parse_timestamp(written.as_bytes()), Ok(time), "{written}");
    // Only text that jiff takes for the same form: it also reads dates of other calendars' notations.
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| text.len() >= 10 && text.as_bytes()[4] == b'-')
    else {
        return;
    };
    if text.ends_with(['Z', 'z']) || text.get(11..).is_some_and(|rest| rest.contains(['+', '-'])) {
        if let Ok(theirs) = text.parse::<Timestamp>() {
            assert_eq!(time, theirs.as_millisecond().min(floor(theirs.as_nanosecond())), "{text:?}");
        }
    } else if let Ok(theirs) = text.parse::<DateTime>() {
        let theirs = theirs.to_zoned(jiff::tz::TimeZone::UTC).expect("UTC has every time").timestamp();
        assert_eq!(time, floor(theirs.as_nanosecond()), "{text:?}");
    }
}

/// Digits below the millisecond are cut.
fn floor(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds.div_euclid(1_000_000)).expect("jiff's years fit")
}

/// Dates from deltas of two bytes, in a unit that the first byte chooses: the calendar that is inferred has a name that is read
/// again, and continues in order.
pub(super) fn dates(input: &[u8]) {
    const UNITS: [i64; 6] = [DAY, 3_600_000, 60_000, 1_000, 1, DAY / 2];
    let Some((&unit, deltas)) = input.split_first() else { return };
    let mut time = i64::from(unit) * 100 * DAY;
    let mut dates = vec![time];
    for delta in deltas.chunks_exact(2).take(2_000) {
        time += UNITS[usize::from(unit) % UNITS.len()] * (1 + i64::from(u16::from_le_bytes([delta[0], delta[1]])));
        dates.push(time);
    }
    let inferred = Inferred::of(&dates);
    assert_eq!(Frequency::infer(&dates), inferred.frequency);
    check_calendar(inferred.frequency, time);
}

/// A calendar is read from its name, and goes on in order.
pub(super) fn check_calendar(frequency: Frequency, last: i64) {
    let name = frequency.to_string();
    assert_eq!(checked(name.parse::<Frequency>()), Some(frequency), "{name}");
    let after = frequency.after(last, 40);
    assert_eq!(after.len(), 40, "{name}");
    assert!(after.is_sorted_by(|a, b| a < b) && after[0] > last, "{name} after {last}: {after:?}");
    assert!(frequency.season() < 1_000_000_000, "{name}");
    if let Some(before) = frequency.at_or_before(after[39]) {
        assert!(before <= after[39], "{name}");
    }
    assert!(frequency.steps(after[0], after[39]) >= 0, "{name}");
}
