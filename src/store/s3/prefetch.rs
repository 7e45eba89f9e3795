//! Objects fetched before they are read.
//!
//! ```text
//! announce ─► a thread that waits for memory ─► requests ─► ready, until taken
//! ```

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{bucket::Bucket, request_error::RequestError};
use crate::{
    run::{Admitted, Gate},
    store::interface::Entry,
};

/// An object's bytes; `None` if there is no such object.
type Fetched = Result<Option<Vec<u8>>, RequestError>;

/// The announced objects that are pending or ready.
///
/// - A reader never waits for memory, only for a pending request: an object that was not requested yet it fetches itself.
/// - A ready object occupies memory until it is taken or replaced, or until other objects are announced.
#[derive(Debug)]
pub(super) struct Prefetch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bucket: Arc<Bucket>,
    gate: Arc<Gate>,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the latest announcement; objects of earlier ones are dropped.
    announcement: u64,
    objects: HashMap<String, Object>,
    /// Whether there are announced objects that were not requested yet.
    running: bool,
    /// Objects that were read before they were requested, to be skipped.
    skipped: HashSet<String>,
}

impl State {
    /// Skips an object that was not requested yet.
    fn skip(&mut self, key: &str) {
        if self.running {
            self.skipped.insert(key.to_owned());
        }
    }
}

#[derive(Debug)]
enum Object {
    Pending,
    Ready(Fetched, Admitted),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests one object after another, as memory allows, until other objects are announced.
    fn run(self: &Arc<Self>, announcement: u64, upcoming: Vec<Entry>) {
        for Entry { key, size } in upcoming {
            let replaced = || self.lock().announcement != announcement;
            let Some(admitted) = self.gate.admit_unless(size, replaced) else { return };
            let mut state = self.lock();
            if state.announcement != announcement {
                return;
            }
            if state.skipped.remove(&key) || state.objects.contains_key(&key) {
                continue;
            }
            state.objects.insert(key.clone(), Object::Pending);
            drop(state);
            let shared = Arc::clone(self);
            self.bucket.runtime.spawn(async move {
                let bucket = Arc::clone(&shared.bucket);
                let getting = tokio::spawn({
                    let key = key.clone();
                    async move { bucket.get(&key).await }
                });
                // Even if the request panics: a reader may be waiting for it.
                let fetched = getting.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
                let mut state = shared.lock();
                let awaited = if state.announcement == announcement { state.objects.get_mut(&key) } else { None };
                if let Some(object) = awaited {
                    *object = Object::Ready(fetched, admitted);
                }
                drop(state);
                shared.arrived.notify_all();
            });
        }
        let mut state = self.lock();
        if state.announcement == announcement {
            state.running = false;
            state.skipped.clear();
        }
    }
}

impl Prefetch {
    pub(super) fn new(bucket: Arc<Bucket>, gate: Arc<Gate>) -> Self {
        Self { shared: Arc::new(Shared { bucket, gate, state: Mutex::default(), arrived: Condvar::new() }) }
    }

    /// Drops what was announced before, and starts to fetch.
    pub(super) fn announce(&self, upcoming: Vec<Entry>) {
        let mut state = self.shared.lock();
        let announcement = state.announcement + 1;
        let forgotten = std::mem::replace(&mut *state, State { announcement, running: true, ..State::default() });
        drop(state);
        // Frees their memory, outside the lock.
        drop(forgotten);
        self.shared.gate.nudge();
        self.shared.arrived.notify_all();
        let shared = Arc::clone(&self.shared);
        let started =
            thread::Builder::new().name("s3-prefetch".into()).spawn(move || shared.run(announcement, upcoming));
        if started.is_err() {
            // Without the thread, every object is fetched when it is read.
            self.shared.lock().running = false;
        }
    }

    /// The object, if it is ready or pending; waits for a pending one.
    pub(super) fn take(&self, key: &str) -> Option<Fetched> {
        let mut state = self.shared.lock();
        loop {
            match state.objects.remove(key) {
                Some(Object::Ready(fetched, admitted)) => {
                    drop(state);
                    drop(admitted);
                    return Some(fetched);
                }
                Some(Object::Pending) => {
                    state.objects.insert(key.to_owned(), Object::Pending);
                    state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    state.skip(key);
                    return None;
                }
            }
        }
    }

    /// Drops the object: it is being replaced, and what was fetched is outdated.
    pub(super) fn forget(&self, key: &str) {
        let mut state = self.shared.lock();
        let forgotten = state.objects.remove(key);
        if forgotten.is_none() {
            state.skip(key);
        }
        drop(state);
        // Frees its memory, outside the lock.
        drop(forgotten);
        self.shared.arrived.notify_all();
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.shared.lock().announcement += 1;
        self.shared.gate.nudge();
    }
}
