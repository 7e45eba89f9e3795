//! Which models there are at a path or in a bucket.

use crate::{
    artifact::{Below, Limits, Opened, find_below, is_archive, is_model_file, is_unpacked, open_object, open_path},
    error::{Error, Result},
    store::{Entry, Stamp, Store, look},
};
use std::path::{Path, PathBuf};

/// The models of a run, in the order in which they were added.
#[derive(Default)]
pub struct ModelList {
    pub(super) locations: Vec<ModelLocation>,
    stores: Vec<Box<dyn Store>>,
    /// Folders that cannot be listed.
    pub(super) unlisted: Vec<(PathBuf, Error)>,
}

/// Where a model is: a `tar.gz`, an unpacked artifact's directory, a model file, or an object of a store.
pub(super) struct ModelLocation {
    /// The path, or the full name of the object.
    pub(super) path: PathBuf,
    /// The customer by the path. An artifact's metadata takes precedence.
    pub(super) name: String,
    /// The number of the store and the object in it.
    object: Option<(usize, Entry)>,
}

impl ModelList {
    /// Adds the model at a path; for another directory, all models below it at any depth, sorted by name.
    ///
    /// # Errors
    /// [`Error::Settings`] if there is no such path, [`Error::Data`] if there is no model.
    pub fn add_path(&mut self, path: &Path) -> Result<()> {
        let Some(is_file) = look(path)?.map(|found| found.is_file()) else {
            return Err(Error::Settings(format!("{}: there is no such file or folder", path.display())));
        };
        let mut found = Vec::new();
        if is_file || is_unpacked(path) {
            found.push(ModelLocation::at(path));
        } else {
            let Below { found: paths, unlisted } = find_below(path)?;
            found.extend(paths.iter().map(|path| ModelLocation::at(path)));
            self.unlisted.extend(unlisted);
        }
        self.add(found, &path.display().to_string())
    }

    /// Adds all archives in a store, sorted by name.
    ///
    /// # Errors
    /// [`Error::Data`] if there is none.
    pub fn add_store(&mut self, store: Box<dyn Store>) -> Result<()> {
        let archives = store.list()?.into_iter().filter(|entry| is_archive(&entry.key)).collect();
        self.add_objects(store, archives, "")
    }

    /// Adds the archive of this name in a store.
    ///
    /// # Errors
    /// [`Error::Data`] if there is none.
    pub fn add_object(&mut self, store: Box<dyn Store>, key: &str) -> Result<()> {
        let found = store.look(key)?.map(|Stamp { size, .. }| Entry { key: key.to_owned(), size });
        self.add_objects(store, found.into_iter().collect(), key)
    }

    fn add_objects(&mut self, store: Box<dyn Store>, entries: Vec<Entry>, place: &str) -> Result<()> {
        let number = self.stores.len();
        let location = |entry: Entry| ModelLocation {
            path: store.describe(&entry.key).into(),
            name: name_of(Path::new(&entry.key)),
            object: Some((number, entry)),
        };
        self.add(entries.into_iter().map(location).collect(), &store.describe(place))?;
        self.stores.push(store);
        Ok(())
    }

    /// Sorted by customer, as the table of a training run is.
    fn add(&mut self, mut found: Vec<ModelLocation>, place: &str) -> Result<()> {
        if found.is_empty() {
            return Err(Error::Data(format!(
                "{place}: no model found: name the folder of the tar.gz files that manyfit train wrote (models/), or a model"
            )));
        }
        found.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        self.locations.append(&mut found);
        Ok(())
    }

    /// Lets stores fetch the objects that will be opened.
    pub(super) fn read_ahead(&self) {
        for (number, store) in self.stores.iter().enumerate() {
            let objects = self.locations.iter().filter_map(|model| model.object.as_ref());
            store.read_ahead(objects.filter(|(at, _)| *at == number).map(|(_, entry)| entry.clone()).collect());
        }
    }

    pub(super) fn open(&self, location: &ModelLocation) -> Result<Opened> {
        match &location.object {
            None => open_path(&location.path, Limits::default()),
            Some((number, entry)) => {
                let mut bytes = Vec::new();
                if !self.stores[*number].read(&entry.key, &mut bytes)? {
                    return Err(Error::Data("it was removed after it was listed".into()));
                }
                open_object(&entry.key, bytes, Limits::default())
            }
        }
    }
}

impl ModelLocation {
    fn at(path: &Path) -> Self {
        Self { path: path.into(), name: name_of(path), object: None }
    }
}

/// The customer by a path: the name of the archive, of the directory, or of the file. A file whose name is the same in
/// every artifact is called after its directory.
fn name_of(path: &Path) -> String {
    let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = last(path);
    if is_model_file(&name) {
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
        let names = |paths: &[&str]| {
            let mut list = ModelList::default();
            paths.iter().try_for_each(|path| list.add_path(&folder.path().join(path)))?;
            Ok::<_, Error>(list.locations.into_iter().map(|model| model.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[""]).unwrap(), ["a", "a-b", "c", "d"]);
        assert_eq!(names(&["d"]).unwrap(), ["d"]);
        assert_eq!(names(&["d/model.json", "a.tar.gz"]).unwrap(), ["d", "a"]);
        for (nothing, code) in [("d/code", 3), ("elsewhere", 2)] {
            assert_eq!(names(&[nothing]).unwrap_err().code(), code, "{nothing}");
        }
    }
}
