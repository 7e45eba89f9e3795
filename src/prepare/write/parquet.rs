//! Rows to Parquet.

use std::borrow::Cow;

use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray, ParquetWriter,
    Series, StringChunked, TimeUnit,
};

use super::output_rows::OutputRow;
use crate::{
    error::{Error, Result},
    prepare::buckets::EncodedRow,
};

/// Writes customers' rows, each customer's with its name; `many`: with a customer column, `times`: with a column of timestamps.
/// Kept columns are text as in the input, null where it is empty.
pub(super) fn write(
    customers: &[(&str, &[OutputRow<'_>])],
    (many, times): (bool, bool),
    target: &str,
    kept: &[String],
    out: &mut Vec<u8>,
) -> Result<()> {
    let bug = |error: polars::error::PolarsError| Error::Bug(format!("rows cannot be written as Parquet: {error}"));
    let rows = || customers.iter().flat_map(|(_, output)| *output);
    let height: usize = customers.iter().map(|(_, output)| output.len()).sum();
    let mut columns = Vec::with_capacity(kept.len() + 3);
    if many {
        let names = customers.iter().flat_map(|(name, output)| std::iter::repeat_n(*name, output.len()));
        columns.push(Column::from(StringChunked::from_iter_values("customer".into(), names).into_series()));
    }
    if times {
        let times: Vec<i64> = rows().map(|row| row.time).collect();
        let times = Series::new("timestamp".into(), times).cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
        columns.push(times.map_err(bug)?.into());
    }
    let values = rows().map(|row| Some(row.value.number()).filter(|value| !value.is_nan()));
    columns.push(Float64Chunked::from_iter_options(target.into(), values).into_series().into());
    // Row by row, because the columns of a row are found one after another.
    let mut texts: Vec<Vec<Option<Cow<'_, str>>>> = kept.iter().map(|_| Vec::with_capacity(height)).collect();
    for row in rows() {
        let mut cells = row.source.iter().flat_map(EncodedRow::kept);
        for column in &mut texts {
            column.push(cells.next().filter(|text| !text.is_empty()).map(String::from_utf8_lossy));
        }
    }
    for (name, column) in kept.iter().zip(texts) {
        columns.push(StringChunked::from_iter_options(name.as_str().into(), column.into_iter()).into_column());
    }
    let mut frame = DataFrame::new(height, columns).map_err(bug)?;
    ParquetWriter::new(out).set_parallel(false).finish(&mut frame).map(drop).map_err(bug)
}
