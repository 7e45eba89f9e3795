//! The manifests of all shards, read side by side in the order of the customers.

use crate::{
    error::{Error, Result},
    results::{Outcome, Status},
    store::reading,
};
use std::{
    fs::File,
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
};

/// A row and its line, as it was written.
type Row = (Outcome, String);

/// The manifest of one shard, and the row to be merged next.
pub(super) struct ManifestReader {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    line_number: usize,
    next: Option<Row>,
}

impl ManifestReader {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| reading(path, error))?;
        let lines = BufReader::new(file).lines();
        let mut manifest = Self { path: path.into(), lines, line_number: 0, next: None };
        manifest.advance()?;
        Ok(manifest)
    }

    /// Reads the next row; returns the one before.
    fn advance(&mut self) -> Result<Option<Row>> {
        let line = self.lines.next().transpose().map_err(|error| reading(&self.path, error))?;
        self.line_number += 1;
        let invalid =
            |reason: String| Err(Error::Data(format!("{}: line {}: {reason}", self.path.display(), self.line_number)));
        let next = match line.map(|line| (serde_json::from_str::<Outcome>(&line), line)) {
            None => None,
            Some((Err(error), _)) => return invalid(format!("{error}: not a row of a manifest of this version")),
            Some((Ok(row), line)) => {
                if self.next.as_ref().is_some_and(|(before, _)| before.customer >= row.customer) {
                    return invalid(format!(
                        "customer {:?} is out of order: this manifest is not finished",
                        row.customer
                    ));
                }
                Some((row, line))
            }
        };
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// The row of the first customer by name that is left in any shard. Of rows of the same customer, the first that did not
/// fail counts, otherwise the first; the customer is added to `repeated`.
pub(super) fn next_customer(shards: &mut [ManifestReader], repeated: &mut Vec<String>) -> Result<Option<Row>> {
    let least = shards.iter().filter_map(|shard| shard.next.as_ref()).map(|(row, _)| &row.customer).min();
    let Some(customer) = least.cloned() else { return Ok(None) };
    let mut chosen: Option<Row> = None;
    for shard in shards {
        if shard.next.as_ref().is_none_or(|(row, _)| row.customer != customer) {
            continue;
        }
        let Some(row) = shard.advance()? else { continue };
        let Some((before, _)) = &chosen else {
            chosen = Some(row);
            continue;
        };
        if repeated.last() != Some(&customer) {
            repeated.push(customer.clone());
        }
        if before.status == Status::Failed && row.0.status != Status::Failed {
            chosen = Some(row);
        }
    }
    Ok(chosen)
}
