//! From a place on the disk to a model in memory, within the budget.

use super::{
    fault::Fault,
    journal::{Detail, Journal},
    metrics::Metrics,
    registry::Registry,
    resident::Resident,
    work::Work,
};
use crate::artifact::{Limits, open_path};
use serde_json::json;
use std::{fs, path::Path, sync::Arc, time::Instant};

/// What reading an archive takes at its peak, as a multiple of its size: it is unpacked text, and parsed text.
const ARCHIVE_PEAK: u64 = 24;

/// The same of an unpacked artifact.
const DIRECTORY_PEAK: u64 = 4;

/// What reading takes however small the model is.
const LEAST_PEAK: u64 = 128 << 10;

/// An archive may always unpack to so much: text of a large tree model packs well.
const UNPACKED: u64 = 16 << 20;

/// Reads models.
#[derive(Debug)]
pub(super) struct Loader {
    registry: Arc<Registry>,
    pub(super) work: Work,
    metrics: Arc<Metrics>,
    journal: Arc<Journal>,
}

impl Loader {
    pub(super) const fn new(registry: Arc<Registry>, work: Work, metrics: Arc<Metrics>, journal: Arc<Journal>) -> Self {
        Self { registry, work, metrics, journal }
    }

    pub(super) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Reads a model; with `evicting`, models of a folder make room for it.
    pub(super) fn read(&self, name: &str, path: &Path, evicting: bool) -> Result<Resident, Fault> {
        let peak = peak(path);
        let budget = &self.registry.budget;
        let charge = loop {
            if let Some(charge) = budget.charge(peak) {
                break charge;
            }
            match if evicting { self.registry.evict() } else { None } {
                Some(evicted) => {
                    self.metrics.evictions.inc();
                    self.unloaded(&evicted, "it was used least recently, and others needed its memory");
                }
                None => {
                    return Err(Fault::no_room(format!(
                        "Out of resources: model {name} needs up to {peak} bytes to load, and {} of {} are taken",
                        budget.used(),
                        budget.limit()
                    )));
                }
            }
        };
        let limits = Limits { unpacked: peak.max(UNPACKED), ..Limits::of_file(peak.max(UNPACKED)) };
        Ok(Resident::new(open_path(path, limits)?, charge))
    }

    /// Notes a model that was loaded.
    pub(super) fn loaded(&self, name: &str, model: &Resident, begun: Instant) {
        let seconds = begun.elapsed().as_secs_f64();
        self.metrics.loaded(seconds);
        let identity = model.identity.line();
        let fields = json!({"model": name, "identity": identity, "bytes": model.bytes(), "seconds": seconds});
        self.journal.log(Detail::Events, "loaded", fields);
    }

    /// Notes a model that could not be loaded.
    pub(super) fn failed(&self, name: &str, fault: &Fault) {
        self.metrics.load_failures.inc();
        let fields = json!({"model": name, "status": fault.status.as_u16(), "message": fault.message});
        self.journal.log(Detail::Errors, "load failed", fields);
    }

    /// Notes a model that is gone from memory.
    pub(super) fn unloaded(&self, name: &str, why: &str) {
        self.metrics.unloads.inc();
        self.journal.log(Detail::Events, "unloaded", json!({"model": name, "why": why}));
    }
}

/// An upper bound of the memory that reading takes, from sizes alone. What cannot be seen is left to the reader to refuse.
fn peak(path: &Path) -> u64 {
    let Ok(found) = fs::metadata(path) else { return LEAST_PEAK };
    let size = if found.is_dir() {
        let files = fs::read_dir(path).into_iter().flatten().filter_map(|entry| fs::metadata(entry.ok()?.path()).ok());
        DIRECTORY_PEAK * files.filter(fs::Metadata::is_file).map(|file| file.len()).sum::<u64>()
    } else {
        ARCHIVE_PEAK.saturating_mul(found.len())
    };
    size.saturating_add(LEAST_PEAK)
}
