//! What a table larger than memory shares with a file that is read whole: the same columns, times and numbers.
//!
//! `prepare` cuts tables into blocks itself, and asks here what a block means, so that it takes every row that `train`
//! would take, for the same reasons.

use crate::error::{Error, Result};
use crate::input::{
    InputSettings,
    csv::series as csv,
    csv::split::{self as records, Text},
    schema::header::Header,
    value::number,
    value::timestamp,
};

/// Which column of a table is what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The columns' names; `#1`, `#2` and so on where the table has no header.
    pub(crate) names: Vec<String>,
    /// The column that says whose row it is, if any.
    pub(crate) customer: Option<usize>,
    /// The column of times.
    pub(crate) timestamp: usize,
    /// The column of values.
    pub(crate) target: usize,
}

/// How a CSV file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between two fields.
    pub(crate) delimiter: u8,
    /// Whether the first record names the columns.
    pub(crate) has_header: bool,
}

/// Memory for [`records`].
#[derive(Default)]
pub(crate) struct Scratch(records::Scratch);

/// The columns of a CSV file, from whole records at its beginning. `file` names it in messages.
pub(crate) fn csv_layout(head: &[u8], settings: &InputSettings, file: &str) -> Result<(Layout, Dialect)> {
    let mut scratch = csv::Scratch::default();
    let found = csv::names_customers(head, settings, &mut scratch).and_then(|many| {
        let columns = csv::columns(head, settings, many, &mut scratch)?;
        let text = Text::new(head)?;
        let mut lines = records::Scratch::default();
        let mut header = Header::default();
        let has_header = text.records(&mut lines).next().is_some_and(|first| header.fill(&first));
        let names = (0..scratch.header.len()).map(|at| scratch.header.display(at)).collect();
        let layout = Layout { names, customer: columns.customer, timestamp: columns.timestamp, target: columns.target };
        Ok((layout, Dialect { delimiter: text.delimiter(), has_header }))
    });
    found.map_err(|fault| fault.in_file(file))
}

/// What is wrong with a record without fields.
pub(crate) const TORN: &str = records::TORN;

/// Calls `each` with the line (from 1) and the fields of every record that is not a blank line; with no fields where its
/// quotes do not go together.
pub(crate) fn records(
    bytes: &[u8],
    delimiter: u8,
    scratch: &mut Scratch,
    mut each: impl FnMut(u64, Option<&[&[u8]]>) -> Result<()>,
) -> Result<()> {
    let mut records = Text::block(bytes, delimiter).records(&mut scratch.0);
    while let Some(record) = records.next() {
        let fields: Vec<&[u8]> = (0..record.len()).map(|at| record.field(at)).collect();
        each(record.line, (!record.torn).then_some(&fields))?;
    }
    Ok(())
}

/// A time: milliseconds since 1970, in UTC where the text has an offset. The complaint ends a sentence that begins with
/// the text.
#[inline]
pub(crate) fn moment(text: &[u8]) -> std::result::Result<i64, &'static str> {
    timestamp::parse(text)
}

/// A number, `None` where it is missing.
#[inline]
pub(crate) fn number(text: &[u8]) -> std::result::Result<Option<f64>, &'static str> {
    number::parse(text)
}

/// Whether a text stands for a missing value.
pub(crate) fn is_missing(text: &[u8]) -> bool {
    number::is_missing(text)
}

/// An epoch time of any unit.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has numbers"))]
pub(crate) fn epoch(number: f64) -> std::result::Result<i64, &'static str> {
    timestamp::fractional_number(number).ok_or(timestamp::NO_EPOCH)
}

/// [`epoch`] of a whole number.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has numbers"))]
pub(crate) fn whole_epoch(number: i64) -> std::result::Result<i64, &'static str> {
    timestamp::whole_number(number).ok_or(timestamp::NO_EPOCH)
}

/// Whether a number is a day as `YYYYMMDD` and not an epoch time.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has numbers"))]
pub(crate) fn is_day(number: i64) -> bool {
    timestamp::is_day(number)
}

/// Whether a time's year can be held.
#[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "text is checked as it is read"))]
pub(crate) fn is_in_range(time: i64) -> bool {
    timestamp::in_range(time).is_ok()
}

/// The time as people write it.
pub(crate) fn display_time(time: i64) -> String {
    timestamp::format(time)
}

/// A failure that names file, place, column and value.
pub(crate) fn bad_cell(file: &str, place: &str, column: &str, value: &[u8], complaint: &str) -> Error {
    let (column, value) = (super::data_error::quoted(column.as_bytes()), super::data_error::quoted(value));
    Error::Data(format!("{file}: {place}, column {column}: {value} {complaint}"))
}
