//! Fitting the customers of a table.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use manyfit::{
    frames::{self, Customer},
    results::Status,
    store::MemoryStore,
    train::Progress,
};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    errors::raised,
    interruptible::interruptible,
    models::{Models, location},
    tables::{Frame, Table},
};

/// What a fit gives.
type Fitted = (Models, Outcomes, String, String, Py<PyDict>, Option<Py<PyAny>>);

/// The names of artifacts by customer, the reasons of customers that failed, and the manifest.
type Outcomes = (BTreeMap<String, String>, BTreeMap<String, String>, String);

/// Fits the customers of a table. Gives the models, what became of the customers, the summary and the messages as text, the tables by
/// name, and the exception if too many customers failed. `done` is called with the number of finished models, for fits in memory.
#[pyfunction]
#[pyo3(signature = (frame, *, customer, settings, validation, output, jobs, done))]
#[expect(clippy::too_many_arguments, reason = "all but the first are given by name")]
pub(crate) fn fit(
    python: Python<'_>,
    frame: &Bound<'_, Frame>,
    customer: &str,
    settings: BTreeMap<String, String>,
    validation: Option<&Bound<'_, Frame>>,
    output: Option<&str>,
    jobs: Option<usize>,
    done: Option<Py<PyAny>>,
) -> PyResult<Fitted> {
    let frame = Arc::clone(&frame.get().0);
    let validation = validation.map(|frame| Arc::clone(&frame.get().0));
    let output = output.map(location).transpose()?;
    let (stop, memory) = (AtomicBool::new(false), MemoryStore::default());
    let request = frames::Fit {
        frame: &frame,
        customer,
        validation: validation.as_ref(),
        settings: &settings,
        output: output.as_ref(),
        memory: &memory,
        jobs,
        stop: &stop,
        progress: Progress::Silent,
    };
    let tick = |python: Python<'_>| match &done {
        Some(done) => done.call1(python, (memory.len(),)).map(drop),
        None => Ok(()),
    };
    let run = interruptible(python, &stop, || frames::fit(&request), tick)?.map_err(|error| raised(&error))?;
    let frames::Run { models, customers, manifest, summary, messages, tables } = run;
    let (mut artifacts, mut failures) = (BTreeMap::new(), BTreeMap::new());
    for Customer { customer, status, reason, artifact } in customers {
        if status == Status::Failed {
            failures.insert(customer.clone(), reason.unwrap_or_default());
        }
        artifacts.extend(artifact.map(|artifact| (customer, artifact)));
    }
    let failure = summary.verdict().err().map(|error| raised(&error).into_value(python).into_any());
    let by_name = PyDict::new(python);
    for (name, table) in tables {
        by_name.set_item(name, Bound::new(python, Table(table))?)?;
    }
    let outcomes = (artifacts, failures, manifest);
    Ok((Models(models), outcomes, summary.to_string(), messages, by_name.unbind(), failure))
}
