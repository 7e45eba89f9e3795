//! Files that were handed to the store and may not be there yet.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::{
    error::{Error, Result},
    store::{Stamp, Store},
};

/// Counts unfinished writes and keeps the first failure.
#[derive(Default)]
pub(super) struct PendingWrites {
    /// Number of unfinished writes, first failure.
    state: Mutex<(usize, Option<Error>)>,
    finished: Condvar,
}

impl PendingWrites {
    fn state(&self) -> MutexGuard<'_, (usize, Option<Error>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a write; fails if an earlier one has.
    pub(super) fn start(self: &Arc<Self>, store: &dyn Store, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.state().0 += 1;
        let pending = Arc::clone(self);
        let done = move |result: Result<Option<Stamp>>| {
            let mut state = pending.state();
            state.0 -= 1;
            if let Err(error) = result {
                state.1.get_or_insert(error);
            }
            pending.finished.notify_all();
        };
        store.publish_behind(key, bytes, Box::new(done));
        self.state().1.take().map_or(Ok(()), Err)
    }

    /// Waits until all writes are finished.
    pub(super) fn wait(&self) -> Result<()> {
        let mut state = self.state();
        while state.0 > 0 {
            state = self.finished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.1.take().map_or(Ok(()), Err)
    }
}
