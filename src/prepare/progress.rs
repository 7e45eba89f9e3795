//! Lines on the standard error about how far a long run is.

use std::{
    io::{self, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// How far one part of a run is.
pub(super) struct Progress {
    done: AtomicU64,
    shown: Mutex<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { done: AtomicU64::new(0), shown: Mutex::new(Instant::now()) }
    }

    /// Counts what was done, and tells it at times; `describe` gets the sum.
    pub(super) fn add(&self, amount: u64, describe: impl FnOnce(u64) -> String) {
        let done = self.done.fetch_add(amount, Ordering::Relaxed) + amount;
        // Whoever does not get the lock leaves it to the thread that has it.
        if let Ok(mut shown) = self.shown.try_lock()
            && shown.elapsed() >= INTERVAL
        {
            *shown = Instant::now();
            // Lost where the standard error cannot be written to.
            drop(writeln!(io::stderr(), "{}", describe(done)));
        }
    }
}
