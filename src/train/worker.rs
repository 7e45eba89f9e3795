//! One customer, from file to artifact.

use super::{
    Job,
    machine::MemoryGate,
    outcome::{Outcome, Phases, Status},
    plan::Plan,
    standing::{Look, Standing},
};
use crate::{
    artifact::{Artifact, FORMAT, Fingerprint, Found, Metadata, Span, forecast_seed, inspect},
    dataset::{CustomerId, Series},
    error::{Error, Result},
    input::{Contents, InputFile, Reader},
    models::{
        FitError, FittedModel, Forecast, Workspace, frequency::Frequency, patience::Patience, prophet::LEAST_SIGMA,
    },
    settings::Settings,
    storage::Stamp,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError, atomic::Ordering, mpsc::SyncSender},
    time::Instant,
};

/// What a worker tells the owner.
pub(super) enum Event {
    /// A customer is done.
    Finished { outcome: Box<Outcome>, forecast: Option<Forecast> },
    /// The place for artifacts cannot be written, or that of the input cannot be read, for any customer.
    CannotGoOn(Error),
}

/// Whose failure it is.
enum Failure {
    Customer(Error),
    /// No other customer would fare better.
    Run(Error),
    /// Nobody's: the run is being stopped, and the next one has this customer.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Customer(error)
    }
}

/// The buffers of one worker thread.
struct Worker {
    reader: Reader,
    workspace: Workspace,
    standing: Vec<u8>,
}

/// All workers, and what they have in common.
pub(super) struct Crew<'a> {
    job: &'a Job<'a>,
    /// One per thread of the pool, taken out of its place while that thread works.
    workers: Vec<Mutex<Option<Worker>>>,
    memory: MemoryGate,
    /// The settings' canonical text, for fingerprints.
    shape: String,
    standing: Standing,
}

/// A fitted customer and what belongs to it.
struct Done {
    metadata: Metadata,
    model: FittedModel,
    status: Status,
    frequency: Frequency,
    artifact: String,
    bytes: usize,
    sha256: String,
    /// Its bytes, where they are still to be published.
    archive: Option<Vec<u8>>,
}

/// What the work on a customer came to.
enum Work {
    /// An earlier run's row says it all.
    Standing(Box<Outcome>),
    Done(Box<(Done, Option<Forecast>)>),
}

/// Measures a phase.
fn timed<T>(ms: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    *ms += begun.elapsed().as_secs_f64() * 1e3;
    result
}

impl<'a> Crew<'a> {
    pub(super) fn new(job: &'a Job<'a>, plan: &Plan, standing: Standing) -> Self {
        let workers = (0..job.jobs).map(|_| Mutex::default()).collect();
        let memory = MemoryGate::new(job.memory, job.jobs, &plan.files);
        Self { job, workers, memory, shape: job.settings.shape(), standing }
    }

    /// Works with the buffers of this thread.
    ///
    /// They are out of their place meanwhile and no lock is held: a library that waits on threads of its own may let this
    /// thread begin another customer in between, which then finds the place empty and works with new buffers.
    fn with_worker<T>(&self, work: impl FnOnce(&mut Worker) -> T) -> T {
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
        let admitted = self.memory.admit(file);
        match &file.contents {
            Contents::One(customer) => self.with_worker(|worker| {
                self.guarded(worker, customer, events, |crew, worker| {
                    let Worker { reader, workspace, standing } = worker;
                    let mut ms = Phases::default();
                    let series = timed(&mut ms.read, || reader.read_series(crew.job.input, file));
                    let result = series
                        .map_err(|error| if error.is_out_of_reach() { Failure::Run(error) } else { error.into() })
                        .and_then(|series| crew.fit(customer, series, workspace, standing, &mut ms));
                    (result, ms)
                });
                if admitted.is_some() {
                    // Where memory is counted, what a large file made the buffers grow to goes with it.
                    *worker = Worker::new(self.job.settings);
                }
            }),
            Contents::Many(customers) => self.fit_bundle(file, customers.len(), events),
        }
    }

    /// Reads a file of many customers and shares them out to the workers that have nothing to do.
    fn fit_bundle(&self, file: &InputFile, customers: usize, events: &SyncSender<Event>) {
        let mut read = 0.0;
        // Bundles are read with buffers of their own, which go before the customers are fitted.
        let bundle = catch_unwind(AssertUnwindSafe(|| {
            let mut reader = Reader::new(self.job.settings.input.clone());
            timed(&mut read, || reader.read_bundle(self.job.input, file, &|_| true))
        }))
        .unwrap_or_else(|panic| Err(Error::Bug(describe_panic(&*panic))));
        match bundle {
            Ok(series) => series.into_par_iter().for_each(|(customer, series)| {
                if self.job.stop.load(Ordering::Relaxed) {
                    return;
                }
                self.with_worker(|worker| {
                    self.guarded(worker, &customer, events, |crew, worker| {
                        let mut ms = Phases { read: read / customers as f64, ..Phases::default() };
                        let Worker { workspace, standing, .. } = worker;
                        let result = series
                            .map_err(Failure::from)
                            .and_then(|series| crew.fit(&customer, &series, workspace, standing, &mut ms));
                        (result, ms)
                    });
                });
            }),
            Err(error) if error.is_out_of_reach() => send(events, Event::CannotGoOn(error)),
            Err(error) => {
                for customer in file.customers() {
                    let outcome = Outcome::failed(customer.as_str(), error.to_string());
                    send(events, Event::Finished { outcome: Box::new(outcome), forecast: None });
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
        work: impl FnOnce(&Self, &mut Worker) -> (Result<Work, Failure>, Phases),
    ) {
        let (result, ms) = catch_unwind(AssertUnwindSafe(|| work(self, worker))).unwrap_or_else(|panic| {
            // Whatever the panic left half done is not used again.
            *worker = Worker::new(self.job.settings);
            (Err(Error::Bug(describe_panic(&*panic)).into()), Phases::default())
        });
        let event = match result {
            Ok(Work::Standing(outcome)) => Event::Finished {
                outcome: Box::new(Outcome { status: Status::Unchanged, ms, ..*outcome }),
                forecast: None,
            },
            Ok(Work::Done(done)) => {
                let (mut done, forecast) = *done;
                match done.archive.take() {
                    None => Event::Finished { outcome: Box::new(done.outcome(customer, ms)), forecast },
                    Some(archive) => return self.publish(done.outcome(customer, ms), forecast, archive, events),
                }
            }
            Err(Failure::Run(error)) => Event::CannotGoOn(error),
            Err(Failure::Stopped) => return,
            Err(Failure::Customer(error)) => {
                let outcome = Outcome { ms, ..Outcome::failed(customer.as_str(), error.to_string()) };
                Event::Finished { outcome: Box::new(outcome), forecast: None }
            }
        };
        send(events, event);
    }

    /// Publishes an artifact; the owner hears of the customer when it is there, or has failed.
    fn publish(&self, mut outcome: Outcome, forecast: Option<Forecast>, archive: Vec<u8>, events: &SyncSender<Event>) {
        let events = events.clone();
        let name = outcome.artifact.clone().unwrap_or_default();
        let begun = Instant::now();
        let done = move |result: Result<Option<Stamp>>| {
            outcome.ms.publish = begun.elapsed().as_secs_f64() * 1e3;
            let event = match result {
                Ok(stamp) => {
                    outcome.etag = stamp.map(|stamp| stamp.tag);
                    Event::Finished { outcome: Box::new(outcome), forecast }
                }
                Err(error @ Error::Storage { .. }) => Event::CannotGoOn(error),
                Err(other) => {
                    let failed = Outcome::failed(&outcome.customer, other.to_string());
                    Event::Finished { outcome: Box::new(Outcome { ms: outcome.ms, ..failed }), forecast: None }
                }
            };
            send(&events, event);
        };
        self.job.models.publish_behind(&name, archive, Box::new(done));
    }

    fn fit(
        &self,
        customer: &CustomerId,
        series: &Series,
        workspace: &mut Workspace,
        standing: &mut Vec<u8>,
        ms: &mut Phases,
    ) -> Result<Work, Failure> {
        let Settings { version, artifact_name, frequency, .. } = self.job.settings;
        let frequency = frequency.unwrap_or_else(|| Frequency::infer(&series.dates));
        let fingerprint = timed(&mut ms.compare, || Fingerprint::new(&self.shape, customer, series));
        let name = artifact_name.name(customer, version.as_deref(), &fingerprint);
        let earlier = match self.standing.look(&name, customer, &fingerprint) {
            Look::Unchanged(outcome) => return Ok(Work::Standing(outcome)),
            Look::ToBeReplaced => None,
            Look::Unknown => timed(&mut ms.compare, || self.earlier(&name, &fingerprint, standing))?,
        };
        let done = match earlier {
            Some(Artifact { metadata, model }) => Done {
                metadata,
                model,
                status: Status::Unchanged,
                frequency,
                artifact: name,
                bytes: standing.len(),
                sha256: sha256(standing),
                archive: None,
            },
            None => self.fit_anew(customer, series, frequency, &fingerprint, name, workspace, ms)?,
        };
        let forecast = timed(&mut ms.forecast, || self.forecast(&done, series));
        Ok(Work::Done(Box::new((done, forecast))))
    }

    /// The artifact of an earlier run, if it is whole and still right.
    fn earlier(&self, name: &str, fingerprint: &Fingerprint, standing: &mut Vec<u8>) -> Result<Option<Artifact>> {
        let models = self.job.models;
        if !models.read(name, standing)? {
            return Ok(None);
        }
        match inspect(standing) {
            Found::Ours(artifact) => {
                Ok(Some(*artifact).filter(|found| found.metadata.fingerprint == fingerprint.as_str()))
            }
            Found::Torn => Ok(None),
            Found::Foreign => Err(Error::Data(format!(
                "{} was not written by manyfit, so it is left alone: move it away, or choose another output or \
                 artifact_name",
                models.describe(name)
            ))),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the customer's whole state on its way through the worker")]
    fn fit_anew(
        &self,
        customer: &CustomerId,
        series: &Series,
        frequency: Frequency,
        fingerprint: &Fingerprint,
        name: String,
        workspace: &mut Workspace,
        ms: &mut Phases,
    ) -> Result<Done, Failure> {
        let Settings { model, fallback, customer_time_limit, version, .. } = self.job.settings;
        let mut notes = Vec::new();
        let mut reason = None;
        let fitted = timed(&mut ms.fit, || {
            let deadline = customer_time_limit.map(|limit| Instant::now() + limit);
            let patience = Patience { deadline, stop: Some(self.job.stop) };
            model.fit(series, frequency, patience, workspace).or_else(|error| {
                // Only what would happen again: a fit that took too long on a busy machine may end in time on the next run.
                let again = matches!(error, FitError::TooShort { .. } | FitError::NotFinite);
                let spec = fallback.as_ref().filter(|_| again && !series.is_empty()).ok_or(error)?;
                let fitted = spec.fit(series, frequency, Patience::default(), workspace).map_err(|_| error);
                reason = Some(error.to_string());
                fitted
            })
        })
        .map_err(|error| match error {
            FitError::Stopped => Failure::Stopped,
            other => Failure::Customer(Error::Data(other.to_string())),
        })?;
        let (log_posterior, sigma) = describe_fit(&fitted, &mut notes);
        let (Some(&first_ms), Some(&last_ms)) = (series.dates.first(), series.dates.last()) else {
            return Err(Error::Bug("a model was fitted to no dates".into()).into());
        };
        let mut metadata = Metadata {
            format: FORMAT,
            manyfit: env!("CARGO_PKG_VERSION").into(),
            customer: customer.to_string(),
            version: version.clone(),
            fingerprint: fingerprint.as_str().into(),
            model: fitted.name().into(),
            trained: Span { first_ms, last_ms },
            rows: series.len(),
            missing: series.missing(),
            frequency: frequency.to_string(),
            in_sample: fitted.scores(),
            log_posterior,
            sigma,
            notes,
            fallback: reason,
            ..Metadata::default()
        };
        let archive = timed(&mut ms.pack, || Artifact::pack(&mut metadata, &fitted));
        Ok(Done {
            status: if metadata.fallback.is_some() { Status::Fallback } else { Status::Fitted },
            metadata,
            model: fitted,
            frequency,
            artifact: name,
            bytes: archive.len(),
            sha256: sha256(&archive),
            archive: Some(archive),
        })
    }

    fn forecast(&self, done: &Done, series: &Series) -> Option<Forecast> {
        let Settings { horizon, include_history, seed, .. } = *self.job.settings;
        if horizon == 0 && !include_history {
            return None;
        }
        let mut dates = done.model.future_dates(done.frequency, horizon);
        if include_history && matches!(done.model, FittedModel::Prophet(_)) {
            dates.splice(0..0, series.dates.iter().copied());
        }
        Some(done.model.forecast(&dates, forecast_seed(seed, &done.metadata.customer)))
    }
}

impl Worker {
    fn new(settings: &Settings) -> Self {
        Self { reader: Reader::new(settings.input.clone()), workspace: Workspace::default(), standing: Vec::new() }
    }
}

/// log p and σ of a fit, and in `notes` what is unusual about it.
fn describe_fit(fitted: &FittedModel, notes: &mut Vec<String>) -> (Option<f64>, Option<f64>) {
    match fitted {
        FittedModel::Prophet(prophet) => {
            if prophet.notes.constant {
                notes.push("the series is constant: nothing was fitted".into());
            }
            if prophet.notes.perfect_fit {
                notes.push(format!(
                    "the model follows the series exactly, so its noise has no finite optimum: sigma is {LEAST_SIGMA} of the \
                     series' scale"
                ));
            }
            (prophet.notes.log_posterior, Some(prophet.parameters.sigma * prophet.y_scale))
        }
        FittedModel::Baseline(baseline) => (None, Some(baseline.sigma)),
    }
}

impl Done {
    fn outcome(self, customer: &CustomerId, ms: Phases) -> Outcome {
        let Self { metadata, status, artifact, bytes, sha256, .. } = self;
        Outcome {
            customer: customer.to_string(),
            status,
            reason: metadata.fallback,
            notes: metadata.notes,
            rows: metadata.rows,
            missing: metadata.missing,
            first: Some(iso(metadata.trained.first_ms)),
            last: Some(iso(metadata.trained.last_ms)),
            frequency: Some(metadata.frequency),
            model: Some(metadata.model),
            log_posterior: metadata.log_posterior,
            sigma: metadata.sigma,
            in_sample: Some(metadata.in_sample),
            ms,
            bytes: Some(bytes),
            sha256: Some(sha256),
            artifact: Some(artifact),
            fingerprint: Some(metadata.fingerprint),
            etag: None,
        }
    }
}

/// A timestamp as ISO 8601: date and time, the same form at midnight.
pub(super) fn iso_with_time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| format!("{ms} ms"),
        |timestamp| timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string(),
    )
}

/// A timestamp as ISO 8601: the date alone at midnight.
fn iso(ms: i64) -> String {
    let text = iso_with_time(ms);
    text.strip_suffix("T00:00:00").map_or(text.clone(), str::to_owned)
}

fn sha256(bytes: &[u8]) -> String {
    crate::artifact::hex(&Sha256::digest(bytes))
}

fn send(events: &SyncSender<Event>, event: Event) {
    // The owner hears everything until it has failed itself; then the run is being stopped.
    drop(events.send(event));
}

fn describe_panic(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", message.unwrap_or("without a message"))
}
