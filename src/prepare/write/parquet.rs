//! Rows to Parquet.

use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray, ParquetWriter,
    Series, StringChunked, TimeUnit,
};

use super::output_rows::OutputRow;
use crate::{
    error::{Error, Result},
    prepare::gather::CustomerSlice,
};

/// Writes customers' rows; `many`: with a customer column. Kept columns are text as in the input, null where it is empty.
pub(super) fn write(
    customers: &[(CustomerSlice<'_>, Vec<OutputRow<'_>>)],
    many: bool,
    target: &str,
    kept: &[String],
    out: &mut Vec<u8>,
) -> Result<()> {
    let bug = |error: polars::error::PolarsError| Error::Bug(format!("rows cannot be written as Parquet: {error}"));
    let rows = || customers.iter().flat_map(|(_, output)| output);
    let height: usize = customers.iter().map(|(_, output)| output.len()).sum();
    let mut columns = Vec::with_capacity(kept.len() + 3);
    if many {
        let names = customers.iter().flat_map(|(rows, output)| std::iter::repeat_n(rows.customer, output.len()));
        columns.push(Column::from(StringChunked::from_iter_values("customer".into(), names).into_series()));
    }
    let times: Vec<i64> = rows().map(|row| row.time).collect();
    let times = Series::new("timestamp".into(), times).cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
    columns.push(times.map_err(bug)?.into());
    let values = rows().map(|row| Some(row.value.number()).filter(|value| !value.is_nan()));
    columns.push(Float64Chunked::from_iter_options(target.into(), values).into_series().into());
    for (at, name) in kept.iter().enumerate() {
        let texts = rows().map(|row| {
            let text = row.source?.kept().nth(at).filter(|text| !text.is_empty())?;
            Some(String::from_utf8_lossy(text))
        });
        columns.push(StringChunked::from_iter_options(name.as_str().into(), texts).into_column());
    }
    let mut frame = DataFrame::new(height, columns).map_err(bug)?;
    ParquetWriter::new(out).set_parallel(false).finish(&mut frame).map(drop).map_err(bug)
}
