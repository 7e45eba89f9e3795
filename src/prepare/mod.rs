//! From raw tables, larger than memory, to one file per customer, or to bundles of whole customers.
//!
//! ```text
//! tables ─► blocks ─► rows ─► buckets on disk, by the hash of the customer            first half: scatter
//! buckets ─► (bundles of equal work) ─► customers, in the order of time ─► files      second half: gather
//!                                                                       └► quality report ─► Summary
//! ```
//!
//! - A row is split only as far as its columns are needed; its value stays the text that it was.
//! - Every row is checked before the first file is written: bad rows beyond the tolerance leave nothing behind.
//! - What is written depends on the rows and the options alone: not on threads, memory, or restarts.
//! - Memory is what the buckets of as many threads take, and there are as many buckets as that needs; a customer with more
//!   rows than a thread's share has the shares of others meanwhile. Buckets are parts of one file, so nothing depends on how
//!   many files may be open.
//! - Files are written under another name and renamed. A run that was killed goes on with the buckets that are not done.
//!
//! | module | one idea |
//! |---|---|
//! | `options` | what is asked for |
//! | `tables` | the tables, cut into blocks of whole rows |
//! | `fetched` | distant Parquet files, on this machine while they are read |
//! | `mapping` | a table's row to a customer's row, or the reason why not |
//! | `filter`, `zones`, `period` | conditions, clocks, periods of the calendar |
//! | `bad_rows` | rows that cannot be used |
//! | `record`, `spool` | rows in buckets; buckets on disk |
//! | `counts` | how many rows there were, and what became of them |
//! | `scatter`, `gather` | the two halves |
//! | `permits` | how much is loaded at once |
//! | `bundles` | which customers share a file |
//! | `shape` | duplicates, periods, grid |
//! | `text`, `parquet_read`, `parquet_write` | formats |
//! | `publish` | customers to files |
//! | `quality`, `report`, `summary` | what the data are like |
//! | `journal` | what a run remembers for the next one |

mod bad_rows;
mod bundles;
mod counts;
mod fetched;
mod filter;
mod gather;
mod journal;
mod mapping;
mod options;
#[cfg(feature = "parquet")]
mod parquet_read;
#[cfg(feature = "parquet")]
mod parquet_write;
mod period;
mod permits;
mod publish;
mod quality;
mod record;
mod report;
mod scatter;
mod shape;
mod spool;
mod summary;
mod tables;
mod text;
mod zones;

pub use filter::Filter;
pub use options::{Aggregate, Arrangement, Duplicates, Format, Keep, Options};
pub use period::Period;
pub use quality::Quality;
pub use summary::Summary;

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sha2::{Digest, Sha256};

use self::{
    bundles::Bundle,
    fetched::Fetched,
    gather::Loaded,
    journal::{Journal, Plan, WorkDirectory},
    permits::Permits,
    publish::{Publisher, Style, Task},
    scatter::{Room, Scattered},
    spool::Spool,
};
use crate::{
    error::{Error, Result},
    run::thread_pool,
    shard::Shard,
    store::{Entry, Stamp, Store},
};

/// Names and endings of the reports, the summary last.
const REPORTS: [(&str, &str); 4] =
    [("rejects", "csv"), ("quality", "csv"), ("quality", "parquet"), ("summary", "json")];

/// Everything a preparation needs, from whoever starts it.
pub struct Job<'a> {
    /// Where the tables are.
    pub input: &'a dyn Store,
    /// Where the customers' files go: nothing else is in it.
    pub customers: &'a dyn Store,
    /// The directory for the quality report, the rejects and the summary.
    pub reports: PathBuf,
    /// Where they are brought from there when they are whole, if they belong somewhere else.
    pub distant: Option<&'a dyn Store>,
    /// The directory for rows between reading and writing: as large as the tables as text. Removed at the end.
    pub work: PathBuf,
    /// What is asked for.
    pub options: &'a Options,
    /// Which part of the customers.
    pub shard: Shard,
    /// Number of threads.
    pub jobs: usize,
    /// Bytes of rows that may be in memory at once.
    pub memory: u64,
    /// Raised from outside to end the run early and in order.
    pub stop: &'a AtomicBool,
}

/// Prepares; what people should read goes to `out`.
///
/// # Errors
/// [`Error::Data`] for a table that cannot be read, and for the first bad row beyond the tolerance; [`Error::Storage`]
/// for a place that cannot be read or written; [`Error::Stopped`].
pub fn run(job: &Job<'_>, out: &mut dyn Write) -> Result<Summary> {
    let pool = thread_pool("prepare", job.jobs)?;
    let permits = Permits::new(job.memory);
    let room = Room { pool: &pool, threads: job.jobs, memory: job.memory, permits: &permits, stop: job.stop };
    let fingerprint = fingerprint(job)?;
    create_directory(&job.reports)?;
    let work = WorkDirectory::create(&job.work)?;
    work.sweep(job.customers)?;
    if work.plan(&fingerprint).is_none() {
        if let Err(error) = refuse_beginning(job, &fingerprint) {
            work.leave()?;
            return Err(error);
        }
        work.clear()?;
    }
    let done = first_half(job, room, &work, &fingerprint, out).and_then(|(spool, plan)| {
        say(out, &plan.described)?;
        second_half(job, room, &work, &spool, &plan)
    });
    match done {
        Ok(summary) => {
            // Before the way back is gone: who sees the files must see whose they are.
            let text = serde_json::to_vec_pretty(&Closing { fingerprint, summary: &summary })
                .map_err(|error| Error::Bug(format!("the summary cannot be written: {error}")))?;
            report::write_whole(&job.report_path("summary", "json"), &text)?;
            job.deliver()?;
            work.remove()?;
            Ok(summary)
        }
        Err(error) => {
            // What a later run goes on with stays; what none can use goes, before it fills somebody's disk.
            if work.plan(&fingerprint).is_none() {
                work.remove()?;
            } else {
                work.leave()?;
            }
            Err(error)
        }
    }
}

/// The summary as a file.
#[derive(serde::Serialize)]
struct Closing<'a> {
    fingerprint: String,
    #[serde(flatten)]
    summary: &'a Summary,
}

impl Job<'_> {
    /// The path of a report; shards may share a directory.
    fn report_path(&self, name: &str, extension: &str) -> PathBuf {
        self.reports.join(format!("{}.{extension}", self.report_name(name)))
    }

    /// Brings the reports to where they belong, the summary last: it says that all is there.
    fn deliver(&self) -> Result<()> {
        let Some(store) = self.distant else { return Ok(()) };
        let made = |(name, extension): &(&str, &str)| self.report_path(name, extension).is_file();
        for (name, extension) in REPORTS.into_iter().filter(made) {
            store
                .publish_file(&format!("{}.{extension}", self.report_name(name)), &self.report_path(name, extension))?;
        }
        REPORTS.into_iter().try_for_each(|(name, extension)| self.remove_report(name, extension))?;
        // Whatever else stands there is not ours.
        let _ = fs::remove_dir(&self.reports);
        Ok(())
    }

    fn remove_report(&self, name: &str, extension: &str) -> Result<()> {
        journal::remove_file(&self.report_path(name, extension))
    }

    fn report_name(&self, name: &str) -> String {
        match self.shard.count() {
            1 => name.to_owned(),
            count => format!("{name}-{}-of-{count}", self.shard.index()),
        }
    }
}

/// Of what decides over the output: the tables by name, size and time, the options, the version.
fn fingerprint(job: &Job<'_>) -> Result<String> {
    let mut text = format!("{} {:?} {}\n", env!("CARGO_PKG_VERSION"), job.options, job.shard);
    let tables: BTreeMap<String, Stamp> = match job.input.survey()? {
        Some(stamps) => stamps.into_iter().collect(),
        None => job.input.list()?.into_iter().map(|entry| with_time(job.input, entry)).collect(),
    };
    for (key, Stamp { size, tag }) in tables {
        // Writing to memory does not fail.
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{key} {size} {tag}\n"));
    }
    let first = Sha256::digest(text).iter().take(16).fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
    Ok(format!("{first:032x}"))
}

/// A file's version is told by when it was written.
fn with_time(store: &dyn Store, entry: Entry) -> (String, Stamp) {
    let data = store.file(&entry.key).and_then(|path| fs::metadata(path).ok());
    let tag = format!("{:?}", data.and_then(|data| data.modified().ok()));
    (entry.key, Stamp { size: entry.size, tag })
}

/// The buckets: those of an earlier run, or new ones.
fn first_half(
    job: &Job<'_>,
    room: Room<'_>,
    work: &WorkDirectory,
    fingerprint: &str,
    out: &mut dyn Write,
) -> Result<(Spool, Plan)> {
    if let Some(plan) = work.plan(fingerprint) {
        say(out, "going on where an earlier run was stopped")?;
        return Ok((Spool::open(&work.rows())?, plan));
    }
    let input = Fetched::new(job.input, &work.fetched())?;
    let Scattered { spool, buckets, counts, rejects, kept, described } =
        scatter::scatter(&input, job.options, job.shard, &work.rows(), room)?;
    room.check()?;
    output_names(&kept, job.options)?;
    if counts.taken + counts.elsewhere == 0 {
        return Err(Error::Data(format!(
            "{}: no row is left: {} were left out by --filter, --from and --to, {} are bad, and there are no others",
            job.input.describe(""),
            counts.filtered,
            counts.bad
        )));
    }
    if rejects.count > 0 {
        rejects.write(&spool, &job.report_path("rejects", "csv"))?;
    } else {
        // Those of a run before would be taken for this one's.
        job.remove_report("rejects", "csv")?;
    }
    let largest = room.largest_bucket();
    let buckets = gather::split_large(&spool, buckets, kept.len(), (largest, room.permits.all()))?;
    let plan = Plan { fingerprint: fingerprint.to_owned(), buckets, counts, kept, described, largest };
    work.write_plan(&plan)?;
    Ok((spool, plan))
}

/// What can be told before an earlier run is forgotten, and before a table is read.
fn refuse_beginning(job: &Job<'_>, fingerprint: &str) -> Result<()> {
    if let Keep::Named(names) = &job.options.keep {
        let columns: Vec<String> = names.iter().map(|(column, _)| column.clone()).collect();
        output_names(&columns, job.options)?;
    }
    refuse_strangers(job, fingerprint)
}

/// Files of another run among the customers would be trained as if they were of this one. Its reports, where its files
/// are gone, would tell of files that are not there.
fn refuse_strangers(job: &Job<'_>, fingerprint: &str) -> Result<()> {
    let files = job.customers.list()?;
    let stranger = files.iter().find(|file| !publish::is_of_another_shard(&file.key, job.shard, job.options));
    let Some(stranger) = stranger else {
        refuse_distant_reports(job)?;
        return REPORTS.into_iter().try_for_each(|(name, extension)| job.remove_report(name, extension));
    };
    let mut summary = Vec::new();
    match job.distant {
        Some(store) => drop(store.read(&format!("{}.json", job.report_name("summary")), &mut summary)?),
        None => summary = fs::read(job.report_path("summary", "json")).unwrap_or_default(),
    }
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap_or_default();
    if summary["fingerprint"] == fingerprint {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "{} is there already, of another preparation or of nobody's: remove the folder, or name another --output",
        job.customers.describe(&stranger.key)
    )))
}

/// Reports in a place where nothing can be removed would tell of files that are not there.
fn refuse_distant_reports(job: &Job<'_>) -> Result<()> {
    let Some(store) = job.distant else { return Ok(()) };
    let mut buffer = Vec::new();
    for (name, extension) in REPORTS {
        let key = format!("{}.{extension}", job.report_name(name));
        if store.read(&key, &mut buffer)? {
            return Err(Error::Settings(format!(
                "{} is there already, of another preparation: remove it, or name another --output",
                store.describe(&key)
            )));
        }
    }
    Ok(())
}

/// The files, the report, the summary.
fn second_half(job: &Job<'_>, room: Room<'_>, work: &WorkDirectory, spool: &Spool, plan: &Plan) -> Result<Summary> {
    let options = job.options;
    let bundles = match options.arrangement {
        Arrangement::Customers => Vec::new(),
        Arrangement::Bundles(size) => bundles::pack(spool, &plan.buckets, plan.kept.len(), (size, options), room)?,
    };
    let style = Style { options, shard: job.shard, kept: output_names(&plan.kept, options)?, bundles: bundles.len() };
    let tasks = publish::tasks(&plan.buckets, &bundles, options.arrangement, plan.largest);
    work.add_writer(job.customers)?;
    let journal = Mutex::new(Journal::open(work)?);
    let next = AtomicUsize::new(0);
    let half = Half { job, room, spool, plan, style: &style, bundles: &bundles, tasks: &tasks, journal: &journal };
    let results = room.pool.broadcast(|_| {
        let worked = half.work(&next);
        if worked.is_err() {
            room.stop.store(true, Ordering::Relaxed);
        }
        worked
    });
    // A real failure says more than the stop that it made of the others.
    let mut failures: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
    failures.sort_by_key(|error| matches!(error, Error::Stopped(_)));
    if let Some(first) = failures.into_iter().next() {
        return Err(first);
    }
    let (segments_path, segments) = journal.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    let mut summary = Summary::new(&plan.counts);
    summary.duplicates_kept = options.aggregate.is_none() && options.duplicates == Duplicates::Keep;
    let mut table = report::Table::create(&job.reports.join(job.report_name("quality")))?;
    report::merge(&segments_path, &segments, |row| {
        summary.add(&row);
        table.append(row)
    })?;
    table.finish()?;
    summary.files = if bundles.is_empty() { summary.customers } else { bundles.len() as u64 };
    let work = |bundle: &Bundle| bundle.work as f64;
    let all: f64 = bundles.iter().map(work).sum();
    summary.imbalance = bundles.iter().map(work).reduce(f64::max).map(|most| most * bundles.len() as f64 / all);
    Ok(summary.finish())
}

/// What the threads of the second half share.
struct Half<'a> {
    job: &'a Job<'a>,
    room: Room<'a>,
    spool: &'a Spool,
    plan: &'a Plan,
    style: &'a Style<'a>,
    bundles: &'a [Bundle],
    tasks: &'a [Task],
    journal: &'a Mutex<Journal>,
}

impl Half<'_> {
    /// One thread's part.
    fn work(&self, next: &AtomicUsize) -> Result<()> {
        let mut reader = self.spool.reader()?;
        let mut loaded = Loaded::default();
        let mut publisher = Publisher::new(self.style, self.job.customers);
        let journal = || self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(at) else { return Ok(()) };
            if journal().is_done(at) {
                continue;
            }
            self.room.check()?;
            let buckets: Vec<_> = self.plan.buckets[task.buckets.clone()].iter().collect();
            let size = buckets.iter().map(|bucket| bucket.size()).sum();
            let permit = self.room.permits.take(size);
            loaded.load(&mut reader, &buckets, self.plan.kept.len(), (task.first, task.last))?;
            let report = publisher.publish(task, self.bundles, &loaded.customers())?;
            if size > self.room.largest_bucket() {
                // Memory is kept for the next bucket, but not so much of it.
                (loaded, publisher) = (Loaded::default(), Publisher::new(self.style, self.job.customers));
            }
            drop(permit);
            journal().record(at, &report)?;
        }
    }
}

/// The kept columns as the output calls them.
fn output_names(kept: &[String], options: &Options) -> Result<Vec<String>> {
    let renamed = |column: &String| match &options.keep {
        Keep::All => column.clone(),
        Keep::Named(names) => {
            names.iter().find(|(name, _)| name == column).map_or_else(|| column.clone(), |(_, new)| new.clone())
        }
    };
    let names: Vec<String> = kept.iter().map(renamed).collect();
    let mut all: Vec<&str> =
        names.iter().map(String::as_str).chain(["customer", "timestamp", &options.target_name]).collect();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(names),
        Some(pair) => Err(Error::Settings(format!(
            "two columns of the output are called {:?}: rename one, as in --keep {:?}=other",
            pair[0], pair[0]
        ))),
    }
}

fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .map_err(|error| Error::storage(format_args!("creating the directory {}", path.display()), error))
}

fn say(out: &mut dyn Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").map_err(|error| Error::storage("printing", error))
}
