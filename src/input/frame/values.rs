//! The values of a part of a column, of any type that Arrow has for them.
//!
//! Files of Parquet have fewer types: their decoders widen small integers and unpack dictionaries.

use polars_arrow::{
    array::{
        Array, DictionaryArray, DictionaryKey, Int8Array, Int16Array, Int128Array, MutableBinaryViewArray, NullArray,
        PrimitiveArray, StaticArray, UInt8Array, UInt16Array, Utf8Array, Utf8ViewArray,
    },
    compute::concatenate::concatenate,
    datatypes::{ArrowDataType as T, IntegerType, TimeUnit},
    types::NativeType,
};

use crate::input::parquet::{
    column::ColumnValues,
    reading::{Reading, decimals},
};

/// The type that values of this type become; of one that is not read, itself.
pub(super) fn becomes(column: &T) -> T {
    match column {
        T::Utf8 | T::LargeUtf8 => T::Utf8View,
        T::Dictionary(_, values, _) => becomes(values),
        other => Reading::new(other, None).becomes(),
    }
}

/// The values of an array; `None` if its type is not read.
pub(super) fn values(array: &dyn Array) -> Option<ColumnValues> {
    let any = array.as_any();
    Some(match array.dtype() {
        T::Int8 => ColumnValues::Integers(widened(any.downcast_ref::<Int8Array>()?)),
        T::Int16 => ColumnValues::Integers(widened(any.downcast_ref::<Int16Array>()?)),
        T::UInt8 => ColumnValues::Integers(widened(any.downcast_ref::<UInt8Array>()?)),
        T::UInt16 => ColumnValues::Integers(widened(any.downcast_ref::<UInt16Array>()?)),
        T::Utf8 | T::LargeUtf8 => ColumnValues::Texts(texts(array)?),
        T::Decimal(_, scale) => {
            let unscaled: Vec<_> =
                any.downcast_ref::<Int128Array>()?.iter().map(|value| value.map(|value| Ok(*value))).collect();
            decimals(&unscaled, *scale)
        }
        T::Dictionary(keys, of, _) if is_text(of) => ColumnValues::Texts(match keys {
            IntegerType::Int8 => texts_by_key::<i8>(array)?,
            IntegerType::Int16 => texts_by_key::<i16>(array)?,
            IntegerType::Int32 => texts_by_key::<i32>(array)?,
            IntegerType::Int64 => texts_by_key::<i64>(array)?,
            IntegerType::UInt8 => texts_by_key::<u8>(array)?,
            IntegerType::UInt16 => texts_by_key::<u16>(array)?,
            IntegerType::UInt32 => texts_by_key::<u32>(array)?,
            IntegerType::UInt64 => texts_by_key::<u64>(array)?,
            IntegerType::Int128 | IntegerType::UInt128 => return None,
        }),
        T::Dictionary(keys, ..) => match keys {
            IntegerType::Int8 => unpacked::<i8>(array)?,
            IntegerType::Int16 => unpacked::<i16>(array)?,
            IntegerType::Int32 => unpacked::<i32>(array)?,
            IntegerType::Int64 => unpacked::<i64>(array)?,
            IntegerType::UInt8 => unpacked::<u8>(array)?,
            IntegerType::UInt16 => unpacked::<u16>(array)?,
            IntegerType::UInt32 => unpacked::<u32>(array)?,
            IntegerType::UInt64 => unpacked::<u64>(array)?,
            IntegerType::Int128 | IntegerType::UInt128 => return None,
        },
        other => Reading::new(other, None).values(array)?,
    })
}

/// Whether a column is a dictionary of something else than text, which takes little memory unpacked.
pub(super) fn is_dictionary_of_numbers(column: &T) -> bool {
    matches!(column, T::Dictionary(_, values, _) if !is_text(values))
}

/// Values as an array of the type that [`becomes`] says.
pub(super) fn array(values: ColumnValues) -> Box<dyn Array> {
    match values {
        ColumnValues::Missing(rows) => NullArray::new(T::Null, rows).boxed(),
        ColumnValues::Booleans(values) => values.boxed(),
        ColumnValues::Integers(values) => values.boxed(),
        ColumnValues::Unsigned(values) => values.boxed(),
        ColumnValues::Singles(values) => values.boxed(),
        ColumnValues::Numbers(values) => values.boxed(),
        ColumnValues::Times(values) => values.to(T::Timestamp(TimeUnit::Millisecond, None)).boxed(),
        ColumnValues::Texts(values) => values.boxed(),
    }
}

/// The values of several parts of a column of text as one.
pub(super) fn joined(parts: impl Iterator<Item = Option<ColumnValues>>) -> Option<ColumnValues> {
    let arrays = parts.map(|part| part.map(array)).collect::<Option<Vec<_>>>()?;
    let arrays: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
    values(&*concatenate(&arrays).ok()?)
}

fn is_text(column: &T) -> bool {
    matches!(column, T::Utf8 | T::LargeUtf8 | T::Utf8View)
}

fn widened<F: NativeType + Into<i64>>(array: &PrimitiveArray<F>) -> PrimitiveArray<i64> {
    let values = array.values().iter().map(|value| (*value).into()).collect();
    PrimitiveArray::from_vec(values).with_validity(array.validity().cloned())
}

fn texts(array: &dyn Array) -> Option<Utf8ViewArray> {
    let text = text_at(array)?;
    Some(collected(array.len(), text))
}

/// The texts of a dictionary's values, by the keys of these rows alone: most rows of a customer share a few values of many.
fn texts_by_key<K: DictionaryKey>(array: &dyn Array) -> Option<Utf8ViewArray> {
    let array = array.as_any().downcast_ref::<DictionaryArray<K>>()?;
    let text = text_at(&**array.values())?;
    Some(collected(array.len(), |row| if array.keys().is_null(row) { None } else { text(array.key_value(row)) }))
}

fn collected<'a>(rows: usize, text: impl Fn(usize) -> Option<&'a str>) -> Utf8ViewArray {
    let mut texts = MutableBinaryViewArray::<str>::with_capacity(rows);
    (0..rows).for_each(|row| texts.push(text(row)));
    texts.into()
}

/// The text of each row of an array.
fn text_at<'a>(array: &'a dyn Array) -> Option<Box<dyn Fn(usize) -> Option<&'a str> + 'a>> {
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8ViewArray>() {
        return Some(Box::new(|row| texts.get(row)));
    }
    if let Some(texts) = any.downcast_ref::<Utf8Array<i32>>() {
        return Some(Box::new(|row| texts.get(row)));
    }
    let texts = any.downcast_ref::<Utf8Array<i64>>()?;
    Some(Box::new(|row| texts.get(row)))
}

/// The values of a dictionary, row by row.
fn unpacked<K: DictionaryKey>(array: &dyn Array) -> Option<ColumnValues> {
    let array = array.as_any().downcast_ref::<DictionaryArray<K>>()?;
    let rows = || (0..array.len()).map(|row| (!array.keys().is_null(row)).then(|| array.key_value(row)));
    macro_rules! of_keys {
        ($values:expr) => {
            rows().map(|at| at.and_then(|at| $values.get(at))).collect()
        };
    }
    Some(match values(&**array.values())? {
        ColumnValues::Missing(_) => ColumnValues::Missing(array.len()),
        ColumnValues::Booleans(values) => ColumnValues::Booleans(of_keys!(values)),
        ColumnValues::Integers(values) => ColumnValues::Integers(of_keys!(values)),
        ColumnValues::Unsigned(values) => ColumnValues::Unsigned(of_keys!(values)),
        ColumnValues::Singles(values) => ColumnValues::Singles(of_keys!(values)),
        ColumnValues::Numbers(values) => ColumnValues::Numbers(of_keys!(values)),
        ColumnValues::Times(values) => ColumnValues::Times(of_keys!(values)),
        ColumnValues::Texts(values) => ColumnValues::Texts(collected(array.len(), |row| {
            let is_there = !array.keys().is_null(row);
            is_there.then(|| array.key_value(row)).and_then(|at| values.get(at))
        })),
    })
}
