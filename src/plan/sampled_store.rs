//! A store that shows some of its objects.

use crate::{
    error::Result,
    storage::{Entry, Store},
};
use std::{io::Read, path::PathBuf};

/// Objects of another store, for reading.
pub struct SampledStore<'a> {
    whole: &'a dyn Store,
    shown: Vec<Entry>,
}

impl<'a> SampledStore<'a> {
    /// The objects of `whole` that are to be seen.
    #[must_use]
    pub fn new(whole: &'a dyn Store, mut shown: Vec<Entry>) -> Self {
        shown.sort();
        Self { whole, shown }
    }
}

impl Store for SampledStore<'_> {
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

    fn describe(&self, key: &str) -> String {
        self.whole.describe(key)
    }
}
