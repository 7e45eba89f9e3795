//! The models of many customers.

use std::{path::PathBuf, str::FromStr, sync::atomic::AtomicBool};

use manyfit::{
    frames::{self, Wanted},
    settings::MaxFailures,
    store::{Location, MemoryStore},
};
use pyo3::{prelude::*, types::PyBytes};

use crate::{errors::raised, interruptible::interruptible, tables::Table};

/// Models in memory, in a folder or in a bucket.
#[pyclass(frozen, module = "manyfit._native")]
pub(crate) struct Models(pub(crate) frames::Models);

/// A table of forecasts or predictions, what there is to say of it, and the exception if too many customers failed.
type Predicted = (Table, String, Option<Py<PyAny>>);

#[pymethods]
impl Models {
    /// The models of a place.
    #[staticmethod]
    fn open(place: &str) -> PyResult<Self> {
        Ok(Self(frames::Models::Place(location(place)?)))
    }

    /// No models yet, in memory.
    #[staticmethod]
    fn in_memory() -> Self {
        Self(frames::Models::Memory(MemoryStore::default()))
    }

    /// The names of the artifacts, sorted.
    fn names(&self, python: Python<'_>) -> PyResult<Vec<String>> {
        python.detach(|| self.0.names()).map_err(|error| raised(&error))
    }

    /// The bytes of an artifact.
    fn artifact<'py>(&self, python: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let bytes = python.detach(|| self.0.artifact(name)).map_err(|error| raised(&error))?;
        Ok(bytes.map(|bytes| PyBytes::new(python, &bytes)))
    }

    /// Writes the bytes of an artifact, or of a file beside artifacts.
    fn put(&self, python: Python<'_>, name: &str, bytes: &[u8]) -> PyResult<()> {
        python.detach(|| self.0.put(name, bytes)).map_err(|error| raised(&error))
    }

    /// Copies all artifacts to other models.
    fn copy_to(&self, python: Python<'_>, place: &Bound<'_, Self>) -> PyResult<()> {
        let place = place.get();
        python.detach(|| self.0.copy_to(&place.0)).map_err(|error| raised(&error))
    }

    /// Forecasts or predicts; `rows` is a file of Parquet.
    #[pyo3(signature = (*, customers, horizon, rows, features, customer, parts, widths, seed, max_failures, jobs))]
    #[expect(clippy::too_many_arguments, reason = "all are given by name")]
    fn predict(
        &self,
        python: Python<'_>,
        customers: Vec<String>,
        horizon: Option<usize>,
        rows: Option<PathBuf>,
        features: bool,
        customer: Option<String>,
        parts: bool,
        widths: Vec<f64>,
        seed: u64,
        max_failures: &str,
        jobs: Option<usize>,
    ) -> PyResult<Predicted> {
        let stop = AtomicBool::new(false);
        let wanted = Wanted {
            customers: &customers,
            horizon,
            rows: rows.as_deref(),
            features,
            customer: customer.as_deref(),
            parts,
            widths: &widths,
            seed,
            max_failures: limit(max_failures)?,
            jobs,
            stop: &stop,
        };
        let work = || self.0.predict(&wanted);
        let (table, summary) = interruptible(python, &stop, work, |_| Ok(()))?.map_err(|error| raised(&error))?;
        let failure = summary.verdict().err().map(|error| raised(&error).into_value(python).into_any());
        Ok((Table(table), summary.to_string(), failure))
    }
}

pub(crate) fn location(place: &str) -> PyResult<Location> {
    Location::from_str(place).map_err(|error| raised(&error))
}

fn limit(text: &str) -> PyResult<MaxFailures> {
    MaxFailures::from_str(text).map_err(|error| crate::errors::SettingsError::new_err(format!("max_failures: {error}")))
}
