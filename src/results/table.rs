//! A table of results: a key and columns of numbers, as CSV, JSON, JSON lines or Parquet.
//!
//! The first column is `customer`, the second is `ds` (a date) or `row` (a number); a backtest has `cutoff` (a date) as the third. Rows are written as they arrive, one
//! customer at a time, so that a table may be larger than memory. The file appears when it is complete: see
//! [`StagedFile`].

#[cfg(feature = "parquet")]
use super::parquet::ParquetTable;
use super::{
    checksum::{Checksum, Running, SummedFile},
    iso::iso_timestamp,
    rows::{Key, Rows, failed},
};
use crate::{
    error::{Error, Result},
    store::StagedFile,
};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

/// A table's file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// A header and a line per row; a missing number is an empty field.
    Csv,
    /// An array of objects, one per row; a missing number is null.
    Json,
    /// The same objects, one per line.
    JsonLines,
    /// As polars, pandas and Spark read it.
    Parquet,
}

/// A table that is being written.
pub struct ResultTable {
    key: Key,
    columns: Vec<String>,
    writer: Writer,
    /// After `writer`, so that the file is closed before it is removed.
    staged: Option<(StagedFile, Running)>,
    /// The table's name in messages.
    name: String,
}

enum Writer {
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    Json {
        out: Box<dyn Write + Send>,
        lines: bool,
        has_rows: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetTable>),
}

impl TableFormat {
    /// The format of a file by its extension.
    ///
    /// # Errors
    /// [`Error::Settings`] for other extensions, and for Parquet in a build without it.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            "parquet" if cfg!(feature = "parquet") => Ok(Self::Parquet),
            "parquet" => Err(Error::Settings(format!(
                "{}: this manyfit was built without Parquet: use a build with the feature parquet, or write CSV",
                path.display()
            ))),
            _ => Err(Error::Settings(format!("{}: name it .csv, .json, .jsonl or .parquet", path.display()))),
        }
    }
}

impl ResultTable {
    /// A table in a file, in the format of its extension; `columns` are the names of the columns of numbers.
    ///
    /// # Errors
    /// As for [`TableFormat::of`]; [`Error::Storage`] if the file cannot be created.
    pub fn create(path: &Path, key: Key, columns: Vec<String>) -> Result<Self> {
        let format = TableFormat::of(path)?;
        let name = path.display().to_string();
        let (staged, file) = StagedFile::create(path)?;
        let (file, running) = SummedFile::new(file);
        let writer = Writer::new(format, file, key, &columns, &name)?;
        Self { key, columns, writer, staged: Some((staged, running)), name }.with_header()
    }

    /// A table as CSV, for a pipe or a terminal.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be written.
    pub fn to_writer(out: impl Write + Send + 'static, key: Key, columns: Vec<String>) -> Result<Self> {
        let writer = Writer::Csv(Box::new(csv::Writer::from_writer(Box::new(out))));
        Self { key, columns, writer, staged: None, name: "the table".into() }.with_header()
    }

    fn with_header(mut self) -> Result<Self> {
        let Self { key, columns, writer, name, .. } = &mut self;
        if let Writer::Csv(csv) = writer {
            let header = ["customer"].iter().chain(key.names()).copied().chain(columns.iter().map(String::as_str));
            csv.write_record(header).map_err(|error| failed(name, error.into()))?;
        }
        Ok(self)
    }

    /// Writes a customer's rows.
    ///
    /// # Errors
    /// [`Error::Storage`] if they cannot be written.
    pub fn append(&mut self, rows: &Rows) -> Result<()> {
        let Self { key, columns, writer, name, .. } = self;
        match writer {
            Writer::Csv(csv) => append_csv(csv, *key, rows).map_err(|error| failed(name, error.into())),
            Writer::Json { out, lines, has_rows } => {
                append_json(out, *key, columns, rows, *lines, has_rows).map_err(|error| failed(name, error))
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(table) => table.append(rows),
        }
    }

    /// Completes the table and renames its file to its final path.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be written.
    pub fn finish(self) -> Result<()> {
        self.close()?.map_or(Ok(()), |(staged, _)| staged.commit())
    }

    /// Completes the table under its temporary name, if it is a file.
    pub(super) fn close(self) -> Result<Option<(StagedFile, Checksum)>> {
        let Self { writer, staged, name, .. } = self;
        let failed = |error| failed(&name, error);
        match writer {
            Writer::Csv(mut csv) => csv.flush().map_err(failed)?,
            Writer::Json { mut out, lines, has_rows } => {
                let end = match (lines, has_rows) {
                    (true, _) => "",
                    (false, true) => "\n]\n",
                    (false, false) => "[]\n",
                };
                out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
            }
            #[cfg(feature = "parquet")]
            Writer::Parquet(table) => table.finish()?,
        }
        Ok(staged.map(|(staged, running)| (staged, running.get())))
    }
}

impl Writer {
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, clippy::unnecessary_wraps, reason = "only Parquet has types, and can refuse them")
    )]
    fn new(format: TableFormat, file: SummedFile, key: Key, columns: &[String], name: &str) -> Result<Self> {
        #[cfg(feature = "parquet")]
        if matches!(format, TableFormat::Parquet) {
            return Ok(Self::Parquet(Box::new(ParquetTable::new(file, key, columns, name)?)));
        }
        let out: Box<dyn Write + Send> = Box::new(BufWriter::new(file));
        Ok(match format {
            TableFormat::Json => Self::Json { out, lines: false, has_rows: false },
            TableFormat::JsonLines => Self::Json { out, lines: true, has_rows: false },
            _ => Self::Csv(Box::new(csv::Writer::from_writer(out))),
        })
    }
}

fn key_text(key: Key, value: i64) -> String {
    if key.is_time() { iso_timestamp(value) } else { value.to_string() }
}

fn append_csv<W: Write>(csv: &mut csv::Writer<W>, key: Key, rows: &Rows) -> Result<(), csv::Error> {
    for (row, keys) in rows.keys.chunks(key.width()).enumerate() {
        csv.write_field(&rows.customer)?;
        for &at in keys {
            csv.write_field(key_text(key, at))?;
        }
        for column in &rows.columns {
            let number = column.get(row).copied().unwrap_or(f64::NAN);
            let text = if number.is_nan() { String::new() } else { number.to_string() };
            csv.write_field(text)?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

fn append_json(
    out: &mut dyn Write,
    key: Key,
    columns: &[String],
    rows: &Rows,
    lines: bool,
    has_rows: &mut bool,
) -> io::Result<()> {
    let customer = serde_json::to_string(&rows.customer)?;
    for (row, keys) in rows.keys.chunks(key.width()).enumerate() {
        out.write_all(match (lines, *has_rows) {
            (true, _) => b"",
            (false, true) => b",\n",
            (false, false) => b"[\n",
        })?;
        *has_rows = true;
        write!(out, "{{\"customer\":{customer}")?;
        for (name, &at) in key.names().iter().zip(keys) {
            if key.is_time() {
                write!(out, ",\"{name}\":\"{}\"", iso_timestamp(at))?;
            } else {
                write!(out, ",\"{name}\":{at}")?;
            }
        }
        for (name, column) in columns.iter().zip(&rows.columns) {
            // JSON has no NaN and no infinity.
            let number = serde_json::to_string(&column.get(row).filter(|number| number.is_finite()))?;
            write!(out, ",{}:{number}", serde_json::to_string(name)?)?;
        }
        out.write_all(if lines { b"}\n" } else { b"}" })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn rows() -> [Rows; 2] {
        let columns = vec![vec![1.5, f64::NAN], Vec::new()];
        let other = Rows { customer: "b".into(), keys: vec![0], columns: vec![vec![2.0], vec![3.0]] };
        [Rows { customer: "a,1".into(), keys: vec![0, 3_600_000], columns }, other]
    }

    fn written(name: &str, key: Key) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let mut table = ResultTable::create(&path, key, vec!["yhat".into(), "holidays".into()]).unwrap();
        for rows in rows() {
            table.append(&rows).unwrap();
        }
        assert!(!path.exists(), "the file appears when the table is complete");
        table.finish().unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn missing_numbers_are_empty_in_csv_and_null_in_json() {
        assert_eq!(
            written("t.csv", Key::Date),
            "customer,ds,yhat,holidays\n\"a,1\",1970-01-01T00:00:00,1.5,\n\"a,1\",1970-01-01T01:00:00,,\n\
             b,1970-01-01T00:00:00,2,3\n"
        );
        let lines = written("t.jsonl", Key::Row);
        assert_eq!(lines.lines().next(), Some(r#"{"customer":"a,1","row":0,"yhat":1.5,"holidays":null}"#));
        let rows: Vec<serde_json::Value> = serde_json::from_str(&written("t.json", Key::Date)).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            rows[2],
            serde_json::json!({"customer": "b", "ds": "1970-01-01T00:00:00", "yhat": 2.0, "holidays": 3.0})
        );
        for (line, row) in written("t.ndjson", Key::Date).lines().zip(&rows) {
            assert_eq!(serde_json::from_str::<serde_json::Value>(line).unwrap(), *row);
        }
    }

    #[test]
    fn a_table_without_rows_is_valid_json() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.json");
        ResultTable::create(&path, Key::Row, Vec::new()).unwrap().finish().unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "[]\n");
    }

    #[test]
    fn an_unfinished_table_leaves_the_earlier_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        fs::write(&path, "an earlier table").unwrap();
        let mut table = ResultTable::create(&path, Key::Date, vec!["yhat".into(), "holidays".into()]).unwrap();
        table.append(&rows()[1]).unwrap();
        drop(table);
        assert_eq!(fs::read_to_string(&path).unwrap(), "an earlier table");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_format_follows_from_the_extension() {
        assert_eq!(TableFormat::of(Path::new("a/b.CSV")).unwrap(), TableFormat::Csv);
        for wrong in ["forecasts", "forecasts.txt", "forecasts.csv.gz"] {
            assert!(
                TableFormat::of(Path::new(wrong)).unwrap_err().to_string().contains(".csv, .json, .jsonl"),
                "{wrong}"
            );
        }
    }
}
