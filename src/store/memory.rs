//! Objects in memory, for results that the caller keeps.

use super::{
    interface::{Entry, Store},
    key::check,
};
use crate::error::Result;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A place in memory. Copies of it are the same place.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<BTreeMap<String, Arc<[u8]>>>>);

impl MemoryStore {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Arc<[u8]>>> {
        // No panic leaves the map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Store for MemoryStore {
    fn list(&self) -> Result<Vec<Entry>> {
        let objects = self.objects();
        Ok(objects.iter().map(|(key, bytes)| Entry { key: key.clone(), size: bytes.len() as u64 }).collect())
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        check(key)?;
        let found = self.objects().get(key).cloned();
        buffer.extend_from_slice(found.as_deref().unwrap_or_default());
        Ok(found.is_some())
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        check(key)?;
        self.objects().insert(key.to_owned(), bytes.into());
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<()> {
        check(key)?;
        self.objects().remove(key);
        Ok(())
    }

    fn describe(&self, key: &str) -> String {
        key.to_owned()
    }
}
