//! The layout of a table larger than memory, detected by the rules for files that are read whole.
//!
//! `prepare` reads such tables in blocks and must accept the rows that `train` would accept.

use crate::error::{Error, Result};
use crate::input::{
    InputSettings,
    csv::series as csv,
    csv::split::{self, Text},
    schema::header::Header,
};

/// The roles of a table's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The names of the columns; `#1`, `#2` and so on if the table has no header.
    pub(crate) names: Vec<String>,
    /// The column that names customers, if any.
    pub(crate) customer: Option<usize>,
    /// The column of timestamps.
    pub(crate) timestamp: usize,
    /// The column of values.
    pub(crate) target: usize,
}

/// How a CSV file is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between two fields.
    pub(crate) delimiter: u8,
    /// Whether the first record names the columns.
    pub(crate) has_header: bool,
}

/// The columns of a CSV file, from whole records at its beginning. `file` names it in messages.
pub(crate) fn csv_layout(head: &[u8], settings: &InputSettings, file: &str) -> Result<(Layout, Dialect)> {
    let mut scratch = csv::Scratch::default();
    let found = csv::names_customers(head, settings, &mut scratch).and_then(|many| {
        let columns = csv::columns(head, settings, many, &mut scratch)?;
        let text = Text::new(head)?;
        let mut lines = split::Scratch::default();
        let mut header = Header::default();
        let has_header = text.records(&mut lines).next().is_some_and(|first| header.fill(&first));
        let names = (0..scratch.header.len()).map(|at| scratch.header.display(at)).collect();
        let layout = Layout { names, customer: columns.customer, timestamp: columns.timestamp, target: columns.target };
        Ok((layout, Dialect { delimiter: text.delimiter(), has_header }))
    });
    found.map_err(|fault| fault.in_file(file))
}

/// An error with file, position, column and value.
pub(crate) fn bad_cell(file: &str, place: &str, column: &str, value: &[u8], complaint: &str) -> Error {
    let (column, value) = (super::data_error::quoted(column.as_bytes()), super::data_error::quoted(value));
    Error::Data(format!("{file}: {place}, column {column}: {value} {complaint}"))
}
