//! The run: every customer of a place fitted, in parallel, each with its own outcome.
//!
//! ```text
//! plan ─► workers (one per core): read ─► compare ─► fit ─► pack ─► publish ─► Event ─► owner ─► Summary
//!                                                                                       manifest, tables, progress
//! ```
//!
//! - A worker owns one customer at a time and shares nothing; one owner thread counts, records, prints and decides.
//! - A customer's artifact depends on its rows and the settings alone, never on the order or the number of workers.
//! - What fails is the customer: bad rows, a panic, a foreign file in its place. Only a place that cannot be written
//!   stops the run.
//! - Killed at any moment, the run leaves whole artifacts; run again, it fits what is missing or has changed.

mod accuracy;
mod forecast_rows;
mod merge;
mod outcome;
mod owner;
mod plan;
mod progress;
mod regression;
mod result_table;
mod results;
mod series;
mod spool;
mod standing;
mod summary;
mod validation;
mod worker;

pub use accuracy::MedianAccuracy;
pub use merge::{Merged, merge};
pub use outcome::{Outcome, Phases, Status};
pub use progress::Progress;
pub use results::ResultsDirectory;
pub use summary::Summary;

use crate::{
    error::{Error, Result},
    input::{Discovery, InputFile, InputSettings, Purpose, Scan, discover_with},
    run::{Gate, thread_pool},
    settings::Settings,
    shard::Shard,
    store::Store,
};
use owner::Owner;
use rayon::ThreadPool;
use std::{
    io::Write,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};
use validation::Validation;
use worker::{Crew, Event};

/// Everything a run needs, from whoever starts it.
pub struct Job<'a> {
    /// Where the customers' files are.
    pub input: &'a dyn Store,
    /// Where the rows are that regression models are judged by, if they are in a place of their own.
    pub validation: Option<&'a dyn Store>,
    /// Where the artifacts go, and where those of an earlier run stand.
    pub models: &'a dyn Store,
    /// Where the manifest, the forecasts and the summary go.
    pub results: ResultsDirectory,
    /// What to do.
    pub settings: &'a Settings,
    /// Which part of the customers.
    pub shard: Shard,
    /// Number of worker threads.
    pub jobs: usize,
    /// Bytes of input that may be in memory at once, as read.
    pub memory: u64,
    /// Raised from outside to end the run early and in order.
    pub stop: &'a AtomicBool,
    /// How progress is shown.
    pub progress: Progress,
}

/// Runs a job; what people should read goes to `out`.
///
/// # Errors
/// Only what concerns the run as a whole: input that cannot be listed, a place that cannot be written. What becomes of
/// single customers is in the summary.
pub fn run(job: &Job<'_>, out: &mut dyn Write) -> Result<Summary> {
    let begun = Instant::now();
    let pool = thread_pool("worker", job.jobs)?;
    let input = &job.settings.input;
    let discovery = discover(job, &pool, job.input, input)?;
    let validation = match job.validation {
        Some(store) => {
            let mut input = input.clone();
            if let Some(table) = &mut input.table {
                table.purpose = Purpose::Validation;
            }
            Validation::new(store, discover(job, &pool, store, &input)?)
        }
        None => Validation::default(),
    };
    // Before the shard is taken: a customer of another shard is in the input too.
    let unmatched = job.settings.unmatched(discovery.names());
    let plan = plan::Plan::new(discovery, job.shard);
    let say = |out: &mut dyn Write, line: &str| writeln!(out, "{line}").map_err(|e| Error::storage("printing", e));
    for line in plan.describe(job.input, job.shard) {
        say(out, &line)?;
    }
    for line in unmatched {
        say(out, &line)?;
    }
    for line in validation.describe(&plan.files) {
        say(out, &line)?;
    }

    let mut owner = Owner::new(job, plan.customers, begun)?;
    for (customer, reason) in &plan.refused {
        owner.refused(customer, reason)?;
    }
    // Bounded, so that workers wait for a slow disk instead of filling the memory with outcomes.
    let (events, inbox) = mpsc::sync_channel::<Event>(256);
    let standing = standing::Standing::survey(job, &plan)?;
    job.input.read_ahead(plan.files.iter().map(InputFile::entry).collect());
    validation.read_ahead(&plan.files);
    let crew = Crew::new(job, &plan, &validation, standing);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // The closure owns the only sender, so the owner's inbox closes when the last worker is done.
            let events = events;
            pool.broadcast(|_| {
                while let Some(file) = plan.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if job.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    crew.fit_file(file, &events);
                }
            });
        });
        let recorded = owner.record_all(&inbox, out);
        if recorded.is_err() {
            // Nothing can be recorded any more: no new customers, and nobody waits at a full inbox.
            job.stop.store(true, Ordering::Relaxed);
            inbox.iter().for_each(drop);
        }
        recorded
    })?;
    owner.finish(out)
}

/// Lists a place, files of many customers in parallel.
fn discover(job: &Job<'_>, pool: &ThreadPool, store: &dyn Store, settings: &InputSettings) -> Result<Discovery> {
    let stopped = || Error::Stopped("stopped while the input was being listed: run it again".into());
    let discovery = discover_with(store, settings, |files, scan| {
        store.read_ahead(files.iter().map(InputFile::entry).collect());
        let memory = Gate::if_needed(job.memory, job.jobs, files.iter().map(InputFile::unpacked_size));
        let next = AtomicUsize::new(0);
        // A broadcast, because its threads begin no other file while a library makes one of them wait: the memory that a
        // thread holds would never be free for the file it began in between.
        let scans = pool.broadcast(|_| {
            let mut scans: Vec<(usize, Result<Scan>)> = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(at) else { return scans };
                let _admitted = memory.as_ref().map(|memory| memory.admit(file.unpacked_size()));
                scans.push((at, if job.stop.load(Ordering::Relaxed) { Err(stopped()) } else { scan(file) }));
            }
        });
        let mut scans: Vec<_> = scans.into_iter().flatten().collect();
        scans.sort_by_key(|(at, _)| *at);
        scans.into_iter().map(|(_, scan)| scan).collect()
    })?;
    if job.stop.load(Ordering::Relaxed) { Err(stopped()) } else { Ok(discovery) }
}
