//! A thread that distributes rows over buckets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    bad_rows::{BadRow, BadRowReporter, BadRows},
    blocks::{BlockReader, BlockRows, InputBlock},
    row_mapping::{BadCell, Clocks, LeftOut, PlainNumbers, RowTime},
};
use crate::{
    error::Result,
    input::csv::split::{self, Record, Text},
    prepare::{
        buckets::{self, Bucket, BucketFile, BucketWriter},
        progress::Progress,
        resources::Resources,
        row_counts::RowCounts,
    },
};

/// Bytes of a bad value that are kept for the message.
const SHOWN: usize = 256;

/// What the threads share.
pub(super) struct Shared<'a> {
    pub(super) blocks: Mutex<BlockReader<'a>>,
    pub(super) bad_rows: BadRows,
    pub(super) resources: &'a Resources<'a>,
    pub(super) progress: Progress,
}

/// A row at a local time that occurs twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::prepare) struct RepeatedRow {
    /// That of its customer.
    pub(in crate::prepare) hash: u64,
    pub(in crate::prepare) block: u64,
    /// Its line or row within the block.
    pub(in crate::prepare) number: u64,
    pub(in crate::prepare) local: i64,
}

/// What a thread has done.
pub(super) struct Done {
    pub(super) counts: RowCounts,
    pub(super) buckets: Vec<Bucket>,
    /// The rows that the order of a customer's rows tells apart.
    pub(super) repeated: Vec<RepeatedRow>,
}

/// Appends rows to their customers' buckets.
pub(super) struct Worker<'s, 'a> {
    shared: &'s Shared<'a>,
    buckets: BucketWriter<'s>,
    bad_rows: BadRowReporter<'s>,
    counts: RowCounts,
    repeated: Vec<RepeatedRow>,
}

impl<'s, 'a> Worker<'s, 'a> {
    pub(super) fn new(shared: &'s Shared<'a>, file: &'s BucketFile, buckets: BucketWriter<'s>) -> Self {
        let bad_rows = BadRowReporter::new(&shared.bad_rows, file);
        Self { shared, buckets, bad_rows, counts: RowCounts::default(), repeated: Vec::new() }
    }

    /// Reads blocks until there are no more.
    pub(super) fn run(mut self) -> Result<Done> {
        let (mut text, mut scratch) = (Vec::new(), split::Scratch::default());
        while !self.shared.bad_rows.too_many() {
            self.shared.resources.check()?;
            let block = lock(&self.shared.blocks).next(&mut text)?;
            let Some(block) = block else { break };
            let before = self.counts.seen();
            self.read(&block, &text, &mut scratch)?;
            let rows = self.counts.seen() - before;
            self.shared
                .progress
                .add(rows, |rows| format!("read {}.{} million rows", rows / 1_000_000, rows / 100_000 % 10));
        }
        self.bad_rows.flush()?;
        Ok(Done { counts: self.counts, buckets: self.buckets.finish()?, repeated: self.repeated })
    }

    fn read(&mut self, block: &InputBlock<'_>, text: &[u8], scratch: &mut split::Scratch) -> Result<()> {
        match &block.rows {
            BlockRows::Text { delimiter, header } => {
                let lines = memchr::memchr_iter(b'\n', text).count() as u64;
                lock(&self.shared.blocks).set_lines(block.number, lines);
                let mut records = Text::block(text, *delimiter).records(scratch);
                if *header {
                    records.next();
                }
                while let Some(record) = records.next() {
                    self.record(block, &record)?;
                }
            }
            #[cfg(feature = "parquet")]
            BlockRows::Parquet { table, rows } => {
                let columns = table.read(rows, &block.mapping)?;
                for at in 0..rows.len() {
                    let number = at as u64 + 1;
                    match columns.time(at) {
                        Ok(time) => self.row(block, number, |column| columns.field(column, at), time)?,
                        Err((column, value, complaint)) => {
                            self.bad_cell(block, number, &BadCell { column, value: value.as_bytes(), complaint })?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn record(&mut self, block: &InputBlock<'_>, record: &Record<'_>) -> Result<()> {
        if record.len() != block.mapping.layout.names.len() {
            return self.odd_record(block, record);
        }
        let time = block.mapping.layout.timestamp.map_or(RowTime::Absent, |at| RowTime::Text(record.field(at)));
        self.row(block, record.line, |at| record.field(at), time)
    }

    /// A record with the wrong number of fields; blank ones are skipped.
    #[cold]
    fn odd_record(&mut self, block: &InputBlock<'_>, record: &Record<'_>) -> Result<()> {
        let Some(complaint) = record.wrong_length(block.mapping.layout.names.len()) else { return Ok(()) };
        let (column, value) = (String::new(), Vec::new());
        self.bad_rows.push(BadRow { block: block.number, number: record.line, column, value, complaint })
    }

    /// A row whose fields `field` returns by column.
    #[inline]
    fn row<'t>(
        &mut self,
        block: &InputBlock<'_>,
        number: u64,
        field: impl Fn(usize) -> &'t [u8] + Copy,
        time: RowTime<'t>,
    ) -> Result<()> {
        let mut plain = PlainNumbers::default();
        match block.mapping.row(field, time, &mut plain) {
            Ok((row, clocks)) => {
                self.counts.rows += 1;
                self.counts.skipped_times += u64::from(clocks == Clocks::Skip);
                let hash = buckets::hash(row.customer);
                if let Clocks::Repeat(local) = clocks {
                    self.counts.repeated_times += 1;
                    let row = |local| RepeatedRow { hash, block: block.number, number, local };
                    self.repeated.extend(local.map(row));
                }
                row.encode(self.buckets.buffer(hash, block.number as u32, row.encoded_length())?);
            }
            Err(LeftOut::Filtered) => self.counts.filtered += 1,
            Err(LeftOut::Elsewhere) => self.counts.elsewhere += 1,
            // A row of delimiters, as spreadsheets leave them at the end, is blank.
            Err(LeftOut::Bad(cell))
                if cell.value.is_empty() && (0..block.mapping.layout.names.len()).all(|at| field(at).is_empty()) => {}
            Err(LeftOut::Bad(cell)) => self.bad_cell(block, number, &cell)?,
        }
        Ok(())
    }

    #[cold]
    fn bad_cell(&mut self, block: &InputBlock<'_>, number: u64, cell: &BadCell<'_>) -> Result<()> {
        self.bad_rows.push(BadRow {
            block: block.number,
            number,
            column: block.mapping.layout.name(cell.column).to_owned(),
            value: cell.value[..cell.value.len().min(SHOWN)].to_vec(),
            complaint: cell.complaint.to_owned(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
