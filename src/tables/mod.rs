//! Tables of numbers for people and programs: as CSV, JSON, lines of JSON or Parquet.
//!
//! A table has the columns `customer` and `ds` (a date) or `row` (a number), and after them columns of numbers. Rows come in
//! blocks, one customer's at a time, and are written as they come, so that a table may be larger than memory. A file is
//! written beside its place and renamed there at the end: whoever looks on sees a whole one or none. A table that is dropped
//! before its end leaves nothing behind, and its place as it was.

#[cfg(feature = "parquet")]
mod parquet;

use crate::{
    error::{Error, Result},
    store::StagedFile,
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header and a line per row; nothing where there is no number.
    Csv,
    /// An array of objects, one per row; null where there is no number.
    Json,
    /// The same objects, one per line.
    JsonLines,
    /// As polars, pandas and Spark read it.
    Parquet,
}

/// What the second column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `ds`: milliseconds since the epoch, written as ISO 8601.
    Date,
    /// `row`: a whole number.
    Row,
}

/// Rows of one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Whose they are.
    pub customer: String,
    /// The second column, shape (n).
    pub keys: Vec<i64>,
    /// The further columns in the table's order, each of shape (n) or empty where the customer has no such column. NaN is no
    /// number.
    pub columns: Vec<Vec<f64>>,
}

/// A table in the making.
pub struct Table {
    key: Key,
    names: Vec<String>,
    sink: Sink,
    /// After the sink, whose file is closed before it is removed.
    staged: Option<StagedFile>,
    /// What it is called in messages.
    described: String,
}

enum Sink {
    Csv(Box<csv::Writer<Box<dyn Write + Send>>>),
    Json {
        out: Box<dyn Write + Send>,
        lines: bool,
        begun: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::ParquetTable>),
}

impl Format {
    /// The format that a file's name asks for.
    ///
    /// # Errors
    /// [`Error::Settings`] for other names, and for Parquet in a build without it.
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

impl Table {
    /// A table in a file, by the format of its name; `names` are the columns of numbers.
    ///
    /// # Errors
    /// As for [`Format::of`]; [`Error::Storage`] where the file cannot be created.
    pub fn create(path: &Path, key: Key, names: Vec<String>) -> Result<Self> {
        let format = Format::of(path)?;
        let described = path.display().to_string();
        let (staged, file) = StagedFile::create(path)?;
        let sink = Sink::new(format, file, key, &names, &described)?;
        Self { key, names, sink, staged: Some(staged), described }.with_header()
    }

    /// A table as CSV, for a pipe or a terminal.
    ///
    /// # Errors
    /// [`Error::Storage`] where it cannot be written.
    pub fn to_writer(out: impl Write + Send + 'static, key: Key, names: Vec<String>) -> Result<Self> {
        let sink = Sink::Csv(Box::new(csv::Writer::from_writer(Box::new(out))));
        Self { key, names, sink, staged: None, described: "the table".into() }.with_header()
    }

    fn with_header(mut self) -> Result<Self> {
        let second = if self.key == Key::Date { "ds" } else { "row" };
        let Self { names, sink, described, .. } = &mut self;
        if let Sink::Csv(csv) = sink {
            let header = ["customer", second].into_iter().chain(names.iter().map(String::as_str));
            csv.write_record(header).map_err(|error| failed(described, error.into()))?;
        }
        Ok(self)
    }

    /// Writes a customer's rows.
    ///
    /// # Errors
    /// [`Error::Storage`] where they cannot be written.
    pub fn append(&mut self, block: &Block) -> Result<()> {
        let Self { key, names, sink, described, .. } = self;
        match sink {
            Sink::Csv(csv) => append_csv(csv, *key, block).map_err(|error| failed(described, error.into())),
            Sink::Json { out, lines, begun } => {
                append_json(out, *key, names, block, *lines, begun).map_err(|error| failed(described, error))
            }
            #[cfg(feature = "parquet")]
            Sink::Parquet(table) => table.append(block),
        }
    }

    /// Ends the table and puts its file into its place.
    ///
    /// # Errors
    /// [`Error::Storage`] where it cannot be written.
    pub fn finish(self) -> Result<()> {
        let Self { sink, staged, described, .. } = self;
        let failed = |error| failed(&described, error);
        match sink {
            Sink::Csv(mut csv) => csv.flush().map_err(failed)?,
            Sink::Json { mut out, lines, begun } => {
                let end = match (lines, begun) {
                    (true, _) => "",
                    (false, true) => "\n]\n",
                    (false, false) => "[]\n",
                };
                out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
            }
            #[cfg(feature = "parquet")]
            Sink::Parquet(table) => table.finish()?,
        }
        staged.map_or(Ok(()), StagedFile::commit)
    }
}

impl Sink {
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, clippy::unnecessary_wraps, reason = "only Parquet has types, and can refuse them")
    )]
    fn new(format: Format, file: File, key: Key, names: &[String], described: &str) -> Result<Self> {
        #[cfg(feature = "parquet")]
        if matches!(format, Format::Parquet) {
            return Ok(Self::Parquet(Box::new(parquet::ParquetTable::new(file, key, names, described)?)));
        }
        let out: Box<dyn Write + Send> = Box::new(BufWriter::new(file));
        Ok(match format {
            Format::Json => Self::Json { out, lines: false, begun: false },
            Format::JsonLines => Self::Json { out, lines: true, begun: false },
            _ => Self::Csv(Box::new(csv::Writer::from_writer(out))),
        })
    }
}

/// A date as ISO 8601: day and time, the same form at midnight.
#[must_use]
pub fn iso_with_time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| format!("{ms} ms"),
        |timestamp| timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string(),
    )
}

fn key_text(key: Key, value: i64) -> String {
    match key {
        Key::Date => iso_with_time(value),
        Key::Row => value.to_string(),
    }
}

fn append_csv<W: Write>(csv: &mut csv::Writer<W>, key: Key, block: &Block) -> Result<(), csv::Error> {
    for (row, &at) in block.keys.iter().enumerate() {
        csv.write_field(&block.customer)?;
        csv.write_field(key_text(key, at))?;
        for column in &block.columns {
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
    names: &[String],
    block: &Block,
    lines: bool,
    begun: &mut bool,
) -> io::Result<()> {
    let customer = serde_json::to_string(&block.customer)?;
    for (row, &at) in block.keys.iter().enumerate() {
        out.write_all(match (lines, *begun) {
            (true, _) => b"",
            (false, true) => b",\n",
            (false, false) => b"[\n",
        })?;
        *begun = true;
        write!(out, "{{\"customer\":{customer}")?;
        match key {
            Key::Date => write!(out, ",\"ds\":\"{}\"", iso_with_time(at))?,
            Key::Row => write!(out, ",\"row\":{at}")?,
        }
        for (name, column) in names.iter().zip(&block.columns) {
            // A number that JSON has no form for is null.
            let number = serde_json::to_string(&column.get(row).filter(|number| number.is_finite()))?;
            write!(out, ",{}:{number}", serde_json::to_string(name)?)?;
        }
        out.write_all(if lines { b"}\n" } else { b"}" })?;
    }
    Ok(())
}

fn failed(described: &str, error: io::Error) -> Error {
    Error::storage(format_args!("writing {described}"), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn blocks() -> [Block; 2] {
        let columns = vec![vec![1.5, f64::NAN], Vec::new()];
        let other = Block { customer: "b".into(), keys: vec![0], columns: vec![vec![2.0], vec![3.0]] };
        [Block { customer: "a,1".into(), keys: vec![0, 3_600_000], columns }, other]
    }

    fn written(name: &str, key: Key) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        let mut table = Table::create(&path, key, vec!["yhat".into(), "holidays".into()]).unwrap();
        for block in blocks() {
            table.append(&block).unwrap();
        }
        assert!(!path.exists(), "a table is in its place when it is whole");
        table.finish().unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_a_customer_does_not_have_is_empty_in_csv_and_null_in_json() {
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
    fn a_table_without_rows_is_still_a_table() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.json");
        Table::create(&path, Key::Row, Vec::new()).unwrap().finish().unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "[]\n");
    }

    #[test]
    fn a_table_that_is_given_up_leaves_what_stood_in_its_place_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        fs::write(&path, "an earlier table").unwrap();
        let mut table = Table::create(&path, Key::Date, vec!["yhat".into(), "holidays".into()]).unwrap();
        table.append(&blocks()[1]).unwrap();
        drop(table);
        assert_eq!(fs::read_to_string(&path).unwrap(), "an earlier table");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_format_is_in_the_name() {
        assert_eq!(Format::of(Path::new("a/b.CSV")).unwrap(), Format::Csv);
        for wrong in ["forecasts", "forecasts.txt", "forecasts.csv.gz"] {
            assert!(Format::of(Path::new(wrong)).unwrap_err().to_string().contains(".csv, .json, .jsonl"), "{wrong}");
        }
    }
}
