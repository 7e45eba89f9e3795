//! Uploads of the manifest so far.

use super::directory::{CHECKPOINT, ResultsDirectory};
use std::{
    path::Path,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Time between two uploads of the manifest so far: a run that resumes a killed one checks at most this much work again.
const INTERVAL: Duration = Duration::from_mins(1);

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
        if is_busy || self.last.elapsed() < INTERVAL {
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

    /// Uploads the manifest of a run that ends before it is complete, for the next.
    pub(crate) fn leave(mut self, manifest: &Path) {
        self.wait();
        if let Some(bucket) = &self.results.bucket {
            drop(bucket.publish_file(&self.results.file_name(CHECKPOINT), manifest));
        }
    }
}

impl Drop for Checkpoints {
    /// Waits: a process that ends during a multipart upload leaves its parts in the bucket.
    fn drop(&mut self) {
        self.wait();
    }
}
