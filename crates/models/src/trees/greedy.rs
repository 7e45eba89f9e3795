//! XGBoost's exact greedy search: every boundary of every column, ties and missing values decided as XGBoost does.

use super::{
    BoostingParams,
    column_sampler::ColumnSampler,
    gain::{Bounds, Regularization},
    grow::{Candidate, ColumnScanner, Open, Rule, Split},
    objective::EPSILON,
    scan::Sums,
    tree::Stat,
};

/// The exact gain differs from its estimate by a few roundings to single precision, 2⁻²⁴ each.
const SLACK: f64 = 1.0 - 1e-6;

/// The rule of gradient boosting.
pub(super) struct Greedy {
    regularization: Regularization,
    eta: f32,
    max_depth: usize,
    pub(super) columns: ColumnSampler,
}

#[derive(Clone, Copy)]
pub(super) struct Info {
    weight: f32,
    root_gain: f32,
    bounds: Bounds,
}

impl Greedy {
    pub(super) fn new(params: &BoostingParams, columns: usize) -> Self {
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
            columns: ColumnSampler::new(columns, params.colsample_bytree, params.colsample_bylevel),
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

    fn begin_level(&mut self) {
        self.columns.begin_level();
    }

    fn search(&mut self, node: &Open<Info>, scanner: &mut dyn ColumnScanner) -> Option<Split> {
        let mut best = Best { loss_change: 0.0, split: None };
        for &feature in self.columns.level() {
            if let Some(mut candidate) = scanner.column(feature as usize) {
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

#[expect(clippy::float_cmp, reason = "thresholds must be equal to XGBoost's, so its comparisons are exact too")]
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
        let range = first..last;
        if estimate && !range.is_empty() {
            let top = boundaries.score(range.clone(), self.node.sums, absent, f64::from(self.rule.lambda));
            let needed = (f64::from(self.best.loss_change) + f64::from(self.node.info.root_gain)) * SLACK;
            // Most columns cannot beat the best one so far, and most boundaries not the best of their column.
            let overflowed = top.is_nan()
                || (top >= needed && self.boundaries(candidate, missing, present, range.clone(), top * SLACK));
            if overflowed {
                // The best boundaries overflow single precision and do not count: the best of the rest is wanted.
                self.boundaries(candidate, missing, present, range, f64::NEG_INFINITY);
            }
        } else {
            self.boundaries(candidate, missing, present, range, f64::NEG_INFINITY);
        }
        self.everything_against_missing(candidate, missing, present);
    }

    /// Tries the boundaries whose estimate reaches `floor`, in XGBoost's order; true if any gain overflowed.
    fn boundaries(
        &mut self,
        candidate: &Candidate<'_>,
        missing: Missing,
        present: Sums,
        range: std::ops::Range<usize>,
        floor: f64,
    ) -> bool {
        let boundaries = &*candidate.boundaries;
        let scores = boundaries.scores();
        let mut overflowed = false;
        let mut visit = |j: usize| {
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
        // Without a floor the scores were not computed.
        let promising = |&j: &usize| floor == f64::NEG_INFINITY || scores[j] >= floor;
        match missing {
            Missing::Left => range.filter(promising).for_each(&mut visit),
            Missing::Right => range.rev().filter(promising).for_each(&mut visit),
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

    /// Takes a split if its exact loss change is better than the best so far; true if it overflowed.
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
