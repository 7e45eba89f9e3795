//! Rows to Parquet.

use std::borrow::Cow;

use super::output_rows::OutputRow;
use crate::{
    error::{Error, Result},
    input::parquet::write::{self, TableWriter},
    prepare::buckets::EncodedRow,
};

/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 18;

/// Writes customers' rows, each customer's with its name; `many`: with a customer column, `times`: with a column of timestamps.
/// Kept columns are text as in the input, null where it is empty.
pub(super) fn write(
    customers: &[(&str, &[OutputRow<'_>])],
    (many, times): (bool, bool),
    target: &str,
    kept: &[String],
    out: &mut Vec<u8>,
) -> Result<()> {
    let bug = |error: std::io::Error| Error::Bug(format!("rows cannot be written as Parquet: {error}"));
    let names = many.then_some(("customer", write::TEXT)).into_iter();
    let names = names.chain(times.then_some(("timestamp", write::TIME))).chain([(target, write::NUMBER)]);
    let names = names.chain(kept.iter().map(|name| (name.as_str(), write::TEXT)));
    let mut writer = TableWriter::new(out, names).map_err(bug)?;
    let rows: Vec<(&str, &OutputRow<'_>)> =
        customers.iter().flat_map(|(name, output)| output.iter().map(move |row| (*name, row))).collect();
    for rows in rows.chunks(GROUP_ROWS) {
        let mut columns = Vec::with_capacity(kept.len() + 3);
        if many {
            columns.push(write::texts(rows.iter().map(|(customer, _)| Some(customer))));
        }
        if times {
            columns.push(write::times(rows.iter().map(|(_, row)| row.time).collect()));
        }
        columns.push(write::numbers(rows.iter().map(|(_, row)| row.value.number())));
        // Row by row, because the columns of a row are found one after another.
        let mut texts: Vec<Vec<Option<Cow<'_, str>>>> = kept.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for (_, row) in rows {
            let mut cells = row.source.iter().flat_map(EncodedRow::kept);
            for column in &mut texts {
                column.push(cells.next().filter(|text| !text.is_empty()).map(String::from_utf8_lossy));
            }
        }
        columns.extend(texts.into_iter().map(|texts| write::texts(texts.into_iter())));
        writer.write(columns).map_err(bug)?;
    }
    writer.finish().map_err(bug)
}
