//! Ending a fit or a forecast early: at a deadline, when the run is stopped, or when the model grows too large.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// What may end a fit or a forecast early. The default never does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interrupt<'a> {
    /// The fit ends once this has passed.
    pub deadline: Option<Instant>,
    /// The fit ends once this is true.
    pub stop: Option<&'a AtomicBool>,
    /// The fit ends once the model's trees take more bytes than this.
    pub memory: Option<u64>,
}

/// What ended a fit or a forecast early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The deadline passed.
    #[error("the fit did not end within its time limit; raise customer_time_limit or leave it unset")]
    OutOfTime,
    /// The run is being stopped.
    #[error("the run was stopped")]
    Stopped,
    /// The model is too large.
    #[error("its trees take more than {} MB, the memory that a model has here; lower num_round or max_depth, or run with fewer --jobs", .0 >> 20)]
    TooLarge(u64),
}

impl Interrupt<'_> {
    /// It never ends.
    pub const NONE: Self = Self { deadline: None, stop: None, memory: None };

    /// Returns an error if the fit should end now. Solvers and simulations call this between steps.
    pub(crate) fn check(&self) -> Result<(), Interruption> {
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            Err(Interruption::Stopped)
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Err(Interruption::OutOfTime)
        } else {
            Ok(())
        }
    }

    /// Returns an error if a model of this size, in bytes, is too large.
    pub(crate) fn check_size(&self, bytes: u64) -> Result<(), Interruption> {
        self.memory.filter(|memory| bytes > *memory).map_or(Ok(()), |memory| Err(Interruption::TooLarge(memory)))
    }
}
