//! The results of all shards made one: manifest, tables and summary.
//!
//! Every shard's tables are sorted by customer, so they are merged a row at a time, whatever their size.

use super::{
    outcome::{Outcome, Status},
    results::ResultsDirectory,
    summary::Summary,
};
use crate::{
    error::{Error, Result},
    settings::MaxFailures,
    store::{write_file, writing},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufRead, BufReader, Lines, Write},
    path::{Path, PathBuf},
};

/// Customers that are named; the lists in `missing.txt` are whole.
const NAMED: usize = 20;

/// Tables that are merged beside the manifest.
const TABLES: [&str; 2] = ["forecasts", "predictions"];

/// What became of the shards' results.
#[derive(Debug)]
pub struct Merged {
    /// All customers, as one run would count them; seconds are those of the slowest shard.
    pub summary: Summary,
    /// Shards that left no manifest, as `index/count`.
    pub missing_shards: Vec<String>,
    /// Customers that were expected and are in no manifest, sorted.
    pub missing_customers: Vec<String>,
    /// Customers that several shards have, sorted; the row with an artifact counts, or else the first shard's.
    pub repeated_customers: Vec<String>,
}

/// A manifest of one shard, as far as it is read.
struct Rows {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    number: usize,
    next: Option<(Outcome, String)>,
}

impl Rows {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| reading(path, error))?;
        let mut rows = Self { path: path.into(), lines: BufReader::new(file).lines(), number: 0, next: None };
        rows.advance()?;
        Ok(rows)
    }

    /// Reads the next row; hands out the one before.
    fn advance(&mut self) -> Result<Option<(Outcome, String)>> {
        let next = match self.lines.next().transpose().map_err(|error| reading(&self.path, error))? {
            None => None,
            Some(line) => {
                self.number += 1;
                let row: Outcome = serde_json::from_str(&line).map_err(|error| {
                    let (path, number) = (self.path.display(), self.number);
                    Error::Data(format!("{path}: line {number}: {error}: it is no row of a manifest of this version"))
                })?;
                if self.next.as_ref().is_some_and(|(before, _)| before.customer >= row.customer) {
                    let (path, number) = (self.path.display(), self.number);
                    return Err(Error::Data(format!(
                        "{path}: line {number}: customer {:?} is out of order: this is no finished manifest",
                        row.customer
                    )));
                }
                Some((row, line))
            }
        };
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// Merges the results in `folders`, which hold one shard each or several, into `output`.
///
/// `expected` are the customers that there should be, where they are known.
///
/// # Errors
/// [`Error::Settings`] where there are no results, or those of runs with different numbers of shards; [`Error::Data`] for a
/// manifest that cannot be read.
pub fn merge(
    folders: &[PathBuf],
    output: &Path,
    expected: Option<BTreeSet<String>>,
    max_failures: MaxFailures,
) -> Result<Merged> {
    let manifests = find(folders, "manifest", "jsonl")?;
    let Some(&(_, count)) = manifests.keys().next() else {
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let folders = folders.join(", ");
        return Err(Error::Settings(format!("no manifest-I-of-N.jsonl and no manifest.jsonl in {folders}")));
    };
    if let Some((_, other)) = manifests.keys().find(|(_, other)| *other != count) {
        return Err(Error::Settings(format!(
            "there are manifests of {count} shards and of {other}: name the folders of one run"
        )));
    }
    let missing_shards: Vec<String> =
        (0..count).filter(|index| !manifests.contains_key(&(*index, count))).map(|i| format!("{i}/{count}")).collect();

    let results = ResultsDirectory::new(output, 0, 1);
    results.create()?;
    let mut shards = manifests.values().map(|path| Rows::open(path)).collect::<Result<Vec<_>>>()?;
    let mut summary = Summary::new(0, 0);
    let mut repeated_customers = Vec::new();
    let mut missing = expected.unwrap_or_default();
    let path = results.file("manifest", "jsonl");
    write_file(&path, |file| {
        while let Some((row, line)) = next_customer(&mut shards, &mut repeated_customers)? {
            writeln!(file, "{line}").map_err(|error| writing(&path, error))?;
            missing.remove(&row.customer);
            summary.add(&row);
        }
        Ok(())
    })?;
    summary.written.push(results.deliver(&path)?);
    for table in TABLES {
        let parts: Vec<PathBuf> = find(folders, table, "csv")?.into_values().collect();
        if !parts.is_empty() {
            let path = results.file(table, "csv");
            merge_tables(&parts, &path)?;
            summary.written.push(results.deliver(&path)?);
        }
    }
    let missing_customers: Vec<String> = missing.into_iter().collect();
    if !missing_customers.is_empty() {
        let path = results.file("missing", "txt");
        write_file(&path, |file| {
            missing_customers
                .iter()
                .try_for_each(|customer| writeln!(file, "{customer}"))
                .map_err(|e| writing(&path, e))
        })?;
        summary.written.push(results.deliver(&path)?);
    }
    summary.customers = summary.counts.finished() + missing_customers.len();
    let (seconds, jobs) = times(folders)?;
    summary.jobs = jobs;
    summary.close(seconds, max_failures, !missing_customers.is_empty() || !missing_shards.is_empty());
    let path = results.file("summary", "json");
    summary.written.push(results.final_name(&path));
    write_file(&path, |file| {
        serde_json::to_writer_pretty(&mut *file, &summary).map_err(|error| Error::Bug(error.to_string()))?;
        writeln!(file).map_err(|error| writing(&path, error))
    })?;
    Ok(Merged { summary, missing_shards, missing_customers, repeated_customers })
}

impl Merged {
    /// What is missing, for people; empty where nothing is.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.missing_shards.is_empty() {
            lines.push(format!("no manifest of the shards {}", self.missing_shards.join(", ")));
        }
        for (customers, what) in [
            (&self.missing_customers, "in no manifest"),
            (&self.repeated_customers, "in the manifests of several shards"),
        ] {
            if !customers.is_empty() {
                let more = customers.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named: Vec<&str> = customers.iter().take(NAMED).map(String::as_str).collect();
                lines.push(format!("{} customers {what}: {}{more}", customers.len(), named.join(", ")));
            }
        }
        lines
    }
}

/// The row of the first customer by name that is left in any shard.
fn next_customer(shards: &mut [Rows], repeated: &mut Vec<String>) -> Result<Option<(Outcome, String)>> {
    let least = shards.iter().filter_map(|rows| rows.next.as_ref()).map(|(row, _)| &row.customer).min();
    let Some(customer) = least.cloned() else { return Ok(None) };
    let mut chosen: Option<(Outcome, String)> = None;
    for rows in shards {
        if rows.next.as_ref().is_none_or(|(row, _)| row.customer != customer) {
            continue;
        }
        let Some(row) = rows.advance()? else { continue };
        match &chosen {
            None => chosen = Some(row),
            Some((before, _)) => {
                if repeated.last() != Some(&customer) {
                    repeated.push(customer.clone());
                }
                if before.status == Status::Failed && row.0.status != Status::Failed {
                    chosen = Some(row);
                }
            }
        }
    }
    Ok(chosen)
}

/// The results of a name in the folders, by shard and number of shards.
fn find(folders: &[PathBuf], name: &str, extension: &str) -> Result<BTreeMap<(u64, u64), PathBuf>> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let entries = fs::read_dir(folder).map_err(|error| reading(folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| reading(folder, error))?.path();
            let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
            let Some(part) = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(&format!(".{extension}")))
            else {
                continue;
            };
            let shard = if part.is_empty() { Some((0, 1)) } else { shard_of(part) };
            let Some(shard) = shard else { continue };
            if let Some(other) = found.insert(shard, path.clone()) {
                let (path, other): (_, PathBuf) = (path.display(), other);
                return Err(Error::Settings(format!("{} and {path} are of the same shard: keep one", other.display())));
            }
        }
    }
    Ok(found)
}

/// `-0-of-3` as 0 of 3.
fn shard_of(part: &str) -> Option<(u64, u64)> {
    let (index, count) = part.strip_prefix('-')?.split_once("-of-")?;
    Some((index.parse().ok()?, count.parse().ok()?))
}

/// Merges tables whose first column is the customer, sorted. Of a customer in several, the first table's rows count.
fn merge_tables(parts: &[PathBuf], path: &Path) -> Result<()> {
    let into_storage = |error: ::csv::Error| writing(path, error.into());
    let mut readers = Vec::with_capacity(parts.len());
    for part in parts {
        let mut reader = ::csv::Reader::from_path(part).map_err(|error| reading(part, error.into()))?;
        let header = reader.byte_headers().map_err(into_storage)?.clone();
        let mut next = ::csv::ByteRecord::new();
        let more = reader.read_byte_record(&mut next).map_err(into_storage)?;
        readers.push((reader, header, next, more));
    }
    write_file(path, |file| {
        let mut table = ::csv::Writer::from_writer(file);
        if let Some((_, header, ..)) = readers.first() {
            table.write_byte_record(header).map_err(into_storage)?;
            if let Some(at) = readers.iter().position(|(_, other, ..)| other != header) {
                return Err(Error::Data(format!(
                    "{} has other columns than {}",
                    parts[at].display(),
                    parts[0].display()
                )));
            }
        }
        loop {
            let left = readers.iter().filter(|(.., more)| *more);
            let Some(customer) = left.map(|(_, _, next, _)| &next[0]).min().map(<[u8]>::to_vec) else { break };
            let mut written = false;
            for (reader, _, next, more) in &mut readers {
                let is_first = !written;
                while *more && next[0] == customer[..] {
                    if is_first {
                        table.write_byte_record(next).map_err(into_storage)?;
                        written = true;
                    }
                    *more = reader.read_byte_record(next).map_err(into_storage)?;
                }
            }
        }
        table.flush().map_err(|error| writing(path, error))
    })
}

/// Seconds of the slowest shard, and the threads of all.
fn times(folders: &[PathBuf]) -> Result<(f64, usize)> {
    let (mut seconds, mut jobs) = (0.0_f64, 0);
    for path in find(folders, "summary", "json")?.into_values() {
        let text = fs::read(&path).map_err(|error| reading(&path, error))?;
        // Only for people: what a summary does not say is left out.
        let summary: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        seconds = seconds.max(summary["seconds"].as_f64().unwrap_or_default());
        jobs += summary["jobs"].as_u64().unwrap_or_default() as usize;
    }
    Ok((seconds, jobs))
}

fn reading(path: &Path, error: std::io::Error) -> Error {
    Error::storage(format_args!("reading {}", path.display()), error)
}
