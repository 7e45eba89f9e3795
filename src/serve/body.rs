//! Reading a request's body: so large, so soon, so much of all of them together, and no more.

use super::fault::Fault;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// Of a body that is too large so much is read all the same, and for so long: a client that is still sending when its
/// connection is closed does not see the answer.
const DRAINED: u64 = 64 << 20;
const DRAINING: Duration = Duration::from_secs(5);

/// So much of each body costs no room. Most requests are smaller.
const FREE: u64 = 16 << 10;

/// What bodies may take in memory together.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

/// A body that gives its room back when it is dropped.
struct Kept {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Room {
    /// Room for so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(Semaphore::new(kibibytes(bytes) as usize)))
    }

    async fn take(&self, bytes: u64, deadline: Instant) -> Result<OwnedSemaphorePermit, Fault> {
        match timeout_at(deadline, Arc::clone(&self.0).acquire_many_owned(kibibytes(bytes))).await {
            Ok(Ok(room)) => Ok(room),
            _ => Err(Fault::busy("the bodies of other requests take all the memory there is for them: try again")),
        }
    }
}

/// Rounded up, and no more than a semaphore counts.
fn kibibytes(bytes: u64) -> u32 {
    bytes.div_ceil(1024).try_into().unwrap_or(u32::MAX)
}

/// The whole body. One of more than a few KB waits until there is room for what it declares, or for the largest.
pub(super) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: u64,
    room: &Room,
    deadline: Instant,
) -> Result<Bytes, Fault> {
    // Whoever asks first has not begun to send.
    if body.size_hint().lower() > limit && headers.contains_key(header::EXPECT) {
        return Err(Fault::too_large(limit));
    }
    let declared = body.size_hint().upper().map(|bytes| bytes.min(limit));
    let mut read = Vec::new();
    let mut taken = None;
    let late = |_| {
        let message = "the request did not arrive in time: send it faster, or less of it";
        Fault::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", message)
    };
    let mut first: Option<Bytes> = None;
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(late)? {
        let frame = frame.map_err(|error| Fault::bad_request(format!("the request's body is cut off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = (read.len() + first.as_ref().map_or(0, Bytes::len) + data.len()) as u64;
        if length > limit {
            drain(body, data.len() as u64).await;
            return Err(Fault::too_large(limit));
        }
        if length > FREE && taken.is_none() {
            taken = Some(room.take(declared.unwrap_or(limit), deadline).await?);
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
    Ok(match (first, taken) {
        (Some(piece), _) => piece,
        (None, Some(room)) => Bytes::from_owner(Kept { bytes: read, _room: room }),
        (None, None) => read.into(),
    })
}

/// Reads and forgets.
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

    async fn read_of(kibibytes: usize, room: &Room) -> Result<Bytes, Fault> {
        let deadline = Instant::now() + Duration::from_millis(20);
        read(&HeaderMap::new(), vec![7; kibibytes << 10].into(), 1 << 20, room, deadline).await
    }

    #[test]
    fn large_bodies_share_their_room_and_small_ones_need_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let room = Room::new(100 << 10);
            let first = read_of(60, &room).await.unwrap();
            assert_eq!((first.len(), first[60_000]), (60 << 10, 7));
            let answer = read_of(60, &room).await.unwrap_err();
            assert_eq!(
                (answer.status, answer.message.contains("other requests")),
                (StatusCode::SERVICE_UNAVAILABLE, true)
            );
            assert_eq!(read_of(16, &room).await.unwrap().len(), 16 << 10);
            let second = first.clone();
            drop(first);
            assert!(read_of(60, &room).await.is_err(), "the bytes are still held");
            drop(second);
            read_of(60, &room).await.unwrap();
        });
    }
}
