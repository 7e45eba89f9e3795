//! First half: every row of every table into its customer's bucket.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    bad_rows::{BadRow, BadRows, Rejects, Reporter},
    counts::Counts,
    mapping::{Fate, Fault, Mapping, Moment},
    options::Options,
    permits::Permits,
    record::{self, Row},
    spool::{Bucket, Buffers, Extent, Spool},
    tables::{Block, Content, Tables},
};
use crate::{
    error::{Error, Result},
    input::raw::{self, Dialect},
    shard::Shard,
    store::Store,
};

/// Bytes of a bad value that are kept for the message.
const SHOWN: usize = 256;

/// The buckets, filled.
pub(super) struct Scattered {
    pub(super) spool: Spool,
    pub(super) buckets: Vec<Bucket>,
    pub(super) counts: Counts,
    pub(super) rejects: Rejects,
    /// The kept columns, as the tables name them.
    pub(super) kept: Vec<String>,
    /// What was guessed about the columns, for people.
    pub(super) described: String,
}

/// Where and within what limits.
#[derive(Clone, Copy)]
pub(super) struct Room<'a> {
    pub(super) pool: &'a rayon::ThreadPool,
    pub(super) threads: usize,
    /// Bytes that all rows in memory may take.
    pub(super) memory: u64,
    /// Those of them that loaded buckets may take.
    pub(super) permits: &'a Permits,
    pub(super) stop: &'a AtomicBool,
}

impl Room<'_> {
    /// The largest bucket that every thread may load at the same time.
    pub(super) fn largest_bucket(&self) -> u64 {
        (self.permits.all() / self.threads as u64).clamp(1 << 16, 1 << 30)
    }

    fn buffer(&self, buckets: u64) -> usize {
        (self.memory / 4 / (self.threads as u64 * buckets)).clamp(4 << 10, 128 << 10) as usize
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            Err(Error::Stopped("stopped before every customer was written: run it again to go on".into()))
        } else {
            Ok(())
        }
    }
}

/// Reads all tables of a place into buckets below `work`.
pub(super) fn scatter(
    store: &dyn Store,
    options: &Options,
    shard: Shard,
    work: &Path,
    room: Room<'_>,
) -> Result<Scattered> {
    let tables = Tables::new(store, options, shard)?;
    // Small enough to load, and enough of them to keep all threads busy to the end.
    let wanted = (tables.estimated_size() / (room.largest_bucket() / 2)).clamp(32, 1024);
    let bits = wanted.next_power_of_two().trailing_zeros();
    let spool = Spool::create(work)?;
    let bad_rows = BadRows::new(options.max_bad_rows);
    let shared = Shared { tables: Mutex::new(tables), lines: Mutex::default(), bad_rows, room, store };
    let capacity = room.buffer(1 << bits);
    let parts = room.pool.broadcast(|_| {
        let worked = Worker::new(&shared, &spool, Buffers::new(&spool, 0, bits, capacity)).run();
        if worked.is_err() {
            room.stop.store(true, Ordering::Relaxed);
        }
        worked
    });
    let mut buckets = Bucket::split(0, 0, bits);
    let mut counts = Counts::default();
    // A real failure says more than the stop that it made of the others.
    let mut stopped = None;
    for part in parts {
        match part {
            Ok((part, extents)) => {
                counts.add(&part);
                buckets.iter_mut().zip(extents).for_each(|(bucket, more)| bucket.extents.extend(more));
            }
            Err(error @ Error::Stopped(_)) => stopped = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = stopped {
        return Err(error);
    }
    let Shared { tables, lines, bad_rows, .. } = shared;
    let tables = tables.into_inner().unwrap_or_else(PoisonError::into_inner);
    let kept = tables.kept().to_vec();
    let described = tables.first().map(|first| describe(first)).unwrap_or_default();
    let (mut blocks, names) = tables.into_blocks();
    let mut lines = lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    lines.sort_unstable();
    let mut before = (usize::MAX, 0);
    for (block, lines) in lines {
        let start = &mut blocks[block as usize];
        if before.0 != start.file {
            before = (start.file, 0);
        }
        start.before = before.1;
        before.1 += lines;
    }
    let rejects = bad_rows.finish(blocks, names)?;
    counts.bad = rejects.count;
    Ok(Scattered { spool, buckets, counts, rejects, kept, described })
}

/// Which column is what, and which are left out.
fn describe(mapping: &Mapping) -> String {
    let name = |at: usize| format!("{:?}", mapping.names[at]);
    let customer = mapping.customer.as_ref().map_or_else(|_| "the file's name".to_owned(), |at| name(*at));
    let left = (0..mapping.names.len()).filter(|at| {
        mapping.customer != Ok(*at) && ![mapping.timestamp, mapping.target].contains(at) && !mapping.kept.contains(at)
    });
    let left: Vec<String> = left.map(name).collect();
    let left = if left.is_empty() {
        String::new()
    } else {
        format!("; left out: {} (--keep takes them along)", left.join(", "))
    };
    format!("customer = {customer}, timestamp = {}, target = {}{left}", name(mapping.timestamp), name(mapping.target))
}

/// What the threads share.
struct Shared<'a> {
    tables: Mutex<Tables<'a>>,
    /// How many lines each block of text has.
    lines: Mutex<Vec<(u64, u64)>>,
    bad_rows: BadRows,
    room: Room<'a>,
    store: &'a dyn Store,
}

struct Worker<'s, 'a> {
    shared: &'s Shared<'a>,
    text: Vec<u8>,
    scratch: raw::Scratch,
    sink: Sink<'s>,
    lines: Vec<(u64, u64)>,
}

/// Where rows go, and what is counted on the way.
pub(super) struct Sink<'a> {
    buffers: Buffers<'a>,
    bad_rows: Reporter<'a>,
    counts: Counts,
}

impl<'s, 'a> Worker<'s, 'a> {
    fn new(shared: &'s Shared<'a>, spool: &'s Spool, buffers: Buffers<'s>) -> Self {
        let sink = Sink { buffers, bad_rows: Reporter::new(&shared.bad_rows, spool), counts: Counts::default() };
        Self { shared, text: Vec::new(), scratch: raw::Scratch::default(), sink, lines: Vec::new() }
    }

    fn run(mut self) -> Result<(Counts, Vec<Vec<Extent>>)> {
        while !self.shared.bad_rows.too_many() {
            self.shared.room.check()?;
            let block = lock(&self.shared.tables).next(&mut self.text)?;
            let Some(block) = block else { break };
            self.read(&block)?;
        }
        lock(&self.shared.lines).append(&mut self.lines);
        self.sink.bad_rows.flush()?;
        Ok((self.sink.counts, self.sink.buffers.finish()?))
    }

    fn read(&mut self, block: &Block) -> Result<()> {
        match &block.content {
            Content::Text { dialect, first, quoted } => {
                self.lines.push((block.number, memchr::memchr_iter(b'\n', &self.text).count() as u64));
                let skip = usize::from(*first && dialect.has_header);
                let lone_return =
                    || memchr::memchr_iter(b'\r', &self.text).any(|at| self.text.get(at + 1) != Some(&b'\n'));
                if *quoted || lone_return() {
                    self.read_quoted(block, *dialect, skip)
                } else {
                    self.read_plain(block, *dialect, skip)
                }
            }
            #[cfg(feature = "parquet")]
            Content::Rows { file, rows } => {
                let key = lock(&self.shared.tables).files()[*file].key.clone();
                super::parquet_read::scatter(self.shared.store, &key, rows.clone(), block, &mut self.sink)
            }
            #[cfg(not(feature = "parquet"))]
            Content::Rows { .. } => {
                let _ = self.shared.store;
                Err(Error::Bug("rows of a typed table without Parquet".into()))
            }
        }
    }

    fn read_quoted(&mut self, block: &Block, dialect: Dialect, skip: usize) -> Result<()> {
        let (mut at, sink) = (0, &mut self.sink);
        raw::records(&self.text, dialect.delimiter, &mut self.scratch, |line, fields| {
            at += 1;
            match fields {
                _ if at <= skip => Ok(()),
                Some(fields) => sink.fields(block, line, fields, &mut Vec::new()),
                None => sink.odd_row(block, line, raw::TORN.into()),
            }
        })
    }

    fn read_plain(&mut self, block: &Block, dialect: Dialect, mut skip: usize) -> Result<()> {
        let text = self.text.as_slice();
        let mut fields: Vec<&[u8]> = Vec::with_capacity(block.mapping.names.len());
        let mut kept = Vec::new();
        let (mut begin, mut line) = (0, 1);
        let ends = memchr::memchr2_iter(dialect.delimiter, b'\n', text);
        // The last line may end with the file.
        let last = (text.last() != Some(&b'\n')).then_some(text.len());
        for end in ends.chain(last) {
            fields.push(&text[begin..end]);
            begin = end + 1;
            if text.get(end) == Some(&dialect.delimiter) {
                continue;
            }
            if fields.len() > 1 || !fields[0].trim_ascii().is_empty() {
                if skip > 0 {
                    skip -= 1;
                } else {
                    self.sink.fields(block, line, &fields, &mut kept)?;
                }
            }
            fields.clear();
            line += 1;
        }
        Ok(())
    }
}

impl Sink<'_> {
    /// Takes a row of text.
    #[inline]
    fn fields<'t>(&mut self, block: &Block, line: u64, fields: &[&'t [u8]], kept: &mut Vec<&'t [u8]>) -> Result<()> {
        let mapping = &*block.mapping;
        if fields.len() != mapping.names.len() {
            let blank = fields.iter().all(|field| field.trim_ascii().is_empty());
            if !blank {
                let (has, wanted) = (fields.len(), mapping.names.len());
                let complaint = format!(
                    "the row has {has} fields where the first line has {wanted}: quote values that contain the delimiter, \
                     close every quote, and fill rows up with empty fields"
                );
                self.odd_row(block, line, complaint)?;
            }
            return Ok(());
        }
        let time = Moment::Text(fields[mapping.timestamp].trim_ascii());
        self.row(block, line, |at| fields[at].trim_ascii(), time, kept)
    }

    #[cold]
    fn odd_row(&mut self, block: &Block, line: u64, complaint: String) -> Result<()> {
        let row = BadRow { block: block.number, number: line, column: String::new(), value: Vec::new(), complaint };
        self.bad_rows.push(row)
    }

    /// Takes a row whose fields are known by their place.
    #[inline]
    pub(super) fn row<'t>(
        &mut self,
        block: &Block,
        line: u64,
        field: impl Fn(usize) -> &'t [u8],
        time: Moment<'t>,
        kept: &mut Vec<&'t [u8]>,
    ) -> Result<()> {
        let mapping = &*block.mapping;
        let (buffers, counts) = (&mut self.buffers, &mut self.counts);
        let fate = mapping.row(&field, time, kept, |row| push(buffers, block.number as u32, row))?;
        match fate {
            Ok(Fate::Taken) => counts.taken += 1,
            Ok(Fate::Filtered) => counts.filtered += 1,
            Ok(Fate::Elsewhere) => counts.elsewhere += 1,
            Err(fault) => self.bad_row(block, line, &fault, field)?,
        }
        Ok(())
    }

    /// A row whose time cannot be used.
    #[cfg(feature = "parquet")]
    pub(super) fn bad_time(&mut self, block: &Block, line: u64, value: &[u8], complaint: &str) -> Result<()> {
        let fault = Fault { column: Some(block.mapping.timestamp), value, complaint };
        self.bad_row(block, line, &fault, |_| b"row")
    }

    #[cold]
    fn bad_row<'t>(
        &mut self,
        block: &Block,
        line: u64,
        fault: &Fault<'_>,
        field: impl Fn(usize) -> &'t [u8],
    ) -> Result<()> {
        let names = &block.mapping.names;
        // A row of delimiters, as spreadsheets leave them at the end, is no row.
        if fault.value.is_empty() && (0..names.len()).all(|at| field(at).is_empty()) {
            return Ok(());
        }
        self.bad_rows.push(BadRow {
            block: block.number,
            number: line,
            column: fault.column.map(|at| names[at].clone()).unwrap_or_default(),
            value: fault.value[..fault.value.len().min(SHOWN)].to_vec(),
            complaint: fault.complaint.to_owned(),
        })
    }
}

#[inline]
fn push(buffers: &mut Buffers<'_>, block: u32, row: Row<'_>) -> Result<()> {
    let kept: usize = row.kept.iter().map(|text| 2 + text.len()).sum();
    let length = 10 + row.customer.len() + row.value.len() + kept;
    row.encode(buffers.place(record::hash(row.customer), block, length)?);
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
