//! The rows of the quality report, merged from segments that are sorted by customer.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
};

use super::customer_quality::Quality;
use crate::{
    error::{Error, Result},
    results::merge_sorted,
    store::reading,
};

/// Bytes of a segment that are read at a time.
const READ: usize = 16 << 10;

/// Calls `each` with the rows of all segments of the file, sorted by customer.
pub(in crate::prepare) fn merge(
    path: &Path,
    segments: Vec<Range<u64>>,
    mut each: impl FnMut(Quality) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).map_err(|error| reading(path, error))?;
    let parse = |line: io::Result<String>| {
        let line = line.map_err(|error| reading(path, error))?;
        serde_json::from_str::<Quality>(&line)
            .map_err(|error| Error::Data(format!("{}: was changed while it was written ({error})", path.display())))
    };
    let rows = |rest| BufReader::with_capacity(READ, Segment { file: &file, rest }).lines().map(parse);
    merge_sorted(segments.into_iter().map(rows).collect(), |row| row.customer.clone(), |_, row| each(row))
}

/// A range of bytes of a file, and how far it was read.
struct Segment<'a> {
    file: &'a File,
    rest: Range<u64>,
}

impl Read for Segment<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (self.rest.end - self.rest.start).min(buffer.len() as u64) as usize;
        let read = self.file.read_at(&mut buffer[..length], self.rest.start)?;
        self.rest.start += read as u64;
        Ok(read)
    }
}
