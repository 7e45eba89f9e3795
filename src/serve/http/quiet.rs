//! Which open connections have no request in progress, and for how long.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::Notify;

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Activity>>,
}

/// What one connection does.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    close: Notify,
}

#[derive(Debug)]
struct State {
    requests: usize,
    /// When it was accepted, or its last request ended.
    since: Instant,
    closed: bool,
}

/// A place among the open connections, returned when dropped.
#[derive(Debug)]
pub(super) struct Member {
    open: Arc<Mutex<Open>>,
    number: u64,
    activity: Arc<Activity>,
}

/// A request in progress, until it is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Quiet {
    /// Adds a connection.
    pub(super) fn enter(&self) -> Member {
        let state = Mutex::new(State { requests: 0, since: Instant::now(), closed: false });
        let activity = Arc::new(Activity { state, close: Notify::new() });
        let mut open = lock(&self.open);
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Arc::clone(&activity));
        Member { open: Arc::clone(&self.open), number, activity }
    }

    /// Closes the connection that has had no request in progress for longest; does nothing if all are busy.
    pub(super) fn close_longest(&self) {
        let open = lock(&self.open);
        let quiet = open.connections.values().filter_map(|activity| {
            let state = lock(&activity.state);
            (state.requests == 0 && !state.closed).then_some((state.since, activity))
        });
        if let Some((_, activity)) = quiet.min_by_key(|(since, _)| *since) {
            lock(&activity.state).closed = true;
            activity.close.notify_one();
        }
    }
}

impl Activity {
    /// Begins a request.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        lock(&self.state).requests += 1;
        Busy(Arc::clone(self))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.requests -= 1;
        state.since = Instant::now();
    }
}

impl Member {
    /// What the connection does.
    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// Returns when the connection is to be closed.
    pub(super) async fn closed(&self) {
        self.activity.close.notified().await;
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        lock(&self.open).connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_quiet_connection_is_closed_and_no_busy_one() {
        let quiet = Quiet::default();
        let members = [quiet.enter(), quiet.enter(), quiet.enter()];
        let is_closed = |at: usize| lock(&members[at].activity.state).closed;
        let busy = members[0].activity().begin();
        quiet.close_longest();
        assert_eq!([0, 1, 2].map(is_closed), [false, true, false]);
        drop(busy);
        quiet.close_longest();
        assert_eq!([0, 1, 2].map(is_closed), [false, true, true], "the first has just been busy");
        let _busy = members[0].activity().begin();
        quiet.close_longest();
        assert_eq!([0, 1, 2].map(is_closed), [false, true, true]);
        drop(members);
        assert!(lock(&quiet.open).connections.is_empty());
    }
}
