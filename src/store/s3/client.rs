//! Credentials, region and endpoint as the SDK finds them; the runtime that requests run on.

use std::{env, io, sync::LazyLock, time::Duration};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{Client, config::ProvideCredentials};
use tokio::runtime::{Handle, Runtime};

use super::{network::http_client, request_error::causes};
use crate::{
    error::{Error, Result},
    run::{async_runtime, default_jobs},
    store::s3_options::S3Options,
};

/// Time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Time limit for the first byte of an answer: half of the patience, as a request is made at least twice, and no more than the
/// first, nor less than the second.
const ANSWER: [Duration; 2] = [Duration::from_mins(1), Duration::from_secs(3)];

/// Threads that read parts of files or tell of what is uploaded, at most.
const BLOCKING: usize = 512;

/// The region if none is configured: stores other than AWS's accept any.
const ANY_REGION: &str = "us-east-1";

/// One runtime for all stores of the process, started with the first.
pub(super) fn runtime() -> Result<Handle> {
    static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| async_runtime("s3", default_jobs(), BLOCKING, 0));
    let failed = |error: &io::Error| Error::no_threads(io::Error::other(error.to_string()));
    RUNTIME.as_ref().map(|runtime| runtime.handle().clone()).map_err(failed)
}

/// A client with the credentials of the environment, a profile, or the machine's role; `is_arn`: for a bucket that is named by
/// the ARN of an access point.
pub(super) async fn connect(options: S3Options, is_arn: bool) -> Result<Client> {
    let http = http_client(2 * options.concurrency)?;
    let [longest, shortest] = ANSWER;
    let answer = longest.min(options.retry_for / 2).max(shortest);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT.min(answer)).read_timeout(answer).build();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        // Retried one level up, where truncated bodies are retried, too.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .load()
        .await;
    let no_credentials = |detail: String| {
        let what = "no credentials for S3 (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the \
                    machine a role)";
        Error::storage(what, io::Error::new(io::ErrorKind::NotConnected, detail))
    };
    match config.credentials_provider() {
        None => return Err(no_credentials("no provider is configured".into())),
        Some(provider) => {
            let provided = provider.provide_credentials().await;
            provided.map_err(|error| no_credentials(causes(&error)))?;
        }
    }
    let is_other_endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().any(|name| env::var_os(name).is_some())
        || config.endpoint_url().is_some();
    let region = config.region().cloned().unwrap_or_else(|| Region::from_static(ANY_REGION));
    let config = aws_sdk_s3::config::Builder::from(&config)
        .region(region)
        .force_path_style(options.path_style.unwrap_or(is_other_endpoint && !is_arn))
        .build();
    Ok(Client::from_conf(config))
}
