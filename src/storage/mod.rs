//! Where bytes live: named objects in a place that can be listed, read and written.
//!
//! One trait, one contract: `tests/suite/store_contract.rs` is run on every implementation.

mod key;
mod local;

pub use local::{Durability, LocalStore};

use std::{
    io::{Cursor, Read},
    path::PathBuf,
};

use crate::error::Result;

/// An object that [`Store::list`] found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name: a relative path with `/` between its parts.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A place for objects.
///
/// - an object is whole or absent: a reader never sees half of one, whenever the writer dies;
/// - `publish` replaces;
/// - what `publish` accepts, `list` shows, and what `list` shows, `read` accepts;
/// - calls may come from many threads at once, and from several processes.
///
/// A key is a relative path: parts with `/` between them, none of them empty, `.` or `..`. Parts that start with `.` or
/// `_`, or end in `.sagemaker-uploading`, `.sagemaker-uploaded` or `.sagemaker-ignore`, belong to others (`_SUCCESS`,
/// `.DS_Store`, the upload agent's markers) or are unfinished writes: they are not listed and refused as keys.
pub trait Store: Send + Sync {
    /// All objects, sorted by the bytes of their keys; an absent place is an empty one.
    fn list(&self) -> Result<Vec<Entry>>;

    /// Puts the object's bytes into `buffer`, replacing what was there. `false`: there is no such object, and `buffer`
    /// is empty.
    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool>;

    /// The object's bytes from front to back, for objects larger than memory; `None`: there is no such object.
    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        let mut bytes = Vec::new();
        Ok(self.read(key, &mut bytes)?.then(|| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }

    /// The file that is the object, where it is one, for formats that are read out of order.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let _ = key;
        None
    }

    /// How the names begin of what this store would leave behind if its process were killed; `None`: it leaves nothing.
    fn unfinished(&self) -> Option<&str> {
        None
    }

    /// Removes what a store of this place has left behind; `unfinished` is what that one called [`Self::unfinished`]. Whoever
    /// calls this knows that it is no longer writing.
    fn sweep(&self, unfinished: &str) -> Result<()> {
        let _ = unfinished;
        Ok(())
    }

    /// Writes an object.
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()>;

    /// The object's full name, for messages.
    fn describe(&self, key: &str) -> String;
}
