//! Reading of Parquet files.

mod series;
mod table;

use polars_arrow::array::{
    ArrayFromIter, BooleanArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, UInt16Array,
    UInt32Array, UInt64Array, Utf8ViewArray,
};

use super::write::{TableWriter, Values};

/// A column: its name and values.
type Column = (&'static str, Values);

/// A type of values in tests.
trait Stored: Sized {
    fn array(values: Vec<Self>) -> Values;
}

macro_rules! stored {
    ($($value:ty => $array:ty),*) => {
        $(impl Stored for $value {
            fn array(values: Vec<Self>) -> Values {
                <$array>::arr_from_iter(values).boxed()
            }
        })*
    };
}

stored!(
    i8 => Int8Array, u16 => UInt16Array, i32 => Int32Array, u32 => UInt32Array, i64 => Int64Array, u64 => UInt64Array,
    f32 => Float32Array, f64 => Float64Array, bool => BooleanArray, &str => Utf8ViewArray,
    Option<i64> => Int64Array, Option<f32> => Float32Array, Option<f64> => Float64Array, Option<&str> => Utf8ViewArray
);

fn column<T: Stored, const ROWS: usize>(name: &'static str, values: [T; ROWS]) -> Column {
    (name, T::array(values.into()))
}

/// A file of these columns in one row group.
fn written(columns: Vec<Column>) -> Vec<u8> {
    written_in_groups(vec![columns])
}

/// A file of these columns in row groups.
fn written_in_groups(groups: Vec<Vec<Column>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let names = groups[0].iter().map(|(name, values)| (name, values.dtype().clone()));
    let mut writer = TableWriter::new(&mut bytes, names).unwrap();
    for columns in groups {
        writer.write(columns.into_iter().map(|(_, values)| values).collect()).unwrap();
    }
    writer.finish().unwrap();
    bytes
}
