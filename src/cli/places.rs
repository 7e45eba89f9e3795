//! Checks of directories and buckets that options name, and temporary directories.

use crate::{
    error::{Error, Result},
    store::Location,
};
use std::path;
use tempfile::TempDir;

/// Checks that a directory of input exists. A bucket is checked when it is read.
pub(super) fn require_directory(option: &str, place: &Location) -> Result<()> {
    match place {
        Location::Directory(path) if !path.is_dir() => {
            Err(Error::Settings(format!("{option} {place}: there is no such folder")))
        }
        _ => Ok(()),
    }
}

/// Whether `place`, which need not exist yet, is `other` or lies below it.
pub(super) fn is_inside(place: &Location, other: &Location) -> bool {
    let (Location::Directory(folder), Location::Directory(other)) = (place, other) else {
        return place.is_inside(other);
    };
    let existing =
        path::absolute(folder).ok().and_then(|path| path.ancestors().find_map(|path| path.canonicalize().ok()));
    existing.zip(other.canonicalize().ok()).is_some_and(|(folder, other)| folder.starts_with(other))
}

/// A directory that is removed with the value.
pub(super) fn temporary_directory() -> Result<TempDir> {
    let created = tempfile::Builder::new().prefix("manyfit-").tempdir();
    created.map_err(|error| Error::storage("creating a temporary directory", error))
}
