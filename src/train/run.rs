//! The run, from listing the input to the summary.

use super::{
    dispatcher::Dispatcher,
    existing::ExistingArtifacts,
    job::{Job, KEPT_SHARE},
    plan::Plan,
    validation::Validation,
    workers::{Event, Workers},
};
use crate::{
    error::{Error, Result},
    input::{Discovery, InputFile, InputSettings, Purpose, Scan, discover_with},
    results::{Outcome, Summary},
    run::{Gate, thread_pool},
    store::Store,
    words::printable,
};
use manyfit_models::data::CustomerId;
use rayon::ThreadPool;
use std::{
    io::Write,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

/// Runs a job; messages for people go to `out`.
///
/// # Errors
/// Only what concerns the run as a whole: input that cannot be listed, a place that cannot be written. Failures of
/// single customers are in the summary.
pub fn run(job: &Job<'_>, out: &mut dyn Write) -> Result<Summary> {
    run_on(job, None, out)
}

/// What there is to fit and to validate with, where the places of the job are not to be listed for it.
pub struct Found {
    /// The customers' rows.
    pub input: Discovery,
    /// Their validation rows.
    pub validation: Option<Discovery>,
}

/// Runs a job on customers that are known.
///
/// # Errors
/// As for [`run`].
pub fn run_found(job: &Job<'_>, found: Found, out: &mut dyn Write) -> Result<Summary> {
    run_on(job, Some(found), out)
}

fn run_on(job: &Job<'_>, found: Option<Found>, out: &mut dyn Write) -> Result<Summary> {
    let begun = Instant::now();
    // At once where there is such a folder; one for which there turn out to be no customers is not created.
    let lock = job.results.exists().then(|| job.lock()).transpose()?;
    let pool = thread_pool("worker", job.jobs)?;
    let (discovery, validation) = match found {
        Some(Found { input, validation }) => (input, validation),
        None => discover_all(job, &pool)?,
    };
    let validation = match (job.validation, validation) {
        (Some(store), Some(discovery)) => Validation::new(store, discovery),
        _ => Validation::default(),
    };
    // Before the shard is selected: customers of other shards are in the input, too.
    let unmatched = job.settings.unmatched(discovery.names());
    let plan = Plan::new(discovery, job.shard);
    for line in plan
        .describe(job.input, job.shard)
        .into_iter()
        .chain(unmatched)
        .chain(validation.describe(&plan.files, &job.settings.task))
    {
        writeln!(out, "{}", printable(&line)).map_err(|error| Error::storage("printing", error))?;
    }

    let lock = lock.map_or_else(|| job.lock(), Ok)?;
    let existing = ExistingArtifacts::list(job, &plan)?;
    let (gone, lost) = match &plan.unknown {
        None => (existing.gone(job, &plan), Vec::new()),
        // They may be in what cannot be read.
        Some(_) => (Vec::new(), existing.lost(job, &plan)?),
    };
    let mut dispatcher = Dispatcher::new(job, plan.customers + lost.len(), begun, lock)?;
    // Bounded, so that workers wait for a slow disk instead of filling the memory with outcomes.
    let (events, inbox) = mpsc::sync_channel::<Event>(256);
    for (customer, reason) in &plan.refused {
        let stale = CustomerId::new(customer).ok().and_then(|customer| existing.left_over(&customer));
        dispatcher.record(&Outcome { stale, ..Outcome::failed(customer, reason.clone()) })?;
    }
    for customer in &lost {
        let place = job.input.describe(plan.unknown.as_deref().unwrap_or_default());
        let reason =
            format!("has results of an earlier run, and may be in {place}, which cannot be read: its model stays");
        dispatcher.record(&Outcome::failed(customer, reason))?;
    }
    job.input.read_ahead(plan.files.iter().filter(|file| !file.kept.is_some()).map(InputFile::entry).collect());
    validation.read_ahead(&plan.files);
    let workers = Workers::new(job, &plan, &validation, existing);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let started = thread::Builder::new().name("workers".into()).spawn_scoped(scope, || {
            // The closure owns the only sender, so the dispatcher's inbox closes when the last worker is done.
            let events = events;
            pool.broadcast(|_| {
                while let Some(file) = plan.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if job.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    workers.fit_file(file, &events);
                }
            });
        });
        started.map_err(Error::no_threads)?;
        let recorded = dispatcher.record_all(&inbox, out);
        if recorded.is_err() {
            // Nothing can be recorded any more: start no new customers, and let no worker wait at a full inbox.
            job.stop.store(true, Ordering::Relaxed);
            inbox.iter().for_each(drop);
        }
        recorded
    })?;
    dispatcher.finish(job, &gone, out)
}

/// Lists the places of a job.
fn discover_all(job: &Job<'_>, pool: &ThreadPool) -> Result<(Discovery, Option<Discovery>)> {
    let input = &job.settings.input;
    let discovery = discover(job, pool, job.input, input)?;
    refuse_nothing(job, job.input, &discovery, "customers'")?;
    let Some(store) = job.validation else { return Ok((discovery, None)) };
    let mut input = input.clone();
    if let Some(table) = &mut input.table {
        table.purpose = Purpose::Validation;
    }
    let validation = discover(job, pool, store, &input)?;
    refuse_nothing(job, store, &validation, "validation")?;
    Ok((discovery, Some(validation)))
}

/// Before anything is written: a mistyped place must not empty the results of an earlier run.
fn refuse_nothing(job: &Job<'_>, store: &dyn Store, discovery: &Discovery, of: &str) -> Result<()> {
    if job.may_be_empty || !discovery.is_empty() {
        return Ok(());
    }
    let (place, skipped) = (store.describe(""), &discovery.skipped);
    let (others, advice) = match skipped.count {
        0 => (String::new(), "check its name"),
        _ => (format!(", only {skipped}"), "write them as .csv, .csv.gz, .tsv or .parquet, or check the place's name"),
    };
    Err(Error::Data(format!(
        "{}: holds no {of} files{others}: {advice}; nothing was trained, and the results of earlier runs are unchanged",
        place.trim_end_matches('/')
    )))
}

/// Lists a place; scans files of many customers in parallel.
fn discover(job: &Job<'_>, pool: &ThreadPool, store: &dyn Store, settings: &InputSettings) -> Result<Discovery> {
    let stopped = || Error::Stopped("stopped while the input was being listed: run it again".into());
    let discovery = discover_with(store, settings, job.memory / KEPT_SHARE, |files, scan| {
        store.read_ahead(files.iter().filter(|file| !file.kept.is_some()).map(InputFile::entry).collect());
        let memory = Gate::if_needed(job.memory_to_read(), job.jobs, files.iter().map(InputFile::unpacked_size));
        let next = AtomicUsize::new(0);
        // A broadcast, not a parallel iterator: when a library waits inside a task, rayon may start another task on the
        // same thread, which would wait for memory that this thread itself holds.
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
