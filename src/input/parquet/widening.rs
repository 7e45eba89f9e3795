//! Column types for which polars would have to be built larger, read as types that it has.
//!
//! | type of the file | read as |
//! |---|---|
//! | 8- and 16-bit integers | 32-bit integers |
//! | half precision | single precision |
//! | decimals | 64-bit integers where there are no decimals and all values fit, else double precision |
//! | dictionaries, as pandas writes categories | their values |
//!
//! polars reads a column as the type that the file's metadata have for it. So they are edited, and what comes as bytes is
//! converted afterwards.

use std::sync::Arc;

use polars::prelude::{
    ArrowDataType as T, ArrowSchema, BinaryChunked, DataType, FileMetadataRef, Float32Chunked, Float64Chunked,
    Int64Chunked, IntoSeries, NewChunkedArray, PolarsResult, Series,
};
use polars_parquet::{
    parquet::schema::types::{ParquetType, PhysicalType},
    write::schema_to_metadata_key,
};

/// How the values of a column are converted after reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    None,
    HalfPrecision,
    Decimal { scale: usize },
}

/// The columns of a file as they are read.
pub(crate) struct Widened {
    /// The types after conversion; those that are not read are the file's.
    pub(crate) types: Vec<T>,
    pub(crate) conversions: Vec<Conversion>,
    /// The metadata to read the file with, if not its own.
    pub(crate) metadata: Option<FileMetadataRef>,
}

impl Widened {
    /// For a file with this schema and metadata.
    pub(crate) fn new(schema: &ArrowSchema, metadata: &FileMetadataRef) -> Self {
        let mut edited = schema.clone();
        let (mut types, mut conversions, mut is_edited) = (Vec::new(), Vec::new(), false);
        for field in edited.iter_values_mut() {
            let stored = || metadata.schema().fields().iter().find(|stored| *stored.name() == *field.name);
            let (read_as, becomes, conversion) = widened(&field.dtype, &stored);
            types.push(becomes.unwrap_or_else(|| read_as.clone()));
            conversions.push(conversion);
            if read_as != field.dtype {
                is_edited = true;
                field.dtype = read_as;
                // What polars notes about its own dictionaries.
                field.metadata = None;
            }
        }
        let metadata = is_edited.then(|| {
            let mut metadata = (**metadata).clone();
            let schema = schema_to_metadata_key(&edited);
            let others =
                metadata.key_value_metadata.take().into_iter().flatten().filter(|other| other.key != schema.key);
            metadata.key_value_metadata = Some(others.chain([schema.clone()]).collect());
            Arc::new(metadata)
        });
        Self { types, conversions, metadata }
    }
}

/// What a column is read as, what that becomes if it is converted, and how.
fn widened<'f>(dtype: &T, stored: &dyn Fn() -> Option<&'f ParquetType>) -> (T, Option<T>, Conversion) {
    let bytes = || match stored() {
        Some(ParquetType::PrimitiveType(primitive)) => match primitive.physical_type {
            PhysicalType::FixedLenByteArray(length) => T::FixedSizeBinary(length),
            PhysicalType::Int32 => T::Int32,
            PhysicalType::Int64 => T::Int64,
            _ => T::BinaryView,
        },
        _ => T::BinaryView,
    };
    match dtype {
        T::Int8 | T::Int16 => (T::Int32, None, Conversion::None),
        T::UInt8 | T::UInt16 => (T::UInt32, None, Conversion::None),
        T::Float16 => (bytes(), Some(T::Float32), Conversion::HalfPrecision),
        T::Decimal(_, scale) | T::Decimal32(_, scale) | T::Decimal64(_, scale) | T::Decimal256(_, scale) => {
            let becomes = if *scale == 0 { T::Int64 } else { T::Float64 };
            (bytes(), Some(becomes), Conversion::Decimal { scale: *scale })
        }
        T::Dictionary(_, values, _) => widened(values, stored),
        other => (other.clone(), None, Conversion::None),
    }
}

impl Conversion {
    /// The values as numbers.
    pub(crate) fn apply(self, series: Series) -> PolarsResult<Series> {
        let name = series.name().clone();
        match self {
            Self::None => Ok(series),
            Self::HalfPrecision => {
                let halves = series.binary()?.iter().map(|half| half.and_then(single));
                Ok(Float32Chunked::from_iter_options(name, halves).into_series())
            }
            Self::Decimal { scale } => {
                let unscaled = unscaled(&series)?;
                if scale == 0
                    && let Some(integers) = integers(&unscaled)
                {
                    return Ok(Int64Chunked::from_iter_options(name, integers.into_iter()).into_series());
                }
                let numbers = unscaled.iter().map(|value| value.map(|value| decimal(value, scale)));
                Ok(Float64Chunked::from_iter_options(name, numbers).into_series())
            }
        }
    }
}

/// A decimal before the point is set; `Err` of one that has more than 128 bits, as a double.
type Unscaled = Result<i128, f64>;

fn unscaled(series: &Series) -> PolarsResult<Vec<Option<Unscaled>>> {
    if series.dtype() == &DataType::Binary {
        let bytes: &BinaryChunked = series.binary()?;
        return Ok(bytes.iter().map(|bytes| bytes.map(integer)).collect());
    }
    let numbers = series.cast(&DataType::Int64)?;
    Ok(numbers.i64()?.iter().map(|number| number.map(|number| Ok(number.into()))).collect())
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

/// A little-endian number of half precision (IEEE 754 binary16).
fn single(bytes: &[u8]) -> Option<f32> {
    let half = u16::from_le_bytes(bytes.try_into().ok()?);
    let (exponent, fraction) = (i32::from(half >> 10 & 0x1f), f32::from(half & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    };
    Some(if half >> 15 == 1 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_half_precision_are_those_of_the_standard() {
        for (half, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(single(&u16::to_le_bytes(half)), Some(number), "{half:x}");
        }
        assert!(single(&u16::to_le_bytes(0x7e00)).unwrap().is_nan());
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
        let series = |bytes: [&[u8]; 2]| BinaryChunked::from_slice("n".into(), &bytes).into_series();
        let read = |bytes: [&[u8]; 2]| Conversion::Decimal { scale: 0 }.apply(series(bytes)).unwrap();
        assert_eq!(read([&[7], &[0xff]]).i64().unwrap().to_vec(), [Some(7), Some(-1)]);
        let wide = read([&[7], &[1, 0, 0, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(wide.f64().unwrap().to_vec(), [Some(7.0), Some(2_f64.powi(64))]);
    }
}
