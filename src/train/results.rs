//! Where a run's tables go, and what they are called.

use super::outcome::Outcome;
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::Store,
};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Time between two copies of the rows so far in a distant place: so much work of a run that is killed is looked at again.
const CHECKPOINT: Duration = Duration::from_mins(1);

/// A directory for the manifest, the forecasts and the summary.
///
/// Shards may share one: with more than one shard their names carry its number (`manifest-0-of-3.jsonl`).
#[derive(Clone)]
pub struct ResultsDirectory {
    path: PathBuf,
    part: String,
    /// Where the tables go from the directory.
    distant: Option<Arc<dyn Store>>,
}

impl ResultsDirectory {
    /// The results of one part of a fleet.
    pub fn new(path: impl Into<PathBuf>, index: u64, count: u64) -> Self {
        let part = if count > 1 { format!("-{index}-of-{count}") } else { String::new() };
        Self { path: path.into(), part, distant: None }
    }

    /// The results of a shard.
    pub fn of_shard(path: impl Into<PathBuf>, shard: Shard) -> Self {
        Self::new(path, shard.index(), shard.count())
    }

    /// These results as a draft: each table is made in the directory and copied to `store` when it is whole.
    #[must_use]
    pub fn copied_to(self, store: Arc<dyn Store>) -> Self {
        Self { distant: Some(store), ..self }
    }

    /// Creates the directory, and writes to the distant place, before hours of work are done for it.
    pub(super) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.path)
            .map_err(|error| Error::storage(format_args!("creating the directory {}", self.path.display()), error))?;
        match &self.distant {
            // What a killed run left stays, until there is more.
            Some(store) => {
                let mut left = Vec::new();
                store.read(&self.name("checkpoint", "jsonl"), &mut left)?;
                store.publish(&self.name("checkpoint", "jsonl"), &left)
            }
            None => Ok(()),
        }
    }

    fn name(&self, name: &str, extension: &str) -> String {
        format!("{name}{}.{extension}", self.part)
    }

    /// The path of a table, such as `manifest` with `jsonl`.
    #[must_use]
    pub fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.path.join(self.name(name, extension))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The full name that a table of the directory has in the end.
    pub(super) fn final_name(&self, path: &Path) -> String {
        match (&self.distant, path.file_name().and_then(|name| name.to_str())) {
            (Some(store), Some(name)) => store.describe(name),
            _ => path.display().to_string(),
        }
    }

    /// Brings a table that is whole to where it goes; its full name there.
    pub(super) fn deliver(&self, path: &Path) -> Result<String> {
        if let (Some(store), Some(name)) = (&self.distant, path.file_name().and_then(|name| name.to_str())) {
            store.publish_file(name, path)?;
        }
        Ok(self.final_name(path))
    }

    /// The rows that earlier runs left in the distant place, as far as `wanted`, the latest last; none for a directory.
    pub(super) fn earlier_rows(&self, wanted: impl Fn(&Outcome) -> bool) -> Result<Vec<Outcome>> {
        let Some(store) = &self.distant else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        let mut text = Vec::new();
        for name in ["manifest", "checkpoint"] {
            store.read(&self.name(name, "jsonl"), &mut text)?;
            // A row that is not understood is another version's, or cut off: its artifact is looked at.
            let understood = text.split(|byte| *byte == b'\n').filter_map(|row| serde_json::from_slice(row).ok());
            rows.extend(understood.filter(&wanted));
        }
        Ok(rows)
    }
}

/// Copies of the rows so far in the distant place, for the run that follows if this one is killed.
pub(super) struct Checkpoints {
    results: ResultsDirectory,
    last: Instant,
    copying: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn new(results: &ResultsDirectory) -> Self {
        Self { results: results.clone(), last: Instant::now(), copying: None }
    }

    /// Copies the file of rows now and then, one copy at a time and without waiting: one that fails costs nothing but the
    /// work it would have saved.
    pub(super) fn copy(&mut self, rows: &Path) {
        let is_busy = self.copying.as_ref().is_some_and(|copying| !copying.is_finished());
        let Some(store) = self.results.distant.clone() else { return };
        if is_busy || self.last.elapsed() < CHECKPOINT {
            return;
        }
        self.last = Instant::now();
        let (name, rows) = (self.results.name("checkpoint", "jsonl"), rows.to_owned());
        let copy = move || drop(store.publish_file(&name, &rows));
        self.copying = thread::Builder::new().name("checkpoint".into()).spawn(copy).ok();
    }

    fn wait(&mut self) {
        if let Some(copying) = self.copying.take() {
            drop(copying.join());
        }
    }

    /// Waits for the last copy, and empties it: there is a manifest now.
    pub(super) fn end(mut self) {
        self.wait();
        if let Some(store) = &self.results.distant {
            drop(store.publish(&self.results.name("checkpoint", "jsonl"), b""));
        }
    }
}

impl Drop for Checkpoints {
    /// A process that ended in the middle of an upload would leave its parts in the bucket.
    fn drop(&mut self) {
        self.wait();
    }
}

impl fmt::Debug for ResultsDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResultsDirectory").field(&self.final_name(&self.file("manifest", "jsonl"))).finish()
    }
}
