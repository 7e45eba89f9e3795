//! What the values of Parquet columns mean.

use std::fmt::Display;

use super::column::{ColumnValues, Value};
use crate::{
    error::Error,
    input::{
        data_error::{DataError, Position, quoted},
        schema::{columns::Columns, kind::ColumnKind, series_columns::SeriesColumns},
        value::{
            column_times::{ColumnTimes, Decision},
            local_dates::LocalDates,
            time_form::TimeSettings,
        },
    },
    run::catch_panic,
};
pub(crate) use polars_arrow::datatypes::ArrowDataType;

/// Runs a decoder on bytes that may be damaged. Those of polars panic on some of them, which must only fail this file.
pub(in crate::input) fn guarded<T, E: Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, DataError> {
    let reason = match catch_panic(work) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its pages are damaged".to_owned(),
    };
    Err(DataError::file(format!("cannot be read as Parquet ({reason}): write the file again")))
}

/// What the times of a column have shown, part after part.
#[derive(Debug)]
pub(crate) struct SeriesTimes {
    times: ColumnTimes,
    rows: u64,
    /// Of a column with a time zone.
    local: Option<LocalDates>,
}

impl SeriesTimes {
    /// Nothing is known of a column of this type. `None` if the type alone decides.
    pub(crate) fn new(column: &ArrowDataType) -> Option<Self> {
        use ArrowDataType as T;
        let local = match column {
            T::Date32 | T::Date64 | T::Timestamp(_, None) => return None,
            T::Timestamp(_, Some(zone)) => Some(LocalDates::of_zone(zone)),
            _ => None,
        };
        Some(Self { times: ColumnTimes::default(), rows: 0, local })
    }

    /// Takes the next part of the column into account. Returns whether more is needed.
    pub(crate) fn see(&mut self, part: &ColumnValues) -> bool {
        if let Some(local) = &mut self.local {
            return part.values().all(|value| match value {
                Value::Time(time) => local.see(time),
                _ => true,
            });
        }
        let mut position = self.rows;
        self.rows += part.len() as u64;
        part.values().all(|value| {
            position += 1;
            self.times.see(value.cell(), Position::Row(position))
        })
    }

    /// The form of the column with this name.
    pub(crate) fn decide(self, settings: &TimeSettings, column: &[u8]) -> Result<Decision, DataError> {
        match self.local {
            Some(local) => Ok(local.decide()),
            None => self.times.decide(settings, column),
        }
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
    Err(DataError::file(format!("the column {name} has the type {column:?}, which is not read: {hint}")))
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
    use polars_arrow::datatypes::TimeUnit;

    #[test]
    fn types_that_are_not_read_are_refused_with_the_way_out() {
        check_column("y", &ArrowDataType::Float64, "t.parquet").unwrap();
        for column in [ArrowDataType::Time64(TimeUnit::Nanosecond), ArrowDataType::Binary, ArrowDataType::Float16] {
            let error = check_column("y", &column, "t.parquet").unwrap_err().to_string();
            assert!(error.starts_with("t.parquet: the column \"y\" has the type"), "{error}");
            assert!(error.ends_with("write it as Float64, Int64, Timestamp or text"), "{error}");
        }
    }
}
