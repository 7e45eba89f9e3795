//! Each form's least sum of squares.
//!
//! The sum has several minima. The method of least squares begins at several points, of which few lead to more than one or two
//! minima: it goes near the minimum of each, and then to the very minimum of those that differ and are about as good as the best.

use super::{
    form::CesModel,
    recursion::{Buffers, MOST, Recursion, States},
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::{
        least_squares::{self, Search},
        theta::additive_season,
    },
};

/// How many values the first level of the form without season is the mean of, and how much smaller the first potentials are.
const FIRST: usize = 10;
const SMALLER: f64 = 1.1;

/// Where the searches begin: α₀, α₁, β₀ and β₁. The first of each form is where statsforecast begins. The others were chosen for the
/// minima that they reach on series of competitions and made-up ones.
const NONE: &[[f64; MOST]] =
    &[[1.3, 1.0, 0.0, 0.0], [1.7, 0.85, 0.0, 0.0], [1.05, 1.02, 0.0, 0.0], [1.7, 1.1, 0.0, 0.0], [1.4, 0.6, 0.0, 0.0]];
const SIMPLE: &[[f64; MOST]] =
    &[[1.3, 1.0, 0.0, 0.0], [1.05, 1.0, 0.0, 0.0], [1.3, 1.25, 0.0, 0.0], [1.05, 0.8, 0.0, 0.0], [1.7, 0.85, 0.0, 0.0]];
const PARTIAL: &[[f64; MOST]] = &[
    [1.3, 1.0, 0.1, 0.0],
    [1.7, 0.85, 0.05, 0.0],
    [1.7, 1.03, 0.6, 0.0],
    [1.1, 1.01, 0.9, 0.0],
    [1.1, 0.85, 0.2, 0.0],
];
const FULL: &[[f64; MOST]] = &[
    [1.3, 1.0, 1.3, 1.0],
    [1.3, 1.0, 1.0, 1.0],
    [1.6, 0.8, 1.2, 1.03],
    [1.3, 0.95, 1.4, 1.06],
    [1.7, 1.02, 1.0, 1.0],
    [1.7, 1.02, 1.3, 1.05],
    [1.4, 0.85, 1.15, 1.15],
    [1.1, 1.0, 1.0, 1.05],
    [1.05, 1.005, 1.39, 1.12],
];

/// A minimum is near when the next step promises less than this share of the sum; the minimum is reached at the second.
const ROUGH: f64 = 1e-3;
const FINE: f64 = 1e-9;
/// Points are about as good as the best up to so many rough shares, and differ if a parameter does by this.
const SHARES: f64 = 5.0;
const APART: f64 = 0.02;

/// The optimum of a form, in a fit to fewer rows of the same series.
#[derive(Clone, Copy, Debug)]
pub(in crate::local) struct Near {
    form: CesModel,
    weights: [f64; MOST],
}

/// Buffers that are reused from fit to fit.
#[derive(Debug, Default)]
pub(in crate::local) struct Workspace {
    /// The series, of a size that is easy to compute with.
    pub(super) values: Vec<f64>,
    pub(super) first: States,
    pub(super) buffers: Buffers,
    solver: least_squares::Workspace,
    /// The optima of the last fit, and those that the next begins at.
    pub(in crate::local) found: Vec<Near>,
    pub(in crate::local) near: Vec<Near>,
    points: Vec<Point>,
}

/// Smoothing parameters, and the sum of squares at them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) weights: [f64; MOST],
    pub(super) sum: f64,
}

impl Point {
    fn differs(&self, other: &Self) -> bool {
        self.weights.iter().zip(&other.weights).any(|(one, other)| (one - other).abs() >= APART)
    }
}

const fn starts(form: CesModel) -> &'static [[f64; MOST]] {
    match form {
        CesModel::Auto | CesModel::None => NONE,
        CesModel::Simple => SIMPLE,
        CesModel::Partial => PARTIAL,
        CesModel::Full => FULL,
    }
}

impl Workspace {
    /// Sets the rough first states: means, the first values, and a classical decomposition.
    pub(super) fn begin(&mut self, form: CesModel, period: usize) {
        let Self { values, first, .. } = self;
        first.seasons.clear();
        let mean = |count: usize| {
            let mean = values[..count].iter().sum::<f64>() / count as f64;
            [mean, mean / SMALLER]
        };
        match form {
            CesModel::Auto | CesModel::None => first.level = mean(FIRST.min(values.len())),
            CesModel::Simple => {
                first.level = [0.0; 2];
                first.seasons.extend(values[..period].iter().map(|&y| [y, y / SMALLER]));
            }
            CesModel::Partial | CesModel::Full => {
                first.level = mean(period);
                first.seasons.extend(additive_season(values, period).into_iter().map(|s| [s, s / SMALLER]));
            }
        }
    }

    /// The form at its optimum; none where it is not defined, or where its sum is not going to fall below `rival`.
    pub(super) fn estimate(
        &mut self,
        form: CesModel,
        period: usize,
        rival: f64,
        interrupt: Interrupt<'_>,
    ) -> Result<Option<Point>, Interruption> {
        self.begin(form, period);
        let Self { values, first, buffers, solver, found, near, points } = self;
        let count = form.weights();
        let [lower, upper] = form.bounds();
        let negligible = values.len() as f64 * 1e-30;
        let own = f64::INFINITY;
        let mut search =
            Search { lower, upper, damped: count, tolerance: ROUGH, steps: 100, negligible, rival, own, patience: 1.0 };
        let mut recursion = Recursion::new(form, values, first, buffers);
        points.clear();
        let near = near.iter().find(|near| near.form == form).map(|near| near.weights);
        // Near the optimum of fewer rows there is most often the one of more.
        let starts = if near.is_some() { &starts(form)[..1] } else { starts(form) };
        for start in near.into_iter().chain(starts.iter().copied()) {
            let mut weights = start;
            let sum = solver.minimise(&mut recursion, &mut weights[..count], search, interrupt)?;
            if sum.is_finite() {
                search.rival = sum.min(search.rival);
                points.push(Point { weights, sum });
            }
        }
        points.sort_by(|a, b| a.sum.total_cmp(&b.sum));
        search.tolerance = FINE;
        let mut best: Option<Point> = None;
        for (at, &near) in points.iter().enumerate() {
            if best.is_some_and(|best| near.sum * (1.0 - SHARES * ROUGH) > best.sum) {
                break;
            }
            if points[..at].iter().all(|other| near.differs(other)) {
                let mut weights = near.weights;
                let sum = solver.minimise(&mut recursion, &mut weights[..count], search, interrupt)?;
                if best.is_none_or(|best| sum < best.sum) {
                    best = Some(Point { weights, sum });
                    search.rival = sum.min(rival);
                }
            }
        }
        if let Some(Point { weights, .. }) = best {
            found.push(Near { form, weights });
        }
        Ok(best)
    }
}
