//! How many bytes of rows are loaded at once, over all threads.

use std::sync::Arc;

use crate::run::{Admitted, Gate};

/// Memory for each byte of loaded rows: for itself, its row's place, that place in the order of time, and the output.
pub(super) const MEMORY_PER_BYTE: u64 = 5;
/// No more is loaded by one thread: places are 32 bits.
pub(super) const MOST: u64 = 3 << 30;

/// Lets bytes be loaded.
///
/// Buckets of the usual size never wait: there are as many threads as of those fit in. A customer with more rows than that
/// waits until it fits in, and the others wait for it.
#[derive(Debug)]
pub(super) struct Permits {
    all: u64,
    gate: Arc<Gate>,
}

impl Permits {
    /// For so many bytes of memory.
    pub(super) fn new(memory: u64) -> Self {
        let all = (memory / MEMORY_PER_BYTE).clamp(1 << 16, MOST);
        Self { all, gate: Gate::new(usize::MAX, all) }
    }

    /// The most that one may take.
    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// Waits until so many bytes may be loaded; for more than there are, until no others are.
    pub(super) fn take(&self, bytes: u64) -> Admitted {
        self.gate.admit(bytes)
    }
}
