//! The quality report as Parquet.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    customer_quality::Quality,
    report_columns::{Column, columns},
};
use crate::{
    error::Result,
    input::parquet::write::{self, TableWriter, Values},
    store::{StagedFile, writing},
};

/// Rows of a row group.
const GROUP: usize = 100_000;

/// Writes the report row by row.
pub(in crate::prepare) struct ReportWriter {
    path: PathBuf,
    staged: StagedFile,
    writer: TableWriter<File>,
    rows: Vec<Quality>,
    /// Whether they are of features instead of series.
    features: bool,
}

impl ReportWriter {
    /// The name of the report.
    pub(in crate::prepare) const FILE: &str = "quality.parquet";

    pub(in crate::prepare) fn create(path: &Path, features: bool) -> Result<Self> {
        let (staged, file) = StagedFile::create(path)?;
        let written = |(name, column)| match column {
            Column::Text(_) => (name, write::TEXT),
            Column::Count(_) => (name, write::COUNT),
            Column::Number(_) => (name, write::NUMBER),
            Column::Flag(_) => (name, write::FLAG),
        };
        let writer = TableWriter::new(file, columns(features).map(written)).map_err(|error| writing(path, error))?;
        Ok(Self { path: path.into(), staged, writer, rows: Vec::new(), features })
    }

    pub(in crate::prepare) fn append(&mut self, row: Quality) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() >= GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.writer.write(values(&rows, self.features)).map_err(|error| writing(&self.path, error))
    }

    pub(in crate::prepare) fn finish(mut self) -> Result<()> {
        self.write_group()?;
        let Self { path, staged, writer, .. } = self;
        writer.finish().map_err(|error| writing(&path, error))?;
        staged.commit()
    }
}

fn values(rows: &[Quality], features: bool) -> Vec<Values> {
    let column = |(_, column)| match column {
        Column::Text(text) => write::texts(rows.iter().map(|row| Some(text(row)))),
        Column::Count(count) => write::counts(rows.iter().map(count)),
        Column::Number(number) => write::numbers(rows.iter().map(|row| number(row).unwrap_or(f64::NAN))),
        Column::Flag(flag) => write::flags(rows.iter().map(flag)),
    };
    columns(features).map(column).collect()
}
