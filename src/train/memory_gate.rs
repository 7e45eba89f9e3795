//! Keeps the files that are read at once within the memory.

use crate::input::{Format, InputFile};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Lets files in while their sizes together stay within a budget; a file larger than that goes in alone.
pub(super) struct MemoryGate {
    budget: u64,
    /// Whether the largest files fit all at once, as they nearly always do: then nobody is counted.
    open: bool,
    inside: Mutex<u64>,
    left: Condvar,
}

/// A file's place in memory, given back when dropped.
pub(super) struct Admitted<'a> {
    gate: &'a MemoryGate,
    size: u64,
}

impl MemoryGate {
    /// For `jobs` threads that read pieces of these sizes.
    pub(super) fn new(budget: u64, jobs: usize, sizes: impl Iterator<Item = u64>) -> Self {
        let largest = sizes.max().unwrap_or(0);
        let open = largest.saturating_mul(jobs as u64) <= budget;
        Self { budget, open, inside: Mutex::new(0), left: Condvar::new() }
    }

    fn inside(&self) -> MutexGuard<'_, u64> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a piece of this size fits; `None` where nobody is counted.
    pub(super) fn admit(&self, size: u64) -> Option<Admitted<'_>> {
        if self.open { None } else { Some(self.admit_size(size)) }
    }

    fn admit_size(&self, size: u64) -> Admitted<'_> {
        let mut inside = self.inside();
        while *inside > 0 && *inside + size > self.budget {
            inside = self.left.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        *inside += size;
        Admitted { gate: self, size }
    }
}

/// A file's size as text, estimated from its size as stored: packed tables are about a tenth of it.
pub(super) fn unpacked_size(file: &InputFile) -> u64 {
    let packed = file.format == Format::Parquet || file.key.to_ascii_lowercase().ends_with(".gz");
    if packed { file.size.saturating_mul(12) } else { file.size }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        *self.gate.inside() -= self.size;
        self.gate.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    #[test]
    fn the_gate_keeps_to_its_budget_and_lets_a_giant_in_alone() {
        let gate = MemoryGate::new(100, 4, [150, 40].into_iter());
        let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for size in [150, 40, 40, 70].repeat(25) {
                        let _admitted = gate.admit_size(size);
                        let now = inside.fetch_add(size, Ordering::SeqCst) + size;
                        most.fetch_max(now, Ordering::SeqCst);
                        assert!(now <= 100 || now == 150, "{now} at once");
                        inside.fetch_sub(size, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 150);
    }
}
