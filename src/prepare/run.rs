//! A run: from tables to files of customers and reports.

use std::{
    io::Write,
    path::PathBuf,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
};

use super::{
    buckets::{Bucket, BucketFile},
    gather::{LoadedRows, split_large},
    options::{Arrangement, Keep, Options},
    progress::Progress,
    quality::{ReportWriter, Summary, merge},
    reports::{REJECTS, Reports},
    resources::Resources,
    resume::{Journal, ROWS, ScatterPlan, WorkDirectory, fingerprint},
    scatter::{Scattered, scatter},
    untold_rows::reject_untold,
    write::{FileStyle, FileWriter, pack, tasks},
};
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::{Store, WriterLock, create_directory, sweep},
    words::printable,
};

/// What to prepare, from where to where.
pub struct Preparation<'a> {
    /// The tables.
    pub input: &'a dyn Store,
    /// The customers' files, and nothing else.
    pub customers: &'a dyn Store,
    /// The files of the rows for validation, if the options set rows apart.
    pub validation: Option<&'a dyn Store>,
    /// The directory for the quality report, the rejects and the summary.
    pub reports: PathBuf,
    /// Where the reports are moved when they are complete, if not to that directory.
    pub remote_reports: Option<&'a dyn Store>,
    /// The directory for intermediate rows, which take as much space as the tables as text. Removed at the end.
    pub work: PathBuf,
    /// What to do with the rows.
    pub options: &'a Options,
    /// Which part of the customers to prepare.
    pub shard: Shard,
    /// Number of threads.
    pub threads: usize,
    /// Bytes of memory for rows.
    pub memory: u64,
    /// Set from outside to end the run early; it can be continued later.
    pub stop: &'a AtomicBool,
}

/// Prepares customers' files; progress is written to `out`.
///
/// # Errors
/// [`Error::Data`] for a table that cannot be read, and for the first bad row beyond the tolerance; [`Error::Settings`] for an
/// output of another preparation; [`Error::Storage`] for a file that cannot be read or written; [`Error::Stopped`].
pub fn run(job: &Preparation<'_>, out: &mut dyn Write) -> Result<Summary> {
    let fingerprint = fingerprint(job.input, job.options, job.shard)?;
    create_directory(&job.reports)?;
    let mut work = WorkDirectory::create(&job.work)?;
    let sweep_places = |writer: &str| job.places().try_for_each(|place| place.sweep(writer));
    work.sweep(sweep_places)?;
    // Another run may have other intermediate files, and the same output.
    let locked = match job.remote_reports {
        Some(store) => store.lease(&job.shard.suffix()).map(|lease| (lease, None)),
        None => WriterLock::of_folder(&job.reports, &job.shard.suffix()).and_then(|mut lock| {
            lock.sweep(|writer| sweep_places(writer).and_then(|()| sweep(&job.reports, writer, 1)))?;
            Ok((None, Some(lock)))
        }),
    };
    let _lock = match locked {
        Ok(lock) => lock,
        Err(error) => {
            work.leave()?;
            return Err(error);
        }
    };
    let reports = Reports { directory: &job.reports, remote: job.remote_reports, shard: job.shard };
    if work.plan(&fingerprint).is_none() {
        let checked =
            check_names(job.options).and_then(|()| reports.check_ownership(job.places(), job.options, &fingerprint));
        if let Err(error) = checked {
            work.leave()?;
            return Err(error);
        }
        work.clear()?;
    }
    let resources = Resources::new(job.threads, job.memory, job.stop)?;
    let run = Run { job, resources, work: &work, reports, fingerprint };
    let done = run.first_half(out).and_then(|(rows, plan)| {
        say(out, &plan.description)?;
        run.second_half(&rows, &plan)
    });
    match done {
        Ok(summary) => {
            // Before the way back is gone: the summary tells which run the files belong to.
            run.reports.finish(&summary)?;
            work.remove()?;
            Ok(summary)
        }
        Err(error) => {
            // Files that a later run can continue with stay; others must not fill the disk.
            if work.plan(&run.fingerprint).is_none() {
                work.remove()?;
            } else {
                work.leave()?;
            }
            Err(error)
        }
    }
}

impl<'a> Preparation<'a> {
    /// The places of customers' files.
    fn places(&self) -> impl Iterator<Item = &'a dyn Store> + use<'a> {
        [Some(self.customers), self.validation].into_iter().flatten()
    }
}

struct Run<'a> {
    job: &'a Preparation<'a>,
    resources: Resources<'a>,
    work: &'a WorkDirectory,
    reports: Reports<'a>,
    fingerprint: String,
}

impl Run<'_> {
    /// The rows in buckets: those of an earlier run, or new ones.
    fn first_half(&self, out: &mut dyn Write) -> Result<(BucketFile, ScatterPlan)> {
        let Self { job, resources, work, reports, fingerprint } = self;
        if let Some(plan) = work.plan(fingerprint) {
            say(out, "continuing a run that was stopped")?;
            return Ok((BucketFile::open(&work.file(ROWS))?, plan));
        }
        let Scattered { file, buckets, mut counts, mut rejects, repeated, kept, timestamp, description } =
            scatter(job.input, job.options, job.shard, (&*work.file(ROWS), &*job.work), resources)?;
        resources.check()?;
        output_names(&kept, job.options)?;
        let largest = resources.largest_bucket();
        let buckets = split_large(&file, buckets, kept.len(), (largest, resources.loadable()))?;
        let untold = reject_untold(&file, &buckets, kept.len(), (repeated, &timestamp), &mut rejects, resources)?;
        counts.left_out_as_bad(untold);
        if counts.rows + counts.elsewhere == 0 {
            return Err(Error::Data(format!(
                "{}: no rows are left: --filter, --from and --to removed {}, {} are bad, and there are no others",
                job.input.describe(""),
                counts.filtered,
                counts.bad
            )));
        }
        if rejects.count > 0 {
            rejects.write(&file, &reports.path(REJECTS))?;
        } else {
            // A file of an earlier run would be taken for this one's.
            reports.remove(REJECTS)?;
        }
        let plan = ScatterPlan { fingerprint: fingerprint.clone(), buckets, counts, kept, description, largest };
        work.write_plan(&plan)?;
        Ok((file, plan))
    }

    /// The customers' files and the quality report.
    fn second_half(&self, rows: &BucketFile, plan: &ScatterPlan) -> Result<Summary> {
        let Self { job, resources, work, reports, fingerprint } = self;
        let (options, kept) = (job.options, plan.kept.len());
        let bundles = match options.arrangement {
            Arrangement::Customers => Vec::new(),
            Arrangement::Bundles(size) => pack(rows, &plan.buckets, kept, (size, options), resources)?,
        };
        let names = output_names(&plan.kept, options)?;
        let style = FileStyle { options, shard: job.shard, kept: names, bundles: bundles.len() };
        let tasks = tasks(&plan.buckets, &bundles, options.arrangement, plan.largest);
        let journal = Journal::open(work)?;
        let unfinished: Vec<usize> = (0..tasks.len()).filter(|at| !journal.is_done(*at)).collect();
        let journal = Mutex::new(journal);
        let progress = Progress::new();
        let buffers = || (LoadedRows::default(), FileWriter::new(&style, [Some(job.customers), job.validation]));
        resources.for_each_index(unfinished.len(), buffers, |(loaded, writer), at| {
            let task = &tasks[unfinished[at]];
            let buckets = &plan.buckets[task.buckets.clone()];
            let size = buckets.iter().map(Bucket::size).sum();
            let permit = resources.admit(size);
            loaded.load(rows, buckets, kept, (task.first, task.last))?;
            let report = writer.write(task, &bundles, &loaded.customers())?;
            if size > resources.largest_bucket() {
                // Memory is reused for the next bucket, but not so much of it.
                (*loaded, *writer) = buffers();
            }
            drop(permit);
            progress.add(1, |done| format!("wrote {done} of {} parts", unfinished.len()));
            journal.lock().unwrap_or_else(PoisonError::into_inner).record(unfinished[at], &report)
        })?;
        let (segments_path, segments) = journal.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
        let mut summary = Summary::new(fingerprint.clone(), plan.counts.clone(), options);
        let mut report = ReportWriter::create(&reports.path(ReportWriter::FILE), options.has_features())?;
        merge(&segments_path, segments, |row| {
            summary.add(&row);
            report.append(row)
        })?;
        report.finish()?;
        Ok(summary.finish(&bundles.iter().map(|bundle| bundle.work).collect::<Vec<_>>()))
    }
}

/// Checks the names of the output's columns, as far as they are known before a table is read.
fn check_names(options: &Options) -> Result<()> {
    if let Keep::Named(names) = &options.keep {
        let columns: Vec<String> = names.iter().map(|(column, _)| column.clone()).collect();
        output_names(&columns, options)?;
    }
    Ok(())
}

/// The names of the kept columns in the output.
fn output_names(kept: &[String], options: &Options) -> Result<Vec<String>> {
    let renamed = |column: &String| match &options.keep {
        Keep::All => column.clone(),
        Keep::Named(names) => {
            names.iter().find(|(name, _)| name == column).map_or_else(|| column.clone(), |(_, new)| new.clone())
        }
    };
    let names: Vec<String> = kept.iter().map(renamed).collect();
    // The timestamp of features is a column like any other.
    let timestamp = (!options.has_features()).then_some("timestamp");
    let own = ["customer", &options.target_name].into_iter().chain(timestamp);
    let mut all: Vec<&str> = names.iter().map(String::as_str).chain(own).collect();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(names),
        Some(pair) => Err(Error::Settings(format!(
            "two columns of the output are called {:?}: rename one, as in --keep {:?}=other",
            pair[0], pair[0]
        ))),
    }
}

fn say(out: &mut dyn Write, line: &str) -> Result<()> {
    writeln!(out, "{}", printable(line)).map_err(|error| Error::storage("printing", error))
}
