//! Where a run's tables go, and what they are called.

use crate::{
    error::{Error, Result},
    input::Shard,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A directory for the manifest, the forecasts and the summary.
///
/// Shards may share one: with more than one shard their names carry its number (`manifest-0-of-3.jsonl`).
#[derive(Clone, Debug)]
pub struct ResultsDirectory {
    path: PathBuf,
    part: String,
}

impl ResultsDirectory {
    /// The results of one part of a fleet.
    pub fn new(path: impl Into<PathBuf>, index: u64, count: u64) -> Self {
        let part = if count > 1 { format!("-{index}-of-{count}") } else { String::new() };
        Self { path: path.into(), part }
    }

    /// The results of a shard.
    pub fn of_shard(path: impl Into<PathBuf>, shard: Shard) -> Self {
        Self::new(path, shard.index(), shard.count())
    }

    /// Creates the directory, before hours of work are done for it.
    pub(super) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.path)
            .map_err(|error| Error::storage(format_args!("creating the directory {}", self.path.display()), error))
    }

    /// The path of a table, such as `manifest` with `jsonl`.
    #[must_use]
    pub fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.path.join(format!("{name}{}.{extension}", self.part))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
