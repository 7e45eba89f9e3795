//! Parquet tables, some rows at a time.
//!
//! | column | types |
//! |---|---|
//! | customer | text, integers, dictionaries of text |
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target | integers, floats, Boolean as 0 and 1, text |
//! | kept, filtered | any of these, written as text; Boolean as `true` and `false` |
//!
//! What has another type is refused, if it is wanted at all: `input/parquet/values.rs` has the types of single files.

use std::{
    fs::File,
    io::Cursor,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use polars::{
    io::mmap::MmapBytesReader,
    prelude::{
        AnyValue, ArrowDataType as T, DataType, ParallelStrategy, ParquetReader, PolarsResult, SerReader, Series,
        TimeUnit,
    },
};

use super::{
    mapping::{Mapping, Moment},
    scatter::Sink,
    tables::Block,
    text::write_number,
};
use crate::{
    error::{Error, Result},
    input::{
        InputSettings,
        parquet::values,
        raw::{self, Layout},
    },
    store::Store,
};

/// A table whose columns are known.
pub(super) struct Table {
    reader: ParquetReader<Box<dyn MmapBytesReader>>,
    names: Vec<String>,
    types: Vec<T>,
    /// The table's, for messages.
    name: String,
}

/// Runs polars on bytes that may be damaged. Its decoders panic on some of them.
fn guarded<T>(name: &str, work: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    let reason = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its pages are damaged".to_owned(),
    };
    Err(Error::Data(format!("{name}: cannot be read as Parquet ({reason}): write the file again")))
}

impl Table {
    pub(super) fn open(store: &dyn Store, key: &str) -> Result<Self> {
        let name = store.describe(key);
        let source: Box<dyn MmapBytesReader> = if let Some(path) = store.file(key) {
            let file = File::open(&path).map_err(|error| Error::storage(format_args!("cannot read {name}"), error))?;
            Box::new(file)
        } else {
            let mut bytes = Vec::new();
            if !store.read(key, &mut bytes)? {
                return Err(Error::Data(format!("{name}: is gone since the files were listed")));
            }
            Box::new(Cursor::new(bytes))
        };
        let mut reader = ParquetReader::new(source);
        let schema = guarded(&name, || reader.schema())?;
        let names = schema.iter_names().map(ToString::to_string).collect();
        let types = schema.iter_values().map(|field| field.dtype.clone()).collect();
        Ok(Self { reader, names, types, name })
    }

    /// Which column is what.
    pub(super) fn layout(&self, settings: &InputSettings) -> Result<Layout> {
        values::layout(self.names.clone(), &self.types, settings, &self.name)
    }

    /// # Errors
    /// [`Error::Data`] where a column that is wanted has a type that is not read.
    pub(super) fn check(&self, mapping: &Mapping) -> Result<()> {
        for at in mapping.wanted() {
            let column = match &self.types[at] {
                // Read as the text that it stands for, except as a time.
                T::Dictionary(_, value, _) if at != mapping.timestamp => value,
                column => column,
            };
            values::check_column(&self.names[at], column, &self.name)?;
            let is_name = is_text(column) || matches!(column, T::Int32 | T::Int64 | T::UInt32 | T::UInt64);
            if mapping.customer == Ok(at) && !is_name {
                return Err(Error::Data(format!(
                    "{}: the column {:?} has the Parquet type {column:?}, which cannot name customers: write it as text or \
                     integers",
                    self.name, self.names[at]
                )));
            }
        }
        Ok(())
    }

    /// Its rows, in ranges of at most so many, none across two row groups.
    pub(super) fn blocks(&mut self, most: usize) -> Result<Vec<Range<usize>>> {
        let metadata = guarded(&self.name, || self.reader.get_metadata().cloned())?;
        let (mut blocks, mut start) = (Vec::new(), 0);
        for group in &metadata.row_groups {
            let end = start + group.num_rows();
            // Even parts, so that none is much smaller than the others.
            let parts = group.num_rows().div_ceil(most);
            let cut = |part: usize| start + group.num_rows() * part / parts;
            blocks.extend((0..parts).map(|part| cut(part)..cut(part + 1)));
            start = end;
        }
        Ok(blocks)
    }
}

/// Gives some rows to the sink.
pub(super) fn scatter(
    store: &dyn Store,
    key: &str,
    rows: Range<usize>,
    block: &Block,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mapping = &*block.mapping;
    let wanted = mapping.wanted();
    let name = store.describe(key);
    let mut columns: Vec<Option<Texts>> = vec![None; mapping.names.len()];
    let mut times = None;
    for &at in &wanted {
        // One column at a time keeps the memory of a block small.
        let reader = Table::open(store, key)?.reader;
        let frame = guarded(&name, || {
            reader
                .with_projection(Some(vec![at]))
                .with_slice(Some((rows.start, rows.len())))
                .read_parallel(ParallelStrategy::None)
                .finish()
        })?;
        let column = frame.into_columns().pop().map(|column| column.take_materialized_series().rechunk());
        let column = column.ok_or_else(|| Error::Data(format!("{name}: has columns that share a name")))?;
        let truths = if at == mapping.target { ["0", "1"] } else { ["false", "true"] };
        if at == mapping.timestamp {
            times = Some(Times::new(&column)?);
        } else {
            columns[at] = Some(Texts::new(&column, truths)?);
        }
        if at == mapping.timestamp && times.as_ref().is_some_and(|times| times.is_text() || mapping.names_time()) {
            columns[at] = Some(Texts::new(&column, truths)?);
        }
    }
    let times = times.ok_or_else(|| Error::Bug("a table without times".into()))?;
    let mut kept = Vec::new();
    for row in 0..rows.len() {
        let field = |at: usize| columns[at].as_ref().map_or(&[][..], |texts| texts.get(row));
        let line = row as u64 + 1;
        match times.get(row) {
            Ok(Some((time, absolute))) => sink.row(block, line, field, Moment::Known { time, absolute }, &mut kept)?,
            Ok(None) => sink.row(block, line, field, Moment::Text(field(mapping.timestamp)), &mut kept)?,
            Err((value, complaint)) => sink.bad_time(block, line, value.as_bytes(), complaint)?,
        }
    }
    Ok(())
}

/// A column of times.
enum Times {
    /// Their text is to be read.
    Text,
    /// Milliseconds; whether they say which moment of the world they are.
    Known(Vec<Option<i64>>, bool),
    /// Epoch times in a unit that their size tells.
    Epoch(Vec<Option<f64>>),
    WholeEpoch(Vec<Option<i64>>),
}

impl Times {
    fn new(column: &Series) -> Result<Self> {
        let failed = |error| Error::Data(format!("the column {} cannot be read as times: {error}", column.name()));
        let whole = |column: &Series| -> Result<Vec<Option<i64>>> {
            let cast = column.cast(&DataType::Int64).map_err(failed)?;
            Ok(cast.i64().map_err(failed)?.iter().collect())
        };
        Ok(match column.dtype() {
            DataType::String => Self::Text,
            DataType::Date => {
                let days = whole(column)?;
                Self::Known(days.into_iter().map(|day| day.map(|day| day * 86_400_000)).collect(), false)
            }
            DataType::Datetime(unit, zone) => {
                let per_millisecond = match unit {
                    TimeUnit::Nanoseconds => 1_000_000,
                    TimeUnit::Microseconds => 1000,
                    TimeUnit::Milliseconds => 1,
                };
                let physical = column.to_physical_repr().into_owned();
                let scale = |time: Option<i64>| time.map(|time| time.div_euclid(per_millisecond));
                Self::Known(whole(&physical)?.into_iter().map(scale).collect(), zone.is_some())
            }
            kind if kind.is_integer() => Self::WholeEpoch(whole(column)?),
            kind if kind.is_float() => {
                let cast = column.cast(&DataType::Float64).map_err(failed)?;
                Self::Epoch(cast.f64().map_err(failed)?.iter().collect())
            }
            kind => {
                return Err(Error::Data(format!(
                    "the column {} has the type {kind}, which is no time: write it as Date, Timestamp or text",
                    column.name()
                )));
            }
        })
    }

    const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// The time of a row, and whether it is absolute; `None`: it is text.
    fn get(&self, row: usize) -> std::result::Result<Option<(i64, bool)>, (String, &'static str)> {
        const EMPTY: (String, &str) = (String::new(), "is empty: every row needs a timestamp");
        match self {
            Self::Text => Ok(None),
            Self::Known(times, absolute) => match times[row] {
                Some(time) if raw::is_in_range(time) => Ok(Some((time, *absolute))),
                Some(time) => Err((raw::display_time(time), "is not between 1678 and 2261")),
                None => Err(EMPTY),
            },
            Self::WholeEpoch(numbers) => {
                let number = numbers[row].ok_or(EMPTY)?;
                let absolute = !raw::is_day(number);
                raw::whole_epoch(number).map(|time| Some((time, absolute))).map_err(|why| (number.to_string(), why))
            }
            Self::Epoch(numbers) => {
                let number = numbers[row].ok_or(EMPTY)?;
                let absolute = !raw::is_day(number as i64);
                raw::epoch(number).map(|time| Some((time, absolute))).map_err(|why| (number.to_string(), why))
            }
        }
    }
}

/// A column as texts, one behind the other.
#[derive(Clone, Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    /// `truths` are what stands for false and for true.
    fn new(column: &Series, truths: [&str; 2]) -> Result<Self> {
        let failed = |error| Error::Data(format!("the column {} cannot be read: {error}", column.name()));
        let unfolded;
        let column = if matches!(column.dtype(), DataType::Categorical(..) | DataType::Enum(..)) {
            unfolded = column.cast(&DataType::String).map_err(failed)?;
            &unfolded
        } else {
            column
        };
        let mut texts = Self { bytes: Vec::new(), ends: Vec::with_capacity(column.len()) };
        match column.dtype() {
            DataType::String => {
                for text in column.str().map_err(failed)?.iter() {
                    texts.bytes.extend_from_slice(text.unwrap_or_default().trim_ascii().as_bytes());
                    texts.ends.push(texts.bytes.len());
                }
            }
            DataType::Float64 => {
                for number in column.f64().map_err(failed)?.iter() {
                    texts.push_number(number);
                }
            }
            DataType::Float32 => {
                for number in column.f32().map_err(failed)?.iter() {
                    // As text, so that 0.1 stays 0.1.
                    let number = number.map(|number| number.to_string());
                    texts.bytes.extend_from_slice(number.unwrap_or_default().as_bytes());
                    texts.ends.push(texts.bytes.len());
                }
            }
            _ => {
                for value in column.iter() {
                    match value {
                        AnyValue::Null => {}
                        AnyValue::Boolean(value) => {
                            texts.bytes.extend_from_slice(truths[usize::from(value)].as_bytes());
                        }
                        AnyValue::Datetime(time, unit, _) => {
                            let per_millisecond = match unit {
                                TimeUnit::Nanoseconds => 1_000_000,
                                TimeUnit::Microseconds => 1000,
                                TimeUnit::Milliseconds => 1,
                            };
                            let text = raw::display_time(time.div_euclid(per_millisecond));
                            texts.bytes.extend_from_slice(text.as_bytes());
                        }
                        value => texts.bytes.extend_from_slice(value.to_string().as_bytes()),
                    }
                    texts.ends.push(texts.bytes.len());
                }
            }
        }
        Ok(texts)
    }

    fn push_number(&mut self, number: Option<f64>) {
        if let Some(number) = number.filter(|number| !number.is_nan()) {
            write_number(number, &mut self.bytes);
        }
        self.ends.push(self.bytes.len());
    }

    fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }
}

const fn is_text(column: &T) -> bool {
    matches!(column, T::Utf8 | T::LargeUtf8 | T::Utf8View)
}
