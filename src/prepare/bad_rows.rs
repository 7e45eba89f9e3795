//! Rows that cannot be used: counted, named, kept for whoever mends them.

use std::{
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{
    error::{Error, Result},
    input::raw,
};

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
    /// Those that are tolerated, and the first of the others.
    rows: Mutex<(Vec<BadRow>, Option<BadRow>)>,
}

impl BadRows {
    pub(super) fn new(tolerated: u64) -> Self {
        Self { tolerated, count: AtomicU64::new(0), too_many: AtomicBool::new(false), rows: Mutex::default() }
    }

    /// Takes a row.
    pub(super) fn push(&self, row: BadRow) {
        let within = self.count.fetch_add(1, Ordering::Relaxed) < self.tolerated;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if within {
            rows.0.push(row);
            return;
        }
        self.too_many.store(true, Ordering::Relaxed);
        if rows.1.as_ref().is_none_or(|first| (row.block, row.number) < (first.block, first.number)) {
            rows.1 = Some(row);
        }
    }

    /// Whether no further block should be begun.
    pub(super) fn too_many(&self) -> bool {
        self.too_many.load(Ordering::Relaxed)
    }

    /// The table of rejects, in the order of the input, or nothing where there are none.
    ///
    /// # Errors
    /// [`Error::Data`] that names the first bad row, where there are more than are tolerated.
    pub(super) fn finish(
        self,
        start_of: impl Fn(u64) -> BlockStart,
        name_of: impl Fn(usize) -> String,
    ) -> Result<(u64, Option<String>)> {
        let (mut rows, excess) = self.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
        rows.extend(excess);
        rows.sort_by_key(|row| (row.block, row.number));
        let place = |row: &BadRow| {
            let BlockStart { file, before, text } = start_of(row.block);
            (name_of(file), before + row.number, if text { "line" } else { "row" })
        };
        if self.too_many.into_inner()
            && let Some(first) = rows.first()
        {
            let (file, number, kind) = place(first);
            let place = format!("{kind} {number}");
            let told = if first.column.is_empty() {
                Error::Data(format!("{file}: {place}: {}", first.complaint))
            } else {
                raw::bad_cell(&file, &place, &first.column, &first.value, &first.complaint)
            };
            let hint = match self.tolerated {
                0 => "or let --max-bad-rows N leave up to N such rows out".to_owned(),
                some => format!("or raise --max-bad-rows: more than {some} rows are bad, and this is the first"),
            };
            return Err(Error::Data(format!("{told}; {hint}")));
        }
        if rows.is_empty() {
            return Ok((0, None));
        }
        let mut table = String::from("file,line,column,value,reason\n");
        for row in &rows {
            let (file, number, _) = place(row);
            let value = String::from_utf8_lossy(&row.value);
            let cells = [file.as_str(), &number.to_string(), &row.column, &value, &row.complaint].map(quoted);
            let _ = writeln!(table, "{}", cells.join(","));
        }
        Ok((rows.len() as u64, Some(table)))
    }
}

/// A cell of CSV.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
