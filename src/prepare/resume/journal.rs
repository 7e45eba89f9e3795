//! The tasks that are done.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    ops::Range,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use super::work_directory::{JOURNAL, QUALITY, WorkDirectory};
use crate::{error::Result, prepare::quality::Quality, store::writing};

/// A task that is done: a line of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FinishedTask {
    task: usize,
    /// The range of its rows in the quality file.
    start: u64,
    end: u64,
}

/// The list of finished tasks, and the rows of the quality report that belong to them, sorted by customer within each task.
pub(in crate::prepare) struct Journal {
    finished: Vec<FinishedTask>,
    lines: File,
    lines_path: PathBuf,
    quality: File,
    quality_path: PathBuf,
    end: u64,
}

impl Journal {
    /// Continues the journal of an earlier run, or starts one.
    pub(in crate::prepare) fn open(work: &WorkDirectory) -> Result<Self> {
        let (lines_path, quality_path) = (work.file(JOURNAL), work.file(QUALITY));
        let opening = |error| writing(&quality_path, error);
        let text = fs::read_to_string(&lines_path).unwrap_or_default();
        let quality = File::options().create(true).truncate(false).read(true).write(true).open(&quality_path);
        let mut quality = quality.map_err(opening)?;
        let length = quality.metadata().map_err(opening)?.len();
        // A line that was cut off is not JSON, and a task whose rows are missing is not done.
        let finished = text.lines().map_while(|line| serde_json::from_str::<FinishedTask>(line).ok());
        let finished: Vec<_> = finished.take_while(|task| task.end <= length).collect();
        let end = finished.iter().map(|task| task.end).max().unwrap_or(0);
        quality.set_len(end).and_then(|()| quality.seek(SeekFrom::End(0))).map_err(opening)?;
        let mut lines = File::create(&lines_path).map_err(|error| writing(&lines_path, error))?;
        finished
            .iter()
            .try_for_each(|task| write_line(&mut lines, task))
            .map_err(|error| writing(&lines_path, error))?;
        Ok(Self { finished, lines, lines_path, quality, quality_path, end })
    }

    pub(in crate::prepare) fn is_done(&self, task: usize) -> bool {
        self.finished.iter().any(|finished| finished.task == task)
    }

    /// Records a task, whose files are complete.
    pub(in crate::prepare) fn record(&mut self, task: usize, report: &[Quality]) -> Result<()> {
        let mut rows = Vec::new();
        report
            .iter()
            .try_for_each(|row| write_line(&mut rows, row))
            .and_then(|()| self.quality.write_all(&rows))
            .map_err(|error| writing(&self.quality_path, error))?;
        let finished = FinishedTask { task, start: self.end, end: self.end + rows.len() as u64 };
        write_line(&mut self.lines, &finished).map_err(|error| writing(&self.lines_path, error))?;
        self.end = finished.end;
        self.finished.push(finished);
        Ok(())
    }

    /// The quality file and the segments of its rows, in the order of the tasks.
    pub(in crate::prepare) fn finish(mut self) -> (PathBuf, Vec<Range<u64>>) {
        self.finished.sort_unstable_by_key(|finished| finished.task);
        (self.quality_path, self.finished.iter().map(|finished| finished.start..finished.end).collect())
    }
}

/// Writes a line of JSON at once, so that it is whole or cut off.
fn write_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_whose_report_is_gone_is_not_done() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        fs::write(work.file(JOURNAL), "{\"task\":0,\"start\":0,\"end\":0}\n{\"task\":1,\"start\":0,\"end\":9}\n")
            .unwrap();
        let journal = Journal::open(&work).unwrap();
        assert!(journal.is_done(0) && !journal.is_done(1));
    }

    #[test]
    fn a_journal_that_was_cut_off_is_continued_after_its_last_whole_line() {
        let place = tempfile::tempdir().unwrap();
        let work = WorkDirectory::create(place.path()).unwrap();
        let mut journal = Journal::open(&work).unwrap();
        journal.record(3, &[]).unwrap();
        journal.record(1, &[]).unwrap();
        drop(journal);
        let mut text = fs::read(work.file(JOURNAL)).unwrap();
        text.extend_from_slice(b"{\"task\":7,\"sta");
        fs::write(work.file(JOURNAL), text).unwrap();
        fs::write(work.file(QUALITY), "half a row").unwrap();
        let mut journal = Journal::open(&work).unwrap();
        assert!(journal.is_done(3) && journal.is_done(1) && !journal.is_done(7));
        journal.record(7, &[]).unwrap();
        drop(journal);
        let journal = Journal::open(&work).unwrap();
        assert!([1, 3, 7].into_iter().all(|task| journal.is_done(task)));
        let (quality, segments) = journal.finish();
        assert_eq!(segments, [0..0, 0..0, 0..0]);
        assert_eq!(fs::metadata(quality).unwrap().len(), 0);
    }
}
