//! Models from a folder of archives, or of unpacked artifacts, each loaded by its target name on its first use.

use super::{
    fault::Fault,
    loader::Loader,
    registry::{FromFolder, Registry},
    resident::Resident,
};
use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How often a file is looked at while its model is used.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// By what a replaced file is known: a rename changes its number, a write its time. An unpacked artifact has the latest time
/// and all the bytes of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    number: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        let mut stamp = Self { modified: found.modified().ok(), size: found.len(), number: found.ino() };
        if found.is_dir() {
            for file in fs::read_dir(path)?.filter_map(|entry| fs::metadata(entry.ok()?.path()).ok()) {
                stamp.modified = stamp.modified.max(file.modified().ok());
                stamp.size = stamp.size.saturating_add(file.len());
            }
        }
        Ok(stamp)
    }
}

/// A folder of archives.
#[derive(Debug)]
pub(super) struct Folder {
    directory: PathBuf,
    /// One lock for each target that is being loaded, so that it is loaded once.
    loading: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Folder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, loading: Mutex::default() }
    }

    /// The model of a target, from memory or from its archive.
    pub(super) async fn find(&self, target: &str, loader: &Arc<Loader>) -> Result<Arc<Resident>, Fault> {
        let registry = loader.registry();
        let found = registry.use_cached(target);
        if let Some(found) = &found
            && is_fresh(found)
        {
            return Ok(Arc::clone(&found.model));
        }
        if found.is_none()
            && let Some(pinned) = registry.by_target(target)
        {
            return Ok(pinned);
        }
        let path = self.path(target).ok_or_else(|| Fault::unknown_model(target))?;
        let place = self.place(target);
        let _turn = match (place.lock.try_lock(), found) {
            (Ok(turn), _) => turn,
            // Somebody looks at the file already; until that is done the model in memory is the answer.
            (Err(_), Some(found)) => return Ok(found.model),
            (Err(_), None) => place.lock.lock().await,
        };
        // While this one waited another may have loaded it.
        if let Some(found) = registry.use_cached(target).filter(is_fresh) {
            return Ok(found.model);
        }
        let (theirs, name) = (Arc::clone(loader), target.to_owned());
        loader.work.run(move || refresh(&theirs, &name, &path)).await?
    }

    /// Where a target lies: below the folder, and not hidden.
    fn path(&self, target: &str) -> Option<PathBuf> {
        let relative = Path::new(target.trim_start_matches('/'));
        let visible = |component: Component<'_>| match component {
            Component::Normal(part) => part.to_str().is_some_and(|part| !part.starts_with('.') && !part.contains('\0')),
            _ => false,
        };
        let safe = relative.components().next().is_some() && relative.components().all(visible);
        safe.then(|| self.directory.join(relative))
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place<'a>(&'a self, target: &'a str) -> Place<'a> {
        let lock = Arc::clone(self.locks().entry(target.to_owned()).or_default());
        Place { folder: self, target, lock }
    }
}

/// A request's place at the lock of a target; the last one to leave takes the lock along.
struct Place<'a> {
    folder: &'a Folder,
    target: &'a str,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut locks = self.folder.locks();
        // One is in the map, one is here.
        if Arc::strong_count(&self.lock) == 2 {
            locks.remove(self.target);
        }
    }
}

fn is_fresh(found: &FromFolder) -> bool {
    found.looked_at.elapsed() < LOOK_EVERY
}

/// Looks at the file, and reads it if it is not the one in memory.
fn refresh(loader: &Loader, target: &str, path: &Path) -> Result<Arc<Resident>, Fault> {
    let registry: &Arc<Registry> = loader.registry();
    let stamp = match Stamp::of(path) {
        Ok(stamp) => stamp,
        // A name that is too long for a file is that of none.
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename) =>
        {
            if registry.forget_cached(target) {
                loader.unloaded(target, "its file is gone");
            }
            return Err(Fault::unknown_model(target));
        }
        Err(error) => return Err(Fault::internal(format!("Unable to load model: reading {target}: {error}"))),
    };
    let found = registry.use_cached(target);
    if let Some(found) = &found
        && found.stamp == stamp
    {
        registry.looked_at(target);
        return Ok(Arc::clone(&found.model));
    }
    let begun = Instant::now();
    match (loader.read(target, path, true), found) {
        (Ok(model), _) => {
            loader.loaded(target, &model, begun);
            Ok(registry.put(target, Arc::new(model), path.display().to_string(), stamp))
        }
        // What is being written has no end yet: the model that was there goes on until the file is whole.
        (Err(fault), Some(found)) => {
            loader.failed(target, &fault);
            registry.looked_at(target);
            Ok(found.model)
        }
        (Err(fault), None) => {
            loader.failed(target, &fault);
            Err(fault)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_below_the_folder_and_out_of_hidden_places() {
        let folder = Folder::new("/models".into());
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
            assert_eq!(folder.path(target).as_deref(), path.map(Path::new), "{target:?}");
        }
    }
}
