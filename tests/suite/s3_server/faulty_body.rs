//! A body that arrives whole, slowly, cut off or altered.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::Fault;

/// Pause before each piece of a slow body.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct FaultyBody {
    pieces: VecDeque<Result<Bytes, io::Error>>,
    length: u64,
    /// Whether a pause comes before each piece: what came before is sent meanwhile.
    pauses: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl FaultyBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::new(bytes, None)
    }

    pub(super) fn new(bytes: Bytes, fault: Option<Fault>) -> Self {
        let length = bytes.len() as u64;
        let mut pieces: VecDeque<_> = match fault {
            Some(Fault::SlowBody) => {
                let size = bytes.len().div_ceil(10).max(1);
                (0..bytes.len()).step_by(size).map(|at| Ok(bytes.slice(at..bytes.len().min(at + size)))).collect()
            }
            Some(Fault::Truncated) if length > 0 => {
                let cut = io::Error::other("a cut was planned");
                [Ok(bytes.slice(..bytes.len() / 2)), Err(cut)].into()
            }
            Some(Fault::Corrupted) if length > 0 => {
                let mut altered = bytes.to_vec();
                altered[bytes.len() / 2] ^= 0x20;
                [Ok(altered.into())].into()
            }
            _ => [Ok(bytes)].into(),
        };
        pieces.retain(|piece| piece.as_ref().map_or(true, |bytes| !bytes.is_empty()));
        let pauses = matches!(fault, Some(Fault::SlowBody | Fault::Truncated));
        Self { pieces, length, pauses, pause: None }
    }
}

impl Body for FaultyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.pieces.is_empty() {
            return Poll::Ready(None);
        }
        if self.pauses {
            // Begun here and not before, or it might be over by now on a busy machine.
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PAUSE)));
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        Poll::Ready(self.pieces.pop_front().map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
