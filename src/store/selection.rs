//! A store that shows some objects of another.

use super::interface::{Entry, Stamp, Store};
use crate::error::Result;
use std::{collections::HashMap, io::Read, path::PathBuf};

/// Some objects of another store, for reading.
#[derive(Debug)]
pub struct Selection<'a> {
    whole: &'a dyn Store,
    shown: Vec<Entry>,
}

impl<'a> Selection<'a> {
    /// The objects `shown` of `whole`.
    #[must_use]
    pub fn new(whole: &'a dyn Store, mut shown: Vec<Entry>) -> Self {
        shown.sort();
        Self { whole, shown }
    }
}

impl Store for Selection<'_> {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(self.shown.clone())
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        self.whole.read(key, buffer)
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        self.whole.open(key)
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        self.whole.file(key)
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        self.whole.publish(key, bytes)
    }

    fn remove(&self, key: &str) -> Result<()> {
        self.whole.remove(key)
    }

    fn survey(&self) -> Result<Option<HashMap<String, Stamp>>> {
        let mut stamps = self.whole.survey()?;
        if let Some(stamps) = &mut stamps {
            stamps.retain(|key, _| self.shown.binary_search_by(|entry| entry.key.cmp(key)).is_ok());
        }
        Ok(stamps)
    }

    fn look(&self, key: &str) -> Result<Option<Stamp>> {
        self.whole.look(key)
    }

    fn read_ahead(&self, upcoming: Vec<Entry>) {
        self.whole.read_ahead(upcoming);
    }

    fn describe(&self, key: &str) -> String {
        self.whole.describe(key)
    }
}
