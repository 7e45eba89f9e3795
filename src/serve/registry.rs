//! The models in memory by name.
//!
//! - A name is in one of three states: unknown, being loaded, loaded. A load that fails leaves nothing behind.
//! - A model that is unloaded answers the requests that have it already, and is gone with the last of them.
//! - Models that came from a folder make room for others, least recently used first; those that a call loaded stay.

use super::{budget::Budget, fault::Fault, origin::Stamp, resident::Resident};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// The models in memory.
#[derive(Debug)]
pub(super) struct Registry {
    models: Mutex<Models>,
    pub(super) budget: Arc<Budget>,
}

#[derive(Debug, Default)]
struct Models {
    /// Sorted, as Multi Model Server lists them.
    by_name: BTreeMap<Arc<str>, Entry>,
    /// Those from a folder by their last use.
    by_use: BTreeMap<u64, Arc<str>>,
    /// Names by what the platform calls their targets.
    by_target: BTreeMap<Arc<str>, Arc<str>>,
    loading: BTreeSet<Arc<str>>,
    uses: u64,
    /// Bytes of those from a folder together.
    evictable: u64,
}

#[derive(Debug)]
struct Entry {
    model: Arc<Resident>,
    url: Box<str>,
    target: Option<Arc<str>>,
    /// Where it came from a folder: its last use, and the file as it was.
    cached: Option<Cached>,
}

#[derive(Clone, Debug)]
struct Cached {
    used: u64,
    stamp: Stamp,
    looked_at: Instant,
}

/// What a name stands for, in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: Arc<str>,
    pub(super) url: String,
}

/// A name that is being loaded; forgotten when dropped before its time.
#[derive(Debug)]
pub(super) struct Reservation {
    registry: Arc<Registry>,
    name: Arc<str>,
    completed: bool,
}

/// A model from a folder, and the file that it was read from.
#[derive(Debug)]
pub(super) struct FromFolder {
    pub(super) model: Arc<Resident>,
    pub(super) stamp: Stamp,
    pub(super) looked_at: Instant,
}

impl Models {
    /// Puts a model in, in the place of the one of that name, which is handed back.
    fn insert(&mut self, name: Arc<str>, entry: Entry) -> Option<Entry> {
        let before = self.remove(&name);
        if let Some(cached) = &entry.cached {
            self.by_use.insert(cached.used, Arc::clone(&name));
            self.evictable += entry.model.bytes();
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
            self.evictable -= entry.model.bytes();
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
    pub(super) fn new(memory: u64) -> Arc<Self> {
        Arc::new(Self { models: Mutex::default(), budget: Budget::new(memory) })
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        // Every change is made whole before the lock is released, or not begun.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a name for a load.
    pub(super) fn reserve(self: &Arc<Self>, name: &str) -> Result<Reservation, Fault> {
        let mut models = self.models();
        if models.by_name.contains_key(name) || models.loading.contains(name) {
            return Err(Fault::conflict(name));
        }
        let name: Arc<str> = name.into();
        models.loading.insert(Arc::clone(&name));
        Ok(Reservation { registry: Arc::clone(self), name, completed: false })
    }

    /// The model of this name.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Resident>> {
        self.models().by_name.get(name).map(|entry| Arc::clone(&entry.model))
    }

    /// The name and the place of a model.
    pub(super) fn describe(&self, name: &str) -> Option<(Listed, Arc<Resident>)> {
        let models = self.models();
        let (name, entry) = models.by_name.get_key_value(name)?;
        Some((Listed { name: Arc::clone(name), url: entry.url.to_string() }, Arc::clone(&entry.model)))
    }

    /// The model that a client means by a target: one of that name, or one that was loaded for that target.
    pub(super) fn by_target(&self, target: &str) -> Option<Arc<Resident>> {
        let models = self.models();
        let named = models.by_name.get(target);
        let entry = named.or_else(|| models.by_name.get(models.by_target.get(target)?))?;
        Some(Arc::clone(&entry.model))
    }

    /// The model of a folder under its target's name; its use is noted.
    pub(super) fn use_cached(&self, target: &str) -> Option<FromFolder> {
        let mut models = self.models();
        let models = &mut *models;
        let (name, entry) =
            models.by_name.get_key_value(target).map(|(name, _)| Arc::clone(name)).and_then(|name| {
                let entry = models.by_name.get_mut(&name)?;
                Some((name, entry))
            })?;
        let cached = entry.cached.as_mut()?;
        models.uses += 1;
        models.by_use.remove(&cached.used);
        models.by_use.insert(models.uses, name);
        cached.used = models.uses;
        Some(FromFolder { model: Arc::clone(&entry.model), stamp: cached.stamp.clone(), looked_at: cached.looked_at })
    }

    /// Notes that a file is still the one that was read.
    pub(super) fn looked_at(&self, name: &str) {
        if let Some(cached) = self.models().by_name.get_mut(name).and_then(|entry| entry.cached.as_mut()) {
            cached.looked_at = Instant::now();
        }
    }

    /// Puts a model from a folder in the place of the one from there that may be loaded already; hands back the model that
    /// has the name then, which is another one where a call has loaded it meanwhile.
    pub(super) fn put(&self, name: &str, model: Arc<Resident>, url: String, stamp: Stamp) -> Arc<Resident> {
        let mut models = self.models();
        if let Some(pinned) = models.by_name.get(name).filter(|entry| entry.cached.is_none()) {
            return Arc::clone(&pinned.model);
        }
        models.uses += 1;
        let cached = Some(Cached { used: models.uses, stamp, looked_at: Instant::now() });
        let entry = Entry { model: Arc::clone(&model), url: url.into(), target: None, cached };
        let before = models.insert(name.into(), entry);
        // Freeing takes time.
        drop(models);
        drop(before);
        model
    }

    /// Unloads a model from a folder; says whether there was one.
    pub(super) fn forget_cached(&self, name: &str) -> bool {
        let mut models = self.models();
        let cached = models.by_name.get(name).is_some_and(|entry| entry.cached.is_some());
        let before = if cached { models.remove(name) } else { None };
        drop(models);
        before.is_some()
    }

    /// Unloads a model; the last request that has it frees it.
    pub(super) fn take_out(&self, name: &str) -> Option<Arc<Resident>> {
        self.models().remove(name).map(|entry| entry.model)
    }

    /// Unloads the model of a folder that was used least recently, if all of them together would make room for so many
    /// bytes more; says which.
    pub(super) fn evict_for(&self, bytes: u64) -> Option<Arc<str>> {
        // Dropped outside of the lock: freeing takes time.
        let (name, _entry) = {
            let mut models = self.models();
            let pinned = self.budget.used().saturating_sub(models.evictable);
            if pinned.saturating_add(bytes) > self.budget.limit() {
                return None;
            }
            let name = Arc::clone(models.by_use.first_key_value()?.1);
            let entry = models.remove(&name);
            (name, entry)
        };
        Some(name)
    }

    /// Number of models.
    pub(super) fn len(&self) -> usize {
        self.models().by_name.len()
    }

    /// Names and places from the `skip`th on, sorted by name.
    pub(super) fn list(&self, skip: usize, limit: usize) -> Vec<Listed> {
        let models = self.models();
        let page = models.by_name.iter().skip(skip).take(limit);
        page.map(|(name, entry)| Listed { name: Arc::clone(name), url: entry.url.to_string() }).collect()
    }
}

impl Reservation {
    /// The name now stands for the model.
    pub(super) fn complete(mut self, model: Arc<Resident>, url: String, target: Option<&str>) {
        self.completed = true;
        let mut models = self.registry.models();
        models.loading.remove(&self.name);
        let entry = Entry { model, url: url.into(), target: target.map(Into::into), cached: None };
        let before = models.insert(Arc::clone(&self.name), entry);
        // Freeing takes time.
        drop(models);
        drop(before);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // After `complete` the name may be another load's already.
        if !self.completed {
            self.registry.models().loading.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Opened;
    use manyfit_models::{Fitted, FittedRows, ridge::Ridge};
    use std::path::Path;

    fn model(registry: &Registry) -> Arc<Resident> {
        let ridge = Ridge { intercept: 0.0, coefficients: vec![1.0], means: vec![0.0] };
        let fitted = FittedRows::from_file("ridge.json", &serde_json::to_vec(&ridge).unwrap(), None).unwrap();
        let model = Fitted::from(fitted);
        let opened = Opened { metadata: None, model, file: "ridge.json".into() };
        let mut resident = Resident::new(opened, registry.budget.charge(0).unwrap());
        assert!(resident.settle());
        Arc::new(resident)
    }

    #[test]
    fn a_model_that_a_call_loaded_stays_whatever_a_folder_does() {
        let registry = Registry::new(1 << 20);
        let stamp = Stamp::of_path(Path::new(".")).unwrap();
        let reservation = registry.reserve("x").unwrap();
        // A request for a file of that name comes before the load is done, and another one after it.
        registry.put("x", model(&registry), "folder".into(), stamp.clone());
        let pinned = model(&registry);
        reservation.complete(Arc::clone(&pinned), "call".into(), None);
        assert!(Arc::ptr_eq(&registry.put("x", model(&registry), "folder".into(), stamp), &pinned));
        assert_eq!(registry.describe("x").unwrap().0.url, "call");
        assert_eq!(registry.evict_for(1), None);
        assert!(!registry.forget_cached("x"));
        assert!(Arc::ptr_eq(&registry.take_out("x").unwrap(), &pinned));
        drop(pinned);
        assert_eq!(registry.budget.used(), 0);
    }
}
