//! A table of results as Parquet.

use super::rows::{Key, Rows, failed};
use crate::error::{Error, Result};
use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, Field, Float64Chunked, IntoSeries, NamedFrom, NewChunkedArray,
    ParquetWriter, PlSmallStr, PolarsError, Schema, Series, TimeUnit,
};
use std::{fs::File, io};

/// Rows of a row group: enough to compress well, few enough to hold in memory.
const GROUP_ROWS: usize = 100_000;

const DATE: DataType = DataType::Datetime(TimeUnit::Milliseconds, None);

/// The writer, and the rows of the group that is not written yet.
pub(super) struct ParquetTable {
    writer: BatchedWriter<File>,
    key: Key,
    columns: Vec<String>,
    customers: Vec<String>,
    keys: Vec<i64>,
    numbers: Vec<Vec<f64>>,
    name: String,
}

impl ParquetTable {
    pub(super) fn new(file: File, key: Key, columns: &[String], name: &str) -> Result<Self> {
        let key_type = match key {
            Key::Date => DATE,
            Key::Row => DataType::Int64,
        };
        let schema: Schema = [("customer", DataType::String), (key.name(), key_type)]
            .into_iter()
            .chain(columns.iter().map(|name| (name.as_str(), DataType::Float64)))
            .map(|(name, kind)| Field::new(PlSmallStr::from_str(name), kind))
            .collect();
        let writer = ParquetWriter::new(file).set_parallel(false).batched(&schema);
        Ok(Self {
            writer: writer.map_err(|error| cannot(name, error))?,
            key,
            columns: columns.to_vec(),
            customers: Vec::new(),
            keys: Vec::new(),
            numbers: vec![Vec::new(); columns.len()],
            name: name.into(),
        })
    }

    pub(super) fn append(&mut self, rows: &Rows) -> Result<()> {
        self.customers.extend(std::iter::repeat_n(&rows.customer, rows.keys.len()).cloned());
        self.keys.extend(&rows.keys);
        for (numbers, column) in self.numbers.iter_mut().zip(&rows.columns) {
            numbers.extend(column);
            numbers.resize(self.keys.len(), f64::NAN);
        }
        if self.keys.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = self.keys.len();
        let keys = std::mem::take(&mut self.keys);
        let keys = Series::new(self.key.name().into(), keys);
        let keys = match self.key {
            Key::Date => keys.cast(&DATE),
            Key::Row => Ok(keys),
        };
        let mut columns = vec![Column::from(Series::new("customer".into(), std::mem::take(&mut self.customers)))];
        columns.push(keys.map_err(|error| cannot(&self.name, error))?.into());
        for (name, numbers) in self.columns.iter().zip(&mut self.numbers) {
            let present = numbers.drain(..).map(|number| if number.is_nan() { None } else { Some(number) });
            columns.push(Float64Chunked::from_iter_options(PlSmallStr::from_str(name), present).into_series().into());
        }
        DataFrame::new(rows, columns)
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| cannot(&self.name, error))
    }

    pub(super) fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.keys.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map(|_| ()).map_err(|error| cannot(&self.name, error))
    }
}

fn cannot(name: &str, error: PolarsError) -> Error {
    failed(name, io::Error::other(error))
}
