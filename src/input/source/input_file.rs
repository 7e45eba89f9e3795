//! A file of input, its customers, and its content if discovery has read it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

#[cfg(feature = "parquet")]
use crate::input::frame::table::FrameRows;
use crate::{
    input::{schema::whose::Whose, source::file_name::Format},
    store::Entry,
};
use manyfit_models::data::CustomerId;

/// The customers of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// One customer, named by the file or its directory.
    One(CustomerId),
    /// Many customers, each with its number of rows, sorted by name, without those that are refused.
    Many(Vec<(CustomerId, usize)>),
}

/// A file of input.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Its name in the store.
    pub key: String,
    /// Its size in bytes, as stored.
    pub size: u64,
    /// Its format.
    pub format: Format,
    /// Its customers.
    pub contents: Contents,
    /// Its bytes, if discovery has read and kept them.
    pub kept: Kept,
    /// Whether a folder such as `customer=8` names its customer.
    pub(in crate::input) in_folder: bool,
    /// The rows of a table in memory that it stands for.
    #[cfg(feature = "parquet")]
    pub(in crate::input) rows: Option<FrameRows>,
}

impl InputFile {
    /// A file that was not read yet.
    #[must_use]
    pub fn new(entry: Entry, format: Format, contents: Contents) -> Self {
        Self {
            key: entry.key,
            size: entry.size,
            format,
            contents,
            kept: Kept::default(),
            in_folder: false,
            #[cfg(feature = "parquet")]
            rows: None,
        }
    }

    /// Some rows of a table in memory.
    #[cfg(feature = "parquet")]
    pub(in crate::input) fn of_rows(entry: Entry, format: Format, contents: Contents, rows: FrameRows) -> Self {
        Self { in_folder: true, rows: Some(rows), ..Self::new(entry, format, contents) }
    }

    /// Whether it stands for rows of a table in memory.
    #[cfg(feature = "parquet")]
    pub(in crate::input) const fn is_in_memory(&self) -> bool {
        self.rows.is_some()
    }

    /// No file does in a build that cannot read such tables.
    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unused_self, reason = "the builds have the same methods")]
    pub(in crate::input) const fn is_in_memory(&self) -> bool {
        false
    }

    /// What tells whose its rows are.
    pub(in crate::input) const fn whose(&self) -> Whose {
        match self.contents {
            Contents::Many(_) => Whose::Column,
            Contents::One(_) if self.in_folder => Whose::Folder,
            Contents::One(_) => Whose::File,
        }
    }

    /// Its entry in the store's list.
    pub(crate) fn entry(&self) -> Entry {
        Entry { key: self.key.clone(), size: self.size }
    }

    /// Its size as text in bytes. Estimated for compressed files: tables shrink to about a tenth.
    pub(crate) fn unpacked_size(&self) -> u64 {
        let is_packed =
            (self.format == Format::Parquet && !self.is_in_memory()) || self.key.to_ascii_lowercase().ends_with(".gz");
        if is_packed { self.size.saturating_mul(12) } else { self.size }
    }

    /// The customers to train from this file.
    pub fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        let (one, many) = match &self.contents {
            Contents::One(customer) => (Some(customer), &[][..]),
            Contents::Many(customers) => (None, customers.as_slice()),
        };
        one.into_iter().chain(many.iter().map(|(customer, _)| customer))
    }
}

/// The unpacked bytes of a file that discovery has read, until the first reader takes them. Not part of its identity.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Option<Vec<u8>>>>);

impl Kept {
    /// Whether there are bytes, so that the file need not be fetched.
    pub(crate) fn is_some(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(in crate::input) fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(in crate::input) fn put(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }
}

/// Bytes that may still be kept. A file beyond it is read again, so that discovery never needs the memory of all files.
pub(in crate::input) struct Budget(AtomicU64);

impl Budget {
    pub(in crate::input) const fn new(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    /// Keeps the bytes with the file, if there is room.
    pub(in crate::input) fn keep(&self, bytes: Vec<u8>, file: &InputFile) {
        let take = |left: u64| left.checked_sub(bytes.capacity() as u64);
        if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            file.kept.put(bytes);
        }
    }
}
