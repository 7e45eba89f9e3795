//! A server's state, from its settings to what its handlers share.

use super::{
    body::Room,
    capture::Capture,
    folder::Folder,
    journal::{Detail, Journal},
    loader::Loader,
    metrics::{Levels, Metrics},
    registry::Registry,
    resident::Resident,
    settings::{Models, Settings},
    work::Work,
};
use crate::{
    error::{Error, Result},
    run::resident_memory,
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
    pub(super) registry: Arc<Registry>,
    pub(super) loader: Arc<Loader>,
    /// Archives by target name, where there are any.
    pub(super) folder: Option<Folder>,
    /// The one model, where there is only one.
    pub(super) single: Option<Arc<Resident>>,
    pub(super) work: Work,
    /// For the bodies of requests.
    pub(super) room: Room,
    pub(super) metrics: Arc<Metrics>,
    pub(super) journal: Arc<Journal>,
    pub(super) capture: Option<Capture>,
    /// Makes the numbers of requests differ from those of other processes.
    started: u64,
    requests: AtomicU64,
}

impl App {
    /// Prepares a server; a single model is read.
    ///
    /// # Errors
    /// A folder for captures that cannot be written, a model that cannot be read, a bucket out of reach.
    pub fn new(settings: Settings) -> Result<Arc<Self>> {
        let registry = Registry::new(settings.memory);
        let metrics = Arc::new(Metrics::new());
        let start = |error| Error::storage("starting the threads", error);
        let journal = Arc::new(Journal::start(settings.detail).map_err(start)?);
        // Loads have turns of their own, so that a slow disk does not keep requests from being answered.
        let loads = Work::new(settings.loads(), settings.queue);
        let (theirs, shared) = (Arc::clone(&metrics), Arc::clone(&journal));
        let loader = Arc::new(Loader::new(Arc::clone(&registry), loads, theirs, shared));
        let single = match &settings.models {
            Models::Single(path) => {
                let begun = Instant::now();
                let model = loader
                    .read("model", path, false)
                    .map_err(|fault| Error::Data(format!("{}: {}", path.display(), fault.message)))?;
                loader.loaded("model", &model, begun);
                Some(Arc::new(model))
            }
            Models::Loaded { .. } | Models::Folder(_) | Models::Bucket { .. } => None,
        };
        let folder = match &settings.models {
            Models::Loaded { targets } => Some(Folder::new(targets.clone())),
            Models::Folder(directory) => Some(Folder::new(directory.clone())),
            Models::Bucket { place, options } => Some(Folder::of_store(bucket(place, options)?)),
            Models::Single(_) => None,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Arc::new(Self {
            capture: settings.capture.as_ref().map(Capture::start).transpose()?,
            work: Work::new(settings.jobs, settings.queue),
            room: Room::new(settings.bodies.max(settings.max_request)),
            started: now.as_nanos() as u64,
            requests: AtomicU64::new(0),
            settings,
            registry,
            loader,
            folder,
            single,
            metrics,
            journal,
        }))
    }

    /// The number of the next request, unlike that of any other.
    pub(super) fn next_request(&self) -> String {
        format!("{:016x}-{:08x}", self.started, self.requests.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn levels(&self) -> Levels {
        Levels {
            models: self.registry.len() + usize::from(self.single.is_some()),
            model_bytes: self.registry.budget.used(),
            budget_bytes: self.registry.budget.limit(),
            resident_bytes: resident_memory().unwrap_or_default(),
            waiting: self.work.waiting(),
            captures_lost: self.capture.as_ref().map_or(0, Capture::lost),
            log_lines_lost: self.journal.dropped(),
        }
    }

    pub(super) fn log(&self, event: &str, fields: Value) {
        self.journal.log(Detail::Events, event, fields);
    }

    /// Writes what waits to be written.
    pub(super) fn close(&self) {
        if let Some(capture) = &self.capture {
            capture.close();
        }
        self.log("stopped", json!({"requests": self.requests.load(Ordering::Relaxed)}));
        self.journal.close();
    }
}

/// A bucket that answers, and tells what it does not have from what it does not give.
fn bucket(place: &Location, options: &S3Options) -> Result<Arc<dyn Store>> {
    let store: Arc<dyn Store> = place.open(Durability::ProcessDeath, options)?.into();
    store.read("there-is-no-such-model", &mut Vec::new())?;
    Ok(store)
}
