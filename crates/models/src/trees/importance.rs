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

#[cfg(test)]
mod tests {
    use super::super::{BoostingParams, Examples, Matrix, Scratch};
    use crate::interrupt::Interrupt;

    #[test]
    fn only_the_feature_that_splits_matters() {
        let rows: Vec<f32> = (0..40_u8).flat_map(|i| [f32::from(i % 7), f32::from(i)]).collect();
        let matrix = Matrix::from_rows(2, &rows).unwrap();
        let targets: Vec<f32> = (0..40_u8).map(|i| f32::from(u8::from(i >= 20))).collect();
        let params = BoostingParams { num_round: 2, max_depth: 1, ..BoostingParams::default() };
        let model = params
            .fit(Examples::new(&matrix, &targets, None), None, Interrupt::default(), &mut Scratch::default())
            .unwrap()
            .model;
        let importances = model.importances();
        assert_eq!(importances[0], super::Importance::default());
        assert_eq!(importances[1].weight, 2);
        assert!((importances[1].cover() - 40.0).abs() < 1e-9);
        // Gradients of ±½ with λ = 1: 10² / 21 on each side; then the first tree has taken 0.3 · 20 / 21 of them.
        let first = 200.0 / 21.0;
        let rest = 1.0 - 0.3 * 20.0 / 21.0;
        assert!((importances[1].total_gain - first * (1.0 + rest * rest)).abs() < 1e-4, "{importances:?}");
    }
}
