//! The inner problem: which changepoints move, and by how much.
//!
//! minimise over δ: ½ δᵀ C δ − qᵀ δ + λ Σ|δ|, with C symmetric positive semi-definite.
//!
//! Active-set (feature-sign) search: solve for the active set as if the signs were known, stop at the first sign change
//! and drop that changepoint, and when none changes take in the one that breaks its optimality condition
//! |qⱼ − (Cδ)ⱼ| ≤ λ most. Each step lowers the objective, so it ends; it is exact, and δ is exactly sparse.

use crate::{
    interrupt::{Interrupt, Interruption},
    linear_algebra::{add_scaled, back_substitute, cholesky, dot, forward_substitute},
};

/// Relative room left to rounding in the optimality condition.
const TOLERANCE: f64 = 1e-11;

/// How the minimum moves when λ falls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descent {
    /// κ: the smooth part of the objective, doubled, changes by κ · (change of λ²) while the active set stays.
    pub(super) curvature: f64,
    /// The next smaller λ at which the active set changes; 0 where none is left.
    pub(super) next: f64,
}

/// The search with its buffers.
#[derive(Debug, Default)]
pub(super) struct ActiveSet {
    active: Vec<usize>,
    /// Changepoints that proved to be linear combinations of active ones, as far as digits tell.
    blocked: Vec<bool>,
    signs: Vec<f64>,
    factor: Vec<f64>,
    target: Vec<f64>,
    /// q − Cδ at the last minimum.
    gradient: Vec<f64>,
    /// −dδ/dλ of the active changepoints, and −dq/dλ of all conditions.
    direction: Vec<f64>,
    drift: Vec<f64>,
}

impl ActiveSet {
    /// Moves `delta`, shape (n), from where it is to the minimum; `c` has shape (n, n), `q` shape (n).
    ///
    /// An interruption leaves `delta` somewhere on its way.
    pub(super) fn minimise(
        &mut self,
        c: &[f64],
        q: &[f64],
        lambda: f64,
        delta: &mut [f64],
        interrupt: Interrupt<'_>,
    ) -> Result<(), Interruption> {
        let n = delta.len();
        let scale = q.iter().fold(lambda, |scale, q| scale.max(q.abs()));
        self.blocked.clear();
        self.blocked.resize(n, false);
        // The last minimum's factor, where nothing moves now.
        self.factor.clear();
        self.active.clear();
        self.active.extend((0..n).filter(|&j| delta[j] != 0.0));
        self.signs.clear();
        self.signs.extend(self.active.iter().map(|&j| delta[j].signum()));
        // Every round lowers the objective; the bound only guards against rounding at a tie.
        for _ in 0..20 * (n + 5) {
            interrupt.check()?;
            if !self.active.is_empty() && !self.step(c, q, lambda, delta) {
                continue;
            }
            let Some((worst, gradient)) = self.worst_violation(c, q, lambda + TOLERANCE * scale, delta) else {
                return Ok(());
            };
            self.active.push(worst);
            self.signs.push(gradient.signum());
        }
        // The factor must be that of the active set, whatever the last round did to either.
        while !self.active.is_empty() && !self.factorise(c, n) {
            self.drop_active(self.active.len() - 1, delta);
        }
        Ok(())
    }

    /// Factors C_AA for the active set; `false` where it is singular.
    fn factorise(&mut self, c: &[f64], n: usize) -> bool {
        self.factor.clear();
        for &i in &self.active {
            self.factor.extend(self.active.iter().map(|&j| c[i * n + j]));
        }
        cholesky(&mut self.factor, self.active.len())
    }

    /// Goes towards the minimum for the present signs; `false` when a changepoint was dropped on the way.
    fn step(&mut self, c: &[f64], q: &[f64], lambda: f64, delta: &mut [f64]) -> bool {
        let (n, size) = (delta.len(), self.active.len());
        if !self.factorise(c, n) {
            self.blocked[self.active[size - 1]] = true;
            self.drop_active(size - 1, delta);
            return false;
        }
        self.target.clear();
        self.target.extend(self.active.iter().zip(&self.signs).map(|(&j, sign)| q[j] - lambda * sign));
        forward_substitute(&self.factor, size, &mut self.target);
        back_substitute(&self.factor, size, &mut self.target);

        // The first sign change on the straight way to the target.
        let mut first: Option<(usize, f64)> = None;
        for (position, (&j, (&target, sign))) in self.active.iter().zip(self.target.iter().zip(&self.signs)).enumerate()
        {
            if target * sign <= 0.0 {
                let fraction = delta[j] / (delta[j] - target);
                let fraction = if fraction.is_nan() { 0.0 } else { fraction };
                if first.is_none_or(|(_, least)| fraction < least) {
                    first = Some((position, fraction));
                }
            }
        }
        let fraction = first.map_or(1.0, |(_, fraction)| fraction);
        for (&j, &target) in self.active.iter().zip(&self.target) {
            delta[j] = if first.is_none() { target } else { delta[j] + fraction * (target - delta[j]) };
        }
        let Some((position, fraction)) = first else { return true };
        if fraction == 0.0 {
            // It was taken in and cannot move, by rounding: taking it in again would go round in a circle.
            self.blocked[self.active[position]] = true;
        }
        self.drop_active(position, delta);
        false
    }

    fn drop_active(&mut self, position: usize, delta: &mut [f64]) {
        delta[self.active.remove(position)] = 0.0;
        self.signs.remove(position);
        self.factor.clear();
    }

    fn worst_violation(&mut self, c: &[f64], q: &[f64], bound: f64, delta: &[f64]) -> Option<(usize, f64)> {
        let n = delta.len();
        self.gradient.clear();
        self.gradient.extend_from_slice(q);
        for &j in &self.active {
            // C is symmetric: its row is its column.
            add_scaled(&mut self.gradient, -delta[j], &c[j * n..(j + 1) * n]);
        }
        let mut worst: Option<(usize, f64)> = None;
        for (j, &gradient) in self.gradient.iter().enumerate() {
            let least = worst.map_or(bound, |(_, g)| g.abs());
            if gradient.abs() > least && delta[j] == 0.0 && !self.blocked[j] {
                worst = Some((j, gradient));
            }
        }
        worst
    }

    /// How the last [`ActiveSet::minimise`], at `lambda`, goes on when λ falls: the solution path is piecewise linear.
    ///
    /// (Osborne, Presnell and Turlach, On the LASSO and its dual, 2000.)
    pub(super) fn descend(&mut self, c: &[f64], lambda: f64, delta: &[f64]) -> Descent {
        let n = delta.len();
        self.direction.clone_from(&self.signs);
        forward_substitute(&self.factor, self.active.len(), &mut self.direction);
        let curvature = dot(&self.direction, &self.direction);
        back_substitute(&self.factor, self.active.len(), &mut self.direction);
        self.drift.clear();
        self.drift.resize(n, 0.0);
        for (&j, &step) in self.active.iter().zip(&self.direction) {
            add_scaled(&mut self.drift, step, &c[j * n..(j + 1) * n]);
        }
        // By how much λ may fall before a changepoint returns to zero, or an optimality condition is met with equality.
        let mut room = lambda;
        let mut limit = |fall: f64| {
            if fall > 0.0 && fall < room {
                room = fall;
            }
        };
        for (&j, &step) in self.active.iter().zip(&self.direction) {
            limit(-delta[j] / step);
        }
        for j in (0..n).filter(|&j| delta[j] == 0.0 && !self.blocked[j]) {
            limit((lambda - self.gradient[j]) / (1.0 - self.drift[j]));
            limit((lambda + self.gradient[j]) / (1.0 + self.drift[j]));
        }
        Descent { curvature, next: lambda - room }
    }

    /// Solves C_AA x = b for the active set of the last [`ActiveSet::minimise`], in place; `b` has the active set's order.
    pub(super) fn solve_active(&self, b: &mut [f64]) {
        let size = self.active.len();
        debug_assert_eq!(self.factor.len(), size * size);
        forward_substitute(&self.factor, size, b);
        back_substitute(&self.factor, size, b);
    }

    /// The changepoints that moved in the last [`ActiveSet::minimise`].
    pub(super) fn active(&self) -> &[usize] {
        &self.active
    }
}

/// δᵀ C δ and qᵀ δ, for a sparse δ.
pub(super) fn quadratic_form(c: &[f64], q: &[f64], delta: &[f64]) -> (f64, f64) {
    let n = delta.len();
    let quadratic =
        delta.iter().enumerate().filter(|(_, d)| **d != 0.0).map(|(j, d)| d * dot(&c[j * n..(j + 1) * n], delta)).sum();
    (quadratic, dot(q, delta))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Coordinate descent to convergence: slow, but nothing in it can go wrong.
    fn coordinate_descent(c: &[f64], q: &[f64], lambda: f64) -> Vec<f64> {
        let n = q.len();
        let mut delta = vec![0.0; n];
        for _ in 0..200_000 {
            let mut change = 0.0_f64;
            for j in 0..n {
                let rest: f64 = q[j] - dot(&c[j * n..(j + 1) * n], &delta) + c[j * n + j] * delta[j];
                let new = rest.signum() * (rest.abs() - lambda).max(0.0) / c[j * n + j];
                change = change.max((new - delta[j]).abs());
                delta[j] = new;
            }
            if change < 1e-15 {
                break;
            }
        }
        delta
    }

    #[test]
    fn the_minimum_is_that_of_coordinate_descent_from_any_start() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for case in 0..200 {
            let n = 1 + case % 12;
            let rows = n + 2;
            let z: Vec<f64> = (0..n * rows).map(|_| rng.random_range(-1.0..1.0)).collect();
            let y: Vec<f64> = (0..rows).map(|_| rng.random_range(-3.0..3.0)).collect();
            let column = |j: usize| &z[j * rows..(j + 1) * rows];
            let c: Vec<f64> = (0..n * n).map(|ij| dot(column(ij / n), column(ij % n))).collect();
            let q: Vec<f64> = (0..n).map(|j| dot(column(j), &y)).collect();
            for lambda in [1e-6, 0.1, 1.0, 100.0] {
                let want = coordinate_descent(&c, &q, lambda);
                for start in [0.0, 1.0, -2.0] {
                    let mut delta = vec![start; n];
                    ActiveSet::default().minimise(&c, &q, lambda, &mut delta, Interrupt::default()).unwrap();
                    for (got, want) in delta.iter().zip(&want) {
                        assert!((got - want).abs() < 1e-6, "case {case}, λ {lambda}: {delta:?} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_of_an_earlier_problem_is_left() {
        let mut search = ActiveSet::default();
        search.minimise(&[2.0], &[4.0], 1.0, &mut [0.0], Interrupt::default()).unwrap();
        assert_eq!(search.active(), [0]);
        let mut delta = [0.0; 2];
        search.minimise(&[2.0, 0.0, 0.0, 2.0], &[1.0, 1.0], 5.0, &mut delta, Interrupt::default()).unwrap();
        search.solve_active(&mut []);
        assert_eq!((search.active().len(), delta), (0, [0.0; 2]));
    }

    #[test]
    fn a_column_twice_and_a_column_of_zeros_do_no_harm() {
        let c = [2.0, 2.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0];
        let mut delta = [0.0; 3];
        ActiveSet::default().minimise(&c, &[4.0, 4.0, 0.0], 1.0, &mut delta, Interrupt::default()).unwrap();
        assert!((delta[0] + delta[1] - 1.5).abs() < 1e-12, "{delta:?}");
        assert_eq!(delta[2], 0.0);
    }
}
