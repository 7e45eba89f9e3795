//! Writing a file under a temporary name in its directory, and renaming it when it is complete: the only way in which this
//! program writes files that others may read.

use super::{
    file_error::{cannot, writing},
    key::UNFINISHED,
};
use crate::error::Result;
use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};
use walkdir::WalkDir;

/// How the temporary names of this process begin: its number, and a random one, as every container has a process 1.
static WRITER: LazyLock<String> = LazyLock::new(|| {
    let process = process::id();
    format!("manyfit-{process}-{:016x}", RandomState::new().hash_one(process))
});

/// Number of temporary names used.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// How the temporary names of this process begin, and those of no other.
pub(crate) fn writer() -> &'static str {
    &WRITER
}

/// Creates a file with an unused name. It is new, so nothing is written through a link that waits under its name.
pub(super) fn create_temporary(directory: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let count = WRITES.fetch_add(1, Ordering::Relaxed);
        // Without the final name, which may have the maximum length of a file name.
        let path = directory.join(format!("{}-{count}{UNFINISHED}", writer()));
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes the temporary files below a folder, at most so `deep`, of a process that no longer writes, by its [`writer`].
///
/// # Errors
/// [`Error::Storage`](crate::error::Error::Storage) if one cannot be removed.
pub(crate) fn sweep(folder: &Path, writer: &str, deep: usize) -> Result<()> {
    let is_theirs = |name: &str| {
        name.strip_prefix(writer)
            .and_then(|rest| rest.strip_suffix(UNFINISHED))
            .is_some_and(|rest| rest.starts_with('-'))
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for found in WalkDir::new(folder).max_depth(deep).into_iter().filter_map(std::result::Result::ok) {
        if found.file_type().is_file() && found.file_name().to_str().is_some_and(is_theirs) {
            fs::remove_file(found.path()).map_err(|error| cannot("remove", found.path(), error))?;
        }
    }
    Ok(())
}

/// A file under a temporary name, until [`StagedFile::commit`] renames it to its final path.
///
/// Readers see the whole file or none. If it is dropped uncommitted, the temporary file is removed and the final path
/// is left as it was. If the process is killed, the temporary file stays: its name ends in `.sagemaker-ignore`, so the
/// platform does not upload it and no store lists it.
#[derive(Debug)]
pub struct StagedFile {
    temporary: PathBuf,
    path: PathBuf,
    committed: bool,
}

impl StagedFile {
    /// Creates the temporary file for `path`, in the same directory.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::error::Error::Storage) if it cannot be created.
    pub fn create(path: &Path) -> Result<(Self, File)> {
        let (temporary, file) = create_temporary(folder_of(path)).map_err(|error| writing(path, error))?;
        Ok((Self::new(temporary, path), file))
    }

    /// A temporary file that was created elsewhere, in the same directory as `path`.
    pub(super) fn new(temporary: PathBuf, path: &Path) -> Self {
        Self { temporary, path: path.into(), committed: false }
    }

    /// Renames the file to its final path. Close its handle before.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::error::Error::Storage) if it cannot be renamed.
    pub fn commit(mut self) -> Result<()> {
        fs::rename(&self.temporary, &self.path).map_err(|error| writing(&self.path, error))?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.committed {
            // Best effort: the next run removes or ignores it.
            drop(fs::remove_file(&self.temporary));
        }
    }
}

/// The folder of a file, whose path may be a name alone.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file that only this process writes, under a name of its own: what a killed run left under it is removed, and a
/// link that waits there is not followed.
///
/// # Errors
/// [`Error::Storage`](crate::error::Error::Storage) if it cannot be created.
pub(crate) fn create_anew(path: &Path) -> Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot("remove", path, error)),
        _ => {}
    }
    let created = File::options().create_new(true).write(true).read(true).open(path);
    created.map_err(|error| cannot("create", path, error))
}

/// Writes a file in one go, through [`StagedFile`].
///
/// # Errors
/// What `write` returns; [`Error::Storage`](crate::error::Error::Storage) if the file cannot be written.
pub fn write_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let (staged, file) = StagedFile::create(path)?;
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    file.flush().map_err(|error| writing(path, error))?;
    drop(file);
    staged.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[cfg(unix)]
    #[test]
    fn a_link_under_a_name_of_this_process_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (theirs, spool) = (directory.path().join("theirs"), directory.path().join("spool"));
        fs::write(&theirs, "theirs").unwrap();
        std::os::unix::fs::symlink(&theirs, &spool).unwrap();
        for text in ["ours", "ours again"] {
            create_anew(&spool).unwrap().write_all(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&spool).unwrap(), text);
        }
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
    }

    #[test]
    fn only_the_files_of_the_named_process_are_swept() {
        let directory = tempfile::tempdir().unwrap();
        let names = ["p-1-0", "p-1-17", "p-12-0", "p-1", "q-1-0"].map(|name| format!("{name}{UNFINISHED}"));
        for name in names.iter().map(String::as_str).chain(["p-1-0", "p-1-3.tar.gz"]) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        sweep(directory.path(), "p-1", 1).unwrap();
        assert_eq!(names.map(|name| directory.path().join(name).exists()), [false, false, true, true, true]);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 5);
    }

    #[test]
    fn a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.json");
        fs::write(&path, "old").unwrap();
        let failed = write_file(&path, |file| {
            file.write_all(b"new").map_err(|error| writing(&path, error))?;
            Err(Error::Data("no more rows".into()))
        });
        assert_eq!(failed.unwrap_err().code(), 3);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        write_file(&path, |file| file.write_all(b"new").map_err(|error| writing(&path, error))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
