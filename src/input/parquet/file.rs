//! A Parquet file, or rows of a table in memory: the columns and their types, the rows.

use std::{borrow::Cow, ops::Range};

use crate::input::{
    content::{
        rows::{FileRow, Rows},
        sink::Sink,
    },
    data_error::{DataError, Position},
    frame::table::{FrameRows, Numbers},
    limits::{most_unpacked, unpacks_to_too_much},
    parquet::{
        column::{ColumnValues, Value},
        columns::{FileBytes, FileColumns},
        values::{ArrowDataType, SeriesTimes, check_type, kind},
    },
    schema::{
        columns::Columns,
        header::{Header, NO_CUSTOMER},
        whose::Whose,
    },
    settings::InputSettings,
    value::{cell::Cell, column_times::ColumnTimes},
};
use manyfit_models::data::Feature;

/// A Parquet file whose columns are known.
pub(in crate::input) struct ParquetFile<'a> {
    columns: Source<'a>,
    types: Vec<ArrowDataType>,
    pub(in crate::input) header: &'a Header,
}

/// Where the columns are.
enum Source<'a> {
    File(Box<FileColumns<'a>>),
    Memory(&'a FrameRows),
}

impl Source<'_> {
    /// The rows of each row group.
    fn groups(&self) -> &[Range<usize>] {
        match self {
            Self::File(columns) => columns.groups(),
            Self::Memory(rows) => rows.groups(),
        }
    }

    /// The values of a column in a row group.
    fn values(&self, at: usize, rows: &Range<usize>) -> Result<ColumnValues, DataError> {
        match self {
            Self::File(columns) => columns.values(at, rows),
            Self::Memory(rows) => rows.values(at),
        }
    }

    /// The numbers of the rows of a row group, from 0.
    fn numbers(&self, rows: &Range<usize>) -> Numbers {
        match self {
            Self::File(_) => Numbers::From(rows.start as u64),
            Self::Memory(rows) => rows.numbers(),
        }
    }
}

/// The values of the loaded columns in a row group.
struct Loaded {
    numbers: Numbers,
    /// By position in the file.
    columns: Vec<Option<Values>>,
}

/// The values of a column.
enum Values {
    /// NaN where missing.
    Numbers(Vec<f64>),
    Others(ColumnValues),
}

impl<'a> ParquetFile<'a> {
    /// Reads the names and types of all columns.
    pub(in crate::input) fn open(
        bytes: &'a [u8],
        folders: Vec<(String, String)>,
        header: &'a mut Header,
    ) -> Result<Self, DataError> {
        let columns = FileColumns::open(FileBytes::Loaded(bytes))?;
        header.fill(columns.names().map(str::as_bytes), false);
        header.add_folders(folders);
        Ok(Self { types: columns.types(), columns: Source::File(Box::new(columns)), header })
    }

    /// Some rows of a table in memory.
    pub(in crate::input) fn of_rows(rows: &'a FrameRows, header: &'a mut Header) -> Self {
        header.fill(rows.names().map(str::as_bytes), false);
        Self { columns: Source::Memory(rows), types: rows.kinds(), header }
    }

    /// Finds the columns, and checks their types.
    pub(in crate::input) fn resolve<C: Columns>(
        &self,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
    ) -> Result<C, DataError> {
        let columns = C::resolve(self.header, settings, whose, known, || self.types.iter().map(kind).collect())?;
        let own: Vec<usize> = columns.wanted().into_iter().filter(|at| *at < self.types.len()).collect();
        own.iter().try_for_each(|&at| self.check_type(at, C::TYPE_HINT))?;
        self.check_size(own.len(), size_of::<f64>())?;
        Ok(columns)
    }

    /// Whether the values of so many columns, of so many bytes each, are within the limit: a file of a few bytes may hold
    /// any number of rows.
    fn check_size(&self, columns: usize, bytes: usize) -> Result<(), DataError> {
        if let Source::Memory(_) = self.columns {
            return Ok(());
        }
        let rows = self.columns.groups().last().map_or(0, |group| group.end) as u64;
        let most = most_unpacked();
        let is_too_much = rows.saturating_mul(columns as u64).saturating_mul(bytes as u64) > most;
        if is_too_much { Err(DataError::file(unpacks_to_too_much(most))) } else { Ok(()) }
    }

    fn check_type(&self, at: usize, hint: &str) -> Result<(), DataError> {
        check_type(self.header.name(at), &self.types[at], hint)
    }

    /// Decides the form of the timestamps, where their type does not tell it.
    pub(in crate::input) fn decide_times<C: Columns>(
        &self,
        columns: &mut C,
        settings: &InputSettings,
    ) -> Result<(), DataError> {
        let Some(at) = columns.timestamp() else { return Ok(()) };
        if let Some(value) = self.header.folder_value(at) {
            let mut times = ColumnTimes::default();
            times.see(Cell::Text(value), Position::Row(1));
            columns.set_times(times.decide(&settings.times, self.header.name(at))?);
            return Ok(());
        }
        let Some(mut times) = SeriesTimes::new(&self.types[at]) else { return Ok(()) };
        if let Source::Memory(rows) = self.columns {
            // Of the whole column, as in a file.
            let decide = || {
                for (_, block) in rows.frame.blocks(rows.place(at)) {
                    if block.is_some_and(|block| !times.see(&block)) {
                        break;
                    }
                }
                times.decide(&settings.times, self.header.name(at))
            };
            columns.set_times(rows.frame.times.get_or_init(decide).clone()?);
            return Ok(());
        }
        for rows in self.columns.groups() {
            if !times.see(&self.columns.values(at, rows)?) {
                break;
            }
        }
        columns.set_times(times.decide(&settings.times, self.header.name(at))?);
        Ok(())
    }

    /// Gives every row to the sink, with the fields of the `wanted` columns. One row group is in memory at a time.
    pub(in crate::input) fn read<R: Rows>(
        self,
        columns: &R::Columns,
        wanted: &[usize],
        sink: &mut impl Sink<R>,
    ) -> Result<(), DataError> {
        let header = self.header;
        for rows in self.columns.groups() {
            let loaded = self.load(rows, wanted, |at| columns.is_numeric(at))?;
            for row in 0..rows.len() {
                let row = ParquetRow { loaded: &loaded, row, header };
                let customer = columns.customer().map(|at| row.customer(at, header)).transpose()?.unwrap_or_default();
                if let Some(at) = columns.customer()
                    && customer.is_empty()
                {
                    sink.nameless(row.bad(at, header, NO_CUSTOMER));
                    continue;
                }
                let Some(rows) = sink.rows(&customer) else { continue };
                rows.push(&row, columns, header).or_else(|error| sink.fail(error))?;
            }
        }
        Ok(())
    }

    /// All columns as text: their names, and the cells of each row; a null or NaN is an empty text.
    pub(in crate::input) fn texts(self) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
        let all: Vec<usize> = (0..self.header.len()).collect();
        all.iter().try_for_each(|&at| self.check_type(at, "write it as numbers or text"))?;
        self.check_size(all.len(), size_of::<String>())?;
        let (most, mut bytes) = (most_unpacked(), 0);
        let mut rows = Vec::new();
        for group in self.columns.groups() {
            let loaded = self.load(group, &all, |_| false)?;
            for row in 0..group.len() {
                let cells: Vec<String> = all.iter().map(|&at| side_table_text(loaded.value(at, row))).collect();
                // A long text that many rows share is in the file once.
                bytes += cells.iter().map(String::len).sum::<usize>() as u64;
                if bytes > most {
                    return Err(DataError::file(unpacks_to_too_much(most)));
                }
                rows.push(cells);
            }
        }
        Ok((all.iter().map(|&at| self.header.display(at)).collect(), rows))
    }

    /// Some columns of a row group, by position.
    fn load(
        &self,
        rows: &Range<usize>,
        wanted: &[usize],
        is_numeric: impl Fn(usize) -> bool,
    ) -> Result<Loaded, DataError> {
        let mut columns: Vec<Option<Values>> = self.types.iter().map(|_| None).collect();
        for &at in wanted.iter().filter(|at| **at < self.types.len()) {
            if columns[at].is_none() {
                let values = self.columns.values(at, rows)?;
                let numbers = if is_numeric(at) { values.numbers() } else { None };
                columns[at] = Some(numbers.map_or(Values::Others(values), Values::Numbers));
            }
        }
        Ok(Loaded { numbers: self.columns.numbers(rows), columns })
    }
}

impl Loaded {
    /// A value; missing if the column is not loaded.
    #[inline]
    fn value(&self, at: usize, row: usize) -> Value<'_> {
        match &self.columns[at] {
            Some(Values::Numbers(numbers)) if !numbers[row].is_nan() => Value::Number(numbers[row]),
            Some(Values::Others(values)) => values.value(row),
            _ => Value::Missing,
        }
    }
}

/// A row of the loaded columns.
struct ParquetRow<'a> {
    loaded: &'a Loaded,
    /// In the row group.
    row: usize,
    header: &'a Header,
}

impl ParquetRow<'_> {
    /// The customer's name; empty if it is missing.
    fn customer(&self, at: usize, header: &Header) -> Result<Cow<'_, [u8]>, DataError> {
        match self.cell(at) {
            Cell::Text(name) => Ok(Cow::Borrowed(name)),
            Cell::Integer(_) => Ok(self.text(at)),
            _ => Err(self.bad(at, header, "cannot name a customer: write the column as text or integers")),
        }
    }
}

impl FileRow for ParquetRow<'_> {
    fn position(&self) -> Position {
        Position::Row(self.ordinal())
    }

    fn ordinal(&self) -> u64 {
        self.loaded.numbers.of(self.row) + 1
    }

    fn is_blank(&self) -> bool {
        false
    }

    #[inline]
    fn cell(&self, at: usize) -> Cell<'_> {
        match self.loaded.columns.get(at) {
            Some(Some(Values::Numbers(numbers))) => Cell::Number(numbers[self.row]),
            Some(_) => self.loaded.value(at, self.row).cell(),
            None => self.header.folder_value(at).map_or(Cell::Text(&[]), Cell::Text),
        }
    }

    fn text(&self, at: usize) -> Cow<'_, [u8]> {
        if let Some(value) = self.header.folder_value(at) {
            return Cow::Borrowed(value);
        }
        match self.loaded.value(at, self.row) {
            Value::Text(text) => Cow::Borrowed(text.trim().as_bytes()),
            value => Cow::Owned(value.text().into_owned().into_bytes()),
        }
    }
}

/// A cell of a side table as text.
fn side_table_text(value: Value<'_>) -> String {
    match value {
        Value::Boolean(value) => u8::from(value).to_string(),
        // Data frames write NaN for a missing value.
        Value::Single(_) | Value::Number(_) => match value.cell() {
            Cell::Number(number) if !number.is_nan() => number.to_string(),
            _ => String::new(),
        },
        value => value.text().into_owned(),
    }
}
