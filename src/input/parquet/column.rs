//! The values of a column, as plain vectors of a few types.

use std::borrow::Cow;

use polars_arrow::array::{
    BooleanArray, Float32Array, Float64Array, Int64Array, StaticArray, UInt64Array, Utf8ViewArray,
};

use crate::input::value::{cell::Cell, timestamp};

/// A part of a column.
#[derive(Debug)]
pub(crate) enum ColumnValues {
    /// As many rows without a value.
    Missing(usize),
    Booleans(BooleanArray),
    Integers(Int64Array),
    /// Integers that may need all 64 bits.
    Unsigned(UInt64Array),
    /// Of single precision, whose shortest text differs from that of the same number in double precision.
    Singles(Float32Array),
    Numbers(Float64Array),
    /// Milliseconds since 1970.
    Times(Int64Array),
    Texts(Utf8ViewArray),
}

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Missing,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Single(f32),
    Number(f64),
    Time(i64),
    Text(&'a str),
}

impl ColumnValues {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Missing(rows) => *rows,
            Self::Booleans(values) => values.len(),
            Self::Integers(values) | Self::Times(values) => values.len(),
            Self::Unsigned(values) => values.len(),
            Self::Singles(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    #[inline]
    pub(crate) fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Missing(_) => None,
            Self::Booleans(values) => values.get(row).map(Value::Boolean),
            Self::Integers(values) => values.get(row).map(Value::Integer),
            Self::Unsigned(values) => values.get(row).map(Value::Unsigned),
            Self::Singles(values) => values.get(row).map(Value::Single),
            Self::Numbers(values) => values.get(row).map(Value::Number),
            Self::Times(values) => values.get(row).map(Value::Time),
            Self::Texts(values) => values.get(row).map(Value::Text),
        }
        .unwrap_or(Value::Missing)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len()).map(|row| self.value(row))
    }

    /// The numbers, NaN where there is none; `None` if the column has text or times.
    pub(in crate::input) fn numbers(&self) -> Option<Vec<f64>> {
        let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
        Some(match self {
            Self::Missing(rows) => vec![f64::NAN; *rows],
            Self::Booleans(values) => {
                values.iter().map(|value| number(value.map(|value| f64::from(u8::from(value))))).collect()
            }
            Self::Integers(values) => values.iter().map(|value| number(value.map(|value| *value as f64))).collect(),
            Self::Unsigned(values) => values.iter().map(|value| number(value.map(|value| *value as f64))).collect(),
            Self::Singles(values) => values.iter().map(|value| number(value.map(|value| f64::from(*value)))).collect(),
            Self::Numbers(values) => values.iter().map(|value| number(value.copied())).collect(),
            Self::Times(_) | Self::Texts(_) => return None,
        })
    }
}

impl<'a> Value<'a> {
    /// The value as a field.
    #[inline]
    pub(crate) fn cell(self) -> Cell<'a> {
        match self {
            Self::Missing => Cell::Text(b""),
            Self::Text(text) => Cell::Text(text.trim().as_bytes()),
            Self::Time(time) => Cell::Time(time),
            Self::Single(number) => Cell::Number(number.into()),
            Self::Number(number) => Cell::Number(number),
            Self::Integer(number) => Cell::Integer(number),
            // A number of more than 63 bits is not an epoch time, and neither is zero.
            Self::Unsigned(number) => Cell::Integer(number.try_into().unwrap_or(0)),
            Self::Boolean(_) => Cell::Other,
        }
    }

    /// The value in messages, and as a name.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Missing => "".into(),
            Self::Text(text) => text.into(),
            Self::Boolean(value) => value.to_string().into(),
            Self::Integer(number) => number.to_string().into(),
            Self::Unsigned(number) => number.to_string().into(),
            // Of 1 still "1.0".
            Self::Single(number) => format!("{number:?}").into(),
            Self::Number(number) => format!("{number:?}").into(),
            Self::Time(time) => timestamp::format(time).into(),
        }
    }
}
