//! What every request needs, and reading an object.

use super::request_error::RequestError;
use crate::{
    error::{Error, Result},
    store::{interface::Stamp, s3_options::S3Options},
    words::printable,
};
use aws_sdk_s3::{Client, primitives::ByteStream};
use std::{
    future::Future,
    sync::{
        Once,
        mpsc::{self, Receiver},
    },
};
use tokio::runtime::Handle;

/// Memory that is reserved for an object by its announced length alone.
const MAX_RESERVED: usize = 64 << 20;

/// The objects of a bucket whose keys begin with a prefix.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) runtime: Handle,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) options: S3Options,
    /// Whether people were told that requests have to be repeated.
    pub(super) notice: Once,
}

impl Bucket {
    /// The key in the bucket.
    pub(super) fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(super) fn describe(&self, key: &str) -> String {
        printable(&format!("s3://{}/{}{key}", self.name, self.prefix)).into_owned()
    }

    /// An object's stamp; `None` if there is no such object.
    pub(super) async fn head(&self, key: &str) -> Result<Option<Stamp>, RequestError> {
        let full_key = self.full_key(key);
        let head = self.retry(|| self.client.head_object().bucket(&self.name).key(&full_key).send()).await;
        head.map(|head| Some(stamp(head.content_length(), head.e_tag()))).or_else(RequestError::or_missing)
    }

    /// Removes an object; it may be gone already.
    pub(super) async fn delete(&self, key: &str) -> Result<(), RequestError> {
        let full_key = self.full_key(key);
        let deleted = self.retry(|| self.client.delete_object().bucket(&self.name).key(&full_key).send()).await;
        deleted.map(drop)
    }

    /// An object's bytes; `None` if there is no such object.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RequestError> {
        Ok(self.get_with_tag(key).await?.map(|(bytes, _)| bytes))
    }

    /// An object's bytes, and the ETag of that version.
    pub(super) async fn get_with_tag(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, RequestError> {
        let full_key = self.full_key(key);
        let got = self.retry(|| async {
            let response = self.client.get_object().bucket(&self.name).key(&full_key).send().await?;
            let length = response.content_length().and_then(|length| usize::try_from(length).ok());
            let tag = stamp(None, response.e_tag()).tag;
            read_body(response.body, length).await.map(|bytes| (bytes, tag))
        });
        got.await.map(Some).or_else(RequestError::or_missing)
    }
}

/// All bytes of a body, which has the announced length.
pub(super) async fn read_body(mut body: ByteStream, length: Option<usize>) -> Result<Vec<u8>, RequestError> {
    let mut bytes = Vec::with_capacity(length.unwrap_or(0).min(MAX_RESERVED));
    while let Some(part) = body.try_next().await? {
        bytes.extend_from_slice(&part);
    }
    match length {
        Some(length) if length != bytes.len() => Err(RequestError::truncated(bytes.len(), length)),
        _ => Ok(bytes),
    }
}

/// A version of an object by the size and the ETag that a response gives.
pub(super) fn stamp(size: Option<i64>, etag: Option<&str>) -> Stamp {
    let size = size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    Stamp { size, tag: etag.unwrap_or_default().trim_matches('"').to_owned() }
}

/// Runs a future on the runtime and blocks until it is done, on any thread.
pub(super) fn wait_for<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    start(runtime, work).recv().map_err(|_| Error::Bug("a request ended without an answer".into()))
}

/// Runs a future on the runtime, to receive its result later.
pub(super) fn start<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Fails if the receiver was dropped.
    runtime.spawn(async move { drop(sender.send(work.await)) });
    receiver
}
