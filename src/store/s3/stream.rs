//! An object larger than memory, part by part.

use std::{
    collections::VecDeque,
    io::{self, Read},
    ops::Range,
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
};

use bytes::{Buf, Bytes, BytesMut};

use super::{Place, Refusal, Stamp, retry};

/// Bytes of a part: a request for fewer takes longer to begin than to arrive.
const PART: u64 = 8 << 20;

/// Parts that are asked for before they are read.
const AHEAD: usize = 4;

/// An object from front to back.
///
/// All parts are of one version: where the object is replaced meanwhile, reading fails.
pub(super) struct Stream {
    place: Arc<Place>,
    key: String,
    tag: Option<String>,
    size: u64,
    /// Where the first part begins that is not asked for.
    next: u64,
    coming: VecDeque<Receiver<Result<Bytes, Refusal>>>,
    here: Bytes,
}

impl Stream {
    /// Looks at the object; `None` where there is none.
    pub(super) async fn open(place: Arc<Place>, key: &str) -> Result<Option<Self>, Refusal> {
        let Some(Stamp { size, tag }) = place.head(key).await? else { return Ok(None) };
        let tag = (!tag.is_empty()).then(|| format!("\"{tag}\""));
        let key = place.full_key(key);
        Ok(Some(Self { place, key, tag, size, next: 0, coming: VecDeque::new(), here: Bytes::new() }))
    }

    /// Asks for parts until enough are on their way.
    fn ask(&mut self) {
        while self.coming.len() < AHEAD && self.next < self.size {
            let range = self.next..self.size.min(self.next + PART);
            self.next = range.end;
            let (place, key, tag) = (Arc::clone(&self.place), self.key.clone(), self.tag.clone());
            let (sender, receiver) = mpsc::sync_channel(1);
            self.place.runtime.spawn(async move {
                // Nobody listens any more where the reader was dropped.
                drop(sender.send(part(&place, &key, tag.as_deref(), range).await));
            });
            self.coming.push_back(receiver);
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.here.is_empty() {
            self.ask();
            let Some(first) = self.coming.pop_front() else { return Ok(0) };
            let arrived = first.recv().map_err(|_| io::Error::other("a request ended without an answer"))?;
            self.here = arrived.map_err(Refusal::into_io_error)?;
            self.ask();
        }
        let length = self.here.len().min(buffer.len());
        self.here.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Some bytes of a version of an object.
async fn part(place: &Place, key: &str, tag: Option<&str>, range: Range<u64>) -> Result<Bytes, Refusal> {
    let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    retry::patiently(place.options.patience, || async {
        let request = place.client.get_object().bucket(&place.bucket).key(key);
        let request = request.range(format!("bytes={}-{}", range.start, range.end - 1));
        let mut body = request.set_if_match(tag.map(str::to_owned)).send().await?.body;
        let mut bytes = BytesMut::with_capacity(length);
        while let Some(some) = body.try_next().await? {
            bytes.extend_from_slice(&some);
        }
        if bytes.len() == length { Ok(bytes.freeze()) } else { Err(Refusal::torn(bytes.len(), length)) }
    })
    .await
}
