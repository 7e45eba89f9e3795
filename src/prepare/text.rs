//! Rows to CSV.

use std::io::Write;

use super::shape::{Shaped, Value};
use crate::input::raw;

const DAY: i64 = 86_400_000;

/// How times are written: in one form for a whole file, as readers of CSV expect it, and for no more than that, so that no
/// file depends on which customers are prepared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeForm {
    Date,
    Seconds,
    Milliseconds,
}

impl TimeForm {
    /// The shortest form that holds every one of some times.
    pub(super) fn of(times: impl Iterator<Item = i64>) -> Self {
        let form = |time| match time {
            time if time % 1000 != 0 => Self::Milliseconds,
            time if time % DAY != 0 => Self::Seconds,
            _ => Self::Date,
        };
        times.map(form).max().unwrap_or(Self::Date)
    }
}

/// Writes times; remembers the dates of days.
pub(super) struct TimeWriter {
    pub(super) form: TimeForm,
    /// Dates by the lowest bits of the day's number.
    dates: Vec<(i64, [u8; 10])>,
}

/// Days that are remembered: some years of them.
const DAYS: i64 = 4096;

impl TimeWriter {
    pub(super) fn new() -> Self {
        Self { form: TimeForm::Date, dates: vec![(i64::MAX, [0; 10]); DAYS as usize] }
    }

    #[inline]
    pub(super) fn write(&mut self, time: i64, out: &mut Vec<u8>) {
        let day = time.div_euclid(DAY);
        let (known, date) = &mut self.dates[day.rem_euclid(DAYS) as usize];
        if *known != day {
            *known = day;
            let text = raw::display_time(day * DAY);
            date.copy_from_slice(&text.as_bytes()[..10]);
        }
        out.extend_from_slice(date);
        if self.form == TimeForm::Date {
            return;
        }
        let milliseconds = time.rem_euclid(DAY) as u32;
        let seconds = milliseconds / 1000;
        let two = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        for (sign, number) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            out.push(sign);
            out.extend_from_slice(&two(number));
        }
        if self.form == TimeForm::Milliseconds {
            let part = milliseconds % 1000;
            out.push(b'.');
            out.push(b'0' + (part / 100) as u8);
            out.extend_from_slice(&two(part % 100));
        }
    }
}

/// A number as the shortest text that is read back as the same.
pub(super) fn write_number(number: f64, out: &mut Vec<u8>) {
    let plain = number == 0.0 || (1e-5..1e16).contains(&number.abs());
    // Writing to memory does not fail.
    let _ = if plain { write!(out, "{number}") } else { write!(out, "{number:e}") };
}

/// A cell: quoted where the text would otherwise be taken apart.
pub(super) fn write_cell(text: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr3(b',', b'"', b'\n', text).is_none() && !text.contains(&b'\r') {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// The line of names: `customer` first where files hold many.
pub(super) fn write_header(many: bool, target: &str, kept: &[String], out: &mut Vec<u8>) {
    out.extend_from_slice(if many { b"customer,timestamp," } else { b"timestamp," });
    write_cell(target.as_bytes(), out);
    for name in kept {
        out.push(b',');
        write_cell(name.as_bytes(), out);
    }
    out.push(b'\n');
}

/// A customer's rows. `kept`: how many columns are carried along.
pub(super) fn write_rows(
    customer: Option<&str>,
    rows: &[Shaped<'_>],
    kept: usize,
    times: &mut TimeWriter,
    out: &mut Vec<u8>,
) {
    let mut name = Vec::new();
    if let Some(customer) = customer {
        write_cell(customer.as_bytes(), &mut name);
        name.push(b',');
    }
    for row in rows {
        out.extend_from_slice(&name);
        times.write(row.time, out);
        out.push(b',');
        match row.value {
            Value::Missing => {}
            Value::Text(text) => out.extend_from_slice(text),
            Value::Number(number) => write_number(number, out),
        }
        match row.source {
            Some(source) => source.kept().for_each(|text| {
                out.push(b',');
                write_cell(text, out);
            }),
            None => out.extend(std::iter::repeat_n(b',', kept)),
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(form: TimeForm, text: &str) -> String {
        let mut out = Vec::new();
        let mut writer = TimeWriter::new();
        writer.form = form;
        for _ in 0..2 {
            out.clear();
            writer.write(raw::moment(text.as_bytes()).unwrap(), &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times_are_written_in_one_form() {
        assert_eq!(time(TimeForm::Date, "1969-02-28"), "1969-02-28");
        assert_eq!(time(TimeForm::Seconds, "2024-02-29"), "2024-02-29T00:00:00");
        assert_eq!(time(TimeForm::Seconds, "1969-12-31 23:59:58"), "1969-12-31T23:59:58");
        assert_eq!(time(TimeForm::Milliseconds, "2024-02-29 01:02:03.045"), "2024-02-29T01:02:03.045");
    }

    #[test]
    fn the_form_is_the_shortest_that_holds_all_times() {
        assert_eq!(TimeForm::of([].into_iter()), TimeForm::Date);
        assert_eq!(TimeForm::of([0, -DAY].into_iter()), TimeForm::Date);
        assert_eq!(TimeForm::of([0, -1000, DAY].into_iter()), TimeForm::Seconds);
        assert_eq!(TimeForm::of([0, -1, 1000].into_iter()), TimeForm::Milliseconds);
    }

    #[test]
    fn numbers_are_read_back_as_they_were() {
        for number in [0.0, 0.1 + 0.2, 1e300, -1e-300, 123_456_789.125, 5.0] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(raw::number(&out), Ok(Some(number)), "{}", String::from_utf8_lossy(&out));
            assert!(out.len() < 25);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        for text in ["plain", "a,b", "say \"no\"", "two\nlines"] {
            write_cell(text.as_bytes(), &mut out);
            out.push(b';');
        }
        assert_eq!(out, b"plain;\"a,b\";\"say \"\"no\"\"\";\"two\nlines\";");
    }
}
