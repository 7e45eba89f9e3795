//! Where else to begin: the optima of the additive models that are nearest to one with multiplicative terms.
//!
//! Where the trend T bends little beside its mean T̄, T·(1 + X_m β) ≈ T + X_m (T̄ β): an additive model, of which the exact
//! solver finds every optimum, those with little noise too. Where X_m can make a constant, X_m β₁ ≈ 1, there is one such
//! model for every scale c, for (T/c) · c(1 + X_m β) is the same product, with c(1 + X_m β) = 1 + X_m ((c − 1) β₁ + c β).
//! The larger c is, the cheaper are the bends of the trend and the dearer are the coefficients. A search that begins at
//! c = 1 ends in the first optimum on this way, so that it is begun at other scales too.

use super::{
    normal_equations::{NormalMatrix, trend_columns},
    point::{Point, Start},
    posterior::Design,
    solver::{Problem, Solver},
    spec::Growth,
};
use crate::{
    fit_error::FitError,
    linear_algebra::{back_substitute, cholesky, dot, forward_substitute},
};

/// What X_m β₁ may leave of the constant, as a share of its square.
const LEAST_LEFT: f64 = 0.1;

/// The weight of the prior in the search for β₁, as a share of the rows: the constant need not be exact.
const RIDGE: f64 = 1e-4;

/// The scales that are tried, from 1: each so many times the one before.
const FACTOR: f64 = 2.0;
const SCALES: i32 = 7;

/// The optima of the nearest additive models, as points of the model itself. There are none with logistic growth, nor where
/// the usual starts are enough: where there are not `many` optima, and the scale is not free.
pub(super) fn starts(problem: &Problem<'_>, solver: &mut Solver, many: bool) -> Result<Vec<Start>, FitError> {
    if problem.design.growth == Growth::Logistic {
        return Ok(Vec::new());
    }
    let Problem { design, normal, y, interrupt } = *problem;
    let trend = trend_columns(design.growth);
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    // A series around zero has no level that its seasons could multiply.
    let level = mean.abs().max(0.1 * (dot(y, y) / n).sqrt()).copysign(mean);
    let constant = constant(design, normal);
    let scales = match constant {
        Some(_) => SCALES,
        None if many => 1,
        None => return Ok(Vec::new()),
    };
    let mut relaxed = Design { multiplicative: vec![false; design.multiplicative.len()], ..design.clone() };
    let mut matrix = normal.clone();
    let mut starts = Vec::new();
    for power in 0..scales {
        let scale = FACTOR.powi(power);
        relaxed.changepoint_prior_scale = scale * design.changepoint_prior_scale;
        for (j, precision) in matrix.precision.iter_mut().enumerate() {
            let unit = match j.checked_sub(trend) {
                None => scale,
                Some(feature) if design.multiplicative[feature] => level / scale,
                Some(_) => 1.0,
            };
            *precision = normal.precision[j] / (unit * unit);
        }
        let additive = Problem { design: &relaxed, normal: &matrix, y, interrupt };
        for optimum in solver.optima(&additive)? {
            let variance = optimum.parameters.sigma * optimum.parameters.sigma;
            let mut point = Point::from_parameters(design, &optimum.parameters);
            point.free[..trend].iter_mut().chain(&mut point.delta).for_each(|x| *x /= scale);
            for (j, x) in point.free[trend..].iter_mut().enumerate().filter(|(j, _)| design.multiplicative[*j]) {
                *x *= scale / level;
                if let Some(constant) = &constant {
                    *x += (scale - 1.0) * constant[j];
                }
            }
            starts.push(Start { point, variance });
        }
    }
    Ok(starts)
}

/// β₁, shape (K), zero for additive features; none where the multiplicative ones cannot make a constant.
fn constant(design: &Design, normal: &NormalMatrix) -> Option<Vec<f64>> {
    let (trend, free, n) = (trend_columns(design.growth), normal.free, design.t.len() as f64);
    let features: Vec<usize> = (trend..free).filter(|j| design.multiplicative[j - trend]).collect();
    let size = features.len();
    let mut factor = Vec::with_capacity(size * size);
    for &i in &features {
        let ridge = |j: usize| if i == j { RIDGE * n * normal.precision[i] } else { 0.0 };
        factor.extend(features.iter().map(|&j| normal.free_free[i * free + j] + ridge(j)));
    }
    if !cholesky(&mut factor, size) {
        return None;
    }
    let sums: Vec<f64> = features.iter().map(|&j| normal.free_free[(trend - 1) * free + j]).collect();
    let mut solution = sums.clone();
    forward_substitute(&factor, size, &mut solution);
    back_substitute(&factor, size, &mut solution);
    if n - dot(&solution, &sums) > LEAST_LEFT * n {
        return None;
    }
    let mut beta = vec![0.0; design.multiplicative.len()];
    for (j, x) in features.iter().zip(solution) {
        beta[j - trend] = x;
    }
    Some(beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        interrupt::Interrupt,
        prophet::{
            descent::{Descent, tests::design},
            nonlinear::NonlinearSolver,
        },
    };

    /// The series of the search's tests, with a third feature, multiplicative, that is nearly a constant.
    fn design_with_constant(rows: usize) -> (Design, Vec<f64>) {
        let (mut design, y) = design(Growth::Linear, rows);
        design.features.extend((0..rows).map(|i| 0.5 + 0.01 * (i as f64).sin()));
        design.prior_scales.push(10.0);
        design.multiplicative.push(true);
        (design, y)
    }

    fn problem<'a>(design: &'a Design, normal: &'a NormalMatrix, y: &'a [f64]) -> Problem<'a> {
        Problem { design, normal, y, interrupt: Interrupt::default() }
    }

    #[test]
    fn where_a_constant_can_be_made_every_scale_has_its_start() {
        let (design, y) = design_with_constant(200);
        let normal = NormalMatrix::new(&design);
        let problem = problem(&design, &normal, &y);
        let beta = constant(&design, &normal).expect("the third feature is half of a constant");
        assert!((beta[2] - 2.0).abs() < 0.01 && beta[1] == 0.0, "{beta:?}");

        let starts = starts(&problem, &mut Solver::default(), false).unwrap();
        assert_eq!(starts.len(), SCALES as usize);
        let first = &starts[0].point;
        let mut descent = Descent::default();
        for (power, start) in starts.iter().enumerate() {
            let Point { free, delta } = &start.point;
            let scale = 2.0_f64.powi(power as i32);
            // The trend shrinks, what is multiplied with it grows.
            assert!((0.5..2.0).contains(&(free[1] * scale / first.free[1])), "{free:?} at {scale}");
            assert!(power == 0 || free[4] > 1.5 * starts[power - 1].point.free[4], "{free:?} at {scale}");
            // Yet the product is nearly the same, and as near to the series as a trend that bends much allows.
            let sse = descent.place(&problem, &start.point);
            assert!(sse < 0.02 * dot(&y, &y), "{sse} at {scale}");
            assert!(start.variance > 0.0 && delta.len() == 3);
        }
    }

    #[test]
    fn a_start_at_another_scale_leads_to_a_better_optimum() {
        let (mut design, y) = design_with_constant(60);
        (design.changepoint_prior_scale, design.prior_scales) = (0.001, vec![1.0, 0.5, 10.0]);
        let normal = NormalMatrix::new(&design);
        let problem = problem(&design, &normal, &y);
        let mut solver = NonlinearSolver::default();
        let best = solver.solve(&problem, None).unwrap();
        let line = Point { free: vec![1.0, 0.5, 0.0, 0.0, 0.0], delta: vec![0.0; 3] };
        let near = solver.solve(&problem, Some(&line.into_parameters(&design, 0.1))).unwrap();
        assert!(best.log_posterior > near.log_posterior + 20.0, "{} and {}", best.log_posterior, near.log_posterior);
    }

    #[test]
    fn without_a_constant_there_is_one_start_where_optima_are_many_and_none_elsewhere() {
        let (design, y) = design(Growth::Linear, 200);
        let normal = NormalMatrix::new(&design);
        let problem = problem(&design, &normal, &y);
        assert!(constant(&design, &normal).is_none());
        for (many, expected) in [(false, 0), (true, 1)] {
            assert_eq!(starts(&problem, &mut Solver::default(), many).unwrap().len(), expected);
        }
        let (design, y) = super::super::descent::tests::design(Growth::Logistic, 200);
        let normal = NormalMatrix::new(&design);
        let logistic = Problem { design: &design, normal: &normal, y: &y, ..problem };
        assert!(starts(&logistic, &mut Solver::default(), true).unwrap().is_empty());
    }
}
