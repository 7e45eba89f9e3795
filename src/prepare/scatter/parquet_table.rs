//! Parquet tables, read by ranges of rows.
//!
//! | column | types |
//! |---|---|
//! | customer | text, integers |
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target | integers, floats, Boolean as 0 and 1, text |
//! | kept, filtered | any of these, written as text; Boolean as `true` and `false` |
//!
//! Other types are refused in columns that are used. `input/parquet/reading.rs` reads narrow numbers, decimals and dictionaries
//! as these; `input/parquet/values.rs` has the types of training files.

use std::{
    fs::File,
    io::{self, Write},
    ops::Range,
    path::Path,
};

use super::row_mapping::{RowMapping, RowTime};
use crate::{
    error::{Error, Result},
    input::{
        InputSettings,
        csv::write::write_number,
        data_error::Position,
        layout::Layout,
        parquet::{
            column::{ColumnValues, Value},
            columns::{FileBytes, FileColumns},
            values::{self, ArrowDataType as T, SeriesTimes},
        },
        source::load::gone,
        value::{
            cell::Cell,
            column_times::{ColumnTimes, Decision},
            time_form::TimeForm,
        },
    },
    store::{Store, open_file as open_regular},
};

/// An open table.
pub(super) struct ParquetTable {
    columns: FileColumns<'static>,
    names: Vec<String>,
    types: Vec<T>,
    /// For messages.
    name: String,
}

/// The used columns of a range of rows.
pub(super) struct ParquetRows {
    columns: Vec<Option<Texts>>,
    timestamps: Option<Timestamps>,
}

/// The timestamps of a range of rows.
struct Timestamps {
    at: usize,
    column: ColumnValues,
    /// The times, and whether they are in UTC; `None` if they are text.
    times: Option<Vec<(std::result::Result<i64, &'static str>, bool)>>,
}

/// A timestamp that cannot be used: its column, its text and a complaint to follow it.
pub(super) type BadTime = (usize, String, &'static str);

/// Opens the object as a file. A remote one is copied to the directory `copies`, to a file without a name, so that it is
/// gone however the process ends.
fn open_file(store: &dyn Store, key: &str, copies: &Path, name: &str) -> Result<File> {
    if let Some(path) = store.file(key) {
        return open_regular(&path).map_err(|error| Error::storage(format_args!("cannot read {name}"), error));
    }
    let mut object = store.open(key)?.ok_or_else(|| gone(name))?;
    tempfile::tempfile_in(copies)
        .and_then(|mut file| io::copy(&mut object, &mut file).map(|_| file))
        .map_err(|error| Error::storage(format_args!("copying {name} to {}", copies.display()), error))
}

impl ParquetTable {
    /// Opens a table; `copies` is the directory that a remote one is copied to.
    pub(super) fn open(store: &dyn Store, key: &str, copies: &Path) -> Result<Self> {
        let name = store.describe(key);
        let file = open_file(store, key, copies, &name)?;
        let columns = FileBytes::mapped(&file).and_then(FileColumns::open).map_err(|error| error.in_file(&name))?;
        let names = columns.names().map(ToOwned::to_owned).collect();
        Ok(Self { types: columns.types(), columns, names, name })
    }

    /// The roles of the columns; `key` is the path of the table.
    pub(super) fn layout(&self, settings: &InputSettings, key: &str) -> Result<Layout> {
        Layout::of_parquet(&self.names, &self.types, settings, key, &self.name)
    }

    /// # Errors
    /// [`Error::Data`] if a used column has a type that is not supported.
    pub(super) fn check(&self, mapping: &RowMapping<'_>) -> Result<()> {
        for at in mapping.used_columns() {
            let column = &self.types[at];
            values::check_column(&self.names[at], column, &self.name)?;
            let is_text = matches!(column, T::Utf8View);
            let is_integer = matches!(column, T::Int32 | T::Int64 | T::UInt32 | T::UInt64);
            if mapping.customer == Ok(at) && !is_text && !is_integer {
                return Err(Error::Data(format!(
                    "{}: the column {:?} has the Parquet type {column:?}, which cannot name customers: write it as text or \
                     integers",
                    self.name, self.names[at]
                )));
            }
        }
        Ok(())
    }

    /// Decides the form of the timestamps.
    pub(super) fn times(&self, layout: &Layout, settings: &InputSettings, most: usize) -> Result<Decision> {
        let Some(at) = layout.timestamp else { return Ok(Decision::default()) };
        let name = layout.name(at).as_bytes();
        if let Some(value) = layout.folder_value(at) {
            let mut times = ColumnTimes::default();
            times.see(Cell::Text(value), Position::Row(1));
            return times.decide(&settings.times, name).map_err(|error| error.in_file(&self.name));
        }
        let Some(mut times) = SeriesTimes::new(&self.types[at]) else { return Ok(Decision::default()) };
        for rows in self.blocks(most) {
            if !times.see(&self.column(at, &rows)?) {
                break;
            }
        }
        times.decide(&settings.times, name).map_err(|error| error.in_file(&self.name))
    }

    /// The rows as ranges of at most `most` rows, each within one row group.
    pub(super) fn blocks(&self, most: usize) -> Vec<Range<usize>> {
        let mut blocks = Vec::new();
        for group in self.columns.groups() {
            let rows = group.len();
            // Even parts, so that none is much smaller than the others.
            let parts = rows.div_ceil(most);
            let cut = |part: usize| group.start + rows * part / parts;
            blocks.extend((0..parts).map(|part| cut(part)..cut(part + 1)));
        }
        blocks
    }

    /// Reads the used columns of some rows.
    pub(super) fn read(&self, rows: &Range<usize>, mapping: &RowMapping<'_>) -> Result<ParquetRows> {
        let mut columns: Vec<Option<Texts>> = mapping.layout.names.iter().map(|_| None).collect();
        let mut timestamps = None;
        if let Some(at) = mapping.layout.timestamp.filter(|at| *at < columns.len()) {
            let column = self.column(at, rows)?;
            let is_text = matches!(column, ColumnValues::Texts(_));
            let is_zoned = matches!(self.types[at], T::Timestamp(_, Some(_)));
            let time = |value| parsed_time(value, is_zoned, &mapping.layout.times.form);
            let times = (!is_text).then(|| column.values().map(time).collect());
            if is_text || mapping.uses_timestamp_text() {
                columns[at] = Some(Texts::new(&column, ["false", "true"]));
            }
            timestamps = Some(Timestamps { at, column, times });
        }
        // One column at a time keeps the memory of a block small.
        for at in mapping.used_columns().into_iter().filter(|at| Some(*at) != mapping.layout.timestamp) {
            let booleans = if at == mapping.layout.target { ["0", "1"] } else { ["false", "true"] };
            columns[at] = Some(Texts::new(&self.column(at, rows)?, booleans));
        }
        Ok(ParquetRows { columns, timestamps })
    }

    fn column(&self, at: usize, rows: &Range<usize>) -> Result<ColumnValues> {
        self.columns.values(at, rows).map_err(|error| error.in_file(&self.name))
    }
}

impl ParquetRows {
    /// The text of a column in a row; empty for columns that are not used.
    #[inline]
    pub(super) fn field(&self, column: usize, row: usize) -> &[u8] {
        self.columns.get(column).and_then(Option::as_ref).map_or(&[], |texts| texts.get(row))
    }

    #[inline]
    pub(super) fn time(&self, row: usize) -> std::result::Result<RowTime<'_>, BadTime> {
        let Some(Timestamps { at, column, times }) = &self.timestamps else { return Ok(RowTime::Absent) };
        let Some(times) = times else { return Ok(RowTime::Text(self.field(*at, row))) };
        match times[row] {
            (Ok(time), absolute) => Ok(RowTime::Parsed { time, absolute }),
            (Err(complaint), _) => Err((*at, column.value(row).text().into_owned(), complaint)),
        }
    }
}

/// The time of a typed value, and whether it is in UTC; `is_zoned`: the column has a time zone.
fn parsed_time(value: Value<'_>, is_zoned: bool, form: &TimeForm) -> (std::result::Result<i64, &'static str>, bool) {
    let is_absolute = |number| form.is_absolute_number(number);
    let absolute = match value {
        Value::Time(_) => is_zoned,
        Value::Integer(number) => is_absolute(number),
        Value::Single(number) => is_absolute(number as i64),
        Value::Number(number) => is_absolute(number as i64),
        _ => false,
    };
    (form.time(value.cell()), absolute)
}

/// A column as texts.
struct Texts {
    /// The texts, concatenated.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    /// `booleans` are the texts of false and true.
    fn new(column: &ColumnValues, booleans: [&str; 2]) -> Self {
        let mut texts = Self { bytes: Vec::new(), ends: Vec::with_capacity(column.len()) };
        for value in column.values() {
            texts.push(value, booleans);
            texts.ends.push(texts.bytes.len());
        }
        texts
    }

    fn push(&mut self, value: Value<'_>, booleans: [&str; 2]) {
        match value {
            Value::Text(text) => self.bytes.extend_from_slice(text.trim_ascii().as_bytes()),
            Value::Number(number) if !number.is_nan() => write_number(number, &mut self.bytes),
            // Not in double precision, so that 0.1 stays 0.1. Writing to memory does not fail.
            Value::Single(number) if !number.is_nan() => drop(write!(self.bytes, "{number}")),
            Value::Integer(number) => drop(write!(self.bytes, "{number}")),
            Value::Boolean(value) => self.bytes.extend_from_slice(booleans[usize::from(value)].as_bytes()),
            Value::Unsigned(_) | Value::Time(_) => self.bytes.extend_from_slice(value.text().as_bytes()),
            Value::Missing | Value::Number(_) | Value::Single(_) => {}
        }
    }

    #[inline]
    fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }
}
