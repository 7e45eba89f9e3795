//! Objects fetched before they are asked for.
//!
//! ```text
//! announce ─► a thread that waits for room ─► requests ─► here, until taken
//! ```

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{Place, Refusal};
use crate::{
    run::{Admitted, Gate},
    store::Entry,
};

/// An object's bytes; `None` where there is no such object.
type Fetched = Result<Option<Vec<u8>>, Refusal>;

/// What was announced, on its way or here.
///
/// - Whoever asks never waits for room, only for a request that is under way: what was not begun yet, it fetches itself.
/// - What is here holds its room until it is taken or replaced, or until something else is announced.
#[derive(Debug)]
pub(super) struct Ahead {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    place: Arc<Place>,
    gate: Arc<Gate>,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Number of announcements; what belongs to an earlier one is forgotten.
    announcement: u64,
    objects: HashMap<String, Object>,
    /// Whether there are announced objects that are not begun.
    running: bool,
    /// What was asked for before it was begun, to be left out.
    overtaken: HashSet<String>,
}

impl State {
    /// Leaves an object out that is not begun.
    fn overtake(&mut self, key: &str) {
        if self.running {
            self.overtaken.insert(key.to_owned());
        }
    }
}

#[derive(Debug)]
enum Object {
    OnItsWay,
    Here(Fetched, Admitted),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one request after another, as there is room, until something else is announced.
    fn run(self: &Arc<Self>, announcement: u64, upcoming: Vec<Entry>) {
        for Entry { key, size } in upcoming {
            let replaced = || self.lock().announcement != announcement;
            let Some(admitted) = self.gate.admit_unless(size, replaced) else { return };
            let mut state = self.lock();
            if state.announcement != announcement {
                return;
            }
            if state.overtaken.remove(&key) || state.objects.contains_key(&key) {
                continue;
            }
            state.objects.insert(key.clone(), Object::OnItsWay);
            drop(state);
            let shared = Arc::clone(self);
            self.place.runtime.spawn(async move {
                let place = Arc::clone(&shared.place);
                let getting = tokio::spawn({
                    let key = key.clone();
                    async move { place.get(&key).await }
                });
                // Whatever becomes of the request, somebody may wait for its end.
                let fetched = getting.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
                let mut state = shared.lock();
                let awaited = if state.announcement == announcement { state.objects.get_mut(&key) } else { None };
                if let Some(object) = awaited {
                    *object = Object::Here(fetched, admitted);
                }
                drop(state);
                shared.arrived.notify_all();
            });
        }
        let mut state = self.lock();
        if state.announcement == announcement {
            state.running = false;
            state.overtaken.clear();
        }
    }
}

impl Ahead {
    pub(super) fn new(place: Arc<Place>, gate: Arc<Gate>) -> Self {
        Self { shared: Arc::new(Shared { place, gate, state: Mutex::default(), arrived: Condvar::new() }) }
    }

    /// Forgets what was announced before, and begins to fetch.
    pub(super) fn announce(&self, upcoming: Vec<Entry>) {
        let mut state = self.shared.lock();
        let announcement = state.announcement + 1;
        let forgotten = std::mem::replace(&mut *state, State { announcement, running: true, ..State::default() });
        drop(state);
        // Which gives their room back, under no lock.
        drop(forgotten);
        self.shared.gate.nudge();
        self.shared.arrived.notify_all();
        let shared = Arc::clone(&self.shared);
        let begun = thread::Builder::new().name("s3-ahead".into()).spawn(move || shared.run(announcement, upcoming));
        if begun.is_err() {
            // Everything is then fetched when it is asked for.
            self.shared.lock().running = false;
        }
    }

    /// The object, if it is here or on its way.
    pub(super) fn take(&self, key: &str) -> Option<Fetched> {
        let mut state = self.shared.lock();
        loop {
            match state.objects.get(key) {
                Some(Object::OnItsWay) => {
                    state = self.shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Object::Here(..)) => match state.objects.remove(key) {
                    Some(Object::Here(fetched, admitted)) => {
                        drop(state);
                        drop(admitted);
                        return Some(fetched);
                    }
                    _ => return None,
                },
                None => {
                    state.overtake(key);
                    return None;
                }
            }
        }
    }

    /// Forgets the object: it is being replaced, and what was fetched is its past.
    pub(super) fn forget(&self, key: &str) {
        let mut state = self.shared.lock();
        let forgotten = state.objects.remove(key);
        if forgotten.is_none() {
            state.overtake(key);
        }
        drop(state);
        // Which gives its room back, under no lock.
        drop(forgotten);
        self.shared.arrived.notify_all();
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.lock().announcement += 1;
        self.shared.gate.nudge();
    }
}
