//! Where the results of a run go and what their files are called.

use super::{
    checksum::{Checksum, SummedFile},
    earlier::{EarlierSummary, MANIFEST},
    manifest::Outcome,
    summary::Summary,
};
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::{
        Durability, Lease, LocalStore, StagedFile, Store, WriterLock, create_directory, read_whole, sweep, writing,
    },
};
use std::{
    fs,
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// The tables and lists that a run may leave beside its manifest.
const TABLES: [(&str, &str); 8] = [
    ("forecasts", "csv"),
    ("forecasts", "parquet"),
    ("predictions", "csv"),
    ("predictions", "parquet"),
    ("backtest", "csv"),
    ("backtest", "parquet"),
    ("history", "csv"),
    ("missing", "txt"),
];

/// The manifest so far, while a run with a bucket for its results goes on.
pub(super) const CHECKPOINT: (&str, &str) = ("checkpoint", "jsonl");

/// The manifest so far.
const PROGRESS: (&str, &str) = ("manifest.partial", "jsonl");

/// The page made of the other files, after all of them.
const REPORT: (&str, &str) = ("report", "html");

/// The summary, which is written last.
const SUMMARY: (&str, &str) = ("summary", "json");

/// A complete file of results, under a temporary name.
pub(crate) struct StagedResult {
    /// Name without the shard, and extension.
    pub(super) name: (&'static str, &'static str),
    pub(super) staged: StagedFile,
    pub(super) checksum: Checksum,
}

/// The right to be the only writer of some results.
pub(crate) struct ResultsLock {
    lease: Option<Box<dyn Lease>>,
    _lock: WriterLock,
}

impl ResultsLock {
    /// # Errors
    /// [`Error::Settings`] if another run writes these results, too.
    pub(crate) fn check(&self) -> Result<()> {
        if self.lease.as_ref().is_some_and(|lease| lease.is_lost()) {
            return Err(Error::Settings(
                "another run writes its results to the same --output: this one stops; run one after the other".into(),
            ));
        }
        Ok(())
    }
}

/// A directory for the manifest, the tables and the summary.
///
/// Shards may share a directory: with more than one shard, file names carry the shard (`manifest-0-of-3.jsonl`).
#[derive(Clone)]
pub struct ResultsDirectory {
    path: PathBuf,
    suffix: String,
    /// Where the files are copied to once they are complete.
    pub(super) bucket: Option<Arc<dyn Store>>,
    /// Removed with the last copy of this value.
    _temporary: Option<Arc<TempDir>>,
}

impl ResultsDirectory {
    /// The results of a shard.
    pub fn new(path: impl Into<PathBuf>, shard: Shard) -> Self {
        Self { path: path.into(), suffix: shard.suffix(), bucket: None, _temporary: None }
    }

    /// The results of a shard in a bucket; files are written to a temporary directory first.
    pub fn in_bucket(bucket: Arc<dyn Store>, temporary: TempDir, shard: Shard) -> Self {
        let directory = Self::new(temporary.path(), shard);
        Self { bucket: Some(bucket), _temporary: Some(Arc::new(temporary)), ..directory }
    }

    /// The directory as a place, in which the files of this run are once they are complete.
    pub(crate) fn local(&self) -> LocalStore {
        LocalStore::new(&self.path, Durability::ProcessDeath)
    }

    /// Creates the directory and tries to write to the bucket, so that a run fails before hours of work.
    pub(crate) fn create(&self) -> Result<()> {
        create_directory(&self.path)?;
        let Some(bucket) = &self.bucket else { return Ok(()) };
        // Written back: a checkpoint of a killed run is needed until there is a newer one.
        let mut checkpoint = Vec::new();
        bucket.read(&self.file_name(CHECKPOINT), &mut checkpoint)?;
        bucket.publish(&self.file_name(CHECKPOINT), &checkpoint)
    }

    /// The name that a file has in its place.
    pub(crate) fn file_name(&self, (name, extension): (&str, &str)) -> String {
        format!("{name}{}.{extension}", self.suffix)
    }

    /// The local path of a file, such as `manifest` with `jsonl`.
    pub(crate) fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.path.join(self.file_name((name, extension)))
    }

    /// The full name that a file has in the end.
    pub(super) fn final_name(&self, name: &str, extension: &str) -> String {
        match &self.bucket {
            Some(bucket) => bucket.describe(&self.file_name((name, extension))),
            None => self.file(name, extension).display().to_string(),
        }
    }

    /// The name of the directory, or of the place in a bucket, where the files are in the end.
    pub(crate) fn place(&self) -> String {
        let place = self.bucket.as_ref().map_or_else(|| self.path.display().to_string(), |bucket| bucket.describe(""));
        place.trim_end_matches('/').to_owned()
    }

    /// The path of the manifest so far: the customers that are done, in any order. A run that was killed, or stopped where the
    /// results of an earlier one are complete, leaves it.
    pub(crate) fn progress(&self) -> PathBuf {
        self.file(PROGRESS.0, PROGRESS.1)
    }

    /// The full name of what a run that is not complete leaves for the next.
    pub(crate) fn progress_name(&self) -> String {
        let (name, extension) = if self.bucket.is_some() { CHECKPOINT } else { PROGRESS };
        self.final_name(name, extension)
    }

    /// Makes this process the only one that writes these results, and removes what killed ones were writing, here and among
    /// the `models`.
    ///
    /// # Errors
    /// [`Error::Settings`] if another process has the lock.
    pub(crate) fn lock(&self, models: Option<&dyn Store>) -> Result<ResultsLock> {
        create_directory(&self.path)?;
        let mut lock = WriterLock::of_folder(&self.path, &self.suffix)?;
        lock.sweep(|writer| {
            sweep(&self.path, writer, 1)?;
            models.map_or(Ok(()), |models| models.sweep(writer))
        })?;
        TABLES.iter().try_for_each(|(name, _)| remove_file(&self.spool(name)))?;
        let lease = self.bucket.as_ref().map(|bucket| bucket.lease(&self.suffix));
        Ok(ResultsLock { lease: lease.transpose()?.flatten(), _lock: lock })
    }

    /// The path of the rows of a table that are not sorted yet.
    pub(super) fn spool(&self, table: &str) -> PathBuf {
        self.file(table, "spool.sagemaker-ignore")
    }

    /// Whether the results go to a folder that exists.
    pub(crate) fn exists(&self) -> bool {
        self.bucket.is_none() && self.path.is_dir()
    }

    /// Writes a file under a temporary name. `write` gets the final path for its errors.
    pub(crate) fn stage(
        &self,
        name: &'static str,
        extension: &'static str,
        write: impl FnOnce(&mut BufWriter<SummedFile>, &Path) -> Result<()>,
    ) -> Result<StagedResult> {
        let path = self.file(name, extension);
        let (staged, file) = StagedFile::create(&path)?;
        let (file, running) = SummedFile::new(file);
        let mut file = BufWriter::new(file);
        write(&mut file, &path)?;
        file.flush().map_err(|error| writing(&path, error))?;
        drop(file);
        Ok(StagedResult { name: (name, extension), staged, checksum: running.get() })
    }

    /// Puts a complete file in its place; its full name there.
    pub(crate) fn put(&self, file: StagedResult) -> Result<String> {
        let StagedResult { name: (name, extension), staged, .. } = file;
        staged.commit()?;
        if let Some(bucket) = &self.bucket {
            bucket.publish_file(&self.file_name((name, extension)), &self.file(name, extension))?;
        }
        Ok(self.final_name(name, extension))
    }

    /// Puts all files of a run in their places, tables first, and then its summary, by which they vouch for each other: a run
    /// that is killed on the way is known by files that are not the summary's. Tables of an earlier run that this one does
    /// not have are removed: their rows would not be those of the manifest.
    pub(crate) fn publish(&self, files: Vec<StagedResult>, summary: &mut Summary) -> Result<()> {
        let earlier = self.earlier().unwrap_or_default();
        // A page of other results is none of these.
        self.remove(REPORT)?;
        for name in TABLES {
            let is_earlier = earlier.files.contains_key(&format!("{}.{}", name.0, name.1));
            if is_earlier && files.iter().all(|file| file.name != name) {
                self.remove(name)?;
            }
        }
        for file in files {
            let (name, extension) = file.name;
            summary.files.insert(format!("{name}.{extension}"), file.checksum.clone());
            summary.written.push(self.put(file)?);
        }
        summary.written.push(self.final_name(SUMMARY.0, SUMMARY.1));
        let text = summary.to_json()?;
        let file = self.stage(SUMMARY.0, SUMMARY.1, |file, path| {
            file.write_all(text.as_bytes()).map_err(|error| writing(path, error))
        })?;
        self.put(file).map(drop)
    }

    /// Removes a file of an earlier run, if there is one.
    pub(crate) fn remove(&self, name: (&str, &str)) -> Result<()> {
        let name = self.file_name(name);
        if let Some(bucket) = &self.bucket {
            return bucket.remove(&name);
        }
        remove_file(&self.path.join(&name))
    }

    /// What the summary of an earlier run says; `None` without a summary that can be read.
    fn earlier(&self) -> Option<EarlierSummary> {
        let mut text = Vec::new();
        match &self.bucket {
            Some(bucket) => drop(bucket.read(&self.file_name(SUMMARY), &mut text).ok()?),
            None => read_whole(&self.file(SUMMARY.0, SUMMARY.1), 1 << 30, &mut text).ok()?,
        }
        serde_json::from_slice(&text).ok()
    }

    /// Whether an earlier run left results that are complete, as far as the sizes of its files tell.
    pub(crate) fn are_whole(&self) -> bool {
        let size = |name: &str| {
            let name = self.file_name(name.split_once('.')?);
            match &self.bucket {
                Some(bucket) => bucket.look(&name).ok().flatten().map(|stamp| stamp.size),
                None => fs::metadata(self.path.join(name)).ok().map(|data| data.len()),
            }
        };
        self.earlier().is_some_and(|earlier| {
            let mut files = earlier.files.iter();
            !earlier.stopped
                && earlier.files.contains_key(MANIFEST)
                && files.all(|(name, checksum)| size(name) == Some(checksum.bytes))
        })
    }

    /// The outcomes that earlier runs left and that are `wanted`, the latest last.
    pub(crate) fn earlier_outcomes(&self, wanted: impl Fn(&Outcome) -> bool) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        let mut text = Vec::new();
        let so_far = if self.bucket.is_some() { CHECKPOINT } else { PROGRESS };
        for file in [("manifest", "jsonl"), so_far] {
            match &self.bucket {
                Some(bucket) => drop(bucket.read(&self.file_name(file), &mut text)?),
                // What cannot be read is not there.
                None => drop(read_whole(&self.file(file.0, file.1), u64::MAX, &mut text)),
            }
            // A row of another version, or one that was cut off, does not parse: its artifact is read instead.
            let parsed = text.split(|byte| *byte == b'\n').filter_map(|row| serde_json::from_slice(row).ok());
            outcomes.extend(parsed.filter(&wanted));
        }
        Ok(outcomes)
    }
}

/// Removes a file if it exists.
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::storage(format_args!("cannot remove {}", path.display()), error))
        }
        _ => Ok(()),
    }
}
