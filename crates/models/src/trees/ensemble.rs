//! A fitted sum of trees: what boosting and forests both become, and what a model file holds.

use super::{Matrix, Objective, Tree};
use crate::{
    Error, Result,
    data::check_width,
    footprint::{BLOCK, of_text, of_vec},
};
use std::collections::BTreeMap;

/// A fitted ensemble of trees.
///
/// - the margin of a row is the margin of the base score plus the values of its leaves, added in order in single
///   precision; the prediction is the objective's transform of the margin;
/// - every tree is finite and uses features below [`Self::features`] only.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    pub(super) trees: Vec<Tree>,
    pub(super) objective: Objective,
    pub(super) base_score: f32,
    pub(super) features: usize,
    /// 1 for boosting, all trees for a forest.
    pub(crate) trees_per_round: usize,
    /// Free text that travels with the model, such as XGBoost's `best_iteration`.
    pub attributes: BTreeMap<String, String>,
    /// The features' names, or none. XGBoost requires the names of a model file at prediction, and a payload without a
    /// header has none: keep them outside the file.
    pub feature_names: Vec<String>,
}

impl Ensemble {
    pub(super) fn new(
        trees: Vec<Tree>,
        objective: Objective,
        base_score: f32,
        features: usize,
        trees_per_round: usize,
    ) -> Result<Self> {
        let finite = |tree: &Tree| {
            tree.nodes.iter().all(|node| node.value().is_finite())
                && tree.stats.iter().all(|stat| (stat.base_weight + stat.sum_hessian).is_finite())
        };
        if let Some(at) = trees.iter().position(|tree| !finite(tree)) {
            return Err(Error::Data(format!(
                "training diverged: tree {} has a value that is not finite; scale the target down or choose a smaller eta",
                at + 1
            )));
        }
        let (attributes, feature_names) = (BTreeMap::new(), vec![]);
        Ok(Self { trees, objective, base_score, features, trees_per_round, attributes, feature_names })
    }

    /// The trees, in order.
    #[must_use]
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// What the trees were fitted to.
    #[must_use]
    pub const fn objective(&self) -> Objective {
        self.objective
    }

    /// The prediction that the trees correct.
    #[must_use]
    pub const fn base_score(&self) -> f32 {
        self.base_score
    }

    /// Number of features of a row, k.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.features
    }

    /// Predicts one row, shape (k); NaN is a missing value.
    ///
    /// # Errors
    /// The row does not have k features.
    pub fn predict(&self, row: &[f32]) -> Result<f32> {
        check_width(row.len(), self.features)?;
        let start = self.objective.margin(self.base_score);
        Ok(self.objective.transform(self.trees.iter().fold(start, |margin, tree| margin + tree.predict(row))))
    }

    /// Predicts every row of `matrix`, shape (m, k). Shape (m).
    ///
    /// # Errors
    /// The rows do not have k features.
    pub fn predict_matrix(&self, matrix: &Matrix) -> Result<Vec<f32>> {
        // Tree by tree over rows that lie together: a tree is in the nearest cache for all of them.
        const TOGETHER: usize = 64;
        check_width(matrix.columns(), self.features)?;
        let (start, k) = (self.objective.margin(self.base_score), matrix.columns());
        let mut predictions = vec![start; matrix.rows()];
        let (mut rows, mut row) = (vec![], vec![]);
        for (block, margins) in predictions.chunks_mut(TOGETHER).enumerate() {
            rows.clear();
            for at in 0..margins.len() {
                matrix.copy_row(block * TOGETHER + at, &mut row);
                rows.extend_from_slice(&row);
            }
            for tree in &self.trees {
                for (margin, row) in margins.iter_mut().zip(rows.chunks_exact(k)) {
                    *margin += tree.predict(row);
                }
            }
            for margin in margins {
                *margin = self.objective.transform(*margin);
            }
        }
        Ok(predictions)
    }

    pub(crate) fn footprint(&self) -> usize {
        // A node has twelve bytes for prediction and twelve for what training knew of it.
        let trees: usize = self.trees().iter().map(|tree| 24 * tree.len() + size_of_val(tree) + 2 * BLOCK).sum();
        trees + of_vec(&self.feature_names) + self.feature_names.iter().map(of_text).sum::<usize>()
    }
}
