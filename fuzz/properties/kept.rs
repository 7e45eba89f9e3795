//! Objects in memory, as a store.

use std::collections::BTreeMap;

use manyfit::{
    error::Result,
    store::{Entry, Store},
};

/// Objects by key.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<String, Vec<u8>>);

impl Kept {
    /// A single object.
    pub(super) fn one(key: &str, bytes: &[u8]) -> Self {
        Self(BTreeMap::from([(key.to_owned(), bytes.to_vec())]))
    }
}

impl Store for Kept {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(self.0.iter().map(|(key, bytes)| Entry { key: key.clone(), size: bytes.len() as u64 }).collect())
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        let object = self.0.get(key);
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
