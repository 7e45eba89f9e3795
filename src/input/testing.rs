//! An in-memory store for unit tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    error::Result,
    store::{Entry, Store},
};

/// Objects by key, and how often each was read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    objects: BTreeMap<String, Vec<u8>>,
    reads: Mutex<BTreeMap<String, usize>>,
}

impl Memory {
    pub(super) fn with<K: Into<String>, B: Into<Vec<u8>>>(objects: impl IntoIterator<Item = (K, B)>) -> Self {
        let objects = objects.into_iter().map(|(key, bytes)| (key.into(), bytes.into())).collect();
        Self { objects, reads: Mutex::default() }
    }

    /// How often each object was read, by key.
    pub(super) fn reads(&self) -> BTreeMap<String, usize> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store for Memory {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(self.objects.iter().map(|(key, bytes)| Entry { key: key.clone(), size: bytes.len() as u64 }).collect())
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_default() += 1;
        buffer.clear();
        let object = self.objects.get(key);
        buffer.extend_from_slice(object.map_or(&[], Vec::as_slice));
        Ok(object.is_some())
    }

    fn publish(&self, _: &str, _: &[u8]) -> Result<()> {
        unreachable!("input is only read")
    }

    fn describe(&self, key: &str) -> String {
        format!("in/{key}")
    }
}
