//! Models in memory or in a place, and forecasts and predictions from them.

use crate::{
    artifact::is_archive,
    error::{Error, Result},
    input::{CustomerRows, SheetSettings, Table},
    predict::{Job, ModelList, Request, Summary, run},
    results::ResultTable,
    run::default_jobs,
    settings::MaxFailures,
    store::{Durability, Location, MemoryStore, S3Options, Store},
};
use std::{path::Path, sync::atomic::AtomicBool};

/// The models of many customers.
#[derive(Clone, Debug)]
pub enum Models {
    /// In memory.
    Memory(MemoryStore),
    /// In a folder or below a prefix of a bucket.
    Place(Location),
}

/// What is wanted of models.
pub struct Wanted<'a> {
    /// These customers; empty: all.
    pub customers: &'a [String],
    /// Steps to forecast after each history; `None` for the dates of `rows`, or for predictions.
    pub horizon: Option<usize>,
    /// A file with rows of the future, or of features.
    pub rows: Option<&'a Path>,
    /// Whether the rows are of features.
    pub features: bool,
    /// The column of customers in them.
    pub customer: Option<&'a str>,
    /// Whether the table also has components, or SHAP values.
    pub parts: bool,
    /// Probabilities that intervals should cover, an interval for each; empty: each model's own.
    pub widths: &'a [f64],
    /// The seed of the intervals.
    pub seed: u64,
    /// Failed customers that are tolerated.
    pub max_failures: MaxFailures,
    /// Number of threads; `None`: one for each processor that this process may use.
    pub jobs: Option<usize>,
    /// Set from outside to stop early.
    pub stop: &'a AtomicBool,
}

impl Models {
    /// The store that they are in.
    ///
    /// # Errors
    /// As for [`Location::open`].
    pub fn store(&self, durability: Durability) -> Result<Box<dyn Store>> {
        match self {
            Self::Memory(store) => Ok(Box::new(store.clone())),
            Self::Place(place) => place.open(durability, &S3Options::default()),
        }
    }

    /// The names of the artifacts, sorted.
    ///
    /// # Errors
    /// [`Error::Storage`] if the place cannot be listed.
    pub fn names(&self) -> Result<Vec<String>> {
        let entries = self.store(Durability::ProcessDeath)?.list()?;
        Ok(entries.into_iter().map(|entry| entry.key).filter(|key| is_archive(key)).collect())
    }

    /// The bytes of an artifact; `None` if there is none of this name.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be read.
    pub fn artifact(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        Ok(self.store(Durability::ProcessDeath)?.read(name, &mut bytes)?.then_some(bytes))
    }

    /// Writes the bytes of an artifact, or of a file beside artifacts.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.store(Durability::ProcessDeath)?.publish(name, bytes)
    }

    /// Copies all artifacts to another place.
    ///
    /// # Errors
    /// [`Error::Storage`] if one cannot be read or written.
    pub fn copy_to(&self, place: &Self) -> Result<()> {
        let (from, to) = (self.store(Durability::ProcessDeath)?, place.store(Durability::ProcessDeath)?);
        let mut bytes = Vec::new();
        for name in self.names()? {
            if from.read(&name, &mut bytes)? {
                to.publish(&name, &bytes)?;
            }
        }
        Ok(())
    }

    /// Forecasts or predicts.
    ///
    /// # Errors
    /// As for [`run`]; the failures of single customers are in the summary.
    pub fn predict(&self, wanted: &Wanted<'_>) -> Result<(Table, Summary)> {
        let mut models = ModelList::default();
        match self {
            Self::Place(Location::Directory(path)) => models.add_path(path)?,
            _ => models.add_store(self.store(Durability::ProcessDeath)?)?,
        }
        let sheets = SheetSettings { customer: wanted.customer.map(str::to_owned), ..SheetSettings::default() };
        let rows = wanted.rows.map(|path| CustomerRows::read(path, &sheets)).transpose()?;
        let mut request = match (wanted.features, rows) {
            (true, Some(features)) => Request::Rows { features, shap: wanted.parts },
            (true, None) => return Err(Error::Settings("give the rows to predict".into())),
            (false, future) => Request::Forecast {
                horizon: wanted.horizon,
                future,
                components: wanted.parts,
                seed: wanted.seed,
                interval_width: wanted.widths.first().copied(),
            },
        };
        let (mut table, summary) = wanted.table(&models, &request)?;
        if let Some((first, others)) = wanted.widths.split_first() {
            table.name_interval(*first);
            for width in others {
                if let Request::Forecast { interval_width, .. } = &mut request {
                    *interval_width = Some(*width);
                }
                let mut other = wanted.table(&models, &request)?.0;
                other.name_interval(*width);
                table.append_columns(&other, |name| name.starts_with("yhat-"))?;
            }
        }
        Ok((table, summary))
    }
}

impl Wanted<'_> {
    /// The table of one request.
    fn table(&self, models: &ModelList, request: &Request) -> Result<(Table, Summary)> {
        let folder = tempfile::tempdir().map_err(|error| Error::storage("creating a temporary folder", error))?;
        let path = folder.path().join("table.parquet");
        let job = Job {
            models,
            customers: self.customers,
            request,
            jobs: self.jobs.unwrap_or_else(default_jobs),
            max_failures: self.max_failures,
            stop: self.stop,
        };
        let summary = run(&job, |key, names| ResultTable::create(&path, key, names))?;
        let table = if summary.is_whole() { Table::read(&path)? } else { Table::default() };
        Ok((table, summary))
    }
}
