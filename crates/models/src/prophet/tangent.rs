//! Linear models near a model that is not: of each the exact solver finds every optimum, whatever its noise.
//!
//! A descent ends in the optimum that its start leads to. The same series may have another one where the noise is less and
//! the trend bends more, or the other way round, and no small step leads there. The model that is tangent at a point is an
//! additive one; [`Solver`] follows its solution from the largest noise to the least, so that its optima show where to look.

use super::{
    curvature::{Curvature, Order},
    descent::{Descent, add_offset_prior, product},
    point::Start,
    posterior::logit,
    solver::{Problem, Solver, Valleys},
    spec::Growth,
};
use crate::{fit_error::FitError, linear_algebra::dot};

/// How near a share of the cap may come to 0 and 1 where its logit is taken.
const ROOM: f64 = 0.02;

/// Where the model that is tangent at the descent's point has its optima; `variance` is the best u there.
pub(super) fn at_point(
    descent: &mut Descent,
    problem: &Problem<'_>,
    variance: f64,
    solver: &mut Solver,
) -> Result<Valleys, FitError> {
    let Problem { design, normal, y, interrupt } = *problem;
    let Descent { rows, curvature, right, point, steps, .. } = descent;
    *steps += 1;
    rows.place(design, &point.free, &point.delta);
    let sse = rows.evaluate(design, y);
    curvature.take(design, normal, rows, Order::GaussNewton);
    let Curvature { matrix, gradient, .. } = curvature;
    if design.growth == Growth::Logistic {
        add_offset_prior(matrix, gradient, point, variance, Order::GaussNewton);
    }
    // With the point θ₀, the errors r there and J = ∂μ/∂θ: the errors are r + Jθ₀ − Jθ, and H = JᵀJ, g = Jᵀr.
    product(matrix, point, right);
    let mut yy = sse;
    for (right, gradient, point) in
        [(&mut right.free, &gradient.free, &point.free), (&mut right.ramp, &gradient.ramp, &point.delta)]
    {
        for ((right, gradient), x) in right.iter_mut().zip(gradient).zip(point) {
            *right += gradient;
            yy += (*right + gradient) * x;
        }
    }
    right.yy = yy;
    solver.valleys(&Problem { design, normal: matrix, y, interrupt }, right)
}

/// The optima of the model that is tangent at the series itself, as if the trend went through every value: they depend on no
/// other start. The first has a trend without changepoints.
pub(super) fn at_series(
    descent: &mut Descent,
    problem: &Problem<'_>,
    solver: &mut Solver,
) -> Result<Vec<Start>, FitError> {
    let Problem { design, normal, y, interrupt } = *problem;
    let Descent { rows, curvature, steps, .. } = descent;
    *steps += 1;
    let path = match design.growth {
        Growth::Logistic => {
            y.iter().zip(&design.cap).map(|(y, cap)| logit((y / cap).clamp(ROOM, 1.0 - ROOM))).collect()
        }
        Growth::Linear | Growth::Flat => y.to_vec(),
    };
    rows.follow_series(design, y, path);
    curvature.take(design, normal, rows, Order::GaussNewton);
    let Curvature { matrix, gradient, .. } = curvature;
    gradient.yy = dot(&rows.residuals, &rows.residuals);
    let gradient = gradient.clone();
    solver.starts(&Problem { design, normal: matrix, y, interrupt }, &gradient)
}
