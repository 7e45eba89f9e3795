//! Reading request bodies, plain or packed by gzip, within limits of size, of time and of memory for all of them together.

use crate::serve::error::ApiError;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, StatusCode, header},
};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use std::{io::Read as _, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// How much of a body that is too large is still read, and for how long: a client that is still sending when its connection is
/// closed does not see the response.
const DRAINED: u64 = 64 << 20;
const DRAINING: Duration = Duration::from_secs(5);

/// Bodies up to this size, which most are, do not count.
const FREE: u64 = 16 << 10;

/// The memory that bodies may take together.
#[derive(Clone, Debug)]
pub(super) struct BodyMemory(Arc<Semaphore>);

/// A body that returns its memory when it is dropped.
struct Counted {
    bytes: Vec<u8>,
    _memory: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl BodyMemory {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(Semaphore::new(kibibytes(bytes) as usize)))
    }

    async fn take(&self, bytes: u64, deadline: Instant) -> Result<OwnedSemaphorePermit, ApiError> {
        match timeout_at(deadline, Arc::clone(&self.0).acquire_many_owned(kibibytes(bytes))).await {
            Ok(Ok(memory)) => Ok(memory),
            _ => Err(ApiError::busy("other request bodies take all the memory reserved for them: try again later")),
        }
    }
}

/// Rounded up, and at most what a semaphore counts.
fn kibibytes(bytes: u64) -> u32 {
    bytes.div_ceil(1024).try_into().unwrap_or(u32::MAX)
}

/// Reads the whole body. One that is larger than [`FREE`] first waits for the memory that it declares, or for `limit` bytes.
pub(super) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: u64,
    memory: &BodyMemory,
    deadline: Instant,
) -> Result<Bytes, ApiError> {
    // A client that sends `Expect` has not begun to send the body.
    if body.size_hint().lower() > limit && headers.contains_key(header::EXPECT) {
        return Err(ApiError::too_large(limit));
    }
    let declared = body.size_hint().upper().map(|bytes| bytes.min(limit));
    let mut read = Vec::new();
    let mut taken = None;
    let late = |_| {
        let message = "the request did not arrive in time: send it faster, or send less at a time";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", message)
    };
    let mut first: Option<Bytes> = None;
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(late)? {
        let frame = frame.map_err(|error| ApiError::bad_request(format!("the request body is incomplete: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = (read.len() + first.as_ref().map_or(0, Bytes::len) + data.len()) as u64;
        if length > limit {
            drain(body, data.len() as u64).await;
            return Err(ApiError::too_large(limit));
        }
        if length > FREE && taken.is_none() {
            taken = Some(memory.take(declared.unwrap_or(limit), deadline).await?);
            read.reserve_exact(declared.unwrap_or_default() as usize);
        }
        // Most bodies are one small piece, which needs no copy.
        if first.is_none() && read.is_empty() && taken.is_none() {
            first = Some(data);
        } else {
            read.extend_from_slice(&first.take().unwrap_or_default());
            read.extend_from_slice(&data);
        }
    }
    let body = match (first, taken) {
        (Some(piece), _) => piece,
        (None, Some(memory)) => Bytes::from_owner(Counted { bytes: read, _memory: memory }),
        (None, None) => read.into(),
    };
    match Encoding::of(headers)? {
        Encoding::Identity => Ok(body),
        Encoding::Gzip => unpacked(&body, limit, memory, deadline).await,
    }
}

/// How a body is encoded.
enum Encoding {
    Identity,
    Gzip,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(given) = headers.get(header::CONTENT_ENCODING) else { return Ok(Self::Identity) };
        match given.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            other => Err(ApiError::unsupported(format!(
                "the content encoding {other:?} is not supported: send the body as it is, or as gzip"
            ))),
        }
    }
}

/// A body packed by gzip, which takes memory and counts toward the limit unpacked.
async fn unpacked(packed: &[u8], limit: u64, memory: &BodyMemory, deadline: Instant) -> Result<Bytes, ApiError> {
    if packed.is_empty() {
        return Ok(Bytes::new());
    }
    let mut taken = memory.take(limit, deadline).await?;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed).take(limit + 1).read_to_end(&mut bytes).map_err(|error| {
        ApiError::bad_request(format!("the body is not the gzip that Content-Encoding says: {error}"))
    })?;
    if bytes.len() as u64 > limit {
        return Err(ApiError::too_large(limit));
    }
    bytes.shrink_to_fit();
    match taken.split(kibibytes(bytes.len() as u64) as usize) {
        Some(memory) if bytes.len() as u64 > FREE => Ok(Bytes::from_owner(Counted { bytes, _memory: memory })),
        _ => Ok(bytes.into()),
    }
}

/// Reads and discards.
async fn drain(mut body: Body, mut read: u64) {
    let deadline = Instant::now() + DRAINING;
    while read <= DRAINED {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => read += frame.data_ref().map_or(0, Bytes::len) as u64,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_of(kibibytes: usize, memory: &BodyMemory) -> Result<Bytes, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(20);
        read(&HeaderMap::new(), vec![7; kibibytes << 10].into(), 1 << 20, memory, deadline).await
    }

    #[test]
    fn large_bodies_share_their_memory_and_small_ones_do_not_count() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let memory = BodyMemory::new(100 << 10);
            let first = read_of(60, &memory).await.unwrap();
            assert_eq!((first.len(), first[60_000]), (60 << 10, 7));
            let error = read_of(60, &memory).await.unwrap_err();
            assert_eq!(
                (error.status, error.message.contains("other request bodies")),
                (StatusCode::SERVICE_UNAVAILABLE, true)
            );
            assert_eq!(read_of(16, &memory).await.unwrap().len(), 16 << 10);
            let second = first.clone();
            drop(first);
            assert!(read_of(60, &memory).await.is_err(), "the bytes are still held");
            drop(second);
            read_of(60, &memory).await.unwrap();
        });
    }

    #[test]
    fn packed_bodies_are_unpacked_within_the_limit() {
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write;
        let packed = |bytes: &[u8]| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let memory = BodyMemory::new(1 << 20);
            let read_as = async |encoding: &'static str, body: Vec<u8>| {
                let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, encoding.parse().unwrap())]);
                read(&headers, body.into(), 100 << 10, &memory, Instant::now() + Duration::from_millis(20)).await
            };
            for bytes in [&b""[..], b"1,2\n", &vec![b'7'; 90 << 10]] {
                for encoding in ["gzip", "GZIP", " x-gzip"] {
                    assert_eq!(read_as(encoding, packed(bytes)).await.unwrap(), bytes);
                }
            }
            assert_eq!(read_as("identity", b"1".to_vec()).await.unwrap(), &b"1"[..]);
            assert_eq!(read_as("gzip", Vec::new()).await.unwrap(), &b""[..]);
            let mut two = packed(b"1,2\n");
            two.extend(packed(b"3,4\n"));
            assert_eq!(read_as("gzip", two).await.unwrap(), &b"1,2\n3,4\n"[..]);
            let status = async |encoding, body| read_as(encoding, body).await.unwrap_err().status.as_u16();
            assert_eq!(status("gzip", packed(&vec![b'7'; 64 << 20])).await, 413, "a bomb");
            assert_eq!(status("gzip", b"1,2\n".to_vec()).await, 400);
            assert_eq!(status("gzip", packed(&[b'7'; 1000])[..20].to_vec()).await, 400);
            assert_eq!(status("br", b"1,2\n".to_vec()).await, 415);
            assert_eq!(status("gzip, gzip", b"1,2\n".to_vec()).await, 415);
        });
    }
}
