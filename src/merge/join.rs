//! The results of all shards as those of one run.

use super::{files::find, manifest::merge_manifests, tables::merge_tables};
use crate::{
    error::{Error, Result},
    results::{ResultsDirectory, Summary},
    settings::MaxFailures,
    shard::Shard,
    store::{reading, writing},
    words::{counted, first_names},
};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The tables that are merged beside the manifest.
const TABLES: [&str; 2] = ["forecasts", "predictions"];

/// The merged results.
#[derive(Debug)]
pub struct Merged {
    /// The summary of all shards as of one run; its duration is that of the slowest shard.
    pub summary: Summary,
    /// Shards without a manifest, as `index/count`.
    pub missing_shards: Vec<String>,
    /// Expected customers that are in no manifest, sorted.
    pub missing_customers: Vec<String>,
    /// Customers that several shards have, sorted; a row with an artifact counts, otherwise the first shard's.
    pub repeated_customers: Vec<String>,
}

/// Merges the results in `folders`, which hold one shard each or several, into `output`.
///
/// `expected` are all customers of the run, if they are known.
///
/// # Errors
/// [`Error::Settings`] if there are no results, or results of runs with different numbers of shards; [`Error::Data`] for
/// an invalid manifest.
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

    let results = ResultsDirectory::new(output, Shard::ALL);
    results.create()?;
    let mut summary = Summary::default();
    let mut repeated_customers = Vec::new();
    let mut missing = expected.unwrap_or_default();
    let manifest = results.write("manifest", "jsonl", |file, path| {
        merge_manifests(manifests.values(), &mut repeated_customers, |row, line| {
            missing.remove(&row.customer);
            summary.add(row);
            writeln!(file, "{line}").map_err(|error| writing(path, error))
        })
    })?;
    summary.written.push(manifest);
    for table in TABLES {
        let parts: Vec<PathBuf> = find(folders, table, "csv")?.into_values().collect();
        if !parts.is_empty() {
            summary.written.push(results.write(table, "csv", |file, path| merge_tables(&parts, file, path))?);
        }
    }
    let missing_customers: Vec<String> = missing.into_iter().collect();
    if !missing_customers.is_empty() {
        summary.written.push(results.write("missing", "txt", |file, path| {
            let mut names = missing_customers.iter();
            names.try_for_each(|customer| writeln!(file, "{customer}")).map_err(|error| writing(path, error))
        })?);
    }
    summary.customers = summary.counts.finished() + missing_customers.len();
    let (seconds, jobs) = times(folders)?;
    summary.jobs = jobs;
    summary.close(seconds, max_failures, !missing_customers.is_empty() || !missing_shards.is_empty());
    summary.write(&results)?;
    Ok(Merged { summary, missing_shards, missing_customers, repeated_customers })
}

impl Merged {
    /// A line for each kind of problem.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.missing_shards.is_empty() {
            lines.push(format!("no manifest of the shards {}", self.missing_shards.join(", ")));
        }
        for (customers, what) in [
            (&self.missing_customers, "in no manifest"),
            (&self.repeated_customers, "in the manifests of several shards"),
        ] {
            if !customers.is_empty() {
                let number = customers.len();
                lines.push(format!(
                    "{} {what}: {}",
                    counted(number, "customer"),
                    first_names(customers.iter(), number)
                ));
            }
        }
        lines
    }
}

/// The duration in seconds of the slowest shard, and the threads of all.
fn times(folders: &[PathBuf]) -> Result<(f64, usize)> {
    let (mut seconds, mut jobs) = (0.0_f64, 0);
    for path in find(folders, "summary", "json")?.into_values() {
        let text = fs::read(&path).map_err(|error| reading(&path, error))?;
        // Informational only: what a summary lacks counts as zero.
        let summary: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        seconds = seconds.max(summary["seconds"].as_f64().unwrap_or_default());
        jobs += summary["jobs"].as_u64().unwrap_or_default() as usize;
    }
    Ok((seconds, jobs))
}
