//! A table of results as Parquet.

use super::{
    result_table::{Layout, rows},
    spool::staged_path,
};
use crate::error::{Error, Result};
use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, Field, Float64Chunked, IntoSeries, NamedFrom, NewChunkedArray,
    ParquetWriter, PlSmallStr, Schema, Series, TimeUnit,
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Rows of a row group: enough to compress well, little enough to hold in memory.
const GROUP: usize = 100_000;

/// A Parquet file in the making: written beside its place and renamed there at the end.
pub(super) struct ParquetTable {
    place: PathBuf,
    staged: PathBuf,
    writer: BatchedWriter<File>,
    layout: &'static Layout,
    customers: Vec<String>,
    keys: Vec<i64>,
    numbers: Vec<Vec<f64>>,
}

impl ParquetTable {
    pub(super) fn create(layout: &'static Layout, place: &Path) -> Result<Self> {
        let staged = staged_path(place);
        let file = File::create(&staged).map_err(|error| failed(place, error))?;
        let schema: Schema = [("customer", DataType::String), (layout.key, key_type(layout))]
            .into_iter()
            .chain(layout.columns.iter().map(|name| (*name, DataType::Float64)))
            .map(|(name, kind)| Field::new(PlSmallStr::from_static(name), kind))
            .collect();
        let writer = ParquetWriter::new(file)
            .set_parallel(false)
            .batched(&schema)
            .map_err(|e| failed(place, io::Error::other(e)))?;
        Ok(Self {
            place: place.into(),
            staged,
            writer,
            layout,
            customers: Vec::new(),
            keys: Vec::new(),
            numbers: vec![Vec::new(); layout.columns.len()],
        })
    }

    pub(super) fn append(&mut self, customer: &str, block: &[u8]) -> Result<()> {
        for (key, numbers) in rows(self.layout, block) {
            self.customers.push(customer.to_owned());
            self.keys.push(key);
            for (column, number) in self.numbers.iter_mut().zip(numbers) {
                column.push(number);
            }
        }
        if self.keys.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = self.keys.len();
        let keys = Series::new(self.layout.key.into(), std::mem::take(&mut self.keys));
        let keys = keys.cast(&key_type(self.layout));
        let mut columns = vec![Column::from(Series::new("customer".into(), std::mem::take(&mut self.customers)))];
        columns.push(keys.map_err(|error| failed(&self.place, io::Error::other(error)))?.into());
        for (name, numbers) in self.layout.columns.iter().zip(&mut self.numbers) {
            let present = numbers.drain(..).map(|number| if number.is_nan() { None } else { Some(number) });
            columns.push(Float64Chunked::from_iter_options((*name).into(), present).into_series().into());
        }
        DataFrame::new(rows, columns)
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| failed(&self.place, io::Error::other(error)))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if !self.keys.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map_err(|error| failed(&self.place, io::Error::other(error)))?;
        fs::rename(&self.staged, &self.place).map_err(|error| failed(&self.place, error))
    }
}

const fn key_type(layout: &Layout) -> DataType {
    if layout.key_is_date { DataType::Datetime(TimeUnit::Milliseconds, None) } else { DataType::Int64 }
}

fn failed(place: &Path, error: io::Error) -> Error {
    Error::storage(format_args!("writing {}", place.display()), error)
}
