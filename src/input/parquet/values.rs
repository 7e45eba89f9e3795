//! What the values of Parquet columns mean, through polars.

use crate::{
    error::Error,
    input::{
        data_error::{DataError, Position, quoted},
        schema::{columns::Columns, kind::ColumnKind, series_columns::SeriesColumns},
        value::{
            cell::Cell,
            column_times::{ColumnTimes, Decision},
            local_dates::LocalDates,
            time_form::TimeSettings,
        },
    },
    run::catch_panic,
};
pub(crate) use polars::prelude::ArrowDataType;
use polars::prelude::{AnyValue, DataType, PolarsResult, Series, TimeUnit};

/// Runs polars on bytes that may be damaged. Its decoders panic on some of them, which must only fail this file.
pub(in crate::input) fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, DataError> {
    let reason = match catch_panic(work) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its pages are damaged".to_owned(),
    };
    Err(DataError::file(format!("cannot be read as Parquet ({reason}): write the file again")))
}

/// [`guarded`], with the name of the file in the error.
pub(crate) fn guarded_file<T>(file: &str, work: impl FnOnce() -> PolarsResult<T>) -> Result<T, Error> {
    guarded(work).map_err(|error| error.in_file(file))
}

/// A time in this unit as milliseconds.
pub(crate) const fn milliseconds(time: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Milliseconds => time,
        TimeUnit::Microseconds => time.div_euclid(1000),
        TimeUnit::Nanoseconds => time.div_euclid(1_000_000),
    }
}

/// The value of a field; a null is an empty text.
pub(crate) fn cell_of<'a>(value: &AnyValue<'a>) -> Cell<'a> {
    match value {
        AnyValue::Null => Cell::Text(b""),
        AnyValue::String(text) => Cell::Text(text.trim().as_bytes()),
        AnyValue::Date(days) => Cell::Time(i64::from(*days) * 86_400_000),
        AnyValue::Datetime(time, unit, _) => Cell::Time(milliseconds(*time, *unit)),
        AnyValue::Float32(_) | AnyValue::Float64(_) => Cell::Number(value.extract().unwrap_or(f64::NAN)),
        // A number of more than 63 bits is not an epoch time, and neither is zero.
        value if value.is_integer() => Cell::Integer(value.extract().unwrap_or(0)),
        _ => Cell::Other,
    }
}

/// What the times of a column have shown, part after part.
#[derive(Debug, Default)]
pub(crate) struct SeriesTimes {
    times: ColumnTimes,
    rows: u64,
    /// Of a column with a time zone.
    local: Option<LocalDates>,
}

impl SeriesTimes {
    /// Takes the next part of the column into account. Returns whether more is needed.
    pub(crate) fn see(&mut self, part: &Series) -> bool {
        match part.dtype() {
            DataType::Date | DataType::Datetime(_, None) => false,
            DataType::Datetime(_, Some(zone)) => {
                let local = self.local.get_or_insert_with(|| LocalDates::of_zone(zone));
                part.iter().all(|value| match cell_of(&value) {
                    Cell::Time(time) => local.see(time),
                    _ => true,
                })
            }
            _ => {
                let mut position = self.rows;
                self.rows += part.len() as u64;
                part.iter().all(|value| {
                    position += 1;
                    self.times.see(cell_of(&value), Position::Row(position))
                })
            }
        }
    }

    /// The form of the column with this name.
    pub(crate) fn decide(self, settings: &TimeSettings, column: &[u8]) -> Result<Decision, DataError> {
        match self.local {
            Some(local) => Ok(local.decide()),
            None => self.times.decide(settings, column),
        }
    }
}

/// The value in messages.
pub(crate) fn text_of(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        // All digits, where polars shows a few; of 1 still "1.0".
        AnyValue::Float32(number) => format!("{number:?}"),
        AnyValue::Float64(number) => format!("{number:?}"),
        value => value.to_string(),
    }
}

pub(in crate::input) fn is_readable(column: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(
        column,
        T::Null
            | T::Boolean
            | T::Int32
            | T::Int64
            | T::UInt32
            | T::UInt64
            | T::Float32
            | T::Float64
            | T::Date32
            | T::Date64
    ) || matches!(column, T::Timestamp(..) | T::Utf8 | T::LargeUtf8 | T::Utf8View)
}

/// [`check_type`] of a column of a series, with the name of the file in the error.
pub(crate) fn check_column(name: &str, column: &ArrowDataType, file: &str) -> Result<(), Error> {
    check_type(name.as_bytes(), column, SeriesColumns::TYPE_HINT).map_err(|error| error.in_file(file))
}

/// # Errors
/// If a column has a type that is not read; `hint` says what to do.
pub(in crate::input) fn check_type(name: &[u8], column: &ArrowDataType, hint: &str) -> Result<(), DataError> {
    if is_readable(column) {
        return Ok(());
    }
    let name = quoted(name);
    Err(DataError::file(format!("the column {name} has the Parquet type {column:?}, which is not read: {hint}")))
}

/// What the values of a type look like.
pub(in crate::input) fn kind(column: &ArrowDataType) -> ColumnKind {
    let time = matches!(column, ArrowDataType::Date32 | ArrowDataType::Date64 | ArrowDataType::Timestamp(..));
    let text = matches!(column, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View);
    let number = is_readable(column) && !time && !text;
    if column == &ArrowDataType::Null {
        return ColumnKind::UNSEEN;
    }
    ColumnKind { seen: true, calendar: time, time: time || number, number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::ArrowTimeUnit;

    #[test]
    fn types_that_are_not_read_are_refused_with_the_way_out() {
        check_column("y", &ArrowDataType::Float64, "t.parquet").unwrap();
        for column in [ArrowDataType::Time64(ArrowTimeUnit::Nanosecond), ArrowDataType::Binary, ArrowDataType::Float16]
        {
            let error = check_column("y", &column, "t.parquet").unwrap_err().to_string();
            assert!(error.starts_with("t.parquet: the column \"y\" has the Parquet type"), "{error}");
            assert!(error.ends_with("write it as Float64, Int64, Timestamp or text"), "{error}");
        }
    }
}
