//! One customer, from file to artifact: what is the same whatever is fitted.

use super::{
    Job,
    outcome::{Outcome, Phases, Status},
    plan::Plan,
    result_table::Block,
    standing::{Look, Standing},
    validation::Validation,
};
use crate::{
    artifact::{self, Artifact, Fingerprint, Found, Metadata, inspect},
    error::{Error, Result},
    input::{Contents, InputFile, Reader, TableReader},
    run::{Gate, catch_panic},
    settings::{Settings, Task},
    store::Stamp,
    tables,
};
use manyfit_models::{Fitted, Workspace, data::CustomerId};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering, mpsc::SyncSender},
    time::Instant,
};

/// What a worker tells the owner.
pub(super) enum Event {
    /// A customer is done; the block is its rows of the table of results.
    Finished { outcome: Box<Outcome>, block: Option<Block> },
    /// The place for artifacts cannot be written, or that of the input cannot be read, for any customer.
    CannotGoOn(Error),
}

/// Whose failure it is.
pub(super) enum Failure {
    Customer(Error),
    /// No other customer would fare better.
    Run(Error),
    /// Nobody's: the run is being stopped, and the next one has this customer.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_out_of_reach() { Self::Run(error) } else { Self::Customer(error) }
    }
}

impl From<manyfit_models::Error> for Failure {
    fn from(error: manyfit_models::Error) -> Self {
        Error::from(error).into()
    }
}

/// The buffers of one worker thread.
pub(super) struct Worker {
    pub(super) reader: Reader,
    pub(super) tables: TableReader,
    pub(super) tools: Tools,
}

/// Those of them that do not belong to reading.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) workspace: Workspace,
    /// The artifact of an earlier run.
    standing: Vec<u8>,
}

/// All workers, and what they have in common.
pub(super) struct Crew<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) validation: &'a Validation<'a>,
    /// One per thread of the pool, taken out of its place while that thread works.
    workers: Vec<Mutex<Option<Worker>>>,
    memory: Option<Arc<Gate>>,
    /// The settings' canonical text, for fingerprints.
    pub(super) shape: String,
    standing: Standing,
}

/// A fitted customer and what belongs to it.
pub(super) struct Done {
    pub(super) metadata: Metadata,
    pub(super) model: Fitted,
    status: Status,
    /// Why there is an artifact and not what was asked of it.
    failure: Option<String>,
    artifact: String,
    bytes: usize,
    sha256: String,
    /// Its bytes, where they are still to be published.
    archive: Option<Vec<u8>>,
}

/// What an earlier run left of a customer.
pub(super) enum Earlier {
    /// Nothing that is still right.
    Nothing,
    /// The right artifact, and there is no need to look into it.
    Row(Box<Outcome>),
    /// The right artifact.
    Artifact(Box<Done>),
}

/// What came of a customer's work.
pub(super) enum Made {
    /// Nothing new: the row of an earlier run.
    Row(Box<Outcome>),
    /// A model and its rows of the table of results.
    Model(Box<(Done, Option<Block>)>),
}

/// A customer's work.
pub(super) type Work = Result<Made, Failure>;

/// Measures a phase.
pub(super) fn timed<T>(ms: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    *ms += begun.elapsed().as_secs_f64() * 1e3;
    result
}

impl<'a> Crew<'a> {
    pub(super) fn new(job: &'a Job<'a>, plan: &Plan, validation: &'a Validation<'a>, standing: Standing) -> Self {
        let workers = (0..job.jobs).map(|_| Mutex::default()).collect();
        let sizes = plan.files.iter().map(|file| file.unpacked_size() + validation.size_beside(file));
        let memory = Gate::if_needed(job.memory, job.jobs, sizes);
        Self { job, validation, workers, memory, shape: job.settings.shape(), standing }
    }

    /// Works with the buffers of this thread.
    ///
    /// They are out of their place meanwhile and no lock is held: a library that waits on threads of its own may let this
    /// thread begin another customer in between, which then finds the place empty and works with new buffers.
    pub(super) fn with_worker<T>(&self, work: impl FnOnce(&mut Worker) -> T) -> T {
        let place = &self.workers[rayon::current_thread_index().unwrap_or_default()];
        let place = || place.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = place().take();
        let mut worker = taken.unwrap_or_else(|| Worker::new(self.job.settings));
        let result = work(&mut worker);
        *place() = Some(worker);
        result
    }

    /// Fits every customer of a file.
    pub(super) fn fit_file(&self, file: &InputFile, events: &SyncSender<Event>) {
        let size = || file.unpacked_size() + self.validation.size_beside(file);
        let admitted = self.memory.as_ref().map(|memory| memory.admit(size()));
        match (&file.contents, &self.job.settings.task) {
            (Contents::One(customer), task) => self.with_worker(|worker| {
                self.guarded(worker, customer, events, |worker| {
                    let mut ms = Phases::default();
                    let work = match task {
                        Task::Forecast(task) => {
                            let series = timed(&mut ms.read, || worker.reader.read_series(self.job.input, file));
                            let fit = |series| self.fit_series(task, customer, series, &mut worker.tools, &mut ms);
                            series.map_err(Failure::from).and_then(fit)
                        }
                        Task::Regression(task) => {
                            let Worker { tables, tools, .. } = worker;
                            let rows = timed(&mut ms.read, || self.read_rows(tables, customer, file));
                            rows.map_err(Failure::from)
                                .and_then(|rows| self.fit_table(task, customer, rows, tools, &mut ms))
                        }
                    };
                    (work, ms)
                });
                if admitted.is_some() {
                    // Where memory is counted, what a large file made the buffers grow to goes with it.
                    *worker = Worker::new(self.job.settings);
                }
            }),
            (Contents::Many(_), Task::Forecast(task)) => {
                let read = || Reader::new(self.job.settings.input.clone()).read_bundle(self.job.input, file, &|_| true);
                self.fit_bundle(file, events, read, |customer, series, worker, ms| {
                    self.fit_series(task, customer, &series, &mut worker.tools, ms)
                });
            }
            (Contents::Many(_), Task::Regression(task)) => {
                self.fit_bundle(
                    file,
                    events,
                    || self.read_bundle_rows(file),
                    |customer, rows, worker, ms| self.fit_table(task, customer, rows, &mut worker.tools, ms),
                );
            }
        }
    }

    /// Reads a file of many customers, with buffers of its own, which go before the customers are fitted; then shares them
    /// out to the workers that have nothing to do.
    fn fit_bundle<T: Send>(
        &self,
        file: &InputFile,
        events: &SyncSender<Event>,
        read: impl FnOnce() -> Result<Vec<(CustomerId, Result<T>)>>,
        fit: impl Fn(&CustomerId, T, &mut Worker, &mut Phases) -> Work + Sync,
    ) {
        let mut read_ms = 0.0;
        let bundle = catch_panic(|| timed(&mut read_ms, read)).flatten();
        match bundle {
            Ok(customers) => {
                let share = read_ms / customers.len().max(1) as f64;
                customers.into_par_iter().for_each(|(customer, data)| {
                    if self.job.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    self.with_worker(|worker| {
                        self.guarded(worker, &customer, events, |worker| {
                            let mut ms = Phases { read: share, ..Phases::default() };
                            let fit = |data| fit(&customer, data, worker, &mut ms);
                            (data.map_err(Failure::from).and_then(fit), ms)
                        });
                    });
                });
            }
            Err(error) if error.is_out_of_reach() => send(events, Event::CannotGoOn(error)),
            Err(error) => {
                for customer in file.customers() {
                    let outcome = Outcome::failed(customer.as_str(), error.to_string());
                    send(events, Event::Finished { outcome: Box::new(outcome), block: None });
                }
            }
        }
    }

    /// Runs one customer's work so that whatever happens is that customer's outcome.
    fn guarded(
        &self,
        worker: &mut Worker,
        customer: &CustomerId,
        events: &SyncSender<Event>,
        work: impl FnOnce(&mut Worker) -> (Work, Phases),
    ) {
        let (result, ms) = catch_panic(|| work(worker)).unwrap_or_else(|error| {
            // Whatever the panic left half done is not used again.
            *worker = Worker::new(self.job.settings);
            (Err(error.into()), Phases::default())
        });
        let event = match result {
            Ok(Made::Row(row)) => {
                Event::Finished { outcome: Box::new(Outcome { status: Status::Unchanged, ms, ..*row }), block: None }
            }
            Ok(Made::Model(made)) => {
                let (mut done, block) = *made;
                let archive = done.archive.take();
                let outcome = Box::new(done.outcome(customer, ms));
                match archive {
                    None => Event::Finished { outcome, block },
                    Some(archive) => return self.publish(outcome, block, archive, events),
                }
            }
            Err(Failure::Run(error)) => Event::CannotGoOn(error),
            Err(Failure::Stopped) => return,
            Err(Failure::Customer(error)) => {
                let outcome = Outcome { ms, ..Outcome::failed(customer.as_str(), error.to_string()) };
                Event::Finished { outcome: Box::new(outcome), block: None }
            }
        };
        send(events, event);
    }

    /// Publishes an artifact; the owner hears of the customer when it is there, or has failed.
    fn publish(&self, mut outcome: Box<Outcome>, block: Option<Block>, archive: Vec<u8>, events: &SyncSender<Event>) {
        let events = events.clone();
        let name = outcome.artifact.clone().unwrap_or_default();
        let begun = Instant::now();
        let done = move |result: Result<Option<Stamp>>| {
            outcome.ms.publish = begun.elapsed().as_secs_f64() * 1e3;
            let event = match result {
                Ok(stamp) => {
                    outcome.etag = stamp.map(|stamp| stamp.tag);
                    Event::Finished { outcome, block }
                }
                Err(error @ Error::Storage { .. }) => Event::CannotGoOn(error),
                Err(other) => {
                    let failed = Outcome::failed(&outcome.customer, other.to_string());
                    Event::Finished { outcome: Box::new(Outcome { ms: outcome.ms, ..failed }), block: None }
                }
            };
            send(&events, event);
        };
        self.job.models.publish_behind(&name, archive, Box::new(done));
    }

    /// The name of a customer's artifact.
    pub(super) fn artifact_name(&self, customer: &CustomerId, fingerprint: &Fingerprint) -> String {
        let Settings { version, artifact_name, .. } = self.job.settings;
        artifact_name.name(customer, version.as_deref(), fingerprint)
    }

    /// The artifact of an earlier run, if it is whole and still right.
    pub(super) fn earlier(
        &self,
        name: &str,
        customer: &CustomerId,
        fingerprint: &Fingerprint,
        tools: &mut Tools,
    ) -> Result<Earlier> {
        match self.standing.look(name, customer, fingerprint) {
            Look::Unchanged(row) => return Ok(Earlier::Row(row)),
            Look::ToBeReplaced => return Ok(Earlier::Nothing),
            Look::Unknown => {}
        }
        let (models, standing) = (self.job.models, &mut tools.standing);
        if !models.read(name, standing)? {
            return Ok(Earlier::Nothing);
        }
        match inspect(standing) {
            Found::Ours(artifact) => {
                let Artifact { metadata, model } = *artifact;
                if metadata.fingerprint != fingerprint.as_str() {
                    return Ok(Earlier::Nothing);
                }
                Ok(Earlier::Artifact(Box::new(Done {
                    metadata,
                    model,
                    status: Status::Unchanged,
                    failure: None,
                    artifact: name.to_owned(),
                    bytes: standing.len(),
                    sha256: sha256(standing),
                    archive: None,
                })))
            }
            Found::Torn => Ok(Earlier::Nothing),
            Found::Foreign => Err(Error::Data(format!(
                "{} was not written by manyfit, so it is left alone: move it away, or choose another output or \
                 artifact_name",
                models.describe(name)
            ))),
        }
    }

    /// Packs a customer's artifact, to be published.
    pub(super) fn pack(&self, name: String, mut metadata: Metadata, model: Fitted, ms: &mut Phases) -> Done {
        metadata.version.clone_from(&self.job.settings.version);
        let archive = timed(&mut ms.pack, || artifact::pack(&mut metadata, &model));
        Done {
            status: if metadata.fallback.is_some() { Status::Fallback } else { Status::Fitted },
            failure: None,
            metadata,
            model,
            artifact: name,
            bytes: archive.len(),
            sha256: sha256(&archive),
            archive: Some(archive),
        }
    }
}

impl Worker {
    fn new(settings: &Settings) -> Self {
        Self {
            reader: Reader::new(settings.input.clone()),
            tables: TableReader::new(settings.input.clone()),
            tools: Tools::default(),
        }
    }
}

impl Done {
    /// The customer failed after its artifact was published.
    pub(super) fn without_results(self, error: &Error) -> Self {
        Self { status: Status::Failed, failure: Some(error.to_string()), ..self }
    }

    fn outcome(self, customer: &CustomerId, ms: Phases) -> Outcome {
        let Self { metadata, status, failure, artifact, bytes, sha256, .. } = self;
        Outcome {
            customer: customer.to_string(),
            status,
            reason: failure.or(metadata.fallback),
            notes: metadata.notes,
            rows: metadata.rows,
            missing: metadata.missing,
            first: metadata.trained.map(|span| iso(span.first_ms)),
            last: metadata.trained.map(|span| iso(span.last_ms)),
            frequency: Some(metadata.frequency).filter(|frequency| !frequency.is_empty()),
            model: Some(metadata.model),
            log_posterior: metadata.log_posterior,
            sigma: metadata.sigma,
            in_sample: metadata.in_sample,
            accuracy: metadata.regression.as_ref().and_then(|regression| regression.accuracy),
            trees: metadata.regression.and_then(|regression| regression.trees),
            ms,
            bytes: Some(bytes),
            sha256: Some(sha256),
            artifact: Some(artifact),
            fingerprint: Some(metadata.fingerprint),
            etag: None,
        }
    }
}

/// A timestamp as ISO 8601: the date alone at midnight.
fn iso(ms: i64) -> String {
    let text = tables::iso_with_time(ms);
    text.strip_suffix("T00:00:00").map_or(text.clone(), str::to_owned)
}

fn sha256(bytes: &[u8]) -> String {
    crate::artifact::hex(&Sha256::digest(bytes))
}

fn send(events: &SyncSender<Event>, event: Event) {
    // The owner hears everything until it has failed itself; then the run is being stopped.
    drop(events.send(event));
}
