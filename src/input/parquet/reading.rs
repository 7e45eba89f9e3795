//! How the types of columns are read.
//!
//! | type of the file | values |
//! |---|---|
//! | integers up to 63 bits | 64-bit integers |
//! | half precision | single precision |
//! | decimals | 64-bit integers where there are no decimals and all values of a part fit, else double precision |
//! | dates, times with or without a zone, in any unit | milliseconds since 1970 |
//! | dictionaries, as pandas writes categories | their values |

use polars_arrow::{
    array::{
        Array, BinaryViewArray, FixedSizeBinaryArray, Float16Array, Int32Array, Int64Array, PrimitiveArray, UInt32Array,
    },
    datatypes::{ArrowDataType as T, TimeUnit},
    types::NativeType,
};
use polars_parquet::read::{ParquetType, PhysicalType};

use super::column::ColumnValues;
use crate::input::value::calendar::DAY;

/// How a column is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::input) struct Reading {
    /// The type that is decoded.
    pub(super) decoded: T,
    /// The decimal places of decimals, which are decoded as integers or bytes.
    scale: Option<usize>,
}

impl Reading {
    /// For a column of this type, stored so.
    pub(in crate::input) fn new(column: &T, stored: Option<&ParquetType>) -> Self {
        let plain = |decoded| Self { decoded, scale: None };
        match column {
            T::Int8 | T::Int16 => plain(T::Int32),
            T::UInt8 | T::UInt16 => plain(T::UInt32),
            T::Utf8 | T::LargeUtf8 => plain(T::Utf8View),
            T::Timestamp(unit, Some(zone)) if zone.is_empty() => plain(T::Timestamp(*unit, None)),
            T::Decimal(_, scale) | T::Decimal32(_, scale) | T::Decimal64(_, scale) | T::Decimal256(_, scale) => {
                Self { decoded: unscaled_type(stored), scale: Some(*scale) }
            }
            T::Dictionary(_, values, _) => Self::new(values, stored),
            other => plain(other.clone()),
        }
    }

    /// The type of the values; of a column that is not read, the file's.
    pub(in crate::input) fn becomes(&self) -> T {
        match (self.scale, &self.decoded) {
            (Some(0), _) => T::Int64,
            (Some(_), _) => T::Float64,
            (None, T::Float16) => T::Float32,
            (None, decoded) => decoded.clone(),
        }
    }

    /// The values that were decoded; `None` if they are of a type that is not read.
    pub(in crate::input) fn values(&self, decoded: &dyn Array) -> Option<ColumnValues> {
        if let Some(scale) = self.scale {
            return Some(decimals(&unscaled(decoded)?, scale));
        }
        Some(match &self.decoded {
            T::Null => ColumnValues::Missing(decoded.len()),
            T::Boolean => ColumnValues::Booleans(typed(decoded)?),
            T::Int32 => ColumnValues::Integers(mapped(&typed::<Int32Array>(decoded)?, i64::from)),
            T::UInt32 => ColumnValues::Integers(mapped(&typed::<UInt32Array>(decoded)?, i64::from)),
            T::Int64 => ColumnValues::Integers(typed(decoded)?),
            T::UInt64 => ColumnValues::Unsigned(typed(decoded)?),
            T::Float16 => ColumnValues::Singles(mapped(&typed::<Float16Array>(decoded)?, f32::from)),
            T::Float32 => ColumnValues::Singles(typed(decoded)?),
            T::Float64 => ColumnValues::Numbers(typed(decoded)?),
            T::Date32 => ColumnValues::Times(mapped(&typed::<Int32Array>(decoded)?, |day| i64::from(day) * DAY)),
            T::Date64 => ColumnValues::Times(typed(decoded)?),
            T::Timestamp(unit, _) => {
                ColumnValues::Times(mapped(&typed::<Int64Array>(decoded)?, |time| milliseconds(time, *unit)))
            }
            T::Utf8View => ColumnValues::Texts(typed(decoded)?),
            _ => return None,
        })
    }
}

/// As which type decimals that are stored so are decoded.
fn unscaled_type(stored: Option<&ParquetType>) -> T {
    match stored {
        Some(ParquetType::PrimitiveType(primitive)) => match primitive.physical_type {
            PhysicalType::FixedLenByteArray(length) => T::FixedSizeBinary(length),
            PhysicalType::Int32 => T::Int32,
            PhysicalType::Int64 => T::Int64,
            _ => T::BinaryView,
        },
        _ => T::BinaryView,
    }
}

fn typed<A: Array + Clone>(array: &dyn Array) -> Option<A> {
    array.as_any().downcast_ref::<A>().cloned()
}

/// The values of another type.
fn mapped<F: NativeType, V: NativeType>(array: &PrimitiveArray<F>, value: impl Fn(F) -> V) -> PrimitiveArray<V> {
    let values = array.values().iter().map(|from| value(*from)).collect();
    PrimitiveArray::from_vec(values).with_validity(array.validity().cloned())
}

/// A time in this unit as milliseconds.
const fn milliseconds(time: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => time.saturating_mul(1000),
        TimeUnit::Millisecond => time,
        TimeUnit::Microsecond => time.div_euclid(1000),
        TimeUnit::Nanosecond => time.div_euclid(1_000_000),
    }
}

/// A decimal before the point is set; `Err` of one that has more than 128 bits, as a double.
pub(in crate::input) type Unscaled = Result<i128, f64>;

fn unscaled(decoded: &dyn Array) -> Option<Vec<Option<Unscaled>>> {
    let any = decoded.as_any();
    if let Some(numbers) = any.downcast_ref::<Int32Array>() {
        return Some(numbers.iter().map(|number| number.map(|number| Ok(i128::from(*number)))).collect());
    }
    if let Some(numbers) = any.downcast_ref::<Int64Array>() {
        return Some(numbers.iter().map(|number| number.map(|number| Ok(i128::from(*number)))).collect());
    }
    if let Some(bytes) = any.downcast_ref::<FixedSizeBinaryArray>() {
        return Some((0..bytes.len()).map(|row| bytes.get(row).map(integer)).collect());
    }
    any.downcast_ref::<BinaryViewArray>().map(|bytes| bytes.iter().map(|bytes| bytes.map(integer)).collect())
}

pub(in crate::input) fn decimals(unscaled: &[Option<Unscaled>], scale: usize) -> ColumnValues {
    if scale == 0
        && let Some(integers) = integers(unscaled)
    {
        return ColumnValues::Integers(integers.into_iter().collect());
    }
    ColumnValues::Numbers(unscaled.iter().map(|value| value.map(|value| decimal(value, scale))).collect())
}

/// All of them as 64-bit integers, if they fit.
fn integers(unscaled: &[Option<Unscaled>]) -> Option<Vec<Option<i64>>> {
    unscaled
        .iter()
        .map(|value| value.map(|value| i64::try_from(value.ok()?).ok()).map_or(Some(None), |fit| fit.map(Some)))
        .collect()
}

/// A big-endian integer in two's complement.
fn integer(bytes: &[u8]) -> Unscaled {
    let sign = bytes.first().map_or(0, |first| if *first >= 0x80 { 0xff } else { 0 });
    let (extension, low) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut padded = [sign; 16];
    padded[16 - low.len()..].copy_from_slice(low);
    let value = i128::from_be_bytes(padded);
    if extension.iter().all(|byte| *byte == sign) && (value < 0) == (sign == 0xff) {
        return Ok(value);
    }
    let magnitude = bytes.iter().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte));
    let modulus = if sign == 0xff { 256_f64.powi(bytes.len() as i32) } else { 0.0 };
    Err(magnitude - modulus)
}

/// The double next to `value` · 10^−`scale`.
fn decimal(value: Unscaled, scale: usize) -> f64 {
    /// The powers of ten that are doubles.
    const EXACT: usize = 22;
    match value {
        Ok(value) if value.unsigned_abs() < 1 << 53 && scale <= EXACT => value as f64 / 10_f64.powi(scale as i32),
        Ok(value) => format!("{value}e-{scale}").parse().unwrap_or(f64::NAN),
        Err(value) => format!("{value}e-{scale}").parse().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_half_precision_are_those_of_the_standard() {
        let halves = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00];
        let array: Float16Array =
            halves.into_iter().map(|bits| Some(NativeType::from_le_bytes(u16::to_le_bytes(bits)))).collect();
        let Some(ColumnValues::Singles(singles)) = Reading::new(&T::Float16, None).values(&array) else { panic!() };
        let expected = [0.0, 1.0, -2.0, 65504.0, 5.960_464_5e-8, 6.103_515_6e-5, 0.333_251_95, f32::INFINITY];
        assert_eq!(singles.values().as_slice(), expected);
    }

    #[test]
    fn decimals_are_the_doubles_that_their_text_is() {
        for (unscaled, scale, text) in [
            (150, 2, "1.5"),
            (-1, 1, "-0.1"),
            (123_456_789_012_345_678_901, 10, "12345678901.2345678901"),
            (7, 38, "7e-38"),
        ] {
            assert_eq!(decimal(Ok(unscaled), scale), text.parse::<f64>().unwrap(), "{text}");
        }
        for (bytes, value) in [(&[][..], 0), (&[0x7f], 127), (&[0x80], -128), (&[0xff, 0xfe], -2), (&[1, 0, 0], 65536)]
        {
            assert_eq!(integer(bytes), Ok(value), "{bytes:?}");
        }
        let mut wide = [0_u8; 32];
        wide[31] = 5;
        assert_eq!(integer(&wide), Ok(5));
        assert_eq!(integer(&[0xff; 32]), Ok(-1));
        wide[0] = 1;
        assert_eq!(integer(&wide), Err(2_f64.powi(248)));
        assert!(integer(&[&[0xff; 15][..], &[0, 1]].concat()).is_ok_and(|value| value < 0));
    }

    #[test]
    fn decimals_without_a_fraction_are_integers_if_all_fit() {
        let read = |bytes: [&[u8]; 2]| {
            let bytes = BinaryViewArray::from_slice_values(bytes);
            decimals(&unscaled(&bytes).unwrap(), 0)
                .values()
                .map(|value| value.text().into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(read([&[7], &[0xff]]), "7 -1");
        assert_eq!(read([&[7], &[1, 0, 0, 0, 0, 0, 0, 0, 0]]), "7.0 1.8446744073709552e19");
    }
}
