//! The interface of a store, and its contract.

use super::file_error::{reading, too_large};
use crate::error::{Error, Result};
use std::{
    collections::HashMap,
    fmt, fs,
    io::{Cursor, ErrorKind, Read},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::xxh3_128;

/// An object that [`Store::list`] found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name: a relative path with `/` as separator.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Something in a place that is not an object, though it may have been meant as one: its name is not UTF-8, it is a pipe or a
/// link to nothing, or a folder that cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlisted {
    /// Its name as a key would be; what is not UTF-8 in it is replaced.
    pub name: String,
    /// Why it is not listed.
    pub reason: String,
    /// Whether it is a folder, in which there may be objects.
    pub is_folder: bool,
}

/// Identifies a version of an object: different bytes have different stamps, while equal bytes may have different ones, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The object's size in bytes.
    pub size: u64,
    /// The store's identifier of the version, such as S3's ETag.
    pub tag: String,
}

/// Called when an object is written, with its stamp if the store has one, or when writing has failed.
pub type Done = Box<dyn FnOnce(Result<Option<Stamp>>) + Send>;

/// The right to be the only writer of something in a bucket, until it is dropped.
pub trait Lease: Send {
    /// Whether another run has it, too, so that this one must stop.
    fn is_lost(&self) -> bool;
}

/// A place for objects.
///
/// - an object is complete or absent, even if its writer dies at any moment;
/// - `publish` replaces;
/// - what `publish` accepts, `list` shows, and what `list` shows, `read` accepts;
/// - calls may come from many threads at once, and from several processes.
///
/// A key is a relative path: parts separated by `/`, none of them empty, `.` or `..`. Parts that start with `.` or `_`, or
/// end in `.sagemaker-uploading`, `.sagemaker-uploaded` or `.sagemaker-ignore`, belong to other programs (`_SUCCESS`,
/// `.DS_Store`, the upload agent's markers) or are unfinished writes: they are not listed, and rejected as keys. In a bucket,
/// keys of other programs with empty parts (`a//b`) are listed and read, but not written.
pub trait Store: fmt::Debug + Send + Sync {
    /// All objects, sorted by the bytes of their keys; none if the place does not exist.
    fn list(&self) -> Result<Vec<Entry>>;

    /// The same, and what is not listed though it may have been meant as an object, sorted by name.
    fn list_all(&self) -> Result<(Vec<Entry>, Vec<Unlisted>)> {
        Ok((self.list()?, Vec::new()))
    }

    /// Replaces the content of `buffer` with the object's bytes. Returns `false`, with `buffer` empty, if there is no such
    /// object.
    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool>;

    /// As [`Self::read`], for an object of at most `limit` bytes.
    ///
    /// # Errors
    /// Also if it has more; nothing is read then, if the store knows its size.
    fn read_within(&self, key: &str, limit: u64, buffer: &mut Vec<u8>) -> Result<bool> {
        let found = self.read(key, buffer)?;
        if buffer.len() as u64 > limit {
            let size = buffer.len();
            *buffer = Vec::new();
            return Err(too_large(&self.describe(key), size as u64, limit));
        }
        Ok(found)
    }

    /// A reader of the object's bytes, for objects larger than memory; `None` if there is no such object.
    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        let mut bytes = Vec::new();
        Ok(self.read(key, &mut bytes)?.then(|| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }

    /// The path of the object's file if it has one, for formats that need random access.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let _ = key;
        None
    }

    /// Removes the temporary files of another process in this place, by how their names begin. The caller must know that the
    /// other process no longer writes: see [`WriterLock::sweep`](super::WriterLock::sweep).
    fn sweep(&self, writer: &str) -> Result<()> {
        let _ = writer;
        Ok(())
    }

    /// Makes this process the only one that writes the results whose names have this suffix, if others ask for the same; with
    /// an empty suffix, all results. `None` if the place has locks of its own: see
    /// [`WriterLock::of_folder`](super::WriterLock::of_folder).
    ///
    /// # Errors
    /// [`Error::Settings`] if another process has it.
    fn lease(&self, suffix: &str) -> Result<Option<Box<dyn Lease>>> {
        let _ = suffix;
        Ok(None)
    }

    /// The stamp of an object; `None` if there is no such object. By default the object is read.
    fn look(&self, key: &str) -> Result<Option<Stamp>> {
        let mut bytes = Vec::new();
        let stamp = |bytes: &[u8]| Stamp { size: bytes.len() as u64, tag: format!("{:032x}", xxh3_128(bytes)) };
        Ok(self.read(key, &mut bytes)?.then(|| stamp(&bytes)))
    }

    /// Writes an object.
    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()>;

    /// Removes an object; it may be gone already.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be removed, or if the store keeps everything.
    fn remove(&self, key: &str) -> Result<()> {
        Err(Error::storage(format_args!("cannot remove {}", self.describe(key)), ErrorKind::Unsupported.into()))
    }

    /// The object's full name, for messages.
    fn describe(&self, key: &str) -> String;

    /// Announces objects that will be read, mostly in this order. A bucket prefetches them as far as its memory allows; earlier
    /// announcements that were not read are dropped.
    fn read_ahead(&self, upcoming: Vec<Entry>) {
        drop(upcoming);
    }

    /// Writes an object in the background if the store can: `done` is called once, on any thread, when it is written or has
    /// failed. Blocks while too many bytes are in flight.
    fn publish_behind(&self, key: &str, bytes: Vec<u8>, done: Done) {
        done(self.publish(key, &bytes).map(|()| None));
    }

    /// Writes the content of a file as an object.
    fn publish_file(&self, key: &str, path: &Path) -> Result<()> {
        self.publish(key, &fs::read(path).map_err(|error| reading(path, error))?)
    }

    /// The stamps of all objects, if each [`Self::look`] would cost a request; `None` if it is cheap.
    fn survey(&self) -> Result<Option<HashMap<String, Stamp>>> {
        Ok(None)
    }
}
