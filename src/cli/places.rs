//! Checks of directories and buckets that options name, and temporary directories.

use crate::{
    error::{Error, Result},
    input::is_table,
    store::{Entry, Location, Selection, Store, look, open_file, reading},
};
use std::{
    env,
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{self, Path},
};
use tempfile::TempDir;

/// Checks that a directory of input exists. A bucket is checked when it is read.
pub(super) fn require_directory(option: &str, place: &Location) -> Result<()> {
    match place {
        Location::Directory(path) if !look(path)?.is_some_and(|found| found.is_dir()) => {
            Err(Error::Settings(format!("{option} {place}: there is no such folder")))
        }
        _ => Ok(()),
    }
}

/// The folder or prefix of a place of input, and the one table of it that is named, if any.
pub(super) fn folder_and_table(input: &Location) -> Result<(Location, Option<String>)> {
    let found = if let Location::Directory(path) = input { look(path)? } else { None };
    match input {
        Location::Directory(path) if found.as_ref().is_some_and(fs::Metadata::is_file) => {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or_else(|| Error::Settings(format!("--input {input}: the name is not UTF-8; rename the file")))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok((Location::Directory(folder.into()), Some(name.to_owned())))
        }
        Location::Directory(_) if !found.is_some_and(|found| found.is_dir()) => {
            Err(Error::Settings(format!("--input {input}: there is no such file or folder")))
        }
        place => {
            let table = place.split().filter(|(_, name)| is_table(name));
            Ok(table.map_or_else(|| (input.clone(), None), |(folder, name)| (folder, Some(name))))
        }
    }
}

/// A store that shows one table of another, by its name.
///
/// # Errors
/// [`Error::Settings`] if there is no such table.
pub(super) fn select<'a>(store: &'a dyn Store, place: &Location, table: &str) -> Result<Selection<'a>> {
    let size = match place {
        Location::Directory(folder) => {
            let path = folder.join(table);
            Some(path.metadata().map_err(|error| reading(&path, error))?.len())
        }
        Location::Bucket { .. } => store.look(table)?.map(|stamp| stamp.size),
    };
    let size =
        size.ok_or_else(|| Error::Settings(format!("--input {}: there is no such table", store.describe(table))))?;
    Ok(Selection::new(store, vec![Entry { key: table.to_owned(), size }]))
}

/// Whether a place is a file, not a folder.
pub(super) fn is_file(place: &Location) -> bool {
    matches!(place, Location::Directory(path) if path.is_file())
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

/// How the names of temporary directories begin.
const TEMPORARY: &str = "manyfit-";

/// The file that is locked while a temporary directory is in use.
const IN_USE: &str = "in-use";

/// A directory that is removed with the value; also removes those that killed processes of the same user left.
pub(super) fn temporary_directory() -> Result<TempDir> {
    let failed = |error| Error::storage("creating a temporary directory", error);
    remove_abandoned(&env::temp_dir());
    let directory = tempfile::Builder::new().prefix(TEMPORARY).tempdir().map_err(failed)?;
    // Locked before it has its name, so that nobody finds it without its lock. The lock ends with the process.
    let (unnamed, named) = (directory.path().join("lock"), directory.path().join(IN_USE));
    let lock = File::create_new(&unnamed).map_err(failed)?;
    if lock.try_lock().is_ok() {
        fs::rename(unnamed, named).map_err(failed)?;
        // Held until the process ends.
        std::mem::forget(lock);
    }
    Ok(directory)
}

/// Removes temporary directories whose process was killed: those with a lock that nobody has.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let user = rustix::process::geteuid().as_raw();
    let ours = entries.filter_map(std::result::Result::ok).filter(|entry| {
        entry.file_name().to_string_lossy().starts_with(TEMPORARY)
            && entry.metadata().is_ok_and(|data| data.is_dir() && data.uid() == user)
    });
    for directory in ours.map(|entry| entry.path()) {
        // Best effort: what cannot be removed stays.
        if open_file(&directory.join(IN_USE)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            drop(fs::remove_dir_all(directory));
        }
    }
}
