//! Which files and folders hold models, by their names.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Files that make the directory around them an unpacked artifact.
const MODEL_FILES: [&str; 6] =
    [".manyfit.json", "model.json", "xgboost-model", "local.json", "baseline.json", "ridge.json"];

/// File extensions of archives.
pub(crate) const ARCHIVES: [&str; 2] = [".tar.gz", ".tgz"];

/// Whether a name is that of an archive.
#[must_use]
pub fn is_archive(name: &str) -> bool {
    ARCHIVES.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

/// Whether a name is that of a file in every unpacked artifact.
pub(crate) fn is_model_file(name: &str) -> bool {
    MODEL_FILES.contains(&name)
}

/// Whether a path is an unpacked artifact's directory.
pub(crate) fn is_unpacked(path: &Path) -> bool {
    path.is_dir() && MODEL_FILES.iter().any(|name| path.join(name).is_file())
}

/// What a search below a folder has come to.
#[derive(Default)]
pub(crate) struct Below {
    /// Archives and unpacked artifacts.
    pub(crate) found: Vec<PathBuf>,
    /// Folders that cannot be listed, and why.
    pub(crate) unlisted: Vec<(PathBuf, Error)>,
}

/// The archives and unpacked artifacts below a folder, at any depth.
///
/// # Errors
/// [`Error::Storage`] if the folder itself cannot be listed.
pub(crate) fn find_below(folder: &Path) -> Result<Below> {
    let mut below = Below::default();
    let visible = |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with(['.', '_']);
    let mut walk = WalkDir::new(folder).into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let (path, depth) = (error.path().unwrap_or(folder).to_owned(), error.depth());
                let error = Error::storage(format_args!("listing {}", path.display()), error.into());
                if depth == 0 {
                    return Err(error);
                }
                below.unlisted.push((path, error));
                continue;
            }
        };
        let is_directory = entry.file_type().is_dir();
        if !visible(&entry) {
            if is_directory {
                walk.skip_current_dir();
            }
            continue;
        }
        if is_directory && is_unpacked(entry.path()) {
            walk.skip_current_dir();
        } else if is_directory || !is_archive(&entry.file_name().to_string_lossy()) {
            continue;
        }
        below.found.push(entry.into_path());
    }
    Ok(below)
}
