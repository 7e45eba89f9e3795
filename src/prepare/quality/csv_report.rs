//! The quality report as CSV, in builds without Parquet.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    customer_quality::Quality,
    report_columns::{COLUMNS, Column},
};
use crate::{
    error::Result,
    input::csv::write::write_field,
    store::{StagedFile, writing},
};

/// Writes the report row by row.
pub(in crate::prepare) struct ReportWriter {
    path: PathBuf,
    staged: StagedFile,
    file: BufWriter<File>,
}

impl ReportWriter {
    /// The name of the report.
    pub(in crate::prepare) const FILE: &str = "quality.csv";

    pub(in crate::prepare) fn create(path: &Path) -> Result<Self> {
        let (staged, file) = StagedFile::create(path)?;
        let mut file = BufWriter::new(file);
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        writeln!(file, "{}", names.join(",")).map_err(|error| writing(path, error))?;
        Ok(Self { path: path.into(), staged, file })
    }

    #[expect(clippy::needless_pass_by_value, reason = "as where Parquet is written")]
    pub(in crate::prepare) fn append(&mut self, row: Quality) -> Result<()> {
        let mut line = Vec::new();
        for (at, (_, column)) in COLUMNS.iter().enumerate() {
            if at > 0 {
                line.push(b',');
            }
            match column {
                Column::Text(text) => write_field(text(&row).as_bytes(), &mut line),
                Column::Count(count) => line.extend_from_slice(count(&row).to_string().as_bytes()),
                Column::Number(number) => {
                    line.extend_from_slice(
                        number(&row).map(|number| number.to_string()).unwrap_or_default().as_bytes(),
                    );
                }
                Column::Flag(flag) => line.extend_from_slice(flag(&row).to_string().as_bytes()),
            }
        }
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| writing(&self.path, error))
    }

    pub(in crate::prepare) fn finish(self) -> Result<()> {
        self.file.into_inner().map_err(|error| writing(&self.path, error.into_error()))?;
        self.staged.commit()
    }
}
