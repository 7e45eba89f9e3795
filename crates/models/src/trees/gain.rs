//! The loss change of a split and the weight of a leaf, in XGBoost's arithmetic.
//!
//! Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", 2016, equations 5 and 7, without the factor ½: the unit
//! in which `gamma` is given. Sums are double precision; each operand of the division is rounded to single precision
//! first and the rest is single precision, so that the same split wins as in XGBoost, ties included.

use super::scan::Sums;

/// The regularization of one model. Names are XGBoost's.
#[derive(Clone, Debug)]
pub(super) struct Regularization {
    pub(super) lambda: f32,
    pub(super) alpha: f32,
    pub(super) min_child_weight: f32,
    /// 0 for no limit.
    pub(super) max_delta_step: f32,
    /// For each feature: 1 for increasing, -1 for decreasing, 0 for free. Empty for no constraint at all.
    pub(super) monotone: Vec<i8>,
}

/// The interval that a node's weight must stay in, from the constraints on the splits above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) lower: f32,
    pub(super) upper: f32,
}

impl Bounds {
    pub(super) const NONE: Self = Self { lower: -f32::MAX, upper: f32::MAX };
}

impl Regularization {
    /// Whether a split's loss change is the plain formula, which can be estimated in bulk before it is computed exactly.
    pub(super) fn is_plain(&self) -> bool {
        self.monotone.is_empty() && self.max_delta_step == 0.0 && self.alpha == 0.0
    }

    /// The weight of a node, within `bounds`.
    pub(super) fn weight(&self, sums: Sums, bounds: Bounds) -> f32 {
        let weight = self.free_weight(sums) as f32;
        if self.monotone.is_empty() {
            weight
        } else if weight < bounds.lower {
            bounds.lower
        } else if weight > bounds.upper {
            bounds.upper
        } else {
            weight
        }
    }

    fn free_weight(&self, sums: Sums) -> f64 {
        if sums.h < f64::from(self.min_child_weight) || sums.h <= 0.0 {
            return 0.0;
        }
        let weight = -self.shrink(sums.g) / (sums.h + f64::from(self.lambda));
        let limit = f64::from(self.max_delta_step);
        if limit != 0.0 && weight.abs() > limit { limit.copysign(weight) } else { weight }
    }

    /// Soft thresholding by `alpha`, the proximal step of the L1 penalty.
    fn shrink(&self, g: f64) -> f64 {
        let alpha = f64::from(self.alpha);
        if g > alpha {
            g - alpha
        } else if g < -alpha {
            g + alpha
        } else {
            0.0
        }
    }

    /// Twice the loss reduction of a node that gets `weight`.
    fn term(&self, sums: Sums, weight: f32) -> f32 {
        if sums.h <= 0.0 {
            return 0.0;
        }
        if self.monotone.is_empty() && self.max_delta_step == 0.0 {
            let g = self.shrink(sums.g);
            (g * g) as f32 / (sums.h + f64::from(self.lambda)) as f32
        } else {
            let (g, h) = (sums.g as f32, sums.h as f32);
            -(2.0 * g * weight + (h + self.lambda) * (weight * weight))
        }
    }

    /// [`Self::term`] of a node as it is, which a split must beat.
    pub(super) fn root_gain(&self, sums: Sums, bounds: Bounds) -> f32 {
        self.term(sums, self.weight(sums, bounds))
    }

    /// The loss change of a split of `feature`: negative infinity if it breaks the feature's constraint.
    pub(super) fn loss_change(&self, left: Sums, right: Sums, feature: usize, bounds: Bounds, root_gain: f32) -> f32 {
        if self.monotone.is_empty() && self.max_delta_step == 0.0 {
            return self.term(left, 0.0) + self.term(right, 0.0) - root_gain;
        }
        let (left_weight, right_weight) = (self.weight(left, bounds), self.weight(right, bounds));
        let gain = self.term(left, left_weight) + self.term(right, right_weight);
        let allowed = match self.monotone.get(feature) {
            Some(1) => left_weight <= right_weight,
            Some(-1) => left_weight >= right_weight,
            _ => true,
        };
        if allowed { gain - root_gain } else { f32::NEG_INFINITY }
    }

    /// The intervals of two children, given their weights.
    pub(super) fn child_bounds(&self, bounds: Bounds, feature: usize, left: f32, right: f32) -> (Bounds, Bounds) {
        let middle = (left + right) * 0.5;
        match self.monotone.get(feature) {
            Some(1) => (Bounds { upper: middle, ..bounds }, Bounds { lower: middle, ..bounds }),
            Some(-1) => (Bounds { lower: middle, ..bounds }, Bounds { upper: middle, ..bounds }),
            _ => (bounds, bounds),
        }
    }
}
