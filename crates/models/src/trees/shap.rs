//! Exact SHAP values of tree ensembles.
//!
//! Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree Ensembles", 2018, algorithm 2: the
//! weights of all subsets of the features on the way to a node are carried along, so a tree takes time
//! O(leaves · depth²) instead of O(2^features).

use super::{Ensemble, Tree};
use crate::{Result, data::check_width};

/// How one feature on the way to a node changes the share of subsets that flow there.
#[derive(Clone, Copy)]
struct Step {
    feature: usize,
    /// Share of the training rows that go this way if the feature is unknown.
    zero: f64,
    /// 1 if the explained row goes this way, 0 if not.
    one: f64,
    /// Summed weight of the subsets with as many known features as the step's place.
    weight: f64,
}

/// No feature: the root's step.
const NONE: usize = usize::MAX;

impl Ensemble {
    /// The contribution of each feature to the margin of one row, and last the expected margin: shape (k + 1). The sum of
    /// all is the margin, which for squared error is the prediction.
    ///
    /// # Errors
    /// The row does not have k features.
    pub fn shap_values(&self, row: &[f32]) -> Result<Vec<f64>> {
        check_width(row.len(), self.features)?;
        let mut values = vec![0.0; self.features + 1];
        let mut paths = vec![];
        for tree in &self.trees {
            values[self.features] += tree.expected_value();
            tree.add_shap_values(row, &mut values, &mut paths);
        }
        values[self.features] += f64::from(self.objective.margin(self.base_score));
        Ok(values)
    }
}

impl Tree {
    fn share(&self, parent: usize, child: usize) -> f64 {
        let cover = f64::from(self.stats[parent].sum_hessian);
        if cover > 0.0 { f64::from(self.stats[child].sum_hessian) / cover } else { 0.5 }
    }

    /// The mean leaf value, weighted by the training rows.
    fn expected_value(&self) -> f64 {
        let mut means: Vec<f64> = self.nodes.iter().map(|node| f64::from(node.value())).collect();
        // Children follow their parents.
        for (id, node) in self.nodes.iter().enumerate().rev().filter(|(_, node)| !node.is_leaf()) {
            means[id] = [node.left(), node.right()].iter().map(|&child| self.share(id, child) * means[child]).sum();
        }
        means[0]
    }

    /// `paths` holds the path to the ancestor at each depth; it is only kept to save allocations. No recursion: the trees
    /// of a forest can be as deep as there are rows.
    fn add_shap_values(&self, row: &[f32], values: &mut [f64], paths: &mut Vec<Vec<Step>>) {
        struct Visit {
            id: usize,
            depth: usize,
            feature: usize,
            zero: f64,
            one: f64,
        }
        let mut stack = vec![Visit { id: 0, depth: 0, feature: NONE, zero: 1.0, one: 1.0 }];
        while let Some(visit) = stack.pop() {
            if paths.len() <= visit.depth {
                paths.push(vec![]);
            }
            let (above, here) = paths.split_at_mut(visit.depth);
            let path = &mut here[0];
            path.clear();
            path.extend_from_slice(above.last().map_or(&[], Vec::as_slice));
            // A feature that is on the path already keeps one step with both shares multiplied.
            let (mut zero, mut one) = (visit.zero, visit.one);
            if let Some(at) = path.iter().position(|step| step.feature == visit.feature) {
                zero *= path[at].zero;
                one *= path[at].one;
                unwind(path, at);
            }
            extend(path, visit.feature, zero, one);

            let node = self.nodes[visit.id];
            if node.is_leaf() {
                for at in 1..path.len() {
                    let step = path[at];
                    values[step.feature] += unwound_sum(path, at) * (step.one - step.zero) * f64::from(node.value());
                }
                continue;
            }
            let feature = node.feature();
            let goes_left = node.goes_left(row[feature]);
            for (child, one) in [(node.left(), f64::from(goes_left)), (node.right(), f64::from(!goes_left))] {
                stack.push(Visit {
                    id: child,
                    depth: visit.depth + 1,
                    feature,
                    zero: self.share(visit.id, child),
                    one,
                });
            }
        }
    }
}

fn extend(path: &mut Vec<Step>, feature: usize, zero: f64, one: f64) {
    let depth = path.len();
    path.push(Step { feature, zero, one, weight: if depth == 0 { 1.0 } else { 0.0 } });
    for i in (0..depth).rev() {
        path[i + 1].weight += one * path[i].weight * (i + 1) as f64 / (depth + 1) as f64;
        path[i].weight = zero * path[i].weight * (depth - i) as f64 / (depth + 1) as f64;
    }
}

/// Takes the step at `at` out again: the inverse of [`extend`].
fn unwind(path: &mut Vec<Step>, at: usize) {
    let depth = path.len() - 1;
    let Step { zero, one, .. } = path[at];
    let mut next = path[depth].weight;
    for i in (0..depth).rev() {
        if one == 0.0 {
            path[i].weight = path[i].weight * (depth + 1) as f64 / (zero * (depth - i) as f64);
        } else {
            let weight = path[i].weight;
            path[i].weight = next * (depth + 1) as f64 / ((i + 1) as f64 * one);
            next = weight - path[i].weight * zero * (depth - i) as f64 / (depth + 1) as f64;
        }
    }
    for i in at..depth {
        let Step { feature, zero, one, .. } = path[i + 1];
        path[i] = Step { feature, zero, one, weight: path[i].weight };
    }
    path.pop();
}

/// The sum of the weights after taking out the step at `at`.
fn unwound_sum(path: &[Step], at: usize) -> f64 {
    let depth = path.len() - 1;
    let Step { zero, one, .. } = path[at];
    let mut next = path[depth].weight;
    let mut total = 0.0;
    for i in (0..depth).rev() {
        if one != 0.0 {
            let weight = next * (depth + 1) as f64 / ((i + 1) as f64 * one);
            total += weight;
            next = path[i].weight - weight * zero * (depth - i) as f64 / (depth + 1) as f64;
        } else if zero != 0.0 {
            total += path[i].weight * (depth + 1) as f64 / (zero * (depth - i) as f64);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::super::{BoostingParams, Examples, ForestParams, Matrix, Scratch};
    use super::*;
    use crate::interrupt::Interrupt;

    /// The expected value of a tree when only the features in `known` are: the training rows' shares decide the rest.
    fn expectation(tree: &Tree, id: usize, row: &[f32], known: usize) -> f64 {
        let node = tree.nodes[id];
        if node.is_leaf() {
            return f64::from(node.value());
        }
        let (left, right) = (node.left(), node.right());
        if known & (1 << node.feature()) != 0 {
            return expectation(tree, if node.goes_left(row[node.feature()]) { left } else { right }, row, known);
        }
        [left, right].iter().map(|&child| tree.share(id, child) * expectation(tree, child, row, known)).sum()
    }

    fn factorial(n: usize) -> f64 {
        (1..=n).map(|i| i as f64).product()
    }

    /// Shapley's formula over all subsets.
    fn by_definition(model: &Ensemble, row: &[f32], feature: usize) -> f64 {
        let k = row.len();
        let game = |known| model.trees.iter().map(|tree| expectation(tree, 0, row, known)).sum::<f64>();
        (0..1_usize << k)
            .filter(|subset| subset & (1 << feature) == 0)
            .map(|subset| {
                let size = subset.count_ones() as usize;
                let weight = factorial(size) * factorial(k - size - 1) / factorial(k);
                weight * (game(subset | 1 << feature) - game(subset))
            })
            .sum()
    }

    #[test]
    fn values_are_those_of_shapleys_formula() {
        let rows: Vec<f32> = (0..240_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 28) as f32).collect();
        let matrix = Matrix::from_rows(4, &rows).unwrap();
        let targets: Vec<f32> = rows.chunks(4).map(|x| x[0] * x[1] - 2.0 * x[2] + x[3]).collect();
        let mut scratch = Scratch::default();
        let boosting = BoostingParams { num_round: 4, ..BoostingParams::default() };
        let forest = ForestParams { n_estimators: 4, ..ForestParams::default() };
        let models = [
            boosting
                .fit(Examples::new(&matrix, &targets, None), None, Interrupt::default(), &mut scratch)
                .unwrap()
                .model,
            forest.fit(Examples::new(&matrix, &targets, None), Interrupt::default(), &mut scratch).unwrap(),
        ];
        for model in models {
            for row in rows.chunks(4).take(6).chain([[f32::NAN, 3.0, f32::NAN, 9.0].as_slice()]) {
                let values = model.shap_values(row).unwrap();
                for feature in 0..4 {
                    let expected = by_definition(&model, row, feature);
                    assert!((values[feature] - expected).abs() < 1e-9, "{values:?}: {expected} for {feature}");
                }
                let (sum, prediction) = (values.iter().sum::<f64>(), f64::from(model.predict(row).unwrap()));
                assert!((sum - prediction).abs() < 1e-4, "{sum} for {prediction}");
            }
        }
    }
}
