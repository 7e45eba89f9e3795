//! A folder or bucket of archives or unpacked artifacts, each loaded by its target name on first use.

use super::{loaded::LoadedModel, loader::Loader, source::ModelSource};
use crate::serve::error::ApiError;
use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Locks for loading. Targets that share one by chance wait for each other, which needs no bookkeeping.
const LOCKS: usize = 1024;

/// A folder of archives, or a bucket of them.
#[derive(Debug)]
pub(in crate::serve) struct Folder {
    root: ModelSource,
    /// The longest that a replaced model goes unnoticed.
    check_every: Duration,
    /// By the hash of a target, so that a model is loaded once, however many requests wait for it.
    loading: Box<[Mutex<()>]>,
    hash: RandomState,
}

impl Folder {
    pub(in crate::serve) fn new(root: ModelSource, check_every: Duration) -> Self {
        let loading = (0..LOCKS).map(|_| Mutex::default()).collect();
        Self { root, check_every, loading, hash: RandomState::new() }
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
        let (job_loader, name) = (Arc::clone(loader), target.to_owned());
        loader.jobs.run(move || refresh(&job_loader, &name, &source)).await?
    }
}

/// Checks the source, and reads the model if it is not the cached one.
///
/// While the source cannot be read, a cached model keeps serving: a file may be half written, a bucket unreachable.
fn refresh(loader: &Loader, target: &str, source: &ModelSource) -> Result<Arc<LoadedModel>, ApiError> {
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
            return Err(ApiError::unknown_model(target));
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
