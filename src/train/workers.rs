//! The worker threads: reading, fitting and publishing customers; panics, buffers and memory.

use super::{
    existing::ExistingArtifacts,
    fit::{Buffers, Failure, FitContext, Made, TableRows, timed},
    job::Job,
    plan::Plan,
    rows::fit_rows,
    series::fit_series,
    validation::Validation,
};
use crate::{
    error::{Error, Result},
    input::{ColumnNames, Contents, InputFile, Reader},
    results::{Outcome, Phases},
    run::{Gate, catch_panic},
    settings::Task,
    store::Stamp,
};
use manyfit_models::data::CustomerId;
use rayon::prelude::*;
use std::{
    cell::Cell,
    sync::{Arc, Mutex, atomic::Ordering, mpsc::SyncSender},
    time::Instant,
};

/// What a worker reports to the dispatcher.
pub(super) enum Event {
    /// A customer is done, with its rows of the tables of results.
    Finished { outcome: Box<Outcome>, rows: TableRows },
    /// No artifact can be written, or no input read, for any customer.
    RunFailed(Error),
}

/// All workers, and what they share.
pub(super) struct Workers<'a> {
    job: &'a Job<'a>,
    validation: &'a Validation<'a>,
    context: FitContext<'a>,
    /// The columns of the first file, which others must agree with.
    columns: Option<ColumnNames>,
    memory: Option<Arc<Gate>>,
}

thread_local! {
    /// The buffers of this thread, which ends with the run; absent while they are in use.
    static WORKER: Cell<Option<Worker>> = const { Cell::new(None) };
}

/// The buffers of one worker thread.
struct Worker {
    reader: Reader,
    fit: Buffers,
}

impl Worker {
    fn new(reader: Reader) -> Self {
        Self { reader, fit: Buffers::default() }
    }
}

impl<'a> Workers<'a> {
    pub(super) fn new(
        job: &'a Job<'a>,
        plan: &Plan,
        validation: &'a Validation<'a>,
        existing: ExistingArtifacts<'a>,
    ) -> Self {
        let sizes = plan.files.iter().map(|file| file.unpacked_size() + validation.size_with(file));
        Self {
            job,
            validation,
            context: FitContext {
                settings: job.settings,
                canonical_settings: job.settings.shape(),
                existing,
                has_validation: job.validation.is_some(),
                stop: job.stop,
                model_memory: job.model_memory(),
                shown: job.has_history().then(Mutex::default),
            },
            columns: plan.columns.clone(),
            memory: Gate::if_needed(job.memory_to_read(), job.jobs, sizes),
        }
    }

    fn reader(&self) -> Reader {
        Reader::new(self.job.settings.input.clone()).agreeing_with(self.columns.clone())
    }

    /// Works with the buffers of this thread.
    ///
    /// They are taken out meanwhile: if a library waits inside `work`, rayon may start another customer on this thread, which
    /// then finds none and gets new buffers.
    fn with_worker<T>(&self, work: impl FnOnce(&mut Worker) -> T) -> T {
        let mut worker = WORKER.take().unwrap_or_else(|| Worker::new(self.reader()));
        let result = work(&mut worker);
        WORKER.set(Some(worker));
        result
    }

    /// Fits every customer of a file.
    pub(super) fn fit_file(&self, file: &InputFile, events: &SyncSender<Event>) {
        let Self { job, validation, context, .. } = self;
        let size = || file.unpacked_size() + validation.size_with(file);
        let admitted = self.memory.as_ref().map(|memory| memory.admit(size()));
        match (&file.contents, &job.settings.task) {
            (Contents::One(customer), task) => self.with_worker(|worker| {
                self.guarded(worker, customer, Phases::default(), events, |worker, ms| {
                    let Worker { reader, fit } = worker;
                    match task {
                        Task::Forecast(task) => {
                            let series = timed(&mut ms.read, || reader.read_series(job.input, file))?;
                            fit_series(context, task, customer, series, fit, ms)
                        }
                        Task::Regression(task) => {
                            let read = || validation.read_tables(job.input, reader, customer, file);
                            let tables = timed(&mut ms.read, read)?;
                            fit_rows(context, task, customer, tables, fit, ms)
                        }
                    }
                });
                if admitted.is_some() {
                    // If memory is limited, buffers that a large file grew are freed with it.
                    *worker = Worker::new(self.reader());
                }
            }),
            (Contents::Many(_), Task::Forecast(task)) => {
                let read = || self.reader().read_bundle(job.input, file);
                self.fit_bundle(file, events, read, |customer, series, buffers, ms| {
                    fit_series(context, task, customer, &series, buffers, ms)
                });
            }
            (Contents::Many(_), Task::Regression(task)) => {
                let read = || validation.read_bundle(job.input, self.reader(), file);
                self.fit_bundle(file, events, read, |customer, tables, buffers, ms| {
                    fit_rows(context, task, customer, tables, buffers, ms)
                });
            }
        }
    }

    /// Reads a file of many customers, with separate buffers that are freed before the customers are fitted; then
    /// distributes the customers to idle workers.
    fn fit_bundle<T: Send>(
        &self,
        file: &InputFile,
        events: &SyncSender<Event>,
        read: impl FnOnce() -> Result<Vec<(CustomerId, Result<T>)>>,
        fit: impl Fn(&CustomerId, T, &mut Buffers, &mut Phases) -> Result<Made, Failure> + Sync,
    ) {
        let mut read_ms = 0.0;
        match catch_panic(|| timed(&mut read_ms, read)).flatten() {
            Ok(customers) => {
                let ms = Phases { read: read_ms / customers.len().max(1) as f64, ..Phases::default() };
                customers.into_par_iter().for_each(|(customer, data)| {
                    if self.job.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    self.with_worker(|worker| {
                        self.guarded(worker, &customer, ms, events, |worker, ms| {
                            fit(&customer, data?, &mut worker.fit, ms)
                        });
                    });
                });
            }
            Err(error) if error.is_out_of_reach() => send(events, Event::RunFailed(error)),
            Err(error) => {
                for customer in file.customers() {
                    let outcome = self.context.failed(customer, &error);
                    send(events, Event::Finished { outcome: Box::new(outcome), rows: TableRows::default() });
                }
            }
        }
    }

    /// Runs one customer's work; any result or failure becomes that customer's outcome. `ms` is the time spent so far.
    fn guarded(
        &self,
        worker: &mut Worker,
        customer: &CustomerId,
        mut ms: Phases,
        events: &SyncSender<Event>,
        work: impl FnOnce(&mut Worker, &mut Phases) -> Result<Made, Failure>,
    ) {
        let result = catch_panic(|| work(worker, &mut ms)).unwrap_or_else(|error| {
            // Buffers that the panic left half-done are not used again.
            *worker = Worker::new(self.reader());
            Err(error.into())
        });
        let event = match result {
            Ok(Made { outcome, archive, rows }) => {
                let outcome = Box::new(Outcome { ms, ..outcome });
                match archive {
                    None => Event::Finished { outcome, rows },
                    Some(archive) => return self.publish(outcome, rows, archive, events),
                }
            }
            Err(Failure::Run(error)) => Event::RunFailed(error),
            Err(Failure::Stopped) => return,
            Err(Failure::Customer(error)) => {
                let outcome = Outcome { ms, ..self.context.failed(customer, &error) };
                Event::Finished { outcome: Box::new(outcome), rows: TableRows::default() }
            }
        };
        send(events, event);
    }

    /// Publishes an artifact; reports the customer when the artifact is written or has failed.
    fn publish(&self, mut outcome: Box<Outcome>, rows: TableRows, archive: Vec<u8>, events: &SyncSender<Event>) {
        let events = events.clone();
        let name = outcome.artifact.clone().unwrap_or_default();
        let begun = Instant::now();
        let done = move |result: Result<Option<Stamp>>| {
            outcome.ms.publish = begun.elapsed().as_secs_f64() * 1e3;
            let event = match result {
                Ok(stamp) => {
                    outcome.etag = stamp.map(|stamp| stamp.tag);
                    Event::Finished { outcome, rows }
                }
                Err(error @ Error::Storage { .. }) => Event::RunFailed(error),
                Err(other) => {
                    let failed = Outcome::failed(&outcome.customer, other.to_string());
                    let outcome = Box::new(Outcome { ms: outcome.ms, ..failed });
                    Event::Finished { outcome, rows: TableRows::default() }
                }
            };
            send(&events, event);
        };
        self.job.models.publish_behind(&name, archive, Box::new(done));
    }
}

fn send(events: &SyncSender<Event>, event: Event) {
    // Fails only if the dispatcher has failed: then the run is being stopped.
    drop(events.send(event));
}
