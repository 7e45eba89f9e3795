//! The state that handlers share.

use super::body::BodyMemory;
use crate::{
    error::{Error, Result},
    run::resident_memory,
    serve::{
        job_queue::JobQueue,
        models::{Folder, LoadedModel, Loader, Registry},
        observe::{Capture, Log, LogLevel, Metrics},
        settings::{Models, Settings},
    },
    store::{Durability, Location, S3Options, Store},
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// A server's state.
#[derive(Debug)]
pub struct App {
    pub(super) settings: Settings,
    pub(super) loader: Arc<Loader>,
    /// Archives by target name, unless a single model is served.
    pub(super) folder: Option<Folder>,
    /// The single model, if that is what is served.
    pub(super) single: Option<Arc<LoadedModel>>,
    pub(super) jobs: JobQueue,
    pub(super) body_memory: BodyMemory,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: Arc<Log>,
    pub(super) capture: Option<Capture>,
    /// Makes request identifiers differ from those of other processes.
    started: u64,
    requests: AtomicU64,
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
        let loads = JobQueue::new(settings.loads(), settings.queue);
        let registry = Registry::new(settings.memory);
        let loader = Arc::new(Loader::new(registry, loads, Arc::clone(&metrics), Arc::clone(&log)));
        let single = match &settings.models {
            Models::Single(path) => {
                let begun = Instant::now();
                let model = loader
                    .read_path("model", path)
                    .map_err(|error| Error::Data(format!("{}: {}", path.display(), error.message)))?;
                loader.loaded("model", &model, begun);
                Some(Arc::new(model))
            }
            Models::Loaded { .. } | Models::Folder(_) | Models::Bucket { .. } => None,
        };
        let folder = match &settings.models {
            Models::Loaded { targets: directory } | Models::Folder(directory) => Some(Folder::new(directory.clone())),
            Models::Bucket { place, options } => Some(Folder::of_store(bucket(place, options)?)),
            Models::Single(_) => None,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Arc::new(Self {
            capture: settings.capture.as_ref().map(Capture::start).transpose()?,
            jobs: JobQueue::new(settings.jobs, settings.queue),
            body_memory: BodyMemory::new(settings.bodies.max(settings.max_request)),
            started: now.as_nanos() as u64,
            requests: AtomicU64::new(0),
            settings,
            loader,
            folder,
            single,
            metrics,
            log,
        }))
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.loader.registry
    }

    /// A new identifier for a request.
    pub(super) fn next_request_id(&self) -> String {
        format!("{:016x}-{:08x}", self.started, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// All metrics as text.
    pub(super) fn metrics_text(&self) -> String {
        let (metrics, registry) = (&self.metrics, self.registry());
        for (gauge, value) in [
            (&metrics.models, (registry.len() + usize::from(self.single.is_some())) as u64),
            (&metrics.model_bytes, registry.budget.used()),
            (&metrics.budget_bytes, registry.budget.limit()),
            (&metrics.resident_bytes, resident_memory().unwrap_or_default()),
            (&metrics.waiting, self.jobs.waiting() as u64),
            (&metrics.captures_lost, self.capture.as_ref().map_or(0, Capture::lost)),
            (&metrics.log_lines_lost, self.log.dropped()),
        ] {
            gauge.set(value as i64);
        }
        metrics.text()
    }

    pub(super) fn log_event(&self, event: &str, fields: Value) {
        self.log.write(LogLevel::Events, event, fields);
    }

    /// Writes pending captures and log lines.
    pub(super) fn close(&self) {
        if let Some(capture) = &self.capture {
            capture.close();
        }
        self.log_event("stopped", json!({"requests": self.requests.load(Ordering::Relaxed)}));
        self.log.close();
    }
}

/// Opens a bucket, and checks that it can be reached and tells missing objects from forbidden ones.
fn bucket(place: &Location, options: &S3Options) -> Result<Arc<dyn Store>> {
    let store: Arc<dyn Store> = place.open(Durability::ProcessDeath, options)?.into();
    store.read("there-is-no-such-model", &mut Vec::new())?;
    Ok(store)
}
