//! One customer in the results of a run: its row of the manifest, its artifact, and its rows of a table.

use super::{
    directory::ResultsDirectory,
    manifest::Outcome,
    reader::{ResultsReader, number, time},
};
use crate::{
    artifact::{Limits, Opened, open_object},
    error::{Error, Result},
    store::Store,
};
use manyfit_models::data::CustomerId;
use std::collections::BTreeSet;

/// A customer of a run.
pub(crate) struct CustomerResults<'a> {
    store: &'a dyn Store,
    reader: ResultsReader<'a>,
    /// Its row of the manifest.
    pub(crate) outcome: Outcome,
}

impl<'a> CustomerResults<'a> {
    /// Finds a customer in the results in `store`.
    ///
    /// # Errors
    /// [`Error::Settings`] if there are no results or no such customer, [`Error::Data`] for a manifest that cannot be read.
    pub(crate) fn find(store: &'a dyn Store, results: &'a ResultsDirectory, customer: &str) -> Result<Self> {
        let reader = ResultsReader::new(store, results);
        let wanted = BTreeSet::from([customer.to_owned()]);
        let mut found = None;
        let read = reader.outcomes_of(&wanted, |_, row| {
            found = Some(serde_json::from_slice(row)?);
            Ok(())
        })?;
        read.map_err(|error| Error::Data(format!("{}: {error}: not a manifest of this version", reader.place())))?;
        let outcome = found.ok_or_else(|| {
            let place = reader.place();
            Error::Settings(format!(
                "{customer:?} is not among the customers in the manifest of {place}: check the name"
            ))
        })?;
        Ok(Self { store, reader, outcome })
    }

    /// Its artifact; none where it has none, or where it is not beside the results.
    ///
    /// # Errors
    /// [`Error::Data`] if it cannot be read, or if the manifest, which may be a stranger's, names what is no artifact.
    pub(crate) fn artifact(&self) -> Result<Option<Opened>> {
        let Some(name) = &self.outcome.artifact else { return Ok(None) };
        if name.split('/').any(|part| CustomerId::new(part).is_err()) {
            return Err(Error::Data(format!(
                "the manifest names {name:?} as an artifact, which is no artifact's name"
            )));
        }
        let key = format!("models/{name}");
        let mut bytes = Vec::new();
        if !self.store.read_within(&key, Limits::default().file, &mut bytes)? {
            return Ok(None);
        }
        let named = |error: Error| match error {
            Error::Data(text) => Error::Data(format!("{}: {text}", self.store.describe(&key))),
            other => other,
        };
        open_object(&key, bytes, Limits::default()).map(Some).map_err(named)
    }

    /// The times and values of its rows of a table; none where the table has no such rows.
    pub(crate) fn values(&self, table: &'static str, column: &str) -> Result<Vec<(i64, f64)>> {
        let mut values = Vec::new();
        let Some(mut table) = self.reader.table(table)? else { return Ok(values) };
        let (ds, column) = (table.column("ds")?, table.column(column)?);
        table.rows(|row| {
            if row.get(0) == Some(self.outcome.customer.as_bytes())
                && let Some(time) = time(row.get(ds))
            {
                values.push((time, number(row.get(column))));
            }
        })?;
        Ok(values)
    }
}
