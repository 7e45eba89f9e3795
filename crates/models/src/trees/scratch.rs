//! Memory that is reused from fit to fit.

use super::grow::Arena;

/// The memory of one worker thread, reused from fit to fit.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) narrow: Arena<u32>,
    pub(super) wide: Arena<u64>,
    pub(super) boosting: Buffers,
}

/// Buffers of boosting, a value for each row.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) margins: Vec<f32>,
    pub(super) gradients: Vec<f32>,
    pub(super) pairs: Vec<[f32; 2]>,
    pub(super) in_bag: Vec<bool>,
    pub(super) leaf_of: Vec<u32>,
    pub(super) evaluation_margins: Vec<f32>,
}
