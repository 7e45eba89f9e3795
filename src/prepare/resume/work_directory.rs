//! The directory for intermediate files, on the disk that the buckets need.
//!
//! | file | content |
//! |---|---|
//! | `rows` | the buckets |
//! | `plan.json` | where the buckets are, and of which run; written when the first half is done |
//! | `quality` | rows of the quality report, a segment for each finished task |
//! | `done.jsonl` | the journal: finished tasks and their segments |
//! | `writers` | prefixes of the temporary names among the customers' files, a line for each run |
//! | `lock` | empty; locked by the run that uses the directory |
//!
//! A task is finished once its line in the journal is complete. Its files were complete before that.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    prepare::{buckets::Bucket, row_counts::RowCounts},
    store::{Store, create_directory, write_file, writing},
};

/// Everything but the lock; the plan first, so that no run continues with half of it.
const FILES: [&str; 5] = [PLAN, JOURNAL, QUALITY, ROWS, WRITERS];
const LOCK: &str = "lock";
const PLAN: &str = "plan.json";
const WRITERS: &str = "writers";
pub(in crate::prepare) const ROWS: &str = "rows";
pub(super) const JOURNAL: &str = "done.jsonl";
pub(super) const QUALITY: &str = "quality";

/// The result of the first half, from which the second can be continued.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::prepare) struct ScatterPlan {
    /// The identity of the run.
    pub(in crate::prepare) fingerprint: String,
    pub(in crate::prepare) buckets: Vec<Bucket>,
    pub(in crate::prepare) counts: RowCounts,
    pub(in crate::prepare) kept: Vec<String>,
    pub(in crate::prepare) description: String,
    /// The largest bucket that all threads can load at the same time: it decides what a task is.
    pub(in crate::prepare) largest: u64,
}

/// The directory, locked against other runs.
#[derive(Debug)]
pub(in crate::prepare) struct WorkDirectory {
    path: PathBuf,
    /// Released by the system however the process ends.
    _lock: File,
}

impl WorkDirectory {
    /// Creates and locks the directory.
    ///
    /// # Errors
    /// [`Error::Settings`] if another run uses it.
    pub(in crate::prepare) fn create(path: &Path) -> Result<Self> {
        create_directory(path)?;
        let lock_path = path.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|error| failed("opening", &lock_path, error))?;
        let busy = || {
            let path = path.display();
            Error::Settings(format!(
                "another preparation is running in {path}: wait for it, or choose other folders with --output and --work"
            ))
        };
        match lock.try_lock() {
            // A run that ended just now has removed the opened file: a third run may lock a new one.
            Ok(()) if !lock_path.exists() => Err(busy()),
            Ok(()) => Ok(Self { path: path.into(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(busy()),
            // A file system without locks, as in some containers: it is up to the user that runs do not overlap.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Self { path: path.into(), _lock: lock })
            }
            Err(TryLockError::Error(error)) => Err(failed("locking", &lock_path, error)),
        }
    }

    /// The path of a file.
    pub(in crate::prepare) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The plan of an earlier run with the same fingerprint whose first half was finished.
    pub(in crate::prepare) fn plan(&self, fingerprint: &str) -> Option<ScatterPlan> {
        let text = fs::read(self.file(PLAN)).ok()?;
        let plan: ScatterPlan = serde_json::from_slice(&text).ok()?;
        (plan.fingerprint == fingerprint && self.file(ROWS).is_file()).then_some(plan)
    }

    /// Removes temporary files of killed runs in a place of customers' files.
    pub(in crate::prepare) fn sweep(&self, place: &dyn Store) -> Result<()> {
        let writers = fs::read_to_string(self.file(WRITERS)).unwrap_or_default();
        writers.lines().try_for_each(|line| place.sweep(line))
    }

    /// Records the temporary names that this run uses in a place of customers' files.
    pub(in crate::prepare) fn add_writer(&self, place: &dyn Store) -> Result<()> {
        let Some(unfinished) = place.unfinished() else { return Ok(()) };
        let path = self.file(WRITERS);
        File::options()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{unfinished}"))
            .map_err(|error| writing(&path, error))
    }

    /// Removes the files of an earlier run.
    pub(in crate::prepare) fn clear(&self) -> Result<()> {
        FILES.into_iter().try_for_each(|name| remove_file(&self.file(name)))
    }

    pub(in crate::prepare) fn write_plan(&self, plan: &ScatterPlan) -> Result<()> {
        let path = self.file(PLAN);
        write_file(&path, |file| serde_json::to_writer(file, plan).map_err(|error| writing(&path, error.into())))
    }

    /// Removes the files of this program, and the directory if it is then empty.
    pub(in crate::prepare) fn remove(self) -> Result<()> {
        self.clear()?;
        self.leave()
    }

    /// Unlocks the directory; removes it if it is empty.
    pub(in crate::prepare) fn leave(self) -> Result<()> {
        remove_file(&self.file(LOCK))?;
        match fs::remove_dir(&self.path) {
            Err(error) if error.kind() != ErrorKind::DirectoryNotEmpty => Err(failed("removing", &self.path, error)),
            _ => Ok(()),
        }
    }
}

/// Removes a file if it exists.
pub(in crate::prepare) fn remove_file(path: &Path) -> Result<()> {
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
    fn files_of_others_are_not_removed() {
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
    fn two_runs_cannot_use_one_directory() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        let error = WorkDirectory::create(place.path()).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("another preparation is running in"), "{error}");
        work.leave().unwrap();
        assert!(!place.path().exists());
        WorkDirectory::create(place.path()).unwrap();
    }
}
