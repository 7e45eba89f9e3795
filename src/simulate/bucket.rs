//! Uploaded artifacts, and their comparison with those of one process.

use std::{
    collections::BTreeMap,
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

/// Which of a host's new files the platform's agent uploaded before the host was gone.
pub(super) enum Uploaded<'a> {
    All,
    /// A random part.
    Some(&'a mut ChaCha8Rng),
}

fn objects(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let store = LocalStore::new(folder, Durability::ProcessDeath);
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

    /// Copies a host's new and changed files into the bucket, as the platform's agent does.
    pub(super) fn upload(&self, checkpoints: &Path, mut uploaded: Uploaded<'_>) -> Result<()> {
        let mut uploaded_before = Vec::new();
        for (key, bytes) in objects(checkpoints)? {
            if self.store.read(&key, &mut uploaded_before)? && uploaded_before == bytes {
                continue;
            }
            let arrives = match &mut uploaded {
                Uploaded::All => true,
                Uploaded::Some(rng) => rng.random_bool(0.6),
            };
            if arrives {
                self.store.publish(&key, &bytes)?;
            }
        }
        Ok(())
    }

    /// Copies every object, of whichever host, into a host's folder.
    pub(super) fn restore(&self, checkpoints: &Path) -> Result<()> {
        let host = LocalStore::new(checkpoints, Durability::ProcessDeath);
        let mut bytes = Vec::new();
        for entry in self.store.list()? {
            self.store.read(&entry.key, &mut bytes)?;
            host.publish(&entry.key, &bytes)?;
        }
        Ok(())
    }

    /// Checks that the artifacts are identical to those in a folder. Returns their number.
    pub(super) fn compare_with(&self, single: &Path) -> Result<usize> {
        let mut expected = objects(single)?;
        let number = expected.len();
        let mut differences = Vec::new();
        let mut bytes = Vec::new();
        for entry in self.store.list()? {
            self.store.read(&entry.key, &mut bytes)?;
            match expected.remove(&entry.key) {
                None => differences.push(format!("{} was made only by the hosts", entry.key)),
                Some(other) if other != bytes => differences.push(format!("{} differs", entry.key)),
                Some(_) => {}
            }
        }
        differences.extend(expected.into_keys().map(|key| format!("{key} is missing")));
        match &differences[..] {
            [] => Ok(number),
            [first, ..] => Err(Error::Bug(format!(
                "{} of {number} artifacts differ between the hosts and one process: {first}",
                differences.len()
            ))),
        }
    }
}
