//! The way down from one start to the minimum of φ(θ) near it; [`super::nonlinear`] says what φ is and chooses the starts.
//!
//! 1. The smooth part is replaced by a quadratic around the present θ, with Newton's second derivatives ([`Order::Newton`],
//!    those of the best u with them) or, where these are indefinite or their step does not help, with Gauss and Newton's.
//! 2. Its exact minimum together with Σ|δ|/τ and the priors is found as in the additive model: the free parameters are
//!    eliminated, and [`ActiveSet`] finds δ, exactly sparse.
//! 3. The step is halved until φ falls as it should.
//! 4. It ends when the quadratic promises a fall of φ by less than a given gain: that is the (sub)gradient in the metric
//!    of the curvature, so it does not depend on how anything is scaled.
//!
//! Logistic growth is followed in the coordinates slope k and level c = −k m of the trend's exponent, which is linear in
//! them and δ: Prophet's offsets m and γ only spell this path. The prior of m = −c/k is then the one thing that is not.

use super::{
    curvature::{Curvature, Order, Rows},
    elimination::Elimination,
    lasso::ActiveSet,
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    point::Point,
    solver::{Problem, best_variance},
    spec::Growth,
};
use crate::{
    fit_error::FitError,
    linear_algebra::{add_scaled, dot},
};

/// Halvings of a step of each kind before it is given up.
const NEWTON_HALVINGS: usize = 3;
const GAUSS_NEWTON_HALVINGS: usize = 40;

/// A step of Newton's method that promises no more is the last.
const LEAST_NEWTON_GAIN: f64 = 1e-6;

/// A minimum is known when a step leads so near to it, in units of log p: then the rest of the way is left out.
const SAME: f64 = 1.0;

/// What a step promises.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal {
    /// By how much log p rises.
    pub(super) gain: f64,
    /// By how much the squared error falls.
    pub(super) less_error: f64,
}

/// The search from one start, with its buffers.
#[derive(Debug, Default)]
pub(super) struct Descent {
    /// The rows as they are at the point.
    pub(super) rows: Rows,
    step_rows: Rows,
    pub(super) curvature: Curvature,
    reduced: Elimination,
    active_set: ActiveSet,
    pub(super) right: RightHandSide,
    /// Where it is.
    pub(super) point: Point,
    target: Point,
    step: Point,
    spare: Point,
    /// u where it is held; none for the best at every point.
    pub(super) held: Option<f64>,
    /// Steps taken in this problem.
    pub(super) steps: usize,
}

impl Descent {
    /// The noise at a point: the best one for its error, or the one that is held.
    fn variance(&self, problem: &Problem<'_>, sse: f64) -> f64 {
        self.held.unwrap_or_else(|| best_variance(problem.y.len() as f64, sse))
    }

    /// Evaluates the rows at a point: the sum of squared errors there.
    pub(super) fn place(&mut self, problem: &Problem<'_>, point: &Point) -> f64 {
        self.rows.place(problem.design, &point.free, &point.delta);
        self.rows.evaluate(problem.design, problem.y)
    }

    /// Makes ready for another problem.
    pub(super) fn begin(&mut self) {
        self.steps = 0;
        self.curvature.forget();
    }

    /// Goes down from `point` to a minimum, and returns φ there; none where the way leads to `known`, a minimum.
    pub(super) fn descend(
        &mut self,
        problem: &Problem<'_>,
        least_gain: f64,
        most_steps: usize,
        known: Option<&Point>,
    ) -> Result<Option<f64>, FitError> {
        let point = std::mem::take(&mut self.point);
        let mut sse = self.place(problem, &point);
        self.point = point;
        let mut objective = objective(problem, &self.point, sse, self.variance(problem, sse));
        // Far from an optimum Newton's second derivatives say little.
        let mut order = Order::GaussNewton;
        for _ in 0..most_steps {
            problem.interrupt.check()?;
            if !objective.is_finite() {
                break;
            }
            self.steps += 1;
            let proposal = self.propose(problem, sse, order)?;
            let promised = proposal.map(|proposal| proposal.gain).filter(|gain| *gain > 0.0);
            if let (Order::Newton, Some(_), Some(known)) = (order, promised, known)
                && self.distance_of_target(known, self.variance(problem, sse)) < SAME
            {
                return Ok(None);
            }
            // What Newton's method leaves is as the square of what it promises.
            let last = promised.is_some_and(|gain| {
                gain <= if order == Order::Newton { least_gain.max(LEAST_NEWTON_GAIN) } else { least_gain }
            });
            let taken = promised.and_then(|promised| self.search(problem, objective, promised, order));
            let Some((share, new_objective, new_sse)) = taken else {
                // Near the minimum the fall drowns in rounding.
                if order == Order::GaussNewton || last {
                    break;
                }
                order = Order::GaussNewton;
                continue;
            };
            self.take(problem, share);
            (objective, sse) = (new_objective, new_sse);
            if last && (share == 1.0 || order == Order::GaussNewton) {
                break;
            }
            order = Order::Newton;
        }
        Ok(Some(objective))
    }

    /// ½ dᵀHd / u, d the way from a point to the minimum of the last quadratic, H its second derivatives: the fall of log p
    /// by which they are apart.
    fn distance_of_target(&mut self, point: &Point, variance: f64) -> f64 {
        for (step, target, point) in [
            (&mut self.spare.free, &self.target.free, &point.free),
            (&mut self.spare.delta, &self.target.delta, &point.delta),
        ] {
            step.clear();
            step.extend(target.iter().zip(point).map(|(new, old)| new - old));
        }
        let matrix = &self.curvature.matrix;
        product(matrix, &self.spare, &mut self.right);
        let prior: f64 = matrix.precision.iter().zip(&self.spare.free).map(|(precision, x)| precision * x * x).sum();
        0.5 * (dot(&self.right.free, &self.spare.free) + dot(&self.right.ramp, &self.spare.delta)) / variance
            + 0.5 * prior
    }

    /// Finds the minimum of the quadratic around the point, and what it promises; `None` where it has no minimum.
    pub(super) fn propose(
        &mut self,
        problem: &Problem<'_>,
        sse: f64,
        order: Order,
    ) -> Result<Option<Proposal>, FitError> {
        let Problem { design, normal, y, interrupt } = *problem;
        let variance = self.variance(problem, sse);
        let Self { rows, curvature, reduced, active_set, right, point, target, step, step_rows, held, .. } = self;
        rows.evaluate(design, y);
        curvature.take(design, normal, rows, order);
        let Curvature { matrix, gradient, .. } = curvature;
        if order == Order::Newton && held.is_none() {
            follow_variance(matrix, gradient, variance, y.len() as f64);
        }
        if design.growth == Growth::Logistic {
            add_offset_prior(matrix, gradient, point, variance, order);
        }
        // The quadratic is ½ θᵀHθ − (Hθ₀ + g)ᵀθ.
        product(matrix, point, right);
        right.free.iter_mut().zip(&gradient.free).for_each(|(x, g)| *x += g);
        right.ramp.iter_mut().zip(&gradient.ramp).for_each(|(x, g)| *x += g);
        if !reduced.try_eliminate(matrix, right, variance) {
            if order == Order::Newton {
                return Ok(None);
            }
            reduced.eliminate(matrix, right, variance);
        }
        target.delta.clone_from(&point.delta);
        let lambda = variance / design.changepoint_prior_scale;
        active_set.minimise(&reduced.c, &reduced.q, lambda, &mut target.delta, interrupt)?;
        reduced.free_parameters(matrix, &target.delta, &mut target.free);

        // What is gained: gᵀd − ½ dᵀHd, and the fall of the priors.
        for (step, target, point) in
            [(&mut step.free, &target.free, &point.free), (&mut step.delta, &target.delta, &point.delta)]
        {
            step.clear();
            step.extend(target.iter().zip(point).map(|(new, old)| new - old));
        }
        let (head, beta) = step.free.split_at(trend_columns(design.growth));
        step_rows.follow(design, head, beta, &step.delta);
        product(matrix, step, right);
        let slope = dot(&gradient.free, &step.free) + dot(&gradient.ramp, &step.delta);
        let bend = dot(&right.free, &step.free) + dot(&right.ramp, &step.delta);
        let normal_prior: f64 = (matrix.precision.iter().zip(&point.free).zip(&target.free))
            .map(|((precision, old), new)| precision * (old * old - new * new))
            .sum();
        let laplace_prior = sum_abs(&point.delta) - sum_abs(&target.delta);
        let less_error = 2.0 * slope - bend;
        let gain = 0.5 * less_error / variance + 0.5 * normal_prior + laplace_prior / design.changepoint_prior_scale;
        Ok((gain.is_finite() && less_error.is_finite()).then_some(Proposal { gain, less_error }))
    }

    /// Halves the step until φ falls by a share of what was promised: the share of the step, φ and SSE there.
    fn search(&mut self, problem: &Problem<'_>, from: f64, promised: f64, order: Order) -> Option<(f64, f64, f64)> {
        let halvings = if order == Order::Newton { NEWTON_HALVINGS } else { GAUSS_NEWTON_HALVINGS };
        let mut share = 1.0;
        let mut trial = Point::default();
        for _ in 0..halvings {
            trial.blend(&self.point, &self.target, share);
            let sse = self.rows.squared_error_after(problem.design, problem.y, &self.step_rows, share);
            let objective = objective(problem, &trial, sse, self.variance(problem, sse));
            if from - objective >= 1e-4 * share * promised {
                return Some((share, objective, sse));
            }
            share *= 0.5;
        }
        None
    }

    fn take(&mut self, problem: &Problem<'_>, share: f64) {
        let mut next = Point::default();
        next.blend(&self.point, &self.target, share);
        self.point = next;
        // What adds up over many steps is put right at the end, when the optimum is evaluated from its parameters.
        self.rows.advance(&self.step_rows, share);
        debug_assert_eq!(self.rows.eta.len(), problem.y.len());
    }
}

/// −log p: φ where the noise is the best for this sum of squared errors.
pub(super) fn objective(problem: &Problem<'_>, point: &Point, sse: f64, variance: f64) -> f64 {
    let Problem { design, normal, y, .. } = problem;
    let n = y.len() as f64;
    let priors: f64 = normal.precision.iter().zip(&point.free).map(|(precision, x)| precision * x * x).sum();
    let offset = match (design.growth, &point.free[..]) {
        // The prior is that of m, not that of the level.
        (Growth::Logistic, [slope, level, ..]) => ((level / slope).powi(2) - level * level) / 25.0,
        _ => 0.0,
    };
    0.5 * (priors + offset)
        + sum_abs(&point.delta) / design.changepoint_prior_scale
        + 2.0 * variance
        + 0.5 * n * libm::log(variance)
        + 0.5 * sse / variance
}

/// Puts the prior of m = −c/k, N(0, 5), in the place of that of c.
pub(super) fn add_offset_prior(
    matrix: &mut NormalMatrix,
    gradient: &mut RightHandSide,
    point: &Point,
    variance: f64,
    order: Order,
) {
    let (k, c) = (point.free[0], point.free[1]);
    let (m, by_k, by_c) = (-c / k, c / (k * k), -1.0 / k);
    let weight = variance / 25.0;
    matrix.precision[1] = 0.0;
    let free = matrix.free;
    let bend = if order == Order::Newton { m / (k * k) } else { 0.0 };
    let mixed = by_k * by_c + bend;
    for (i, j, value) in [(0, 0, by_k * by_k + 2.0 * bend * m), (0, 1, mixed), (1, 0, mixed), (1, 1, by_c * by_c)] {
        matrix.free_free[i * free + j] += weight * value;
    }
    gradient.free[0] -= weight * m * by_k;
    gradient.free[1] -= weight * m * by_c;
}

/// The second derivatives of φ have another part, because the best u moves with θ: −2 ggᵀ / (u (8u + n)), g = Jᵀr.
fn follow_variance(matrix: &mut NormalMatrix, gradient: &RightHandSide, variance: f64, n: f64) {
    let weight = -2.0 / (variance * (8.0 * variance + n));
    let (free, ramps) = (matrix.free, matrix.ramps);
    for (i, one) in gradient.free.iter().enumerate() {
        for (x, other) in matrix.free_free[i * free..(i + 1) * free].iter_mut().zip(&gradient.free) {
            *x += weight * one * other;
        }
        for (x, other) in matrix.free_ramp[i * ramps..(i + 1) * ramps].iter_mut().zip(&gradient.ramp) {
            *x += weight * one * other;
        }
    }
    for (i, one) in gradient.ramp.iter().enumerate() {
        for (x, other) in matrix.ramp_ramp[i * ramps..(i + 1) * ramps].iter_mut().zip(&gradient.ramp) {
            *x += weight * one * other;
        }
    }
}

/// H v, the priors left out.
pub(super) fn product(matrix: &NormalMatrix, v: &Point, out: &mut RightHandSide) {
    let (free, ramps) = (matrix.free, matrix.ramps);
    out.free.clear();
    out.ramp.clear();
    out.ramp.resize(ramps, 0.0);
    for (i, x) in v.free.iter().enumerate() {
        let row = &matrix.free_ramp[i * ramps..(i + 1) * ramps];
        out.free.push(dot(&matrix.free_free[i * free..(i + 1) * free], &v.free) + dot(row, &v.delta));
        add_scaled(&mut out.ramp, *x, row);
    }
    for (j, x) in v.delta.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        add_scaled(&mut out.ramp, *x, &matrix.ramp_ramp[j * ramps..(j + 1) * ramps]);
    }
}

fn sum_abs(values: &[f64]) -> f64 {
    values.iter().map(|x| x.abs()).sum()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::prophet::posterior::Design;
    use rand::{RngExt, SeedableRng};

    /// Two features, one of each mode, a bend, and noise.
    pub(in crate::prophet) fn design(growth: Growth, rows: usize) -> (Design, Vec<f64>) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let t: Vec<f64> = (0..rows).map(|i| i as f64 / (rows - 1) as f64).collect();
        let wave = |period: f64| -> Vec<f64> { (0..rows).map(|i| (i as f64 / period).sin()).collect() };
        let cap: Vec<f64> = t.iter().map(|t| 1.2 + 0.1 * t).collect();
        let features = [wave(1.1), wave(3.7)].concat();
        let y = (0..rows)
            .map(|i| {
                let path = 2.0 * t[i] - 1.0 + 3.0 * (t[i] - 0.5).max(0.0);
                let trend =
                    if growth == Growth::Logistic { cap[i] / (1.0 + f64::exp(-path)) } else { 1.0 + 0.3 * path };
                trend * (1.0 + 0.2 * features[i]) + 0.1 * features[rows + i] + 0.02 * rng.random_range(-1.0..1.0)
            })
            .collect();
        let design = Design {
            growth,
            changepoints: vec![t[rows / 5], t[rows / 2], t[2 * rows / 3]],
            changepoint_prior_scale: 0.05,
            features,
            prior_scales: vec![10.0, 0.5],
            multiplicative: vec![true, false],
            cap: if growth == Growth::Logistic { cap } else { Vec::new() },
            t,
        };
        (design, y)
    }

    #[test]
    fn the_second_derivatives_are_those_of_the_objective() {
        for growth in [Growth::Linear, Growth::Flat, Growth::Logistic] {
            let (design, y) = design(growth, 40);
            let normal = NormalMatrix::new(&design);
            let trend = trend_columns(growth);
            let mut point = Point { free: vec![0.3, -0.2, 0.15, 0.05][2 - trend..].to_vec(), delta: Vec::new() };
            point.delta = [0.2, -0.1, 0.4][..normal.ramps].to_vec();
            let unknowns = normal.free + normal.ramps;
            let error = |point: &Point| {
                let mut rows = Rows::default();
                rows.place(&design, &point.free, &point.delta);
                0.5 * rows.evaluate(&design, &y)
            };
            let moved = |steps: &[(usize, f64)]| {
                let mut point = point.clone();
                for &(at, step) in steps {
                    if at < normal.free { point.free[at] += step } else { point.delta[at - normal.free] += step }
                }
                error(&point)
            };
            let mut rows = Rows::default();
            rows.place(&design, &point.free, &point.delta);
            rows.evaluate(&design, &y);
            let mut curvature = Curvature::default();
            curvature.take(&design, &normal, &rows, Order::Newton);
            let h = 1e-4;
            for i in 0..unknowns {
                let gradient = (moved(&[(i, h)]) - moved(&[(i, -h)])) / (2.0 * h);
                let Curvature { gradient: ours, matrix, .. } = &curvature;
                let ours = if i < normal.free { ours.free[i] } else { ours.ramp[i - normal.free] };
                assert!((gradient + ours).abs() < 1e-6, "{growth:?} {i}: {gradient} {ours}");
                for j in 0..unknowns {
                    let second = (moved(&[(i, h), (j, h)]) - moved(&[(i, h), (j, -h)]) - moved(&[(i, -h), (j, h)])
                        + moved(&[(i, -h), (j, -h)]))
                        / (4.0 * h * h);
                    let (f, r) = (normal.free, normal.ramps);
                    let ours = match (i < f, j < f) {
                        (true, true) => matrix.free_free[i * f + j],
                        (true, false) => matrix.free_ramp[i * r + j - f],
                        (false, true) => matrix.free_ramp[j * r + i - f],
                        (false, false) => matrix.ramp_ramp[(i - f) * r + j - f],
                    };
                    assert!((second - ours).abs() < 1e-5, "{growth:?} {i} {j}: {second} {ours}");
                }
            }
        }
    }
}
