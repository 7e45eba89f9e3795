//! The options of commands that read or write buckets.

use crate::{
    error::Result,
    store::{Durability, Location, S3Options, Store},
};
use clap::Args;
use std::time::Duration;

/// Options for buckets. The AWS SDK finds credentials, region and endpoint as usual: the environment
/// (AWS_ENDPOINT_URL_S3 for other stores than AWS's), profiles, the role of the machine.
#[derive(Args)]
#[command(next_help_heading = "Options for s3://")]
pub(super) struct S3Arguments {
    /// AWS KMS key for written objects [default: the bucket's]
    #[arg(id = "s3-kms-key", long = "s3-kms-key", value_name = "KEY")]
    kms_key: Option<String>,

    /// Storage class of written objects, such as STANDARD_IA [default: the bucket's]
    #[arg(id = "s3-storage-class", long = "s3-storage-class", value_name = "CLASS")]
    storage_class: Option<String>,

    /// Put the bucket into the path of URLs instead of the host name [default: if an endpoint is set]
    #[arg(id = "s3-path-style", long = "s3-path-style", value_name = "BOOL")]
    path_style: Option<bool>,

    /// Concurrent requests in each direction [default: 32 per processor, 64 to 512]
    #[arg(id = "s3-concurrency", long = "s3-concurrency", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    concurrency: Option<u16>,

    /// Megabytes in transfer in each direction [default: 128]
    #[arg(id = "s3-memory", long = "s3-memory", value_name = "MB", value_parser = clap::value_parser!(u32).range(1..))]
    memory: Option<u32>,

    /// Seconds for which a request is retried while the store or the network is unavailable [default: 120]
    #[arg(id = "s3-patience", long = "s3-patience", value_name = "SECONDS")]
    patience: Option<u32>,
}

impl S3Arguments {
    /// The store at a place, with these options where it is in a bucket.
    pub(super) fn open(&self, place: &Location) -> Result<Box<dyn Store>> {
        place.open(Durability::ProcessDeath, &self.options())
    }

    /// The options for requests whose client waits at most `wait`: by default they are retried for half of that.
    pub(super) fn options_within(&self, wait: Duration) -> S3Options {
        let options = self.options();
        let patience = if self.patience.is_some() { options.retry_for } else { options.retry_for.min(wait / 2) };
        S3Options { retry_for: patience, ..options }
    }

    /// The options with defaults.
    pub(super) fn options(&self) -> S3Options {
        let default = S3Options::default();
        S3Options {
            kms_key: self.kms_key.clone(),
            storage_class: self.storage_class.clone(),
            path_style: self.path_style,
            concurrency: self.concurrency.map_or(default.concurrency, usize::from),
            memory: self.memory.map_or(default.memory, |megabytes| u64::from(megabytes) << 20),
            retry_for: self.patience.map_or(default.retry_for, |seconds| Duration::from_secs(seconds.into())),
        }
    }
}
