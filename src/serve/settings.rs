//! How a server is to behave: decided by whoever starts it.

use super::{capture::CaptureSettings, journal::Detail, payload::Rules};
use crate::store::{Location, S3Options};
use std::{path::PathBuf, time::Duration};

/// Where models come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Models {
    /// From calls that load and unload them. Where clients name an archive of this folder as target, it is loaded from there.
    Loaded {
        /// The folder of archives, or one that does not exist.
        targets: PathBuf,
    },
    /// From a folder of archives, each on its first use.
    Folder(PathBuf),
    /// From the objects of a bucket, each on its first use.
    Bucket {
        /// The bucket, and where in it.
        place: Location,
        /// How it is used.
        options: S3Options,
    },
    /// One, read before the server says that it is ready: a directory or an archive.
    Single(PathBuf),
}

/// How a server is to behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where models come from.
    pub models: Models,
    /// Bytes that the models may take in memory together.
    pub memory: u64,
    /// The largest body of a request, in bytes.
    pub max_request: u64,
    /// Bytes that the bodies of requests may take in memory together; at least one of the largest fits.
    pub bodies: u64,
    /// Requests that are computed at once.
    pub jobs: usize,
    /// Requests that wait for their turn; more are turned away.
    pub queue: usize,
    /// From a request's first byte to its answer.
    pub timeout: Duration,
    /// Connections at once; more wait.
    pub connections: usize,
    /// How answers are written where the request leaves it open.
    pub rules: Rules,
    /// Where requests and answers are kept, if anywhere.
    pub capture: Option<CaptureSettings>,
    /// What is logged.
    pub detail: Detail,
}

/// Loads at once from a bucket: each of them waits most of its time.
const LOADS_FROM_BUCKET: usize = 16;

impl Settings {
    /// Models that are read at once.
    #[must_use]
    pub fn loads(&self) -> usize {
        let least = if matches!(self.models, Models::Bucket { .. }) { LOADS_FROM_BUCKET } else { 2 };
        self.jobs.max(least)
    }
}
