//! Gradient boosting, equal to XGBoost 3.2 with `tree_method=exact, nthread=1`.

use super::{
    BoostingParams, Ensemble, Matrix, Metric, Scratch, Tree,
    columns::Entry,
    gain::{Bounds, Regularization},
    grow::{Arena, Candidate, Look, Open, Rule, Split, grow},
    mt19937::Mt19937,
    objective::{EPSILON, Objective},
    quantile,
    scan::{RowSums, Sums},
    tree::{Node, Stat},
};
use crate::error::{Error, Result};

/// Rows that training does not learn from, to judge each round by.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// The features, shape (m, k).
    pub matrix: &'a Matrix,
    /// The targets, shape (m).
    pub targets: &'a [f32],
    /// The sample weights, shape (m), if the rows are weighted.
    pub weights: Option<&'a [f32]>,
}

/// A boosted model and how it got there.
#[derive(Clone, Debug)]
pub struct Boosted {
    /// The model: with early stopping, only the rounds up to the best one.
    pub model: Ensemble,
    /// The metric that was watched on the evaluation rows.
    pub metric: Metric,
    /// The metric after each round that was run; empty without evaluation rows.
    pub history: Vec<f64>,
    /// The round, from 0, with the best metric; `None` without early stopping.
    pub best_iteration: Option<usize>,
}

impl BoostingParams {
    /// Fits a model to `targets`, shape (n). `weights`, shape (n), are sample weights.
    ///
    /// # Errors
    /// Settings that contradict each other or the data; targets or weights that are missing, infinite or do not fit the
    /// objective.
    pub fn fit(
        &self,
        matrix: &Matrix,
        targets: &[f32],
        weights: Option<&[f32]>,
        evaluation: Option<Evaluation<'_>>,
        scratch: &mut Scratch,
    ) -> Result<Boosted> {
        self.check()?;
        matrix.check_length("target", targets)?;
        self.objective.check_targets(targets)?;
        if let Some(weights) = weights {
            matrix.check_weights(weights)?;
        }
        if self.monotone_constraints.len() > matrix.columns() {
            return Err(Error::Settings(format!(
                "monotone_constraints has {} values, but there are {} features",
                self.monotone_constraints.len(),
                matrix.columns()
            )));
        }
        match &evaluation {
            Some(evaluation) => self.check_evaluation(matrix, evaluation)?,
            None if self.early_stopping_rounds.is_some() => {
                return Err(Error::Settings("early_stopping_rounds needs validation rows, and there are none".into()));
            }
            None => {}
        }
        let training = Training { params: self, matrix, targets, weights, evaluation };
        if matrix.rows() <= <u32 as Entry>::MAX_ROWS {
            training.run(&mut scratch.narrow, &mut scratch.boosting)
        } else {
            training.run(&mut scratch.wide, &mut scratch.boosting)
        }
    }

    fn check_evaluation(&self, matrix: &Matrix, evaluation: &Evaluation<'_>) -> Result<()> {
        if evaluation.matrix.columns() != matrix.columns() {
            return Err(Error::Data(format!(
                "the validation rows have {} features, the training rows {}",
                evaluation.matrix.columns(),
                matrix.columns()
            )));
        }
        let named = |error| Error::Data(format!("validation rows: {error}"));
        evaluation.matrix.check_length("target", evaluation.targets).map_err(named)?;
        self.objective.check_targets(evaluation.targets).map_err(named)?;
        evaluation.weights.map_or(Ok(()), |weights| evaluation.matrix.check_weights(weights)).map_err(named)
    }
}

/// Per-row buffers, kept from model to model.
#[derive(Default)]
pub(super) struct Buffers {
    margins: Vec<f32>,
    gradients: Vec<f32>,
    hessians: Vec<f32>,
    in_bag: Vec<bool>,
    leaf_of: Vec<u32>,
    evaluation_margins: Vec<f32>,
}

struct Training<'a> {
    params: &'a BoostingParams,
    matrix: &'a Matrix,
    targets: &'a [f32],
    weights: Option<&'a [f32]>,
    evaluation: Option<Evaluation<'a>>,
}

impl Training<'_> {
    fn run<E: Entry>(&self, arena: &mut Arena<E>, buffers: &mut Buffers) -> Result<Boosted> {
        let params = self.params;
        let rows = self.matrix.rows();
        let base_score = params.base_score.unwrap_or_else(|| params.objective.base_score(self.targets, self.weights));
        params.objective.check_base_score(base_score)?;
        let margin = params.objective.margin(base_score);

        arena.prepare(self.matrix, rows >> params.max_depth.min(10));
        refill(&mut buffers.margins, rows, margin);
        refill(&mut buffers.leaf_of, rows, 0);
        refill(
            &mut buffers.evaluation_margins,
            self.evaluation.map_or(0, |evaluation| evaluation.matrix.rows()),
            margin,
        );

        let mut rule = Greedy::new(params, self.matrix.columns());
        let mut generator = Mt19937::new(params.seed);
        let mut trees: Vec<Tree> = Vec::with_capacity(params.num_round);
        let mut watch = Watch::new(params);
        for _ in 0..params.num_round {
            params.objective.gradients(
                &buffers.margins,
                self.targets,
                self.weights,
                params.effective_max_delta_step(),
                &mut buffers.gradients,
                &mut buffers.hessians,
            );
            let sampled = params.subsample < 1.0;
            if sampled {
                let p = f64::from(params.subsample);
                // XGBoost asks only about rows whose hessian is not negative; of these objectives none has another.
                buffers.in_bag.clear();
                buffers.in_bag.extend((0..rows).map(|_| generator.bernoulli(p)));
            }
            arena.take_rows(rows, sampled.then_some(&buffers.in_bag[..]));
            rule.columns.begin_tree(generator.next_u32());
            let sums = RowSums { g: &buffers.gradients, h: &buffers.hessians };
            let mut tree = grow(&mut rule, arena, self.matrix, sums, &mut buffers.leaf_of);
            self.finish_tree(&mut tree, buffers, sampled);
            trees.push(tree);
            if let Some(evaluation) = &self.evaluation {
                let tree = &trees[trees.len() - 1];
                for (row, margin) in buffers.evaluation_margins.iter_mut().enumerate() {
                    *margin += tree.descend(|feature| evaluation.matrix.column(feature)[row]);
                }
                if watch.stop_after(evaluation, &buffers.evaluation_margins) {
                    break;
                }
            }
        }
        let best_iteration = params.early_stopping_rounds.map(|_| watch.best);
        if let Some(best) = best_iteration {
            trees.truncate(best + 1);
        }
        let mut model = Ensemble::new(trees, params.objective, base_score, self.matrix.columns(), 1)?;
        if let Some(best) = best_iteration {
            model.attributes.insert("best_iteration".into(), best.to_string());
            model.attributes.insert("best_score".into(), watch.history[best].to_string());
        }
        Ok(Boosted { model, metric: watch.metric, history: watch.history, best_iteration })
    }

    /// Prunes the tree, refreshes its leaves if asked, and adds it to the margins of the training rows.
    fn finish_tree(&self, tree: &mut Tree, buffers: &mut Buffers, sampled: bool) {
        let params = self.params;
        let grown = tree.len();
        if params.gamma > 0.0 {
            tree.prune(params.gamma, params.eta);
        }
        let pruned = tree.len() < grown;
        // Rows out of the bag were not partitioned, and pruning renames the leaves.
        for (row, leaf) in buffers.leaf_of.iter_mut().enumerate() {
            if pruned || (sampled && !buffers.in_bag[row]) {
                *leaf = tree.leaf_of(|feature| self.matrix.column(feature)[row]);
            }
        }
        if params.refresh_leaf && params.objective == Objective::AbsoluteError {
            self.refresh(tree, buffers, sampled);
        }
        for (margin, &leaf) in buffers.margins.iter_mut().zip(&buffers.leaf_of) {
            *margin += tree.nodes[leaf as usize].value();
        }
    }

    /// Sets every leaf to `eta` times the median residual of its in-bag rows.
    fn refresh(&self, tree: &mut Tree, buffers: &Buffers, sampled: bool) {
        let mut residuals = vec![vec![]; tree.len()];
        for (row, &leaf) in buffers.leaf_of.iter().enumerate().filter(|&(row, _)| !sampled || buffers.in_bag[row]) {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            residuals[leaf as usize].push((self.targets[row] - buffers.margins[row], weight));
        }
        for (node, pairs) in tree.nodes.iter_mut().zip(residuals) {
            if pairs.is_empty() {
                continue;
            }
            let middle = if self.weights.is_some() {
                quantile::weighted_median(pairs)
            } else {
                quantile::median(&mut pairs.into_iter().map(|pair| pair.0).collect::<Vec<_>>())
            };
            *node = Node::leaf(middle * self.params.eta);
        }
    }
}

fn refill<T: Copy>(buffer: &mut Vec<T>, length: usize, value: T) {
    buffer.clear();
    buffer.resize(length, value);
}

/// The metric of the evaluation rows, round by round.
struct Watch {
    metric: Metric,
    objective: Objective,
    patience: Option<usize>,
    history: Vec<f64>,
    best: usize,
    predictions: Vec<f32>,
}

impl Watch {
    fn new(params: &BoostingParams) -> Self {
        let metric = params.eval_metric.unwrap_or_else(|| Metric::of(params.objective));
        let patience = params.early_stopping_rounds;
        Self { metric, objective: params.objective, patience, history: vec![], best: 0, predictions: vec![] }
    }

    /// Notes the metric of one more round, and says whether it was the last.
    fn stop_after(&mut self, evaluation: &Evaluation<'_>, margins: &[f32]) -> bool {
        self.predictions.clear();
        self.predictions.extend(margins.iter().map(|&margin| self.objective.transform(margin)));
        let score = self.metric.evaluate(evaluation.targets, &self.predictions, evaluation.weights);
        let round = self.history.len();
        self.history.push(score);
        if score < self.history[self.best] {
            self.best = round;
        }
        self.patience.is_some_and(|patience| round - self.best >= patience)
    }
}

/// Draws the features of each tree and each level, as XGBoost does.
struct ColumnSampler {
    by_tree: f32,
    by_level: f32,
    all: Vec<u32>,
    tree: Vec<u32>,
    level: Vec<u32>,
    generator: Option<Mt19937>,
}

impl ColumnSampler {
    fn begin_tree(&mut self, seed: u32) {
        self.tree.clone_from(&self.all);
        self.generator = (self.by_tree < 1.0 || self.by_level < 1.0).then(|| Mt19937::new(seed));
        if let Some(generator) = &mut self.generator {
            draw(&mut self.tree, self.by_tree, generator);
        }
    }

    fn begin_level(&mut self) {
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

/// XGBoost's exact greedy search.
struct Greedy {
    regularization: Regularization,
    eta: f32,
    max_depth: usize,
    columns: ColumnSampler,
}

#[derive(Clone, Copy)]
struct Info {
    weight: f32,
    root_gain: f32,
    bounds: Bounds,
}

impl Greedy {
    fn new(params: &BoostingParams, columns: usize) -> Self {
        Self {
            regularization: Regularization {
                lambda: params.lambda,
                alpha: params.alpha,
                min_child_weight: params.min_child_weight,
                max_delta_step: params.effective_max_delta_step(),
                monotone: params.monotone_constraints.clone(),
            },
            eta: params.eta,
            max_depth: params.max_depth,
            columns: ColumnSampler {
                by_tree: params.colsample_bytree,
                by_level: params.colsample_bylevel,
                all: (0..columns as u32).collect(),
                tree: vec![],
                level: vec![],
                generator: None,
            },
        }
    }

    fn info(&self, sums: Sums, outer: Bounds, bounds: Bounds) -> Info {
        let weight = self.regularization.weight(sums, outer);
        Info { weight, root_gain: self.regularization.root_gain(sums, outer), bounds }
    }
}

impl Rule for Greedy {
    type Info = Info;

    fn root(&mut self, sums: Sums) -> Info {
        self.info(sums, Bounds::NONE, Bounds::NONE)
    }

    fn children(&mut self, parent: &Info, split: &Split, left: Sums, right: Sums) -> (Info, Info) {
        // A child's own weight obeys its parent's bounds; the bounds of its splits follow from both children's weights.
        let (mut left, mut right) =
            (self.info(left, parent.bounds, parent.bounds), self.info(right, parent.bounds, parent.bounds));
        (left.bounds, right.bounds) =
            self.regularization.child_bounds(parent.bounds, split.feature as usize, left.weight, right.weight);
        (left, right)
    }

    fn splittable(&self, depth: usize, sums: Sums, rows: &[u32]) -> bool {
        // Both children need min_child_weight; the slack covers the rounding of sums of hessians that are not whole.
        let needed = 2.0 * f64::from(self.regularization.min_child_weight) * (1.0 - 1e-9);
        depth < self.max_depth && rows.len() > 1 && sums.h >= needed
    }

    fn begin_level(&mut self, _depth: usize) {
        self.columns.begin_level();
    }

    fn search(&mut self, node: &Open<Info>, look: &mut dyn Look) -> Option<Split> {
        let mut best = Best { loss_change: 0.0, split: None };
        for &feature in &self.columns.level {
            if let Some(mut candidate) = look.column(feature as usize) {
                Search { rule: &self.regularization, node, best: &mut best }.column(&mut candidate);
            }
        }
        best.split.filter(|_| best.loss_change > EPSILON)
    }

    fn finish(&self, node: &Open<Info>) -> (f32, Stat) {
        let weight = node.info.weight;
        (weight * self.eta, Stat { base_weight: weight, loss_change: 0.0, sum_hessian: node.sums.h as f32 })
    }
}

struct Best {
    loss_change: f32,
    split: Option<Split>,
}

struct Search<'a> {
    rule: &'a Regularization,
    node: &'a Open<Info>,
    best: &'a mut Best,
}

/// Which side the rows without a value go to.
#[derive(Clone, Copy, PartialEq)]
enum Missing {
    Left,
    Right,
}

impl Search<'_> {
    /// Where the data set has missing values the column is searched twice, first with them on the right. A later split
    /// must be strictly better, so on a tie they go right, and among features the first one wins.
    fn column(&mut self, candidate: &mut Candidate<'_>) {
        if candidate.boundaries.len() == 0 {
            return;
        }
        if candidate.missing && candidate.values.len() > 1 {
            self.direction(candidate, Missing::Right);
        }
        self.direction(candidate, Missing::Left);
    }

    fn direction(&mut self, candidate: &mut Candidate<'_>, missing: Missing) {
        let boundaries = &mut *candidate.boundaries;
        let present = boundaries.present();
        let absent = match missing {
            Missing::Left => Sums::default(),
            Missing::Right => self.node.sums - present,
        };
        let inner = boundaries.len() - 1;
        let estimate = self.rule.is_plain() && (self.rule.lambda > 0.0 || self.rule.min_child_weight > 0.0);
        let wanted = f64::from(self.rule.min_child_weight);
        // Hessians are not negative, so the boundaries with enough on both sides are neighbours.
        let first = (0..inner).find(|&j| boundaries.above(j).h + absent.h >= wanted).unwrap_or(inner);
        let last = (first..inner)
            .rev()
            .find(|&j| (self.node.sums - boundaries.above(j) - absent).h >= wanted)
            .map_or(first, |j| j + 1);
        let mut floor = f64::NEG_INFINITY;
        if estimate && first < last {
            let top = boundaries.score(first..last, self.node.sums, absent, f64::from(self.rule.lambda));
            // The exact gain differs from the estimate by a few roundings to single precision: 2⁻²⁴ each.
            const SLACK: f64 = 1.0 - 1e-6;
            let needed = (f64::from(self.best.loss_change) + f64::from(self.node.info.root_gain)) * SLACK;
            floor = if top.is_finite() { top * SLACK } else { f64::NEG_INFINITY };
            if top.is_finite() && top < needed {
                floor = f64::INFINITY;
            }
        }
        let overflowed = self.boundaries(candidate, missing, present, first..last, floor);
        if overflowed && floor > f64::NEG_INFINITY {
            // The best boundaries overflow single precision and do not count: the best of the rest is wanted.
            self.boundaries(candidate, missing, present, first..last, f64::NEG_INFINITY);
        }
        self.everything_against_missing(candidate, missing, present);
    }

    /// Tries the boundaries whose estimate reaches `floor`, in XGBoost's order, and says whether any gain overflowed.
    fn boundaries(
        &mut self,
        candidate: &Candidate<'_>,
        missing: Missing,
        present: Sums,
        range: std::ops::Range<usize>,
        floor: f64,
    ) -> bool {
        let boundaries = &*candidate.boundaries;
        let mut overflowed = false;
        let mut visit = |j: usize| {
            if floor > f64::NEG_INFINITY && boundaries.scores()[j] < floor {
                return;
            }
            let (above, below) =
                (candidate.values[boundaries.value_above(j)], candidate.values[boundaries.value_below(j)]);
            let middle = (above + below) * 0.5;
            let (left, right, threshold) = match missing {
                Missing::Left => {
                    let right = boundaries.above(j);
                    (self.node.sums - right, right, if middle == below { above } else { middle })
                }
                Missing::Right => {
                    let left = present - boundaries.above(j);
                    (left, self.node.sums - left, if middle == above { below } else { middle })
                }
            };
            overflowed |= self.offer(candidate.feature, left, right, threshold, missing);
        };
        match missing {
            Missing::Left => range.for_each(&mut visit),
            Missing::Right => range.rev().for_each(&mut visit),
        }
        overflowed
    }

    /// Tries the split of all rows that have a value from those that have none.
    fn everything_against_missing(&mut self, candidate: &Candidate<'_>, missing: Missing, present: Sums) {
        let absent = self.node.sums - present;
        let wanted = f64::from(self.rule.min_child_weight);
        if !candidate.missing || present.h < wanted || absent.h < wanted {
            return;
        }
        let boundaries = &*candidate.boundaries;
        match missing {
            Missing::Left => {
                let lowest = candidate.values[boundaries.value_above(boundaries.len() - 1)];
                self.offer(candidate.feature, absent, present, lowest - (lowest.abs() + EPSILON), missing);
            }
            Missing::Right => {
                let highest = candidate.values[boundaries.value_above(0)];
                self.offer(candidate.feature, present, absent, highest + (highest.abs() + EPSILON), missing);
            }
        }
    }

    /// Takes a split if its exact loss change is better than the best so far; says whether it overflowed.
    fn offer(&mut self, feature: usize, left: Sums, right: Sums, threshold: f32, missing: Missing) -> bool {
        // The side that the scan has collected so far.
        let collected = if missing == Missing::Left { right } else { left };
        if collected.h == 0.0 {
            return false;
        }
        let info = &self.node.info;
        let loss_change = self.rule.loss_change(left, right, feature, info.bounds, info.root_gain);
        if loss_change > self.best.loss_change && loss_change.is_finite() {
            self.best.loss_change = loss_change;
            self.best.split = Some(Split {
                gain: f64::from(loss_change),
                feature: feature as u32,
                threshold,
                default_left: missing == Missing::Left,
            });
        }
        loss_change.is_nan() || loss_change == f32::INFINITY
    }
}
