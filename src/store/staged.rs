//! Writing a file under a temporary name in its directory, and renaming it when it is complete: the only way in which this
//! program writes files that others may read.

use super::{file_error::writing, key::UNFINISHED};
use crate::error::Result;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

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
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(UNFINISHED);
        let file = File::create(&temporary).map_err(|error| writing(path, error))?;
        Ok((Self::new(temporary.into(), path), file))
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
            // Best effort: the next run overwrites or ignores it.
            drop(fs::remove_file(&self.temporary));
        }
    }
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
