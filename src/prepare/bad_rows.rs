//! Rows that cannot be used: counted, named, kept for whoever mends them.
//!
//! There may be more of them than memory holds, and the lines before a block are not counted until all of them are read. So
//! they wait in the spool, beside the rows, and are numbered as the table of rejects is written.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    report::{failed, staged},
    spool::{Extent, Spool},
    text::write_cell,
};
use crate::{
    error::{Error, Result},
    input::raw,
};

/// Bytes of rejects that wait in each thread.
const WAITING: usize = 256 << 10;
/// Bytes before a reject in the spool: its number within its block, and how many bytes follow.
const HEAD: usize = 12;

/// A row that cannot be used.
#[derive(Debug)]
pub(super) struct BadRow {
    /// Which block of the input it is in, in the order of the input.
    pub(super) block: u64,
    /// Its line or row within the block, from 1.
    pub(super) number: u64,
    /// The column, empty where the whole row is at fault.
    pub(super) column: String,
    /// The value, cut to what a message shows.
    pub(super) value: Vec<u8>,
    /// The rest of a sentence that begins with the value.
    pub(super) complaint: String,
}

/// Where a block of the input begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockStart {
    /// The file, by its place among the files.
    pub(super) file: usize,
    /// Lines or rows before it.
    pub(super) before: u64,
    /// Whether they are lines of text.
    pub(super) text: bool,
}

/// The bad rows of a run, and whether they are too many.
///
/// Blocks are handed out in order and each is read to its end, so that the first bad row that is found is the first
/// there is, for any number of threads.
pub(super) struct BadRows {
    tolerated: u64,
    count: AtomicU64,
    too_many: AtomicBool,
    first: Mutex<Option<BadRow>>,
    /// Where the rejects of each block wait.
    segments: Mutex<Vec<(u64, Extent)>>,
}

/// A thread's way to tell of bad rows.
pub(super) struct Reporter<'a> {
    shared: &'a BadRows,
    spool: &'a Spool,
    block: u64,
    waiting: Vec<u8>,
}

/// The rejects of a run, as many as are tolerated.
pub(super) struct Rejects {
    pub(super) count: u64,
    /// In the order of the input.
    segments: Vec<(u64, Extent)>,
    blocks: Vec<BlockStart>,
    files: Vec<String>,
}

impl BadRows {
    pub(super) fn new(tolerated: u64) -> Self {
        Self {
            tolerated,
            count: AtomicU64::new(0),
            too_many: AtomicBool::new(false),
            first: Mutex::default(),
            segments: Mutex::default(),
        }
    }

    /// Whether no further block should be begun.
    pub(super) fn too_many(&self) -> bool {
        self.too_many.load(Ordering::Relaxed)
    }

    /// The rejects; `blocks` tells where each block begins, `files` what their files are called.
    ///
    /// # Errors
    /// [`Error::Data`] that names the first bad row, where there are more than are tolerated.
    pub(super) fn finish(self, blocks: Vec<BlockStart>, files: Vec<String>) -> Result<Rejects> {
        let first = self.first.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.too_many.into_inner()
            && let Some(first) = first
        {
            let BlockStart { file, before, text } = blocks[first.block as usize];
            let place = format!("{} {}", if text { "line" } else { "row" }, before + first.number);
            let file = &files[file];
            let told = if first.column.is_empty() {
                Error::Data(format!("{file}: {place}: {}", first.complaint))
            } else {
                raw::bad_cell(file, &place, &first.column, &first.value, &first.complaint)
            };
            let hint = match self.tolerated {
                0 => "or let --max-bad-rows N leave up to N such rows out".to_owned(),
                some => format!("or raise --max-bad-rows: more than {some} rows are bad, and this is the first"),
            };
            return Err(Error::Data(format!("{told}; {hint}")));
        }
        let mut segments = self.segments.into_inner().unwrap_or_else(PoisonError::into_inner);
        segments.sort_unstable();
        Ok(Rejects { count: self.count.into_inner(), segments, blocks, files })
    }
}

impl<'a> Reporter<'a> {
    pub(super) fn new(shared: &'a BadRows, spool: &'a Spool) -> Self {
        Self { shared, spool, block: 0, waiting: Vec::new() }
    }

    /// Takes a row.
    pub(super) fn push(&mut self, row: BadRow) -> Result<()> {
        if self.shared.count.fetch_add(1, Ordering::Relaxed) < self.shared.tolerated {
            if row.block != self.block || self.waiting.len() > WAITING {
                self.flush()?;
                self.block = row.block;
            }
            let start = self.waiting.len();
            self.waiting.extend_from_slice(&row.number.to_le_bytes());
            self.waiting.extend_from_slice(&[0; 4]);
            let value = String::from_utf8_lossy(&row.value);
            for cell in [row.column.as_bytes(), value.as_bytes(), row.complaint.as_bytes()] {
                self.waiting.push(b',');
                write_cell(cell, &mut self.waiting);
            }
            self.waiting.push(b'\n');
            let length = (self.waiting.len() - start - HEAD) as u32;
            self.waiting[start + 8..start + HEAD].copy_from_slice(&length.to_le_bytes());
        } else {
            self.shared.too_many.store(true, Ordering::Relaxed);
        }
        let mut first = self.shared.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|first| (row.block, row.number) < (first.block, first.number)) {
            *first = Some(row);
        }
        Ok(())
    }

    /// Puts what waits into the spool.
    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.waiting.is_empty() {
            let extent = self.spool.append(&self.waiting)?;
            self.waiting.clear();
            self.shared.segments.lock().unwrap_or_else(PoisonError::into_inner).push((self.block, extent));
        }
        Ok(())
    }
}

impl Rejects {
    /// Writes the table, in the order of the input.
    pub(super) fn write(&self, spool: &Spool, place: &Path) -> Result<()> {
        let staged = staged(place);
        let mut table = BufWriter::new(File::create(&staged).map_err(|error| failed(place, error))?);
        let mut reader = spool.reader()?;
        let mut line = b"file,line,column,value,reason\n".to_vec();
        let mut bytes = Vec::new();
        for &(block, extent) in &self.segments {
            bytes.clear();
            reader.read(extent, &mut bytes)?;
            let BlockStart { file, before, .. } = self.blocks[block as usize];
            let mut rest = bytes.as_slice();
            while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
                let [a, b, c, d, e, f, g, h, w, x, y, z] = *head;
                let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                let (cells, others) = behind.split_at(u32::from_le_bytes([w, x, y, z]) as usize);
                write_cell(self.files[file].as_bytes(), &mut line);
                line.extend_from_slice(format!(",{}", before + number).as_bytes());
                line.extend_from_slice(cells);
                table.write_all(&line).map_err(|error| failed(place, error))?;
                line.clear();
                rest = others;
            }
        }
        table.flush().and_then(|()| fs::rename(&staged, place)).map_err(|error| failed(place, error))
    }
}
