//! Which artifacts there are at a path, or in a bucket.

use crate::{
    error::{Error, Result},
    store::{Entry, Stamp, Store},
};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Files that make the directory around them an unpacked artifact.
const MODEL_FILES: [&str; 5] = [".manyfit.json", "model.json", "xgboost-model", "baseline.json", "ridge.json"];

/// How the names of archives end.
const ARCHIVES: [&str; 2] = [".tar.gz", ".tgz"];

/// Where an artifact is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A `tar.gz`, an unpacked artifact's directory, or a model file; the full name of an object.
    pub path: PathBuf,
    /// The customer, by the path; what an artifact says about itself counts for more.
    pub name: String,
    /// Where it is in a bucket.
    pub object: Option<Object>,
}

/// An object of one of the stores of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Which store.
    pub store: usize,
    /// The object, as it was listed.
    pub entry: Entry,
}

/// Whether a name is that of an archive, and not of a folder with many.
#[must_use]
pub fn is_archive(name: &str) -> bool {
    ARCHIVES.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

/// The one archive of this name in a store, the one of the run with this number.
///
/// # Errors
/// [`Error::Data`] where there is none.
pub fn find_object(store: &dyn Store, number: usize, key: &str) -> Result<Place> {
    let Some(Stamp { size, .. }) = store.look(key)? else { return Err(nothing_in(&store.describe(key))) };
    Ok(place_of(store, number, Entry { key: key.to_owned(), size }))
}

fn place_of(store: &dyn Store, number: usize, entry: Entry) -> Place {
    let name = name_of(Path::new(&entry.key));
    Place { path: store.describe(&entry.key).into(), name, object: Some(Object { store: number, entry }) }
}

/// The archives in a store, the one of the run with this number, at any depth. Sorted by their names.
///
/// # Errors
/// [`Error::Data`] where there is none.
pub fn find_objects(store: &dyn Store, number: usize) -> Result<Vec<Place>> {
    let archives = store.list()?.into_iter().filter(|entry| is_archive(&entry.key));
    let mut places: Vec<Place> = archives.map(|entry| place_of(store, number, entry)).collect();
    if places.is_empty() {
        return Err(nothing_in(&store.describe("")));
    }
    places.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok(places)
}

fn nothing_in(place: &str) -> Error {
    Error::Data(format!(
        "{place}: no artifact is in it: name the folder of the tar.gz files that manyfit train wrote (models/), or a model"
    ))
}

/// The artifacts at paths: at each one artifact, or a folder with many, at any depth. Sorted by their names in each folder.
///
/// # Errors
/// [`Error::Data`] where there is none.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(Error::Data(format!("{}: there is no such file or folder", path.display())));
        }
        if path.is_file() || is_unpacked(path) {
            places.push(Place { path: path.clone(), name: name_of(path), object: None });
            continue;
        }
        let before = places.len();
        walk(path, &mut places)?;
        if places.len() == before {
            return Err(nothing_in(&path.display().to_string()));
        }
        // By the customers' names, as the table of a training run is.
        places[before..].sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    }
    Ok(places)
}

fn walk(folder: &Path, places: &mut Vec<Place>) -> Result<()> {
    let visible = |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with(['.', '_']);
    let mut walk = WalkDir::new(folder).into_iter();
    while let Some(entry) = walk.next() {
        let entry =
            entry.map_err(|error| Error::storage(format_args!("listing {}", folder.display()), error.into()))?;
        let directory = entry.file_type().is_dir();
        if !visible(&entry) {
            if directory {
                walk.skip_current_dir();
            }
            continue;
        }
        let path = entry.path();
        let archive = entry.file_name().to_str().is_some_and(is_archive);
        if directory && is_unpacked(path) {
            walk.skip_current_dir();
        } else if directory || !archive {
            continue;
        }
        places.push(Place { path: path.into(), name: name_of(path), object: None });
    }
    Ok(())
}

fn is_unpacked(path: &Path) -> bool {
    path.is_dir() && MODEL_FILES.iter().any(|name| path.join(name).is_file())
}

/// The customer by a path: the name of the archive, of the directory, or of the file; of a file that is called as in every
/// artifact, that of its directory.
fn name_of(path: &Path) -> String {
    let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = last(path);
    if MODEL_FILES.contains(&name.as_str()) {
        return path.parent().map(last).filter(|name| !name.is_empty()).unwrap_or(name);
    }
    let ends = [".tar.gz", ".tgz", ".json", ".ubj"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_of_archives_and_unpacked_artifacts_is_sorted_by_customer() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "a.tar.gz",
            "a-b.tar.gz",
            "v2/c.tar.gz",
            "d/model.json",
            "d/code/inference.py",
            "summary.json",
            ".x.tar.gz",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let names = |paths: &[PathBuf]| find(paths).unwrap().into_iter().map(|place| place.name).collect::<Vec<_>>();
        assert_eq!(names(&[folder.path().into()]), ["a", "a-b", "c", "d"]);
        assert_eq!(names(&[folder.path().join("d")]), ["d"]);
        assert_eq!(names(&[folder.path().join("d/model.json"), folder.path().join("a.tar.gz")]), ["d", "a"]);
        for nothing in ["d/code", "elsewhere"] {
            assert_eq!(find(&[folder.path().join(nothing)]).unwrap_err().code(), 3, "{nothing}");
        }
    }
}
