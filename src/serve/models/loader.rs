//! Reading models into memory, within the budget.

use super::{
    budget::Charge,
    loaded::LoadedModel,
    registry::Registry,
    source::{ModelSource, stamp_of_path},
};
use crate::{
    artifact::{Limits, Opened, is_gzip, open_file, open_object, open_path, read_file},
    serve::{
        error::ApiError,
        job_queue::JobQueue,
        observe::{Log, LogLevel, Metrics},
    },
};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Instant};

/// The peak memory of reading an archive, as a multiple of its size: it holds the unpacked text and the parsed model.
const ARCHIVE_PEAK: u64 = 24;

/// The same for a file that is not packed, or as a multiple of the unpacked size that an archive declares.
const UNPACKED_PEAK: u64 = 4;

/// The least memory that reading takes, however small the model.
const LEAST_PEAK: u64 = 128 << 10;

/// An archive may always unpack to this size, and to [`ARCHIVE_PEAK`] times its own: large tree models compress well.
const UNPACKED: u64 = 16 << 20;

/// Reads models.
#[derive(Debug)]
pub(in crate::serve) struct Loader {
    pub(in crate::serve) registry: Arc<Registry>,
    pub(in crate::serve) jobs: JobQueue,
    pub(in crate::serve) metrics: Arc<Metrics>,
    pub(in crate::serve) log: Arc<Log>,
}

impl Loader {
    /// Reads the model at a path.
    pub(in crate::serve) fn read_path(&self, name: &str, path: &Path) -> Result<LoadedModel, ApiError> {
        // What cannot be examined is left to the reader to refuse.
        let size = stamp_of_path(path).map_or(0, |stamp| stamp.size);
        self.read(name, &ModelSource::Path(path.into()), size)
    }

    /// Reads the model of a source that has had so many bytes; evicts others that were loaded from a folder if it needs their
    /// memory.
    pub(super) fn read(&self, name: &str, source: &ModelSource, size: u64) -> Result<LoadedModel, ApiError> {
        if let ModelSource::Path(path) = source
            && path.is_dir()
        {
            let peak = UNPACKED_PEAK.saturating_mul(size).saturating_add(LEAST_PEAK);
            let charge = self.charge(name, peak)?;
            return self.keep(name, open_path(path, limits(peak))?, charge, peak);
        }
        let estimate = archive_peak(size, 0);
        let mut charge = self.charge(name, estimate)?;
        let bytes = match source {
            ModelSource::Path(path) => read_file(path, path.display(), limits(estimate).unpacked)?,
            ModelSource::Object { store, key } => {
                let mut bytes = Vec::new();
                match store.read(key, &mut bytes) {
                    Ok(true) => bytes,
                    Ok(false) => return Err(ApiError::unknown_model(name)),
                    Err(error) => return Err(ApiError::internal(format!("Unable to load model: {error}"))),
                }
            }
        };
        let declared = match bytes.last_chunk() {
            Some(size) if is_gzip(&bytes) => u32::from_le_bytes(*size).into(),
            _ => 0,
        };
        // The unpacked size is known only now, and the source may have been replaced since its size was looked up.
        let peak = archive_peak(bytes.len() as u64, declared);
        self.make_room(name, peak.saturating_sub(estimate), || charge.settle(peak).then_some(()))?;
        let opened = match source {
            ModelSource::Path(path) => open_file(path, bytes, limits(peak)),
            ModelSource::Object { key, .. } => open_object(key, bytes, limits(peak)),
        };
        self.keep(name, opened?, charge, peak)
    }

    /// Charges the peak memory of reading a model, if that can ever fit.
    fn charge(&self, name: &str, peak: u64) -> Result<Charge, ApiError> {
        let budget = &self.registry.budget;
        let limit = budget.limit;
        if peak > limit {
            return Err(ApiError::out_of_memory(format!(
                "Out of resources: model {name} needs up to {peak} bytes to load, and the limit is {limit}: raise --memory"
            )));
        }
        self.make_room(name, peak, || budget.charge(peak))
    }

    /// Keeps what requests need of a model that was read.
    fn keep(&self, name: &str, opened: Opened, charge: Charge, peak: u64) -> Result<LoadedModel, ApiError> {
        let mut model = LoadedModel::new(opened, charge);
        // A model may take more memory than the estimate for reading it.
        let more = model.bytes.saturating_sub(peak);
        self.make_room(name, more, || model.charge.settle(model.bytes).then_some(()))?;
        Ok(model)
    }

    /// Evicts models until `take` succeeds, which takes `more` bytes of the budget.
    fn make_room<T>(&self, name: &str, more: u64, mut take: impl FnMut() -> Option<T>) -> Result<T, ApiError> {
        loop {
            if let Some(taken) = take() {
                return Ok(taken);
            }
            let Some(evicted) = self.registry.evict_for(more) else {
                let budget = &self.registry.budget;
                return Err(ApiError::out_of_memory(format!(
                    "Out of resources: model {name} needs up to {more} more bytes to load, and {} of {} are in use",
                    budget.used(),
                    budget.limit
                )));
            };
            self.metrics.evictions.inc();
            self.unloaded(&evicted, "evicted as least recently used, to make room for another model");
        }
    }

    /// Counts and logs a model that was loaded.
    pub(in crate::serve) fn loaded(&self, name: &str, model: &LoadedModel, begun: Instant) {
        let seconds = begun.elapsed().as_secs_f64();
        self.metrics.loads.inc();
        self.metrics.load_seconds.observe(seconds);
        let identity = model.identity.line(0);
        let fields = json!({"model": name, "identity": identity, "bytes": model.bytes, "seconds": seconds});
        self.log.write(LogLevel::Events, "loaded", fields);
    }

    /// Counts and logs a model that could not be loaded.
    pub(in crate::serve) fn failed(&self, name: &str, error: &ApiError) {
        self.metrics.load_failures.inc();
        let fields = json!({"model": name, "status": error.status.as_u16(), "message": error.message});
        self.log.write(LogLevel::Errors, "load failed", fields);
    }

    /// Counts and logs a model that was unloaded.
    pub(in crate::serve) fn unloaded(&self, name: &str, why: &str) {
        self.metrics.unloads.inc();
        self.log.write(LogLevel::Events, "unloaded", json!({"model": name, "why": why}));
    }
}

/// Limits under which reading takes no more memory than was charged.
fn limits(peak: u64) -> Limits {
    let unpacked = peak / UNPACKED_PEAK;
    Limits { file: unpacked, unpacked }
}

/// The estimated memory for reading an archive or a model file of `size` bytes; `declared` is the unpacked size that it
/// declares in its last four bytes (RFC 1952), 0 for other files. An archive that declares too little is refused when it reaches
/// its limit.
fn archive_peak(size: u64, declared: u64) -> u64 {
    let packed = ARCHIVE_PEAK.saturating_mul(size);
    let unpacked = UNPACKED_PEAK.saturating_mul(declared.min(packed.max(UNPACKED)));
    packed.max(unpacked).saturating_add(LEAST_PEAK)
}
