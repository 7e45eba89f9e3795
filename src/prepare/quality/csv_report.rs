//! The quality report as CSV, in builds without Parquet.

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
    store::{StagedFile, writing},
};

/// Writes the report row by row.
pub(in crate::prepare) struct ReportWriter {
    path: PathBuf,
    staged: StagedFile,
    table: csv::Writer<File>,
    /// Whether the rows are of features instead of series.
    features: bool,
}

impl ReportWriter {
    /// The name of the report.
    pub(in crate::prepare) const FILE: &str = "quality.csv";

    pub(in crate::prepare) fn create(path: &Path, features: bool) -> Result<Self> {
        let (staged, file) = StagedFile::create(path)?;
        let mut table = csv::Writer::from_writer(file);
        table.write_record(columns(features).map(|(name, _)| name)).map_err(|error| writing(path, error.into()))?;
        Ok(Self { path: path.into(), staged, table, features })
    }

    #[expect(clippy::needless_pass_by_value, reason = "as where Parquet is written")]
    pub(in crate::prepare) fn append(&mut self, row: Quality) -> Result<()> {
        let fields = columns(self.features).map(|(_, column)| match column {
            Column::Text(text) => text(&row).to_owned(),
            Column::Count(count) => count(&row).to_string(),
            Column::Number(number) => number(&row).map(|number| number.to_string()).unwrap_or_default(),
            Column::Flag(flag) => flag(&row).to_string(),
        });
        self.table.write_record(fields).map_err(|error| writing(&self.path, error.into()))
    }

    pub(in crate::prepare) fn finish(mut self) -> Result<()> {
        self.table.flush().map_err(|error| writing(&self.path, error))?;
        drop(self.table);
        self.staged.commit()
    }
}
