//! Memory that is reused from fit to fit.

use crate::{local, prophet, trees};

/// The buffers of one worker thread, for all models.
///
/// Prophet also keeps the calendar of its last series: series with the same dates share it.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) local: local::Workspace,
    pub(crate) prophet: prophet::Workspace,
    pub(crate) trees: trees::Scratch,
}
