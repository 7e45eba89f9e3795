//! The files that a thread writes, one after another.

use crate::{error::Result, store::Store};

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Number of files.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
}

/// The file that a thread is about to write, and what it has written.
pub(super) struct Output<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) text: Vec<u8>,
    pub(super) written: Written,
}

impl Output<'_> {
    /// Writes the text to a file of this name, and starts the next one.
    pub(super) fn publish(&mut self, name: &str) -> Result<()> {
        self.store.publish(name, &self.text)?;
        self.written.files += 1;
        self.written.bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }
}
