//! The directory for intermediate files, on the disk that the buckets need.
//!
//! | file | content |
//! |---|---|
//! | `rows` | the buckets |
//! | `plan.json` | where the buckets are, and of which run; written when the first half is done |
//! | `quality` | rows of the quality report, a segment for each finished task |
//! | `done.jsonl` | the journal: finished tasks and their segments |
//! | `lock` | locked by the run that uses the directory |
//!
//! A task is finished once its line in the journal is complete. Its files were complete before that.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    prepare::{buckets::Bucket, row_counts::RowCounts},
    store::{WriterLock, create_directory, sweep, write_file, writing},
};

/// Everything but the lock; the plan first, so that no run continues with half of it.
const FILES: [&str; 4] = [PLAN, JOURNAL, QUALITY, ROWS];
const LOCK: &str = "lock";
const PLAN: &str = "plan.json";
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
    lock: WriterLock,
}

impl WorkDirectory {
    /// Creates and locks the directory.
    ///
    /// # Errors
    /// [`Error::Settings`] if another run uses it.
    pub(in crate::prepare) fn create(path: &Path) -> Result<Self> {
        create_directory(path)?;
        let lock = WriterLock::at(path.join(LOCK), |holder| {
            let path = path.display();
            format!(
                "another preparation is running in {path} ({holder}): wait for it, or choose other folders with --output and \
                 --work"
            )
        })?;
        Ok(Self { path: path.into(), lock })
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

    /// Removes temporary files of killed runs: here, and elsewhere by `others`, which gets how their names begin.
    pub(in crate::prepare) fn sweep(&mut self, others: impl Fn(&str) -> Result<()>) -> Result<()> {
        let Self { path, lock } = self;
        lock.sweep(|writer| sweep(path, writer, 1).and_then(|()| others(writer)))
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
        let Self { path, lock } = self;
        drop(lock);
        match fs::remove_dir(&path) {
            // Another run may have taken or removed it meanwhile.
            Err(error) if !matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound) => {
                Err(failed("removing", &path, error))
            }
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
    fn what_a_killed_run_was_writing_here_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let killed = "manyfit-7-00000000000000aa";
        fs::write(place.path().join(LOCK), format!("{killed} process 7 on h\n")).unwrap();
        fs::write(place.path().join(format!("{killed}-1.sagemaker-ignore")), "half a plan").unwrap();
        let mut work = WorkDirectory::create(place.path()).unwrap();
        work.sweep(|_| Ok(())).unwrap();
        work.remove().unwrap();
        assert!(!place.path().exists());
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
