//! Where the results of a run go and what their files are called.

use super::manifest::Outcome;
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::{Store, create_directory, write_file},
};
use std::{
    fs::{self, File},
    io::{BufWriter, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Time between two uploads of the manifest so far: a run that resumes a killed one checks at most this much work again.
const CHECKPOINT_INTERVAL: Duration = Duration::from_mins(1);

/// The manifest so far, while a run with a bucket for its results goes on.
const CHECKPOINT: (&str, &str) = ("checkpoint", "jsonl");

/// A directory for the manifest, the tables and the summary.
///
/// Shards may share a directory: with more than one shard, file names carry the shard (`manifest-0-of-3.jsonl`).
#[derive(Clone)]
pub struct ResultsDirectory {
    path: PathBuf,
    suffix: String,
    /// Where the files are copied to once they are complete.
    bucket: Option<Arc<dyn Store>>,
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

    /// Creates the directory and tries to write to the bucket, so that a run fails before hours of work.
    pub(crate) fn create(&self) -> Result<()> {
        create_directory(&self.path)?;
        let Some(bucket) = &self.bucket else { return Ok(()) };
        // Written back: a checkpoint of a killed run is needed until there is a newer one.
        let mut checkpoint = Vec::new();
        bucket.read(&self.file_name(CHECKPOINT), &mut checkpoint)?;
        bucket.publish(&self.file_name(CHECKPOINT), &checkpoint)
    }

    fn file_name(&self, (name, extension): (&str, &str)) -> String {
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

    /// Copies a complete file to the bucket, if there is one; its full name there.
    pub(crate) fn deliver(&self, name: &str, extension: &str) -> Result<String> {
        if let Some(bucket) = &self.bucket {
            bucket.publish_file(&self.file_name((name, extension)), &self.file(name, extension))?;
        }
        Ok(self.final_name(name, extension))
    }

    /// Writes a file and delivers it; its full name in the end. `write` gets the path for its errors.
    pub(crate) fn write(
        &self,
        name: &str,
        extension: &str,
        write: impl FnOnce(&mut BufWriter<File>, &Path) -> Result<()>,
    ) -> Result<String> {
        let path = self.file(name, extension);
        write_file(&path, |file| write(file, &path))?;
        self.deliver(name, extension)
    }

    /// Removes those of the `files` that an earlier run wrote, by its summary: their rows would not be those of this run's
    /// manifest beside them. A file of the same name that is not a run's stays.
    pub(crate) fn remove_earlier(&self, files: &[(&str, &str)]) -> Result<()> {
        let mut summary = Vec::new();
        let file = ("summary", "json");
        match &self.bucket {
            Some(bucket) => drop(bucket.read(&self.file_name(file), &mut summary)?),
            // Without a summary there is no earlier run.
            None => summary = fs::read(self.file(file.0, file.1)).unwrap_or_default(),
        }
        let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap_or_default();
        let written = summary["written"].as_array().into_iter().flatten().filter_map(|path| path.as_str());
        let names: Vec<&str> = written.filter_map(|path| path.rsplit('/').next()).collect();
        for &file in files {
            let file = self.file_name(file);
            if !names.contains(&file.as_str()) {
                continue;
            }
            match &self.bucket {
                Some(bucket) => bucket.remove(&file)?,
                None => match fs::remove_file(self.path.join(&file)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(Error::storage(
                            format_args!("cannot remove {}", self.path.join(file).display()),
                            error,
                        ));
                    }
                    _ => {}
                },
            }
        }
        Ok(())
    }

    /// The outcomes that earlier runs left in the bucket and that are `wanted`, the latest last; none without a bucket.
    pub(crate) fn earlier_outcomes(&self, wanted: impl Fn(&Outcome) -> bool) -> Result<Vec<Outcome>> {
        let Some(bucket) = &self.bucket else { return Ok(Vec::new()) };
        let mut outcomes = Vec::new();
        let mut text = Vec::new();
        for file in [("manifest", "jsonl"), CHECKPOINT] {
            bucket.read(&self.file_name(file), &mut text)?;
            // A row of another version, or one that was cut off, does not parse: its artifact is read instead.
            let parsed = text.split(|byte| *byte == b'\n').filter_map(|row| serde_json::from_slice(row).ok());
            outcomes.extend(parsed.filter(&wanted));
        }
        Ok(outcomes)
    }
}

/// Uploads of the manifest so far, for the run that resumes this one if it is killed.
pub(crate) struct Checkpoints {
    results: ResultsDirectory,
    last: Instant,
    upload: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(crate) fn new(results: &ResultsDirectory) -> Self {
        Self { results: results.clone(), last: Instant::now(), upload: None }
    }

    /// Uploads the manifest so far once a minute, in the background and one upload at a time. A failed upload is
    /// ignored: it costs only the work that it would have saved.
    pub(crate) fn upload(&mut self, manifest: &Path) {
        let is_busy = self.upload.as_ref().is_some_and(|upload| !upload.is_finished());
        let Some(bucket) = self.results.bucket.clone() else { return };
        if is_busy || self.last.elapsed() < CHECKPOINT_INTERVAL {
            return;
        }
        self.last = Instant::now();
        let (name, manifest) = (self.results.file_name(CHECKPOINT), manifest.to_owned());
        let upload = move || drop(bucket.publish_file(&name, &manifest));
        self.upload = thread::Builder::new().name("checkpoint".into()).spawn(upload).ok();
    }

    fn wait(&mut self) {
        if let Some(upload) = self.upload.take() {
            drop(upload.join());
        }
    }

    /// Waits for the last upload and empties the checkpoint: the manifest replaces it.
    pub(crate) fn finish(mut self) {
        self.wait();
        if let Some(bucket) = &self.results.bucket {
            drop(bucket.publish(&self.results.file_name(CHECKPOINT), b""));
        }
    }
}

impl Drop for Checkpoints {
    /// Waits: a process that ends during a multipart upload leaves its parts in the bucket.
    fn drop(&mut self) {
        self.wait();
    }
}
