//! The forecasts table as Parquet.

use super::{
    forecast_rows::{COLUMNS, Row},
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
    customers: Vec<String>,
    dates: Vec<i64>,
    numbers: [Vec<f64>; COLUMNS.len()],
}

impl ParquetTable {
    pub(super) fn create(place: &Path) -> Result<Self> {
        let staged = staged_path(place);
        let file = File::create(&staged).map_err(|error| failed(place, error))?;
        let schema: Schema = [("customer", DataType::String), ("ds", DataType::Datetime(TimeUnit::Milliseconds, None))]
            .into_iter()
            .chain(COLUMNS.map(|name| (name, DataType::Float64)))
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
            customers: Vec::new(),
            dates: Vec::new(),
            numbers: Default::default(),
        })
    }

    pub(super) fn append(&mut self, customer: &str, rows: impl Iterator<Item = Row>) -> Result<()> {
        for (date, numbers) in rows {
            self.customers.push(customer.to_owned());
            self.dates.push(date);
            for (column, number) in self.numbers.iter_mut().zip(numbers) {
                column.push(number);
            }
        }
        if self.dates.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = self.dates.len();
        let dates = Series::new("ds".into(), std::mem::take(&mut self.dates));
        let dates = dates.cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
        let mut columns = vec![Column::from(Series::new("customer".into(), std::mem::take(&mut self.customers)))];
        columns.push(dates.map_err(|error| failed(&self.place, io::Error::other(error)))?.into());
        for (name, numbers) in COLUMNS.iter().zip(&mut self.numbers) {
            let present = numbers.drain(..).map(|number| if number.is_nan() { None } else { Some(number) });
            columns.push(Float64Chunked::from_iter_options((*name).into(), present).into_series().into());
        }
        DataFrame::new(rows, columns)
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| failed(&self.place, io::Error::other(error)))
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if !self.dates.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map_err(|error| failed(&self.place, io::Error::other(error)))?;
        fs::rename(&self.staged, &self.place).map_err(|error| failed(&self.place, error))
    }
}

fn failed(place: &Path, error: io::Error) -> Error {
    Error::storage(format_args!("writing {}", place.display()), error)
}
