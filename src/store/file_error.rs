//! Errors of files and directories, in one wording.

use crate::error::{Error, Result};
use std::{fs, io, path::Path};

/// The error of a file or directory that cannot be read.
#[must_use]
pub fn reading(path: &Path, error: io::Error) -> Error {
    Error::storage(format_args!("reading {}", path.display()), error)
}

/// The error of a file that cannot be written.
#[must_use]
pub fn writing(path: &Path, error: io::Error) -> Error {
    Error::storage(format_args!("writing {}", path.display()), error)
}

/// Creates a directory and its parents.
///
/// # Errors
/// [`Error::Storage`] if it cannot be created.
pub fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .map_err(|error| Error::storage(format_args!("creating the directory {}", path.display()), error))
}
