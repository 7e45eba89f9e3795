//! A limit on how many items, and how many bytes, are in progress at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Admits items while their number and their total size stay within limits. An item larger than the limit is admitted
/// when it is alone, and all others wait for it.
#[derive(Debug)]
pub(crate) struct Gate {
    max_items: usize,
    max_bytes: u64,
    inside: Mutex<Inside>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    items: usize,
    bytes: u64,
}

/// Permission to be in progress; returned when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    gate: Arc<Gate>,
    size: u64,
}

impl Gate {
    /// A gate for at most `max_items` items of `max_bytes` in total.
    pub(crate) fn new(max_items: usize, max_bytes: u64) -> Arc<Self> {
        Arc::new(Self { max_items: max_items.max(1), max_bytes, inside: Mutex::default(), left: Condvar::new() })
    }

    /// A gate that keeps `threads` threads, each with one item of one of these sizes, within `memory` bytes.
    ///
    /// `None` if the largest items fit even when every thread holds one, as is usual: then no limit is enforced.
    pub(crate) fn if_needed(memory: u64, threads: usize, sizes: impl Iterator<Item = u64>) -> Option<Arc<Self>> {
        let largest = sizes.max().unwrap_or(0);
        (largest.saturating_mul(threads as u64) > memory).then(|| Self::new(usize::MAX, memory))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self, inside: &Inside, size: u64) -> bool {
        inside.items > 0 && (inside.items >= self.max_items || inside.bytes.saturating_add(size) > self.max_bytes)
    }

    /// Waits until an item of `size` bytes fits.
    pub(crate) fn admit(self: &Arc<Self>, size: u64) -> Admitted {
        self.admit_unless(size, || false).expect("it never gives up")
    }

    /// As [`Gate::admit`], but gives up once `given_up` holds, which is checked after each [`Gate::nudge`].
    pub(crate) fn admit_unless(self: &Arc<Self>, size: u64, given_up: impl Fn() -> bool) -> Option<Admitted> {
        let mut inside = self.lock();
        while !given_up() {
            if !self.is_full(&inside, size) {
                inside.items += 1;
                inside.bytes += size;
                return Some(Admitted { gate: Arc::clone(self), size });
            }
            inside = self.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// Makes all waiting threads check whether to give up.
    #[cfg(any(feature = "s3", test))]
    pub(crate) fn nudge(&self) {
        // Under the lock: a thread between its check and its wait would miss the notification.
        let inside = self.lock();
        self.left.notify_all();
        drop(inside);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut inside = self.gate.lock();
        inside.items -= 1;
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
    fn a_limit_is_enforced_only_if_the_largest_items_do_not_fit_all_at_once() {
        assert!(Gate::if_needed(600, 4, [150, 40].into_iter()).is_none());
        assert!(Gate::if_needed(599, 4, [150, 40].into_iter()).is_some());
        assert!(Gate::if_needed(0, 4, std::iter::empty()).is_none());
    }

    #[test]
    fn a_waiting_thread_can_be_told_to_give_up() {
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
