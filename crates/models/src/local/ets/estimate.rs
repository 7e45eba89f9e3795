//! Each form's maximum of the likelihood.
//!
//! The likelihood has several maxima. Where errors are additive they are linear in the initial states, so the points of a grid of
//! smoothing parameters are judged with their exact initial states. Relative errors are close to additive errors of logarithms, and
//! a multiplicative season is an additive one of logarithms: forms with these are judged at the points of both grids. The best
//! points that differ are taken to their optima.

use super::{
    form::{Form, Seasonality, Trend},
    recursion::{ALPHA, BETA, Buffers, GAMMA, HIGHEST, LEVEL, LOWEST, PHI, Recursion, SEASONS, SLOPE},
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::least_squares::{self, Search, SumOfSquares},
};

/// Bounds of φ in R's `ets` and in statsforecast.
const DAMPING: [f64; 2] = [0.8, 0.98];

/// The grid: α, how far β and γ are between their bounds, and φ.
const ALPHAS: [f64; 5] = [0.002, 0.1, 0.3, 0.6, 0.95];
const BETAS: [f64; 4] = [0.0, 0.03, 0.2, 0.7];
const GAMMAS: [f64; 2] = [0.02, 0.3];
const PHIS: [f64; 2] = [0.85, 0.97];

/// By how much points differ in √α, and in shares of the bounds of β, γ and φ, if they are to lead to different maxima.
const APART: [f64; 4] = [0.25, 0.25, 0.25, 0.3];

/// How many points are taken to their optima, without a season and with one.
const POLISHED: [usize; 2] = [8, 3];

/// Ends are tried where the parameter is farther from them than this share of its range, and the form's criterion is not worse than
/// the best one by more than this.
const ASIDE: f64 = 0.1;
const FAR: f64 = 8.0;

/// Buffers of a fit.
#[derive(Debug, Default)]
pub(in crate::local) struct Workspace {
    /// The series, of a size that is easy to compute with.
    pub(super) values: Vec<f64>,
    logarithms: Vec<f64>,
    pub(super) buffers: Buffers,
    solver: least_squares::Workspace,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Points of grids, and where forms ended.
    points: Vec<Point>,
}

/// A point to begin at.
#[derive(Clone, Debug)]
struct Point {
    /// The form that it belongs to. Forms of the same trend and season begin at each other's points.
    trend: Trend,
    season: Seasonality,
    variables: Vec<f64>,
}

/// What a search begins at: one of the points, or the best so far with one parameter at an end of its range.
enum Start {
    Point(usize),
    End((usize, f64)),
}

/// A form's estimate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) form: Form,
    pub(super) variables: Vec<f64>,
    /// The sum of squares; n log of it is the reference's objective.
    pub(super) sum: f64,
}

/// One series whose forms are estimated.
pub(super) struct Estimator<'a> {
    workspace: &'a mut Workspace,
    period: usize,
    interrupt: Interrupt<'a>,
}

impl<'a> Estimator<'a> {
    /// For the workspace's values.
    pub(super) fn new(workspace: &'a mut Workspace, period: usize, interrupt: Interrupt<'a>) -> Self {
        workspace.points.clear();
        workspace.logarithms.clear();
        Self { workspace, period, interrupt }
    }

    /// A sum of squares as good as zero.
    pub(super) fn negligible(&self) -> f64 {
        self.workspace.values.len() as f64 * 1e-30
    }

    /// The form's recursion over the values.
    pub(super) fn recursion(&mut self, form: Form) -> Recursion<'_> {
        let period = self.period(form.season);
        let Workspace { values, buffers, .. } = &mut *self.workspace;
        Recursion { form, period, values, buffers }
    }

    fn period(&self, season: Seasonality) -> usize {
        if season == Seasonality::None { 1 } else { self.period }
    }

    /// The form at its optimum; none where it is not defined, or where its sum of squares is not going to fall below `rival`.
    pub(super) fn estimate(&mut self, form: Form, rival: f64) -> Result<Option<Estimate>, Interruption> {
        let period = self.period(form.season);
        self.lay_out_points(form.trend, form.season)?;
        let negligible = self.negligible();
        let Workspace { values, buffers, solver, lower, upper, points, .. } = &mut *self.workspace;
        set_bounds(form, period, lower, upper);
        let mut recursion = Recursion { form, period, values, buffers };
        let mut ranked: Vec<(f64, usize)> = Vec::new();
        for (place, point) in points.iter().enumerate() {
            if (point.trend, point.season) == (form.trend, form.season) {
                ranked.push((recursion.value(&point.variables), place));
            }
        }
        ranked.retain(|(sum, _)| sum.is_finite());
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let damped = if form.relative { lower.len() } else { LEVEL };
        let mut search = Search { lower, upper, damped, tolerance: 1e-7, steps: 100, negligible, rival };
        let mut best: Option<Estimate> = None;
        let starts = differing(&ranked, points, POLISHED[usize::from(form.season != Seasonality::None)], search);
        let ends = [BETA, PHI, GAMMA]
            .into_iter()
            .flat_map(|variable| [lower[variable], upper[variable]].map(|end| (variable, end)));
        for start in starts.into_iter().map(Start::Point).chain(ends.map(Start::End)) {
            let mut variables = match (start, &best) {
                (Start::Point(place), _) => points[place].variables.clone(),
                (Start::End((variable, end)), Some(best)) => {
                    let away = (best.variables[variable] - end).abs()
                        > ASIDE * (search.upper[variable] - search.lower[variable]);
                    let close = libm::log(best.sum / rival) * (values.len() as f64) < FAR;
                    if !(away && close) {
                        continue;
                    }
                    let mut variables = best.variables.clone();
                    variables[variable] = end;
                    variables
                }
                (Start::End(_), None) => continue,
            };
            let sum = solver.minimise(&mut recursion, &mut variables, search, self.interrupt)?;
            if sum.is_finite() && best.as_ref().is_none_or(|best| sum < best.sum) {
                best = Some(Estimate { form, variables, sum });
                search.rival = sum.min(rival);
            }
        }
        if let Some(Estimate { variables, .. }) = &best {
            points.push(Point { trend: form.trend, season: form.season, variables: variables.clone() });
        }
        Ok(best)
    }

    /// Points for the form, unless another form has laid them out.
    fn lay_out_points(&mut self, trend: Trend, season: Seasonality) -> Result<(), Interruption> {
        let Workspace { values, logarithms, points, .. } = &mut *self.workspace;
        if points.iter().any(|point| (point.trend, point.season) == (trend, season)) {
            return Ok(());
        }
        if trend != Trend::None && season != Seasonality::None {
            self.lay_out_points(trend, Seasonality::None)?;
            self.lay_out_points(Trend::None, season)?;
            self.combine(trend, season);
        } else if season == Seasonality::Multiplicative {
            if logarithms.is_empty() {
                logarithms.extend(values.iter().map(|y| libm::log(*y)));
            }
            std::mem::swap(&mut self.workspace.values, &mut self.workspace.logarithms);
            let added = self.add_grid(trend, season);
            std::mem::swap(&mut self.workspace.values, &mut self.workspace.logarithms);
            added?;
        } else {
            self.add_grid(trend, season)?;
        }
        Ok(())
    }

    /// Adds points with the trends of one grid and the seasons of another.
    fn combine(&mut self, trend: Trend, season: Seasonality) {
        let points = &mut self.workspace.points;
        for first in 0..points.len() {
            for second in 0..points.len() {
                let (trends, seasons) = (&points[first], &points[second]);
                let kinds = (trends.trend, trends.season, seasons.trend, seasons.season);
                if kinds == (trend, Seasonality::None, Trend::None, season)
                    && trends.variables[ALPHA] == seasons.variables[ALPHA]
                {
                    let mut variables = seasons.variables.clone();
                    for variable in [BETA, PHI, LEVEL, SLOPE] {
                        variables[variable] = trends.variables[variable];
                    }
                    points.push(Point { trend, season, variables });
                }
            }
        }
    }

    /// Adds a grid of smoothing parameters, each with the best initial states of additive errors.
    fn add_grid(&mut self, trend: Trend, season: Seasonality) -> Result<(), Interruption> {
        let period = self.period(season);
        let multiplies = season == Seasonality::Multiplicative;
        let additive = Form { relative: false, trend, season: if multiplies { Seasonality::Additive } else { season } };
        let Workspace { values, buffers, solver, lower, upper, points, .. } = &mut *self.workspace;
        set_bounds(additive, period, lower, upper);
        let search = Search { lower, upper, damped: LEVEL, tolerance: 0.0, steps: 0, negligible: 0.0, rival: 0.0 };
        let mut recursion = Recursion { form: additive, period, values, buffers };
        let share = |variable: usize, share: f64| lower[variable] + share * (upper[variable] - lower[variable]);
        let betas = BETAS.map(|beta| share(BETA, beta));
        let gammas = GAMMAS.map(|gamma| share(GAMMA, gamma));
        let betas: &[f64] = if trend == Trend::None { &[0.0] } else { &betas };
        let gammas: &[f64] = if season == Seasonality::None { &[0.0] } else { &gammas };
        let phis: &[f64] = if trend == Trend::Damped { &PHIS } else { &[1.0] };
        for alpha in ALPHAS {
            self.interrupt.check()?;
            for beta in betas {
                for gamma in gammas {
                    for phi in phis {
                        let mut variables = vec![0.0; lower.len()];
                        variables[..LEVEL].copy_from_slice(&[alpha, *beta, *gamma, *phi]);
                        if solver.project(&mut recursion, &mut variables, search).is_finite() {
                            if multiplies {
                                raise(&mut variables);
                            }
                            points.push(Point { trend, season, variables });
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// The best of the ranked points that differ from those before them, and the best of the least α: where states hardly move, a
/// maximum is easily missed.
fn differing(ranked: &[(f64, usize)], points: &[Point], count: usize, search: Search<'_>) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for &(_, place) in ranked {
        let differs = |other: &usize| {
            let (one, other) = (&points[place].variables, &points[*other].variables);
            (one[ALPHA].sqrt() - other[ALPHA].sqrt()).abs() > APART[ALPHA]
                || (BETA..LEVEL).any(|variable| {
                    let range = search.upper[variable] - search.lower[variable];
                    (one[variable] - other[variable]).abs() > APART[variable] * range
                })
        };
        if chosen.len() < count && chosen.iter().all(differs) {
            chosen.push(place);
        }
    }
    let least = ranked.iter().map(|(_, place)| *place).find(|place| points[*place].variables[ALPHA] <= ALPHAS[0]);
    chosen.extend(least.filter(|least| !chosen.contains(least)));
    chosen
}

/// A form without season whose initial states are given, at its least sum of squares.
pub(super) fn from_states(
    workspace: &mut Workspace,
    form: Form,
    states: [f64; 2],
    interrupt: Interrupt<'_>,
) -> Result<Estimate, Interruption> {
    let Workspace { values, buffers, solver, lower, upper, .. } = workspace;
    set_bounds(form, 1, lower, upper);
    upper[BETA] = HIGHEST;
    if form.trend == Trend::None {
        upper[BETA] = 0.0;
    }
    for bounds in [&mut *lower, &mut *upper] {
        bounds[LEVEL..=SLOPE].copy_from_slice(&states);
    }
    let mut recursion = Recursion { form, period: 1, values, buffers };
    let search =
        Search { lower, upper, damped: SEASONS, tolerance: 1e-12, steps: 100, negligible: 1e-30, rival: f64::INFINITY };
    let mut best = Estimate { form, variables: Vec::new(), sum: f64::INFINITY };
    for alpha in ALPHAS {
        for beta in [0.1, 0.5, 0.9] {
            let mut variables = vec![alpha, beta, 0.0, 1.0, states[0], states[1]];
            let sum = solver.minimise(&mut recursion, &mut variables, search, interrupt)?;
            if best.variables.is_empty() || sum < best.sum {
                best = Estimate { form, variables, sum };
            }
        }
    }
    Ok(best)
}

fn set_bounds(form: Form, period: usize, lower: &mut Vec<f64>, upper: &mut Vec<f64>) {
    let variables = SEASONS + period - 1;
    lower.clear();
    lower.resize(variables, f64::NEG_INFINITY);
    upper.clear();
    upper.resize(variables, f64::INFINITY);
    let mut bound = |variable: usize, low: f64, high: f64| (lower[variable], upper[variable]) = (low, high);
    let first = LOWEST + 0.2 * (HIGHEST - LOWEST) / period as f64;
    bound(ALPHA, LOWEST, HIGHEST);
    bound(BETA, LOWEST, first);
    bound(GAMMA, LOWEST, 1.0 - first);
    bound(PHI, DAMPING[0], DAMPING[1]);
    if form.trend == Trend::None {
        bound(BETA, 0.0, 0.0);
        bound(SLOPE, 0.0, 0.0);
    }
    if form.trend != Trend::Damped {
        bound(PHI, 1.0, 1.0);
    }
    if form.season == Seasonality::None {
        bound(GAMMA, 0.0, 0.0);
    }
}

/// Turns initial states of logarithms into those of values, with seasons that multiply.
fn raise(variables: &mut [f64]) {
    let level = libm::exp(variables[LEVEL]);
    let slope = level * (libm::exp(variables[SLOPE]) - 1.0);
    let last: f64 = -variables[SEASONS..].iter().sum::<f64>();
    let mut total = libm::exp(last);
    for season in &mut variables[SEASONS..] {
        *season = libm::exp(*season);
        total += *season;
    }
    let mean = total / (variables.len() - SEASONS + 1) as f64;
    for season in &mut variables[SEASONS..] {
        *season /= mean;
    }
    (variables[LEVEL], variables[SLOPE]) = (level * mean, slope * mean);
}
