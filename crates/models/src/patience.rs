//! How long a fit may take: until a deadline passes, or until the run is stopped.

use crate::Error;
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

/// Why there is no model of a table of features.
#[derive(Debug)]
pub enum Unfitted {
    /// The fit was ended early.
    Interrupted(Interruption),
    /// It would fail again: settings and data do not fit, or the arithmetic overflowed.
    Failed(Error),
}

impl From<Interruption> for Unfitted {
    fn from(interruption: Interruption) -> Self {
        Self::Interrupted(interruption)
    }
}

impl From<Error> for Unfitted {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Unfitted> for Error {
    fn from(unfitted: Unfitted) -> Self {
        match unfitted {
            Unfitted::Interrupted(interruption) => Self::Interrupted(super::FitError::from(interruption).to_string()),
            Unfitted::Failed(error) => error,
        }
    }
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
