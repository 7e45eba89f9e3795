//! A table as Parquet.

use super::{Block, Key, failed};
use crate::error::{Error, Result};
use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, Field, Float64Chunked, IntoSeries, NamedFrom, NewChunkedArray,
    ParquetWriter, PlSmallStr, PolarsError, Schema, Series, TimeUnit,
};
use std::{fs::File, io};

/// Rows of a row group: enough to compress well, little enough to hold in memory.
const GROUP: usize = 100_000;

/// The rows that are not written yet, and the writer.
pub(super) struct ParquetTable {
    writer: BatchedWriter<File>,
    key: Key,
    names: Vec<String>,
    customers: Vec<String>,
    keys: Vec<i64>,
    numbers: Vec<Vec<f64>>,
    described: String,
}

impl ParquetTable {
    pub(super) fn new(file: File, key: Key, names: &[String], described: &str) -> Result<Self> {
        let second = match key {
            Key::Date => ("ds", DataType::Datetime(TimeUnit::Milliseconds, None)),
            Key::Row => ("row", DataType::Int64),
        };
        let schema: Schema = [("customer", DataType::String), second]
            .into_iter()
            .chain(names.iter().map(|name| (name.as_str(), DataType::Float64)))
            .map(|(name, kind)| Field::new(PlSmallStr::from_str(name), kind))
            .collect();
        let writer = ParquetWriter::new(file).set_parallel(false).batched(&schema);
        Ok(Self {
            writer: writer.map_err(|error| cannot(described, error))?,
            key,
            names: names.to_vec(),
            customers: Vec::new(),
            keys: Vec::new(),
            numbers: vec![Vec::new(); names.len()],
            described: described.into(),
        })
    }

    pub(super) fn append(&mut self, block: &Block) -> Result<()> {
        let rows = block.keys.len();
        self.customers.extend(std::iter::repeat_n(&block.customer, rows).cloned());
        self.keys.extend(&block.keys);
        for (numbers, column) in self.numbers.iter_mut().zip(&block.columns) {
            numbers.extend(column);
            numbers.resize(self.keys.len(), f64::NAN);
        }
        if self.keys.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = self.keys.len();
        let keys = std::mem::take(&mut self.keys);
        let keys = match self.key {
            Key::Date => Series::new("ds".into(), keys).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)),
            Key::Row => Ok(Series::new("row".into(), keys)),
        };
        let mut columns = vec![Column::from(Series::new("customer".into(), std::mem::take(&mut self.customers)))];
        columns.push(keys.map_err(|error| cannot(&self.described, error))?.into());
        for (name, numbers) in self.names.iter().zip(&mut self.numbers) {
            let present = numbers.drain(..).map(|number| if number.is_nan() { None } else { Some(number) });
            columns.push(Float64Chunked::from_iter_options(PlSmallStr::from_str(name), present).into_series().into());
        }
        DataFrame::new(rows, columns)
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| cannot(&self.described, error))
    }

    pub(super) fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.keys.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map(|_| ()).map_err(|error| cannot(&self.described, error))
    }
}

fn cannot(described: &str, error: PolarsError) -> Error {
    failed(described, io::Error::other(error))
}
