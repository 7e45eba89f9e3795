//! What a run leaves for the next one in case it is killed, and how the next one finds out.
//!
//! A run that was killed at any moment is continued by the same command. Files of other runs are neither mixed with this
//! one's nor removed.

mod fingerprint;
mod journal;
mod ownership;
mod work_directory;

pub(super) use self::{
    fingerprint::fingerprint,
    journal::Journal,
    ownership::check_ownership,
    work_directory::{ScatterPlan, WorkDirectory, remove_file},
};
