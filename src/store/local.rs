//! A directory as a store.

use std::{
    ffi::OsStr,
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use walkdir::{DirEntry, WalkDir};

use super::{
    file_error::{cannot, create_directory, reading, writing},
    interface::{Entry, Store},
    key,
    staged::StagedFile,
};
use crate::error::{Error, Result};

/// What a published object survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The process being killed at any moment. Costs nothing: a rename is atomic for readers.
    #[default]
    ProcessDeath,
    /// Also power loss, and network file systems that report a full disk late: the file and its directory are flushed to
    /// the disk before `publish` returns, which costs some milliseconds.
    PowerLoss,
}

/// Objects as files below a directory, which is created by the first `publish`.
///
/// - An object is written under a temporary name in its own directory and renamed. The temporary name ends in
///   `.sagemaker-ignore`, so that the platform's upload agent ignores it.
/// - A process that is killed leaves at most one temporary file per thread. These are never listed, and removed only by
///   [`Store::sweep`]: another process, perhaps on another host that mounts the same directory, may still be writing them.
///   If a platform restores a directory from uploads, they are gone anyway.
/// - A symbolic link to a file counts as that file. Links to directories are not followed, so that no file is found twice
///   and the walk ends; the root itself may be a link.
/// - Anything that is neither file nor directory (a pipe, a socket) is skipped.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    durability: Durability,
    /// Prefix of this store's temporary names: the process id, and a random number, as every container has a process 1.
    temporary: String,
    /// Number of temporary names used.
    writes: AtomicU64,
}

impl LocalStore {
    /// The objects below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, durability: Durability) -> Self {
        let process = process::id();
        let temporary = format!("manyfit-{process}-{:016x}", RandomState::new().hash_one(process));
        Self { root: root.into(), durability, temporary, writes: AtomicU64::new(0) }
    }

    /// The entry of a file that was found; `None` if it is not an object or has been removed.
    fn entry(&self, found: &DirEntry) -> Result<Option<Entry>> {
        let kind = found.file_type();
        if kind.is_dir() {
            return Ok(None);
        }
        let path = found.path();
        let metadata = if kind.is_symlink() { fs::metadata(path) } else { found.metadata().map_err(io::Error::from) };
        let size = match metadata {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("look at", path, error)),
        };
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let Some(key) = relative.to_str() else {
            let path = path.display();
            return Err(Error::Data(format!("the file name {path} is not UTF-8; rename the file")));
        };
        Ok(Some(Entry { key: key.to_owned(), size }))
    }

    /// Creates a file with an unused name, and the directory if necessary.
    fn create_temporary(&self, directory: &Path) -> Result<(PathBuf, File)> {
        let mut directory_made = false;
        loop {
            let count = self.writes.fetch_add(1, Ordering::Relaxed);
            // Without the object's name, which may have the maximum length of a file name.
            let path = directory.join(format!("{}-{count}{}", self.temporary, key::UNFINISHED));
            match File::create_new(&path) {
                Ok(file) => return Ok((path, file)),
                // Created only on failure: checking first would cost thousands of system calls a second.
                Err(error) if error.kind() == ErrorKind::NotFound && !directory_made => {
                    self.create_directory(directory)?;
                    directory_made = true;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot("create a file in", directory, error)),
            }
        }
    }

    fn create_directory(&self, directory: &Path) -> Result<()> {
        create_directory(directory)?;
        if self.durability == Durability::PowerLoss {
            // Each new directory is an entry of its parent. Which ones are new is unknown, so all up to the root's are flushed.
            let top = self.root.parent().unwrap_or(&self.root);
            for parent in directory.ancestors().skip(1).take_while(|parent| parent.starts_with(top)) {
                flush_directory(parent)?;
            }
        }
        Ok(())
    }
}

impl Store for LocalStore {
    fn list(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let walk = WalkDir::new(&self.root)
            .into_iter()
            .filter_entry(|found| found.depth() == 0 || !key::is_hidden(found.file_name().as_encoded_bytes()));
        for found in walk {
            match found {
                Ok(found) if found.depth() == 0 && !found.path().is_dir() => {
                    return Err(cannot("list", &self.root, ErrorKind::NotADirectory.into()));
                }
                Ok(found) => entries.extend(self.entry(&found)?),
                Err(error) => {
                    let path = error.path().unwrap_or(&self.root).to_owned();
                    let error = io::Error::from(error);
                    // Not an error: the root does not exist, or a directory was removed during the walk.
                    if error.kind() != ErrorKind::NotFound {
                        return Err(cannot("list", &path, error));
                    }
                }
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        key::check(key)?;
        let path = self.root.join(key);
        // Read sequentially: a FastFile channel streams, and is slow otherwise.
        let read = File::open(&path).and_then(|mut file| file.read_to_end(buffer));
        Ok(found(&path, read)?.is_some())
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        key::check(key)?;
        let path = self.root.join(key);
        Ok(found(&path, File::open(&path))?.map(|file| Box::new(file) as Box<dyn Read + Send>))
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        key::check(key).ok().map(|()| self.root.join(key))
    }

    fn unfinished(&self) -> Option<&str> {
        Some(&self.temporary)
    }

    fn sweep(&self, unfinished: &str) -> Result<()> {
        let is_theirs = |name: &OsStr| {
            let name = name.to_str().and_then(|name| name.strip_prefix(unfinished)?.strip_suffix(key::UNFINISHED));
            name.is_some_and(|rest| rest.starts_with('-'))
        };
        for found in WalkDir::new(&self.root).into_iter().filter_map(std::result::Result::ok) {
            if found.file_type().is_file() && is_theirs(found.file_name()) {
                fs::remove_file(found.path()).map_err(|error| cannot("remove", found.path(), error))?;
            }
        }
        Ok(())
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        key::check(key)?;
        let path = self.root.join(key);
        let directory = path.parent().unwrap_or(&self.root);
        let (temporary, mut file) = self.create_temporary(directory)?;
        let staged = StagedFile::new(temporary, &path);
        let must_flush = self.durability == Durability::PowerLoss;
        let written = file.write_all(bytes).and_then(|()| if must_flush { file.sync_all() } else { Ok(()) });
        written.map_err(|error| writing(&path, error))?;
        drop(file);
        staged.commit()?;
        if must_flush { flush_directory(directory) } else { Ok(()) }
    }

    fn remove(&self, key: &str) -> Result<()> {
        key::check(key)?;
        let path = self.root.join(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot("remove", &path, error)),
            _ => Ok(()),
        }
    }

    fn describe(&self, key: &str) -> String {
        self.root.join(key).display().to_string()
    }
}

/// What was read at a path; `None` if there is no such object.
fn found<T>(path: &Path, read: io::Result<T>) -> Result<Option<T>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(reading(path, error)),
    }
}

fn flush_directory(directory: &Path) -> Result<()> {
    // The parent of a relative path of one part is the empty path.
    let directory = if directory.as_os_str() == OsStr::new("") { Path::new(".") } else { directory };
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| cannot("flush the directory", directory, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(store: &LocalStore) -> Vec<String> {
        store.list().unwrap().into_iter().map(|entry| entry.key).collect()
    }

    fn files(directory: &Path) -> usize {
        WalkDir::new(directory).into_iter().filter(|found| found.as_ref().unwrap().file_type().is_file()).count()
    }

    #[test]
    fn markers_hidden_names_and_unfinished_writes_are_not_listed() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "8.tar.gz",
            "8.tar.gz.sagemaker-uploading",
            "8.tar.gz.sagemaker-uploaded",
            "manyfit-1-2-3.sagemaker-ignore",
            "dir.sagemaker-ignore/x",
            "dir.sagemaker-uploaded/x",
            "_SUCCESS",
            "_temporary/0/part",
            ".DS_Store",
            ".git/config",
            "sub/9.tar.gz",
            "sub/.hidden",
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(keys(&LocalStore::new(root.path(), Durability::default())), ["8.tar.gz", "sub/9.tar.gz"]);
    }

    #[test]
    fn a_root_with_a_hidden_name_is_listed() {
        let place = tempfile::tempdir().unwrap();
        let store = LocalStore::new(place.path().join("_out/.models"), Durability::default());
        store.publish("a", b"1").unwrap();
        assert_eq!(keys(&store), ["a"]);
    }

    #[test]
    fn a_file_as_the_root_is_an_error_that_names_it() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("data.csv");
        fs::write(&file, "x").unwrap();
        let error = LocalStore::new(&file, Durability::default()).list().unwrap_err();
        assert_eq!(error.code(), 4);
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
        assert!(error.to_string().contains("a file is where a directory is needed"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_files_and_links_to_directories_are_not_entered() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs::create_dir_all(root.join("real")).unwrap();
        fs::write(root.join("real/a"), "four").unwrap();
        symlink(root.join("real/a"), root.join("link")).unwrap();
        symlink(&root, root.join("loop")).unwrap();
        symlink(root.join("nowhere"), root.join("dangling")).unwrap();
        symlink(&root, place.path().join("root-link")).unwrap();
        let expected = [Entry { key: "link".into(), size: 4 }, Entry { key: "real/a".into(), size: 4 }];
        assert_eq!(LocalStore::new(&root, Durability::default()).list().unwrap(), expected);
        assert_eq!(LocalStore::new(place.path().join("root-link"), Durability::default()).list().unwrap(), expected);
    }

    // Other systems do not allow such a file name.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_utf8_is_an_error_that_names_the_file() {
        use std::os::unix::ffi::OsStrExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(OsStr::from_bytes(b"caf\xe9.csv")), "x").unwrap();
        let error = LocalStore::new(root.path(), Durability::default()).list().unwrap_err();
        assert_eq!(error.code(), 3);
        assert!(error.to_string().contains("caf"), "{error}");
    }

    #[test]
    fn a_failed_publish_leaves_nothing_behind_and_names_the_path() {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path(), Durability::default());
        store.publish("taken/inside", b"1").unwrap();
        let error = store.publish("taken", b"2").unwrap_err();
        assert_eq!(error.code(), 4);
        assert!(error.to_string().contains(root.path().join("taken").to_str().unwrap()), "{error}");
        let error = store.publish("taken/inside/deeper", b"3").unwrap_err();
        assert!(error.to_string().contains("a file is where a directory is needed"), "{error}");
        assert_eq!(files(root.path()), 1);
    }

    #[test]
    fn temporary_files_of_others_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path(), Durability::default());
        let theirs = root.path().join("manyfit-1-0000000000000000-0.sagemaker-ignore");
        fs::write(&theirs, "unfinished").unwrap();
        let same = root.path().join(format!("{}-0.sagemaker-ignore", store.temporary));
        fs::write(&same, "unfinished").unwrap();
        store.publish("a", b"1").unwrap();
        assert_eq!(fs::read_to_string(theirs).unwrap(), "unfinished");
        assert_eq!(fs::read_to_string(same).unwrap(), "unfinished");
        assert_eq!(keys(&store), ["a"]);
    }

    #[test]
    fn the_longest_file_name_can_be_published() {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path(), Durability::default());
        store.publish(&"n".repeat(255), b"1").unwrap();
        let error = store.publish(&"n".repeat(256), b"1").unwrap_err();
        assert!(error.to_string().contains("shorten it"), "{error}");
        assert_eq!(files(root.path()), 1);
    }

    #[test]
    fn flushed_objects_below_new_directories_are_the_same_objects() {
        let root = tempfile::tempdir().unwrap();
        let store = LocalStore::new(root.path().join("new"), Durability::PowerLoss);
        store.publish("a/b/c", b"1").unwrap();
        store.publish("a/b/c", b"2").unwrap();
        assert_eq!(keys(&store), ["a/b/c"]);
    }
}
