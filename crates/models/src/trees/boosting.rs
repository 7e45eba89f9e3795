//! Gradient boosting, equal to XGBoost 3.2 with `tree_method=exact, nthread=1`.

use super::{
    BoostingParams, Ensemble, Matrix, Metric, Tree,
    columns::Entry,
    greedy::Greedy,
    grow::{Arena, grow},
    mt19937::Mt19937,
    objective::Objective,
    scan::RowSums,
    scratch::{Buffers, Scratch},
    tree::Node,
};
use crate::{
    Error, Result,
    data::Examples,
    interrupt::Interrupt,
    quantiles::{median, weighted_median},
};

/// A boosted model and its training history.
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
    /// Fits a model. Each round is scored on the `validation` rows, which have the features of `training`.
    ///
    /// # Errors
    /// Parameters that contradict each other or the data; targets or weights that are missing, infinite or invalid for the
    /// objective; `interrupt`, which is checked before each tree.
    pub fn fit(
        &self,
        training: Examples<'_>,
        validation: Option<Examples<'_>>,
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
    ) -> Result<Boosted> {
        self.check()?;
        training.check()?;
        self.objective.check_targets(training.targets)?;
        let matrix = training.matrix;
        if self.monotone_constraints.len() > matrix.columns() {
            return Err(Error::Parameter(format!(
                "monotone_constraints has {} values, but there are {} features",
                self.monotone_constraints.len(),
                matrix.columns()
            )));
        }
        match &validation {
            Some(validation) => self.check_validation(matrix, validation)?,
            None if self.early_stopping_rounds.is_some() => {
                return Err(Error::Parameter("early_stopping_rounds needs validation rows, and there are none".into()));
            }
            None => {}
        }
        let training = Training { params: self, rows: training, validation, interrupt };
        if matrix.rows() <= <u32 as Entry>::MAX_ROWS {
            training.run(&mut scratch.narrow, &mut scratch.boosting)
        } else {
            training.run(&mut scratch.wide, &mut scratch.boosting)
        }
    }

    fn check_validation(&self, matrix: &Matrix, validation: &Examples<'_>) -> Result<()> {
        let (columns, expected) = (validation.matrix.columns(), matrix.columns());
        if columns != expected {
            return Err(Error::Data(format!(
                "the validation rows have {columns} features, the training rows {expected}"
            )));
        }
        let checked = validation.check().and_then(|()| self.objective.check_targets(validation.targets));
        checked.map_err(|error| Error::Data(format!("validation rows: {error}")))
    }
}

struct Training<'a> {
    params: &'a BoostingParams,
    rows: Examples<'a>,
    validation: Option<Examples<'a>>,
    interrupt: Interrupt<'a>,
}

impl Training<'_> {
    fn run<E: Entry>(&self, arena: &mut Arena<E>, buffers: &mut Buffers) -> Result<Boosted> {
        let params = self.params;
        let Examples { matrix, targets, weights } = self.rows;
        let rows = matrix.rows();
        let base_score = params.base_score.unwrap_or_else(|| params.objective.base_score(targets, weights));
        params.objective.check_base_score(base_score)?;
        let margin = params.objective.margin(base_score);

        arena.prepare(matrix);
        refill(&mut buffers.margins, rows, margin);
        refill(&mut buffers.leaf_of, rows, 0);
        refill(
            &mut buffers.evaluation_margins,
            self.validation.map_or(0, |evaluation| evaluation.matrix.rows()),
            margin,
        );

        let mut rule = Greedy::new(params, matrix.columns());
        let mut generator = Mt19937::new(params.seed);
        // Each tree has a node. Where boosting may stop early, most need not come.
        let may_stop = self.validation.is_some() && params.early_stopping_rounds.is_some();
        let certain = if may_stop { 0 } else { params.num_round as u64 };
        self.interrupt.check_size(certain.saturating_mul(Tree::bytes(1)))?;
        // No capacity is reserved: an interrupt may come long before the last tree.
        let (mut trees, mut bytes): (Vec<Tree>, _) = (Vec::new(), 0);
        let mut watch = Watch::new(params);
        for _ in 0..params.num_round {
            self.interrupt.check()?;
            let unit = weights.is_none() && params.objective.has_unit_hessian();
            if unit {
                params.objective.gradients(&buffers.margins, targets, &mut buffers.gradients);
            } else {
                params.objective.weighted_derivatives(
                    &buffers.margins,
                    targets,
                    weights,
                    params.effective_max_delta_step(),
                    &mut buffers.pairs,
                );
            }
            let sampled = params.subsample < 1.0;
            if sampled {
                let p = f64::from(params.subsample);
                // XGBoost draws only for rows whose hessian is not negative, which these objectives guarantee.
                buffers.in_bag.clear();
                buffers.in_bag.extend((0..rows).map(|_| generator.bernoulli(p)));
            }
            arena.take_rows(rows, sampled.then_some(&buffers.in_bag[..]));
            rule.columns.begin_tree(generator.next_u32());
            let sums = if unit { RowSums::Unit(&buffers.gradients) } else { RowSums::Pairs(&buffers.pairs) };
            let mut tree = grow(&mut rule, arena, matrix, sums, &mut buffers.leaf_of);
            self.finish_tree(&mut tree, buffers, sampled);
            bytes += Tree::bytes(tree.len());
            self.interrupt.check_size(bytes)?;
            trees.push(tree);
            if let Some(evaluation) = &self.validation {
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
        let mut model = Ensemble::new(trees, params.objective, base_score, matrix.columns(), 1)?;
        if let Some(best) = best_iteration {
            model.attributes.insert("best_iteration".into(), best.to_string());
            model.attributes.insert("best_score".into(), watch.history[best].to_string());
        }
        Ok(Boosted { model, metric: watch.metric, history: watch.history, best_iteration })
    }

    /// Prunes the tree, refreshes its leaves if the parameters say so, and adds it to the margins of the training rows.
    fn finish_tree(&self, tree: &mut Tree, buffers: &mut Buffers, sampled: bool) {
        let params = self.params;
        if let Some(renamed) = if params.gamma > 0.0 { tree.prune(params.gamma, params.eta) } else { None } {
            for leaf in &mut buffers.leaf_of {
                *leaf = renamed.get(*leaf as usize).copied().unwrap_or(0);
            }
        }
        if sampled {
            // Rows out of the bag were not partitioned.
            for row in (0..self.rows.matrix.rows()).filter(|&row| !buffers.in_bag[row]) {
                buffers.leaf_of[row] = tree.leaf_of(|feature| self.rows.matrix.column(feature)[row]);
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
            let weight = self.rows.weights.map_or(1.0, |weights| weights[row]);
            residuals[leaf as usize].push((self.rows.targets[row] - buffers.margins[row], weight));
        }
        for (node, pairs) in tree.nodes.iter_mut().zip(residuals) {
            if pairs.is_empty() {
                continue;
            }
            let middle = if self.rows.weights.is_some() {
                weighted_median(pairs)
            } else {
                median(&mut pairs.into_iter().map(|pair| pair.0).collect::<Vec<_>>())
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

    /// Records the metric of a round; true if training should stop after it.
    fn stop_after(&mut self, evaluation: &Examples<'_>, margins: &[f32]) -> bool {
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
