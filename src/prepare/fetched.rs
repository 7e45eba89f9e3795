//! Distant Parquet files, on this machine while they are read: they are read out of order, column by column.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    input::file_name::is_parquet,
    store::{Entry, Store},
};

/// A store whose Parquet files are files. The copies go with it.
pub(super) struct Fetched<'a> {
    whole: &'a dyn Store,
    /// What was there in the beginning: a list of a bucket costs requests.
    listed: Vec<Entry>,
    folder: PathBuf,
    /// Keys of what was copied; the place is the name of the copy.
    copied: Vec<String>,
}

impl<'a> Fetched<'a> {
    /// Copies what is no file of this machine to a folder.
    pub(super) fn new(whole: &'a dyn Store, folder: &Path) -> Result<Self> {
        // Copies of a run that was killed may be half of what they should be.
        remove(folder)?;
        let listed = whole.list()?;
        let distant = |key: &&String| is_parquet(key) && whole.file(key).is_none();
        let parquet: Vec<String> = listed.iter().map(|entry| &entry.key).filter(distant).cloned().collect();
        let mut fetched = Self { whole, listed, folder: folder.into(), copied: Vec::new() };
        parquet.into_iter().try_for_each(|key| fetched.copy(key))?;
        Ok(fetched)
    }

    fn copy(&mut self, key: String) -> Result<()> {
        let name = self.whole.describe(&key);
        let mut object = self
            .whole
            .open(&key)?
            .ok_or_else(|| Error::Data(format!("{name}: is gone since the files were listed")))?;
        let path = self.place(self.copied.len());
        fs::create_dir_all(&self.folder)
            .and_then(|()| File::create(&path))
            .and_then(|mut file| io::copy(&mut object, &mut file))
            .map_err(|error| Error::storage(format_args!("copying {name} to {}", path.display()), error))?;
        self.copied.push(key);
        Ok(())
    }

    fn place(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{at}.parquet"))
    }
}

impl Drop for Fetched<'_> {
    fn drop(&mut self) {
        // What stays is removed when the next run begins.
        let _ = remove(&self.folder);
    }
}

/// Removes the folder and the copies in it.
pub(super) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::storage(format_args!("removing {}", folder.display()), error))
        }
        _ => Ok(()),
    }
}

impl Store for Fetched<'_> {
    fn list(&self) -> Result<Vec<Entry>> {
        Ok(self.listed.clone())
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        self.whole.read(key, buffer)
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        self.whole.open(key)
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        let copied = || self.copied.iter().position(|copied| copied == key).map(|at| self.place(at));
        self.whole.file(key).or_else(copied)
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        self.whole.publish(key, bytes)
    }

    fn describe(&self, key: &str) -> String {
        self.whole.describe(key)
    }
}
