//! A folder or bucket of archives or unpacked artifacts, each loaded by its target name on first use.

use super::{loaded::LoadedModel, loader::Loader, registry::Cached, source::ModelSource};
use crate::{
    serve::error::ApiError,
    store::{self, Store},
};
use std::{
    collections::HashMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a file is checked for replacement while its model is in use.
const CHECK_FILE_EVERY: Duration = Duration::from_secs(1);

/// The same for an object, where a check is a request that costs money.
const CHECK_OBJECT_EVERY: Duration = Duration::from_secs(10);

/// A folder of archives, or a bucket of them.
#[derive(Debug)]
pub(in crate::serve) struct Folder {
    root: Root,
    /// The longest that a replaced model goes unnoticed.
    check_every: Duration,
    /// A lock for each target that is being loaded, so that it is loaded once.
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
    pub(in crate::serve) fn new(directory: PathBuf) -> Self {
        Self { root: Root::Directory(directory), check_every: CHECK_FILE_EVERY, loading: Mutex::default() }
    }

    pub(in crate::serve) fn of_store(store: Arc<dyn Store>) -> Self {
        Self { root: Root::Store(store), check_every: CHECK_OBJECT_EVERY, loading: Mutex::default() }
    }

    /// The model of a target, from memory or from its archive.
    pub(in crate::serve) async fn find(
        &self,
        target: &str,
        loader: &Arc<Loader>,
    ) -> Result<Arc<LoadedModel>, ApiError> {
        let registry = &loader.registry;
        let found = registry.use_cached(target);
        if let Some((model, cached)) = &found
            && self.is_fresh(cached)
        {
            return Ok(Arc::clone(model));
        }
        if found.is_none()
            && let Some(pinned) = registry.by_target(target)
        {
            return Ok(pinned);
        }
        let source = self.source(target).ok_or_else(|| ApiError::unknown_model(target))?;
        let loading = self.loading(target);
        let _turn = match (loading.lock.try_lock(), found) {
            (Ok(turn), _) => turn,
            // Another request is checking the file; until that is done the cached model answers.
            (Err(_), Some((model, _))) => return Ok(model),
            (Err(_), None) => loading.lock.lock().await,
        };
        // Another request may have loaded it while this one waited.
        if let Some((model, _)) = registry.use_cached(target).filter(|(_, cached)| self.is_fresh(cached)) {
            return Ok(model);
        }
        let (job_loader, name) = (Arc::clone(loader), target.to_owned());
        loader.jobs.run(move || refresh(&job_loader, &name, &source)).await?
    }

    fn is_fresh(&self, cached: &Cached) -> bool {
        cached.checked_at.elapsed() < self.check_every
    }

    /// The source of a target: below the root and not hidden.
    fn source(&self, target: &str) -> Option<ModelSource> {
        let relative = Path::new(target.trim_start_matches('/'));
        let visible = |component: Component<'_>| match component {
            Component::Normal(part) => part.to_str().is_some_and(|part| !part.starts_with('.') && !part.contains('\0')),
            _ => false,
        };
        let safe = relative.components().next().is_some() && relative.components().all(visible);
        match &self.root {
            _ if !safe => None,
            Root::Directory(directory) => Some(ModelSource::Path(directory.join(relative))),
            Root::Store(store) => {
                let key = relative.to_str().filter(|key| store::is_key(key))?;
                Some(ModelSource::Object { store: Arc::clone(store), key: key.to_owned() })
            }
        }
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loading<'a>(&'a self, target: &'a str) -> Loading<'a> {
        let lock = Arc::clone(self.locks().entry(target.to_owned()).or_default());
        Loading { folder: self, target, lock }
    }
}

/// A request's handle on the lock of a target; the last handle removes the lock.
struct Loading<'a> {
    folder: &'a Folder,
    target: &'a str,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        let mut locks = self.folder.locks();
        // One reference is in the map, one is here.
        if Arc::strong_count(&self.lock) == 2 {
            locks.remove(self.target);
        }
    }
}

/// Checks the source, and reads the model if it is not the cached one.
///
/// While the source cannot be read, a cached model keeps serving: a file may be half written, a bucket unreachable.
fn refresh(loader: &Loader, target: &str, source: &ModelSource) -> Result<Arc<LoadedModel>, ApiError> {
    let registry = &loader.registry;
    let cached = registry.use_cached(target);
    let begun = Instant::now();
    let (error, may_serve_cached) = match source.stamp() {
        Ok(Some(stamp)) => {
            if let Some((model, _)) = cached.as_ref().filter(|(_, cached)| cached.stamp == stamp) {
                registry.checked(target);
                return Ok(Arc::clone(model));
            }
            match loader.read(target, source, &stamp) {
                Ok(model) => {
                    loader.loaded(target, &model, begun);
                    return Ok(registry.put(target, Arc::new(model), source.to_string(), stamp));
                }
                Err(error) => (error, true),
            }
        }
        Ok(None) => {
            if registry.remove_cached(target) {
                loader.unloaded(target, "its file was removed");
            }
            return Err(ApiError::unknown_model(target));
        }
        Err(error) => {
            let message = format!("Unable to load model: reading {target}: {error}");
            (ApiError::internal(message), source.may_be_unreachable())
        }
    };
    loader.failed(target, &error);
    let (model, _) = cached.filter(|_| may_serve_cached).ok_or(error)?;
    registry.checked(target);
    Ok(model)
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
            let found = folder.source(target).map(|source| source.to_string());
            assert_eq!(found.as_deref(), path, "{target:?}");
        }
    }
}
