//! Doors to readers that are no part of the library's interface, for the properties in `fuzz/properties`. Nothing else uses them,
//! and they may change with any version.

use crate::{
    cli,
    error::Result,
    input::{
        CustomerRows, Decimal,
        csv::split::{Scratch, Text},
        value::number as numbers,
    },
    sagemaker::{ProcessingEnvironment, TrainingEnvironment},
};
use manyfit_models::data::Columns;
use std::{collections::BTreeMap, path::Path};

pub use crate::serve::DirectModel;

/// The line of a record and its fields; `None` if its quotes are torn.
pub type Record = (u64, Option<Vec<Vec<u8>>>);

/// The delimiter and the records of CSV text.
pub fn csv_records(bytes: &[u8]) -> Result<(u8, Vec<Record>)> {
    let text = Text::new(bytes).map_err(|error| error.in_file("in/8.csv"))?;
    let (delimiter, mut scratch, mut found) = (text.delimiter(), Scratch::default(), Vec::new());
    let mut records = text.records(&mut scratch);
    while let Some(record) = records.next() {
        let fields = (0..record.len()).map(|at| record.field(at).to_vec()).collect();
        found.push((record.line, (!record.torn).then_some(fields)));
    }
    Ok((delimiter, found))
}

/// A number of a cell, finite; `None` if it is missing.
pub fn number(text: &[u8]) -> Result<Option<f64>, &'static str> {
    numbers::parse(text)
}

/// A number in a notation.
#[must_use]
pub fn decimal_number(text: &[u8], decimal: Decimal) -> Option<f64> {
    decimal.number(text)
}

/// The times of a column; `local_dates`: midnights of a time zone are local dates.
pub fn column_of_timestamps<'t>(texts: &[&'t str], local_dates: bool) -> Result<Vec<i64>, (&'t str, &'static str)> {
    crate::input::parse_timestamps(texts, local_dates)
}

/// A time as text.
#[must_use]
pub fn format_timestamp(time: i64) -> String {
    crate::input::format_timestamp(time)
}

/// The settings of `--set NAME=VALUE`.
pub fn assignments(set: &[String]) -> Result<BTreeMap<String, String>> {
    cli::assignments(set)
}

/// A customer's dates of a table of future values, and the columns of these names.
pub fn dated(rows: &CustomerRows, customer: &str, wanted: &[&str]) -> Result<(Vec<i64>, Columns)> {
    rows.dated(customer, wanted)
}

/// The files of a training container below this folder, without variables.
pub fn training_environment(base: &Path) -> Result<Option<TrainingEnvironment>> {
    TrainingEnvironment::below(base)
}

/// The files of a processing container below this folder, without variables.
pub fn processing_environment(base: &Path) -> Result<Option<ProcessingEnvironment>> {
    ProcessingEnvironment::below(base)
}
