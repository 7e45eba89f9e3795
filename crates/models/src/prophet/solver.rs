//! The exact maximum a posteriori (MAP) of the additive model with linear or flat growth.
//!
//! For a given noise variance u = σ² the problem is convex: least squares with normal priors on the free parameters
//! (k, m, β) and a Laplace prior on the changepoints δ,
//!
//! ½ SSE(θ) + u · (k²/50 + m²/50 + Σ β²/(2σ_j²)) + (u/τ) Σ|δ|.
//!
//! 1. The free parameters are eliminated by a Cholesky factor of their block (a Schur complement), which leaves the
//!    problem of [`ActiveSet`] in δ alone, at most a few dozen unknowns.
//! 2. For a given θ the best u solves 4u² + n u = SSE. As u falls, δ moves on a path of straight pieces on which SSE is
//!    a quadratic in u, so every solution of the two together is found by following the path once: from a u above all
//!    of them down to that of least squares, below which there is none. Usually there is one, and then it is known to
//!    be the global optimum; of several the best is taken.
//! 3. The free block is factored anew at the solution, because the priors' weight there is u, until nothing changes.
//! 4. The normal equations lose digits where the fit is very close, so the last step is taken on the rows themselves.
//!
//! Where the model can follow a series exactly, the posterior has no finite optimum (σ → 0). If it has none at a finite
//! σ either, σ stops at [`LEAST_SIGMA`].

use super::{
    elimination::Elimination,
    lasso::ActiveSet,
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    point::{Point, Start},
    posterior::{Design, Parameters},
};
use crate::{
    fit_error::FitError,
    interrupt::{Interrupt, Interruption},
    linear_algebra::{add_scaled, back_substitute, cholesky, dot, forward_substitute},
};

/// The least noise, in units of the scaled series: what Python Prophet gives a constant series.
pub const LEAST_SIGMA: f64 = 1e-9;

/// Where there are no more rows than unknowns, a σ below this, in units of the scaled series, is that of a model that goes
/// through every row: log p has no bound on the way there.
pub(super) const INTERPOLATING: f64 = 1e-5;

/// Rounds of the final alternation; it converges like Newton's method and needs three or four.
const MOST_ROUNDS: usize = 100;

/// The least relative fall of u between two pieces of the path, so that rounding at a corner cannot hold it up.
const LEAST_FALL: f64 = 1e-7;

/// The least u, as a share of the variance of y, that the normal equations can tell from none.
const DIGITS: f64 = 1e-13;

/// What is to be solved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Problem<'a> {
    pub(super) design: &'a Design,
    /// The design's own.
    pub(super) normal: &'a NormalMatrix,
    /// The scaled series, shape (n).
    pub(super) y: &'a [f64],
    pub(super) interrupt: Interrupt<'a>,
}

/// The optimum and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Optimum {
    pub(super) parameters: Parameters,
    pub(super) log_posterior: f64,
    /// σ was stopped at [`LEAST_SIGMA`]: the model follows the series exactly.
    pub(super) perfect_fit: bool,
}

/// Where the optima of an additive model are.
#[derive(Clone, Debug)]
pub(super) struct Valleys {
    /// u of each, largest first.
    pub(super) variances: Vec<f64>,
    /// A u below all of them: that of least squares.
    pub(super) lowest: f64,
}

/// The solver with its buffers: one per worker thread. Once they have grown, only the optimum itself is allocated.
#[derive(Debug, Default)]
pub(super) struct Solver {
    right: RightHandSide,
    reduced: Elimination,
    active_set: ActiveSet,
    candidates: Vec<f64>,
    /// A u below all candidates.
    lowest: f64,
    delta: Vec<f64>,
    free: Vec<f64>,
    factor: Vec<f64>,
    spare: Vec<f64>,
    gradient: RightHandSide,
    /// The trend of the optimum at each row, shape (n).
    pub(super) trend: Vec<f64>,
    /// y − μ of the optimum at each row, shape (n).
    pub(super) residuals: Vec<f64>,
}

impl Problem<'_> {
    /// How many parameters there are beside σ.
    pub(super) const fn unknowns(&self) -> usize {
        self.normal.free + self.normal.ramps
    }

    fn rows(&self) -> f64 {
        self.y.len() as f64
    }

    /// λ of the inner problem at a given u.
    fn lambda(&self, variance: f64) -> f64 {
        variance / self.design.changepoint_prior_scale
    }

    fn best_variance(&self, sse: f64) -> f64 {
        best_variance(self.rows(), sse)
    }
}

/// The best u = σ² for a sum of squared errors over n rows: the root of 4u² + n u − SSE, at least that of [`LEAST_SIGMA`].
pub(super) fn best_variance(n: f64, sse: f64) -> f64 {
    rising_root(4.0, n, sse).max(LEAST_SIGMA * LEAST_SIGMA)
}

/// The root of a u² + n u − b at which it rises, in the form without cancellation; NaN where there is none.
fn rising_root(a: f64, n: f64, b: f64) -> f64 {
    2.0 * b / (n + (n * n + 4.0 * a * b).sqrt())
}

impl Solver {
    /// Finds the optimum.
    pub(super) fn solve(&mut self, problem: &Problem<'_>) -> Result<Optimum, FitError> {
        let highest = self.begin(problem)?;
        let mut best: Option<Optimum> = None;
        for candidate in 0..self.candidates.len() {
            let Some(optimum) = self.optimum(problem, candidate)? else { continue };
            if best.as_ref().is_none_or(|best| optimum.log_posterior > best.log_posterior) {
                best = Some(optimum);
            }
        }
        let optimum = match best {
            Some(optimum) => optimum,
            None => self.closest_fit(problem, highest)?,
        };
        // The trend and the residuals are those of the last candidate, which may not be the best.
        self.evaluate(problem, &optimum.parameters);
        if optimum.log_posterior.is_finite() { Ok(optimum) } else { Err(FitError::NotFinite) }
    }

    /// Finds every optimum at a finite σ, the one with most noise first.
    pub(super) fn optima(&mut self, problem: &Problem<'_>) -> Result<Vec<Optimum>, FitError> {
        self.begin(problem)?;
        let mut optima = Vec::new();
        for candidate in 0..self.candidates.len() {
            optima.extend(self.optimum(problem, candidate)?);
        }
        Ok(optima)
    }

    /// Where the optima of another problem of least squares are, `right` its right side.
    pub(super) fn valleys(&mut self, problem: &Problem<'_>, right: &RightHandSide) -> Result<Valleys, FitError> {
        self.right.clone_from(right);
        self.collect(problem)?;
        Ok(Valleys { variances: self.candidates.clone(), lowest: self.lowest })
    }

    /// The optima of another problem of least squares, before them the one without changepoints.
    pub(super) fn starts(&mut self, problem: &Problem<'_>, right: &RightHandSide) -> Result<Vec<Start>, FitError> {
        self.right.clone_from(right);
        let mut variance = 1e-3 * self.collect(problem)?;
        let straight = vec![0.0; problem.normal.ramps];
        for _ in 0..2 {
            self.eliminate(problem, variance);
            variance =
                problem.best_variance(self.reduced.free_parameters(problem.normal, &straight, &mut self.free).sse);
        }
        let mut starts = vec![Start { point: Point { free: self.free.clone(), delta: straight }, variance }];
        for candidate in 0..self.candidates.len() {
            if self.converge(problem, self.candidates[candidate])? {
                let point = Point { free: self.free.clone(), delta: self.delta.clone() };
                starts.push(Start { point, variance: self.reduced.weight });
            }
        }
        Ok(starts)
    }

    /// Collects the candidates; returns a u above all of them.
    fn begin(&mut self, problem: &Problem<'_>) -> Result<f64, FitError> {
        problem.normal.project(problem.design, problem.y, &mut self.right);
        self.collect(problem)
    }

    /// The same, where the right side is known.
    fn collect(&mut self, problem: &Problem<'_>) -> Result<f64, FitError> {
        self.delta.clear();
        self.delta.resize(problem.normal.ramps, 0.0);
        let highest = problem.best_variance(self.right.yy);
        if !highest.is_finite() {
            return Err(FitError::NotFinite);
        }
        self.follow_path(problem, highest)?;
        Ok(highest)
    }

    /// The optimum near a candidate; none where there is none after all.
    fn optimum(&mut self, problem: &Problem<'_>, candidate: usize) -> Result<Option<Optimum>, FitError> {
        if !self.converge(problem, self.candidates[candidate])? {
            return Ok(None);
        }
        let optimum = self.polish(problem);
        // An optimum at a finite σ is what was asked for, even where σ → 0 would go beyond every bound.
        Ok((!optimum.perfect_fit).then_some(optimum))
    }

    fn eliminate(&mut self, problem: &Problem<'_>, variance: f64) {
        self.reduced.eliminate(problem.normal, &self.right, variance);
    }

    fn minimise(&mut self, problem: &Problem<'_>, variance: f64) -> Result<(), Interruption> {
        let Elimination { c, q, .. } = &self.reduced;
        self.active_set.minimise(c, q, problem.lambda(variance), &mut self.delta, problem.interrupt)
    }

    /// Collects all u where δ and u agree and log p has a maximum in u, largest first.
    fn follow_path(&mut self, problem: &Problem<'_>, highest: f64) -> Result<(), FitError> {
        let (rows, tau) = (problem.rows(), problem.design.changepoint_prior_scale);
        let least = DIGITS * highest;
        self.candidates.clear();
        // The priors' weight is small beside the data's: any likely u will do for the path, until it begins to tell.
        self.eliminate(problem, 1e-3 * highest);
        let mut lowest = self.least_squares_variance(problem).max(least);
        let mut above = true;
        let mut variance = highest;
        for _ in 0..100 * (problem.normal.ramps + 1) {
            problem.interrupt.check()?;
            self.minimise(problem, variance)?;
            let fit = self.reduced.free_parameters(problem.normal, &self.delta, &mut self.free);
            if variance < 0.5 * self.reduced.weight && fit.prior > 0.01 * fit.sse {
                let weight = self.reduced.weight;
                self.eliminate(problem, variance);
                lowest = self.least_squares_variance(problem).max(least);
                if self.reduced.weight < weight {
                    continue;
                }
            }
            let descent = self.active_set.descend(&self.reduced.c, problem.lambda(variance), &self.delta);
            let end = (descent.next * tau).min(variance * (1.0 - LEAST_FALL));

            // On this piece 4u² + n u − SSE(u) = a u² + n u − b.
            let curvature = descent.curvature / (tau * tau);
            let (a, b) = (4.0 - curvature, fit.sse - curvature * variance * variance);
            let is_above = |u: f64| a * u * u + rows * u > b;
            if above && !is_above(variance) {
                // Between the last piece and this one, or by rounding.
                self.candidates.push(variance);
            }
            above = is_above(end.max(lowest));
            // Where it rises log p has a maximum in u; where it falls, a minimum.
            let root = rising_root(a, rows, b);
            if root < variance && root >= end.max(least) {
                self.candidates.push(root);
            }
            if end <= lowest {
                break;
            }
            variance = end;
        }
        self.lowest = lowest;
        Ok(())
    }

    /// A u below every solution: that of the least squares in δ, which no prior keeps from the data.
    fn least_squares_variance(&mut self, problem: &Problem<'_>) -> f64 {
        let ramps = problem.normal.ramps;
        self.factor.clone_from(&self.reduced.c);
        if !cholesky(&mut self.factor, ramps) {
            // More changepoints than the rows can tell apart: the path is followed to its end.
            return 0.0;
        }
        self.spare.clone_from(&self.reduced.q);
        forward_substitute(&self.factor, ramps, &mut self.spare);
        back_substitute(&self.factor, ramps, &mut self.spare);
        let fit = self.reduced.free_parameters(problem.normal, &self.spare, &mut self.free);
        // A little less, for the priors of the free parameters.
        problem.best_variance(0.99 * fit.sse)
    }

    /// Goes to the solution near a given u, with the free block factored there; `false` where there is none after all.
    fn converge(&mut self, problem: &Problem<'_>, candidate: f64) -> Result<bool, FitError> {
        let mut variance = candidate;
        for _ in 0..20 {
            let before = variance;
            self.eliminate(problem, variance);
            variance = self.settle(problem, variance)?;
            if variance < 0.25 * candidate {
                return Ok(false);
            }
            if (variance - before).abs() <= 1e-6 * variance {
                break;
            }
        }
        Ok(true)
    }

    /// Alternates δ and u from a given u until u stays.
    fn settle(&mut self, problem: &Problem<'_>, mut variance: f64) -> Result<f64, FitError> {
        let tau = problem.design.changepoint_prior_scale;
        for _ in 0..MOST_ROUNDS {
            problem.interrupt.check()?;
            self.minimise(problem, variance)?;
            let fit = self.reduced.free_parameters(problem.normal, &self.delta, &mut self.free);
            let descent = self.active_set.descend(&self.reduced.c, problem.lambda(variance), &self.delta);
            let curvature = descent.curvature / (tau * tau);
            // The solution if the active set stays, as on the path; without it, the best u for this δ.
            let root = rising_root(4.0 - curvature, problem.rows(), fit.sse - curvature * variance * variance);
            let near = root > 0.25 * variance && root < 4.0 * variance;
            let next = if near { root } else { problem.best_variance(fit.sse) };
            let change = (next - variance).abs();
            variance = next;
            if change <= 1e-12 * variance {
                break;
            }
        }
        Ok(variance)
    }

    /// Takes the last steps on the rows: exact residuals, exact gradient, Newton on the active set.
    fn polish(&mut self, problem: &Problem<'_>) -> Optimum {
        let expected = self.reduced.free_parameters(problem.normal, &self.delta, &mut self.free).sse;
        let mut best = self.current(problem);
        // Where the normal equations kept enough digits their SSE is right, and so is their solution.
        if (best.1 - expected).abs() > 1e-9 * best.1 {
            for _ in 0..10 {
                let variance = problem.best_variance(best.1);
                self.eliminate(problem, variance);
                if !self.refine(problem, variance) {
                    break;
                }
                let refined = self.current(problem);
                if refined.0.log_posterior <= best.0.log_posterior {
                    break;
                }
                let settled = (refined.1 - best.1).abs() <= 1e-12 * best.1;
                best = refined;
                if settled {
                    break;
                }
            }
        }
        best.0
    }

    /// The closest fit that the digits allow, for a series that the model can follow exactly.
    fn closest_fit(&mut self, problem: &Problem<'_>, highest: f64) -> Result<Optimum, Interruption> {
        let mut best: Option<Optimum> = None;
        for digits in 2..=9 {
            let variance = highest * 10.0_f64.powi(-2 * digits);
            self.eliminate(problem, variance);
            self.minimise(problem, variance)?;
            let optimum = self.polish(problem);
            if best.as_ref().is_none_or(|best| optimum.log_posterior > best.log_posterior) {
                best = Some(optimum);
            }
        }
        Ok(best.expect("the loop has rounds"))
    }

    /// One Newton step from the gradient on the rows, signs kept; `false` when a sign would change.
    fn refine(&mut self, problem: &Problem<'_>, variance: f64) -> bool {
        let Problem { design, normal, .. } = *problem;
        let Self { reduced, active_set, gradient, delta, free, spare, residuals, .. } = self;
        normal.project(design, residuals, gradient);
        for ((gradient, x), precision) in gradient.free.iter_mut().zip(&*free).zip(&normal.precision) {
            *gradient -= reduced.weight * precision * x;
        }
        reduced.reduce_gradient(normal, gradient);
        // The factor of the active block belongs to an earlier variance: close enough for a correction.
        let active = active_set.active();
        let lambda = problem.lambda(variance);
        spare.clear();
        spare.extend(active.iter().map(|&j| gradient.ramp[j] - lambda * delta[j].signum()));
        active_set.solve_active(spare);
        let mut steps = active.iter().zip(&*spare);
        if steps.any(|(&j, step)| (delta[j] + step) * delta[j] <= 0.0) {
            return false;
        }
        reduced.free_step(normal, active, spare, &mut gradient.free);
        for (&j, step) in active.iter().zip(&*spare) {
            delta[j] += step;
        }
        add_scaled(free, 1.0, &gradient.free);
        true
    }

    /// The present parameters with their best σ, and their SSE on the rows.
    fn current(&mut self, problem: &Problem<'_>) -> (Optimum, f64) {
        let design = problem.design;
        let trend = trend_columns(design.growth);
        let (head, beta) = self.free.split_at(trend);
        let mut delta = self.delta.clone();
        // Flat growth has changepoints too, which its trend does not use: their prior puts them at 0.
        delta.resize(design.changepoints.len(), 0.0);
        let (k, m) = if trend == 2 { (head[0], head[1]) } else { (0.0, head[0]) };
        let mut parameters = Parameters { k, m, delta, beta: beta.to_vec(), sigma: 0.0 };
        let sse = self.evaluate(problem, &parameters);
        parameters.sigma = problem.best_variance(sse).sqrt();
        let optimum = Optimum {
            log_posterior: design.log_posterior(&parameters, sse),
            perfect_fit: parameters.sigma <= LEAST_SIGMA * 1.001,
            parameters,
        };
        (optimum, sse)
    }

    /// Trend, residuals and SSE of given parameters on the rows.
    fn evaluate(&mut self, problem: &Problem<'_>, parameters: &Parameters) -> f64 {
        problem.design.trend(parameters, &mut self.trend);
        problem.design.residuals(parameters, &self.trend, problem.y, &mut self.residuals);
        dot(&self.residuals, &self.residuals)
    }
}
