//! The features that each tree and each level of a tree may use.

use super::mt19937::Mt19937;

/// Draws the features of each tree and each level, as XGBoost does.
pub(super) struct ColumnSampler {
    by_tree: f32,
    by_level: f32,
    all: Vec<u32>,
    tree: Vec<u32>,
    level: Vec<u32>,
    generator: Option<Mt19937>,
}

impl ColumnSampler {
    /// `by_tree` and `by_level` are the fractions of `columns` features, and of those, that are kept.
    pub(super) fn new(columns: usize, by_tree: f32, by_level: f32) -> Self {
        let all = (0..columns as u32).collect();
        Self { by_tree, by_level, all, tree: vec![], level: vec![], generator: None }
    }

    /// The features of the level that has begun, ascending.
    pub(super) fn level(&self) -> &[u32] {
        &self.level
    }

    pub(super) fn begin_tree(&mut self, seed: u32) {
        self.tree.clone_from(&self.all);
        self.generator = (self.by_tree < 1.0 || self.by_level < 1.0).then(|| Mt19937::new(seed));
        if let Some(generator) = &mut self.generator {
            draw(&mut self.tree, self.by_tree, generator);
        }
    }

    pub(super) fn begin_level(&mut self) {
        self.level.clone_from(&self.tree);
        if let Some(generator) = &mut self.generator {
            draw(&mut self.level, self.by_level, generator);
        }
    }
}

/// Keeps `fraction` of the features, at least one, in ascending order.
fn draw(features: &mut Vec<u32>, fraction: f32, generator: &mut Mt19937) {
    if fraction < 1.0 {
        let kept = ((fraction * features.len() as f32) as usize).max(1);
        generator.shuffle(features);
        features.truncate(kept);
        features.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_draw_from_the_features_of_their_tree() {
        let mut sampler = ColumnSampler::new(20, 0.5, 0.3);
        sampler.begin_tree(7);
        let tree = sampler.tree.clone();
        assert_eq!(tree.len(), 10);
        for _ in 0..5 {
            sampler.begin_level();
            assert_eq!(sampler.level().len(), 3);
            assert!(sampler.level().iter().all(|feature| tree.contains(feature)));
        }
    }

    #[test]
    fn one_feature_is_always_kept() {
        let mut sampler = ColumnSampler::new(3, 0.1, 0.1);
        sampler.begin_tree(0);
        sampler.begin_level();
        assert_eq!(sampler.level().len(), 1);
    }
}
