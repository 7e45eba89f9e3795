//! Which objects of a place are tables.

use std::{fmt, io::Read};

use flate2::bufread::MultiGzDecoder;

use crate::{
    error::Result,
    input::{
        csv::file::Scratch,
        schema::{
            columns::Columns, description::ColumnNames, feature_columns::FeatureColumns, series_columns::SeriesColumns,
            whose::Whose,
        },
        settings::InputSettings,
        source::{
            file_name::{Format, customer_by_folder, extension_of, format_of, may_be_text},
            open_file::OpenFile,
        },
    },
    store::{Entry, Store, Unlisted},
};

/// Bytes of a file without a table's extension that are looked at.
const HEAD: u64 = 64 << 10;

/// Names of skipped objects that are kept for people, each with another extension.
const EXAMPLES: usize = 4;

/// The tables of a place, sorted by key, and what else is there.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) tables: Vec<(Entry, Format)>,
    /// Tables that cannot be read, and folders that cannot be listed, with the reason that names them.
    pub(crate) unreadable: Vec<Unlisted>,
    pub(crate) skipped: Skipped,
}

/// Objects that are not input: other extensions, names that begin with a dot or an underscore, text that is no table.
///
/// Displays as `3 other files, such as a.zip and README.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: usize,
    /// The first of each of the first extensions.
    pub examples: Vec<String>,
}

impl Listing {
    /// Lists a place. A name with a table's extension is a table; text with the extension `.txt` or without any is one if
    /// its columns are recognised.
    ///
    /// # Errors
    /// Only if the store cannot be listed or is out of reach.
    pub(crate) fn of(store: &dyn Store, settings: &InputSettings) -> Result<Self> {
        let (mut entries, others) = store.list_all()?;
        entries.sort();
        let mut listing = Self { tables: Vec::with_capacity(entries.len()), ..Self::default() };
        for entry in entries {
            let format = match format_of(&entry.key) {
                None if may_be_text(&entry.key) && begins_as_table(store, &entry.key, settings)? => Some(Format::Csv),
                format => format,
            };
            match format {
                Some(format) => listing.tables.push((entry, format)),
                None => listing.skipped.add(entry.key),
            }
        }
        for other in others {
            if other.is_folder || format_of(&other.name).is_some() {
                let reason = format!("{}: {}", store.describe(&other.name), other.reason);
                listing.unreadable.push(Unlisted { reason, ..other });
            } else {
                listing.skipped.add(other.name);
            }
        }
        Ok(listing)
    }
}

impl Skipped {
    pub(in crate::input) fn add(&mut self, key: String) {
        self.count += 1;
        let is_new = self.examples.iter().all(|other| extension_of(other) != extension_of(&key));
        if is_new && self.examples.len() < EXAMPLES {
            self.examples.push(key);
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "one other file, {}", self.examples.join(", ")),
            count => write!(f, "{count} other files, such as {}", self.examples.join(", ")),
        }
    }
}

/// Whether the beginning of an object is a table of text whose columns are recognised.
fn begins_as_table(store: &dyn Store, key: &str, settings: &InputSettings) -> Result<bool> {
    let head = match head_of(store, key) {
        Err(error) if error.is_out_of_reach() => return Err(error),
        // Skipped, as it would be if it could be read and were no table.
        head => head.unwrap_or_default(),
    };
    if head.is_empty() || memchr::memchr(0, &head).is_some() {
        return Ok(false);
    }
    let by_folder = customer_by_folder(key, settings.customer.as_deref()).is_some();
    let mut whose = by_folder.then_some(Whose::Folder);
    Ok(columns_of(&head, (key, Format::Csv), settings, &mut whose, &mut Scratch::default()).is_some())
}

/// The first lines of an object, unpacked.
pub(in crate::input) fn head_of(store: &dyn Store, key: &str) -> Result<Vec<u8>> {
    let Some(object) = store.open(key)? else { return Ok(Vec::new()) };
    let mut head = Vec::new();
    // What cannot be read is no table, and what can be is enough of one.
    let _ = object.take(HEAD).read_to_end(&mut head);
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let _ = MultiGzDecoder::new(head.as_slice()).take(HEAD).read_to_end(&mut unpacked);
        head = unpacked;
    }
    if head.len() as u64 == HEAD {
        head.truncate(memchr::memrchr(b'\n', &head).map_or(0, |at| at + 1));
    }
    Ok(head)
}

/// What tells whose the rows of a file are; `None` if it cannot be read.
pub(in crate::input) fn whose_rows(
    bytes: &[u8],
    format: Format,
    settings: &InputSettings,
    scratch: &mut Scratch,
) -> Option<Whose> {
    let file = match settings.table {
        None => OpenFile::open::<SeriesColumns>(bytes, ("", format), settings, scratch),
        Some(_) => OpenFile::open::<FeatureColumns>(bytes, ("", format), settings, scratch),
    };
    file.ok()?.header().whose(settings).ok()
}

/// The columns of a file, if it has the required ones; decides `whose` its rows are, if that is not known yet.
pub(in crate::input) fn columns_of(
    bytes: &[u8],
    file: (&str, Format),
    settings: &InputSettings,
    whose: &mut Option<Whose>,
    scratch: &mut Scratch,
) -> Option<ColumnNames> {
    fn resolved<C: Columns>(
        bytes: &[u8],
        file: (&str, Format),
        settings: &InputSettings,
        whose: &mut Option<Whose>,
        scratch: &mut Scratch,
    ) -> Option<ColumnNames> {
        let mut file = OpenFile::open::<C>(bytes, file, settings, scratch).ok()?;
        if whose.is_none() {
            *whose = file.header().whose(settings).ok();
        }
        let mut columns: C = file.resolve(settings, (*whose)?, None).ok()?;
        // A file that leaves a doubt is refused when it is read.
        let _ = file.decide_forms(&mut columns, settings);
        let names = columns.describe(file.header(), settings);
        Some(ColumnNames { decimal: file.decimal(), preamble: file.preamble(), ..names })
    }
    match settings.table {
        None => resolved::<SeriesColumns>(bytes, file, settings, whose, scratch),
        Some(_) => resolved::<FeatureColumns>(bytes, file, settings, whose, scratch),
    }
}
