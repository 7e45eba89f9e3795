//! A table of results as Parquet.

use super::{
    checksum::SummedFile,
    rows::{Key, Rows, failed},
};
use crate::error::{Error, Result};
use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, Float64Chunked, IntoColumn, NewChunkedArray, ParquetWriter,
    PolarsError, PolarsResult, TimeUnit,
};
use std::io;

/// Rows of a row group: enough to compress well, few enough to hold in memory.
const GROUP_ROWS: usize = 100_000;

/// The writer, and the rows that are not written yet.
pub(super) struct ParquetTable {
    writer: BatchedWriter<SummedFile>,
    group: Group,
    name: String,
}

/// Rows of a row group.
struct Group {
    key: Key,
    columns: Vec<String>,
    customers: Vec<String>,
    keys: Vec<i64>,
    numbers: Vec<Vec<f64>>,
}

impl ParquetTable {
    pub(super) fn new(file: SummedFile, key: Key, columns: &[String], name: &str) -> Result<Self> {
        let numbers = vec![Vec::new(); columns.len()];
        let mut group = Group { key, columns: columns.to_vec(), customers: Vec::new(), keys: Vec::new(), numbers };
        let writer = group.take().and_then(|none| ParquetWriter::new(file).set_parallel(false).batched(none.schema()));
        Ok(Self { writer: writer.map_err(|error| cannot(name, error))?, group, name: name.into() })
    }

    pub(super) fn append(&mut self, rows: &Rows) -> Result<()> {
        let Group { customers, keys, numbers, .. } = &mut self.group;
        customers.extend(std::iter::repeat_n(&rows.customer, rows.keys.len()).cloned());
        keys.extend(&rows.keys);
        for (numbers, column) in numbers.iter_mut().zip(&rows.columns) {
            numbers.extend(column);
            numbers.resize(keys.len(), f64::NAN);
        }
        if keys.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let written = self.group.take().and_then(|frame| self.writer.write_batch(&frame));
        written.map_err(|error| cannot(&self.name, error))
    }

    pub(super) fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.group.keys.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map(|_| ()).map_err(|error| cannot(&self.name, error))
    }
}

impl Group {
    /// Moves the rows out.
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let rows = self.keys.len();
        let keys = Column::new(self.key.name().into(), std::mem::take(&mut self.keys));
        let keys = match self.key {
            Key::Date => keys.cast(&DataType::Datetime(TimeUnit::Milliseconds, None))?,
            Key::Row => keys,
        };
        let mut columns = vec![Column::new("customer".into(), std::mem::take(&mut self.customers)), keys];
        for (name, numbers) in self.columns.iter().zip(&mut self.numbers) {
            let present = numbers.drain(..).map(|number| Some(number).filter(|number| !number.is_nan()));
            columns.push(Float64Chunked::from_iter_options(name.as_str().into(), present).into_column());
        }
        DataFrame::new(rows, columns)
    }
}

fn cannot(name: &str, error: PolarsError) -> Error {
    failed(name, io::Error::other(error))
}
