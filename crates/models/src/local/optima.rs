//! The optima of a fit, near which a fit to more rows of the same series begins.

use super::{ces, ets, family::Buffers};
use std::mem;

/// The optima of all forms that were fitted.
#[derive(Debug, Default)]
pub(crate) struct Optima {
    ets: Vec<ets::Near>,
    ces: Vec<ces::Near>,
}

impl Buffers {
    /// Lets the next fit begin near these, at fewer other points.
    pub(super) fn begin_at(&mut self, Optima { ets, ces }: Optima) {
        (self.ets.near, self.ces.near) = (ets, ces);
    }

    /// The optima of the last fit.
    pub(super) fn take_optima(&mut self) -> Optima {
        Optima { ets: mem::take(&mut self.ets.found), ces: mem::take(&mut self.ces.found) }
    }
}
