//! Parquet tables, read by ranges of rows.
//!
//! | column | types |
//! |---|---|
//! | customer | text, integers |
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target | integers, floats, Boolean as 0 and 1, text |
//! | kept, filtered | any of these, written as text; Boolean as `true` and `false` |
//!
//! Other types are refused in columns that are used. `input/parquet/widening.rs` reads narrow numbers, decimals and dictionaries
//! as these; `input/parquet/values.rs` has the types of training files.

use std::{
    fs::File,
    io::{self, BufReader},
    ops::Range,
    path::Path,
};

use polars::prelude::{
    AnyValue, ArrowDataType as T, DataType, FileMetadataRef, ParallelStrategy, ParquetReader, SerReader, Series,
};

use super::row_mapping::{RowMapping, RowTime};
use crate::{
    error::{Error, Result},
    input::{
        InputSettings,
        csv::write::write_number,
        layout::Layout,
        parquet::{
            values::{self, SeriesTimes},
            widening::{Conversion, Widened},
        },
        source::load::gone,
        value::{column_times::Decision, time_form::TimeForm, timestamp},
    },
    store::{Store, open_file as open_regular},
};

/// An open table.
pub(super) struct ParquetTable {
    file: File,
    metadata: FileMetadataRef,
    names: Vec<String>,
    types: Vec<T>,
    conversions: Vec<Conversion>,
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
    column: Series,
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
        let (schema, metadata, widened) = values::guarded_file(&name, || {
            let mut reader = ParquetReader::new(BufReader::new(&file));
            let (schema, metadata) = (reader.schema()?, reader.get_metadata()?.clone());
            let widened = Widened::new(&schema, &metadata);
            Ok((schema, metadata, widened))
        })?;
        let names = schema.iter_names().map(ToString::to_string).collect();
        let Widened { types, conversions, metadata: edited } = widened;
        Ok(Self { file, metadata: edited.unwrap_or(metadata), names, types, conversions, name })
    }

    /// The roles of the columns; `in_folder`: a folder names the customer.
    pub(super) fn layout(&self, settings: &InputSettings, in_folder: bool) -> Result<Layout> {
        Layout::of_parquet(&self.names, &self.types, settings, in_folder, &self.name)
    }

    /// # Errors
    /// [`Error::Data`] if a used column has a type that is not supported.
    pub(super) fn check(&self, mapping: &RowMapping<'_>) -> Result<()> {
        for at in mapping.used_columns() {
            let column = &self.types[at];
            values::check_column(&self.names[at], column, &self.name)?;
            let is_text = matches!(column, T::Utf8 | T::LargeUtf8 | T::Utf8View);
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
        let mut times = SeriesTimes::default();
        if !matches!(self.types[at], T::Date32 | T::Date64 | T::Timestamp(_, None)) {
            for rows in self.blocks(most) {
                if !times.see(&self.column(at, &rows)?) {
                    break;
                }
            }
        }
        times.decide(&settings.times, layout.names[at].as_bytes()).map_err(|error| error.in_file(&self.name))
    }

    /// The rows as ranges of at most `most` rows, each within one row group.
    pub(super) fn blocks(&self, most: usize) -> Vec<Range<usize>> {
        let (mut blocks, mut start) = (Vec::new(), 0);
        for group in &self.metadata.row_groups {
            let rows = group.num_rows();
            // Even parts, so that none is much smaller than the others.
            let parts = rows.div_ceil(most);
            let cut = |part: usize| start + rows * part / parts;
            blocks.extend((0..parts).map(|part| cut(part)..cut(part + 1)));
            start += rows;
        }
        blocks
    }

    /// Reads the used columns of some rows.
    pub(super) fn read(&self, rows: &Range<usize>, mapping: &RowMapping<'_>) -> Result<ParquetRows> {
        let mut columns: Vec<Option<Texts>> = mapping.layout.names.iter().map(|_| None).collect();
        let mut timestamps = None;
        if let Some(at) = mapping.layout.timestamp {
            let column = self.column(at, rows)?;
            let is_text = matches!(column.dtype(), DataType::String);
            let times = (!is_text)
                .then(|| column.iter().map(|value| parsed_time(&value, &mapping.layout.times.form)).collect());
            if is_text || mapping.uses_timestamp_text() {
                columns[at] = Some(Texts::new(&column, ["false", "true"])?);
            }
            timestamps = Some(Timestamps { at, column, times });
        }
        // One column at a time keeps the memory of a block small.
        for at in mapping.used_columns().into_iter().filter(|at| Some(*at) != mapping.layout.timestamp) {
            let booleans = if at == mapping.layout.target { ["0", "1"] } else { ["false", "true"] };
            columns[at] = Some(Texts::new(&self.column(at, rows)?, booleans)?);
        }
        Ok(ParquetRows { columns, timestamps })
    }

    fn column(&self, at: usize, rows: &Range<usize>) -> Result<Series> {
        let frame = values::guarded_file(&self.name, || {
            // All access is through a memory map, so threads do not share a position in the file.
            let mut reader = ParquetReader::new(BufReader::with_capacity(0, &self.file));
            reader.set_metadata(self.metadata.clone());
            reader
                .with_projection(Some(vec![at]))
                .with_slice(Some((rows.start, rows.len())))
                .read_parallel(ParallelStrategy::None)
                .finish()
        })?;
        let column = frame.into_columns().pop().map(|column| column.take_materialized_series().rechunk());
        let column = column.ok_or_else(|| Error::Data(format!("{}: has columns that share a name", self.name)))?;
        values::guarded_file(&self.name, || self.conversions[at].apply(column))
    }
}

impl ParquetRows {
    /// The text of a column in a row; empty for columns that are not used.
    #[inline]
    pub(super) fn field(&self, column: usize, row: usize) -> &[u8] {
        self.columns[column].as_ref().map_or(&[], |texts| texts.get(row))
    }

    #[inline]
    pub(super) fn time(&self, row: usize) -> std::result::Result<RowTime<'_>, BadTime> {
        let Some(Timestamps { at, column, times }) = &self.timestamps else { return Ok(RowTime::Absent) };
        let Some(times) = times else { return Ok(RowTime::Text(self.field(*at, row))) };
        match times[row] {
            (Ok(time), absolute) => Ok(RowTime::Parsed { time, absolute }),
            (Err(complaint), _) => {
                let value = column.get(row).map_or_else(|_| String::new(), |value| values::text_of(&value));
                Err((*at, value, complaint))
            }
        }
    }
}

/// The time of a typed value, and whether it is in UTC.
fn parsed_time(value: &AnyValue<'_>, form: &TimeForm) -> (std::result::Result<i64, &'static str>, bool) {
    let absolute = match value {
        AnyValue::Date(_) => false,
        AnyValue::Datetime(_, _, zone) => zone.is_some(),
        number => number.extract::<i64>().is_some_and(|number| form.is_absolute_number(number)),
    };
    (form.time(values::cell_of(value)), absolute)
}

/// A column as texts.
struct Texts {
    /// The texts, concatenated.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    /// `booleans` are the texts of false and true.
    fn new(column: &Series, booleans: [&str; 2]) -> Result<Self> {
        let failed = |error| Error::Data(format!("the column {} cannot be read: {error}", column.name()));
        let mut texts = Self { bytes: Vec::new(), ends: Vec::with_capacity(column.len()) };
        match column.dtype() {
            DataType::String => {
                for text in column.str().map_err(failed)?.iter() {
                    texts.push(text.unwrap_or_default().trim_ascii());
                }
            }
            DataType::Float64 => {
                for number in column.f64().map_err(failed)?.iter() {
                    if let Some(number) = number.filter(|number| !number.is_nan()) {
                        write_number(number, &mut texts.bytes);
                    }
                    texts.push("");
                }
            }
            _ => {
                for value in column.iter() {
                    match value {
                        AnyValue::Null => texts.push(""),
                        // Not as f64, so that 0.1 stays 0.1.
                        AnyValue::Float32(number) => texts.push(&number.to_string()),
                        AnyValue::Boolean(value) => texts.push(booleans[usize::from(value)]),
                        AnyValue::Datetime(time, unit, _) => {
                            texts.push(&timestamp::format(values::milliseconds(time, unit)));
                        }
                        value => texts.push(&value.to_string()),
                    }
                }
            }
        }
        Ok(texts)
    }

    /// Ends the current text with `text`.
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    #[inline]
    fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }
}
