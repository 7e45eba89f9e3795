//! The one thread that counts, records, shows and decides.

use super::{
    Job,
    accuracy::FleetAccuracy,
    forecast_rows::FORECASTS,
    outcome::Outcome,
    progress::Display,
    regression::PREDICTIONS,
    result_table::{Layout, ResultTable},
    results::{Checkpoints, ResultsDirectory},
    spool::Spool,
    summary::Summary,
    worker::Event,
};
use crate::{
    error::{Error, Result},
    settings::{MaxFailures, Task},
    store::{write_file, writing},
};
use std::{
    io::Write,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

/// The longest that progress stands still on the screen.
const TICK: Duration = Duration::from_millis(250);

pub(super) struct Owner<'a> {
    results: ResultsDirectory,
    /// Rows of the manifest in the order in which customers finished: what a killed run leaves behind.
    manifest: Spool,
    /// Forecasts, or predictions for the rows that models are judged by.
    table: Option<ResultTable>,
    display: Display,
    summary: Summary,
    accuracy: FleetAccuracy,
    stop: &'a AtomicBool,
    max_failures: MaxFailures,
    begun: Instant,
    checkpoints: Checkpoints,
}

/// The table of results that a job makes, if any.
pub(super) fn table_layout(job: &Job<'_>) -> Option<&'static Layout> {
    match &job.settings.task {
        Task::Forecast(task) => (task.horizon > 0 || task.include_history).then_some(&FORECASTS),
        Task::Regression(task) => (job.validation.is_some() || task.validation_fraction > 0.0).then_some(&PREDICTIONS),
    }
}

impl<'a> Owner<'a> {
    /// Opens every file that the run will write, before it begins.
    pub(super) fn new(job: &Job<'a>, customers: usize, begun: Instant) -> Result<Self> {
        job.results.create()?;
        let layout = table_layout(job);
        Ok(Self {
            manifest: Spool::create(job.results.file("manifest.partial", "jsonl"))?,
            table: layout.map(|layout| ResultTable::create(layout, &job.results)).transpose()?,
            results: job.results.clone(),
            display: Display::new(job.progress, customers),
            summary: Summary::new(customers, job.jobs),
            accuracy: FleetAccuracy::default(),
            stop: job.stop,
            max_failures: job.settings.max_failures,
            begun,
            checkpoints: Checkpoints::new(&job.results),
        })
    }

    /// Records a customer that was refused before the work began.
    pub(super) fn refused(&mut self, customer: &str, reason: &str) -> Result<()> {
        self.record(&Outcome::failed(customer, reason.to_owned()))
    }

    /// Records what the workers send until the last of them is done.
    pub(super) fn record_all(&mut self, inbox: &Receiver<Event>, out: &mut dyn Write) -> Result<()> {
        let mut cannot_go_on = None;
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Event::Finished { outcome, block }) => {
                    self.record(&outcome)?;
                    if let (Some(table), Some(block)) = (&mut self.table, block) {
                        table.append(&outcome.customer, &block)?;
                    }
                    self.display.scored(&outcome, out)?;
                }
                Ok(Event::CannotGoOn(error)) => {
                    self.stop.store(true, Ordering::Relaxed);
                    cannot_go_on.get_or_insert(error);
                }
                Err(RecvTimeoutError::Timeout) => self.manifest.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.checkpoints.copy(self.manifest.path());
            self.display.update(&self.summary.counts, out)?;
        }
        cannot_go_on.map_or(Ok(()), Err)
    }

    fn record(&mut self, outcome: &Outcome) -> Result<()> {
        let mut row = serde_json::to_vec(outcome).map_err(|error| Error::Bug(error.to_string()))?;
        row.push(b'\n');
        self.manifest.append(&outcome.customer, &row)?;
        self.summary.add(outcome);
        self.accuracy.add(outcome);
        Ok(())
    }

    /// Writes the tables and the summary.
    pub(super) fn finish(mut self, out: &mut dyn Write) -> Result<Summary> {
        self.summary.accuracy = self.accuracy.medians();
        self.display.finish(&self.summary, out)?;
        let path = self.results.file("manifest", "jsonl");
        write_file(&path, |file| {
            self.manifest.drain_sorted(|_, row| file.write_all(row).map_err(|error| writing(&path, error)))
        })?;
        self.summary.written.push(self.results.deliver(&path)?);
        if let Some(table) = self.table {
            self.summary.written.extend(table.finish()?);
        }
        self.summary.close(self.begun.elapsed().as_secs_f64(), self.max_failures, self.stop.load(Ordering::Relaxed));
        let path = self.results.file("summary", "json");
        self.summary.written.push(self.results.final_name(&path));
        write_file(&path, |file| {
            serde_json::to_writer_pretty(&mut *file, &self.summary).map_err(|error| Error::Bug(error.to_string()))?;
            writeln!(file).map_err(|error| writing(&path, error))
        })?;
        self.results.deliver(&path)?;
        self.checkpoints.end();
        Ok(self.summary)
    }
}
