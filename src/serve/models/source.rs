//! Where a model comes from, a path or an object in a bucket, and how a replaced one is detected.

use crate::store::{Stamp, Store};
use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a target names.
#[derive(Clone)]
pub(super) enum ModelSource {
    /// A file, or the folder of an unpacked artifact.
    Path(PathBuf),
    /// An object.
    Object {
        /// The bucket.
        store: Arc<dyn Store>,
        /// Its key there.
        key: String,
    },
}

impl ModelSource {
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

    /// Whether the source may be temporarily unreachable, while a cached model can still answer.
    pub(super) const fn may_be_unreachable(&self) -> bool {
        matches!(self, Self::Object { .. })
    }
}

/// A rename changes a file's inode, a write its time. An unpacked artifact has the latest time and total size of its files.
pub(super) fn stamp_of_path(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    let (mut modified, mut size) = (found.modified().ok(), found.len());
    if found.is_dir() {
        for file in fs::read_dir(path)?.filter_map(|entry| fs::metadata(entry.ok()?.path()).ok()) {
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
