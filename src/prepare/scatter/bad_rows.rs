//! Rows that cannot be used: counted, located and listed in the rejects.
//!
//! There may be more than fit in memory, and line numbers are known only once all blocks before have been read. So they wait
//! in the bucket file and get their numbers when the table of rejects is written.

use std::{
    io::Write,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    error::{Error, Result},
    input::{
        csv::write::write_field,
        data_error::{DataError, Position},
    },
    prepare::buckets::{BucketFile, Extent, begin_piece, end_piece, pieces},
    store::{write_file, writing},
};

/// Bytes of rejects that a thread collects before it writes them.
const BUFFER: usize = 256 << 10;

/// A row that cannot be used.
#[derive(Debug)]
pub(in crate::prepare) struct BadRow {
    /// Number of its block in the order of the input.
    pub(in crate::prepare) block: u64,
    /// Its line or row within the block, from 1.
    pub(in crate::prepare) number: u64,
    /// The column; empty if the row as a whole is bad.
    pub(in crate::prepare) column: String,
    /// The value, cut to what a message shows.
    pub(in crate::prepare) value: Vec<u8>,
    /// Follows the value in a message.
    pub(in crate::prepare) complaint: String,
}

impl BadRow {
    /// Appends it to the rejects of its block.
    fn write(&self, buffer: &mut Vec<u8>) {
        let piece = begin_piece(self.number as u32, buffer);
        let value = String::from_utf8_lossy(&self.value);
        for cell in [self.column.as_bytes(), value.as_bytes(), self.complaint.as_bytes()] {
            buffer.push(b',');
            write_field(cell, buffer);
        }
        buffer.push(b'\n');
        end_piece(piece, buffer);
    }
}

/// Where a block of the input starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockStart {
    /// Index of the file.
    pub(super) file: usize,
    /// Lines or rows before the block.
    pub(super) before: u64,
    /// Whether the file has lines of text rather than rows.
    pub(super) text: bool,
}

/// The bad rows of a run, shared by all threads.
///
/// Blocks are handed out in order and read to their end, so the first bad row found is the first of the input for any
/// number of threads.
pub(super) struct BadRows {
    tolerated: u64,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    count: u64,
    first: Option<BadRow>,
    /// Where the rejects of each block are.
    segments: Vec<(u64, Extent)>,
}

/// Reports a thread's bad rows.
pub(super) struct BadRowReporter<'a> {
    shared: &'a BadRows,
    file: &'a BucketFile,
    block: u64,
    buffer: Vec<u8>,
}

/// The bad rows of a run within the tolerance.
pub(in crate::prepare) struct Rejects {
    pub(in crate::prepare) count: u64,
    tolerated: u64,
    /// In the order of the input.
    segments: Vec<(u64, Extent)>,
    blocks: Vec<BlockStart>,
    files: Vec<String>,
}

impl BadRows {
    pub(super) fn new(tolerated: u64) -> Self {
        Self { tolerated, found: Mutex::default() }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to start no further block.
    pub(super) fn too_many(&self) -> bool {
        self.found().count > self.tolerated
    }

    /// The rejects; `files` are the names of the files that `blocks` refer to.
    ///
    /// # Errors
    /// [`Error::Data`] with the first bad row, if there are more than are tolerated.
    pub(super) fn finish(self, blocks: Vec<BlockStart>, files: Vec<String>) -> Result<Rejects> {
        let Found { count, first, mut segments } = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        segments.sort_unstable();
        let rejects = Rejects { count, tolerated: self.tolerated, segments, blocks, files };
        rejects.check(first.as_ref()).map(|()| rejects)
    }
}

impl<'a> BadRowReporter<'a> {
    pub(super) fn new(shared: &'a BadRows, file: &'a BucketFile) -> Self {
        Self { shared, file, block: 0, buffer: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: BadRow) -> Result<()> {
        let mut found = self.shared.found();
        found.count += 1;
        let is_tolerated = found.count <= self.shared.tolerated;
        drop(found);
        if is_tolerated {
            if row.block != self.block || self.buffer.len() > BUFFER {
                self.flush()?;
                self.block = row.block;
            }
            row.write(&mut self.buffer);
        }
        let mut found = self.shared.found();
        if found.first.as_ref().is_none_or(|first| (row.block, row.number) < (first.block, first.number)) {
            found.first = Some(row);
        }
        Ok(())
    }

    /// Writes the buffer to the file.
    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            let extent = self.file.append(&self.buffer)?;
            self.buffer.clear();
            self.shared.found().segments.push((self.block, extent));
        }
        Ok(())
    }
}

impl Rejects {
    /// Adds rows that were found to be bad when all rows were there; they must be in the order of the input.
    ///
    /// # Errors
    /// As for [`BadRows::finish`].
    pub(in crate::prepare) fn add(&mut self, rows: &[BadRow], file: &BucketFile) -> Result<()> {
        self.count += rows.len() as u64;
        self.check(rows.first())?;
        for rows in rows.chunk_by(|a, b| a.block == b.block) {
            let mut buffer = Vec::new();
            for row in rows {
                row.write(&mut buffer);
            }
            self.segments.push((rows[0].block, file.append(&buffer)?));
        }
        self.segments.sort_unstable();
        Ok(())
    }

    /// Refuses more bad rows than are tolerated, with this one.
    fn check(&self, first: Option<&BadRow>) -> Result<()> {
        let Some(first) = first.filter(|_| self.count > self.tolerated) else { return Ok(()) };
        let BlockStart { file, before, text } = self.blocks[first.block as usize];
        let position = if text { Position::Line } else { Position::Row }(before + first.number);
        let described = if first.column.is_empty() {
            DataError::row(position, &first.complaint)
        } else {
            DataError::cell(position, first.column.as_bytes(), &first.value, &first.complaint)
        };
        let described = described.in_file(&self.files[file]);
        let hint = match self.tolerated {
            0 => "or use --max-bad-rows N to leave out up to N such rows".to_owned(),
            1 => "or raise --max-bad-rows: more than 1 row is bad, such as this one".to_owned(),
            some => format!("or raise --max-bad-rows: more than {some} rows are bad, such as this one"),
        };
        Err(Error::Data(format!("{described}; {hint}")))
    }

    /// Writes the table of rejects, in the order of the input.
    pub(in crate::prepare) fn write(&self, rows: &BucketFile, path: &Path) -> Result<()> {
        let mut bytes = Vec::new();
        let mut line = b"file,line,column,value,reason\n".to_vec();
        write_file(path, |table| {
            for segments in self.segments.chunk_by(|(a, _), (b, _)| a == b) {
                bytes.clear();
                segments.iter().try_for_each(|(_, extent)| rows.read(*extent, &mut bytes))?;
                let BlockStart { file, before, .. } = self.blocks[segments[0].0 as usize];
                let mut found: Vec<_> = pieces(&bytes).collect();
                found.sort_by_key(|(number, ..)| *number);
                for (number, _, cells) in found {
                    write_field(self.files[file].as_bytes(), &mut line);
                    line.extend_from_slice(format!(",{}", before + u64::from(number)).as_bytes());
                    line.extend_from_slice(cells);
                    table.write_all(&line).map_err(|error| writing(path, error))?;
                    line.clear();
                }
            }
            Ok(())
        })
    }
}
