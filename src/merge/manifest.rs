//! The manifests of all shards, merged in the order of the customers.

use crate::{
    error::{Error, Result},
    results::{Outcome, merge_sorted},
    store::{open_file, reading},
};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// Calls `each` with the row of every customer, and its line as it was written. Of rows of the same customer, the first that
/// did not fail counts, otherwise the first; the customer is added to `repeated`.
pub(super) fn merge_manifests<'a>(
    paths: impl Iterator<Item = &'a PathBuf>,
    repeated: &mut Vec<String>,
    mut each: impl FnMut(&Outcome, &str) -> Result<()>,
) -> Result<()> {
    let mut chosen: Option<(Outcome, String)> = None;
    let shards = paths.map(|path| rows(path)).collect::<Result<Vec<_>>>()?;
    let customer = |(row, _): &(Outcome, String)| row.customer.clone();
    merge_sorted(shards, customer, |_, (row, line)| match &mut chosen {
        Some((before, _)) if before.customer == row.customer => {
            if repeated.last() != Some(&row.customer) {
                repeated.push(row.customer.clone());
            }
            if !before.status.is_done() && row.status.is_done() {
                chosen = Some((row, line));
            }
            Ok(())
        }
        _ => chosen.replace((row, line)).map_or(Ok(()), |(row, line)| each(&row, &line)),
    })?;
    chosen.map_or(Ok(()), |(row, line)| each(&row, &line))
}

/// The rows of one manifest and their lines; an error if they are not sorted.
fn rows(path: &Path) -> Result<impl Iterator<Item = Result<(Outcome, String)>>> {
    let file = open_file(path).map_err(|error| reading(path, error))?;
    let mut before: Option<String> = None;
    Ok(BufReader::new(file).lines().zip(1..).map(move |(line, number)| {
        let line = line.map_err(|error| reading(path, error))?;
        let invalid = |reason: String| Error::Data(format!("{}: line {number}: {reason}", path.display()));
        let row: Outcome = serde_json::from_str(&line)
            .map_err(|error| invalid(format!("{error}: not a row of a manifest of this version")))?;
        if before.as_ref().is_some_and(|before| *before >= row.customer) {
            let customer = &row.customer;
            return Err(invalid(format!("customer {customer:?} is out of order: this manifest is not finished")));
        }
        before = Some(row.customer.clone());
        Ok((row, line))
    }))
}
