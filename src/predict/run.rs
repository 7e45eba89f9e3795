//! The run: opens the models in parallel and writes their rows in the order of the list.

use super::{
    forecast,
    job::{Job, Request},
    models::ModelLocation,
    rows::{self, Unseen},
    summary::Summary,
};
use crate::{
    artifact::Opened,
    error::{Error, Result},
    input::CustomerRows,
    results::{Key, ResultTable, Rows, forecast_columns},
    run::{catch_panic, thread_pool},
    settings::nearest,
};
use manyfit_models::Fitted;
use rayon::prelude::*;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// Customers per thread whose rows are in memory at once, to be written in order.
const BATCH: usize = 64;

/// What came of a model.
enum Prediction {
    Rows(Rows, Unseen),
    /// The customer and the reason.
    Failed(String, Error),
    /// Its customer is not requested.
    Skipped,
    /// Its customer has no rows to predict.
    WithoutRows(String),
    /// Its customer is unknown, and by its name it is not requested.
    Unreadable(Error),
    /// The run is being stopped.
    Stopped,
    /// Its store is out of reach, for all other objects, too.
    OutOfReach(Error),
}

/// Runs a job: creates the table from the names of its columns and fills it. The table is committed unless the run was
/// stopped, or a requested customer has no artifact.
///
/// # Errors
/// Only what concerns the run as a whole: a table that cannot be written, a bucket out of reach. Failures of single
/// customers are in the summary.
pub fn run(job: &Job<'_>, create: impl FnOnce(Key, Vec<String>) -> Result<ResultTable>) -> Result<Summary> {
    let pool = thread_pool("worker", job.jobs)?;
    let columns = pool.install(|| columns(job));
    let key = if let Request::Forecast { .. } = job.request { Key::Date } else { Key::Row };
    let mut table = create(key, columns.clone())?;
    job.models.read_ahead();
    let opener = Opener::new(job);
    let mut summary = Summary::new(job.max_failures);
    let mut seen: HashMap<String, &Path> = HashMap::new();
    let mut failed: HashSet<String> = HashSet::new();
    job.models.unlisted.iter().for_each(|(path, error)| summary.failed(path, &error.to_string()));
    for batch in job.models.locations.chunks(BATCH * job.jobs.max(1)) {
        if job.stop.load(Ordering::Relaxed) {
            summary.stopped = true;
            break;
        }
        let predict = |location| predict(&opener, location, &columns);
        let predictions: Vec<_> = pool.install(|| batch.par_iter().map(predict).collect());
        for (location, prediction) in batch.iter().zip(predictions) {
            match prediction {
                Prediction::Skipped => {}
                Prediction::Stopped => summary.stopped = true,
                Prediction::WithoutRows(customer) => {
                    summary.without_rows.insert(customer);
                }
                Prediction::OutOfReach(error) => return Err(error),
                Prediction::Unreadable(error) => summary.unreadable(&location.path, &error),
                Prediction::Rows(rows, unseen) => match seen.insert(rows.customer.clone(), &location.path) {
                    None => {
                        summary.done(rows.keys.len(), unseen);
                        table.append(&rows)?;
                    }
                    Some(first) => {
                        let reason = format!("{} is also in {}: name one of them", rows.customer, first.display());
                        summary.failed(&location.path, &reason);
                    }
                },
                Prediction::Failed(customer, error) => {
                    failed.insert(customer);
                    summary.failed(&location.path, &error.to_string());
                }
            }
        }
    }
    let rows = job.request.rows();
    summary.preamble = rows.and_then(CustomerRows::preamble);
    if let Some((first, number)) = rows.and_then(CustomerRows::nameless) {
        summary.failed(Path::new("rows without a customer"), &format!("{first}; {number} left out"));
    }
    let is_known = |name: &str| seen.contains_key(name) || failed.contains(name);
    let with_suggestion =
        |name: &String| match nearest(name, job.models.locations.iter().map(|location| location.name.as_str())) {
            Some(nearest) if nearest != name => format!("{name} (did you mean {nearest}?)"),
            _ => name.clone(),
        };
    summary.unknown = job.customers.iter().filter(|name| !is_known(name)).map(with_suggestion).collect();
    if let Some(rows) = rows
        && job.customers.is_empty()
        && !summary.stopped
    {
        summary.without_model = rows.customers().filter(|name| !is_known(name)).map(str::to_owned).collect();
    }
    if summary.is_whole() {
        table.finish()?;
    }
    Ok(summary)
}

/// The columns of the table. If they differ from model to model, every model is opened.
fn columns(job: &Job<'_>) -> Vec<String> {
    let (mut columns, extra): (_, fn(&Fitted) -> Vec<String>) = match job.request {
        Request::Forecast { components: false, .. } => return forecast_columns(false),
        Request::Forecast { .. } => (forecast_columns(true), forecast::component_names),
        Request::Rows { shap: false, .. } => return vec!["prediction".into()],
        Request::Rows { .. } => (vec!["prediction".into()], rows::shap_names),
    };
    job.models.read_ahead();
    // A model that cannot be read is reported when it is predicted.
    let opener = Opener::new(job);
    let names = |location| match opener.open(location) {
        Ok(Some((_, opened))) => extra(&opened.model),
        _ => Vec::new(),
    };
    let names = |location| catch_panic(|| names(location)).unwrap_or_default();
    let found: Vec<Vec<String>> = job.models.locations.par_iter().map(names).collect();
    let mut known: HashSet<String> = columns.iter().cloned().collect();
    columns.extend(found.into_iter().flatten().filter(|name| known.insert(name.clone())));
    columns
}

/// Opens models until a store is out of reach: then every other model would wait until its retries end.
struct Opener<'a> {
    job: &'a Job<'a>,
    out_of_reach: AtomicBool,
}

impl<'a> Opener<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        Self { job, out_of_reach: AtomicBool::new(false) }
    }

    /// A model and its customer; `None` if the customer is not requested, or if a store is out of reach.
    fn open(&self, location: &ModelLocation) -> Result<Option<(String, Opened)>> {
        if self.out_of_reach.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let opened = self.job.models.open(location).inspect_err(|error| {
            self.out_of_reach.fetch_or(error.is_out_of_reach(), Ordering::Relaxed);
        })?;
        let name = opened.metadata.as_ref().map_or(&location.name, |metadata| &metadata.customer).clone();
        Ok(self.job.wants(&name).then_some((name, opened)))
    }
}

/// A customer's rows of the table.
fn predict(opener: &Opener<'_>, location: &ModelLocation, columns: &[String]) -> Prediction {
    let job = opener.job;
    let work = || {
        let (name, model) = match opener.open(location) {
            Ok(Some((name, opened))) => (name, opened.model),
            Ok(None) => return Prediction::Skipped,
            Err(error) if error.is_out_of_reach() => return Prediction::OutOfReach(error),
            Err(error) if job.wants(&location.name) => return Prediction::Failed(location.name.clone(), error),
            Err(error) => return Prediction::Unreadable(error),
        };
        if job.customers.is_empty() && job.request.lacks_rows(&name, &model) {
            return Prediction::WithoutRows(name);
        }
        let wrong_kind = |family: &str, hint: &str| Err(Error::Data(format!("the model is {family}, which {hint}")));
        let rows = match (job.request, model) {
            (Request::Forecast { horizon, future, seed, interval_width, .. }, Fitted::Series(model)) => {
                let (future, width) = (future.as_ref(), *interval_width);
                forecast::predict(&name, &model, *horizon, future, *seed, width, columns, job.stop)
                    .map(|rows| (rows, Unseen::new()))
            }
            (Request::Rows { features, shap }, Fitted::Rows(model)) => {
                rows::predict(&name, &model, features, *shap, columns)
            }
            (Request::Forecast { .. }, Fitted::Rows(model)) => {
                wrong_kind(model.name(), "predicts rows of features: give them with --input")
            }
            (Request::Rows { .. }, Fitted::Series(model)) => {
                wrong_kind(model.name(), "forecasts a series: give --horizon or --future")
            }
        };
        match rows {
            Ok((rows, unseen)) => Prediction::Rows(rows, unseen),
            Err(_) if job.stop.load(Ordering::Relaxed) => Prediction::Stopped,
            Err(error) => Prediction::Failed(name, error),
        }
    };
    catch_panic(work).unwrap_or_else(|error| Prediction::Failed(location.name.clone(), error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{predict::ModelList, settings::MaxFailures};
    use std::fs;

    #[test]
    fn a_run_that_is_stopped_leaves_the_table_of_an_earlier_run() {
        let (models, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = folder.path().join("t.csv");
        fs::write(&path, "an earlier table").unwrap();
        fs::write(models.path().join("a.tar.gz"), "").unwrap();
        let mut list = ModelList::default();
        list.add_path(models.path()).unwrap();
        let job = Job {
            models: &list,
            customers: &[],
            request: &Request::Forecast {
                horizon: Some(1),
                future: None,
                components: false,
                seed: 0,
                interval_width: None,
            },
            jobs: 1,
            max_failures: MaxFailures::default(),
            stop: &AtomicBool::new(true),
        };
        let summary = run(&job, |key, names| ResultTable::create(&path, key, names)).unwrap();
        assert_eq!((summary.is_whole(), summary.verdict().unwrap_err().code()), (false, 5));
        assert_eq!(fs::read_to_string(&path).unwrap(), "an earlier table");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
