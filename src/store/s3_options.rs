//! Options of buckets; in every build, whether it has S3 or not.

use crate::run::default_jobs;
use std::time::Duration;

/// Options of buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Options {
    /// The KMS key that encrypts what is written; `None` for the bucket's default.
    pub kms_key: Option<String>,
    /// Storage class of what is written, such as `STANDARD_IA`; `None` for the bucket's default.
    pub storage_class: Option<String>,
    /// Whether requests have the bucket's name in the path instead of the host name; `None`: only for other endpoints than
    /// AWS's.
    pub path_style: Option<bool>,
    /// Requests in flight at once, in each direction.
    pub concurrency: usize,
    /// Bytes in flight at once, in each direction; a larger object is transferred alone.
    pub memory: u64,
    /// How long a request is retried while the store is busy or the network fails.
    pub retry_for: Duration,
}

impl Default for S3Options {
    fn default() -> Self {
        let cores = default_jobs();
        Self {
            kms_key: None,
            storage_class: None,
            path_style: None,
            // A request takes 20 to 100 ms, in which a core fits 20 to 300 customers.
            concurrency: (32 * cores).clamp(64, 512),
            memory: 128 << 20,
            retry_for: Duration::from_mins(2),
        }
    }
}
