//! Forecasts and predictions from artifacts: what a run of [`crate::train`] wrote, or what Python and XGBoost saved.
//!
//! ```text
//! places ─► find ─► open ─► forecast dates, or predict rows of features ─► Block ─► Table
//!                   many at a time, one thread each                        in the order of the names
//! ```
//!
//! - Everything a forecast depends on is in the artifact; what it cannot know (regressors, capacities, conditions of the
//!   future) comes from a table.
//! - A customer's numbers depend on its artifact, the seed and what is asked alone: they are those of the training run's own
//!   table of forecasts.
//! - What fails is the customer: a damaged artifact, a missing regressor. The others go on.

mod find;
mod forecasts;
mod rows;
mod summary;

pub use find::{Object, Place, find, find_object, find_objects, is_archive};
pub use summary::Summary;

use crate::{
    artifact::{Limits, OpenError, Opened, open_object, open_path},
    error::{Error, Result},
    input::CustomerRows,
    results::{Key, ResultTable, Rows, forecast_columns},
    run::{catch_panic, thread_pool},
    settings::MaxFailures,
    store::Store,
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// Customers that a thread does before their rows are written: the order of the table costs no more memory than their rows.
const BATCH: usize = 64;

/// What is wanted of every model.
pub enum Question {
    /// Forecasts of series.
    Forecast {
        /// Steps after the history; none for the dates of `future`.
        horizon: Option<usize>,
        /// Dates, regressors, conditions, capacities to come.
        future: Option<CustomerRows>,
        /// Whether trend and components are wanted beside the forecast.
        components: bool,
        /// Seed of the intervals.
        seed: u64,
    },
    /// Predictions for rows of features.
    Rows {
        /// The rows.
        features: CustomerRows,
        /// Whether SHAP values are wanted beside the prediction.
        shap: bool,
    },
}

/// Everything a run needs, from whoever starts it.
pub struct Job<'a> {
    /// The artifacts, in the order of the table.
    pub places: &'a [Place],
    /// The stores that objects among them are in, by number.
    pub stores: &'a [Box<dyn Store>],
    /// The only customers that are wanted; empty for all.
    pub customers: &'a [String],
    /// What is wanted.
    pub question: &'a Question,
    /// Number of threads.
    pub jobs: usize,
    /// Failed customers above which the run fails.
    pub max_failures: MaxFailures,
    /// Raised from outside to end the run early.
    pub stop: &'a AtomicBool,
}

/// One customer's model, and what it is called.
struct Customer {
    name: String,
    opened: Opened,
}

/// How many values of each feature are categories that the model was not trained on.
type Unseen = BTreeMap<String, usize>;

/// What came of a place.
enum Answer {
    Rows(Rows, Unseen),
    /// By the customer's name.
    Failed(String, Error),
    NotWanted,
    /// Whose it is cannot be told, and by its name it is not wanted.
    Unreadable(Error),
    /// A store that no other object can be read from either.
    OutOfReach(Error),
}

/// Runs a job: creates the table by the names of its columns, fills it, and puts it into its place unless the run was stopped or
/// asked for customers that are in no artifact.
///
/// # Errors
/// Only what concerns the run as a whole: a table that cannot be written, a bucket out of reach. What becomes of single customers is in the summary.
pub fn run(job: &Job<'_>, create: impl FnOnce(Key, Vec<String>) -> Result<ResultTable>) -> Result<Summary> {
    let pool = thread_pool("worker", job.jobs)?;
    let columns = pool.install(|| job.columns());
    let mut table = create(job.question.key(), columns.clone())?;
    job.read_ahead();
    let mut summary = Summary::new(job.max_failures);
    let mut seen: HashMap<String, &Path> = HashMap::new();
    let mut failed: HashSet<String> = HashSet::new();
    for batch in job.places.chunks(BATCH * job.jobs.max(1)) {
        if job.stop.load(Ordering::Relaxed) {
            summary.stopped = true;
            break;
        }
        let out_of_reach = AtomicBool::new(false);
        let answer = |place| {
            // Each would wait until its patience is over.
            if out_of_reach.load(Ordering::Relaxed) {
                return Answer::NotWanted;
            }
            let answer = job.answer(place, &columns);
            out_of_reach.fetch_or(matches!(answer, Answer::OutOfReach(_)), Ordering::Relaxed);
            answer
        };
        let answers: Vec<_> = pool.install(|| batch.par_iter().map(answer).collect());
        let answers = answers.into_iter().map(|answer| match answer {
            Answer::OutOfReach(error) => Err(error),
            answer => Ok(answer),
        });
        let answers = answers.collect::<Result<Vec<_>>>()?;
        for (place, answer) in batch.iter().zip(answers) {
            match answer {
                Answer::NotWanted | Answer::OutOfReach(_) => {}
                Answer::Unreadable(error) => summary.unreadable(place, &error),
                Answer::Rows(block, unseen) => match seen.insert(block.customer.clone(), &place.path) {
                    None => {
                        summary.done(block.keys.len(), unseen);
                        table.append(&block)?;
                    }
                    Some(first) => summary
                        .failed(place, format!("{} is also in {}: name one of them", block.customer, first.display())),
                },
                Answer::Failed(customer, error) => {
                    failed.insert(customer);
                    summary.failed(place, error.to_string());
                }
            }
        }
    }
    let is_known = |name: &String| seen.contains_key(name) || failed.contains(name);
    summary.unknown = job.customers.iter().filter(|name| !is_known(name)).cloned().collect();
    if let Question::Rows { features, .. } = job.question
        && job.customers.is_empty()
        && !summary.stopped
    {
        let without_model = features.customers().filter(|name| !seen.contains_key(*name) && !failed.contains(*name));
        summary.without_model = without_model.map(str::to_owned).collect();
    }
    // The table of a run that did not end, or was asked for what there is not, is no table: what stands in its place stays.
    if summary.is_whole() {
        table.finish()?;
    }
    Ok(summary)
}

impl Question {
    fn key(&self) -> Key {
        match self {
            Self::Forecast { .. } => Key::Date,
            Self::Rows { .. } => Key::Row,
        }
    }
}

impl Job<'_> {
    /// The columns of the table. Where they differ from model to model, every model is looked at.
    fn columns(&self) -> Vec<String> {
        let mut columns = match self.question {
            Question::Forecast { components, .. } => forecast_columns(*components),
            Question::Rows { .. } => vec!["prediction".into()],
        };
        let further: fn(&Opened) -> Vec<String> = match self.question {
            Question::Forecast { components: true, .. } => forecasts::component_names,
            Question::Rows { shap: true, .. } => rows::shap_names,
            _ => return columns,
        };
        self.read_ahead();
        // A model that cannot be read is complained of when it is its turn.
        let out_of_reach = AtomicBool::new(false);
        let names = |place: &Place| {
            if out_of_reach.load(Ordering::Relaxed) {
                return Vec::new();
            }
            let found = self.open(place).inspect_err(|error| {
                out_of_reach.fetch_or(error.is_out_of_reach(), Ordering::Relaxed);
            });
            found.ok().flatten().map(|found| further(&found.opened)).unwrap_or_default()
        };
        let found: Vec<Vec<String>> =
            self.places.par_iter().map(|place| catch_panic(|| names(place)).unwrap_or_default()).collect();
        let mut known: HashSet<String> = columns.iter().cloned().collect();
        columns.extend(found.into_iter().flatten().filter(|name| known.insert(name.clone())));
        columns
    }

    fn wants(&self, name: &str) -> bool {
        self.customers.is_empty() || self.customers.iter().any(|customer| customer == name)
    }

    /// The model of a place, unless its customer is not wanted.
    fn open(&self, place: &Place) -> Result<Option<Customer>> {
        let opened = match &place.object {
            None => open_path(&place.path, Limits::default()),
            Some(object) => self.open_object(object)?,
        };
        let opened = opened.map_err(|error| Error::Data(error.to_string()))?;
        let name = opened.metadata.as_ref().map_or_else(|| place.name.clone(), |metadata| metadata.customer.clone());
        Ok(self.wants(&name).then_some(Customer { name, opened }))
    }

    fn open_object(&self, object: &Object) -> Result<Result<Opened, OpenError>> {
        let (store, key) = (&self.stores[object.store], &object.entry.key);
        let mut bytes = Vec::new();
        if !store.read(key, &mut bytes)? {
            return Err(Error::Data("it is gone since it was listed".into()));
        }
        Ok(open_object(key, bytes, Limits::default()))
    }

    /// Lets distant stores fetch what will be read.
    fn read_ahead(&self) {
        for (number, store) in self.stores.iter().enumerate() {
            let objects = self.places.iter().filter_map(|place| place.object.as_ref());
            store.read_ahead(
                objects.filter(|object| object.store == number).map(|object| object.entry.clone()).collect(),
            );
        }
    }

    /// A customer's rows of the table.
    fn answer(&self, place: &Place, columns: &[String]) -> Answer {
        let work = || {
            let customer = match self.open(place) {
                Ok(Some(customer)) => customer,
                Ok(None) => return Answer::NotWanted,
                Err(error) if error.is_out_of_reach() => return Answer::OutOfReach(error),
                Err(error) if self.wants(&place.name) => return Answer::Failed(place.name.clone(), error),
                Err(error) => return Answer::Unreadable(error),
            };
            let name = customer.name.clone();
            let block = match self.question {
                Question::Forecast { horizon, future, seed, .. } => {
                    forecasts::block(customer, *horizon, future.as_ref(), *seed, columns)
                        .map(|block| (block, Unseen::new()))
                }
                Question::Rows { features, shap } => rows::block(customer, features, *shap, columns),
            };
            block.map_or_else(|error| Answer::Failed(name, error), |(block, unseen)| Answer::Rows(block, unseen))
        };
        catch_panic(work).unwrap_or_else(|error| Answer::Failed(place.name.clone(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_run_that_is_stopped_leaves_the_table_of_an_earlier_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, "an earlier table").unwrap();
        let places = [Place { path: folder.path().join("a.tar.gz"), name: "a".into(), object: None }];
        let question = Question::Forecast { horizon: Some(1), future: None, components: false, seed: 0 };
        let job = Job {
            places: &places,
            stores: &[],
            customers: &[],
            question: &question,
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
