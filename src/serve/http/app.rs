//! The state that handlers share.

use super::body::BodyMemory;
use crate::{
    error::{Error, Result},
    run::resident_memory,
    serve::{
        job_queue::JobQueue,
        models::{Folder, LoadedModel, Loader, ModelSource, Registry},
        observe::{Capture, Log, LogLevel, Metrics},
        settings::{Models, Settings},
    },
};
use prometheus_client::metrics::gauge::Gauge;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// A server's state.
#[derive(Debug)]
pub struct App {
    pub(super) settings: Settings,
    pub(super) loader: Arc<Loader>,
    pub(super) lookup: Lookup,
    pub(super) jobs: JobQueue,
    pub(super) body_memory: BodyMemory,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: Arc<Log>,
    pub(super) capture: Option<Capture>,
    /// Makes request identifiers differ from those of other processes.
    started: u64,
    requests: AtomicU64,
}

/// How the model of a request is found.
#[derive(Debug)]
pub(super) enum Lookup {
    /// There is only this one.
    Single(Arc<LoadedModel>),
    /// Calls have loaded it under its name. A target may also be an archive of a folder.
    Loaded(Folder),
    /// By its target, in a folder or bucket.
    Folder(Folder),
}

impl App {
    /// Prepares a server; a single model is loaded.
    ///
    /// # Errors
    /// A capture folder that cannot be written, a model that cannot be read, a bucket that cannot be reached.
    pub fn new(settings: Settings) -> Result<Arc<Self>> {
        let metrics = Arc::new(Metrics::new());
        let start = |error| Error::storage("starting the threads", error);
        let log = Arc::new(Log::start(settings.log_level).map_err(start)?);
        // Loads have a queue of their own, so that a slow disk does not delay predictions.
        let loader = Arc::new(Loader {
            registry: Registry::new(settings.memory),
            jobs: JobQueue::new(settings.loads(), settings.queue, Gauge::default()),
            metrics: Arc::clone(&metrics),
            log: Arc::clone(&log),
        });
        let folder = |root| Folder::new(root, settings.check_every);
        let lookup = match &settings.models {
            Models::Single(path) => {
                let begun = Instant::now();
                let model = loader
                    .read_path("model", path)
                    .map_err(|error| Error::Data(format!("{}: {}", path.display(), error.message)))?;
                loader.loaded("model", &model, begun);
                Lookup::Single(Arc::new(model))
            }
            Models::Loaded { targets } => Lookup::Loaded(folder(ModelSource::Path(targets.clone()))),
            Models::Folder(directory) => Lookup::Folder(folder(ModelSource::Path(directory.clone()))),
            Models::Bucket(store) => {
                // Fails unless the bucket can be reached and tells missing objects from forbidden ones.
                store.read("there-is-no-such-model", &mut Vec::new())?;
                Lookup::Folder(folder(ModelSource::Object { store: Arc::clone(store), key: String::new() }))
            }
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Arc::new(Self {
            capture: settings.capture.as_ref().map(Capture::start).transpose()?,
            jobs: JobQueue::new(settings.jobs, settings.queue, metrics.waiting.clone()),
            body_memory: BodyMemory::new(settings.bodies.max(settings.max_request)),
            started: now.as_nanos() as u64,
            requests: AtomicU64::new(0),
            settings,
            loader,
            lookup,
            metrics,
            log,
        }))
    }

    /// A new identifier for a request.
    pub(super) fn next_request_id(&self) -> String {
        format!("{:016x}-{:08x}", self.started, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// All metrics as text.
    pub(super) fn metrics_text(&self) -> String {
        let registry = &self.loader.registry;
        let models = registry.len() + usize::from(matches!(self.lookup, Lookup::Single(_)));
        let lost = self.capture.as_ref().map_or(0, |capture| capture.writer.lost());
        self.metrics.text(&[
            ("manyfit_models", "Models in memory", models as u64),
            ("manyfit_model_memory_bytes", "Memory charged to the loaded models", registry.budget.used()),
            ("manyfit_model_memory_limit_bytes", "Memory budget for models", registry.budget.limit),
            ("process_resident_memory_bytes", "Resident memory of the process", resident_memory().unwrap_or_default()),
            ("manyfit_captures_lost", "Requests that should have been captured but were lost, since the start", lost),
            (
                "manyfit_log_lines_lost",
                "Log lines dropped because nobody read the log, since the start",
                self.log.lost(),
            ),
        ])
    }

    pub(super) fn log_event(&self, event: &str, fields: Value) {
        self.log.write(LogLevel::Events, event, fields);
    }

    /// Writes pending captures and log lines.
    pub(super) fn close(&self) {
        if let Some(capture) = &self.capture {
            capture.writer.flush(Duration::from_secs(2));
        }
        self.log_event("stopped", json!({"requests": self.requests.load(Ordering::Relaxed)}));
        self.log.close();
    }
}
