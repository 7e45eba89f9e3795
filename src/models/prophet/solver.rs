//! The exact maximum a posteriori (MAP) of the additive model with linear or flat growth.
//!
//! For a given noise variance u = σ² the problem is convex: least squares with normal priors on the free parameters
//! (k, m, β) and a Laplace prior on the changepoints δ,
//!
//! ½ SSE(θ) + u · (k²/50 + m²/50 + Σ β²/(2σ_j²)) + (u/τ) Σ|δ|.
//!
//! 1. The free parameters are eliminated by a Cholesky factor of their block (a Schur complement), which leaves the
//!    problem of [`ActiveSet`] in δ alone, at most a few dozen unknowns.
//! 2. For a given θ the best u has a closed form: 4u² + n u − SSE = 0.
//! 3. The two alternate, warm-started. SSE grows with u, so the map u → u is monotone: started above every solution it
//!    falls to the largest fixed point, started below every solution it rises to the smallest. Where the two meet, that
//!    point is the only stationary one, so the optimum is global and known to be; where they differ, the better wins.
//! 4. The normal equations lose digits where the fit is very close, so the last step is taken on the rows themselves.
//!
//! A series that the model can follow exactly has no finite optimum (σ → 0): σ stops at [`LEAST_SIGMA`].

use super::{
    lasso::{ActiveSet, quadratic_form},
    linear_algebra::{add_scaled, back_substitute, cholesky, dot, forward_substitute},
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    posterior::{Design, Parameters},
};
use std::time::Instant;

/// The least noise, in units of the scaled series: what Python Prophet gives a constant series.
pub const LEAST_SIGMA: f64 = 1e-9;

/// Rounds of the alternation before it is given up (they are a few microseconds each).
const MOST_ROUNDS: usize = 2_000;

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

/// One solution of the alternation: where u no longer changes.
struct FixedPoint {
    variance: f64,
    /// −2 log p there, without constants.
    objective: f64,
    delta: Vec<f64>,
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
        let found = self.converge(normal, design, rows, highest, deadline)?;
        let variance = self.look_below(normal, design, rows, found, deadline)?;
        Ok(self.polish(design, normal, y, variance))
    }

    /// Goes to a fixed point from a given u, with the free block factored there.
    fn converge(
        &mut self,
        normal: &NormalMatrix,
        design: &Design,
        rows: f64,
        mut variance: f64,
        deadline: Option<Instant>,
    ) -> Result<f64, OutOfTime> {
        // The prior's weight on the free block hardly matters to the factor: refresh it until it does not at all.
        for _ in 0..20 {
            self.eliminate(normal, variance);
            variance = self.settle(normal, design, rows, variance, deadline)?;
            if (variance - self.factored_at).abs() <= 1e-6 * variance {
                break;
            }
        }
        Ok(variance)
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
            row.iter_mut().for_each(|x| *x /= pivot);
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
        for _ in 0..MOST_ROUNDS {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(OutOfTime);
            }
            let lambda = variance / design.changepoint_prior_scale;
            self.active_set.minimise(&self.c, &self.q, lambda, &mut self.delta);
            let next = best_variance(rows, self.free_parameters(normal));
            let change = (next - variance).abs();
            variance = next;
            if change <= 1e-10 * variance {
                break;
            }
        }
        Ok(variance)
    }

    fn fixed_point(&self, normal: &NormalMatrix, design: &Design, rows: f64, variance: f64, sse: f64) -> FixedPoint {
        let laplace = self.delta.iter().map(|d| d.abs()).sum::<f64>() / design.changepoint_prior_scale;
        let objective =
            self.prior(normal) + 2.0 * laplace + 4.0 * variance + rows * libm::log(variance) + sse / variance;
        FixedPoint { variance, objective, delta: self.delta.clone() }
    }

    /// Proves that the solution found from above is the only one, or finds the better one.
    fn look_below(
        &mut self,
        normal: &NormalMatrix,
        design: &Design,
        rows: f64,
        found: f64,
        deadline: Option<Instant>,
    ) -> Result<f64, OutOfTime> {
        let least = LEAST_SIGMA * LEAST_SIGMA;
        if normal.ramps == 0 || found <= 4.0 * least {
            return Ok(found);
        }
        // No θ has a smaller SSE than least squares, so no solution lies below its variance.
        let floor = self.least_squares_variance(normal, rows).unwrap_or(least);
        if floor >= found * (1.0 - 1e-9) {
            return Ok(found);
        }
        let sse = self.free_parameters(normal);
        let mut best = self.fixed_point(normal, design, rows, found, sse);
        let above = best.variance;
        let mut from = floor;
        // The lowest solution first; while it lies clearly below, also what lies between.
        for _ in 0..8 {
            let variance = self.settle(normal, design, rows, from, deadline)?;
            if variance >= above * (1.0 - 1e-6) {
                break;
            }
            if variance > 4.0 * least {
                let sse = self.free_parameters(normal);
                let candidate = self.fixed_point(normal, design, rows, variance, sse);
                if candidate.objective < best.objective {
                    best = candidate;
                }
            }
            from = (variance.max(from) * above).sqrt();
        }
        self.delta.clone_from(&best.delta);
        if best.variance < above {
            return self.converge(normal, design, rows, best.variance, deadline);
        }
        self.settle(normal, design, rows, above, deadline)
    }

    /// u at the least-squares solution in δ, where that exists.
    fn least_squares_variance(&mut self, normal: &NormalMatrix, rows: f64) -> Option<f64> {
        let n = normal.ramps;
        self.spare.clone_from(&self.c);
        // A changepoint after the last row but one has no column to speak of.
        for j in 0..n {
            if self.spare[j * n + j] <= 1e-13 * normal.ramp_ramp[j * n + j] {
                self.spare[j * n + j] = 1.0;
                for i in (0..n).filter(|&i| i != j) {
                    self.spare[i * n + j] = 0.0;
                    self.spare[j * n + i] = 0.0;
                }
            }
        }
        if !cholesky(&mut self.spare, n) {
            return None;
        }
        let mut q = self.q.clone();
        forward_substitute(&self.spare, n, &mut q);
        // SSE without the prior is smaller still, by no more than the prior's share.
        Some(best_variance(rows, (self.base - dot(&q, &q)) * (1.0 - 1e-3)))
    }

    /// Takes the last steps on the rows: exact residuals, exact gradient, Newton on the active set.
    fn polish(&mut self, design: &Design, normal: &NormalMatrix, y: &[f64], mut variance: f64) -> Optimum {
        let rows = y.len() as f64;
        let expected = self.free_parameters(normal);
        let mut parameters = self.parameters(design);
        let mut sse = self.evaluate(design, &parameters, y);
        // Where the normal equations kept enough digits their SSE is right, and so is their solution.
        if (sse - expected).abs() > 1e-9 * sse {
            for _ in 0..10 {
                variance = best_variance(rows, sse);
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
