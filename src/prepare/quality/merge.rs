//! The rows of the quality report, merged from segments that are sorted by customer.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use super::customer_quality::Quality;
use crate::error::{Error, Result};

/// Bytes of a segment that are read at a time.
const READ: usize = 16 << 10;

/// Calls `each` with the rows of all segments of the file, sorted by customer. Memory does not grow with the rows.
pub(in crate::prepare) fn merge(
    path: &Path,
    segments: Vec<Range<u64>>,
    mut each: impl FnMut(Quality) -> Result<()>,
) -> Result<()> {
    let mut file = File::open(path).map_err(|error| reading(path, error))?;
    let mut segments: Vec<Segment> = segments.into_iter().map(Segment::new).collect();
    let mut heads: Vec<Option<Quality>> = Vec::with_capacity(segments.len());
    for segment in &mut segments {
        heads.push(segment.next(&mut file, path)?);
    }
    let mut order: BinaryHeap<Reverse<(String, usize)>> = heads
        .iter()
        .enumerate()
        .filter_map(|(at, head)| Some(Reverse((head.as_ref()?.customer.clone(), at))))
        .collect();
    while let Some(Reverse((_, at))) = order.pop() {
        let next = segments[at].next(&mut file, path)?;
        if let Some(next) = &next {
            order.push(Reverse((next.customer.clone(), at)));
        }
        if let Some(row) = std::mem::replace(&mut heads[at], next) {
            each(row)?;
        }
    }
    Ok(())
}

/// What is left to read of a segment.
struct Segment {
    rest: Range<u64>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were returned already.
    done: usize,
}

impl Segment {
    const fn new(rest: Range<u64>) -> Self {
        Self { rest, buffer: Vec::new(), done: 0 }
    }

    fn next(&mut self, file: &mut File, path: &Path) -> Result<Option<Quality>> {
        loop {
            if let Some(length) = memchr::memchr(b'\n', &self.buffer[self.done..]) {
                let line = &self.buffer[self.done..self.done + length];
                let row = serde_json::from_slice(line).map_err(|error| {
                    Error::Data(format!("{}: was changed while it was written ({error})", path.display()))
                })?;
                self.done += length + 1;
                return Ok(Some(row));
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            self.buffer.drain(..self.done);
            self.done = 0;
            let more = READ.min((self.rest.end - self.rest.start) as usize);
            let start = self.buffer.len();
            self.buffer.resize(start + more, 0);
            file.seek(SeekFrom::Start(self.rest.start))
                .and_then(|_| file.read_exact(&mut self.buffer[start..]))
                .map_err(|error| reading(path, error))?;
            self.rest.start += more as u64;
        }
    }
}

fn reading(path: &Path, error: std::io::Error) -> Error {
    Error::storage(format_args!("reading {}", path.display()), error)
}
