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
    lasso::{ActiveSet, quadratic_form},
    linear_algebra::{add_scaled, back_substitute, cholesky, dot, forward_substitute},
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    posterior::{Design, Parameters},
};
use std::time::Instant;

/// The least noise, in units of the scaled series: what Python Prophet gives a constant series.
pub const LEAST_SIGMA: f64 = 1e-9;

/// Rounds of the final alternation; it converges like Newton's method and needs three or four.
const MOST_ROUNDS: usize = 100;

/// The least relative fall of u between two pieces of the path, so that rounding at a corner cannot hold it up.
const LEAST_FALL: f64 = 1e-7;

/// The least u, as a share of the variance of y, that the normal equations can tell from none.
const DIGITS: f64 = 1e-13;

/// The optimum and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Optimum {
    pub(super) parameters: Parameters,
    pub(super) log_posterior: f64,
    /// σ was stopped at [`LEAST_SIGMA`]: the model follows the series exactly.
    pub(super) perfect_fit: bool,
}

/// The time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfTime;

/// The solver with its buffers: one per worker thread, no allocation once they have grown.
#[derive(Debug, Default)]
pub(super) struct Solver {
    right: RightHandSide,
    /// Variance at which the free block was last factored.
    factored_at: f64,
    /// Cholesky factor L of the free block plus its prior, shape (free, free).
    factor: Vec<f64>,
    /// L⁻¹ (free × ramps).
    eliminated: Vec<f64>,
    /// L⁻¹ (right-hand side of the free block).
    eliminated_right: Vec<f64>,
    /// Schur complement: C and q of the inner problem.
    c: Vec<f64>,
    q: Vec<f64>,
    /// SSE plus prior of the free parameters where δ = 0.
    base: f64,
    active_set: ActiveSet,
    delta: Vec<f64>,
    free: Vec<f64>,
    spare: Vec<f64>,
    /// The trend of the last optimum at each row, shape (n).
    pub(super) trend: Vec<f64>,
    /// y − μ of the last optimum at each row, shape (n).
    pub(super) residuals: Vec<f64>,
    correction: RightHandSide,
}

/// The best u = σ² for a sum of squared errors: the root of 4u² + n u − SSE, in the form without cancellation.
fn best_variance(rows: f64, sse: f64) -> f64 {
    let sse = sse.max(0.0);
    (2.0 * sse / (rows + (rows * rows + 16.0 * sse).sqrt())).max(LEAST_SIGMA * LEAST_SIGMA)
}

impl Solver {
    /// Finds the optimum for `y`, shape (n). `normal` must be the design's own.
    pub(super) fn solve(
        &mut self,
        design: &Design,
        normal: &NormalMatrix,
        y: &[f64],
        deadline: Option<Instant>,
    ) -> Result<Optimum, OutOfTime> {
        let rows = y.len() as f64;
        let mut right = std::mem::take(&mut self.right);
        normal.project(design, y, &mut right);
        self.right = right;
        self.delta.clear();
        self.delta.resize(normal.ramps, 0.0);

        let highest = best_variance(rows, self.right.yy);
        // The priors' weight is small beside the data's: any likely u will do for the path.
        self.eliminate(normal, 1e-3 * highest);
        let candidates = self.follow_path(normal, design, rows, highest, deadline)?;
        let mut best: Option<Optimum> = None;
        for variance in candidates {
            if !self.converge(normal, design, rows, variance, deadline)? {
                continue;
            }
            let optimum = self.polish(design, normal, y);
            let better = best.as_ref().is_none_or(|best| optimum.log_posterior > best.log_posterior);
            // An optimum at a finite σ is what was asked for, even where σ → 0 would go beyond every bound.
            if better && !optimum.perfect_fit {
                best = Some(optimum);
            }
        }
        let optimum = best.unwrap_or_else(|| self.closest_fit(design, normal, y, highest));
        // The trend and the residuals are those of the last candidate, which may not be the best.
        self.evaluate(design, &optimum.parameters, y);
        Ok(optimum)
    }

    /// All u where δ and u agree and log p has a maximum in u, largest first.
    fn follow_path(
        &mut self,
        normal: &NormalMatrix,
        design: &Design,
        rows: f64,
        highest: f64,
        deadline: Option<Instant>,
    ) -> Result<Vec<f64>, OutOfTime> {
        let tau = design.changepoint_prior_scale;
        let mut lowest = self.least_squares_variance(normal, rows);
        let mut found = Vec::new();
        let mut above = true;
        let mut variance = highest;
        for _ in 0..100 * (normal.ramps + 1) {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(OutOfTime);
            }
            let lambda = variance / tau;
            self.active_set.minimise(&self.c, &self.q, lambda, &mut self.delta);
            let sse = self.free_parameters(normal);
            if variance < 0.5 * self.factored_at && self.factored_at * self.prior(normal) > 0.01 * sse {
                // The priors were given a weight that begins to tell.
                self.eliminate(normal, variance);
                lowest = self.least_squares_variance(normal, rows);
                continue;
            }
            let descent = self.active_set.descend(&self.c, lambda, &self.delta);
            let end = (descent.next * tau).min(variance * (1.0 - LEAST_FALL));

            // On this piece 4u² + n u − SSE(u) = a u² + n u − b.
            let curvature = descent.curvature / (tau * tau);
            let (a, b) = (4.0 - curvature, sse - curvature * variance * variance);
            let is_above = |u: f64| a * u * u + rows * u > b;
            if above && !is_above(variance) {
                // Between the last piece and this one, or by rounding.
                found.push(variance);
            }
            above = is_above(end.max(lowest));
            // Of its two roots the one where it rises: there log p has a maximum in u, not a minimum.
            let root = 2.0 * b / (rows + (rows * rows + 4.0 * a * b).sqrt());
            if root < variance && root >= end.max(DIGITS * highest) {
                found.push(root);
            }
            if end <= lowest.max(DIGITS * highest) {
                break;
            }
            variance = end;
        }
        Ok(found)
    }

    /// Goes to the solution near a given u, with the free block factored there; `false` where there is none after all.
    fn converge(
        &mut self,
        normal: &NormalMatrix,
        design: &Design,
        rows: f64,
        candidate: f64,
        deadline: Option<Instant>,
    ) -> Result<bool, OutOfTime> {
        let mut variance = candidate;
        for _ in 0..20 {
            self.eliminate(normal, variance);
            variance = self.settle(normal, design, rows, variance, deadline)?;
            if variance < 0.25 * candidate {
                return Ok(false);
            }
            if (variance - self.factored_at).abs() <= 1e-6 * variance {
                break;
            }
        }
        Ok(true)
    }

    /// Factors the free block at a variance and eliminates it.
    fn eliminate(&mut self, normal: &NormalMatrix, variance: f64) {
        let (free, ramps) = (normal.free, normal.ramps);
        self.factored_at = variance;
        // Twice the weight of the priors is tried where rounding has eaten it.
        let mut weight = variance.max(1e-14);
        loop {
            self.factor.clone_from(&normal.free_free);
            for (i, precision) in normal.precision.iter().enumerate() {
                self.factor[i * free + i] += weight * precision;
            }
            if cholesky(&mut self.factor, free) {
                break;
            }
            weight *= 10.0;
        }
        self.eliminated.clone_from(&normal.free_ramp);
        for i in 0..free {
            let (above, row) = self.eliminated.split_at_mut(i * ramps);
            let row = &mut row[..ramps];
            for j in 0..i {
                add_scaled(row, -self.factor[i * free + j], &above[j * ramps..(j + 1) * ramps]);
            }
            let pivot = self.factor[i * free + i];
            for x in row {
                *x /= pivot;
            }
        }
        self.eliminated_right.clone_from(&self.right.free);
        forward_substitute(&self.factor, free, &mut self.eliminated_right);

        self.c.clone_from(&normal.ramp_ramp);
        self.q.clone_from(&self.right.ramp);
        for i in 0..free {
            let row = &self.eliminated[i * ramps..(i + 1) * ramps];
            for (j, &x) in row.iter().enumerate() {
                add_scaled(&mut self.c[j * ramps..(j + 1) * ramps], -x, row);
            }
            add_scaled(&mut self.q, -self.eliminated_right[i], row);
        }
        self.base = self.right.yy - dot(&self.eliminated_right, &self.eliminated_right);
    }

    /// The free parameters that belong to δ, and SSE there.
    fn free_parameters(&mut self, normal: &NormalMatrix) -> f64 {
        let (free, ramps) = (normal.free, normal.ramps);
        self.free.clone_from(&self.eliminated_right);
        for i in 0..free {
            self.free[i] -= dot(&self.eliminated[i * ramps..(i + 1) * ramps], &self.delta);
        }
        back_substitute(&self.factor, free, &mut self.free);
        let (quadratic, linear) = quadratic_form(&self.c, &self.q, &self.delta);
        let penalised = self.base - 2.0 * linear + quadratic;
        (penalised - self.factored_at * self.prior(normal)).max(0.0)
    }

    /// Σ θ²·precision over the free parameters: twice their share of −log p.
    fn prior(&self, normal: &NormalMatrix) -> f64 {
        self.free.iter().zip(&normal.precision).map(|(x, precision)| x * x * precision).sum()
    }

    /// Alternates δ and u from a given u until u stays.
    fn settle(
        &mut self,
        normal: &NormalMatrix,
        design: &Design,
        rows: f64,
        mut variance: f64,
        deadline: Option<Instant>,
    ) -> Result<f64, OutOfTime> {
        let tau = design.changepoint_prior_scale;
        for _ in 0..MOST_ROUNDS {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(OutOfTime);
            }
            self.active_set.minimise(&self.c, &self.q, variance / tau, &mut self.delta);
            let sse = self.free_parameters(normal);
            let curvature = self.active_set.descend(&self.c, variance / tau, &self.delta).curvature / (tau * tau);
            // The solution if the active set stays, as on the path; without it, the best u for this δ.
            let (a, b) = (4.0 - curvature, sse - curvature * variance * variance);
            let root = 2.0 * b / (rows + (rows * rows + 4.0 * a * b).sqrt());
            let next = if root > 0.25 * variance && root < 4.0 * variance { root } else { best_variance(rows, sse) };
            let change = (next - variance).abs();
            variance = next;
            if change <= 1e-12 * variance {
                break;
            }
        }
        Ok(variance)
    }

    /// A u below every solution: that of the least squares in δ, which no prior keeps from the data.
    fn least_squares_variance(&mut self, normal: &NormalMatrix, rows: f64) -> f64 {
        let n = normal.ramps;
        self.spare.clone_from(&self.c);
        if !cholesky(&mut self.spare, n) {
            // More changepoints than the rows can tell apart: the path is followed to its end.
            return 0.0;
        }
        let delta = self.delta.clone();
        self.delta.clone_from(&self.q);
        forward_substitute(&self.spare, n, &mut self.delta);
        back_substitute(&self.spare, n, &mut self.delta);
        let sse = self.free_parameters(normal);
        self.delta = delta;
        // A little less, for the priors of the free parameters.
        best_variance(rows, 0.99 * sse)
    }

    /// Takes the last steps on the rows: exact residuals, exact gradient, Newton on the active set.
    fn polish(&mut self, design: &Design, normal: &NormalMatrix, y: &[f64]) -> Optimum {
        let rows = y.len() as f64;
        let expected = self.free_parameters(normal);
        let mut parameters = self.parameters(design);
        let mut sse = self.evaluate(design, &parameters, y);
        // Where the normal equations kept enough digits their SSE is right, and so is their solution.
        if (sse - expected).abs() > 1e-9 * sse {
            for _ in 0..10 {
                let variance = best_variance(rows, sse);
                self.eliminate(normal, variance);
                let lambda = variance / design.changepoint_prior_scale;
                if !self.refine(design, normal, lambda) {
                    break;
                }
                let refined = self.parameters(design);
                let refined_sse = self.evaluate(design, &refined, y);
                let settled = (refined_sse - sse).abs() <= 1e-12 * sse;
                let (before, after) = (best_variance(rows, sse), best_variance(rows, refined_sse));
                parameters.sigma = before.sqrt();
                let mut candidate = refined;
                candidate.sigma = after.sqrt();
                if design.log_posterior(&candidate, refined_sse) < design.log_posterior(&parameters, sse) {
                    sse = self.evaluate(design, &parameters, y);
                    break;
                }
                (parameters, sse) = (candidate, refined_sse);
                if settled {
                    break;
                }
            }
        }
        parameters.sigma = best_variance(rows, sse).sqrt();
        let perfect_fit = parameters.sigma <= LEAST_SIGMA * 1.001;
        Optimum { log_posterior: design.log_posterior(&parameters, sse), perfect_fit, parameters }
    }

    /// The closest fit that the digits allow, for a series that the model can follow exactly.
    fn closest_fit(&mut self, design: &Design, normal: &NormalMatrix, y: &[f64], highest: f64) -> Optimum {
        let mut best: Option<Optimum> = None;
        for digits in 2..=9 {
            let variance = highest * 10.0_f64.powi(-2 * digits);
            self.eliminate(normal, variance);
            let lambda = variance / design.changepoint_prior_scale;
            self.active_set.minimise(&self.c, &self.q, lambda, &mut self.delta);
            let optimum = self.polish(design, normal, y);
            if best.as_ref().is_none_or(|best| optimum.log_posterior > best.log_posterior) {
                best = Some(optimum);
            }
        }
        best.expect("the loop has rounds")
    }

    /// One Newton step from the gradient on the rows, signs kept; `false` when a sign would change.
    fn refine(&mut self, design: &Design, normal: &NormalMatrix, lambda: f64) -> bool {
        let mut correction = std::mem::take(&mut self.correction);
        normal.project(design, &self.residuals, &mut correction);
        for ((gradient, x), precision) in correction.free.iter_mut().zip(&self.free).zip(&normal.precision) {
            *gradient -= self.factored_at * precision * x;
        }
        forward_substitute(&self.factor, normal.free, &mut correction.free);
        let ramps = normal.ramps;
        for (i, x) in correction.free.iter().enumerate() {
            add_scaled(&mut correction.ramp, -x, &self.eliminated[i * ramps..(i + 1) * ramps]);
        }
        // The factor of the active block belongs to an earlier variance: close enough for a correction.
        self.spare.clear();
        self.spare
            .extend(self.active_set.active().iter().map(|&j| correction.ramp[j] - lambda * self.delta[j].signum()));
        self.active_set.solve_active(&mut self.spare);
        let keeps_signs = self
            .active_set
            .active()
            .iter()
            .zip(&self.spare)
            .all(|(&j, step)| (self.delta[j] + step) * self.delta[j] > 0.0);
        if keeps_signs {
            for (&j, &step) in self.active_set.active().iter().zip(&self.spare) {
                self.delta[j] += step;
                for i in 0..normal.free {
                    correction.free[i] -= step * self.eliminated[i * ramps + j];
                }
            }
            back_substitute(&self.factor, normal.free, &mut correction.free);
            add_scaled(&mut self.free, 1.0, &correction.free);
        }
        self.correction = correction;
        keeps_signs
    }

    fn parameters(&self, design: &Design) -> Parameters {
        let trend = trend_columns(design.growth);
        let (head, beta) = self.free.split_at(trend);
        let mut delta = self.delta.clone();
        // Flat growth has changepoints too, which its trend does not use: their prior puts them at 0.
        delta.resize(design.changepoints.len(), 0.0);
        let (k, m) = if trend == 2 { (head[0], head[1]) } else { (0.0, head[0]) };
        Parameters { k, m, delta, beta: beta.to_vec(), sigma: 0.0 }
    }

    /// Trend, residuals and SSE of given parameters on the rows.
    fn evaluate(&mut self, design: &Design, parameters: &Parameters, y: &[f64]) -> f64 {
        design.trend(parameters, &mut self.trend);
        design.residuals(parameters, &self.trend, y, &mut self.residuals);
        dot(&self.residuals, &self.residuals)
    }
}
