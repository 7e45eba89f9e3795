//! How many rows each customer has in a file of many.

use std::collections::HashMap;

use crate::input::{
    Format, InputFile, InputSettings, csv::series as csv, parquet::series as parquet, source::load::Bytes,
};
use crate::{error::Result, store::Store};
use manyfit_models::data::CustomerId;

/// The customers of one file of many, for [`discover_with`](super::discover_with).
#[derive(Debug, Default)]
pub struct Scan {
    /// Each with its number of rows, sorted by name.
    pub(in crate::input) customers: Vec<(CustomerId, usize)>,
    /// Names that no customer can have, with the reason.
    pub(in crate::input) refused: Vec<(String, String)>,
}

/// Counts the rows of each customer of a file.
pub(in crate::input) fn scan(store: &dyn Store, settings: &InputSettings, file: &InputFile) -> Result<Scan> {
    let mut bytes = Bytes::default();
    let bytes = bytes.load(store, &file.key)?;
    let mut census = Census::default();
    match file.format {
        Format::Csv => csv::customers(bytes, settings, &mut csv::Scratch::default(), |name| census.count(name)),
        Format::Parquet => parquet::customers(bytes, settings, |name| census.count(name)),
    }
    .map_err(|fault| fault.in_file(&store.describe(&file.key)))?;
    Ok(census.finish(&store.describe(&file.key)))
}

/// How many rows each name has.
#[derive(Default)]
struct Census {
    counts: Vec<(Vec<u8>, usize)>,
    by_name: HashMap<Vec<u8>, usize>,
    /// The last row's name: rows of a customer mostly stand together.
    last: usize,
}

impl Census {
    fn count(&mut self, name: &[u8]) {
        if self.counts.get(self.last).is_none_or(|(last, _)| last != name) {
            self.last = self.by_name.get(name).copied().unwrap_or_else(|| {
                self.by_name.insert(name.to_vec(), self.counts.len());
                self.counts.push((name.to_vec(), 0));
                self.counts.len() - 1
            });
        }
        self.counts[self.last].1 += 1;
    }

    fn finish(self, file: &str) -> Scan {
        let mut scan = Scan::default();
        for (name, rows) in self.counts {
            let name = String::from_utf8_lossy(&name);
            match CustomerId::new(&name) {
                Ok(customer) => scan.customers.push((customer, rows)),
                Err(complaint) => {
                    let reason = format!("{file}: {complaint}: rename the customer");
                    scan.refused.push((name.into_owned(), reason));
                }
            }
        }
        scan.customers.sort_unstable();
        scan
    }
}
