//! The tables of a place, cut into blocks of whole rows, one after the other.

use std::{io::Read, ops::Range, sync::Arc};

use flate2::bufread::MultiGzDecoder;

use super::{
    bad_rows::BlockStart,
    mapping::{self, Mapping},
    options::Options,
};
use crate::{
    error::{Error, Result},
    input::{
        file_name::{customer_name, is_parquet, is_table},
        raw::{self, Dialect},
    },
    shard::Shard,
    store::{Entry, Store},
};

/// Bytes of text in a block. The order of the output does not depend on it.
const BLOCK: usize = 1 << 20;
/// No row is longer.
const LONGEST_ROW: usize = 64 << 20;
/// Bytes of such a row that are looked at for a message.
const SHOWN: usize = 240;
/// Rows of a typed table in a block.
#[cfg(feature = "parquet")]
const ROWS: usize = 1 << 17;

/// A block of rows.
pub(super) struct Block {
    /// Its place among all blocks.
    pub(super) number: u64,
    pub(super) mapping: Arc<Mapping>,
    pub(super) content: Content,
}

/// Where a block's rows are.
pub(super) enum Content {
    /// In the caller's buffer, as text. `first`: the header may be before them.
    Text { dialect: Dialect, first: bool, quoted: bool },
    /// In the file, by their numbers.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet is read by rows"))]
    Rows { file: usize, rows: Range<usize> },
}

/// The tables, sorted by name.
pub(super) struct Tables<'a> {
    store: &'a dyn Store,
    options: &'a Options,
    shard: Shard,
    files: Vec<Entry>,
    next: usize,
    current: Option<Open<'a>>,
    /// The kept columns' names, from the first table.
    kept: Option<Vec<String>>,
    /// The columns of the first table, for people.
    first: Option<Arc<Mapping>>,
    /// File and row before each block; text is counted by whoever reads it.
    blocks: Vec<BlockStart>,
}

enum Open<'a> {
    Text {
        reader: Box<dyn Read + Send + 'a>,
        rest: Vec<u8>,
        dialect: Dialect,
        mapping: Arc<Mapping>,
        first: bool,
    },
    #[cfg(feature = "parquet")]
    Rows {
        mapping: Arc<Mapping>,
        groups: std::vec::IntoIter<Range<usize>>,
    },
}

impl<'a> Tables<'a> {
    /// The tables below a place: `.csv`, `.csv.gz`, `.parquet`; other names are passed over.
    pub(super) fn new(store: &'a dyn Store, options: &'a Options, shard: Shard) -> Result<Self> {
        let mut files = store.list()?;
        files.retain(|entry| is_table(&entry.key));
        files.sort();
        if files.is_empty() {
            let place = store.describe("");
            return Err(Error::Data(format!("{place}: holds no table: no name ends in .csv, .csv.gz or .parquet")));
        }
        Ok(Self { store, options, shard, files, next: 0, current: None, kept: None, first: None, blocks: Vec::new() })
    }

    #[cfg(feature = "parquet")]
    pub(super) fn files(&self) -> &[Entry] {
        &self.files
    }

    /// Bytes of text that the tables come to, roughly: packed ones are a fraction of it.
    pub(super) fn estimated_size(&self) -> u64 {
        let packed = |entry: &Entry| is_parquet(&entry.key) || entry.key.to_ascii_lowercase().ends_with(".gz");
        self.files.iter().map(|entry| if packed(entry) { entry.size.saturating_mul(8) } else { entry.size }).sum()
    }

    /// What becomes of the first table's columns, once it was opened.
    pub(super) fn first(&self) -> Option<&Arc<Mapping>> {
        self.first.as_ref()
    }

    /// The names of the kept columns, once the first table was opened.
    pub(super) fn kept(&self) -> &[String] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// Where each block begins, in the order of their numbers. For text, `before` is to be filled in.
    pub(super) fn into_blocks(self) -> (Vec<BlockStart>, Vec<String>) {
        let names = self.files.iter().map(|entry| self.store.describe(&entry.key)).collect();
        (self.blocks, names)
    }

    /// The next block; text goes to `buffer`.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Block>> {
        loop {
            if self.current.is_none() {
                let Some(entry) = self.files.get(self.next) else { return Ok(None) };
                let entry = entry.clone();
                self.next += 1;
                self.current = self.open(&entry)?;
            }
            let file = self.next - 1;
            let name = self.store.describe(&self.files[file].key);
            let number = self.blocks.len() as u64;
            match &mut self.current {
                None => {}
                Some(Open::Text { reader, rest, dialect, mapping, first }) => {
                    let Some(quoted) = next_text(reader, rest, buffer, dialect.delimiter, &name)? else {
                        self.current = None;
                        continue;
                    };
                    self.blocks.push(BlockStart { file, before: 0, text: true });
                    let content = Content::Text { dialect: *dialect, first: *first, quoted };
                    *first = false;
                    return Ok(Some(Block { number, mapping: Arc::clone(mapping), content }));
                }
                #[cfg(feature = "parquet")]
                Some(Open::Rows { mapping, groups }) => {
                    let Some(rows) = groups.next() else {
                        self.current = None;
                        continue;
                    };
                    self.blocks.push(BlockStart { file, before: rows.start as u64, text: false });
                    let content = Content::Rows { file, rows };
                    return Ok(Some(Block { number, mapping: Arc::clone(mapping), content }));
                }
            }
        }
    }

    fn open(&mut self, entry: &Entry) -> Result<Option<Open<'a>>> {
        let name = self.store.describe(&entry.key);
        if is_parquet(&entry.key) {
            return self.open_parquet(entry, &name).map(Some);
        }
        let gone = || Error::Data(format!("{name}: is gone since the files were listed"));
        let mut stored = self.store.open(&entry.key)?.ok_or_else(gone)?;
        let mut head = Vec::new();
        fill(&mut stored, &mut head, 2, &name)?;
        let packed = head.starts_with(&[0x1f, 0x8b]);
        let stored = std::io::Cursor::new(head).chain(stored);
        let mut reader: Box<dyn Read + Send + 'a> = if packed {
            Box::new(MultiGzDecoder::new(std::io::BufReader::with_capacity(1 << 16, stored)))
        } else {
            Box::new(stored)
        };
        // The columns are told from whole records, so the first block must hold some.
        let mut rest = Vec::new();
        fill(&mut reader, &mut rest, BLOCK, &name)?;
        if rest.is_empty() {
            return Ok(None);
        }
        let head = &rest[..memchr::memrchr(b'\n', &rest).map_or(rest.len(), |at| at + 1)];
        let (layout, dialect) = raw::csv_layout(head, &self.options.columns, &name)?;
        let mapping = self.map(layout, entry, &name)?;
        if rest.starts_with(b"\xef\xbb\xbf") {
            rest.drain(..3);
        }
        Ok(Some(Open::Text { reader, rest, dialect, mapping, first: true }))
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(&mut self, entry: &Entry, name: &str) -> Result<Open<'a>> {
        let mut table = super::parquet_read::Table::open(self.store, &entry.key)?;
        let layout = table.layout(&self.options.columns)?;
        let mapping = self.map(layout, entry, name)?;
        table.check(&mapping)?;
        Ok(Open::Rows { mapping, groups: table.blocks(ROWS)?.into_iter() })
    }

    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unused_self, reason = "as where Parquet is read")]
    fn open_parquet(&mut self, _: &Entry, name: &str) -> Result<Open<'a>> {
        Err(Error::Data(format!(
            "{name}: this manyfit was built without Parquet: use a build with the feature parquet, or write CSV"
        )))
    }

    fn map(&mut self, layout: raw::Layout, entry: &Entry, name: &str) -> Result<Arc<Mapping>> {
        let kept = self.kept.get_or_insert_with(|| mapping::kept_columns(&layout, &self.options.keep));
        let stem = customer_name(&entry.key);
        let mapping = Arc::new(Mapping::new(layout, stem, self.options, self.shard, kept, name)?);
        let first = self.first.get_or_insert_with(|| Arc::clone(&mapping));
        let (theirs, own) = (&first.names[first.target], &mapping.names[mapping.target]);
        // Without a header a column has a number, and its place was all there was to guess.
        let is_named = |name: &str| !name.starts_with('#');
        if self.options.columns.target.is_none()
            && is_named(theirs)
            && is_named(own)
            && !own.eq_ignore_ascii_case(theirs)
        {
            return Err(Error::Data(format!(
                "{name}: its column {own:?} would be taken for the same as {theirs:?} of the tables before: name the one that \
                 is meant with --target, or prepare the tables apart"
            )));
        }
        Ok(mapping)
    }
}

/// Reads until there are so many bytes, or no more.
fn fill(reader: &mut impl Read, bytes: &mut Vec<u8>, wanted: usize, name: &str) -> Result<()> {
    let missing = wanted.saturating_sub(bytes.len()) as u64;
    bytes.reserve(missing as usize);
    reader.take(missing).read_to_end(bytes).map(drop).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
            Error::Data(format!("{name}: cannot be unpacked as gzip ({source}): the file is damaged or cut short"))
        }
        _ => Error::storage(format_args!("cannot read {name}"), source),
    })
}

/// Fills `buffer` with whole rows; what is behind them waits in `rest`. `Some` tells whether there are quotes.
fn next_text(
    reader: &mut impl Read,
    rest: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
    delimiter: u8,
    name: &str,
) -> Result<Option<bool>> {
    buffer.clear();
    std::mem::swap(rest, buffer);
    let mut wanted = BLOCK.max(buffer.len());
    loop {
        fill(reader, buffer, wanted, name)?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let ended = buffer.len() < wanted;
        let quoted = memchr::memchr(b'"', buffer).is_some();
        let whole = if ended {
            Some(buffer.len())
        } else if quoted {
            end_of_rows(buffer, delimiter)
        } else {
            memchr::memrchr(b'\n', buffer).map(|at| at + 1)
        };
        if let Some(end) = whole {
            rest.extend_from_slice(&buffer[end..]);
            buffer.truncate(end);
            return Ok(Some(quoted));
        }
        wanted *= 2;
        if wanted > LONGEST_ROW {
            let length = LONGEST_ROW >> 20;
            let begins: String = String::from_utf8_lossy(&buffer[..SHOWN]).chars().take(SHOWN / 4).collect();
            return Err(Error::Data(format!(
                "{name}: the row that begins with {begins:?} does not end within {length} MB: save the table with line \
                 feeds, and close every quote"
            )));
        }
    }
}

/// Behind the last line end that stands in no quotes; a quote counts where a field begins, and within quotes.
fn end_of_rows(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let (mut end, mut quoted, mut begins) = (None, false, true);
    for (at, &byte) in bytes.iter().enumerate() {
        if quoted {
            // A doubled quote ends the quotes and begins them again.
            quoted = byte != b'"';
            begins = !quoted;
        } else if byte == b'"' {
            quoted = begins;
        } else {
            begins = byte == delimiter || byte == b'\n';
            if byte == b'\n' {
                end = Some(at + 1);
            }
        }
    }
    end
}
