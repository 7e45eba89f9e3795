//! A directory as a store.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use super::{
    file_error::{cannot, create_directory, look, reading, writing},
    interface::{Entry, Store, Unlisted},
    key,
    open_file::{open_file, read_whole},
    staged::{self, StagedFile, create_temporary},
};
use crate::{
    error::{Result, is_out_of_files},
    words::printable,
};

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
/// - Anything that is neither file nor directory (a pipe, a socket) is not listed.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    durability: Durability,
}

impl LocalStore {
    /// The objects below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, durability: Durability) -> Self {
        Self { root: root.into(), durability }
    }

    /// The entry of a file that was found; `None` if it is a directory or has been removed, the reason if it is no object.
    fn entry(&self, found: &DirEntry) -> std::result::Result<Option<Entry>, String> {
        let kind = found.file_type();
        if kind.is_dir() {
            return Ok(None);
        }
        let path = found.path();
        let metadata = if kind.is_symlink() { fs::metadata(path) } else { found.metadata().map_err(io::Error::from) };
        let size = match metadata {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(metadata) if metadata.is_dir() => return Ok(None),
            Ok(_) => return Err("it is a pipe, a socket or a device, not a file".into()),
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
                return Err("it is a link to a file that does not exist".into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        match path.strip_prefix(&self.root).unwrap_or(path).to_str() {
            Some(key) => Ok(Some(Entry { key: key.to_owned(), size })),
            None => Err("its name is not UTF-8: rename it".into()),
        }
    }

    /// What is not listed, by its path.
    fn unlisted(&self, path: &Path, reason: String, is_folder: bool) -> Unlisted {
        let name = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
        Unlisted { name, reason, is_folder }
    }

    /// Creates a file with an unused name, and the directory if necessary.
    fn create_temporary(&self, directory: &Path) -> Result<(PathBuf, File)> {
        let created = match create_temporary(directory) {
            // Created only on failure: checking first would cost thousands of system calls a second.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_directory(directory)?;
                create_temporary(directory)
            }
            created => created,
        };
        created.map_err(|error| cannot("create a file in", directory, error))
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
        self.list_all().map(|(entries, _)| entries)
    }

    fn list_all(&self) -> Result<(Vec<Entry>, Vec<Unlisted>)> {
        let (mut entries, mut others) = (Vec::new(), Vec::new());
        if look(&self.root)?.is_some_and(|root| !root.is_dir()) {
            return Err(cannot("list", &self.root, ErrorKind::NotADirectory.into()));
        }
        let walk = WalkDir::new(&self.root)
            .into_iter()
            .filter_entry(|found| found.depth() == 0 || !key::is_hidden(found.file_name().as_encoded_bytes()));
        for found in walk {
            match found {
                Ok(found) => match self.entry(&found) {
                    Ok(entry) => entries.extend(entry),
                    Err(reason) => others.push(self.unlisted(found.path(), reason, false)),
                },
                Err(error) => {
                    // The names of the root itself could not be read, or it could not be opened.
                    let is_root = error.depth() == 0 || (error.depth() == 1 && error.path().is_none());
                    let path = error.path().unwrap_or(&self.root).to_owned();
                    // Which would not be the fault of this folder.
                    let is_out = error.io_error().is_some_and(is_out_of_files);
                    let error = if is_out {
                        error.into_io_error().unwrap_or_else(|| ErrorKind::Other.into())
                    } else {
                        error.into()
                    };
                    // Not an error: the root does not exist, or a directory was removed during the walk.
                    if error.kind() == ErrorKind::NotFound {
                        continue;
                    }
                    if is_root || is_out {
                        return Err(cannot("list", &path, error));
                    }
                    others.push(self.unlisted(&path, format!("the folder cannot be listed: {error}"), true));
                }
            }
        }
        entries.sort_unstable();
        others.sort_unstable();
        Ok((entries, others))
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        self.read_within(key, u64::MAX, buffer)
    }

    fn read_within(&self, key: &str, limit: u64, buffer: &mut Vec<u8>) -> Result<bool> {
        buffer.clear();
        key::check(key)?;
        let path = self.root.join(key);
        Ok(found(&path, read_whole(&path, limit, buffer))?.is_some())
    }

    fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send + '_>>> {
        key::check(key)?;
        let path = self.root.join(key);
        Ok(found(&path, open_file(&path))?.map(|file| Box::new(file) as Box<dyn Read + Send>))
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        key::check(key).ok().map(|()| self.root.join(key))
    }

    fn sweep(&self, writer: &str) -> Result<()> {
        staged::sweep(&self.root, writer, usize::MAX)
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
        printable(&self.root.join(key).display().to_string()).into_owned()
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
    use crate::store::staged::writer;

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
    fn what_is_no_object_is_told_of_and_hides_nothing_else() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener};
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("8.csv"), "x").unwrap();
        fs::write(root.path().join(OsStr::from_bytes(b"caf\xe9.csv")), "x").unwrap();
        symlink("loop.csv", at("loop.csv")).unwrap();
        symlink("nowhere", at("dangling.csv")).unwrap();
        symlink(root.path(), at("folder")).unwrap();
        let _socket = UnixListener::bind(at("socket.csv")).unwrap();
        let store = LocalStore::new(root.path(), Durability::default());
        let (entries, others) = store.list_all().unwrap();
        assert_eq!((entries.len(), keys(&store)), (1, vec!["8.csv".to_owned()]));
        let names: Vec<&str> = others.iter().map(|other| other.name.as_str()).collect();
        assert_eq!(names, ["caf\u{fffd}.csv", "dangling.csv", "loop.csv", "socket.csv"]);
        for (other, reason) in others.iter().zip(["not UTF-8", "does not exist", "symbolic links", "a socket"]) {
            assert!(other.reason.contains(reason) && !other.is_folder, "{other:?}");
        }
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
        let same = root.path().join(format!("{}-0.sagemaker-ignore", writer()));
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
