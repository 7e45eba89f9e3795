//! A server's settings.

use super::{
    observe::{CaptureSettings, LogLevel},
    payload::Rules,
};
use crate::store::Store;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Where models come from.
#[derive(Clone, Debug)]
pub enum Models {
    /// API calls load and unload them. Clients may also name an archive of this folder as their target.
    Loaded {
        /// The folder of archives; it need not exist.
        targets: PathBuf,
    },
    /// A folder of archives, each loaded on first use.
    Folder(PathBuf),
    /// A bucket's objects, each loaded on first use.
    Bucket(Arc<dyn Store>),
    /// A single model, a directory or an archive, loaded before the server listens.
    Single(PathBuf),
}

/// A server's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where models come from.
    pub models: Models,
    /// The longest that a replaced model goes unnoticed while it is in use; see [`Models::check_every`].
    pub check_every: Duration,
    /// Memory for all loaded models, in bytes.
    pub memory: u64,
    /// The largest request body, in bytes.
    pub max_request: u64,
    /// Memory for all request bodies, in bytes; raised to `max_request` if it is less.
    pub bodies: u64,
    /// Requests computed at once.
    pub jobs: usize,
    /// Requests that may wait to be computed; further ones are rejected.
    pub queue: usize,
    /// The longest time from a request's first byte to its response.
    pub timeout: Duration,
    /// Connections at once; further ones wait.
    pub connections: usize,
    /// The format of responses where the request does not say.
    pub rules: Rules,
    /// Where requests and responses are captured, if anywhere.
    pub capture: Option<CaptureSettings>,
    /// What is logged.
    pub log_level: LogLevel,
}

/// Models read from a bucket at once: most of the time they wait for the network.
const LOADS_FROM_BUCKET: usize = 16;

impl Models {
    /// The default of [`Settings::check_every`]: for an object, a check is a request that costs money.
    #[must_use]
    pub const fn check_every(&self) -> Duration {
        Duration::from_secs(if matches!(self, Self::Bucket(_)) { 10 } else { 1 })
    }
}

impl Settings {
    /// The largest number of models that are read at once.
    #[must_use]
    pub fn loads(&self) -> usize {
        let least = if matches!(self.models, Models::Bucket(_)) { LOADS_FROM_BUCKET } else { 2 };
        self.jobs.max(least)
    }
}
