//! The one thread that counts, records, prints and decides.

use super::{job::Job, progress::Display, workers::Event};
use crate::{
    error::{Error, Result},
    results::{Checkpoints, FleetAccuracy, Outcome, ResultsDirectory, SortedTable, Spool, Summary},
    settings::MaxFailures,
    store::writing,
};
use std::{
    io::Write,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

/// The longest time between two updates of the display.
const TICK: Duration = Duration::from_millis(250);

pub(super) struct Dispatcher<'a> {
    results: ResultsDirectory,
    /// Rows of the manifest in the order in which customers finished: what a killed run leaves behind.
    manifest: Spool,
    /// Forecasts, or predictions for validation rows.
    table: Option<SortedTable>,
    display: Display,
    summary: Summary,
    accuracy: FleetAccuracy,
    stop: &'a AtomicBool,
    max_failures: MaxFailures,
    begun: Instant,
    checkpoints: Checkpoints,
}

impl<'a> Dispatcher<'a> {
    /// Opens every file that the run will write, before it begins.
    pub(super) fn new(job: &Job<'a>, customers: usize, begun: Instant) -> Result<Self> {
        job.results.create()?;
        Ok(Self {
            manifest: Spool::create(job.results.file("manifest.partial", "jsonl"))?,
            table: job.table().map(|layout| SortedTable::create(layout, &job.results)).transpose()?,
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

    /// Records what the workers send until the last of them is done.
    pub(super) fn record_all(&mut self, inbox: &Receiver<Event>, out: &mut dyn Write) -> Result<()> {
        let mut failure = None;
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Event::Finished { outcome, rows }) => {
                    self.record(&outcome)?;
                    if let (Some(table), Some(rows)) = (&mut self.table, rows) {
                        table.append(&outcome.customer, &rows)?;
                    }
                    self.display.scored(&outcome, out)?;
                }
                Ok(Event::RunFailed(error)) => {
                    self.stop.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
                Err(RecvTimeoutError::Timeout) => self.manifest.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.checkpoints.upload(self.manifest.path());
            self.display.update(&self.summary.counts, out)?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Records a customer that is done, or that was refused before the run began.
    pub(super) fn record(&mut self, outcome: &Outcome) -> Result<()> {
        let mut row = serde_json::to_vec(outcome).map_err(|error| Error::Bug(error.to_string()))?;
        row.push(b'\n');
        self.manifest.append(&outcome.customer, &row)?;
        self.summary.add(outcome);
        self.accuracy.add(outcome);
        Ok(())
    }

    /// Writes the manifest, the table and the summary.
    pub(super) fn finish(self, out: &mut dyn Write) -> Result<Summary> {
        let Self { results, manifest, table, display, mut summary, mut accuracy, stop, .. } = self;
        summary.accuracy = accuracy.medians();
        display.finish(&summary, out)?;
        summary.written.push(results.write("manifest", "jsonl", |file, path| {
            manifest.drain_sorted(|_, row| file.write_all(row).map_err(|error| writing(path, error)))
        })?);
        if let Some(table) = table {
            summary.written.extend(table.finish()?);
        }
        summary.close(self.begun.elapsed().as_secs_f64(), self.max_failures, stop.load(Ordering::Relaxed));
        summary.write(&results)?;
        self.checkpoints.finish();
        Ok(summary)
    }
}
