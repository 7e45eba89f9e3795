//! The page, from the files of results.

use super::{
    calibration::CalibrationReader,
    overview::Overview,
    packed::Packed,
    page,
    rows::{Chunk, columns},
    series::write_series,
};
use crate::{
    error::{Error, Result},
    results::{Outcome, ResultsDirectory, ResultsReader, Status},
    store::{Store, writing},
};
use std::{collections::BTreeSet, io::Write};

/// Customers that the table has all of; of more it has those that are shown.
const MOST_ROWS: usize = 100_000;

/// The tables whose rows are shown, in the order in which the page has them.
const TABLES: [&str; 4] = ["history", "forecasts", "predictions", "backtest"];

/// Writes `report.html` beside the results in `store`, which `results` writes to; its full name.
///
/// # Errors
/// [`Error::Settings`] if there are no results, [`Error::Data`] if they are not manyfit's, [`Error::Storage`] if a file cannot be
/// read or written.
pub fn write_report(store: &dyn Store, results: &ResultsDirectory) -> Result<String> {
    let source = ResultsReader::new(store, results);
    let mut overview = Overview::default();
    let mut table = rows_of(&source, &mut overview)?;
    overview.close(&source.summary()?);
    let shown = overview.shown.names();
    let has_all = table.is_some();
    if table.is_none() {
        table = Some(rows_of_some(&source, &shown)?);
    }
    let table = table.unwrap_or_default();
    let place = results.place();
    let title = place.rsplit('/').next().unwrap_or(&place).to_owned();
    let staged = results.stage("report", "html", |file, path| {
        let failed = |error| writing(path, error);
        page::begin(file, &title).map_err(failed)?;
        writeln!(file, "<script type=\"text/plain\" id=\"customers\">{table}</script>").map_err(failed)?;
        let mut calibration = None;
        let mut has_history = false;
        let mut fault = None;
        let series = |out: &mut Packed<_>| {
            let outcomes = source.outcomes_of(&shown, |customer, row| {
                write!(out, "[\"outcome\",{},", serde_json::Value::from(customer))?;
                out.write_all(row)?;
                out.write_all(b"]\n")
            });
            match outcomes {
                Ok(written) => written?,
                Err(error) => {
                    fault = Some(error);
                    return Ok(());
                }
            }
            for name in TABLES {
                match write_table(&source, name, &shown, out, &mut calibration) {
                    Ok(Ok(found)) => has_history |= found && name == "history",
                    Ok(Err(error)) => return Err(error),
                    Err(error) => {
                        fault = Some(error);
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        let file = page::write_data(file, "series", series).map_err(failed)?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let overview = overview.page(&place, columns(), has_all, calibration, has_history);
        let text = serde_json::to_vec(&overview).map_err(|error| Error::Bug(error.to_string()))?;
        let file = page::write_data(file, "overview", |out| out.write_all(&text)).map_err(failed)?;
        page::end(file).map_err(failed)
    })?;
    results.put(staged)
}

/// Counts all customers; the compressed table of them, unless they are too many.
fn rows_of(source: &ResultsReader<'_>, overview: &mut Overview) -> Result<Option<String>> {
    let mut chunk = Chunk::default();
    let mut packed = Some(Packed::new(Vec::new()));
    source.outcomes(|outcome| {
        let causes = overview.add(&outcome);
        if overview.customers() > MOST_ROWS {
            packed = None;
        }
        match &mut packed {
            Some(packed) if outcome.status != Status::Stale => add_row(&mut chunk, packed, &outcome, &causes),
            _ => Ok(()),
        }
    })?;
    packed.map(|packed| text_of(chunk, packed)).transpose()
}

/// The compressed table of some customers.
fn rows_of_some(source: &ResultsReader<'_>, wanted: &BTreeSet<String>) -> Result<String> {
    let (mut chunk, mut packed) = (Chunk::default(), Packed::new(Vec::new()));
    // The same places of causes as before.
    let mut overview = Overview::default();
    source.outcomes(|outcome| {
        let causes = overview.add(&outcome);
        if outcome.status == Status::Stale || !wanted.contains(&outcome.customer) {
            return Ok(());
        }
        add_row(&mut chunk, &mut packed, &outcome, &causes)
    })?;
    text_of(chunk, packed)
}

fn add_row(chunk: &mut Chunk, packed: &mut Packed<Vec<u8>>, outcome: &Outcome, causes: &[usize]) -> Result<()> {
    chunk.add(outcome, causes);
    if !chunk.is_full() {
        return Ok(());
    }
    packed.write_all(chunk.take().as_bytes()).map_err(in_memory)
}

fn text_of(mut chunk: Chunk, mut packed: Packed<Vec<u8>>) -> Result<String> {
    packed.write_all(chunk.take().as_bytes()).map_err(in_memory)?;
    let text = packed.finish().map_err(in_memory)?;
    String::from_utf8(text).map_err(|error| Error::Bug(error.to_string()))
}

fn in_memory(error: std::io::Error) -> Error {
    Error::storage("compressing the table of customers", error)
}

/// Writes the series of one table; whether there is such a table.
fn write_table(
    source: &ResultsReader<'_>,
    name: &'static str,
    shown: &BTreeSet<String>,
    out: &mut impl Write,
    calibration: &mut Option<super::calibration::Calibration>,
) -> Result<std::io::Result<bool>> {
    let Some(mut table) = source.table(name)? else { return Ok(Ok(false)) };
    if name != "backtest" {
        return Ok(write_series(name, &mut table, shown, out, |_| ())?.map(|()| true));
    }
    let mut steps = CalibrationReader::new(&table)?;
    let written = write_series(name, &mut table, shown, out, |row| steps.add(row))?;
    *calibration = steps.finish();
    Ok(written.map(|()| true))
}
