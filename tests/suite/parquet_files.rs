//! Parquet files for the other modules. No tests here.

use polars_arrow::{
    array::{Array, DictionaryArray, Utf8ViewArray},
    datatypes::{ArrowSchema, Field},
    record_batch::RecordBatchT,
};
use polars_parquet::write::{
    CompressionOptions, FileWriter, StatisticsOptions, Version, WriteOptions, get_dtype_encoding, row_group_iter,
};
use std::sync::Arc;

/// A column: its name and values.
pub(crate) type Column = (&'static str, Box<dyn Array>);

/// A file of these columns, in row groups of so many rows.
pub(crate) fn parquet(columns: &[Column], group_rows: usize) -> Vec<u8> {
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V2,
        compression: CompressionOptions::Snappy,
        data_page_size: None,
    };
    let fields = columns.iter().map(|(name, values)| Field::new((*name).into(), values.dtype().clone(), true));
    let schema: Arc<ArrowSchema> = Arc::new(fields.collect());
    let mut file = FileWriter::try_new(Vec::new(), (*schema).clone(), options).unwrap();
    let rows = columns[0].1.len();
    for start in (0..rows).step_by(group_rows) {
        let height = group_rows.min(rows - start);
        let arrays = columns.iter().map(|(_, values)| values.sliced(start, height)).collect();
        let batch = RecordBatchT::new(height, Arc::clone(&schema), arrays);
        let encodings: Vec<_> = schema.iter_values().map(|field| get_dtype_encoding(&field.dtype)).collect();
        let types = file.parquet_schema().fields().to_vec();
        file.write(height as u64, row_group_iter(batch, encodings.into(), types, options)).unwrap();
    }
    file.end(None).unwrap();
    file.into_inner()
}

pub(crate) fn texts<T: AsRef<str>>(values: &[T]) -> Box<dyn Array> {
    Utf8ViewArray::from_slice_values(values).boxed()
}

/// Texts as data frames store categories.
pub(crate) fn categories<T: AsRef<str>>(values: &[T]) -> Box<dyn Array> {
    let mut names: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names.dedup();
    let keys = values.iter().map(|value| names.iter().position(|name| *name == value.as_ref()).map(|at| at as u32));
    DictionaryArray::try_from_keys(keys.collect(), texts(&names), false).unwrap().boxed()
}
