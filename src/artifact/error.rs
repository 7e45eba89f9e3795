//! Why a model cannot be read.

use std::{fmt, io};

/// Why a model cannot be read: a sentence that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path does not exist.
    #[error("{0}")]
    Missing(String),
    /// It exceeds the caller's [`Limits`](super::Limits).
    #[error("{0}")]
    TooLarge(String),
    /// It is damaged, hostile, or of an unknown kind.
    #[error("{0}")]
    Refused(String),
    /// The file system failed.
    #[error("{what}: {source}")]
    Storage {
        /// What was being done, and where.
        what: String,
        /// The system's error.
        source: io::Error,
    },
}

impl OpenError {
    /// A file system's error while reading a path.
    pub(super) fn reading(path: impl fmt::Display, source: io::Error) -> Self {
        Self::Storage { what: format!("reading {path}"), source }
    }

    /// A file of so many bytes, where fewer are allowed.
    pub(super) fn exceeds(name: impl fmt::Display, bytes: u64, limit: u64) -> Self {
        Self::TooLarge(format!("{name} has {bytes} bytes, the limit is {limit}"))
    }
}
