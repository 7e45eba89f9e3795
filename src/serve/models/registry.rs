//! The models in memory, by name.
//!
//! - A name is unknown, being loaded, or loaded. A failed load leaves nothing behind.
//! - An unloaded model still answers the requests that hold it, and is freed with the last of them.
//! - Models from a folder are evicted under memory pressure, least recently used first; those loaded by a call stay.

use super::{budget::Budget, loaded::LoadedModel};
use crate::{serve::error::ApiError, store::Stamp};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// The models in memory.
#[derive(Debug)]
pub(in crate::serve) struct Registry {
    models: Mutex<Models>,
    pub(in crate::serve) budget: Arc<Budget>,
}

#[derive(Debug, Default)]
struct Models {
    /// Sorted, as Multi Model Server lists them.
    by_name: BTreeMap<Arc<str>, Entry>,
    /// Those from a folder, by last use.
    by_use: BTreeMap<u64, Arc<str>>,
    /// Names by the target that they were loaded for.
    by_target: BTreeMap<Arc<str>, Arc<str>>,
    loading: BTreeSet<Arc<str>>,
    uses: u64,
    /// Bytes of those from a folder together.
    evictable: u64,
}

#[derive(Debug)]
struct Entry {
    model: Arc<LoadedModel>,
    url: Box<str>,
    target: Option<Arc<str>>,
    /// Only for models from a folder.
    cached: Option<Cached>,
}

/// The state of a model from a folder.
#[derive(Debug)]
struct Cached {
    used: u64,
    /// The version of its file that was read.
    stamp: Stamp,
    /// When the file was last compared with that version.
    checked_at: Instant,
}

/// A model in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::serve) struct ListedModel {
    model_name: String,
    model_url: String,
}

/// A name that is being loaded, until this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Reservation {
    registry: Arc<Registry>,
    name: Arc<str>,
}

impl Models {
    /// Inserts a model and returns the one of that name that it replaces.
    fn insert(&mut self, name: Arc<str>, entry: Entry) -> Option<Entry> {
        let before = self.remove(&name);
        if let Some(cached) = &entry.cached {
            self.by_use.insert(cached.used, Arc::clone(&name));
            self.evictable += entry.model.bytes;
        }
        if let Some(target) = &entry.target {
            self.by_target.insert(Arc::clone(target), Arc::clone(&name));
        }
        self.by_name.insert(name, entry);
        before
    }

    fn remove(&mut self, name: &str) -> Option<Entry> {
        let entry = self.by_name.remove(name)?;
        if let Some(cached) = &entry.cached {
            self.by_use.remove(&cached.used);
            self.evictable -= entry.model.bytes;
        }
        if let Some(target) = &entry.target
            && self.by_target.get(target).is_some_and(|other| **other == *name)
        {
            self.by_target.remove(target);
        }
        Some(entry)
    }
}

impl Registry {
    pub(in crate::serve) fn new(memory: u64) -> Arc<Self> {
        Arc::new(Self { models: Mutex::default(), budget: Budget::new(memory) })
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        // No change is left half done while the lock is held, so a poisoned lock is still consistent.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves a name for a load.
    pub(in crate::serve) fn reserve(self: &Arc<Self>, name: &str) -> Result<Reservation, ApiError> {
        let mut models = self.models();
        if models.by_name.contains_key(name) || models.loading.contains(name) {
            return Err(ApiError::conflict(name));
        }
        let name: Arc<str> = name.into();
        models.loading.insert(Arc::clone(&name));
        Ok(Reservation { registry: Arc::clone(self), name })
    }

    /// The model of this name.
    pub(in crate::serve) fn get(&self, name: &str) -> Option<Arc<LoadedModel>> {
        self.models().by_name.get(name).map(|entry| Arc::clone(&entry.model))
    }

    /// The model of this name and where it came from.
    pub(in crate::serve) fn describe(&self, name: &str) -> Option<(ListedModel, Arc<LoadedModel>)> {
        let models = self.models();
        let (name, entry) = models.by_name.get_key_value(name)?;
        Some((ListedModel::new(name, entry), Arc::clone(&entry.model)))
    }

    /// The model that a client means by a target: the one of that name, or the one that was loaded for that target.
    pub(in crate::serve) fn by_target(&self, target: &str) -> Option<Arc<LoadedModel>> {
        let models = self.models();
        let named = models.by_name.get(target);
        let entry = named.or_else(|| models.by_name.get(models.by_target.get(target)?))?;
        Some(Arc::clone(&entry.model))
    }

    /// The model from a folder with this target name, marked as most recently used, and when its file was last checked.
    pub(super) fn use_cached(&self, target: &str) -> Option<(Arc<LoadedModel>, Instant)> {
        let mut models = self.models();
        let models = &mut *models;
        let name = Arc::clone(models.by_name.get_key_value(target)?.0);
        let entry = models.by_name.get_mut(target)?;
        let cached = entry.cached.as_mut()?;
        models.uses += 1;
        models.by_use.remove(&cached.used);
        models.by_use.insert(models.uses, name);
        cached.used = models.uses;
        Some((Arc::clone(&entry.model), cached.checked_at))
    }

    /// The model from a folder with this target name, if it is of this version of its file, or of any. Notes that the file has
    /// just been checked.
    pub(super) fn checked(&self, target: &str, version: Option<&Stamp>) -> Option<Arc<LoadedModel>> {
        let mut models = self.models();
        let entry = models.by_name.get_mut(target)?;
        let cached = entry.cached.as_mut().filter(|cached| version.is_none_or(|version| cached.stamp == *version))?;
        cached.checked_at = Instant::now();
        Some(Arc::clone(&entry.model))
    }

    /// Inserts a model from a folder, replacing an earlier one from there. Returns the model that now has the name: a
    /// different one if a call has loaded it in the meantime.
    pub(super) fn put(&self, name: &str, model: Arc<LoadedModel>, url: String, stamp: Stamp) -> Arc<LoadedModel> {
        let mut models = self.models();
        if let Some(pinned) = models.by_name.get(name).filter(|entry| entry.cached.is_none()) {
            return Arc::clone(&pinned.model);
        }
        models.uses += 1;
        let cached = Some(Cached { used: models.uses, stamp, checked_at: Instant::now() });
        let entry = Entry { model: Arc::clone(&model), url: url.into(), target: None, cached };
        let before = models.insert(name.into(), entry);
        // Freeing takes time: not under the lock.
        drop(models);
        drop(before);
        model
    }

    /// Unloads a model from a folder; `false` if there is none.
    pub(super) fn remove_cached(&self, name: &str) -> bool {
        let mut models = self.models();
        let is_cached = models.by_name.get(name).is_some_and(|entry| entry.cached.is_some());
        let before = is_cached.then(|| models.remove(name));
        drop(models);
        before.is_some()
    }

    /// Unloads a model; the last request that holds it frees it.
    pub(in crate::serve) fn remove(&self, name: &str) -> Option<Arc<LoadedModel>> {
        self.models().remove(name).map(|entry| entry.model)
    }

    /// Unloads the least recently used model from a folder and returns its name, if evicting all of them would free `bytes`.
    pub(super) fn evict_for(&self, bytes: u64) -> Option<Arc<str>> {
        let mut models = self.models();
        let pinned = self.budget.used().saturating_sub(models.evictable);
        if pinned.saturating_add(bytes) > self.budget.limit {
            return None;
        }
        let name = Arc::clone(models.by_use.first_key_value()?.1);
        let entry = models.remove(&name);
        // Freeing takes time: not under the lock.
        drop(models);
        drop(entry);
        Some(name)
    }

    /// Number of models.
    pub(in crate::serve) fn len(&self) -> usize {
        self.models().by_name.len()
    }

    /// Names that are not among these, which are sorted.
    pub(super) fn names_besides(&self, sorted: &[String]) -> Vec<Arc<str>> {
        let models = self.models();
        let is_other = |name: &&Arc<str>| sorted.binary_search_by(|other| other.as_str().cmp(name)).is_err();
        models.by_name.keys().filter(is_other).map(Arc::clone).collect()
    }

    /// Models from the `skip`th on, sorted by name.
    pub(in crate::serve) fn list(&self, skip: usize, limit: usize) -> Vec<ListedModel> {
        let models = self.models();
        models.by_name.iter().skip(skip).take(limit).map(|(name, entry)| ListedModel::new(name, entry)).collect()
    }
}

impl ListedModel {
    fn new(name: &str, entry: &Entry) -> Self {
        Self { model_name: name.to_owned(), model_url: entry.url.to_string() }
    }

    /// A model that would be loaded from there.
    pub(super) fn unloaded(name: &str, url: String) -> Self {
        Self { model_name: name.to_owned(), model_url: url }
    }
}

impl Reservation {
    /// Registers the model under the name.
    pub(in crate::serve) fn complete(self, model: Arc<LoadedModel>, url: String, target: Option<&str>) {
        let mut models = self.registry.models();
        let entry = Entry { model, url: url.into(), target: target.map(Into::into), cached: None };
        let before = models.insert(Arc::clone(&self.name), entry);
        // Freeing takes time: not under the lock.
        drop(models);
        drop(before);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.registry.models().loading.remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::stamp_of_path, *};
    use crate::artifact::Opened;
    use manyfit_models::{Fitted, FittedRows, ridge::Ridge};
    use std::path::Path;

    fn model(registry: &Registry) -> Arc<LoadedModel> {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0], means: vec![0.0] };
        let fitted = FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), None).unwrap();
        let model = Fitted::from(fitted);
        let opened = Opened { metadata: None, model, file: "ridge.json".into() };
        let mut model = LoadedModel::new(opened, registry.budget.charge(0).unwrap());
        assert!(model.charge.settle(model.bytes));
        Arc::new(model)
    }

    #[test]
    fn a_model_loaded_by_a_call_is_not_replaced_by_one_from_a_folder() {
        let registry = Registry::new(1 << 20);
        let stamp = stamp_of_path(Path::new(".")).unwrap();
        let reservation = registry.reserve("x").unwrap();
        // A request for a file of that name comes before the load is done, and another one after it.
        registry.put("x", model(&registry), "folder".into(), stamp.clone());
        let pinned = model(&registry);
        reservation.complete(Arc::clone(&pinned), "call".into(), None);
        assert!(Arc::ptr_eq(&registry.put("x", model(&registry), "folder".into(), stamp), &pinned));
        assert_eq!(registry.describe("x").unwrap().0.model_url, "call");
        assert_eq!(registry.evict_for(1), None);
        assert!(!registry.remove_cached("x"));
        assert!(Arc::ptr_eq(&registry.remove("x").unwrap(), &pinned));
        drop(pinned);
        assert_eq!(registry.budget.used(), 0);
    }
}
