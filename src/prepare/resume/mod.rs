//! Files from which the next run continues if this one is killed.
//!
//! A run that was killed at any moment is continued by the same command. Files of other runs are neither mixed with this
//! one's nor removed.

mod fingerprint;
mod journal;
mod work_directory;

pub(super) use self::{
    fingerprint::fingerprint,
    journal::Journal,
    work_directory::{ROWS, ScatterPlan, WorkDirectory, remove_file},
};
