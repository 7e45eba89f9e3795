//! All buckets in one file, so that their number is not limited by the number of open files.
//!
//! A bucket is a list of extents of the file. An extent is a sequence of pieces, each with the number of the input block
//! that its rows come from. Threads append extents in any order; the block numbers restore the order of the input.

use std::{
    fs::{File, OpenOptions},
    io::{Error as IoError, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A range of bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::prepare) struct Extent {
    start: u64,
    length: u32,
}

/// The customers whose hashes share their highest bits, and where their rows are. The default is the bucket of all
/// customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::prepare) struct Bucket {
    /// The lowest hash.
    pub(in crate::prepare) first: u64,
    /// Number of shared bits.
    pub(in crate::prepare) bits: u32,
    pub(in crate::prepare) extents: Vec<Extent>,
}

impl Bucket {
    /// The empty buckets that this one consists of: 2 to the power of `more_bits`, in the order of hashes.
    pub(in crate::prepare) fn split(&self, more_bits: u32) -> Vec<Self> {
        let bits = self.bits + more_bits;
        (0..1_u64 << more_bits)
            .map(|at| Self { first: self.first | at.checked_shl(64 - bits).unwrap_or(0), bits, extents: Vec::new() })
            .collect()
    }

    /// The highest hash.
    pub(in crate::prepare) fn last(&self) -> u64 {
        self.first | u64::MAX.checked_shr(self.bits).unwrap_or(0)
    }

    /// Bytes in the file.
    pub(in crate::prepare) fn size(&self) -> u64 {
        self.extents.iter().map(|extent| u64::from(extent.length)).sum()
    }
}

/// The file of all buckets.
pub(in crate::prepare) struct BucketFile {
    path: PathBuf,
    file: File,
    end: AtomicU64,
}

impl BucketFile {
    /// Creates an empty file, replacing any other.
    pub(in crate::prepare) fn create(path: &Path) -> Result<Self> {
        Self::open_with(path, File::options().create(true).truncate(true))
    }

    /// Opens a file that an earlier run has completed.
    pub(in crate::prepare) fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &mut File::options())
    }

    fn open_with(path: &Path, options: &mut OpenOptions) -> Result<Self> {
        let failed = |error| failed("opening", path, error);
        let file = options.read(true).write(true).open(path).map_err(failed)?;
        let end = file.metadata().map_err(failed)?.len().into();
        Ok(Self { path: path.into(), file, end })
    }

    /// Appends bytes.
    pub(in crate::prepare) fn append(&self, bytes: &[u8]) -> Result<Extent> {
        let start = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(bytes, start).map_err(|error| failed("writing", &self.path, error))?;
        Ok(Extent { start, length: bytes.len() as u32 })
    }

    /// Reads an extent to the end of `bytes`.
    pub(in crate::prepare) fn read(&self, extent: Extent, bytes: &mut Vec<u8>) -> Result<()> {
        let start = bytes.len();
        bytes.resize(start + extent.length as usize, 0);
        let read = self.file.read_exact_at(&mut bytes[start..], extent.start);
        read.map_err(|error| failed("reading", &self.path, error))
    }
}

/// Bytes before the content of a piece: a number (of the block, for rows) and the content's length, 32 bits each.
const PIECE_HEADER: usize = 8;

/// The pieces that `bytes` is the concatenation of: number, offset of the content, content.
pub(in crate::prepare) fn pieces(bytes: &[u8]) -> impl Iterator<Item = (u32, usize, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let ([a, b, c, d, w, x, y, z], behind) = rest.split_first_chunk::<PIECE_HEADER>()?;
        let length = u32::from_le_bytes([*w, *x, *y, *z]) as usize;
        let start = bytes.len() - behind.len();
        let (content, others) = behind.split_at(length);
        rest = others;
        Some((u32::from_le_bytes([*a, *b, *c, *d]), start, content))
    })
}

/// Starts a piece at the end of `out`; returns where.
#[inline]
pub(in crate::prepare) fn begin_piece(number: u32, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    start
}

/// Ends the piece that was started at `start`.
pub(in crate::prepare) fn end_piece(start: usize, out: &mut [u8]) {
    let length = (out.len() - start - PIECE_HEADER) as u32;
    out[start + 4..start + PIECE_HEADER].copy_from_slice(&length.to_le_bytes());
}

/// A thread's unwritten rows of every part of a bucket.
pub(in crate::prepare) struct BucketWriter<'a> {
    file: &'a BucketFile,
    buckets: Vec<Bucket>,
    buffers: Vec<Buffer>,
    /// Bytes that a buffer holds before it is written.
    capacity: usize,
    /// The part is chosen by `bits` bits of the hash after the highest `skip`.
    skip: u32,
    bits: u32,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// Where the unfinished piece starts, and its block.
    piece: usize,
    block: Option<u32>,
}

impl<'a> BucketWriter<'a> {
    /// Writes the parts of `whole` that [`Bucket::split`] makes.
    pub(in crate::prepare) fn new(file: &'a BucketFile, whole: &Bucket, bits: u32, capacity: usize) -> Self {
        let buckets = whole.split(bits);
        let buffers = buckets.iter().map(|_| Buffer::default()).collect();
        Self { file, buckets, buffers, capacity, skip: whole.bits, bits }
    }

    /// The buffer to append a customer's next row to, at most `length` bytes long.
    #[inline]
    pub(in crate::prepare) fn buffer(&mut self, hash: u64, block: u32, length: usize) -> Result<&mut Vec<u8>> {
        let at = ((hash << self.skip) >> 1 >> (63 - self.bits)) as usize;
        let filled = self.buffers[at].bytes.len();
        if filled + PIECE_HEADER + length > self.capacity && filled > 0 {
            self.flush(at)?;
        }
        let buffer = &mut self.buffers[at];
        if buffer.block != Some(block) {
            buffer.end_piece();
            if buffer.bytes.capacity() == 0 {
                buffer.bytes.reserve_exact(self.capacity.max(PIECE_HEADER + length));
            }
            buffer.piece = begin_piece(block, &mut buffer.bytes);
            buffer.block = Some(block);
        }
        Ok(&mut buffer.bytes)
    }

    fn flush(&mut self, at: usize) -> Result<()> {
        let buffer = &mut self.buffers[at];
        buffer.end_piece();
        if !buffer.bytes.is_empty() {
            self.buckets[at].extents.push(self.file.append(&buffer.bytes)?);
        }
        buffer.bytes.clear();
        buffer.block = None;
        Ok(())
    }

    /// Writes all buffers. The parts, with what this writer wrote to them.
    pub(in crate::prepare) fn finish(mut self) -> Result<Vec<Bucket>> {
        (0..self.buffers.len()).try_for_each(|at| self.flush(at))?;
        Ok(self.buckets)
    }
}

impl Buffer {
    fn end_piece(&mut self) {
        if self.block.is_some() {
            end_piece(self.piece, &mut self.bytes);
        }
    }
}

fn failed(doing: &str, path: &Path, error: IoError) -> Error {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            " (no space left for intermediate rows: free some, or choose a larger disk with --work)"
        }
        _ => "",
    };
    Error::storage(format_args!("{doing} {}{advice}", path.display()), error)
}
