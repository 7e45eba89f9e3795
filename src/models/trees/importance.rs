//! How much each feature matters: XGBoost's importances.

use super::Ensemble;

/// The importance of one feature, summed over all splits that use it. XGBoost's `total_gain`, `total_cover` and
/// `weight`; its `gain` and `cover` are the means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Importance {
    /// Sum of the splits' loss changes.
    pub total_gain: f64,
    /// Sum of the splits' sums of hessians.
    pub total_cover: f64,
    /// Number of splits.
    pub weight: usize,
}

impl Importance {
    /// Mean loss change of a split, 0 if there is none.
    #[must_use]
    pub fn gain(&self) -> f64 {
        self.total_gain / self.weight.max(1) as f64
    }

    /// Mean sum of hessians of a split, 0 if there is none.
    #[must_use]
    pub fn cover(&self) -> f64 {
        self.total_cover / self.weight.max(1) as f64
    }
}

impl Ensemble {
    /// The importance of every feature, shape (k).
    #[must_use]
    pub fn importances(&self) -> Vec<Importance> {
        let mut importances = vec![Importance::default(); self.features];
        for tree in &self.trees {
            for (node, stat) in tree.nodes.iter().zip(&tree.stats).filter(|(node, _)| !node.is_leaf()) {
                let importance = &mut importances[node.feature()];
                importance.total_gain += f64::from(stat.loss_change);
                importance.total_cover += f64::from(stat.sum_hessian);
                importance.weight += 1;
            }
        }
        importances
    }
}
