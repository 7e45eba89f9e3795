//! Where the model of a target comes from: a file or a folder on the disk, or an object of a bucket.

use super::{fault::Fault, loader::Loader, resident::Resident};
use crate::store::{self, Store};
use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// What a target names.
#[derive(Clone)]
pub(super) enum Origin {
    /// A file, or an unpacked artifact's folder.
    Path(PathBuf),
    /// An object.
    Object {
        /// Where it is.
        store: Arc<dyn Store>,
        /// Its name there.
        key: String,
    },
}

/// By what a replaced model is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// A rename changes a file's number, a write its time. An unpacked artifact has the latest time and all the bytes of its
    /// files.
    Path { modified: Option<SystemTime>, size: u64, number: u64 },
    /// What the store says.
    Object(store::Stamp),
}

impl Stamp {
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        let (mut modified, mut size) = (found.modified().ok(), found.len());
        if found.is_dir() {
            for file in fs::read_dir(path)?.filter_map(|entry| fs::metadata(entry.ok()?.path()).ok()) {
                modified = modified.max(file.modified().ok());
                size = size.saturating_add(file.len());
            }
        }
        Ok(Self::Path { modified, size, number: found.ino() })
    }
}

impl Origin {
    /// What stands there now; `None`: nothing.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>, String> {
        use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
        match self {
            Self::Path(path) => match Stamp::of_path(path) {
                Ok(stamp) => Ok(Some(stamp)),
                // A name that is too long for a file is that of none.
                Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) => Ok(None),
                Err(error) => Err(error.to_string()),
            },
            Self::Object { store, key } => {
                store.look(key).map(|stamp| stamp.map(Stamp::Object)).map_err(|error| error.to_string())
            }
        }
    }

    /// Reads the model that `stamp` was seen of.
    pub(super) fn read(&self, stamp: &Stamp, loader: &Loader, target: &str) -> Result<Resident, Fault> {
        match (self, stamp) {
            (Self::Path(path), _) => loader.read(target, path, true),
            (Self::Object { store, key }, Stamp::Object(stamp)) => {
                loader.read_object(target, &**store, key, stamp.size)
            }
            (Self::Object { .. }, Stamp::Path { .. }) => Err(Fault::internal("an object has no file's stamp")),
        }
    }

    /// Whether what is in memory answers while the place itself cannot be reached.
    pub(super) const fn may_be_out_of_reach(&self) -> bool {
        matches!(self, Self::Object { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Object { store, key } => f.write_str(&store.describe(key)),
        }
    }
}
