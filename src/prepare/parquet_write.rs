//! Rows to Parquet: customers' files, and the quality report.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use polars::prelude::{
    BatchedWriter, BooleanChunked, Column, DataFrame, DataType, Field, Float64Chunked, IntoSeries, NamedFrom,
    NewChunkedArray, ParquetWriter, PlSmallStr, Schema, Series, StringChunked, TimeUnit,
};

use super::{
    gather::Rows,
    quality::Quality,
    report::{COLUMNS, staged},
    shape::Shaped,
};
use crate::error::{Error, Result};

/// Rows of a row group of the report.
const GROUP: usize = 100_000;

/// Writes the customers' rows. Kept columns are text, as they stand in the tables; empty is null.
pub(super) fn write(
    customers: &[(Rows<'_>, Vec<Shaped<'_>>)],
    many: bool,
    target: &str,
    kept: &[String],
    out: &mut Vec<u8>,
) -> Result<()> {
    let bug = |error: polars::error::PolarsError| Error::Bug(format!("rows cannot be written as Parquet: {error}"));
    let rows = || customers.iter().flat_map(|(_, shaped)| shaped);
    let height: usize = customers.iter().map(|(_, shaped)| shaped.len()).sum();
    let mut columns = Vec::with_capacity(kept.len() + 3);
    if many {
        let names = customers.iter().flat_map(|(rows, shaped)| std::iter::repeat_n(rows.customer, shaped.len()));
        columns.push(Column::from(StringChunked::from_iter_values("customer".into(), names).into_series()));
    }
    let times: Vec<i64> = rows().map(|row| row.time).collect();
    let times = Series::new("timestamp".into(), times).cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
    columns.push(times.map_err(bug)?.into());
    let values = rows().map(|row| Some(row.value.number()).filter(|value| !value.is_nan()));
    columns.push(Float64Chunked::from_iter_options(target.into(), values).into_series().into());
    for (at, name) in kept.iter().enumerate() {
        let texts: Vec<Option<String>> = rows()
            .map(|row| {
                let text = row.source?.kept().nth(at)?;
                (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
            })
            .collect();
        columns.push(Column::from(Series::new(name.as_str().into(), texts)));
    }
    let mut frame = DataFrame::new(height, columns).map_err(bug)?;
    ParquetWriter::new(out).set_parallel(false).finish(&mut frame).map(drop).map_err(bug)
}

/// The quality report in the making.
pub(super) struct ReportTable {
    place: PathBuf,
    staged: PathBuf,
    writer: BatchedWriter<File>,
    rows: Vec<Quality>,
}

impl ReportTable {
    pub(super) fn create(place: &Path) -> Result<Self> {
        let staged = staged(place);
        let file = File::create(&staged).map_err(|error| failed(place, error))?;
        let text = ["customer", "file", "start", "end", "frequency"];
        let real = ["minimum", "mean", "maximum", "sum"];
        let schema: Schema = COLUMNS
            .into_iter()
            .map(|name| {
                let kind = match name {
                    name if text.contains(&name) => DataType::String,
                    name if real.contains(&name) => DataType::Float64,
                    "constant" => DataType::Boolean,
                    _ => DataType::UInt64,
                };
                Field::new(PlSmallStr::from_static(name), kind)
            })
            .collect();
        let writer = ParquetWriter::new(file).set_parallel(false).batched(&schema);
        let writer = writer.map_err(|error| failed(place, io::Error::other(error)))?;
        Ok(Self { place: place.into(), staged, writer, rows: Vec::new() })
    }

    pub(super) fn append(&mut self, row: Quality) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let text = |name: &str, of: fn(&Quality) -> &String| {
            StringChunked::from_iter_values(name.into(), rows.iter().map(|row| of(row).as_str())).into_series()
        };
        let count =
            |name: &str, of: fn(&Quality) -> u64| Series::new(name.into(), rows.iter().map(of).collect::<Vec<_>>());
        let real = |name: &str, of: fn(&Quality) -> Option<f64>| {
            Float64Chunked::from_iter_options(name.into(), rows.iter().map(of)).into_series()
        };
        let constant = BooleanChunked::from_iter_values("constant".into(), rows.iter().map(|row| row.constant));
        let columns = vec![
            text("customer", |row| &row.customer),
            text("file", |row| &row.file),
            count("rows", |row| row.rows),
            count("written", |row| row.written),
            count("missing", |row| row.missing),
            count("duplicates", |row| row.duplicates),
            text("start", |row| &row.start),
            text("end", |row| &row.end),
            text("frequency", |row| &row.frequency),
            count("gaps", |row| row.gaps),
            count("longest_gap", |row| row.longest_gap),
            count("zeros", |row| row.zeros),
            constant.into_series(),
            count("outliers", |row| row.outliers),
            real("minimum", |row| row.minimum),
            real("mean", |row| row.mean),
            real("maximum", |row| row.maximum),
            real("sum", |row| Some(row.sum)),
        ];
        DataFrame::new(rows.len(), columns.into_iter().map(Column::from).collect())
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| failed(&self.place, io::Error::other(error)))
    }

    pub(super) fn finish(mut self) -> Result<PathBuf> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.finish().map_err(|error| failed(&self.place, io::Error::other(error)))?;
        fs::rename(&self.staged, &self.place).map_err(|error| failed(&self.place, error))?;
        Ok(self.place)
    }
}

fn failed(place: &Path, error: io::Error) -> Error {
    Error::storage(format_args!("writing {}", place.display()), error)
}
