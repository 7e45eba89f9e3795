//! The memory that all models may take together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A shared limit of memory, in bytes.
#[derive(Debug)]
pub(in crate::serve) struct Budget {
    pub(in crate::serve) limit: u64,
    used: AtomicU64,
}

/// A part of the budget, returned when dropped.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0) })
    }

    pub(in crate::serve) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes this many bytes; `None` if fewer are left.
    pub(super) fn charge(self: &Arc<Self>, bytes: u64) -> Option<Charge> {
        self.take(bytes).then(|| Charge { budget: Arc::clone(self), bytes })
    }

    fn take(&self, bytes: u64) -> bool {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Charge {
    /// Changes the charge to this many bytes, such as from an estimate to a measurement. `false` if the budget does not allow
    /// it: then the charge is unchanged.
    #[must_use]
    pub(super) fn settle(&mut self, bytes: u64) -> bool {
        if let Some(short) = bytes.checked_sub(self.bytes) {
            if !self.budget.take(short) {
                return false;
            }
        } else {
            self.budget.used.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        true
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_never_exceed_the_limit_and_are_returned() {
        let budget = Budget::new(100);
        let mut first = budget.charge(60).unwrap();
        assert!(budget.charge(41).is_none());
        assert!(budget.charge(u64::MAX).is_none());
        assert!(first.settle(20));
        assert_eq!((first.bytes, budget.used()), (20, 20));
        assert!(first.settle(50), "the measurement exceeds the estimate");
        assert_eq!((first.bytes, budget.used()), (50, 50));
        assert!(!first.settle(101));
        assert_eq!((first.bytes, budget.used()), (50, 50));
        assert!(first.settle(20));
        let second = budget.charge(80).unwrap();
        drop(first);
        assert_eq!(budget.used(), 80);
        drop(second);
        assert_eq!(budget.used(), 0);
    }
}
