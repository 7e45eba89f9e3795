//! Worker threads.

use crate::error::{Error, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
    io,
    sync::{Mutex, PoisonError},
    thread,
};

/// A pool of `threads` worker threads, which are called `{name}-0`, `{name}-1`, ….
pub(crate) fn thread_pool(name: &'static str, threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |i| format!("{name}-{i}"))
        .build()
        .map_err(|error| Error::no_threads(io::Error::other(error)))
}

/// Whether so many threads can run at once.
pub(super) fn try_threads(threads: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        let wait = || drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
        let started: io::Result<Vec<_>> =
            (0..threads).map(|_| thread::Builder::new().spawn_scoped(scope, wait)).collect();
        drop(closed);
        started.map(drop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_threads_can_be_started_at_once() {
        try_threads(0).unwrap();
        try_threads(20).unwrap();
    }
}
