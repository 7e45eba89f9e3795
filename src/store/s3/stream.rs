//! An object larger than memory, read part by part.

use std::{
    collections::VecDeque,
    io::{self, Read},
    ops::Range,
    sync::{Arc, mpsc::Receiver},
};

use bytes::{Buf, Bytes};

use super::{
    bucket::{Bucket, read_body, start},
    request_error::RequestError,
};
use crate::store::interface::Stamp;

/// Bytes of a part: for fewer, a request takes longer to start than to transfer.
const PART: u64 = 8 << 20;

/// Parts that are requested before they are read.
const AHEAD: usize = 4;

/// An object from front to back.
///
/// All parts are of one version: if the object is replaced before the end, reading fails.
pub(super) struct Stream {
    bucket: Arc<Bucket>,
    key: String,
    tag: Option<String>,
    size: u64,
    /// Start of the first part that was not requested yet.
    next: u64,
    pending: VecDeque<Receiver<Result<Bytes, RequestError>>>,
    ready: Bytes,
}

impl Stream {
    /// Opens an object; `None` if there is none.
    pub(super) async fn open(bucket: Arc<Bucket>, key: &str) -> Result<Option<Self>, RequestError> {
        let Some(Stamp { size, tag }) = bucket.head(key).await? else { return Ok(None) };
        let tag = (!tag.is_empty()).then(|| format!("\"{tag}\""));
        let key = bucket.full_key(key);
        Ok(Some(Self { bucket, key, tag, size, next: 0, pending: VecDeque::new(), ready: Bytes::new() }))
    }

    /// Requests parts until enough are pending.
    fn request_parts(&mut self) {
        while self.pending.len() < AHEAD && self.next < self.size {
            let range = self.next..self.size.min(self.next + PART);
            self.next = range.end;
            let (bucket, key, tag) = (Arc::clone(&self.bucket), self.key.clone(), self.tag.clone());
            let part = async move { part(&bucket, &key, tag.as_deref(), range).await };
            self.pending.push_back(start(&self.bucket.runtime, part));
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            self.request_parts();
            let Some(first) = self.pending.pop_front() else { return Ok(0) };
            let arrived = first.recv().map_err(|_| io::Error::other("a request ended without an answer"))?;
            self.ready = arrived.map_err(RequestError::into_io_error)?;
            self.request_parts();
        }
        let length = self.ready.len().min(buffer.len());
        self.ready.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// A range of bytes of a version of an object.
async fn part(bucket: &Bucket, key: &str, tag: Option<&str>, range: Range<u64>) -> Result<Bytes, RequestError> {
    let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    bucket
        .retry(|| async {
            let request = bucket.client.get_object().bucket(&bucket.name).key(key);
            let request = request.range(format!("bytes={}-{}", range.start, range.end - 1));
            let body = request.set_if_match(tag.map(str::to_owned)).send().await?.body;
            read_body(body, Some(length)).await.map(Bytes::from)
        })
        .await
}
