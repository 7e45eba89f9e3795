//! The descents of one fit, and the best optimum that they have found so far.

use super::{
    descent::Descent,
    point::{Point, Start},
    solver::{Problem, Solver, best_variance},
};
use crate::fit_error::FitError;

/// What a step must promise to gain in log p to be taken.
pub(super) const LEAST_GAIN: f64 = 1e-9;

/// Steps from one start; Newton's method needs about five, a hard start a few dozen.
const MOST_STEPS: usize = 500;

/// The same for steps with a noise that is held, which only have to come near.
pub(super) const LEAST_GAIN_ON_THE_WAY: f64 = 1e-3;
pub(super) const STEPS_ON_THE_WAY: usize = 20;

/// The descents, with buffers.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) descent: Descent,
    pub(super) additive: Solver,
    pub(super) best: Option<Best>,
}

/// The best optimum so far.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub(super) point: Point,
    /// φ there.
    pub(super) objective: f64,
}

impl Search {
    /// Makes ready for another problem.
    pub(super) fn begin(&mut self) {
        self.descent.begin();
        self.best = None;
    }

    /// Goes down from the descent's point, and keeps the optimum where it is the best; a way that leads to `known`, an
    /// optimum, is not followed to its end.
    pub(super) fn descend(&mut self, problem: &Problem<'_>, known: Option<&Point>) -> Result<(), FitError> {
        self.descent.held = None;
        let Some(objective) = self.descent.descend(problem, LEAST_GAIN, MOST_STEPS, known)? else { return Ok(()) };
        // A better one by rounding alone is the same one.
        if objective.is_finite() && self.best.as_ref().is_none_or(|best| objective < best.objective - LEAST_GAIN) {
            self.best = Some(Best { point: self.descent.point.clone(), objective });
        }
        Ok(())
    }

    /// The same from a start, at first with its noise held.
    pub(super) fn descend_from(&mut self, problem: &Problem<'_>, start: Start) -> Result<(), FitError> {
        self.descent.point = start.point;
        self.descent.held = Some(start.variance);
        self.descent.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY, None)?;
        self.descend(problem, None)
    }

    /// Whether something better than an earlier best optimum has been found.
    pub(super) fn has_passed(&self, earlier: &Best) -> bool {
        self.best.as_ref().is_some_and(|best| best.objective < earlier.objective)
    }

    /// The best u at a point.
    pub(super) fn variance_at(&mut self, problem: &Problem<'_>, point: &Point) -> f64 {
        best_variance(problem.y.len() as f64, self.descent.place(problem, point))
    }

    /// The best u where the descent is.
    pub(super) fn variance(&mut self, problem: &Problem<'_>) -> f64 {
        let point = self.descent.point.clone();
        self.variance_at(problem, &point)
    }
}
