//! What the file of a model lacks.

use crate::{data::Feature, frequency::Frequency};

/// What the file of a model lacks; a missing part is inferred from the file as far as possible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sidecar {
    /// The frequency of the series; without it, the one inferred from the history in the file.
    pub frequency: Option<Frequency>,
    /// The features of the rows, shape (k); without them, numeric features named as in the file, or `f0`, `f1`, ….
    pub features: Option<Vec<Feature>>,
    /// By what intervals are scaled; see [`FittedSeries::interval_factor`](crate::FittedSeries::interval_factor).
    pub interval_factor: Option<f64>,
    /// The content of [`FittedSeries::PROPHET_FILE`](crate::FittedSeries::PROPHET_FILE) where a combination has it among its members.
    pub member: Option<Vec<u8>>,
}
