//! Models from a folder of archives, or of unpacked artifacts, or from a bucket, each loaded by its target name on its first
//! use.

use super::{
    fault::Fault,
    loader::Loader,
    origin::Origin,
    registry::{FromFolder, Registry},
    resident::Resident,
};
use crate::store::{self, Store};
use std::{
    collections::HashMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a file is looked at while its model is used.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The same of an object, where a look is a request that is paid for.
const LOOK_AT_OBJECT_EVERY: Duration = Duration::from_secs(10);

/// A folder of archives, or a bucket's.
#[derive(Debug)]
pub(super) struct Folder {
    root: Root,
    /// The longest that a replaced model stays unnoticed.
    look_every: Duration,
    /// One lock for each target that is being loaded, so that it is loaded once.
    loading: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

enum Root {
    Directory(PathBuf),
    Store(Arc<dyn Store>),
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.fmt(f),
            Self::Store(store) => f.write_str(&store.describe("")),
        }
    }
}

impl Folder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { root: Root::Directory(directory), look_every: LOOK_EVERY, loading: Mutex::default() }
    }

    pub(super) fn of_store(store: Arc<dyn Store>) -> Self {
        Self { root: Root::Store(store), look_every: LOOK_AT_OBJECT_EVERY, loading: Mutex::default() }
    }

    /// The model of a target, from memory or from its archive.
    pub(super) async fn find(&self, target: &str, loader: &Arc<Loader>) -> Result<Arc<Resident>, Fault> {
        let registry = loader.registry();
        let found = registry.use_cached(target);
        if let Some(found) = &found
            && self.is_fresh(found)
        {
            return Ok(Arc::clone(&found.model));
        }
        if found.is_none()
            && let Some(pinned) = registry.by_target(target)
        {
            return Ok(pinned);
        }
        let origin = self.origin(target).ok_or_else(|| Fault::unknown_model(target))?;
        let place = self.place(target);
        let _turn = match (place.lock.try_lock(), found) {
            (Ok(turn), _) => turn,
            // Somebody looks at the file already; until that is done the model in memory is the answer.
            (Err(_), Some(found)) => return Ok(found.model),
            (Err(_), None) => place.lock.lock().await,
        };
        // While this one waited another may have loaded it.
        if let Some(found) = registry.use_cached(target).filter(|found| self.is_fresh(found)) {
            return Ok(found.model);
        }
        let (theirs, name) = (Arc::clone(loader), target.to_owned());
        loader.work.run(move || refresh(&theirs, &name, &origin)).await?
    }

    fn is_fresh(&self, found: &FromFolder) -> bool {
        found.looked_at.elapsed() < self.look_every
    }

    /// Where a target lies: below the folder, and not hidden.
    fn origin(&self, target: &str) -> Option<Origin> {
        let relative = Path::new(target.trim_start_matches('/'));
        let visible = |component: Component<'_>| match component {
            Component::Normal(part) => part.to_str().is_some_and(|part| !part.starts_with('.') && !part.contains('\0')),
            _ => false,
        };
        let safe = relative.components().next().is_some() && relative.components().all(visible);
        match &self.root {
            _ if !safe => None,
            Root::Directory(directory) => Some(Origin::Path(directory.join(relative))),
            Root::Store(store) => {
                let key = relative.to_str().filter(|key| store::is_key(key))?;
                Some(Origin::Object { store: Arc::clone(store), key: key.to_owned() })
            }
        }
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

/// Looks at the place, and reads the model if it is not the one in memory.
fn refresh(loader: &Loader, target: &str, origin: &Origin) -> Result<Arc<Resident>, Fault> {
    let registry: &Arc<Registry> = loader.registry();
    let stamp = match origin.stamp() {
        Ok(Some(stamp)) => stamp,
        Ok(None) => {
            if registry.forget_cached(target) {
                loader.unloaded(target, "its file is gone");
            }
            return Err(Fault::unknown_model(target));
        }
        Err(error) => {
            let fault = Fault::internal(format!("Unable to load model: reading {target}: {error}"));
            // A network that is broken says nothing against the model that is here.
            let Some(found) = registry.use_cached(target).filter(|_| origin.may_be_out_of_reach()) else {
                return Err(fault);
            };
            loader.failed(target, &fault);
            registry.looked_at(target);
            return Ok(found.model);
        }
    };
    let found = registry.use_cached(target);
    if let Some(found) = &found
        && found.stamp == stamp
    {
        registry.looked_at(target);
        return Ok(Arc::clone(&found.model));
    }
    let begun = Instant::now();
    match (origin.read(&stamp, loader, target), found) {
        (Ok(model), _) => {
            loader.loaded(target, &model, begun);
            Ok(registry.put(target, Arc::new(model), origin.to_string(), stamp))
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
            let found = folder.origin(target).map(|origin| origin.to_string());
            assert_eq!(found.as_deref(), path, "{target:?}");
        }
    }
}
