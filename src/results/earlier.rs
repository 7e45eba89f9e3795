//! What an earlier run says of its results, and whether they are whole.

use super::checksum::Checksum;
use crate::{
    error::{Error, Result},
    store::reading,
    words::counted,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The manifest among the files that a summary lists.
pub(super) const MANIFEST: &str = "manifest.jsonl";

/// What is read of an earlier run's summary.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct EarlierSummary {
    customers: usize,
    fitted: usize,
    unchanged: usize,
    fallback: usize,
    failed: usize,
    pub(super) stopped: bool,
    pub(crate) seconds: f64,
    pub(crate) jobs: usize,
    pub(crate) stale: usize,
    pub(crate) interval_width: Option<f64>,
    /// By their names without the shard, such as `manifest.jsonl`.
    pub(crate) files: BTreeMap<String, Checksum>,
}

impl EarlierSummary {
    /// Reads a summary.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be read, [`Error::Data`] if it is none.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut text = Vec::new();
        crate::store::read_whole(path, 1 << 30, &mut text).map_err(|error| reading(path, error))?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::Data(format!("{}: {error}: not a summary", path.display())))
    }

    /// The customers that were not done when the run was stopped.
    pub(crate) const fn left(&self) -> usize {
        let done = self.fitted + self.unchanged + self.fallback + self.failed;
        if self.stopped { self.customers.saturating_sub(done) } else { 0 }
    }

    /// What is missing of the results besides this summary; `None` if they are whole. `file` finds a file by its name without
    /// the shard; of those that are not `wanted` nothing is said.
    ///
    /// # Errors
    /// [`Error::Storage`] if a file cannot be read.
    pub(crate) fn shortfall(
        &self,
        wanted: impl Fn(&str) -> bool,
        file: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Option<String>> {
        if self.stopped {
            let customers = counted(self.customers, "customer");
            return Ok(Some(format!("the run was stopped with {} of {customers} to go", self.left())));
        }
        if !self.files.contains_key(MANIFEST) {
            return Ok(Some(
                "the summary lists no manifest: it is of an earlier version, or of another command".into(),
            ));
        }
        for (name, checksum) in self.files.iter().filter(|(name, _)| wanted(name)) {
            match file(name) {
                None => return Ok(Some(format!("{name} is missing"))),
                Some(path) if Checksum::of_file(&path)? != *checksum => {
                    return Ok(Some(format!("{name} is not the one that the summary was written with")));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }
}

/// Notes on the folder of results that a folder of models is in: what the last run there left undone.
///
/// # Errors
/// [`Error::Storage`] if the folder cannot be listed.
pub(crate) fn notes_on(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| reading(folder, error))?,
    };
    let mut notes = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is = |stem: &str, end: &str| name.strip_suffix(end).is_some_and(|name| name.starts_with(stem));
        if is("manifest.partial", ".jsonl") {
            notes.push(format!("{}: a run was stopped or killed, or is still running", path.display()));
        }
        let Some(summary) = is("summary", ".json").then(|| EarlierSummary::read(&path)).and_then(Result::ok) else {
            continue;
        };
        if summary.stopped {
            let left = counted(summary.left(), "customer");
            notes.push(format!("{}: the run was stopped before {left} had a model", path.display()));
        }
        if summary.stale > 0 {
            let models = counted(summary.stale, "model");
            notes.push(format!("{}: {models} of customers that were gone or failed in the last run", path.display()));
        }
    }
    notes.sort();
    Ok(notes)
}
