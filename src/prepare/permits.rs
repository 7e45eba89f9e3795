//! How many bytes of rows are loaded at once, over all threads.

use std::sync::{Condvar, Mutex, PoisonError};

/// Memory for each byte of loaded rows: for itself, its row's place, that place in the order of time, and the output.
pub(super) const MEMORY_PER_BYTE: u64 = 5;
/// No more is loaded by one thread: places are 32 bits.
pub(super) const MOST: u64 = 3 << 30;

/// Bytes that may be loaded, and those that are.
///
/// Buckets of the usual size never wait: there are as many threads as of those fit in. A customer with more rows than that
/// waits until it fits in, and the others wait for it.
#[derive(Debug)]
pub(super) struct Permits {
    all: u64,
    taken: Mutex<u64>,
    returned: Condvar,
}

/// Some of the bytes, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    permits: &'a Permits,
    bytes: u64,
}

impl Permits {
    /// For so many bytes of memory.
    pub(super) fn new(memory: u64) -> Self {
        let all = (memory / MEMORY_PER_BYTE).clamp(1 << 16, MOST);
        Self { all, taken: Mutex::new(0), returned: Condvar::new() }
    }

    /// The most that one may take.
    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// Waits until so many bytes may be loaded; for more than there are, until no others are.
    pub(super) fn take(&self, bytes: u64) -> Permit<'_> {
        let bytes = bytes.min(self.all);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = |taken: &mut u64| *taken + bytes > self.all;
        let mut taken = self.returned.wait_while(taken, busy).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        Permit { permits: self, bytes }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.permits.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.permits.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is() {
        let permits = Permits { all: 100, taken: Mutex::new(0), returned: Condvar::new() };
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for at in 0..8 {
                let (permits, now, most) = (&permits, &now, &most);
                scope.spawn(move || {
                    for bytes in [at, 60, 100, 10_000, 30] {
                        let permit = permits.take(bytes);
                        let sum = now.fetch_add(permit.bytes, Ordering::SeqCst) + permit.bytes;
                        most.fetch_max(sum, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(permit.bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 100);
        assert_eq!(permits.taken.into_inner().unwrap(), 0);
    }
}
