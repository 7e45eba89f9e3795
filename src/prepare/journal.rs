//! What a run remembers for the next one, should it be killed: beside the buckets, on the same disk.
//!
//! | file | what |
//! |---|---|
//! | `rows` | the buckets |
//! | `plan.json` | where they are, and of which run; written when the first half is done |
//! | `quality` | rows of the quality report, a segment for each task that is done |
//! | `done.jsonl` | which tasks are done, and where their segments are |
//! | `writers` | how the unfinished files begin, among the customers', of every run that wrote any: a line for each |
//! | `tables` | a folder: copies of distant tables that are read out of order; gone when they are read |
//! | `lock` | empty; locked by the run that is at work here |
//!
//! A task counts once its line is whole. Its files were whole before: they are renamed into their places.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{counts::Counts, fetched, quality::Quality, spool::Bucket};
use crate::{
    error::{Error, Result},
    store::Store,
};

/// What a run goes on with; the plan first, so that no later run goes on with a part of it.
const FILES: [&str; 6] = ["plan.json", "plan.json.unfinished", "done.jsonl", "quality", "rows", "writers"];
/// What a run that is at work has locked.
const LOCK: &str = "lock";

/// The outcome of the first half.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Of the input, the options and the version.
    pub(super) fingerprint: String,
    pub(super) buckets: Vec<Bucket>,
    pub(super) counts: Counts,
    pub(super) kept: Vec<String>,
    pub(super) described: String,
    /// The largest bucket that may be loaded: it decides what a task is.
    pub(super) largest: u64,
}

/// A task that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) task: usize,
    /// Its rows in the file of the quality report, sorted by customer.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// A directory for the files above, which no other run uses meanwhile.
#[derive(Debug)]
pub(super) struct WorkDirectory {
    path: PathBuf,
    /// Let go by the system when the process ends, however it ends.
    _lock: File,
}

impl WorkDirectory {
    /// # Errors
    /// [`Error::Settings`] where another run is at work there.
    pub(super) fn create(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(|error| failed("creating the directory", path, error))?;
        let place = path.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&place);
        let lock = lock.map_err(|error| failed("opening", &place, error))?;
        let busy = || {
            let path = path.display();
            Error::Settings(format!(
                "another preparation is at work in {path}: let it end, or name other folders with --output and --work"
            ))
        };
        match lock.try_lock() {
            // Whoever ended just now has removed the file that was opened: a third run may lock a new one.
            Ok(()) if !place.exists() => Err(busy()),
            Ok(()) => Ok(Self { path: path.into(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(busy()),
            // A file system that knows no locks, as some containers have: one run at a time is up to the user there.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Self { path: path.into(), _lock: lock })
            }
            Err(TryLockError::Error(error)) => Err(failed("locking", &place, error)),
        }
    }

    pub(super) fn rows(&self) -> PathBuf {
        self.file("rows")
    }

    /// The folder for copies of distant tables.
    pub(super) fn fetched(&self) -> PathBuf {
        self.file("tables")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The plan of an earlier run over the same input with the same options, if its first half was done.
    pub(super) fn plan(&self, fingerprint: &str) -> Option<Plan> {
        let text = fs::read(self.file("plan.json")).ok()?;
        let plan: Plan = serde_json::from_slice(&text).ok()?;
        (plan.fingerprint == fingerprint && self.rows().is_file()).then_some(plan)
    }

    /// Removes what killed runs have left behind in the place of the customers' files.
    pub(super) fn sweep(&self, customers: &dyn Store) -> Result<()> {
        let writers = fs::read_to_string(self.file("writers")).unwrap_or_default();
        writers.lines().try_for_each(|line| customers.sweep(line))
    }

    /// Takes down who is about to write the customers' files.
    pub(super) fn add_writer(&self, customers: &dyn Store) -> Result<()> {
        let Some(unfinished) = customers.unfinished() else { return Ok(()) };
        let path = self.file("writers");
        File::options()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{unfinished}"))
            .map_err(|error| failed("writing", &path, error))
    }

    /// Forgets an earlier run.
    pub(super) fn clear(&self) -> Result<()> {
        FILES.into_iter().try_for_each(|name| remove_file(&self.file(name)))?;
        fetched::remove(&self.fetched())
    }

    pub(super) fn write_plan(&self, plan: &Plan) -> Result<()> {
        let (path, staged) = (self.file("plan.json"), self.file("plan.json.unfinished"));
        let text =
            serde_json::to_vec(plan).map_err(|error| Error::Bug(format!("the plan cannot be written: {error}")))?;
        fs::write(&staged, text)
            .and_then(|()| fs::rename(&staged, &path))
            .map_err(|error| failed("writing", &path, error))
    }

    /// Removes what this program put there, and the directory if nothing else is in it.
    pub(super) fn remove(self) -> Result<()> {
        self.clear()?;
        self.leave()
    }

    /// Lets others in; removes the directory if nothing is in it.
    pub(super) fn leave(self) -> Result<()> {
        remove_file(&self.file(LOCK))?;
        match fs::remove_dir(&self.path) {
            Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => Err(failed("removing", &self.path, error)),
            _ => Ok(()),
        }
    }
}

/// The list of tasks that are done.
pub(super) struct Journal {
    done: Vec<Done>,
    lines: File,
    lines_path: PathBuf,
    quality: File,
    quality_path: PathBuf,
    end: u64,
}

impl Journal {
    /// Goes on where an earlier run was cut off.
    pub(super) fn open(work: &WorkDirectory) -> Result<Self> {
        let (lines_path, quality_path) = (work.file("done.jsonl"), work.file("quality"));
        let text = fs::read_to_string(&lines_path).unwrap_or_default();
        let open = |path: &Path| File::options().create(true).truncate(false).read(true).write(true).open(path);
        let mut quality = open(&quality_path).map_err(|error| failed("opening", &quality_path, error))?;
        let length = quality.metadata().map_err(|error| failed("opening", &quality_path, error))?.len();
        // A line that was cut off is no JSON, and a segment that is gone is not done.
        let done = text.lines().map_while(|line| serde_json::from_str::<Done>(line).ok());
        let done: Vec<Done> = done.take_while(|done| done.end <= length).collect();
        let end = done.iter().map(|done| done.end).max().unwrap_or(0);
        quality
            .set_len(end)
            .and_then(|()| quality.seek(SeekFrom::End(0)))
            .map_err(|error| failed("opening", &quality_path, error))?;
        let mut lines = File::create(&lines_path).map_err(|error| failed("opening", &lines_path, error))?;
        done.iter()
            .try_for_each(|done| write_line(&mut lines, *done))
            .map_err(|e| failed("writing", &lines_path, e))?;
        Ok(Self { done, lines, lines_path, quality, quality_path, end })
    }

    pub(super) fn is_done(&self, task: usize) -> bool {
        self.done.iter().any(|done| done.task == task)
    }

    /// Takes down that a task is done.
    pub(super) fn record(&mut self, task: usize, report: &[Quality]) -> Result<()> {
        let mut segment = Vec::new();
        for row in report {
            serde_json::to_writer(&mut segment, row)
                .map_err(|error| Error::Bug(format!("a row of the report cannot be written: {error}")))?;
            segment.push(b'\n');
        }
        self.quality.write_all(&segment).map_err(|error| failed("writing", &self.quality_path, error))?;
        let done = Done { task, start: self.end, end: self.end + segment.len() as u64 };
        write_line(&mut self.lines, done).map_err(|error| failed("writing", &self.lines_path, error))?;
        self.end = done.end;
        self.done.push(done);
        Ok(())
    }

    /// The report's file and its segments, in the order of the tasks.
    pub(super) fn finish(mut self) -> (PathBuf, Vec<Done>) {
        self.done.sort_unstable_by_key(|done| done.task);
        (self.quality_path, self.done)
    }
}

fn write_line(file: &mut File, done: Done) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(&done)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Removes a file, if there is one.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("removing", path, error)),
        _ => Ok(()),
    }
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> Error {
    Error::storage(format_args!("{doing} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_keep_in_the_directory_stays() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        for name in FILES.into_iter().chain(["theirs"]) {
            fs::write(place.path().join(name), "x").unwrap();
        }
        work.remove().unwrap();
        let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|found| found.unwrap().file_name()).collect();
        assert_eq!(left, ["theirs"]);
    }

    #[test]
    fn two_runs_cannot_be_at_work_in_one_directory() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        let error = WorkDirectory::create(place.path()).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("another preparation is at work in"), "{error}");
        work.leave().unwrap();
        assert!(!place.path().exists());
        WorkDirectory::create(place.path()).unwrap();
    }

    #[test]
    fn a_task_whose_report_is_gone_is_not_done() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        fs::write(work.file("done.jsonl"), "{\"task\":0,\"start\":0,\"end\":0}\n{\"task\":1,\"start\":0,\"end\":9}\n")
            .unwrap();
        let journal = Journal::open(&work).unwrap();
        assert!(journal.is_done(0) && !journal.is_done(1));
    }

    #[test]
    fn a_journal_that_was_cut_off_goes_on_behind_its_last_whole_line() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        let mut journal = Journal::open(&work).unwrap();
        journal.record(3, &[]).unwrap();
        journal.record(1, &[]).unwrap();
        drop(journal);
        let mut text = fs::read(work.file("done.jsonl")).unwrap();
        text.extend_from_slice(b"{\"task\":7,\"sta");
        fs::write(work.file("done.jsonl"), text).unwrap();
        fs::write(work.file("quality"), "half a row").unwrap();
        let mut journal = Journal::open(&work).unwrap();
        assert!(journal.is_done(3) && journal.is_done(1) && !journal.is_done(7));
        journal.record(7, &[]).unwrap();
        drop(journal);
        let (quality, done) = Journal::open(&work).unwrap().finish();
        assert_eq!(done.iter().map(|done| done.task).collect::<Vec<_>>(), [1, 3, 7]);
        assert_eq!(fs::metadata(quality).unwrap().len(), 0);
    }
}
