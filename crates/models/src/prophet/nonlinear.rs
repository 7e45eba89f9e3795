//! The maximum a posteriori (MAP) where μ is not linear in the parameters: multiplicative terms, logistic growth.
//!
//! For every θ = (slope, level, β, δ) the best noise u = σ² has a closed form, 4u² + n u = SSE, so that what is minimised is
//! φ(θ) = min over u of −log p(θ, u), the sum of a smooth function and Σ|δ|/τ. [`Descent`] goes down from each of several starts.
//!
//! The problem has no one optimum in general: of those that the starts lead to the best is taken. With equal ones the
//! first, so that the result is the same everywhere. Short series may have another optimum where the noise is less and the
//! trend bends more (with as many unknowns as rows there are many such optima, and which is best is not known for certain).
//! Where least squares leave so little that there can be one, it is looked for by lowering a noise that
//! is held, until what is left over is less than it: from there φ goes down to that optimum.

use super::{
    LEAST_SIGMA,
    curvature::Order,
    descent::{Descent, Point},
    posterior::Parameters,
    relaxation,
    solver::{Optimum, Problem, Solver, best_variance},
    spec::Growth,
};
use crate::fit_error::FitError;

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

/// Where there are no more rows than unknowns, a σ below this, in units of the scaled series, is that of a model that goes
/// through every row: log p has no bound on the way there.
const INTERPOLATING: f64 = 1e-5;

/// The solver with its buffers: one per worker thread.
#[derive(Debug, Default)]
pub(super) struct NonlinearSolver {
    descent: Descent,
    additive: Solver,
    /// The trend of the optimum at each row, shape (n).
    pub(super) trend: Vec<f64>,
    /// y − μ of the optimum at each row, shape (n).
    pub(super) residuals: Vec<f64>,
}

/// The best optimum so far.
#[derive(Debug)]
struct Best {
    point: Point,
    /// φ there.
    objective: f64,
}

impl NonlinearSolver {
    /// Steps taken in the last solution, all starts together.
    pub(super) const fn steps(&self) -> usize {
        self.descent.steps
    }

    /// Finds the best optimum from the usual starts, or from a given one.
    pub(super) fn solve(&mut self, problem: &Problem<'_>, start: Option<&Parameters>) -> Result<Optimum, FitError> {
        self.descent.begin();
        let crowded = problem.y.len() < SHORT * problem.unknowns();
        let many = crowded || problem.design.is_mixed();
        let starts = match start {
            Some(start) => vec![Point::from_parameters(problem.design, start)],
            None => starts(problem),
        };
        let mut best: Option<Best> = None;
        for start in &starts {
            self.descent.point.clone_from(start);
            // Where there are many optima, a better one may be near a known one.
            let known = best.as_ref().map(|best| &best.point).filter(|_| !many);
            self.descend(problem, known.cloned().as_ref(), &mut best)?;
        }
        self.look_below(problem, &mut best)?;
        if crowded {
            self.start_with_less_noise(problem, &starts, &mut best)?;
        }
        if start.is_none() {
            for start in relaxation::starts(problem, &mut self.additive, many)? {
                self.descent.point = start.point;
                self.descend_from_noise(problem, start.variance, &mut best)?;
            }
        }
        let Best { point, .. } = best.ok_or(FitError::NotFinite)?;
        let sse = self.descent.place(problem, &point);
        let sigma = best_variance(problem.y.len() as f64, sse).sqrt();
        let parameters = point.into_parameters(problem.design, sigma);
        self.trend.clone_from(&self.descent.rows.trend);
        self.residuals.clone_from(&self.descent.rows.residuals);
        let log_posterior = problem.design.log_posterior(&parameters, sse);
        if !log_posterior.is_finite() {
            return Err(FitError::NotFinite);
        }
        let interpolates = problem.y.len() <= problem.unknowns() && sigma < INTERPOLATING;
        Ok(Optimum { log_posterior, perfect_fit: interpolates || sigma <= LEAST_SIGMA * 1.001, parameters })
    }

    /// Goes down from the descent's point, and keeps the optimum where it is the best.
    fn descend(
        &mut self,
        problem: &Problem<'_>,
        known: Option<&Point>,
        best: &mut Option<Best>,
    ) -> Result<(), FitError> {
        self.descent.held = None;
        let Some(objective) = self.descent.descend(problem, LEAST_GAIN, MOST_STEPS, known)? else { return Ok(()) };
        // A better one by rounding alone is the same one.
        let better = |best: &Best| objective < best.objective - LEAST_GAIN;
        if objective.is_finite() && best.as_ref().is_none_or(better) {
            *best = Some(Best { point: self.descent.point.clone(), objective });
        }
        Ok(())
    }

    /// The same, at first with a noise that is held.
    fn descend_from_noise(
        &mut self,
        problem: &Problem<'_>,
        variance: f64,
        best: &mut Option<Best>,
    ) -> Result<(), FitError> {
        self.descent.held = Some(variance);
        self.descent.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY, None)?;
        self.descend(problem, None, best)
    }

    /// Looks for optima with less noise than the best one has.
    fn look_below(&mut self, problem: &Problem<'_>, best: &mut Option<Best>) -> Result<(), FitError> {
        let Some(Best { point, .. }) = best else { return Ok(()) };
        let n = problem.y.len() as f64;
        self.descent.point = point.clone();
        let sse = self.descent.place(problem, point);
        let mut variance = best_variance(n, sse);
        self.descent.held = Some(1e-6 * variance);
        let bound = match self.descent.propose(problem, sse, Order::GaussNewton)? {
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
            self.descent.held = Some(variance);
            self.descent.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY, None)?;
            let point = self.descent.point.clone();
            let left = best_variance(n, self.descent.place(problem, &point));
            if left < variance {
                self.descend(problem, None, best)?;
                let point = self.descent.point.clone();
                variance = variance.min(best_variance(n, self.descent.place(problem, &point)));
            }
        }
        Ok(())
    }

    /// Goes down from every start with little noise first: then the trend bends before the other terms have taken their part.
    fn start_with_less_noise(
        &mut self,
        problem: &Problem<'_>,
        starts: &[Point],
        best: &mut Option<Best>,
    ) -> Result<(), FitError> {
        let n = problem.y.len() as f64;
        for start in starts {
            let variance = best_variance(n, self.descent.place(problem, start));
            for share in [1e-1, 1e-2, 1e-3, 1e-4] {
                self.descent.point.clone_from(start);
                self.descend_from_noise(problem, share * variance, best)?;
            }
        }
        Ok(())
    }
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
    use crate::{
        interrupt::Interrupt,
        prophet::{curvature::Rows, descent::tests::design, normal_equations::NormalMatrix, posterior::Design},
    };

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
            let problem = Problem { design: &design, normal: &normal, y: &y, interrupt: Interrupt::default() };
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
}
