//! Errors of files and directories, in one wording and with advice.

use crate::{
    error::{Error, Result},
    words::printable,
};
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

/// The error of a file or directory that cannot be read.
#[must_use]
pub fn reading(path: &Path, error: io::Error) -> Error {
    cannot("read", path, error)
}

/// The error of a file that cannot be written.
#[must_use]
pub fn writing(path: &Path, error: io::Error) -> Error {
    cannot("write", path, error)
}

/// The error of an object that has more bytes than may be read.
#[must_use]
pub(crate) fn too_large(name: &str, bytes: u64, limit: u64) -> Error {
    Error::Data(format!(
        "{name} has {bytes} bytes, of which at most {limit} are read: move it away, or give more memory"
    ))
}

/// What is at a path; `None` if nothing is. Where that cannot be told, nothing is said to be absent.
///
/// # Errors
/// [`Error::Storage`] if it cannot be told.
pub(crate) fn look(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(reading(path, error)),
    }
}

/// Creates a directory and its parents.
///
/// # Errors
/// [`Error::Storage`] if it cannot be created.
pub fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| cannot("create the directory", path, error))
}

/// The error of an operation on a file or directory, with what to do about it.
pub(super) fn cannot(operation: &str, path: &Path, error: io::Error) -> Error {
    let advice = match error.kind() {
        ErrorKind::StorageFull => {
            " (the disk has no space or no inodes left: free some or attach a larger volume, then run again)"
        }
        ErrorKind::QuotaExceeded => " (the disk quota is used up: free some space or raise it, then run again)",
        ErrorKind::PermissionDenied => " (permission denied: change the owner or mode, or choose another directory)",
        ErrorKind::ReadOnlyFilesystem => {
            " (it is mounted read-only: mount it for writing, or choose another directory)"
        }
        ErrorKind::NotADirectory => " (a file is where a directory is needed: move it, or choose another directory)",
        ErrorKind::IsADirectory => " (a directory is where a file is needed: move it, or choose another directory)",
        ErrorKind::InvalidInput => " (put a file in its place, or remove it)",
        ErrorKind::FileTooLarge => " (move it away, or give more memory)",
        ErrorKind::InvalidFilename => " (the file system does not accept this name: shorten it)",
        _ => "",
    };
    let path = path.display().to_string();
    Error::storage(format_args!("cannot {operation} {}{advice}", printable(&path)), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_forbidden_place_name_the_path_and_a_remedy() {
        for (code, advice) in [(28, "larger volume"), (13, "owner or mode"), (30, "read-only"), (122, "quota")] {
            let error = writing(Path::new("/models/8.tar.gz"), io::Error::from_raw_os_error(code));
            let message = error.to_string();
            assert!(message.starts_with("cannot write /models/8.tar.gz ("), "{message}");
            assert!(message.contains(advice), "{message}");
        }
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_said_to_be_absent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "").unwrap();
        assert!(look(&file).unwrap().is_some_and(|found| found.is_file()));
        assert!(look(&folder.path().join("g")).unwrap().is_none());
        assert!(look(&file.join("below")).unwrap().is_none());
        let error = look(&folder.path().join("n".repeat(300))).unwrap_err();
        assert!(error.code() == 4 && error.to_string().contains("shorten it"), "{error}");
    }
}
