//! The maximum a posteriori (MAP) where μ is not linear in the parameters: multiplicative terms, logistic growth.
//!
//! For every θ = (slope, level, β, δ) the best noise u = σ² has a closed form, 4u² + n u = SSE, so that what is minimised is
//! φ(θ) = min over u of −log p(θ, u), the sum of a smooth function and Σ|δ|/τ. [`super::descent`] goes down from each start.
//!
//! The problem has several optima in general, which differ in how much the trend bends, and so in the noise. The best that is
//! found is taken; of equal ones the first, so that the result is the same everywhere.
//!
//! - Multiplicative terms: one start, and then [`super::escape`] looks from the optimum for better ones.
//! - Logistic growth: also the optima of the model that is tangent at the series ([`super::tangent`]).
//! - Optima are many where rows are few beside the unknowns, where some terms are added and others multiply, and where a series
//!   is around zero: then there are more starts. With as many unknowns as rows it is not known for certain which one is best.

use super::{
    LEAST_SIGMA,
    curvature::Order,
    escape::is_around_zero,
    point::{Point, Start},
    posterior::{Parameters, logit},
    relaxation,
    search::{LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY, Search},
    solver::{INTERPOLATING, Optimum, Problem, best_variance},
    spec::Growth,
    tangent,
};
use crate::fit_error::FitError;

/// By how much a noise that is held falls from one descent to the next.
const FALL: f64 = 0.3;

/// An optimum with less noise is looked for where least squares leave less than this share of u.
const WORTHWHILE: f64 = 0.5;

/// A series with fewer rows than so many times the unknowns has many optima: more starts are tried.
const SHORT: usize = 3;

/// The solver with its buffers: one per worker thread.
#[derive(Debug, Default)]
pub(super) struct NonlinearSolver {
    search: Search,
    /// The trend of the optimum at each row, shape (n).
    pub(super) trend: Vec<f64>,
    /// y − μ of the optimum at each row, shape (n).
    pub(super) residuals: Vec<f64>,
}

impl NonlinearSolver {
    /// Steps taken in the last solution, all starts together.
    pub(super) const fn steps(&self) -> usize {
        self.search.descent.steps
    }

    /// Finds the best optimum from the usual starts, or from a given one.
    pub(super) fn solve(&mut self, problem: &Problem<'_>, start: Option<&Parameters>) -> Result<Optimum, FitError> {
        let search = &mut self.search;
        search.begin();
        let crowded = problem.y.len() < SHORT * problem.unknowns();
        let many = crowded || problem.design.is_mixed() || is_around_zero(problem);
        let starts = match start {
            Some(start) => vec![Point::from_parameters(problem.design, start)],
            None => starts(problem),
        };
        if start.is_none() && !crowded && (many || problem.design.growth == Growth::Logistic) {
            for start in tangent::at_series(&mut search.descent, problem, &mut search.additive)? {
                search.descend_from(problem, start)?;
            }
        }
        for (number, start) in starts.iter().enumerate() {
            // Where there are many optima, a better one may be near a known one. Elsewhere one line is enough, unless it fails.
            if !many && number > 0 && search.best.is_some() {
                break;
            }
            let known = search.best.as_ref().map(|best| best.point.clone()).filter(|_| !many);
            search.descent.point.clone_from(start);
            search.descend(problem, known.as_ref())?;
        }
        if crowded {
            look_below(search, problem)?;
            start_with_less_noise(search, problem, &starts)?;
        }
        if start.is_none() {
            for start in relaxation::starts(problem, &mut search.additive, many)? {
                search.descend_from(problem, start)?;
            }
        }
        if !crowded {
            search.escape(problem)?;
        }
        let point = search.best.take().ok_or(FitError::NotFinite)?.point;
        let sse = search.descent.place(problem, &point);
        let sigma = best_variance(problem.y.len() as f64, sse).sqrt();
        let parameters = point.into_parameters(problem.design, sigma);
        self.trend.clone_from(&search.descent.rows.trend);
        self.residuals.clone_from(&search.descent.rows.residuals);
        let log_posterior = problem.design.log_posterior(&parameters, sse);
        if !log_posterior.is_finite() {
            return Err(FitError::NotFinite);
        }
        let interpolates = problem.y.len() <= problem.unknowns() && sigma < INTERPOLATING;
        Ok(Optimum { log_posterior, perfect_fit: interpolates || sigma <= LEAST_SIGMA * 1.001, parameters })
    }
}

/// Looks for optima with less noise than the best one has, where optima are many.
fn look_below(search: &mut Search, problem: &Problem<'_>) -> Result<(), FitError> {
    let Some(best) = &search.best else { return Ok(()) };
    let n = problem.y.len() as f64;
    search.descent.point = best.point.clone();
    let point = best.point.clone();
    let sse = search.descent.place(problem, &point);
    let mut variance = best_variance(n, sse);
    search.descent.held = Some(1e-6 * variance);
    let bound = match search.descent.propose(problem, sse, Order::GaussNewton)? {
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
        search.descent.held = Some(variance);
        search.descent.descend(problem, LEAST_GAIN_ON_THE_WAY, STEPS_ON_THE_WAY, None)?;
        if search.variance(problem) < variance {
            search.descend(problem, None)?;
            variance = variance.min(search.variance(problem));
        }
    }
    Ok(())
}

/// Goes down from every start with little noise first: then the trend bends before the other terms have taken their part.
fn start_with_less_noise(search: &mut Search, problem: &Problem<'_>, starts: &[Point]) -> Result<(), FitError> {
    for start in starts {
        let variance = search.variance_at(problem, start);
        for share in [1e-1, 1e-2, 1e-3, 1e-4] {
            search.descend_from(problem, Start { point: start.clone(), variance: share * variance })?;
        }
    }
    Ok(())
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
