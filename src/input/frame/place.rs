//! What stands for the store that the rows of a table in memory would be in.

use crate::{
    error::{Error, Result},
    store::{Entry, Store},
};
use std::io::ErrorKind;

/// A place without objects, which names the customers of a table in memory in errors.
#[derive(Debug)]
pub struct FramePlace;

/// What errors call a table in memory.
pub(crate) const FRAME: &str = "the table";

impl Store for FramePlace {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    fn read(&self, _: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        Ok(false)
    }

    fn publish(&self, key: &str, _: &[u8]) -> Result<()> {
        Err(Error::storage(format_args!("cannot write {}", self.describe(key)), ErrorKind::Unsupported.into()))
    }

    fn describe(&self, _: &str) -> String {
        FRAME.into()
    }
}
