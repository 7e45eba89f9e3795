//! A Parquet file: its columns and their types, its rows.

use std::io::Cursor;

use polars::prelude::{AnyValue, ArrowDataType, DataType, ParallelStrategy, ParquetReader, SerReader, Series};

use crate::input::{
    content::{rows::Rows, sink::Sink},
    data_error::DataError,
    parquet::values::{check_type, customer_of, guarded, kind, text_of, time, value_at},
    schema::{columns::Columns, header::Header},
    settings::InputSettings,
    value::timestamp,
};
use manyfit_models::data::Feature;

/// A Parquet file whose columns are known.
pub(in crate::input) struct ParquetFile<'a> {
    reader: ParquetReader<Cursor<&'a [u8]>>,
    pub(in crate::input) header: &'a Header,
    types: Vec<ArrowDataType>,
}

/// Rows that can be read from Parquet.
pub(in crate::input) trait ParquetRows: Rows {
    /// Adds a row of the loaded columns.
    fn push_row(
        &mut self,
        row: usize,
        loaded: &Loaded,
        columns: &Self::Columns,
        header: &Header,
    ) -> Result<(), DataError>;
}

/// The values of the loaded columns.
pub(in crate::input) struct Loaded {
    rows: usize,
    /// By position in the file.
    columns: Vec<Option<Values>>,
}

/// The values of a column.
pub(in crate::input) enum Values {
    /// NaN where missing.
    Numbers(Vec<f64>),
    Others(Series),
}

impl Loaded {
    #[inline]
    pub(in crate::input) fn get(&self, at: usize) -> Option<&Values> {
        self.columns.get(at).and_then(Option::as_ref)
    }

    /// A column that is not loaded as numbers.
    pub(in crate::input) fn series(&self, at: usize) -> Result<&Series, DataError> {
        match self.get(at) {
            Some(Values::Others(series)) => Ok(series),
            _ => Err(DataError::file("a column was not loaded")),
        }
    }
}

impl<'a> ParquetFile<'a> {
    /// Reads the names and types of all columns.
    pub(in crate::input) fn open(bytes: &'a [u8], header: &'a mut Header) -> Result<Self, DataError> {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        let schema = guarded(|| reader.schema())?;
        header.fill(schema.iter_names().map(|name| name.as_bytes()), false);
        let types = schema.iter_values().map(|field| field.dtype.clone()).collect();
        Ok(Self { reader, header, types })
    }

    /// Finds the columns, and checks their types.
    pub(in crate::input) fn resolve<C: Columns>(
        &self,
        settings: &InputSettings,
        many: bool,
        known: Option<&[Feature]>,
    ) -> Result<C, DataError> {
        let columns = C::resolve(self.header, settings, many, known, || self.types.iter().map(kind).collect())?;
        columns.wanted().into_iter().try_for_each(|at| self.check_type(at, C::TYPE_HINT))?;
        Ok(columns)
    }

    fn check_type(&self, at: usize, hint: &str) -> Result<(), DataError> {
        check_type(self.header.name(at), &self.types[at], hint)
    }

    /// Calls `each` with the customer of each row.
    pub(in crate::input) fn customers(self, column: usize, mut each: impl FnMut(&[u8])) -> Result<(), DataError> {
        let header = self.header;
        let loaded = self.load(&[column], |_| false)?;
        (0..loaded.rows).try_for_each(|row| customer_of(loaded.series(column)?, row, header.name(column), &mut each))
    }

    /// Gives every row to the sink.
    pub(in crate::input) fn read<R: ParquetRows>(
        self,
        columns: &R::Columns,
        sink: &mut impl Sink<R>,
    ) -> Result<(), DataError> {
        let header = self.header;
        let loaded = self.load(&columns.wanted(), |at| columns.is_numeric(at))?;
        let customers = columns.customer().map(|at| Ok((loaded.series(at)?, header.name(at)))).transpose()?;
        for row in 0..loaded.rows {
            let mut slot = None;
            match customers {
                Some((names, column)) => customer_of(names, row, column, &mut |name| slot = sink.slot(name))?,
                None => slot = sink.slot(&[]),
            }
            let Some(slot) = slot else { continue };
            if let Err(error) = sink.rows(slot).push_row(row, &loaded, columns, header) {
                sink.fail(slot, error)?;
            }
        }
        Ok(())
    }

    /// All columns as text: their names, and for each its cells; a null or NaN is an empty text.
    pub(in crate::input) fn texts(self) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
        let header = self.header;
        let all: Vec<usize> = (0..header.len()).collect();
        all.iter().try_for_each(|&at| self.check_type(at, "write it as numbers or text"))?;
        let loaded = self.load(&all, |_| false)?;
        let cells = |&at: &usize| {
            let series = loaded.series(at)?;
            (0..loaded.rows).map(|row| value_at(series, row).map(|value| side_table_text(&value))).collect()
        };
        let columns = all.iter().map(cells).collect::<Result<_, _>>()?;
        Ok((all.iter().map(|&at| header.display(at)).collect(), columns))
    }

    /// Some columns, by position. One thread: many files are read at once already.
    fn load(self, wanted: &[usize], is_numeric: impl Fn(usize) -> bool) -> Result<Loaded, DataError> {
        let mut sorted = wanted.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let reader = self.reader.with_projection(Some(sorted.clone())).read_parallel(ParallelStrategy::None);
        let frame = guarded(|| reader.finish())?;
        let rows = frame.height();
        let mut columns: Vec<Option<Values>> = (0..self.header.len()).map(|_| None).collect();
        let mut loaded: Vec<Option<Series>> =
            frame.into_columns().into_iter().map(|column| Some(column.take_materialized_series().rechunk())).collect();
        for at in sorted {
            let has_name = |series: &Series| series.name().as_str().as_bytes() == self.header.name(at);
            let series = loaded.iter_mut().find(|series| series.as_ref().is_some_and(has_name)).and_then(Option::take);
            let series = series.ok_or_else(|| DataError::file("has columns that share a name: give each its own"))?;
            let is_numeric = is_numeric(at) && series.dtype() != &DataType::String;
            columns[at] = Some(if is_numeric { Values::Numbers(numbers(&series)?) } else { Values::Others(series) });
        }
        Ok(Loaded { rows, columns })
    }
}

fn numbers(series: &Series) -> Result<Vec<f64>, DataError> {
    let cast = guarded(|| series.cast(&DataType::Float64))?;
    let cast = guarded(|| cast.f64().cloned())?;
    Ok(cast.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
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
        AnyValue::Date(_) | AnyValue::Datetime(..) => time(value).map(timestamp::format).unwrap_or_default(),
        value => text_of(value),
    }
}
