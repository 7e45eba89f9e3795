//! Rows of features with targets, to fit or to score a model.

use super::Matrix;
use crate::Result;

/// Rows of features with their targets and weights.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// The features, shape (n, k).
    pub matrix: &'a Matrix,
    /// The targets, shape (n), in the units of the input.
    pub targets: &'a [f32],
    /// The sample weights, shape (n), if the rows are weighted.
    pub weights: Option<&'a [f32]>,
}

impl<'a> Examples<'a> {
    /// Rows with their targets, shape (n), and sample weights, shape (n).
    #[must_use]
    pub const fn new(matrix: &'a Matrix, targets: &'a [f32], weights: Option<&'a [f32]>) -> Self {
        Self { matrix, targets, weights }
    }

    /// Checks that there is a finite target for each row, and a weight if the rows are weighted.
    pub(crate) fn check(&self) -> Result<()> {
        self.matrix.check_length("target", self.targets)?;
        self.weights.map_or(Ok(()), |weights| self.matrix.check_weights(weights))
    }
}
