//! The results of all shards as those of one run.

use super::{
    files::find,
    manifest::merge_manifests,
    shards::{Shards, TABLES},
    tables::merge_tables,
};
use crate::{
    error::{Error, Result},
    report::write_report,
    results::{ResultsDirectory, Summary},
    settings::MaxFailures,
    shard::Shard,
    store::writing,
    words::{counted, first_names, listed},
};
use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

/// The merged results.
#[derive(Debug)]
pub struct Merged {
    /// The summary of all shards as of one run; its duration is that of the slowest shard.
    pub summary: Summary,
    /// Shards without a manifest, as `index/count`.
    pub missing_shards: Vec<String>,
    /// Shards whose results are not whole, with the reason.
    pub incomplete_shards: Vec<String>,
    /// Expected customers that are in no manifest, sorted.
    pub missing_customers: Vec<String>,
    /// Customers that several shards have, sorted; a row with an artifact counts, otherwise the first shard's.
    pub repeated_customers: Vec<String>,
    /// Whether complete results of an earlier merge were left in place of these, which are not complete.
    pub kept_earlier: bool,
}

/// Merges the results in `folders`, which hold one shard each or several, into `output`.
///
/// `expected` are all customers of the run, if they are known; `with_report` asks for a report beside the results.
///
/// # Errors
/// [`Error::Settings`] if there are no results, or results of runs with different numbers of shards; [`Error::Data`] for
/// an invalid manifest.
pub fn merge(
    folders: &[PathBuf],
    output: &Path,
    expected: Option<BTreeSet<String>>,
    max_failures: MaxFailures,
    with_report: bool,
) -> Result<Merged> {
    let manifests = find(folders, "manifest", "jsonl")?;
    let Some(&(_, count)) = manifests.keys().next() else {
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let folders = folders.join(", ");
        return Err(Error::Settings(format!("no manifest-I-of-N.jsonl and no manifest.jsonl in {folders}")));
    };
    if let Some((_, other)) = manifests.keys().find(|(_, other)| *other != count) {
        return Err(Error::Settings(format!(
            "there are manifests of {} and of {other}: name the folders of one run",
            counted(count as usize, "shard")
        )));
    }
    let missing_shards: Vec<String> =
        (0..count).filter(|index| !manifests.contains_key(&(*index, count))).map(|i| format!("{i}/{count}")).collect();

    let shards = Shards::read(folders, count)?;
    let incomplete_shards = shards.incomplete(&manifests)?;
    let results = ResultsDirectory::new(output, Shard::ALL);
    let _lock = results.lock(None)?;
    let mut files = Vec::new();
    for table in TABLES {
        let parts: Vec<PathBuf> = find(folders, table, "csv")?.into_values().collect();
        if !parts.is_empty() {
            files.push(results.stage(table, "csv", |file, path| merge_tables(&parts, file, path))?);
        }
    }
    let mut summary = Summary::default();
    let mut repeated_customers = Vec::new();
    let mut missing = expected.unwrap_or_default();
    files.push(results.stage("manifest", "jsonl", |file, path| {
        merge_manifests(manifests.values(), &mut repeated_customers, |row, line| {
            missing.remove(&row.customer);
            summary.add(row);
            writeln!(file, "{line}").map_err(|error| writing(path, error))
        })
    })?);
    let missing_customers: Vec<String> = missing.into_iter().collect();
    if !missing_customers.is_empty() {
        files.push(results.stage("missing", "txt", |file, path| {
            let mut names = missing_customers.iter();
            names.try_for_each(|customer| writeln!(file, "{customer}")).map_err(|error| writing(path, error))
        })?);
    }
    summary.customers = summary.counts.finished() + missing_customers.len().max(shards.left());
    summary.jobs = shards.jobs();
    summary.interval_width = shards.interval_width();
    summary.close(shards.seconds(), max_failures, false);
    let mut merged = Merged {
        summary,
        missing_shards,
        incomplete_shards,
        missing_customers,
        repeated_customers,
        kept_earlier: false,
    };
    merged.summary.stopped = !merged.is_complete();
    if merged.missing_customers.is_empty() {
        // The list of an earlier merge, which its summary does not name where it kept the results before it.
        results.remove(("missing", "txt"))?;
    }
    if merged.is_complete() || !results.are_whole() {
        results.publish(files, &mut merged.summary)?;
        if with_report {
            merged.summary.written.push(write_report(&results.local(), &results)?);
        }
    } else {
        // Only the list of what is missing: nothing complete is replaced by something partial.
        let missing = files.pop().filter(|_| !merged.missing_customers.is_empty());
        merged.summary.written = missing.map(|file| results.put(file)).transpose()?.into_iter().collect();
        merged.kept_earlier = true;
    }
    Ok(merged)
}

impl Merged {
    /// Whether nothing is known to be missing.
    pub(crate) const fn is_complete(&self) -> bool {
        self.missing_shards.is_empty() && self.incomplete_shards.is_empty() && self.missing_customers.is_empty()
    }

    /// What is missing, in a few words.
    pub(crate) fn lacks(&self) -> String {
        let parts = [
            (&self.incomplete_shards, "incomplete shard"),
            (&self.missing_shards, "missing shard"),
            (&self.missing_customers, "missing customer"),
        ];
        let parts = parts.iter().filter(|(names, _)| !names.is_empty());
        listed(&parts.map(|(names, what)| counted(names.len(), what)).collect::<Vec<_>>(), "and")
    }

    /// A line for each kind of problem.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.missing_shards.is_empty() {
            lines.push(format!("no manifest of the shards {}", self.missing_shards.join(", ")));
        }
        lines.extend(self.incomplete_shards.iter().map(|shard| format!("incomplete: shard {shard}")));
        if self.kept_earlier {
            lines.push("the complete results of an earlier merge stay as they are".into());
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
