//! The one thread that counts, records, prints and decides.

use super::{existing::StaleArtifact, job::Job, progress::Display, workers::Event};
use crate::{
    error::{Error, Result},
    report::write_report,
    results::{
        Checkpoints, FleetAccuracy, HISTORY, Outcome, ResultsDirectory, ResultsLock, ShownCustomers, SortedTable,
        Spool, Status, Summary,
    },
    settings::{MaxFailures, Stale},
    store::writing,
};
use std::{
    collections::HashSet,
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
    /// Forecasts from the cutoffs of a backtest.
    backtest: Option<SortedTable>,
    /// Observed values of the customers that the report shows.
    history: Option<SortedTable>,
    shown: ShownCustomers,
    display: Display,
    summary: Summary,
    accuracy: FleetAccuracy,
    stop: &'a AtomicBool,
    max_failures: MaxFailures,
    begun: Instant,
    checkpoints: Checkpoints,
    /// Artifacts of customers that failed.
    stale: Vec<StaleArtifact>,
    /// Last, so that it is held until all else is done.
    lock: ResultsLock,
}

impl<'a> Dispatcher<'a> {
    /// Opens every file that the run will write, before it begins.
    pub(super) fn new(job: &Job<'a>, customers: usize, begun: Instant, lock: ResultsLock) -> Result<Self> {
        job.results.create()?;
        let mut summary = Summary::new(customers, job.jobs);
        summary.interval_width = job.interval_width();
        Ok(Self {
            lock,
            manifest: Spool::create(job.results.progress())?,
            table: job.table().map(|layout| SortedTable::create(layout, &job.results)).transpose()?,
            backtest: job.backtest_table()?,
            history: job.has_history().then(|| SortedTable::create(&HISTORY, &job.results)).transpose()?,
            shown: ShownCustomers::default(),
            results: job.results.clone(),
            display: Display::new(job.progress, customers),
            summary,
            accuracy: FleetAccuracy::default(),
            stop: job.stop,
            max_failures: job.settings.max_failures,
            begun,
            checkpoints: Checkpoints::new(&job.results),
            stale: Vec::new(),
        })
    }

    /// Records what the workers send until the last of them is done.
    pub(super) fn record_all(&mut self, inbox: &Receiver<Event>, out: &mut dyn Write) -> Result<()> {
        let mut failure = None;
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Event::Finished { outcome, rows }) => {
                    self.record(&outcome)?;
                    let tables = [
                        (&mut self.table, rows.results),
                        (&mut self.backtest, rows.backtest),
                        (&mut self.history, rows.history),
                    ];
                    for (table, rows) in tables {
                        if let (Some(table), Some(rows)) = (table, rows) {
                            table.append(&outcome.customer, &rows)?;
                        }
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
            self.lock.check()?;
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
        if let (Some(name), Status::Failed) = (&outcome.stale, outcome.status) {
            self.stale.push(StaleArtifact { customer: outcome.customer.clone(), name: name.clone() });
        }
        self.shown.offer(outcome);
        self.summary.add(outcome);
        self.accuracy.add(outcome);
        Ok(())
    }

    /// Deletes stale artifacts if that is wanted and the run did not fail, the `gone` customers' and those of customers that
    /// failed; names those that stay. Gives the customers whose artifact was deleted.
    fn settle_stale(&mut self, job: &Job<'_>, gone: &[StaleArtifact]) -> Result<HashSet<String>> {
        let mut deleted = HashSet::new();
        let counts = &self.summary.counts;
        let is_whole = counts.finished() == self.summary.customers;
        let has_failed = self.max_failures.is_exceeded(counts.failed, self.summary.customers);
        if job.settings.stale == Stale::Delete && is_whole && !has_failed {
            let mut buffer = Vec::new();
            for artifact in gone.iter().chain(&self.stale) {
                if artifact.delete(job.models, job.largest_artifact(), &mut buffer)? {
                    deleted.insert(artifact.customer.clone());
                }
            }
        }
        for StaleArtifact { customer, name } in gone.iter().filter(|artifact| !deleted.contains(&artifact.customer)) {
            self.record(&Outcome::stale(customer, name))?;
        }
        self.summary.forget_stale(&deleted, self.stale.iter().map(|artifact| &artifact.customer));
        Ok(deleted)
    }

    /// Writes the manifest, the table and the summary.
    pub(super) fn finish(mut self, job: &Job<'_>, gone: &[StaleArtifact], out: &mut dyn Write) -> Result<Summary> {
        let deleted = self.settle_stale(job, gone)?;
        let Self {
            results,
            mut manifest,
            table,
            backtest,
            history,
            shown,
            display,
            mut summary,
            mut accuracy,
            stop,
            begun,
            max_failures,
            lock,
            ..
        } = self;
        summary.accuracy = accuracy.medians();
        let close = |summary: &mut Summary| {
            summary.close(begun.elapsed().as_secs_f64(), max_failures, stop.load(Ordering::Relaxed));
        };
        close(&mut summary);
        display.finish(&summary, out)?;
        if summary.stopped && results.are_whole() {
            manifest.flush()?;
            self.checkpoints.leave(manifest.path());
            [table, backtest, history].into_iter().flatten().try_for_each(SortedTable::discard)?;
            summary.kept_earlier = Some(results.progress_name());
            return Ok(summary);
        }
        lock.check()?;
        let mut files = Vec::new();
        for table in [table, backtest].into_iter().flatten() {
            files.extend(table.finish()?);
        }
        if let Some(history) = history {
            let names = shown.names();
            files.extend(history.finish_csv(|customer| names.contains(customer))?);
        }
        files.push(results.stage("manifest", "jsonl", |file, path| {
            manifest.read_sorted(|customer, row| {
                let changed = if deleted.contains(customer) { without_stale(row) } else { None };
                file.write_all(changed.as_deref().unwrap_or(row)).map_err(|error| writing(path, error))
            })
        })?);
        close(&mut summary);
        results.publish(files, &mut summary)?;
        if job.settings.report {
            summary.written.push(write_report(&results.local(), &results)?);
        }
        // The last step: as long as it is there, the results beside it may not be this run's.
        manifest.remove()?;
        self.checkpoints.finish();
        drop(lock);
        Ok(summary)
    }
}

/// A row of the manifest whose stale artifact was deleted after all.
fn without_stale(row: &[u8]) -> Option<Vec<u8>> {
    let outcome: Outcome = serde_json::from_slice(row).ok()?;
    let mut row = serde_json::to_vec(&Outcome { stale: None, ..outcome }).ok()?;
    row.push(b'\n');
    Some(row)
}
