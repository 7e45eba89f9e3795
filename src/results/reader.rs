//! Reading the files of results: what a report, an explanation and a plot are made of.

use super::{directory::ResultsDirectory, earlier::EarlierSummary, manifest::Outcome};
use crate::{
    error::{Error, Result},
    store::Store,
};
use csv::ByteRecord;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
};

/// Bytes that are read of a table at once.
const BUFFER: usize = 1 << 17;

/// The manifest.
const MANIFEST: (&str, &str) = ("manifest", "jsonl");

/// The results of a run, in a directory or a bucket.
pub(crate) struct ResultsReader<'a> {
    store: &'a dyn Store,
    results: &'a ResultsDirectory,
}

/// A table's rows, sorted by customer.
pub(crate) struct TableReader<'a> {
    reader: csv::Reader<Box<dyn Read + Send + 'a>>,
    columns: Vec<String>,
    name: String,
}

impl<'a> ResultsReader<'a> {
    pub(crate) fn new(store: &'a dyn Store, results: &'a ResultsDirectory) -> Self {
        Self { store, results }
    }

    /// The place's name.
    pub(crate) fn place(&self) -> String {
        self.store.describe("").trim_end_matches('/').to_owned()
    }

    fn open(&self, file: (&str, &str)) -> Result<Option<Box<dyn Read + Send + 'a>>> {
        self.store.open(&self.results.file_name(file))
    }

    fn name(&self, file: (&str, &str)) -> String {
        self.store.describe(&self.results.file_name(file))
    }

    /// Calls `each` with the outcome of every customer, as in the manifest.
    ///
    /// # Errors
    /// [`Error::Settings`] if there is no manifest, [`Error::Data`] if a row is none of this version's.
    pub(crate) fn outcomes(&self, mut each: impl FnMut(Outcome) -> Result<()>) -> Result<()> {
        let name = self.name(MANIFEST);
        self.lines(|line, number| {
            let outcome = serde_json::from_slice(line).map_err(|error| {
                Error::Data(format!("{name}: line {number}: {error}: not a row of a manifest of this version"))
            })?;
            each(outcome)
        })
    }

    /// Calls `each` with every line of the manifest and its number.
    fn lines(&self, mut each: impl FnMut(&[u8], usize) -> Result<()>) -> Result<()> {
        let name = self.name(MANIFEST);
        let Some(file) = self.open(MANIFEST)? else {
            return Err(Error::Settings(format!(
                "there is no {name}: name the folder that manyfit train or merge wrote; results of shards are merged first"
            )));
        };
        let mut lines = BufReader::with_capacity(BUFFER, file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = lines.read_until(b'\n', &mut line);
            if read.map_err(|error| Error::storage(format_args!("reading {name}"), error))? == 0 {
                break;
            }
            each(&line, number)?;
        }
        Ok(())
    }

    /// Calls `each` with the rows of some customers in the manifest, as they were written.
    pub(crate) fn outcomes_of(
        &self,
        customers: &BTreeSet<String>,
        mut each: impl FnMut(&str, &[u8]) -> std::io::Result<()>,
    ) -> Result<std::io::Result<()>> {
        let mut failure = Ok(());
        self.lines(|line, _| {
            let is_wanted = customer_of(line).filter(|customer| customers.contains(customer));
            if let (Some(customer), Ok(())) = (is_wanted, &failure) {
                failure = each(&customer, line.trim_ascii());
            }
            Ok(())
        })?;
        Ok(failure)
    }

    /// What the summary says that the manifest does not: how long the run took. Nothing where there is none.
    pub(crate) fn summary(&self) -> Result<EarlierSummary> {
        let Some(mut file) = self.open(("summary", "json"))? else { return Ok(EarlierSummary::default()) };
        let mut text = Vec::new();
        let name = || self.name(("summary", "json"));
        file.read_to_end(&mut text).map_err(|error| Error::storage(format_args!("reading {}", name()), error))?;
        serde_json::from_slice(&text).map_err(|error| Error::Data(format!("{}: {error}: not a summary", name())))
    }

    /// A table as CSV, if the run wrote it.
    pub(crate) fn table(&self, table: &'static str) -> Result<Option<TableReader<'a>>> {
        let name = self.name((table, "csv"));
        let Some(file) = self.open((table, "csv"))? else { return Ok(None) };
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER).from_reader(file);
        let header = reader.headers().map_err(|error| invalid(&name, &error))?;
        let columns = header.iter().map(str::to_owned).collect();
        Ok(Some(TableReader { reader, columns, name }))
    }
}

impl TableReader<'_> {
    /// The place of a column.
    ///
    /// # Errors
    /// [`Error::Data`] if there is no such column.
    pub(crate) fn column(&self, column: &str) -> Result<usize> {
        let place = self.columns.iter().position(|name| name == column);
        place.ok_or_else(|| Error::Data(format!("{}: has no column {column:?}", self.name)))
    }

    /// Names of the columns, the customer's first.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Calls `each` with every row.
    pub(crate) fn rows(&mut self, mut each: impl FnMut(&ByteRecord)) -> Result<()> {
        let mut row = ByteRecord::new();
        while self.reader.read_byte_record(&mut row).map_err(|error| invalid(&self.name, &error))? {
            each(&row);
        }
        Ok(())
    }
}

/// The customer of a row of the manifest, which its first field names.
fn customer_of(line: &[u8]) -> Option<String> {
    let name = line.strip_prefix(b"{\"customer\":")?;
    serde_json::Deserializer::from_slice(name).into_iter().next()?.ok()
}

fn invalid(name: &str, error: &csv::Error) -> Error {
    Error::Data(format!("{name}: {error}: not a table that manyfit wrote"))
}

/// A field as a number; NaN where it is empty or none.
pub(crate) fn number(field: Option<&[u8]>) -> f64 {
    field.and_then(|field| fast_float2::parse(field).ok()).unwrap_or(f64::NAN)
}

/// A field as a time in milliseconds since the epoch; none where it is none.
pub(crate) fn time(field: Option<&[u8]>) -> Option<i64> {
    let text = std::str::from_utf8(field?).ok()?;
    let zoned = text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}
