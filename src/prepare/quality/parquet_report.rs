//! The quality report as Parquet.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use polars::prelude::{
    BatchedWriter, BooleanChunked, DataFrame, Float64Chunked, IntoColumn, NewChunkedArray, ParquetWriter, PlSmallStr,
    PolarsError, PolarsResult, StringChunked, UInt64Chunked,
};

use super::{
    customer_quality::Quality,
    report_columns::{Column, columns},
};
use crate::{
    error::{Error, Result},
    store::{StagedFile, writing},
};

/// Rows of a row group.
const GROUP: usize = 100_000;

/// Writes the report row by row.
pub(in crate::prepare) struct ReportWriter {
    path: PathBuf,
    staged: StagedFile,
    writer: BatchedWriter<File>,
    rows: Vec<Quality>,
    /// Whether they are of features instead of series.
    features: bool,
}

impl ReportWriter {
    /// The name of the report.
    pub(in crate::prepare) const FILE: &str = "quality.parquet";

    pub(in crate::prepare) fn create(path: &Path, features: bool) -> Result<Self> {
        let (staged, file) = StagedFile::create(path)?;
        let empty = frame(&[], features);
        let writer = empty.and_then(|empty| ParquetWriter::new(file).set_parallel(false).batched(empty.schema()));
        let writer = writer.map_err(|error| failed(path, error))?;
        Ok(Self { path: path.into(), staged, writer, rows: Vec::new(), features })
    }

    pub(in crate::prepare) fn append(&mut self, row: Quality) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        frame(&rows, self.features)
            .and_then(|frame| self.writer.write_batch(&frame))
            .map_err(|error| failed(&self.path, error))
    }

    pub(in crate::prepare) fn finish(mut self) -> Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        let Self { path, staged, writer, .. } = self;
        writer.finish().map_err(|error| failed(&path, error))?;
        drop(writer);
        staged.commit()
    }
}

fn frame(rows: &[Quality], features: bool) -> PolarsResult<DataFrame> {
    let columns = columns(features).map(|(name, column)| {
        let name = PlSmallStr::from_static(name);
        match column {
            Column::Text(text) => StringChunked::from_iter_values(name, rows.iter().map(text)).into_column(),
            Column::Count(count) => UInt64Chunked::from_iter_values(name, rows.iter().map(count)).into_column(),
            Column::Number(number) => Float64Chunked::from_iter_options(name, rows.iter().map(number)).into_column(),
            Column::Flag(flag) => BooleanChunked::from_iter_values(name, rows.iter().map(flag)).into_column(),
        }
    });
    DataFrame::new(rows.len(), columns.collect())
}

fn failed(path: &Path, error: PolarsError) -> Error {
    writing(path, io::Error::other(error))
}
