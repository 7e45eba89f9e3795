//! The maximum a posteriori (MAP) where μ is not linear in the parameters: multiplicative terms, logistic growth.
//!
//! For every θ = (slope, level, β, δ) the best noise u = σ² has a closed form, 4u² + n u = SSE, so that what is minimised is
//! φ(θ) = min over u of −log p(θ, u), the sum of a smooth function and Σ|δ|/τ. From each of several starts:
//!
//! 1. The smooth part is replaced by a quadratic around the present θ, with Newton's second derivatives ([`Order::Newton`],
//!    those of the best u with them) or, where these are indefinite or their step does not help, with Gauss and Newton's.
//! 2. Its exact minimum together with Σ|δ|/τ and the priors is found as in the additive model: the free parameters are
//!    eliminated, and [`ActiveSet`] finds δ, exactly sparse.
//! 3. The step is halved until φ falls as it should.
//! 4. It ends when the quadratic promises a fall of φ by less than [`LEAST_GAIN`]: that is the (sub)gradient in the metric
//!    of the curvature, so it does not depend on how anything is scaled.
//!
//! Logistic growth is followed in the coordinates slope k and level c = −k m of the trend's exponent, which is linear in
//! them and δ: Prophet's offsets m and γ only spell this path. The prior of m = −c/k is then the one thing that is not.
//!
//! The problem has no one optimum in general: of those that the starts lead to the best is taken. With equal ones the
//! first, so that the result is the same everywhere. Short series may have another optimum where the noise is less and the
//! trend bends more (with as many unknowns as rows there are many such optima, and which is best is not known for certain).
//! Where least squares leave so little that there can be one, it is looked for by lowering a noise that
//! is held, until what is left over is less than it: from there φ goes down to that optimum.

use super::{
    LEAST_SIGMA,
    curvature::{Curvature, Order, Rows},
    elimination::Elimination,
    lasso::ActiveSet,
    linear_algebra::dot,
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    posterior::{Design, Parameters},
    solver::{Optimum, Problem, Unsolved, best_variance},
    spec::Growth,
};

/// What a step must promise to gain in log p to be taken.
const LEAST_GAIN: f64 = 1e-9;

/// Steps from one start; Newton's method needs about five, a hard start a few dozen.
const MOST_STEPS: usize = 500;

/// The same for steps with a noise that is held, which only have to come near.
const LEAST_GAIN_ON_THE_WAY: f64 = 1e-3;

/// Steps with a noise that is held, and by how much it falls.
const STEPS_ON_THE_WAY: usize = 20;
const FALL: f64 = 0.3;

/// An optimum with less noise is looked for where least squares leave less than this share of u.
const WORTHWHILE: f64 = 0.5;

/// A series with fewer rows than so many times the unknowns has many optima: more starts are tried.
const SHORT: usize = 3;

/// Halvings of a step of each kind before it is given up.
const NEWTON_HALVINGS: usize = 3;
const GAUSS_NEWTON_HALVINGS: usize = 40;

/// A point of the search: the parameters in the coordinates of the path.
#[derive(Clone, Debug, Default)]
struct Point {
    /// Slope, level and β; level and β with flat growth.
    free: Vec<f64>,
    delta: Vec<f64>,
}

/// What a step promises.
#[derive(Clone, Copy, Debug)]
struct Proposal {
    /// By how much log p rises.
    gain: f64,
    /// By how much the squared error falls.
    less_error: f64,
}

/// The solver with its buffers: one per worker thread.
#[derive(Debug, Default)]
pub(super) struct NonlinearSolver {
    rows: Rows,
    step_rows: Rows,
    curvature: Curvature,
    reduced: Elimination,
    active_set: ActiveSet,
    right: RightHandSide,
    point: Point,
    target: Point,
    step: Point,
    /// u where it is held; none for the best at every point.
    held: Option<f64>,
    /// Steps taken in the last solution, all starts together.
    pub(super) steps: usize,
    /// The trend of the optimum at each row, shape (n).
    pub(super) trend: Vec<f64>,
    /// y − μ of the optimum at each row, shape (n).
    pub(super) residuals: Vec<f64>,
}

impl NonlinearSolver {
    /// Finds the best optimum from the usual starts, or from a given one.
    pub(super) fn solve(&mut self, problem: &Problem<'_>, start: Option<&Parameters>) -> Result<Optimum, Unsolved> {
        self.steps = 0;
        let starts = match start {
            Some(start) => vec![Point::from_parameters(problem.design, start)],
            None => starts(problem),
        };
        let mut best: Option<(f64, Point)> = None;
        for start in &starts {
            self.point.clone_from(start);
            self.held = None;
            let objective = self.descend(problem, LEAST_GAIN, MOST_STEPS)?;
            self.keep_best(&mut best, objective);
        }
        self.look_below(problem, &mut best)?;
        if problem.y.len() < SHORT * (problem.normal.free + problem.normal.ramps) {
            self.start_with_less_noise(problem, &starts, &mut best)?;
        }
        let (_, point) = best.ok_or(Unsolved::NotFinite)?;
        let sse = self.place(problem, &point);
        let sigma = best_variance(problem.y.len() as f64, sse).sqrt();
        let parameters = point.into_parameters(problem.design, sigma);
        self.trend.clone_from(&self.rows.trend);
        self.residuals.clone_from(&self.rows.residuals);
        let log_posterior = problem.design.log_posterior(&parameters, sse);
        if !log_posterior.is_finite() {
            return Err(Unsolved::NotFinite);
        }
        Ok(Optimum { log_posterior, perfect_fit: sigma <= LEAST_SIGMA * 1.001, parameters })
    }

    fn keep_best(&self, best: &mut Option<(f64, Point)>, objective: f64) {
        // A better one by rounding alone is the same one.
        let better = |(least, _): &(f64, Point)| objective < least - LEAST_GAIN;
        if objective.is_finite() && best.as_ref().is_none_or(better) {
            *best = Some((objective, self.point.clone()));
        }
    }

    /// Looks for optima with less noise than the best one has.
    fn look_below(&mut self, problem: &Problem<'_>, best: &mut Option<(f64, Point)>) -> Result<(), Unsolved> {
        let Some((_, point)) = best else { return Ok(()) };
        let n = problem.y.len() as f64;
        self.point = point.clone();
        let sse = self.place(problem, point);
        let mut variance = best_variance(n, sse);
        self.held = Some(1e-6 * variance);
        let bound = match self.propose(problem, sse, Order::GaussNewton)? {
            // What the quadratic leaves; a noise far below it has no optimum.
            Some(proposal) => best_variance(n, (sse - proposal.less_error).max(0.0)),
            None => return Ok(()),
        };
        if bound > WORTHWHILE * variance {
            return Ok(());
        }
        let bound = bound.max(1e-4 * variance);
        while variance > 0.5 * bound && variance > LEAST_SIGMA * LEAST_SIGMA {
            variance *= FALL;
            self.held = Some(variance);
            self.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY)?;
            let point = self.point.clone();
            let left = best_variance(n, self.place(problem, &point));
            if left < variance {
                self.held = None;
                let objective = self.descend(problem, LEAST_GAIN, MOST_STEPS)?;
                self.keep_best(best, objective);
                let point = self.point.clone();
                variance = variance.min(best_variance(n, self.place(problem, &point)));
            }
        }
        Ok(())
    }

    /// Goes down from every start with little noise first: then the trend bends before the other terms have taken their part.
    fn start_with_less_noise(
        &mut self,
        problem: &Problem<'_>,
        starts: &[Point],
        best: &mut Option<(f64, Point)>,
    ) -> Result<(), Unsolved> {
        let n = problem.y.len() as f64;
        for start in starts {
            let variance = best_variance(n, self.place(problem, start));
            for share in [1e-1, 1e-2, 1e-3, 1e-4] {
                self.point.clone_from(start);
                self.held = Some(share * variance);
                self.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY)?;
                self.held = None;
                let objective = self.descend(problem, LEAST_GAIN, MOST_STEPS)?;
                self.keep_best(best, objective);
            }
        }
        Ok(())
    }

    /// The noise at a point: the best one for its error, or the one that is held.
    fn variance(&self, problem: &Problem<'_>, sse: f64) -> f64 {
        self.held.unwrap_or_else(|| best_variance(problem.y.len() as f64, sse))
    }

    fn place(&mut self, problem: &Problem<'_>, point: &Point) -> f64 {
        self.rows.place(problem.design, &point.free, &point.delta);
        self.rows.evaluate(problem.design, problem.y)
    }

    /// Goes down from `point` to a minimum, and returns φ there.
    fn descend(&mut self, problem: &Problem<'_>, least_gain: f64, most_steps: usize) -> Result<f64, Unsolved> {
        let point = std::mem::take(&mut self.point);
        let mut sse = self.place(problem, &point);
        self.point = point;
        let mut objective = objective(problem, &self.point, sse, self.variance(problem, sse));
        // Far from an optimum Newton's second derivatives say little.
        let mut order = Order::GaussNewton;
        for _ in 0..most_steps {
            problem.patience.check()?;
            if !objective.is_finite() {
                break;
            }
            self.steps += 1;
            let proposal = self.propose(problem, sse, order)?;
            let Some(promised) = proposal.map(|proposal| proposal.gain).filter(|gain| *gain > 0.0) else {
                if order == Order::GaussNewton {
                    break;
                }
                order = Order::GaussNewton;
                continue;
            };
            let last = promised <= least_gain;
            let taken = self.search(problem, objective, promised, order);
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
            if last {
                break;
            }
            order = Order::Newton;
        }
        Ok(objective)
    }

    /// Finds the minimum of the quadratic around the point, and what it promises; `None` where it has no minimum.
    fn propose(&mut self, problem: &Problem<'_>, sse: f64, order: Order) -> Result<Option<Proposal>, Unsolved> {
        let Problem { design, normal, y, patience } = *problem;
        let variance = self.variance(problem, sse);
        let Self { rows, curvature, reduced, active_set, right, point, target, step, step_rows, held, .. } = self;
        rows.evaluate(design, y);
        curvature.take(design, normal, rows, order);
        let Curvature { matrix, gradient, .. } = curvature;
        if design.growth == Growth::Logistic {
            add_offset_prior(matrix, gradient, point, variance);
        }
        if order == Order::Newton && held.is_none() {
            follow_variance(matrix, gradient, variance, y.len() as f64);
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
        active_set.minimise(&reduced.c, &reduced.q, lambda, &mut target.delta, patience)?;
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

impl Point {
    /// `share` of the way from one point to another; all the way is exactly there, zeros too.
    fn blend(&mut self, from: &Self, to: &Self, share: f64) {
        let blend = |out: &mut Vec<f64>, from: &[f64], to: &[f64]| {
            out.clear();
            if share == 1.0 {
                out.extend_from_slice(to);
            } else {
                out.extend(from.iter().zip(to).map(|(from, to)| from + share * (to - from)));
            }
        };
        blend(&mut self.free, &from.free, &to.free);
        blend(&mut self.delta, &from.delta, &to.delta);
    }

    fn from_parameters(design: &Design, parameters: &Parameters) -> Self {
        let Parameters { k, m, delta, beta, .. } = parameters;
        let mut free = match design.growth {
            Growth::Linear => vec![*k, *m],
            Growth::Logistic => vec![*k, -k * m],
            Growth::Flat => vec![*m],
        };
        free.extend_from_slice(beta);
        let ramps = if design.growth == Growth::Flat { 0 } else { design.changepoints.len() };
        Self { free, delta: delta[..ramps].to_vec() }
    }

    fn into_parameters(self, design: &Design, sigma: f64) -> Parameters {
        let (head, beta) = self.free.split_at(trend_columns(design.growth));
        let (k, m) = match (design.growth, head) {
            (Growth::Logistic, &[k, level]) => (k, -level / k),
            (_, &[k, m]) => (k, m),
            (_, head) => (0.0, head[0]),
        };
        let mut delta = self.delta;
        // Flat growth has changepoints too, which its trend does not use: their prior puts them at 0.
        delta.resize(design.changepoints.len(), 0.0);
        Parameters { k, m, delta, beta: beta.to_vec(), sigma }
    }
}

/// −log p: φ where the noise is the best for this sum of squared errors.
fn objective(problem: &Problem<'_>, point: &Point, sse: f64, variance: f64) -> f64 {
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

/// Puts the prior of m = −c/k, N(0, 5), in the place of that of c; its second derivatives are Gauss and Newton's.
fn add_offset_prior(matrix: &mut NormalMatrix, gradient: &mut RightHandSide, point: &Point, variance: f64) {
    let (k, c) = (point.free[0], point.free[1]);
    let (m, by_k, by_c) = (-c / k, c / (k * k), -1.0 / k);
    let weight = variance / 25.0;
    matrix.precision[1] = 0.0;
    let free = matrix.free;
    for (i, j, value) in [(0, 0, by_k * by_k), (0, 1, by_k * by_c), (1, 0, by_k * by_c), (1, 1, by_c * by_c)] {
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
fn product(matrix: &NormalMatrix, v: &Point, out: &mut RightHandSide) {
    let (free, ramps) = (matrix.free, matrix.ramps);
    out.free.clear();
    out.ramp.clear();
    out.ramp.resize(ramps, 0.0);
    for (i, x) in v.free.iter().enumerate() {
        let row = &matrix.free_ramp[i * ramps..(i + 1) * ramps];
        out.free.push(dot(&matrix.free_free[i * free..(i + 1) * free], &v.free) + dot(row, &v.delta));
        super::linear_algebra::add_scaled(&mut out.ramp, *x, row);
    }
    for (j, x) in v.delta.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        super::linear_algebra::add_scaled(&mut out.ramp, *x, &matrix.ramp_ramp[j * ramps..(j + 1) * ramps]);
    }
}

fn sum_abs(values: &[f64]) -> f64 {
    values.iter().map(|x| x.abs()).sum()
}

/// Where the search begins: trends without changepoints or other terms.
fn starts(problem: &Problem<'_>) -> Vec<Point> {
    let Problem { design, normal, y, .. } = problem;
    let (t, last) = (&design.t, y.len() - 1);
    let start = |head: &[f64]| {
        let mut free = head.to_vec();
        free.resize(normal.free, 0.0);
        Point { free, delta: vec![0.0; normal.ramps] }
    };
    match design.growth {
        Growth::Flat => vec![start(&[y.iter().sum::<f64>() / y.len() as f64])],
        Growth::Linear => {
            let line = least_squares_line(t, y);
            // Python's start: the line through the first and the last value.
            let ends = [(y[last] - y[0]) / (t[last] - t[0]), y[0]];
            vec![start(&line), start(&ends)]
        }
        Growth::Logistic => {
            let share = |row: usize, room: f64| (y[row] / design.cap[row]).clamp(room, 1.0 - room);
            let logit = |share: f64| libm::log(share / (1.0 - share));
            let logits: Vec<f64> = (0..y.len()).map(|row| logit(share(row, 0.02))).collect();
            let line = least_squares_line(t, &logits);
            // Python's start: the curve through the first and the last value.
            let (first, end) = (share(0, 0.01), share(last, 0.01));
            let first = if (1.0 / first - 1.0 / end).abs() <= 0.01 { first / 1.05 } else { first };
            let ends = [(logit(end) - logit(first)) / (t[last] - t[0]), logit(first)];
            // A level that does not fit a slope of the other sign is left to the search.
            let middle = line[1] + 0.5 * line[0];
            let other = [-line[0], middle + 0.5 * line[0]];
            vec![start(&line), start(&ends), start(&other)]
        }
    }
}

/// Slope and level at t = 0.
fn least_squares_line(t: &[f64], y: &[f64]) -> [f64; 2] {
    let n = y.len() as f64;
    let (mean_t, mean_y) = (t.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let moments = t.iter().zip(y).fold((0.0, 0.0), |(cross, square), (t, y)| {
        (cross + (t - mean_t) * (y - mean_y), square + (t - mean_t) * (t - mean_t))
    });
    // The prior of the offset has no finite value at a slope of 0.
    let slope = if moments.0 == 0.0 { 1e-3 } else { moments.0 / moments.1 };
    [slope, mean_y - slope * mean_t]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::patience::Patience;
    use rand::{RngExt, SeedableRng};

    /// Two features, one of each mode, a bend, and noise.
    fn design(growth: Growth, rows: usize) -> (Design, Vec<f64>) {
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

    fn log_posterior(design: &Design, y: &[f64], parameters: &Parameters) -> f64 {
        let mut rows = Rows::default();
        let point = Point::from_parameters(design, parameters);
        rows.place(design, &point.free, &point.delta);
        let sse = rows.evaluate(design, y);
        design.log_posterior(parameters, sse)
    }

    #[test]
    fn no_parameter_can_be_moved_for_the_better() {
        for growth in [Growth::Linear, Growth::Flat, Growth::Logistic] {
            let (design, y) = design(growth, 120);
            let normal = NormalMatrix::new(&design);
            let problem = Problem { design: &design, normal: &normal, y: &y, patience: Patience::default() };
            let optimum = NonlinearSolver::default().solve(&problem, None).unwrap();
            let best = &optimum.parameters;
            assert!((optimum.log_posterior - log_posterior(&design, &y, best)).abs() < 1e-9);
            let unknowns = 3 + best.delta.len() + best.beta.len();
            for at in 0..unknowns {
                for step in [1e-3, 1e-5, -1e-5, -1e-3] {
                    let mut moved = best.clone();
                    match at {
                        0 => moved.k += step,
                        1 => moved.m += step,
                        2 => moved.sigma += 0.01 * step,
                        at if at < 3 + best.delta.len() => moved.delta[at - 3] += step,
                        at => moved.beta[at - 3 - best.delta.len()] += step,
                    }
                    let gain = log_posterior(&design, &y, &moved) - optimum.log_posterior;
                    assert!(gain < 1e-9, "{growth:?}, unknown {at} moved by {step}: {gain}");
                }
            }
            if growth != Growth::Flat {
                // What made the series is found again.
                assert!((best.beta[0] - 0.2).abs() < 0.02 && (best.beta[1] - 0.1).abs() < 0.02, "{:?}", best.beta);
                assert!((0.005..0.02).contains(&best.sigma), "{}", best.sigma);
            }
        }
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
