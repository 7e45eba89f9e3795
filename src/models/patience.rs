//! How long a fit may take: until a deadline passes, or until the run is stopped.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// What may end a fit early. The default waits for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience<'a> {
    /// When this customer has had its time.
    pub deadline: Option<Instant>,
    /// Raised when the whole run should end.
    pub stop: Option<&'a AtomicBool>,
}

/// What ended a fit early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The deadline passed.
    OutOfTime,
    /// The run is being stopped.
    Stopped,
}

impl Patience<'_> {
    /// Asked at every step that is long enough to matter.
    pub fn check(&self) -> Result<(), Interruption> {
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            Err(Interruption::Stopped)
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Err(Interruption::OutOfTime)
        } else {
            Ok(())
        }
    }
}
