//! Rows to CSV.

use super::output_rows::{OutputRow, OutputValue};
use crate::input::{
    csv::write::{write_field, write_number},
    value::timestamp,
};

const DAY: i64 = 86_400_000;

/// How times are written: the same for a whole file, as readers of CSV expect it, but not for a whole run, so that no file
/// depends on which other customers are prepared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeFormat {
    Date,
    Seconds,
    Milliseconds,
}

impl TimeFormat {
    /// The shortest format without loss for these times.
    pub(super) fn shortest(times: impl Iterator<Item = i64>) -> Self {
        let format = |time| match time {
            time if time % 1000 != 0 => Self::Milliseconds,
            time if time % DAY != 0 => Self::Seconds,
            _ => Self::Date,
        };
        times.map(format).max().unwrap_or(Self::Date)
    }
}

/// Writes times, with a cache of dates.
pub(super) struct TimeWriter {
    pub(super) format: TimeFormat,
    /// Day since 1970 and its date, by the day modulo [`CACHED_DAYS`].
    dates: Vec<(i64, [u8; 10])>,
}

/// Size of the cache: about eleven years.
const CACHED_DAYS: i64 = 4096;

impl Default for TimeWriter {
    fn default() -> Self {
        Self { format: TimeFormat::Date, dates: vec![(i64::MAX, [0; 10]); CACHED_DAYS as usize] }
    }
}

impl TimeWriter {
    #[inline]
    pub(super) fn write(&mut self, time: i64, out: &mut Vec<u8>) {
        let day = time.div_euclid(DAY);
        let (known, date) = &mut self.dates[day.rem_euclid(CACHED_DAYS) as usize];
        if *known != day {
            *known = day;
            let text = timestamp::format(day * DAY);
            date.copy_from_slice(&text.as_bytes()[..10]);
        }
        out.extend_from_slice(date);
        if self.format == TimeFormat::Date {
            return;
        }
        let milliseconds = time.rem_euclid(DAY) as u32;
        let seconds = milliseconds / 1000;
        let two = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        for (sign, number) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            out.push(sign);
            out.extend_from_slice(&two(number));
        }
        if self.format == TimeFormat::Milliseconds {
            let part = milliseconds % 1000;
            out.push(b'.');
            out.push(b'0' + (part / 100) as u8);
            out.extend_from_slice(&two(part % 100));
        }
    }
}

/// The header; `many`: with a customer column, `times`: with a column of timestamps.
pub(super) fn write_header(many: bool, times: bool, target: &str, kept: &[String], out: &mut Vec<u8>) {
    if many {
        out.extend_from_slice(b"customer,");
    }
    if times {
        out.extend_from_slice(b"timestamp,");
    }
    write_field(target.as_bytes(), out);
    for name in kept {
        out.push(b',');
        write_field(name.as_bytes(), out);
    }
    out.push(b'\n');
}

/// A customer's rows, with its name if files hold many, and with times unless they are of features; `kept` is the number of kept
/// columns.
pub(super) fn write_rows(
    customer: Option<&str>,
    rows: &[OutputRow<'_>],
    kept: usize,
    mut times: Option<&mut TimeWriter>,
    out: &mut Vec<u8>,
) {
    let mut name = Vec::new();
    if let Some(customer) = customer {
        write_field(customer.as_bytes(), &mut name);
        name.push(b',');
    }
    for row in rows {
        out.extend_from_slice(&name);
        if let Some(times) = &mut times {
            times.write(row.time, out);
            out.push(b',');
        }
        match row.value {
            OutputValue::Missing => {}
            OutputValue::Text(text) => out.extend_from_slice(text),
            OutputValue::Computed(number) => write_number(number, out),
        }
        match row.source {
            Some(source) => source.kept().for_each(|text| {
                out.push(b',');
                write_field(text, out);
            }),
            None => out.extend(std::iter::repeat_n(b',', kept)),
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(format: TimeFormat, text: &str) -> String {
        let mut out = Vec::new();
        let mut writer = TimeWriter { format, ..TimeWriter::default() };
        for _ in 0..2 {
            out.clear();
            writer.write(timestamp::parse(text.as_bytes()).unwrap(), &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times_are_written_in_each_format() {
        assert_eq!(time(TimeFormat::Date, "1969-02-28"), "1969-02-28");
        assert_eq!(time(TimeFormat::Seconds, "2024-02-29"), "2024-02-29T00:00:00");
        assert_eq!(time(TimeFormat::Seconds, "1969-12-31 23:59:58"), "1969-12-31T23:59:58");
        assert_eq!(time(TimeFormat::Milliseconds, "2024-02-29 01:02:03.045"), "2024-02-29T01:02:03.045");
    }

    #[test]
    fn the_format_is_the_shortest_that_loses_nothing() {
        assert_eq!(TimeFormat::shortest([].into_iter()), TimeFormat::Date);
        assert_eq!(TimeFormat::shortest([0, -DAY].into_iter()), TimeFormat::Date);
        assert_eq!(TimeFormat::shortest([0, -1000, DAY].into_iter()), TimeFormat::Seconds);
        assert_eq!(TimeFormat::shortest([0, -1, 1000].into_iter()), TimeFormat::Milliseconds);
    }
}
