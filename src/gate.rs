//! How much may be in memory, or under way, at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Admits things while their number and their bytes stay within bounds; one larger than the bound goes alone, and the others
/// wait for it.
#[derive(Debug)]
pub(crate) struct Gate {
    most: usize,
    bytes: u64,
    inside: Mutex<Inside>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    number: usize,
    bytes: u64,
}

/// A thing's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    gate: Arc<Gate>,
    size: u64,
}

impl Gate {
    /// For at most so many things of so many bytes together.
    pub(crate) fn new(most: usize, bytes: u64) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), bytes, inside: Mutex::default(), left: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self, inside: &Inside, size: u64) -> bool {
        inside.number > 0 && (inside.number >= self.most || inside.bytes.saturating_add(size) > self.bytes)
    }

    /// Waits until there is room.
    pub(crate) fn admit(self: &Arc<Self>, size: u64) -> Admitted {
        self.admit_unless(size, || false).expect("nothing makes it give up")
    }

    /// Waits until there is room, or until, at a [`Gate::nudge`], `given_up` holds.
    pub(crate) fn admit_unless(self: &Arc<Self>, size: u64, given_up: impl Fn() -> bool) -> Option<Admitted> {
        let mut inside = self.lock();
        while !given_up() {
            if !self.is_full(&inside, size) {
                inside.number += 1;
                inside.bytes += size;
                return Some(Admitted { gate: Arc::clone(self), size });
            }
            inside = self.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Makes whoever waits look whether to give up.
    #[cfg(any(feature = "s3", test))]
    pub(crate) fn nudge(&self) {
        // Under the lock, or it would be missed by whoever has looked and does not wait yet.
        let inside = self.lock();
        self.left.notify_all();
        drop(inside);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        inside.number -= 1;
        inside.bytes -= self.size;
        drop(inside);
        self.gate.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicU64, AtomicUsize, Ordering},
        thread,
    };

    #[test]
    fn number_and_bytes_stay_within_bounds_and_a_giant_goes_alone() {
        let gate = Gate::new(3, 100);
        let (objects, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for size in [150, 40, 10, 0, 70].repeat(40) {
                        let admitted = gate.admit(size);
                        let number = objects.fetch_add(1, Ordering::SeqCst) + 1;
                        let sum = bytes.fetch_add(size, Ordering::SeqCst) + size;
                        assert!(number <= 3 && (sum <= 100 || number == 1), "{number} with {sum} bytes");
                        objects.fetch_sub(1, Ordering::SeqCst);
                        bytes.fetch_sub(size, Ordering::SeqCst);
                        drop(admitted);
                    }
                });
            }
        });
    }

    #[test]
    fn whoever_waits_can_be_told_to_give_up() {
        let gate = Gate::new(1, 100);
        let _inside = gate.admit(1);
        let given_up = AtomicUsize::new(0);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.admit_unless(1, || given_up.load(Ordering::SeqCst) > 0).is_none());
            given_up.store(1, Ordering::SeqCst);
            while !waiting.is_finished() {
                gate.nudge();
                thread::yield_now();
            }
            assert!(waiting.join().unwrap());
        });
    }
}
