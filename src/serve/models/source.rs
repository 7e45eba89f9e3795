//! Where a model comes from, a path or an object in a bucket, and how a replaced one is detected.

use crate::{
    artifact::{ARCHIVES, find_below, is_archive},
    error::Error,
    store::{self, Stamp, Store},
};
use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a target names, or where targets are.
#[derive(Clone, Debug)]
pub(in crate::serve) enum ModelSource {
    /// A file, or a folder: of archives, or an unpacked artifact.
    Path(PathBuf),
    /// An object, or with an empty key the whole bucket.
    Object {
        /// The bucket.
        store: Arc<dyn Store>,
        /// Its key there.
        key: String,
    },
}

impl ModelSource {
    /// The source of a target below this one; `None` if the target is hidden or leads elsewhere.
    pub(super) fn below(&self, target: &str) -> Option<Self> {
        let target = target.trim_start_matches('/');
        if target.is_empty() || target.contains('\0') || target.split('/').any(|part| part.starts_with('.')) {
            return None;
        }
        match self {
            Self::Path(directory) => Some(Self::Path(directory.join(target))),
            Self::Object { store, .. } => {
                store::is_key(target).then(|| Self::Object { store: Arc::clone(store), key: target.to_owned() })
            }
        }
    }

    /// The targets of the archives and unpacked artifacts below this folder or bucket, sorted.
    pub(super) fn targets(&self) -> Result<Vec<String>, Error> {
        let mut targets: Vec<String> = match self {
            Self::Path(folder) => {
                let found = find_below(folder)?.found;
                let target = |path: &PathBuf| path.strip_prefix(folder).ok()?.to_str().map(str::to_owned);
                found.iter().filter_map(target).collect()
            }
            Self::Object { store, .. } => {
                store.list()?.into_iter().map(|entry| entry.key).filter(|key| is_archive(key)).collect()
            }
        };
        targets.retain(|target| self.below(target).is_some());
        targets.sort_unstable();
        Ok(targets)
    }

    /// A target that exists and that a client may have meant by one that does not: the archive of that name.
    pub(super) fn nearest(&self, target: &str) -> Option<String> {
        let exists = |target: &String| self.below(target).is_some_and(|source| matches!(source.stamp(), Ok(Some(_))));
        let ends = if is_archive(target) { &[][..] } else { &ARCHIVES };
        ends.iter().map(|end| format!("{target}{end}")).find(exists)
    }

    /// The current version; `None` if there is nothing.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>, String> {
        use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
        match self {
            Self::Path(path) => match stamp_of_path(path) {
                Ok(stamp) => Ok(Some(stamp)),
                // A name too long for a file names nothing.
                Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) => Ok(None),
                Err(error) => Err(error.to_string()),
            },
            Self::Object { store, key } => store.look(key).map_err(|error| error.to_string()),
        }
    }
}

/// A rename changes a file's inode, a write its time. An unpacked artifact has the latest time and total size of its files.
pub(super) fn stamp_of_path(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    let (mut modified, mut size) = (found.modified().ok(), if found.is_dir() { 0 } else { found.len() });
    if found.is_dir() {
        let files = fs::read_dir(path)?.filter_map(|entry| fs::metadata(entry.ok()?.path()).ok());
        for file in files.filter(fs::Metadata::is_file) {
            modified = modified.max(file.modified().ok());
            size = size.saturating_add(file.len());
        }
    }
    Ok(Stamp { size, tag: format!("{} {modified:?}", found.ino()) })
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Object { store, key } => f.write_str(&store.describe(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_below_the_folder_and_out_of_hidden_places() {
        let folder = ModelSource::Path("/models".into());
        for (target, path) in [
            ("8.tar.gz", Some("/models/8.tar.gz")),
            ("/8.tar.gz", Some("/models/8.tar.gz")),
            ("v2/a b.tar.gz", Some("/models/v2/a b.tar.gz")),
            ("", None),
            ("/", None),
            (".", None),
            ("../8.tar.gz", None),
            ("v2/../../8.tar.gz", None),
            ("v2/.hidden/8.tar.gz", None),
            ("8\0.tar.gz", None),
        ] {
            let found = folder.below(target).map(|source| source.to_string());
            assert_eq!(found.as_deref(), path, "{target:?}");
        }
    }
}
