//! Buckets on disk: one file for all of them, so that their number has nothing to do with open files.
//!
//! A bucket is a list of extents of the file; an extent is a list of pieces, each with the number of the block of input
//! that its rows come from. Threads write extents in any order; the numbers bring the rows back into the order of the
//! input.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Extent {
    start: u64,
    length: u32,
}

/// The customers whose hashes begin with some bits, and where their rows are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// The first hash.
    pub(super) first: u64,
    /// How many bits they share.
    pub(super) bits: u32,
    pub(super) extents: Vec<Extent>,
}

/// Bytes before the rows of a piece: the number of the block, the length of the rows.
const HEAD: usize = 8;

impl Bucket {
    /// All buckets of so many bits, empty.
    pub(super) fn split(first: u64, bits: u32, more: u32) -> Vec<Self> {
        let bits = bits + more;
        (0..1_u64 << more)
            .map(|at| Self { first: first | at.checked_shl(64 - bits).unwrap_or(0), bits, extents: Vec::new() })
            .collect()
    }

    /// The last hash.
    pub(super) fn last(&self) -> u64 {
        self.first | u64::MAX.checked_shr(self.bits).unwrap_or(0)
    }

    /// Bytes in the file.
    pub(super) fn size(&self) -> u64 {
        self.extents.iter().map(|extent| u64::from(extent.length)).sum()
    }
}

/// The file.
pub(super) struct Spool {
    path: PathBuf,
    end: Mutex<(File, u64)>,
}

impl Spool {
    /// Begins an empty file, over whatever stands there.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).open(path);
        let file = file.map_err(|error| failed("creating", path, error))?;
        Ok(Self { path: path.into(), end: Mutex::new((file, 0)) })
    }

    /// A file that an earlier run has finished.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::options().append(true).open(path).map_err(|error| failed("opening", path, error))?;
        let length = file.metadata().map_err(|error| failed("opening", path, error))?.len();
        Ok(Self { path: path.into(), end: Mutex::new((file, length)) })
    }

    /// Writes bytes behind all others.
    pub(super) fn append(&self, bytes: &[u8]) -> Result<Extent> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, start) = &mut *end;
        file.write_all(bytes).map_err(|error| failed("writing", &self.path, error))?;
        let extent = Extent { start: *start, length: bytes.len() as u32 };
        *start += bytes.len() as u64;
        Ok(extent)
    }

    /// A thread's own hand on the file.
    pub(super) fn reader(&self) -> Result<SpoolReader> {
        let file = File::open(&self.path).map_err(|error| failed("opening", &self.path, error))?;
        Ok(SpoolReader { file, path: self.path.clone() })
    }
}

/// Reads extents.
pub(super) struct SpoolReader {
    file: File,
    path: PathBuf,
}

impl SpoolReader {
    /// Appends an extent to `into`.
    pub(super) fn read(&mut self, extent: Extent, into: &mut Vec<u8>) -> Result<()> {
        let start = into.len();
        into.resize(start + extent.length as usize, 0);
        self.file
            .seek(SeekFrom::Start(extent.start))
            .and_then(|_| self.file.read_exact(&mut into[start..]))
            .map_err(|error| failed("reading", &self.path, error))
    }
}

/// The pieces of extents that were read one behind the other: the number of the block, where its rows begin, the rows.
pub(super) fn pieces(bytes: &[u8]) -> impl Iterator<Item = (u32, usize, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (head, behind) = rest.split_first_chunk::<HEAD>()?;
        let [a, b, c, d, w, x, y, z] = *head;
        let length = u32::from_le_bytes([w, x, y, z]) as usize;
        let start = bytes.len() - behind.len();
        let (rows, others) = behind.split_at(length);
        rest = others;
        Some((u32::from_le_bytes([a, b, c, d]), start, rows))
    })
}

/// A thread's unwritten rows for every bucket of a set.
pub(super) struct Buffers<'a> {
    spool: &'a Spool,
    waiting: Vec<Buffer>,
    /// Bytes that a buffer holds before it is written.
    capacity: usize,
    /// Bits of the hash before those that choose the bucket, and how many choose.
    skip: u32,
    bits: u32,
    pub(super) extents: Vec<Vec<Extent>>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// Where the piece begins that is being written, and its block.
    piece: usize,
    block: Option<u32>,
}

impl<'a> Buffers<'a> {
    pub(super) fn new(spool: &'a Spool, skip: u32, bits: u32, capacity: usize) -> Self {
        let count = 1_usize << bits;
        let waiting = (0..count).map(|_| Buffer::default()).collect();
        Self { spool, waiting, capacity, skip, bits, extents: vec![Vec::new(); count] }
    }

    /// Where the next row of a customer goes, at most `length` bytes long.
    #[inline]
    pub(super) fn place(&mut self, hash: u64, block: u32, length: usize) -> Result<&mut Vec<u8>> {
        let at = ((hash << self.skip) >> 1 >> (63 - self.bits)) as usize;
        if self.waiting[at].bytes.len() + HEAD + length > self.capacity && !self.waiting[at].bytes.is_empty() {
            self.write(at)?;
        }
        let buffer = &mut self.waiting[at];
        if buffer.block != Some(block) {
            buffer.end_piece();
            if buffer.bytes.capacity() == 0 {
                buffer.bytes.reserve_exact(self.capacity.max(HEAD + length));
            }
            buffer.piece = buffer.bytes.len();
            buffer.block = Some(block);
            buffer.bytes.extend_from_slice(&block.to_le_bytes());
            buffer.bytes.extend_from_slice(&[0; 4]);
        }
        Ok(&mut buffer.bytes)
    }

    fn write(&mut self, at: usize) -> Result<()> {
        let buffer = &mut self.waiting[at];
        buffer.end_piece();
        if !buffer.bytes.is_empty() {
            self.extents[at].push(self.spool.append(&buffer.bytes)?);
        }
        buffer.bytes.clear();
        buffer.block = None;
        Ok(())
    }

    /// Writes what is left; the extents of each bucket.
    pub(super) fn finish(mut self) -> Result<Vec<Vec<Extent>>> {
        (0..self.waiting.len()).try_for_each(|at| self.write(at))?;
        Ok(self.extents)
    }
}

impl Buffer {
    fn end_piece(&mut self) {
        if self.block.is_some() {
            let length = (self.bytes.len() - self.piece - HEAD) as u32;
            self.bytes[self.piece + 4..self.piece + HEAD].copy_from_slice(&length.to_le_bytes());
        }
    }
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> Error {
    let advice = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            " (no space is left for rows between reading and writing: free some, or name a larger disk with --work)"
        }
        _ => "",
    };
    Error::storage(format_args!("{doing} {}{advice}", path.display()), error)
}
