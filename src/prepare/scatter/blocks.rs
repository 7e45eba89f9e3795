//! Tables cut into blocks of whole rows.

#[cfg(feature = "parquet")]
use std::ops::Range;
use std::{collections::HashMap, io::Read, mem, path::Path, sync::Arc};

use flate2::bufread::MultiGzDecoder;

#[cfg(feature = "parquet")]
use super::parquet_table::ParquetTable;
use super::{
    bad_rows::BlockStart,
    row_mapping::{self, RowMapping},
};
use crate::{
    error::{Error, Result},
    input::{
        Format,
        csv::{
            split::{Scratch, Text, end_of_whole_records},
            times::see_times,
        },
        data_error::Position,
        file_name::{customer_by_folder, customer_name, folder_columns},
        layout::{Dialect, Layout},
        source::{
            listing::Listing,
            load::{damaged_gzip, gone},
        },
        value::{
            cell::Cell,
            column_times::{ColumnTimes, Decision},
            time_form::TimeForm,
        },
    },
    prepare::options::Options,
    shard::Shard,
    store::{Entry, Store, Unlisted},
};

/// Bytes of text in a block. The output does not depend on it.
const BLOCK_BYTES: usize = 1 << 20;
/// Maximum length of a row in bytes.
const LONGEST_ROW: usize = 64 << 20;
/// Bytes of a longer row that are decoded for the message.
const SHOWN: usize = 240;
/// Maximum number of rows in a block of a Parquet table.
#[cfg(feature = "parquet")]
const BLOCK_ROWS: usize = 1 << 17;

/// A block of rows of one table.
pub(super) struct InputBlock<'a> {
    /// Its number in the order of the input.
    pub(super) number: u64,
    pub(super) mapping: Arc<RowMapping<'a>>,
    pub(super) rows: BlockRows,
}

/// Where a block's rows are.
pub(super) enum BlockRows {
    /// CSV in the caller's buffer; `header`: the first record names the columns.
    Text { delimiter: u8, header: bool },
    #[cfg(feature = "parquet")]
    Parquet { table: Arc<ParquetTable>, rows: Range<usize> },
}

/// Reads the tables of a store in the order of their names, block by block.
pub(super) struct BlockReader<'a> {
    store: &'a dyn Store,
    options: &'a Options,
    shard: Shard,
    /// The directory for copies of remote Parquet files.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet needs files"))]
    copies: &'a Path,
    files: Vec<(Entry, Format)>,
    next: usize,
    current: Option<OpenTable<'a>>,
    /// The mapping of the first table, and the names of the kept columns.
    first: Option<(Arc<RowMapping<'a>>, Vec<String>)>,
    /// The customers that files are named after, each with its file.
    named: HashMap<String, String>,
    /// The start of each block so far. For text, `before` is the number of its own lines until all blocks are read.
    blocks: Vec<BlockStart>,
    /// Lines of text before the first block of each file.
    skipped: Vec<u64>,
}

struct OpenTable<'a> {
    mapping: Arc<RowMapping<'a>>,
    rows: UnreadRows<'a>,
}

enum UnreadRows<'a> {
    Text {
        reader: Box<dyn Read + Send + 'a>,
        rest: Vec<u8>,
        delimiter: u8,
        /// Whether the next block starts with the header.
        header: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet { table: Arc<ParquetTable>, blocks: std::vec::IntoIter<Range<usize>> },
}

impl<'a> BlockReader<'a> {
    /// Reads all tables of the store.
    pub(super) fn new(store: &'a dyn Store, options: &'a Options, shard: Shard, copies: &'a Path) -> Result<Self> {
        let Listing { tables: files, unreadable, skipped } = Listing::of(store, &options.columns)?;
        if let Some(Unlisted { reason, .. }) = unreadable.into_iter().next() {
            return Err(Error::Data(reason));
        }
        if files.is_empty() {
            let place = store.describe("");
            let others = if skipped.count == 0 { String::new() } else { format!(", only {skipped}") };
            return Err(Error::Data(format!(
                "{place}: holds no table{others}: write tables as .csv, .csv.gz, .tsv or .parquet"
            )));
        }
        let (named, blocks, skipped) = (HashMap::new(), Vec::new(), vec![0; files.len()]);
        Ok(Self { store, options, shard, copies, files, next: 0, current: None, first: None, named, blocks, skipped })
    }

    /// Approximate size of the tables as plain text, in bytes.
    pub(super) fn estimated_size(&self) -> u64 {
        let size = |(entry, format): &(Entry, Format)| {
            let is_packed = *format == Format::Parquet || entry.key.to_ascii_lowercase().ends_with(".gz");
            if is_packed { entry.size.saturating_mul(8) } else { entry.size }
        };
        self.files.iter().map(size).sum()
    }

    /// The mapping of the first table and the names of the kept columns, once it is open.
    pub(super) fn first(&self) -> Option<(Arc<RowMapping<'a>>, Vec<String>)> {
        self.first.clone()
    }

    /// Sets the number of lines in a block of text, which whoever reads it counts.
    pub(super) fn set_lines(&mut self, block: u64, lines: u64) {
        self.blocks[block as usize].before = lines;
    }

    /// The start of each block by number, and the names of the files.
    pub(super) fn into_starts(mut self) -> (Vec<BlockStart>, Vec<String>) {
        let (mut file, mut before) = (usize::MAX, 0);
        for start in self.blocks.iter_mut().filter(|start| start.text) {
            if file != start.file {
                (file, before) = (start.file, self.skipped[start.file]);
            }
            let lines = mem::replace(&mut start.before, before);
            before += lines;
        }
        let names = self.files.iter().map(|(entry, _)| self.store.describe(&entry.key)).collect();
        (self.blocks, names)
    }

    /// The next block; text is put into `buffer`. After an error there is none: the first table that cannot be read is named, whatever
    /// other threads do meanwhile.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<InputBlock<'a>>> {
        let block = self.read_next(buffer);
        if block.is_err() {
            (self.next, self.current) = (self.files.len(), None);
        }
        block
    }

    fn read_next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<InputBlock<'a>>> {
        loop {
            let Some(table) = &mut self.current else {
                let Some((entry, format)) = self.files.get(self.next).cloned() else { return Ok(None) };
                self.next += 1;
                self.current = self.open(&entry, format)?;
                continue;
            };
            let file = self.next - 1;
            let block = match &mut table.rows {
                UnreadRows::Text { reader, rest, delimiter, header } => {
                    let name = self.store.describe(&self.files[file].0.key);
                    let is_block = next_text(reader, rest, buffer, *delimiter, &name)?;
                    is_block.then(|| (0, BlockRows::Text { delimiter: *delimiter, header: mem::take(header) }))
                }
                #[cfg(feature = "parquet")]
                UnreadRows::Parquet { table, blocks } => {
                    blocks.next().map(|rows| (rows.start as u64, BlockRows::Parquet { table: Arc::clone(table), rows }))
                }
            };
            let Some((before, rows)) = block else {
                self.current = None;
                continue;
            };
            let (number, mapping) = (self.blocks.len() as u64, Arc::clone(&table.mapping));
            self.blocks.push(BlockStart { file, before, text: matches!(rows, BlockRows::Text { .. }) });
            return Ok(Some(InputBlock { number, mapping, rows }));
        }
    }

    fn open(&mut self, entry: &Entry, format: Format) -> Result<Option<OpenTable<'a>>> {
        let name = self.store.describe(&entry.key);
        if format == Format::Parquet {
            return self.open_parquet(entry, &name).map(Some);
        }
        let mut reader = self.open_text(entry, &name)?;
        // The columns are guessed from whole records at the beginning.
        let mut rest = Vec::new();
        fill(&mut reader, &mut rest, BLOCK_BYTES, &name)?;
        if rest.is_empty() {
            return Ok(None);
        }
        let head = &rest[..memchr::memrchr(b'\n', &rest).map_or(rest.len(), |at| at + 1)];
        let (mut layout, dialect) = Layout::of_csv(head, &self.options.columns, &entry.key, &name)?;
        let times = self.times_of_text(entry, &name, head, &layout, dialect)?;
        layout.times = self.unless_converted(times);
        let mapping = self.map(layout, entry, &name)?;
        let Dialect { delimiter, has_header: header, start } = dialect;
        rest.drain(..start.bytes);
        self.skipped[self.next - 1] = start.lines;
        Ok(Some(OpenTable { mapping, rows: UnreadRows::Text { reader, rest, delimiter, header } }))
    }

    /// The plain text of a table.
    fn open_text(&self, entry: &Entry, name: &str) -> Result<Box<dyn Read + Send + 'a>> {
        let mut stored = self.store.open(&entry.key)?.ok_or_else(|| gone(name))?;
        let mut head = Vec::new();
        fill(&mut stored, &mut head, 2, name)?;
        let compressed = head.starts_with(&[0x1f, 0x8b]);
        let stored = std::io::Cursor::new(head).chain(stored);
        Ok(if compressed {
            Box::new(MultiGzDecoder::new(std::io::BufReader::with_capacity(1 << 16, stored)))
        } else {
            Box::new(stored)
        })
    }

    /// The form of the timestamps: of nearly every table the first row tells it, and of nearly every other one its head. Where
    /// that leaves a doubt, the table is read until it is settled.
    fn times_of_text(
        &self,
        entry: &Entry,
        name: &str,
        head: &[u8],
        layout: &Layout,
        Dialect { delimiter, has_header, start }: Dialect,
    ) -> Result<Decision> {
        let (Some(column), mut scratch) = (layout.timestamp, Scratch::default()) else {
            return Ok(Decision::default());
        };
        let mut seen = ColumnTimes::default();
        if let Some(value) = layout.folder_value(column) {
            seen.see(Cell::Text(value), Position::Line(1));
            return self.decide(seen, layout.name(column), name);
        }
        let records = Text::block(&head[start.bytes..], delimiter).records(&mut scratch);
        if see_times(&mut seen, records, column, has_header, start.lines)
            && !seen.is_settled()
            && head.len() >= BLOCK_BYTES / 2
        {
            // From the beginning again, because the rest of the head is not whole.
            seen = ColumnTimes::default();
            let (mut reader, mut rest, mut block) = (self.open_text(entry, name)?, Vec::new(), Vec::new());
            let (mut header, mut lines) = (has_header, start.lines);
            fill(&mut reader, &mut rest, start.bytes, name)?;
            rest.clear();
            while next_text(&mut reader, &mut rest, &mut block, delimiter, name)? {
                let records = Text::block(&block, delimiter).records(&mut scratch);
                if !see_times(&mut seen, records, column, mem::take(&mut header), lines) || seen.is_settled() {
                    break;
                }
                lines += memchr::memchr_iter(b'\n', &block).count() as u64;
            }
        }
        self.decide(seen, layout.name(column), name)
    }

    fn decide(&self, seen: ColumnTimes, column: &str, name: &str) -> Result<Decision> {
        seen.decide(&self.options.columns.times, column.as_bytes()).map_err(|error| error.in_file(name))
    }

    /// Times that a time zone is set for are converted to it, and are not taken for local dates.
    fn unless_converted(&self, times: Decision) -> Decision {
        let Options { assumed_zone, written_zone, .. } = self.options;
        let is_converted = assumed_zone.is_some() || written_zone.is_some();
        if is_converted && matches!(times.form, TimeForm::LocalDates(_)) { Decision::default() } else { times }
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(&mut self, entry: &Entry, name: &str) -> Result<OpenTable<'a>> {
        let table = ParquetTable::open(self.store, &entry.key, self.copies)?;
        let mut layout = table.layout(&self.options.columns, &entry.key)?;
        layout.times = self.unless_converted(table.times(&layout, &self.options.columns, BLOCK_ROWS)?);
        let mapping = self.map(layout, entry, name)?;
        table.check(&mapping)?;
        let blocks = table.blocks(BLOCK_ROWS).into_iter();
        Ok(OpenTable { mapping, rows: UnreadRows::Parquet { table: Arc::new(table), blocks } })
    }

    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unused_self, reason = "as where Parquet is read")]
    fn open_parquet(&mut self, _: &Entry, name: &str) -> Result<OpenTable<'a>> {
        Err(Error::Data(format!(
            "{name}: this manyfit was built without Parquet: use a build with the feature parquet, or write CSV"
        )))
    }

    /// The customer of a file without a column of customers.
    ///
    /// # Errors
    /// [`Error::Data`] if another file has the same name: their rows are hardly one customer's.
    fn customer_of_path(&mut self, entry: &Entry, name: &str) -> Result<String> {
        if let Some(customer) = customer_by_folder(&entry.key, self.options.columns.customer.as_deref()) {
            return Ok(customer.into_owned());
        }
        let by = self.options.columns.customer_from;
        let customer =
            customer_name(&entry.key, by).map_err(|complaint| Error::Data(format!("{name}: {complaint}")))?;
        let is_of_folder = folder_columns(&entry.key).iter().any(|(_, value)| *value == customer);
        match self.named.insert(customer.clone().into_owned(), name.to_owned()) {
            Some(first) if !is_of_folder => Err(Error::Data(format!(
                "the customer {customer:?} is in {first} and in {name}, and no column names customers: name the column with \
                 --customer, give the files different names, or add their folders to their names with --customer-from path"
            ))),
            _ => Ok(customer.into_owned()),
        }
    }

    fn map(&mut self, layout: Layout, entry: &Entry, name: &str) -> Result<Arc<RowMapping<'a>>> {
        let by_column = layout.customer.is_some();
        let customer = if by_column { None } else { Some(self.customer_of_path(entry, name)?) };
        let kept = if let Some((_, kept)) = &self.first {
            kept.clone()
        } else {
            row_mapping::kept_columns(&layout, customer.as_deref(), &self.options.keep)
        };
        let mapping = RowMapping::new(layout, customer, self.options, self.shard, &kept, name)?;
        let mapping = Arc::new(mapping);
        let (first, _) = self.first.get_or_insert_with(|| (Arc::clone(&mapping), kept));
        let (theirs, own) = (first.layout.name(first.layout.target), mapping.layout.name(mapping.layout.target));
        // Without a header a column is only a number, and its position was all there was to guess from.
        let is_named = |name: &str| !name.starts_with('#');
        if self.options.columns.target.is_none()
            && is_named(theirs)
            && is_named(own)
            && !own.eq_ignore_ascii_case(theirs)
        {
            return Err(Error::Data(format!(
                "{name}: its target column seems to be {own:?}, but that of earlier tables is {theirs:?}: name the right one \
                 with --target, or prepare the tables separately"
            )));
        }
        Ok(mapping)
    }
}

/// Reads until there are `wanted` bytes, or to the end.
fn fill(reader: &mut impl Read, bytes: &mut Vec<u8>, wanted: usize, name: &str) -> Result<()> {
    let missing = wanted.saturating_sub(bytes.len()) as u64;
    bytes.reserve(missing as usize);
    reader.take(missing).read_to_end(bytes).map(drop).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
            damaged_gzip(name, &source)
        }
        _ => Error::storage(format_args!("cannot read {name}"), source),
    })
}

/// Fills `buffer` with whole rows and puts the bytes after them into `rest`; `false` at the end of the table.
fn next_text(
    reader: &mut impl Read,
    rest: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
    delimiter: u8,
    name: &str,
) -> Result<bool> {
    buffer.clear();
    mem::swap(rest, buffer);
    let mut wanted = BLOCK_BYTES.max(buffer.len());
    loop {
        fill(reader, buffer, wanted, name)?;
        let whole = if buffer.len() < wanted { Some(buffer.len()) } else { end_of_whole_records(buffer, delimiter) };
        if let Some(end) = whole {
            rest.extend_from_slice(&buffer[end..]);
            buffer.truncate(end);
            return Ok(end > 0);
        }
        wanted *= 2;
        if wanted > LONGEST_ROW {
            let length = LONGEST_ROW >> 20;
            let start: String = String::from_utf8_lossy(&buffer[..SHOWN]).chars().take(SHOWN / 4).collect();
            return Err(Error::Data(format!(
                "{name}: the row that starts with {start:?} does not end within {length} MB: save the table with line feeds, \
                 and close every quote"
            )));
        }
    }
}
