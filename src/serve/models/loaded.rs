//! A model in memory: what requests need of its artifact, and nothing else.

use super::{
    budget::{Budget, Charge},
    identity::Identity,
};
use crate::artifact::{Opened, forecast_seed};
use manyfit_models::Fitted;

/// What the registry adds to a model, in bytes.
const IN_REGISTRY: u64 = 1024;

/// A model in memory.
#[derive(Debug)]
pub(in crate::serve) struct LoadedModel {
    pub(in crate::serve) model: Fitted,
    /// Rows of its training data, with and without a value, as far as they are known.
    pub(in crate::serve) rows: usize,
    pub(in crate::serve) identity: Identity,
    /// Bytes of memory it takes.
    pub(in crate::serve) bytes: u64,
    /// Its part of the memory budget, returned when the model is dropped.
    pub(super) charge: Charge,
}

impl LoadedModel {
    /// Keeps what requests need; `charge` is the estimate for reading the model, until it is [settled](Charge::settle).
    pub(super) fn new(opened: Opened, charge: Charge) -> Self {
        let Opened { metadata, mut model, file: _ } = opened;
        let metadata = metadata.as_ref();
        let rows = match (metadata, &model) {
            (Some(metadata), _) => metadata.rows + metadata.missing,
            (None, Fitted::Series(fitted)) => fitted.history_rows(),
            (None, Fitted::Rows(_)) => 0,
        };
        model.trim();
        let identity = Identity::new(metadata, model.name());
        let bytes = model.footprint() as u64 + identity.bytes() + size_of::<Self>() as u64 + IN_REGISTRY;
        Self { model, rows, identity, bytes, charge }
    }

    /// A model in no registry.
    pub(in crate::serve) fn alone(opened: Opened) -> Self {
        Self::new(opened, Budget::new(0).charge(0).expect("nothing needs no memory"))
    }

    /// The seed of its forecasts: with the run's seed, forecasts equal those of the training run.
    pub(in crate::serve) fn seed(&self, seed: u64) -> [u8; 32] {
        forecast_seed(seed, self.identity.customer.as_deref().unwrap_or_default())
    }
}
