//! A training run on the customers of a table in memory.

use super::models::Models;
use crate::{
    error::{Error, Result},
    input::{Frame, FramePlace, Table, customers_of},
    results::{ResultsDirectory, Status, Summary},
    run::{available_memory, default_jobs},
    settings::Settings,
    shard::Shard,
    store::{Durability, Location, MemoryStore, S3Options, Store, reading},
    train::{Found, INPUT_SHARE, Job, Progress, run_found},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

/// What a run needs from its caller.
pub struct Fit<'a> {
    /// The rows of all customers.
    pub frame: &'a Arc<Frame>,
    /// The column of customers in it, in `validation`, and in the tables that settings name.
    pub customer: &'a str,
    /// The validation rows of regression models.
    pub validation: Option<&'a Arc<Frame>>,
    /// The settings as text, by name.
    pub settings: &'a BTreeMap<String, String>,
    /// Where the artifacts and results are written, as by the command; `None`: they stay in memory.
    pub output: Option<&'a Location>,
    /// Where the artifacts go without an output.
    pub memory: &'a MemoryStore,
    /// Number of worker threads; `None`: one for each processor that this process may use.
    pub jobs: Option<usize>,
    /// Set from outside to stop the run early.
    pub stop: &'a AtomicBool,
    /// How progress is shown.
    pub progress: Progress,
}

/// What a run leaves.
pub struct Run {
    /// The models.
    pub models: Models,
    /// What became of each customer, sorted by customer.
    pub customers: Vec<Customer>,
    /// The manifest, a row of JSON for each customer, sorted by customer.
    pub manifest: String,
    /// The whole run in numbers.
    pub summary: Summary,
    /// Messages about the run, for people.
    pub messages: String,
    /// The tables that the settings asked for, by their names without the extension: `forecasts`, `backtest`, `predictions`.
    pub tables: BTreeMap<&'static str, Table>,
}

/// What became of a customer.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// Its name.
    pub customer: String,
    /// Whether there is a model, and a new one.
    pub status: Status,
    /// Why it failed, or got a fallback.
    pub reason: Option<String>,
    /// The name of its artifact.
    pub artifact: Option<String>,
}

/// The tables that a run may leave.
const TABLES: [&str; 3] = ["forecasts", "backtest", "predictions"];

/// Fits the customers of a table.
///
/// # Errors
/// Those of settings, and what concerns the run as a whole; failures of single customers are in the summary and the manifest.
pub fn fit(fit: &Fit<'_>) -> Result<Run> {
    let mut settings = Settings::from_text(fit.settings)?;
    // The results are in memory and a folder of this process, where nobody would look at a page.
    settings.report = false;
    if fit.frame.is_empty() {
        return Err(Error::Data("the table has no rows: there is nothing to fit".into()));
    }
    let found = |frame, place| customers_of(frame, fit.customer, place);
    let input = found(fit.frame, "the table")?;
    let validation = fit.validation.map(|frame| found(frame, "the table of validation rows")).transpose()?;
    let temporary = tempfile::tempdir().map_err(|error| Error::storage("creating a temporary folder", error))?;
    let (models, results) = match fit.output {
        None => {
            let results = ResultsDirectory::new(temporary.path(), Shard::ALL);
            (Models::Memory(fit.memory.clone()), results)
        }
        Some(output) => {
            let results = match output {
                Location::Directory(path) => ResultsDirectory::new(path, Shard::ALL),
                Location::Bucket { .. } => {
                    let bucket = output.open(Durability::ProcessDeath, &S3Options::default())?;
                    let draft = tempfile::tempdir_in(temporary.path());
                    let draft = draft.map_err(|error| Error::storage("creating a temporary folder", error))?;
                    ResultsDirectory::in_bucket(bucket.into(), draft, Shard::ALL)
                }
            };
            (Models::Place(output.join("models")), results)
        }
    };
    let mut messages = Vec::new();
    let mut summary = run_found(
        &Job {
            input: &FramePlace,
            validation: validation.is_some().then_some(&FramePlace as &dyn Store),
            models: &*models.store(if settings.fsync { Durability::PowerLoss } else { Durability::ProcessDeath })?,
            results: results.clone(),
            settings: &settings,
            shard: Shard::ALL,
            may_be_empty: false,
            jobs: fit.jobs.unwrap_or_else(default_jobs),
            memory: available_memory() / INPUT_SHARE,
            stop: fit.stop,
            progress: fit.progress,
        },
        Found { input, validation },
        &mut messages,
    )?;
    if fit.output.is_none() {
        // They are gone with the temporary folder.
        summary.written.clear();
    }
    let manifest = results.file("manifest", "jsonl");
    let mut tables = BTreeMap::new();
    for name in TABLES {
        let path = results.file(name, "parquet");
        if summary.files.contains_key(&format!("{name}.parquet")) {
            tables.insert(name, Table::read(&path)?);
        }
    }
    let manifest = if summary.stopped { String::new() } else { text(&manifest)? };
    let customer = |line: &str| serde_json::from_str(line).map_err(|error| Error::Bug(format!("a manifest: {error}")));
    Ok(Run {
        models,
        customers: manifest.lines().map(customer).collect::<Result<_>>()?,
        manifest,
        summary,
        messages: String::from_utf8_lossy(&messages).into_owned(),
        tables,
    })
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| reading(path, error))
}
