//! Reading a request's body: so large, so soon, and no more.

use super::fault::Fault;
use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Of a body that is too large so much is read all the same, and for so long: a client that is still sending when its
/// connection is closed does not see the answer.
const DRAINED: u64 = 64 << 20;
const DRAINING: Duration = Duration::from_secs(5);

/// The whole body.
pub(super) async fn read(headers: &HeaderMap, mut body: Body, limit: u64, deadline: Instant) -> Result<Bytes, Fault> {
    let declared = body.size_hint().lower();
    // Whoever asks first has not begun to send.
    if declared > limit && headers.contains_key(header::EXPECT) {
        return Err(Fault::too_large(limit));
    }
    let mut read = Vec::with_capacity(declared.min(limit) as usize);
    let late = |_| {
        let message = "the request did not arrive in time: send it faster, or less of it";
        Fault::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", message)
    };
    let mut first: Option<Bytes> = None;
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(late)? {
        let frame = frame.map_err(|error| Fault::bad_request(format!("the request's body is cut off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if (read.len() + first.as_ref().map_or(0, Bytes::len) + data.len()) as u64 > limit {
            drain(body, data.len() as u64).await;
            return Err(Fault::too_large(limit));
        }
        // Most bodies are one piece, which needs no copy.
        match first.take() {
            None if read.is_empty() => first = Some(data),
            None => read.extend_from_slice(&data),
            Some(before) => {
                read.extend_from_slice(&before);
                read.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| read.into()))
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
