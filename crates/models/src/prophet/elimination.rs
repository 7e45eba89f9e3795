//! The normal equations with the free parameters eliminated: what is left is a problem in the changepoints alone.
//!
//! With the free block H = G_ff + u·R (R: the precisions of the priors) and its Cholesky factor L, H = L Lᵀ, the best free
//! parameters for given changepoints are H⁻¹ (g_f − G_fr δ), and twice the objective there is
//! base − 2 qᵀδ + δᵀ C δ with C = G_rr − WᵀW, q = g_r − Wᵀw, base = yᵀy − wᵀw, W = L⁻¹ G_fr, w = L⁻¹ g_f.

use super::{
    lasso::quadratic_form,
    normal_equations::{NormalMatrix, RightHandSide},
};
use crate::linear_algebra::{add_scaled, back_substitute, cholesky, dot, forward_substitute};

/// Weight of the priors below which rounding would eat them.
const LEAST_WEIGHT: f64 = 1e-14;

/// The reduced problem and what is needed to go back, with its buffers.
#[derive(Debug, Default)]
pub(super) struct Elimination {
    /// u in the free block.
    pub(super) weight: f64,
    /// C, shape (ramps, ramps).
    pub(super) c: Vec<f64>,
    /// q, shape (ramps).
    pub(super) q: Vec<f64>,
    base: f64,
    /// L, shape (free, free).
    factor: Vec<f64>,
    /// W, shape (free, ramps).
    coupling: Vec<f64>,
    /// w, shape (free).
    target: Vec<f64>,
}

/// The free parameters' side of a solution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Sum of squared errors.
    pub(super) sse: f64,
    /// u · Σ θ²·precision over the free parameters.
    pub(super) prior: f64,
}

impl Elimination {
    /// Eliminates the free parameters with the given weight of their priors.
    pub(super) fn eliminate(&mut self, normal: &NormalMatrix, right: &RightHandSide, weight: f64) {
        self.weight = weight.max(LEAST_WEIGHT);
        // More features than the rows can tell apart are held by their priors alone; a weight that rounding eats is raised
        // until it holds them. A block that no weight mends has values that are not numbers, which the solver notices.
        for _ in 0..20 {
            if self.factor_free(normal) {
                break;
            }
            self.weight *= 10.0;
        }
        self.reduce(normal, right);
    }

    /// The same where the free block may be indefinite: `false` where it is, and nothing is eliminated.
    pub(super) fn try_eliminate(&mut self, normal: &NormalMatrix, right: &RightHandSide, weight: f64) -> bool {
        self.weight = weight.max(LEAST_WEIGHT);
        let definite = self.factor_free(normal);
        if definite {
            self.reduce(normal, right);
        }
        definite
    }

    fn factor_free(&mut self, normal: &NormalMatrix) -> bool {
        self.factor.clone_from(&normal.free_free);
        for (i, precision) in normal.precision.iter().enumerate() {
            self.factor[i * normal.free + i] += self.weight * precision;
        }
        cholesky(&mut self.factor, normal.free)
    }

    fn reduce(&mut self, normal: &NormalMatrix, right: &RightHandSide) {
        let (free, ramps) = (normal.free, normal.ramps);
        self.coupling.clone_from(&normal.free_ramp);
        for i in 0..free {
            let (above, row) = self.coupling.split_at_mut(i * ramps);
            let row = &mut row[..ramps];
            for j in 0..i {
                add_scaled(row, -self.factor[i * free + j], &above[j * ramps..(j + 1) * ramps]);
            }
            let pivot = self.factor[i * free + i];
            for x in row {
                *x /= pivot;
            }
        }
        self.target.clone_from(&right.free);
        forward_substitute(&self.factor, free, &mut self.target);

        self.c.clone_from(&normal.ramp_ramp);
        self.q.clone_from(&right.ramp);
        for (row, target) in self.coupling.chunks_exact(ramps.max(1)).zip(&self.target) {
            for (j, &x) in row.iter().enumerate() {
                add_scaled(&mut self.c[j * ramps..(j + 1) * ramps], -x, row);
            }
            add_scaled(&mut self.q, -target, row);
        }
        self.base = right.yy - dot(&self.target, &self.target);
    }

    /// The best free parameters for given changepoints, and how they fit.
    pub(super) fn free_parameters(&self, normal: &NormalMatrix, delta: &[f64], free: &mut Vec<f64>) -> Fit {
        free.clone_from(&self.target);
        if !delta.is_empty() {
            for (x, row) in free.iter_mut().zip(self.coupling.chunks_exact(delta.len())) {
                *x -= dot(row, delta);
            }
        }
        back_substitute(&self.factor, normal.free, free);
        let (quadratic, linear) = quadratic_form(&self.c, &self.q, delta);
        let prior = self.weight * free.iter().zip(&normal.precision).map(|(x, r)| x * x * r).sum::<f64>();
        Fit { sse: (self.base - 2.0 * linear + quadratic - prior).max(0.0), prior }
    }

    /// Turns a gradient of the whole problem into that of the reduced one, in place: the ramps' part is ready to be solved.
    pub(super) fn reduce_gradient(&self, normal: &NormalMatrix, gradient: &mut RightHandSide) {
        forward_substitute(&self.factor, normal.free, &mut gradient.free);
        for (row, x) in self.coupling.chunks_exact(normal.ramps.max(1)).zip(&gradient.free) {
            add_scaled(&mut gradient.ramp, -x, row);
        }
    }

    /// The step of the free parameters that belongs to steps of some changepoints, in place of their reduced gradient.
    pub(super) fn free_step(&self, normal: &NormalMatrix, changepoints: &[usize], steps: &[f64], gradient: &mut [f64]) {
        for (x, row) in gradient.iter_mut().zip(self.coupling.chunks_exact(normal.ramps.max(1))) {
            *x -= changepoints.iter().zip(steps).map(|(&j, step)| step * row[j]).sum::<f64>();
        }
        back_substitute(&self.factor, normal.free, gradient);
    }
}
