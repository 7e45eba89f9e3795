//! CSV bytes to rows of features.

use crate::input::{
    InputSettings, TableSettings,
    content::table::{self as table_rows, TableRows},
    csv::series::Scratch,
    csv::split::{Record, Text},
    data_error::{DataError, Position},
    schema::feature_columns::TableColumns,
    schema::header::Header,
    source::table_reader::TableSink,
    value::number,
};
use manyfit_models::data::Feature;

/// Finds the file's columns; their names are in `scratch` then.
pub(in crate::input) fn columns(
    bytes: &[u8],
    settings: &InputSettings,
    many: bool,
    known: Option<&[Feature]>,
    scratch: &mut Scratch,
) -> Result<TableColumns, DataError> {
    let has_header = read_header(Text::new(bytes)?, settings, scratch)?;
    scratch.header.resolve_table(settings, many, has_header, known)
}

/// Fills the header from the first record; whether it is one.
pub(in crate::input) fn read_header(
    text: Text<'_>,
    settings: &InputSettings,
    scratch: &mut Scratch,
) -> Result<bool, DataError> {
    let mut records = text.records(&mut scratch.records);
    let first =
        records.next().ok_or_else(|| DataError::file("is empty: it needs a target and features in each row"))?;
    first.check_quotes()?;
    let default = TableSettings::default();
    Ok(scratch.header.fill_table(&first, settings.table.as_ref().unwrap_or(&default)))
}

/// Gives every row to the sink.
pub(in crate::input) fn read(
    bytes: &[u8],
    settings: &InputSettings,
    columns: &TableColumns,
    scratch: &mut Scratch,
    sink: &mut impl TableSink,
) -> Result<(), DataError> {
    let text = Text::new(bytes)?;
    let has_header = read_header(text, settings, scratch)?;
    let Scratch { records, header } = scratch;
    let mut records = text.records(records);
    if has_header {
        records.next();
    }
    let mut number = 0;
    while let Some(record) = records.next() {
        number += 1;
        let Some(customer) = super::series::customer_of(&record, columns.customer, header)? else { continue };
        let Some(slot) = sink.slot(customer) else { continue };
        if let Err(fault) = row(&record, number, columns, header, sink.rows(slot)) {
            sink.fail(slot, fault)?;
        }
    }
    Ok(())
}

#[inline]
fn row(
    record: &Record<'_>,
    number: u64,
    columns: &TableColumns,
    header: &Header,
    rows: &mut TableRows,
) -> Result<(), DataError> {
    if record.len() != columns.width {
        return super::series::odd_row(record, columns.width);
    }
    let cell = |at: usize| record.field(at);
    let bad = |at: usize, complaint: &str| {
        DataError::cell(Position::Line(record.line), header.name(at), record.field(at), complaint)
    };
    let target = number::parse_or(cell(columns.target), number::NOT_A_TARGET).and_then(table_rows::target);
    let Some(target) = target.map_err(|complaint| bad(columns.target, complaint))? else {
        if !record.is_blank() {
            rows.leave_out();
        }
        return Ok(());
    };
    let weight = match columns.weight {
        Some(at) => number::parse_or(cell(at), table_rows::NOT_A_WEIGHT)
            .and_then(table_rows::weight)
            .map_err(|complaint| bad(at, complaint))?,
        None => 1.0,
    };
    rows.begin(number, target, weight);
    for (place, column) in columns.features.iter().enumerate() {
        let text = cell(column.at);
        if column.categorical {
            let text = std::str::from_utf8(text).map_err(|_| bad(column.at, "is not text in UTF-8"))?;
            rows.push_category(place, text).map_err(|complaint| bad(column.at, complaint))?;
        } else {
            let value = feature(text).map_err(|complaint| bad(column.at, complaint))?;
            rows.push(value);
        }
    }
    Ok(())
}

/// A number, or NaN where it is missing.
#[inline]
pub(in crate::input) fn feature(text: &[u8]) -> Result<f32, &'static str> {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) => table_rows::single(number),
        Err(_) if number::is_missing(text) => Ok(f32::NAN),
        Err(_) => Err(NOT_A_NUMBER),
    }
}

/// What is wrong with text among numbers.
const NOT_A_NUMBER: &str = "is not a number: mend the value, leave the cell empty if it is unknown, declare the \
    column with the setting categorical, or leave it out with the setting features";
