//! Where bytes live: named objects in a place that can be listed, read and written.
//!
//! One trait, one contract: `tests/suite/store_contract.rs` is run on every implementation.

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
/// - calls may come from many threads at once.
pub trait Store: Send + Sync {
    /// All objects, sorted by key; an absent place is an empty one. Markers and unfinished writes are not listed.
    fn list(&self) -> Result<Vec<Entry>>;

    /// Puts the object's bytes into `buffer`, replacing what was there. `false`: there is no such object.
    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool>;

    /// Writes an object.
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()>;

    /// The object's full name, for messages.
    fn describe(&self, key: &str) -> String;
}
