//! Random forests for regression, with scikit-learn's rules.
//!
//! Breiman, "Random Forests", 2001. Every tree is grown on a bootstrap sample of the rows. Where scikit-learn counts, the
//! rows in the bag count once however often they were drawn; where it weighs, they weigh as often.

use super::{
    Ensemble, ForestParams, Matrix, Objective, Scratch, Tree,
    columns::Entry,
    grow::{Arena, Candidate, Look, Open, Rule, Split, grow},
    mt19937::Mt19937,
    scan::{RowSums, Sums},
    tree::{Node, Stat},
};
use crate::{
    error::Result,
    models::patience::{Patience, Unfitted},
};

impl ForestParams {
    /// Fits a forest to `targets`, shape (n). `weights`, shape (n), are sample weights.
    ///
    /// # Errors
    /// Settings out of range; targets or weights that are missing or infinite.
    pub fn fit(
        &self,
        matrix: &Matrix,
        targets: &[f32],
        weights: Option<&[f32]>,
        scratch: &mut Scratch,
    ) -> Result<Ensemble> {
        Ok(self.fit_within(matrix, targets, weights, Patience::default(), scratch)?)
    }

    /// [`Self::fit`], asking before each tree whether to go on.
    ///
    /// # Errors
    /// As [`Self::fit`], or that the patience is over.
    pub fn fit_within(
        &self,
        matrix: &Matrix,
        targets: &[f32],
        weights: Option<&[f32]>,
        patience: Patience<'_>,
        scratch: &mut Scratch,
    ) -> Result<Ensemble, Unfitted> {
        self.check()?;
        matrix.check_length("target", targets)?;
        if let Some(weights) = weights {
            matrix.check_weights(weights)?;
        }
        let training = Training { params: self, matrix, targets, weights, patience };
        if matrix.rows() <= <u32 as Entry>::MAX_ROWS {
            training.run(&mut scratch.narrow)
        } else {
            training.run(&mut scratch.wide)
        }
    }
}

struct Training<'a> {
    params: &'a ForestParams,
    matrix: &'a Matrix,
    targets: &'a [f32],
    weights: Option<&'a [f32]>,
    patience: Patience<'a>,
}

impl Training<'_> {
    fn run<E: Entry>(&self, arena: &mut Arena<E>) -> Result<Ensemble, Unfitted> {
        let rows = self.matrix.rows();
        arena.prepare(self.matrix);
        // Leaves hold deviations from the overall mean: sums of small numbers lose less in single precision.
        let center = Objective::SquaredError.base_score(self.targets, self.weights);
        let squares = self.targets.iter().map(|&y| f64::from(y - center).powi(2));
        let spread = (squares.sum::<f64>() / rows as f64).sqrt();
        let mut generator = Mt19937::new(self.params.random_state);
        let mut rule = LeastSquares {
            params: self.params,
            targets: self.targets,
            features: (0..self.matrix.columns() as u32).collect(),
            searched: self.params.max_features.of(self.matrix.columns()),
            generator: generator.clone(),
            scale: if spread > 0.0 { 1.0 / spread } else { 1.0 },
        };
        let (mut counts, mut in_bag, mut leaf_of) = (vec![0_u32; rows], vec![], vec![0; rows]);
        let mut sums = vec![];
        let mut trees = Vec::with_capacity(self.params.n_estimators);
        for _ in 0..self.params.n_estimators {
            self.patience.check()?;
            self.draw(&mut generator, &mut counts);
            let weight = |row: usize| counts[row] as f32 * self.weights.map_or(1.0, |weights| weights[row]);
            sums.clear();
            sums.extend(self.targets.iter().enumerate().map(|(row, &y)| [(y - center) * weight(row), weight(row)]));
            in_bag.clear();
            in_bag.extend(sums.iter().map(|&[_, weight]| weight > 0.0));
            arena.take_rows(rows, Some(&in_bag));
            rule.generator = Mt19937::new(generator.next_u32());
            let mut tree: Tree = grow(&mut rule, arena, self.matrix, RowSums::Pairs(&sums), &mut leaf_of);
            for node in tree.nodes.iter_mut().filter(|node| node.is_leaf()) {
                *node = Node::leaf(node.value() / self.params.n_estimators as f32);
            }
            trees.push(tree);
        }
        let trees_per_round = trees.len();
        Ok(Ensemble::new(trees, Objective::SquaredError, center, self.matrix.columns(), trees_per_round)?)
    }

    /// How often each row is in the bag.
    fn draw(&self, generator: &mut Mt19937, counts: &mut [u32]) {
        if !self.params.bootstrap {
            counts.fill(1);
            return;
        }
        loop {
            counts.fill(0);
            let rows = counts.len() as u32;
            for _ in 0..self.params.draws(counts.len()) {
                counts[generator.below(rows) as usize] += 1;
            }
            // Where most rows have no weight, a bag may miss all that have.
            let weighs =
                |weights: &[f32]| counts.iter().zip(weights).any(|(&count, &weight)| count > 0 && weight > 0.0);
            if self.weights.is_none_or(weighs) {
                return;
            }
        }
    }
}

/// Splits that reduce the weighted sum of squared deviations most.
struct LeastSquares<'a> {
    params: &'a ForestParams,
    targets: &'a [f32],
    features: Vec<u32>,
    /// Number of features that are searched in each node.
    searched: usize,
    generator: Mt19937,
    /// The inverse of the targets' standard deviation.
    scale: f64,
}

impl Rule for LeastSquares<'_> {
    type Info = ();

    fn root(&mut self, _: Sums) {}

    fn children(&mut self, (): &(), _: &Split, _: Sums, _: Sums) -> ((), ()) {
        ((), ())
    }

    fn splittable(&self, depth: usize, _: Sums, rows: &[u32]) -> bool {
        let least = self.params.least_to_split(self.targets.len());
        let mut targets = rows.iter().map(|&row| self.targets[row as usize]);
        self.params.max_depth.is_none_or(|deepest| depth < deepest)
            && rows.len() >= least
            && targets.next().is_some_and(|first| targets.any(|y| y.total_cmp(&first).is_ne()))
    }

    fn begin_level(&mut self, _depth: usize) {}

    /// Features are searched in a new random order in every node, so that in small nodes, where many features separate
    /// the rows equally well, no feature is preferred. At least one that can split is searched.
    fn search(&mut self, node: &Open<()>, look: &mut dyn Look) -> Option<Split> {
        let mut best = None;
        let least = self.params.least_in_leaf(self.targets.len());
        let k = self.features.len();
        let mut varying = 0;
        for at in 0..k {
            // Two rows are parted completely by any feature that parts them.
            if (at >= self.searched && varying > 0) || (node.count() == 2 && best.is_some()) {
                break;
            }
            let other = at + self.generator.below((k - at) as u32) as usize;
            self.features.swap(at, other);
            let Some(mut candidate) = look.column(self.features[at] as usize) else { continue };
            varying += usize::from(varies(node, &candidate));
            search_column(node, &mut candidate, least, self.scale, &mut best);
        }
        best
    }

    fn finish(&self, node: &Open<()>) -> (f32, Stat) {
        let mean = (node.sums.g / node.sums.h) as f32;
        (mean, Stat { base_weight: mean, loss_change: 0.0, sum_hessian: node.sums.h as f32 })
    }
}

/// Whether a column has two different values in a node, a missing one counted as a value.
fn varies(node: &Open<()>, candidate: &Candidate<'_>) -> bool {
    match candidate.boundaries.len() {
        0 => false,
        1 => candidate.boundaries.count_above(0) < node.count(),
        _ => true,
    }
}

/// Searches one column, with the rows that lack a value on either side.
fn search_column(node: &Open<()>, candidate: &mut Candidate<'_>, least: usize, scale: f64, best: &mut Option<Split>) {
    let boundaries = &mut *candidate.boundaries;
    let Some(inner) = boundaries.len().checked_sub(1) else { return };
    let with_values = boundaries.count_above(inner);
    let lacking = node.count() - with_values;
    let absent = if lacking > 0 { node.sums - boundaries.present() } else { Sums::default() };
    let mut offer = |gain: f64, threshold: f32, default_left: bool| {
        if best.is_none_or(|best| gain > best.gain) {
            *best = Some(Split { gain, feature: candidate.feature as u32, threshold, default_left });
        }
    };
    for default_left in [true, false] {
        if lacking == 0 && !default_left {
            continue;
        }
        let (on_right, moved) = if default_left { (0, Sums::default()) } else { (lacking, absent) };
        let right_count = |j: usize| boundaries.count_above(j) + on_right;
        let first = (0..inner).find(|&j| right_count(j) >= least).unwrap_or(inner);
        let last = (first..inner).rev().find(|&j| node.count() - right_count(j) >= least).map_or(first, |j| j + 1);
        if first == last {
            continue;
        }
        if let Some((j, gain)) = boundaries.most_explained(first..last, node.sums, moved, scale) {
            let (below, above) =
                (candidate.values[boundaries.value_below(j)], candidate.values[boundaries.value_above(j)]);
            // Halves first: the sum of two large values may overflow. Rows equal to the threshold go right.
            let middle = below * 0.5 + above * 0.5;
            offer(gain, if middle > below { middle } else { above }, default_left);
        }
    }
    if lacking >= least && with_values >= least {
        let present = boundaries.present();
        let split = present.g * present.g / present.h + absent.g * absent.g / absent.h;
        // Every value is above the lowest number, and a missing one goes left.
        offer(split - node.sums.g * node.sums.g / node.sums.h, -f32::MAX, true);
    }
}
