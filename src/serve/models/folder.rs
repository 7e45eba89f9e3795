//! A folder or bucket of archives or unpacked artifacts, each loaded by its target name on first use.

use super::{
    loaded::LoadedModel,
    loader::Loader,
    registry::{ListedModel, Registry},
    source::ModelSource,
};
use crate::serve::error::ApiError;
use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Locks for loading. Targets that share one by chance wait for each other, which needs no bookkeeping.
const LOCKS: usize = 1024;

/// A list of a bucket takes a request for each thousand objects: it serves so many times as long as one object's check.
const BUCKET_LISTS: u32 = 6;

/// A folder of archives, or a bucket of them.
#[derive(Debug)]
pub(in crate::serve) struct Folder {
    root: ModelSource,
    /// The longest that a replaced model goes unnoticed.
    check_every: Duration,
    /// By the hash of a target, so that a model is loaded once, however many requests wait for it.
    loading: Box<[Mutex<()>]>,
    hash: RandomState,
    /// All targets, sorted, and when they were listed.
    targets: Mutex<Option<(Instant, Arc<[String]>)>>,
}

impl Folder {
    pub(in crate::serve) fn new(root: ModelSource, check_every: Duration) -> Self {
        let loading = (0..LOCKS).map(|_| Mutex::default()).collect();
        Self { root, check_every, loading, hash: RandomState::new(), targets: Mutex::default() }
    }

    /// The model of a target, from memory or from its archive.
    pub(in crate::serve) async fn find(
        &self,
        target: &str,
        loader: &Arc<Loader>,
    ) -> Result<Arc<LoadedModel>, ApiError> {
        let registry = &loader.registry;
        let found = registry.use_cached(target);
        let is_fresh = |checked_at: Instant| checked_at.elapsed() < self.check_every;
        if let Some((model, checked_at)) = &found
            && is_fresh(*checked_at)
        {
            return Ok(Arc::clone(model));
        }
        if found.is_none()
            && let Some(pinned) = registry.by_target(target)
        {
            return Ok(pinned);
        }
        let source = self.root.below(target).ok_or_else(|| ApiError::unknown_model(target))?;
        let lock = &self.loading[self.hash.hash_one(target) as usize % LOCKS];
        let _turn = match (lock.try_lock(), found) {
            (Ok(turn), _) => turn,
            // Another request is checking the file: until that is done, the cached model answers.
            (Err(_), Some((model, _))) => return Ok(model),
            (Err(_), None) => lock.lock().await,
        };
        // Another request may have loaded it while this one waited.
        if let Some((model, _)) = registry.use_cached(target).filter(|(_, checked_at)| is_fresh(*checked_at)) {
            return Ok(model);
        }
        let (job_loader, root, name) = (Arc::clone(loader), self.root.clone(), target.to_owned());
        loader.jobs.run(move || refresh(&job_loader, &root, &name, &source)).await?
    }

    /// The models that can be asked for, loaded or not, from the `skip`th on, sorted by name.
    pub(in crate::serve) async fn list(
        &self,
        loader: &Arc<Loader>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<ListedModel>, ApiError> {
        let targets = self.targets(loader).await?;
        // Loaded by another spelling of a target, or no longer there.
        let others = loader.registry.names_besides(&targets);
        let listed = |name: &str| self.listed(&loader.registry, name);
        if others.is_empty() {
            return Ok(targets.iter().skip(skip).take(limit).map(|name| listed(name)).collect());
        }
        let mut names: Vec<&str> =
            targets.iter().map(String::as_str).chain(others.iter().map(|name| &**name)).collect();
        names.sort_unstable();
        Ok(names.into_iter().skip(skip).take(limit).map(listed).collect())
    }

    fn listed(&self, registry: &Registry, name: &str) -> ListedModel {
        let url = || self.root.below(name).map(|source| source.to_string()).unwrap_or_default();
        registry.describe(name).map_or_else(|| ListedModel::unloaded(name, url()), |(listed, _)| listed)
    }

    /// All targets, sorted. They are listed at most once at a time.
    async fn targets(&self, loader: &Loader) -> Result<Arc<[String]>, ApiError> {
        let mut known = self.targets.lock().await;
        let fresh = self.check_every * if matches!(self.root, ModelSource::Object { .. }) { BUCKET_LISTS } else { 1 };
        if let Some((listed, targets)) = &*known
            && listed.elapsed() < fresh
        {
            return Ok(Arc::clone(targets));
        }
        let root = self.root.clone();
        let targets: Arc<[String]> = loader
            .jobs
            .run(move || root.targets())
            .await?
            .map_err(|error| ApiError::internal(format!("the models cannot be listed: {error}")))?
            .into();
        *known = Some((Instant::now(), Arc::clone(&targets)));
        Ok(targets)
    }
}

/// Checks the source, and reads the model if it is not the cached one.
///
/// While the source cannot be read, a cached model keeps serving: a file may be half written, a bucket unreachable.
fn refresh(
    loader: &Loader,
    root: &ModelSource,
    target: &str,
    source: &ModelSource,
) -> Result<Arc<LoadedModel>, ApiError> {
    let registry = &loader.registry;
    let begun = Instant::now();
    let (error, may_serve_cached) = match source.stamp() {
        Ok(Some(stamp)) => {
            if let Some(model) = registry.checked(target, Some(&stamp)) {
                return Ok(model);
            }
            match loader.read(target, source, stamp.size) {
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
            let unknown = ApiError::unknown_model(target);
            return Err(match root.nearest(target) {
                Some(nearest) => unknown.suggesting(&nearest),
                None => unknown,
            });
        }
        Err(error) => {
            let message = format!("Unable to load model: reading {target}: {error}");
            (ApiError::internal(message), matches!(source, ModelSource::Object { .. }))
        }
    };
    loader.failed(target, &error);
    let cached = if may_serve_cached { registry.checked(target, None) } else { None };
    cached.ok_or(error)
}
