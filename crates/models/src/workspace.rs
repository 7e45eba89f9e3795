//! Memory that is reused from fit to fit.

use crate::{prophet, trees};

/// The buffers of one worker thread, for all models.
///
/// Prophet also keeps the calendar of its last series: series with the same dates share it.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) prophet: prophet::Workspace,
    pub(crate) trees: trees::Scratch,
}
