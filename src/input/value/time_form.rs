//! The form of a whole column of times: said by the user, or decided by `column_times`.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::{Timestamp, civil::date, tz::TimeZone};

use super::{
    calendar::DAY,
    cell::Cell,
    digits::{self, Count},
    timestamp,
    written_date::{self, Order},
};

/// What the user sets about times; what is not set is decided from each column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeSettings {
    /// How they are written.
    pub format: Option<TimeFormat>,
    /// Whether `02/03/2024` is in March; decided from the other dates of the column unless set.
    pub dayfirst: Option<bool>,
}

/// How times are written, as the setting `timestamp_format` says it: as strptime does, or by a word for a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat(TimeForm);

/// How the times of a column are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// In any form of `timestamp` that has one meaning; nearly every column.
    #[default]
    Usual,
    /// Numbers since 1970, in the unit that their size tells; days as `YYYYMMDD`.
    Epoch,
    /// Digits of this form.
    Compact(&'static str),
    /// A count since an epoch.
    Count(Count),
    /// Dates of three numbers in this order.
    Ordered(Order),
    /// Midnights of a time zone, of the column or of each text: local dates.
    LocalDates(Option<TimeZone>),
    /// A form of the user's.
    Format(Arc<str>),
}

impl FromStr for TimeFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(count) = Count::named(text) {
            return Ok(Self(TimeForm::Count(count)));
        }
        let words: Vec<&str> = Count::WORDS.iter().map(|(word, _)| *word).collect();
        // A time that is written in the form must be read back, so that it says the date; the day and the month may be absent.
        let sample = date(2024, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).ok();
        let written = sample.and_then(|sample| jiff::fmt::strtime::format(text, &sample).ok());
        let is_read = written.is_some_and(|written| {
            timestamp::with_format(text, written.as_bytes()).is_some_and(|time| time == 19_723 * DAY)
        });
        if text.contains('%') && is_read {
            return Ok(Self(TimeForm::Format(text.into())));
        }
        Err(format!(
            "use directives of strptime that say the date, such as %d/%m/%Y, %Y%m%d%H or %b %d, %Y %I:%M %p, or one of {}",
            words.join(", ")
        ))
    }
}

impl TimeFormat {
    /// The form.
    pub(super) fn form(&self) -> TimeForm {
        self.0.clone()
    }
}

impl TimeForm {
    /// The time of a cell, in milliseconds since 1970.
    ///
    /// # Errors
    /// The second half of a sentence that begins with the cell's text.
    #[inline]
    pub(crate) fn time(&self, cell: Cell<'_>) -> Result<i64, &'static str> {
        match self {
            Self::Usual => cell.time(),
            form => form.rare_time(cell),
        }
    }

    #[cold]
    fn rare_time(&self, cell: Cell<'_>) -> Result<i64, &'static str> {
        let mut buffer = Vec::new();
        let time = match (self, cell) {
            (_, Cell::Text(b"")) => return cell.time(),
            (Self::LocalDates(Some(zone)), Cell::Time(time)) => {
                return timestamp::in_range(time + ahead(zone, time));
            }
            (Self::LocalDates(_), Cell::Text(text)) => timestamp::local_time(text).map(|(local, _)| local),
            (Self::Epoch, Cell::Text(text)) if timestamp::is_number(text) => digits::count(text),
            (Self::Epoch, Cell::Number(number)) => digits::fractional_number(number),
            (Self::Epoch, Cell::Integer(number)) => digits::whole_number(number),
            (Self::Compact(form), Cell::Text(text)) => {
                digits::digits_of(text, &mut buffer).and_then(|digits| digits::compact(digits, form))
            }
            (Self::Compact(form), Cell::Number(number)) => {
                digits::whole_digits(number, &mut buffer).and_then(|digits| digits::compact(digits, form))
            }
            (Self::Compact(form), Cell::Integer(number)) => digits::compact(number.to_string().as_bytes(), form),
            (Self::Count(count), Cell::Integer(number)) => count.time(number),
            (Self::Count(count), Cell::Number(number)) => count.time_of(number),
            (Self::Count(count), Cell::Text(text)) => {
                let text = str::from_utf8(text).unwrap_or_default();
                let whole = text.parse().ok().and_then(|number| count.time(number));
                whole.or_else(|| text.parse().ok().and_then(|number| count.time_of(number)))
            }
            (Self::Ordered(order), Cell::Text(text)) => {
                written_date::read(text).and_then(|written| written.time(*order))
            }
            (Self::Format(format), Cell::Text(text)) => timestamp::with_format(format, text),
            (Self::Format(format), Cell::Integer(number)) => {
                timestamp::with_format(format, number.to_string().as_bytes())
            }
            (Self::Format(format), Cell::Number(number)) => {
                digits::whole_digits(number, &mut buffer).and_then(|digits| timestamp::with_format(format, digits))
            }
            _ => return cell.time(),
        };
        time.ok_or_else(|| self.complaint()).and_then(timestamp::in_range)
    }

    /// What is wrong with a cell of another form.
    fn complaint(&self) -> &'static str {
        match self {
            Self::Epoch => digits::NO_EPOCH,
            Self::Ordered(Order::DayFirst) => "is not a date as day/month/year, in which the column is read",
            Self::Ordered(Order::MonthFirst) => "is not a date as month/day/year, in which the column is read",
            Self::Ordered(Order::YearFirst) => "is not a date as year/month/day, in which the column is read",
            Self::Count(_) | Self::Format(_) => {
                "is not a time between 1678 and 2261 of the form that timestamp_format says"
            }
            _ => "is not a time of the form that the column has",
        }
    }

    /// Whether a text has an offset or is a count since an epoch, so that its time is in UTC.
    pub(crate) fn is_absolute(&self, text: &[u8]) -> bool {
        match self {
            // It may have eight digits, as a day.
            Self::Epoch if timestamp::is_number(text) => !is_day(text),
            Self::Usual | Self::Epoch => timestamp::is_absolute(text),
            Self::Compact(_) | Self::LocalDates(_) | Self::Count(Count::DotnetTicks) => false,
            Self::Count(_) => true,
            Self::Ordered(_) => written_date::read(text).is_some_and(|date| date.absolute),
            Self::Format(format) => ["%z", "%:z", "%s", "%Q"].iter().any(|directive| format.contains(directive)),
        }
    }
}

impl TimeForm {
    /// [`Self::is_absolute`] of a whole number of a typed column.
    #[cfg(feature = "parquet")]
    pub(crate) fn is_absolute_number(&self, number: i64) -> bool {
        match self {
            Self::Epoch => !digits::is_day(number),
            form => form.is_absolute(number.to_string().as_bytes()),
        }
    }
}

impl fmt::Display for TimeForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual => f.write_str("calendar times"),
            Self::Epoch => f.write_str("times since 1970"),
            Self::Compact(form) => f.write_str(form),
            Self::Count(count) => f.write_str(count.name()),
            Self::Ordered(order) => f.write_str(order.name()),
            Self::LocalDates(_) => f.write_str("local dates, because all of them are midnights of one time zone"),
            Self::Format(format) => f.write_str(format),
        }
    }
}

/// Milliseconds that the local time of a zone is ahead of UTC.
pub(super) fn ahead(zone: &TimeZone, time: i64) -> i64 {
    Timestamp::from_millisecond(time).map_or(0, |moment| i64::from(zone.to_offset(moment).seconds()) * 1000)
}

/// The time zone with this name of the database, or this offset; none for UTC.
#[cfg(feature = "parquet")]
pub(crate) fn zone_named(name: &str) -> Option<TimeZone> {
    let fixed = || {
        let seconds = super::calendar::offset(name.as_bytes())? / 1000;
        jiff::tz::Offset::from_seconds(i32::try_from(seconds).ok()?).ok().map(TimeZone::fixed)
    };
    TimeZone::get(name).ok().or_else(fixed).filter(|zone| *zone != TimeZone::UTC)
}

fn is_day(text: &[u8]) -> bool {
    digits::digits_of(text, &mut Vec::new()).is_some_and(|digits| digits.len() == 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        let form = format.parse::<TimeFormat>().unwrap().form();
        form.time(Cell::Text(text.as_bytes())).ok().map(timestamp::format)
    }

    #[test]
    fn forms_are_those_of_strptime_and_words_for_counts() {
        for (format, text, expected) in [
            ("%d/%m/%Y", "01/02/2020", "2020-02-01"),
            ("%m/%d/%y", "1/2/20", "2020-01-02"),
            ("%Y%m%d%H", "2024013106", "2024-01-31T06:00:00"),
            ("%y%m%d%H%M", "2401310600", "2024-01-31T06:00:00"),
            ("%Y%j%H", "202403106", "2024-01-31T06:00:00"),
            ("%b %d, %Y %I:%M %p", "Jan 31, 2020 12:05 AM", "2020-01-31T00:05:00"),
            ("%d.%m.%Y %H:%M:%S %z", "31.01.2020 06:00:00 +0100", "2020-01-31T05:00:00"),
            ("%b-%y", "Jan-20", "2020-01-01"),
            ("%Y%m", "202401", "2024-01-01"),
            ("%Y", "2024", "2024-01-01"),
            ("%G-W%V", "2015-W05", "2015-01-26"),
            ("%s", "1706680800", "2024-01-31T06:00:00"),
            ("epoch_s", "2024013106", "2034-02-20T01:51:46"),
            ("EPOCH_MS", "240131060000", "1977-08-11T07:04:20"),
            ("epoch_us", "1706680800000000", "2024-01-31T06:00:00"),
            ("epoch_s", "1706680800.25", "2024-01-31T06:00:00.25"),
            ("dotnet_ticks", "638422992000000000", "2024-01-31T12:00:00"),
            ("filetime", "133511328000000000", "2024-01-31"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(expected), "{format} {text}");
        }
        assert_eq!(read("%d/%m/%Y", "2020-02-01"), None);
        assert_eq!(read("epoch_s", "2024-01-31"), None);
        for format in ["", "day/month/year", "%H:%M", "%", "%d/%m", "epoch", "%Q%"] {
            assert!(format.parse::<TimeFormat>().is_err(), "{format}");
        }
    }

    #[test]
    fn numbers_of_typed_columns_are_read_as_their_digits() {
        let form = TimeForm::Compact("%Y%m%d%H");
        let expected = timestamp::parse(b"2024-01-31 06:00");
        for cell in [
            Cell::Text(b"2024013106"),
            Cell::Text(b"2024013106.0"),
            Cell::Integer(2_024_013_106),
            Cell::Number(2.024_013_106e9),
        ] {
            assert_eq!(form.time(cell), expected, "{cell:?}");
        }
        assert!(form.time(Cell::Integer(2_024_013_125)).is_err());
        assert!(form.time(Cell::Text(b"")).unwrap_err().contains("empty"));
    }
}
