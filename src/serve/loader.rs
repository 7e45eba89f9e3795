//! From a place on the disk, or in a bucket, to a model in memory, within the budget.

use super::{
    budget::Charge,
    fault::Fault,
    journal::{Detail, Journal},
    metrics::Metrics,
    registry::Registry,
    resident::Resident,
    work::Work,
};
use crate::{
    artifact::{Limits, Opened, open_object, open_path},
    store::Store,
};
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
    time::Instant,
};

/// What reading an archive takes at its peak, as a multiple of its size: it is unpacked text, and parsed text.
const ARCHIVE_PEAK: u64 = 24;

/// The same of what is not packed, or of what an archive says that it unpacks to.
const UNPACKED_PEAK: u64 = 4;

/// What reading takes however small the model is.
const LEAST_PEAK: u64 = 128 << 10;

/// An archive may always unpack to so much, and to [`ARCHIVE_PEAK`] times its size: text of a large tree model packs well.
const UNPACKED: u64 = 16 << 20;

/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

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
        let charge = self.charge(name, peak, evicting)?;
        self.keep(name, open_path(path, limits(peak))?, charge, peak, evicting)
    }

    /// Reads a model from an object that was seen to have so many bytes; models of a folder make room for it.
    pub(super) fn read_object(&self, name: &str, store: &dyn Store, key: &str, size: u64) -> Result<Resident, Fault> {
        let seen = archive_peak(size, 0);
        let mut charge = self.charge(name, seen, true)?;
        let mut bytes = Vec::new();
        match store.read(key, &mut bytes) {
            Ok(true) => {}
            Ok(false) => return Err(Fault::unknown_model(name)),
            Err(error) => return Err(Fault::internal(format!("Unable to load model: {error}"))),
        }
        let declared = match bytes.last_chunk() {
            Some(size) if bytes.starts_with(&GZIP) => u32::from_le_bytes(*size).into(),
            _ => 0,
        };
        // What it unpacks to is known now, and it may be another one than was seen.
        let peak = archive_peak(bytes.len() as u64, declared);
        self.make_room(name, peak.saturating_sub(seen), true, || charge.settle(peak).then_some(()))?;
        self.keep(name, open_object(key, bytes, limits(peak))?, charge, peak, true)
    }

    /// Takes what reading is thought to take, where that can ever fit.
    fn charge(&self, name: &str, peak: u64, evicting: bool) -> Result<Charge, Fault> {
        let budget = &self.registry.budget;
        if peak > budget.limit() {
            return Err(Fault::no_room(format!(
                "Out of resources: model {name} needs up to {peak} bytes to load, and never fits into {}: raise --memory",
                budget.limit()
            )));
        }
        self.make_room(name, peak, evicting, || budget.charge(peak))
    }

    /// Keeps what answers need of a model that was read.
    fn keep(&self, name: &str, opened: Opened, charge: Charge, peak: u64, evicting: bool) -> Result<Resident, Fault> {
        let mut model = Resident::new(opened, charge);
        // A model may take more than reading its text was thought to.
        let more = model.bytes().saturating_sub(peak);
        self.make_room(name, more, evicting, || model.settle().then_some(()))?;
        Ok(model)
    }

    /// What `take` takes of the budget, so many bytes more than now, after as many evictions as that needs.
    fn make_room<T>(
        &self,
        name: &str,
        more: u64,
        evicting: bool,
        mut take: impl FnMut() -> Option<T>,
    ) -> Result<T, Fault> {
        loop {
            if let Some(taken) = take() {
                return Ok(taken);
            }
            let evicted = if evicting { self.registry.evict_for(more) } else { None };
            let Some(evicted) = evicted else {
                let budget = &self.registry.budget;
                return Err(Fault::no_room(format!(
                    "Out of resources: model {name} needs up to {more} bytes more to load, and {} of {} are taken",
                    budget.used(),
                    budget.limit()
                )));
            };
            self.metrics.evictions.inc();
            self.unloaded(&evicted, "it was used least recently, and others needed its memory");
        }
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

/// No more is unpacked than is charged for.
fn limits(peak: u64) -> Limits {
    let unpacked = peak / UNPACKED_PEAK;
    Limits { unpacked, ..Limits::of_file(unpacked) }
}

/// The memory that reading an archive, or a model file, of so many bytes is thought to take; `declared` is what it says that
/// it unpacks to, 0 where it does not.
fn archive_peak(size: u64, declared: u64) -> u64 {
    let packed = ARCHIVE_PEAK.saturating_mul(size);
    let unpacked = UNPACKED_PEAK.saturating_mul(declared.min(packed.max(UNPACKED)));
    packed.max(unpacked).saturating_add(LEAST_PEAK)
}

/// The memory that reading is thought to take, from sizes alone. What cannot be seen is left to the reader to refuse.
fn peak(path: &Path) -> u64 {
    let Ok(found) = fs::metadata(path) else { return LEAST_PEAK };
    if found.is_dir() {
        let files = fs::read_dir(path).into_iter().flatten().filter_map(|entry| fs::metadata(entry.ok()?.path()).ok());
        let sum: u64 = files.filter(fs::Metadata::is_file).map(|file| file.len()).sum();
        return UNPACKED_PEAK.saturating_mul(sum).saturating_add(LEAST_PEAK);
    }
    let declared = if found.is_file() { declared_size(path).unwrap_or_default() } else { 0 };
    archive_peak(found.len(), declared)
}

/// What an archive says that it unpacks to, in bytes: the last four of a gzip file (RFC 1952); 0 for other files. One that
/// says too little is refused where its limit is reached.
fn declared_size(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let (mut magic, mut size) = ([0; 2], [0; 4]);
    file.read_exact(&mut magic)?;
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut size)?;
    Ok(if magic == GZIP { u32::from_le_bytes(size).into() } else { 0 })
}
