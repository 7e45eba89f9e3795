//! A field of a file of any format, before it is a timestamp or a number.

use super::{digits, number, timestamp, written_date};

/// The content of a field.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "fields of CSV are text"))]
pub(crate) enum Cell<'a> {
    /// Trimmed; empty if it is missing.
    Text(&'a [u8]),
    /// NaN if it is missing.
    Number(f64),
    Integer(i64),
    /// Milliseconds since 1970.
    Time(i64),
    /// A value of another type.
    Other,
}

impl Cell<'_> {
    /// Milliseconds since 1970.
    ///
    /// # Errors
    /// The second half of a sentence that begins with the field's text, as of all methods.
    #[inline]
    pub(crate) fn time(self) -> Result<i64, &'static str> {
        match self {
            Self::Text(text) => timestamp::parse(text),
            Self::Number(number) => digits::lone_number(number),
            Self::Integer(number) => digits::lone(number.to_string().as_bytes()),
            Self::Time(time) => timestamp::in_range(time),
            Self::Other => Err("is not a timestamp: write the column as Date, Timestamp or text"),
        }
    }

    /// Milliseconds since midnight of a time of day.
    pub(crate) fn time_of_day(self) -> Result<i64, &'static str> {
        let time = match self {
            Self::Text(text) => written_date::time_of_day(text),
            Self::Integer(hour) => (0..24).contains(&hour).then_some(hour * 3_600_000),
            Self::Number(hour) => {
                ((0.0..24.0).contains(&hour) && hour.fract() == 0.0).then_some(hour as i64 * 3_600_000)
            }
            Self::Time(_) | Self::Other => None,
        };
        time.ok_or("is not a time of day: write HH:MM:SS or a whole hour from 0 to 23")
    }

    /// The number, 1 or 0 of a truth value; `None` if it is missing. `complaint` is what is wrong with anything that is not a number.
    #[inline]
    pub(crate) fn number(self, complaint: &'static str) -> Result<Option<f64>, &'static str> {
        match self {
            Self::Text(text) => number::parse_or(text, complaint),
            Self::Number(number) => number::check(number),
            Self::Integer(number) => Ok(Some(number as f64)),
            Self::Time(_) | Self::Other => Err(complaint),
        }
    }
}
