//! Columns to a Parquet file.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use polars_arrow::{
    array::{Array, ArrayFromIter, BooleanArray, Float64Array, Int64Array, UInt64Array, Utf8ViewArray},
    datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit},
    record_batch::RecordBatchT,
};
use polars_buffer::Buffer;
use polars_parquet::write::{
    CompressionOptions, FileWriter, StatisticsOptions, Version, WriteOptions, get_dtype_encoding, row_group_iter,
};

pub(crate) const TEXT: ArrowDataType = ArrowDataType::Utf8View;
pub(crate) const NUMBER: ArrowDataType = ArrowDataType::Float64;
pub(crate) const INTEGER: ArrowDataType = ArrowDataType::Int64;
pub(crate) const COUNT: ArrowDataType = ArrowDataType::UInt64;
pub(crate) const FLAG: ArrowDataType = ArrowDataType::Boolean;
/// Milliseconds since 1970, without a time zone.
pub(crate) const TIME: ArrowDataType = ArrowDataType::Timestamp(TimeUnit::Millisecond, None);

const OPTIONS: WriteOptions = WriteOptions {
    statistics: StatisticsOptions {
        min_value: true,
        max_value: true,
        distinct_count: false,
        null_count: true,
        binary_statistics_truncate_length: None,
    },
    version: Version::V1,
    compression: CompressionOptions::Zstd(None),
    data_page_size: None,
};

/// The values of a column in a row group.
pub(crate) type Values = Box<dyn Array>;

/// Writes a file row group by row group.
pub(crate) struct TableWriter<W: Write> {
    /// Buffered, because the library writes byte by byte.
    file: FileWriter<BufWriter<W>>,
    schema: Arc<ArrowSchema>,
}

impl<W: Write> TableWriter<W> {
    /// A file with these columns: their names and types.
    ///
    /// # Errors
    /// If two columns share a name.
    pub(crate) fn new<N: AsRef<str>>(
        out: W,
        columns: impl IntoIterator<Item = (N, ArrowDataType)>,
    ) -> io::Result<Self> {
        let fields = columns.into_iter().map(|(name, column)| Field::new(name.as_ref().into(), column, true));
        let fields: Vec<Field> = fields.collect();
        let count = fields.len();
        let schema: ArrowSchema = fields.into_iter().collect();
        if schema.len() < count {
            return Err(io::Error::other("two columns have the same name"));
        }
        let file = FileWriter::try_new(BufWriter::new(out), schema.clone(), OPTIONS).map_err(io::Error::other)?;
        Ok(Self { file, schema: Arc::new(schema) })
    }

    /// Writes a row group, which has values of every column; nothing if there are no rows.
    pub(crate) fn write(&mut self, columns: Vec<Values>) -> io::Result<()> {
        let rows = columns.first().map_or(0, |column| column.len());
        if rows == 0 {
            return Ok(());
        }
        let encodings = self.schema.iter_values().map(|field| get_dtype_encoding(&field.dtype));
        let encodings = Buffer::from_vec(encodings.collect());
        let types = self.file.parquet_schema().fields().to_vec();
        let batch = RecordBatchT::try_new(rows, Arc::clone(&self.schema), columns).map_err(io::Error::other)?;
        let group = row_group_iter(batch, encodings, types, OPTIONS);
        self.file.write(rows as u64, group).map_err(io::Error::other)
    }

    /// Ends the file, and flushes it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.end(None).map(drop).map_err(io::Error::other)
    }
}

/// Texts, some of which may be missing.
pub(crate) fn texts<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Values {
    let values: Vec<Option<T>> = values.collect();
    Utf8ViewArray::from_slice(&values).boxed()
}

/// Numbers, missing where they are NaN.
pub(crate) fn numbers(values: impl Iterator<Item = f64>) -> Values {
    values.map(|value| Some(value).filter(|value| !value.is_nan())).collect::<Float64Array>().boxed()
}

pub(crate) fn integers(values: Vec<i64>) -> Values {
    Int64Array::from_vec(values).boxed()
}

/// Milliseconds since 1970.
pub(crate) fn times(values: Vec<i64>) -> Values {
    Int64Array::from_vec(values).to(TIME).boxed()
}

pub(crate) fn counts(values: impl Iterator<Item = u64>) -> Values {
    UInt64Array::from_vec(values.collect()).boxed()
}

pub(crate) fn flags(values: impl Iterator<Item = bool>) -> Values {
    BooleanArray::arr_from_iter(values).boxed()
}
