//! What the values of Parquet columns mean, through polars.

use crate::{
    error::Error,
    input::{
        data_error::{DataError, Position, quoted},
        schema::{columns::Columns, header::NO_CUSTOMER, kind::ColumnKind, series_columns::SeriesColumns},
        value::{number, timestamp},
    },
    run::catch_panic,
};
pub(crate) use polars::prelude::ArrowDataType;
use polars::prelude::{AnyValue, PolarsResult, Series, TimeUnit};

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

pub(in crate::input) fn value_at(column: &Series, row: usize) -> Result<AnyValue<'_>, DataError> {
    column.get(row).map_err(|error| DataError::row(Position::Row(row as u64 + 1), format!("cannot be read: {error}")))
}

/// Gives the customer of a row to `take`.
pub(in crate::input) fn customer_of(
    names: &Series,
    row: usize,
    column: &[u8],
    take: &mut impl FnMut(&[u8]),
) -> Result<(), DataError> {
    let value = value_at(names, row)?;
    let complaint = match &value {
        AnyValue::String(name) if !number::is_missing(name.trim().as_bytes()) => {
            take(name.trim().as_bytes());
            return Ok(());
        }
        AnyValue::Null | AnyValue::String(_) => NO_CUSTOMER,
        value if value.is_integer() => {
            take(value.to_string().as_bytes());
            return Ok(());
        }
        _ => "cannot name a customer: write the column as text or integers",
    };
    Err(DataError::cell(Position::Row(row as u64 + 1), column, text_of(&value).as_bytes(), complaint))
}

/// A time in this unit as milliseconds.
pub(crate) const fn milliseconds(time: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Milliseconds => time,
        TimeUnit::Microseconds => time.div_euclid(1000),
        TimeUnit::Nanoseconds => time.div_euclid(1_000_000),
    }
}

/// Milliseconds since the epoch.
pub(crate) fn time(value: &AnyValue<'_>) -> Result<i64, &'static str> {
    let milliseconds = match value {
        AnyValue::Null => return Err("is empty: every row needs a timestamp"),
        AnyValue::String(text) => return timestamp::parse(text.trim().as_bytes()),
        AnyValue::Date(days) => i64::from(*days) * 86_400_000,
        AnyValue::Datetime(time, unit, _) => milliseconds(*time, *unit),
        AnyValue::Float32(_) | AnyValue::Float64(_) => {
            let number = value.extract::<f64>().unwrap_or(f64::NAN);
            return timestamp::fractional_number(number).ok_or(timestamp::NO_EPOCH);
        }
        value if value.is_integer() => {
            return value.extract::<i64>().and_then(timestamp::whole_number).ok_or(timestamp::NO_EPOCH);
        }
        _ => return Err("is not a timestamp: write the column as Date, Timestamp or text"),
    };
    timestamp::in_range(milliseconds)
}

pub(in crate::input) fn target(value: &AnyValue<'_>) -> Result<Option<f64>, &'static str> {
    match value {
        AnyValue::Null => Ok(None),
        AnyValue::String(text) => number::parse_or(text.trim().as_bytes(), number::NOT_A_TARGET),
        AnyValue::Boolean(value) => Ok(Some(f64::from(u8::from(*value)))),
        value => number::check(value.extract::<f64>().ok_or("is not a number: write the column as numbers")?),
    }
}

/// The value in messages.
pub(crate) fn text_of(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        value => value.to_string(),
    }
}

pub(in crate::input) fn is_readable(column: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    matches!(
        column,
        T::Boolean | T::Int32 | T::Int64 | T::UInt32 | T::UInt64 | T::Float32 | T::Float64 | T::Date32 | T::Date64
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
    ColumnKind { seen: true, calendar: time, time: time || number, number }
}

/// A number of an extra column, NaN if it is missing.
pub(in crate::input) fn number_in(value: &AnyValue<'_>) -> Result<f64, &'static str> {
    match value {
        AnyValue::String(text) => number::parse_or_boolean(text.trim().as_bytes()),
        value => target(value).map(|number| number.unwrap_or(f64::NAN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_are_not_read_are_refused_with_the_way_out() {
        check_column("y", &ArrowDataType::Float64, "t.parquet").unwrap();
        for column in [ArrowDataType::Decimal(10, 2), ArrowDataType::Binary, ArrowDataType::Int8] {
            let error = check_column("y", &column, "t.parquet").unwrap_err().to_string();
            assert!(error.starts_with("t.parquet: the column \"y\" has the Parquet type"), "{error}");
            assert!(error.ends_with("write it as Float64, Int64, Timestamp or text"), "{error}");
        }
    }
}
