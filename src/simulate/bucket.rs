//! Uploaded artifacts, and their comparison with those of one process.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    error::{Error, Result},
    store::{Durability, LocalStore, Store},
};

/// The S3 prefix of the job's checkpoints, as a folder.
pub(super) struct Bucket {
    store: LocalStore,
}

fn objects(store: &LocalStore) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut objects = BTreeMap::new();
    for entry in store.list()? {
        let mut bytes = Vec::new();
        store.read(&entry.key, &mut bytes)?;
        objects.insert(entry.key, bytes);
    }
    Ok(objects)
}

impl Bucket {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { store: LocalStore::new(folder, Durability::ProcessDeath) }
    }

    /// Copies a host's new and changed files into the bucket, as the platform's agent does: all, or a random part of them where
    /// the host is gone before the agent is done.
    pub(super) fn upload(&self, checkpoints: &Path, mut part: Option<&mut ChaCha8Rng>) -> Result<()> {
        let mut uploaded_before = Vec::new();
        for (key, bytes) in objects(&LocalStore::new(checkpoints, Durability::ProcessDeath))? {
            if self.store.read(&key, &mut uploaded_before)? && uploaded_before == bytes {
                continue;
            }
            if part.as_mut().is_none_or(|rng| rng.random_bool(0.6)) {
                self.store.publish(&key, &bytes)?;
            }
        }
        Ok(())
    }

    /// Copies every object, of whichever host, into a host's folder.
    pub(super) fn restore(&self, checkpoints: &Path) -> Result<()> {
        let host = LocalStore::new(checkpoints, Durability::ProcessDeath);
        objects(&self.store)?.iter().try_for_each(|(key, bytes)| host.publish(key, bytes))
    }

    /// Checks that the artifacts are identical to those in a folder. Returns their number.
    pub(super) fn compare_with(&self, single: &Path) -> Result<usize> {
        let (expected, found) = (objects(&LocalStore::new(single, Durability::ProcessDeath))?, objects(&self.store)?);
        let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        let difference = |key: &String| match (expected.get(key), found.get(key)) {
            (None, _) => Some(format!("{key} was made only by the hosts")),
            (_, None) => Some(format!("{key} is missing")),
            (expected, found) => (expected != found).then(|| format!("{key} differs")),
        };
        let differences: Vec<String> = keys.into_iter().filter_map(difference).collect();
        let Some(first) = differences.first() else { return Ok(expected.len()) };
        Err(Error::Bug(format!(
            "{} of {} artifacts differ between the hosts and one process: {first}",
            differences.len(),
            expected.len()
        )))
    }
}
