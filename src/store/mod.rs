//! Where bytes live: named objects in a place that can be listed, read and written.
//!
//! One trait, one contract: `tests/suite/store_contract.rs` is run on every implementation.

mod key;
mod local;
mod location;
#[cfg(feature = "s3")]
mod s3;
mod selection;
mod staged;

#[cfg(feature = "s3")]
pub use s3::S3Store;
pub use {
    local::{Durability, LocalStore},
    location::{Location, S3Options},
    selection::Selection,
    staged::{StagedFile, write_file, writing},
};

use crate::error::{Error, Result};
use std::{
    collections::HashMap,
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::xxh3_128;

/// Whether a text is an object's name, as [`Store`] describes them.
#[must_use]
pub fn is_key(text: &str) -> bool {
    key::check(text).is_ok()
}

/// An object that [`Store::list`] found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name: a relative path with `/` between its parts.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What a store says of one version of an object: two versions with the same bytes may have different stamps, never the
/// other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The object's size in bytes.
    pub size: u64,
    /// The store's name for the version, such as S3's ETag.
    pub tag: String,
}

/// Who hears that an object is there, with its stamp where the store gives any, or why it is not.
pub type Done = Box<dyn FnOnce(Result<Option<Stamp>>) + Send>;

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

    /// What stands under a key, by a look at it; `None`: there is no such object. A store that knows nothing cheaper reads it.
    fn look(&self, key: &str) -> Result<Option<Stamp>> {
        let mut bytes = Vec::new();
        let stamp = |bytes: &[u8]| Stamp { size: bytes.len() as u64, tag: format!("{:032x}", xxh3_128(bytes)) };
        Ok(self.read(key, &mut bytes)?.then(|| stamp(&bytes)))
    }

    /// Writes an object.
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()>;

    /// The object's full name, for messages.
    fn describe(&self, key: &str) -> String;

    /// Announces objects that will be read, mostly in this order. A distant store fetches them ahead, as far as its memory
    /// goes; whatever was announced before and not read is forgotten.
    fn read_ahead(&self, upcoming: Vec<Entry>) {
        drop(upcoming);
    }

    /// Writes an object and may return before it is there: `done` is called once, on any thread, when it is there or has
    /// failed. Waits while too much is on its way.
    fn publish_behind(&self, key: &str, bytes: Vec<u8>, done: Done) {
        done(self.publish(key, &bytes).map(|()| None));
    }

    /// Writes the content of a file as an object.
    fn publish_file(&self, key: &str, path: &Path) -> Result<()> {
        let bytes =
            fs::read(path).map_err(|error| Error::storage(format_args!("reading {}", path.display()), error))?;
        self.publish(key, &bytes)
    }

    /// What stands here, where a look at each object costs a request and a list of all costs few. `None` where looking is
    /// cheap.
    fn survey(&self) -> Result<Option<HashMap<String, Stamp>>> {
        Ok(None)
    }
}
