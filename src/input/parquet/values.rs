//! What a Parquet file holds, through polars: its columns, and what their values mean here.

use crate::error::Error;
use crate::input::{
    InputSettings,
    data_error::{DataError, Position, quoted},
    raw::Layout,
    schema::header::{Header, Kind},
    value::number,
    value::timestamp,
};
use crate::run::catch_panic;
use polars::prelude::{
    AnyValue, ArrowDataType, ParallelStrategy, ParquetReader, PolarsResult, SerReader, Series, TimeUnit,
};
use std::io::Cursor;

/// Runs polars on bytes that may be damaged. Its decoders panic on some of them, and that must stay the failure
/// of this file.
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
    guarded(work).map_err(|fault| fault.in_file(file))
}

/// The names and types of all columns.
pub(in crate::input) fn schema(bytes: &[u8]) -> Result<(Header, Vec<ArrowDataType>), DataError> {
    let schema = guarded(|| ParquetReader::new(Cursor::new(bytes)).schema())?;
    let mut header = Header::default();
    for name in schema.iter_names() {
        header.push(name.as_bytes());
    }
    Ok((header, schema.iter_values().map(|field| field.dtype.clone()).collect()))
}

/// Some columns, by position. One thread: many files are read at once already.
pub(in crate::input) fn load<const N: usize>(bytes: &[u8], wanted: [usize; N]) -> Result<[Series; N], DataError> {
    // One column at a time keeps them in the order of `wanted`, which a projection does not.
    let mut columns = Vec::with_capacity(N);
    for at in wanted {
        let frame = guarded(|| {
            ParquetReader::new(Cursor::new(bytes))
                .with_projection(Some(vec![at]))
                .read_parallel(ParallelStrategy::None)
                .finish()
        })?;
        columns.extend(frame.into_columns().into_iter().map(|column| column.take_materialized_series().rechunk()));
    }
    columns.try_into().map_err(|_| DataError::file("has columns that share a name: give each its own"))
}

pub(in crate::input) fn value_at(column: &Series, row: usize) -> Result<AnyValue<'_>, DataError> {
    column.get(row).map_err(|error| DataError::row(Position::Row(row as u64 + 1), format!("cannot be read: {error}")))
}

/// Gives the row's customer to `take`.
pub(in crate::input) fn customer_of(
    names: &Series,
    row: usize,
    column: &[u8],
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), DataError> {
    let value = value_at(names, row)?;
    let place = Position::Row(row as u64 + 1);
    match &value {
        AnyValue::String(name) if !number::is_missing(name.trim().as_bytes()) => take(name.trim().as_bytes()),
        AnyValue::Null | AnyValue::String(_) => {
            let complaint = "does not say whose row it is: every row needs a customer";
            return Err(DataError::cell(place, column, text_of(&value).as_bytes(), complaint));
        }
        value if value.is_integer() => take(value.to_string().as_bytes()),
        value => {
            let complaint = "cannot name a customer: write the column as text or integers";
            return Err(DataError::cell(place, column, text_of(value).as_bytes(), complaint));
        }
    }
    Ok(())
}

/// A time in this unit as milliseconds.
pub(crate) const fn milliseconds(time: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Milliseconds => time,
        TimeUnit::Microseconds => time.div_euclid(1000),
        TimeUnit::Nanoseconds => time.div_euclid(1_000_000),
    }
}

pub(crate) fn moment(value: &AnyValue<'_>) -> Result<i64, &'static str> {
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

/// The value as a message shows it.
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

/// The columns of a table whose columns have types.
pub(crate) fn layout(
    names: Vec<String>,
    types: &[ArrowDataType],
    settings: &InputSettings,
    file: &str,
) -> Result<Layout, Error> {
    let mut header = Header::default();
    for name in &names {
        header.push(name.as_bytes());
    }
    let kinds = || types.iter().map(kind).collect();
    let columns = header
        .customer(settings)
        .and_then(|customer| header.resolve(settings, customer.is_some(), kinds))
        .map_err(|fault| fault.in_file(file))?;
    Ok(Layout { names, customer: columns.customer, timestamp: columns.timestamp, target: columns.target })
}

/// [`check_type`], of a table that has a name.
pub(crate) fn check_column(name: &str, column: &ArrowDataType, file: &str) -> Result<(), Error> {
    check_type(name.as_bytes(), column).map_err(|fault| fault.in_file(file))
}

/// # Errors
/// Where the values of a column that is wanted have a type that is not read.
pub(in crate::input) fn check_type(name: &[u8], column: &ArrowDataType) -> Result<(), DataError> {
    if is_readable(column) {
        return Ok(());
    }
    Err(DataError::file(format!(
        "the column {} has the Parquet type {column:?}, which is not read: write it as Float64, Int64, Timestamp or text",
        quoted(name)
    )))
}

/// What the type says about the values.
pub(in crate::input) fn kind(column: &ArrowDataType) -> Kind {
    let time = matches!(column, ArrowDataType::Date32 | ArrowDataType::Date64 | ArrowDataType::Timestamp(..));
    let text = matches!(column, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View);
    let number = is_readable(column) && !time && !text;
    Kind { seen: true, calendar: time, moment: time || number, number }
}

/// A number of a further column, NaN where it is missing.
pub(in crate::input) fn number_in(value: &AnyValue<'_>) -> Result<f64, &'static str> {
    match value {
        AnyValue::String(text) => number::parse_or_truth(text.trim().as_bytes()),
        value => target(value).map(|number| number.unwrap_or(f64::NAN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_are_not_read_are_refused_with_the_way_out() {
        check_type(b"y", &ArrowDataType::Float64).unwrap();
        for column in [ArrowDataType::Decimal(10, 2), ArrowDataType::Binary, ArrowDataType::Int8] {
            let error = check_type(b"y", &column).unwrap_err().in_file("t.parquet").to_string();
            assert!(error.starts_with("t.parquet: the column \"y\" has the Parquet type"), "{error}");
            assert!(error.ends_with("write it as Float64, Int64, Timestamp or text"), "{error}");
        }
    }
}
