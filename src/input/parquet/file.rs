//! A Parquet file: its columns and their types, its rows.

use std::{borrow::Cow, io::Cursor};

use polars::prelude::{
    AnyValue, ArrowDataType, DataType, FileMetadataRef, ParallelStrategy, ParquetReader, SerReader, Series,
};

use crate::input::{
    content::{
        rows::{FileRow, Rows},
        sink::Sink,
    },
    data_error::{DataError, Position},
    parquet::{
        values::{SeriesTimes, cell_of, check_type, guarded, kind, text_of},
        widening::{Conversion, Widened},
    },
    schema::{
        columns::Columns,
        header::{Header, NO_CUSTOMER},
        whose::Whose,
    },
    settings::InputSettings,
    value::{cell::Cell, timestamp},
};
use manyfit_models::data::Feature;

/// A Parquet file whose columns are known.
pub(in crate::input) struct ParquetFile<'a> {
    bytes: &'a [u8],
    pub(in crate::input) header: &'a Header,
    types: Vec<ArrowDataType>,
    conversions: Vec<Conversion>,
    /// The metadata to read the file with, if not its own.
    metadata: Option<FileMetadataRef>,
}

/// The values of the loaded columns.
struct Loaded {
    rows: usize,
    /// By position in the file.
    columns: Vec<Option<Values>>,
}

/// The values of a column.
enum Values {
    /// NaN where missing.
    Numbers(Vec<f64>),
    Others(Series),
}

impl<'a> ParquetFile<'a> {
    /// Reads the names and types of all columns.
    pub(in crate::input) fn open(bytes: &'a [u8], header: &'a mut Header) -> Result<Self, DataError> {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        let (schema, widened) = guarded(|| {
            let schema = reader.schema()?;
            let widened = Widened::new(&schema, reader.get_metadata()?);
            Ok((schema, widened))
        })?;
        header.fill(schema.iter_names().map(|name| name.as_bytes()), false);
        let Widened { types, conversions, metadata } = widened;
        Ok(Self { bytes, header, types, conversions, metadata })
    }

    /// Finds the columns, and checks their types.
    pub(in crate::input) fn resolve<C: Columns>(
        &self,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
    ) -> Result<C, DataError> {
        let columns = C::resolve(self.header, settings, whose, known, || self.types.iter().map(kind).collect())?;
        columns.wanted().into_iter().try_for_each(|at| self.check_type(at, C::TYPE_HINT))?;
        Ok(columns)
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
        if matches!(self.types[at], ArrowDataType::Date32 | ArrowDataType::Date64 | ArrowDataType::Timestamp(_, None)) {
            return Ok(());
        }
        let loaded = self.load(&[at], |_| false)?;
        let Some(Values::Others(series)) = &loaded.columns[at] else { return Ok(()) };
        let mut times = SeriesTimes::default();
        times.see(series);
        columns.set_times(times.decide(&settings.times, self.header.name(at))?);
        Ok(())
    }

    /// Gives every row to the sink, with the fields of the `wanted` columns.
    pub(in crate::input) fn read<R: Rows>(
        self,
        columns: &R::Columns,
        wanted: &[usize],
        sink: &mut impl Sink<R>,
    ) -> Result<(), DataError> {
        let header = self.header;
        let loaded = self.load(wanted, |at| columns.is_numeric(at))?;
        for row in 0..loaded.rows {
            let row = ParquetRow { loaded: &loaded, row };
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
        Ok(())
    }

    /// All columns as text: their names, and the cells of each row; a null or NaN is an empty text.
    pub(in crate::input) fn texts(self) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
        let header = self.header;
        let all: Vec<usize> = (0..header.len()).collect();
        all.iter().try_for_each(|&at| self.check_type(at, "write it as numbers or text"))?;
        let loaded = self.load(&all, |_| false)?;
        let cells = |row| all.iter().map(|&at| side_table_text(&loaded.value(at, row))).collect();
        let rows = (0..loaded.rows).map(cells).collect();
        Ok((all.iter().map(|&at| header.display(at)).collect(), rows))
    }

    /// Some columns, by position. One thread: many files are read at once already.
    fn load(&self, wanted: &[usize], is_numeric: impl Fn(usize) -> bool) -> Result<Loaded, DataError> {
        let mut sorted = wanted.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut reader = ParquetReader::new(Cursor::new(self.bytes));
        if let Some(metadata) = &self.metadata {
            reader.set_metadata(metadata.clone());
        }
        let reader = reader.with_projection(Some(sorted.clone())).read_parallel(ParallelStrategy::None);
        let frame = guarded(|| reader.finish())?;
        let rows = frame.height();
        let mut columns: Vec<Option<Values>> = (0..self.header.len()).map(|_| None).collect();
        let mut loaded: Vec<Option<Series>> =
            frame.into_columns().into_iter().map(|column| Some(column.take_materialized_series().rechunk())).collect();
        for at in sorted {
            let has_name = |series: &Series| series.name().as_str().as_bytes() == self.header.name(at);
            let series = loaded.iter_mut().find(|series| series.as_ref().is_some_and(has_name)).and_then(Option::take);
            let series = series.ok_or_else(|| DataError::file("has columns that share a name: give each its own"))?;
            let series = guarded(|| self.conversions[at].apply(series))?;
            let is_numeric = is_numeric(at) && series.dtype() != &DataType::String;
            columns[at] = Some(if is_numeric { Values::Numbers(numbers(&series)?) } else { Values::Others(series) });
        }
        Ok(Loaded { rows, columns })
    }
}

impl Loaded {
    /// A value, null if the column is not loaded.
    fn value(&self, at: usize, row: usize) -> AnyValue<'_> {
        match &self.columns[at] {
            Some(Values::Numbers(numbers)) => Some(numbers[row]).filter(|number| !number.is_nan()).into(),
            Some(Values::Others(series)) => series.get(row).unwrap_or(AnyValue::Null),
            None => AnyValue::Null,
        }
    }
}

fn numbers(series: &Series) -> Result<Vec<f64>, DataError> {
    let cast = guarded(|| series.cast(&DataType::Float64))?;
    let cast = guarded(|| cast.f64().cloned())?;
    Ok(cast.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// A row of the loaded columns.
struct ParquetRow<'a> {
    loaded: &'a Loaded,
    row: usize,
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
        self.row as u64 + 1
    }

    fn is_blank(&self) -> bool {
        false
    }

    #[inline]
    fn cell(&self, at: usize) -> Cell<'_> {
        match &self.loaded.columns[at] {
            Some(Values::Numbers(numbers)) => Cell::Number(numbers[self.row]),
            _ => cell_of(&self.loaded.value(at, self.row)),
        }
    }

    fn text(&self, at: usize) -> Cow<'_, [u8]> {
        match self.loaded.value(at, self.row) {
            AnyValue::String(text) => Cow::Borrowed(text.trim().as_bytes()),
            value => Cow::Owned(text_of(&value).into_bytes()),
        }
    }
}

/// A cell of a side table as text.
fn side_table_text(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Boolean(value) => u8::from(*value).to_string(),
        // Data frames write NaN for a missing value.
        AnyValue::Float32(_) | AnyValue::Float64(_) => {
            let number = value.extract::<f64>().filter(|number| !number.is_nan());
            number.map(|number| number.to_string()).unwrap_or_default()
        }
        AnyValue::Date(_) | AnyValue::Datetime(..) => cell_of(value).time().map(timestamp::format).unwrap_or_default(),
        value => text_of(value),
    }
}
