//! Each form's maximum of the likelihood.
//!
//! The points of `starts.rs` are judged by the form's own likelihood; the best that differ are taken to their optima.

use super::{
    admissible::admissible,
    form::{Form, Seasonality, Trend},
    judge::{AT_ONCE, Lanes, sums_of_squares},
    recursion::{ALPHA, BETA, Buffers, GAMMA, LEVEL, PHI, Recursion, SEASONS},
    starts::{ALPHAS, Bounds, Grids, Starts, swing_step},
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::least_squares::{self, Search},
};

/// By how much points differ in √α, and in shares of the bounds of β, γ and φ, if they are to lead to different maxima.
const APART: [f64; 4] = [0.25, 0.25, 0.25, 0.3];

/// How many points are taken to their optima, without a season and with one; and how many if the form's criterion is then worse than
/// that of another by more than this.
const POLISHED: [usize; 2] = [10, 5];
const TRIED: [usize; 2] = [5, 3];
const LOST: f64 = 15.0;

/// How much longer a search is gone on with that another of the same form has beaten so far, in so many rows.
const PATIENCE: f64 = 2.5;
const PATIENT_ROWS: f64 = 100.0;

/// A point is not begun at when its sum of squares is more than so many times that of another end of the form, or, unless it is the
/// form's first, of another form's.
const HOPELESS: f64 = 20.0;
const HOPELESS_LATER: f64 = 3.0;

/// Ends are tried where the parameter is farther from them than this share of its range, and the form's criterion is not worse than
/// the best one by more than this.
const ASIDE: f64 = 0.1;
const FAR: f64 = 8.0;

/// How many points are taken to their optima beside the optimum of a fit to fewer rows, and without one.
const BESIDE_NEAR: usize = 1;

/// The optimum of a form, in a fit to fewer rows of the same series.
#[derive(Clone, Debug)]
pub(in crate::local) struct Near {
    form: Form,
    /// The power of two by which the values were divided.
    exponent: i32,
    variables: Vec<f64>,
}

/// Buffers of a fit.
#[derive(Debug, Default)]
pub(in crate::local) struct Workspace {
    /// The series, of a size that is easy to compute with.
    pub(super) values: Vec<f64>,
    logarithms: Vec<f64>,
    pub(super) buffers: Buffers,
    pub(super) solver: least_squares::Workspace,
    /// The optima of the last fit, and those that the next begins at.
    pub(in crate::local) found: Vec<Near>,
    pub(in crate::local) near: Vec<Near>,
    starts: Starts,
    /// What is judged at a time, and its seasons.
    judged: [Vec<f64>; AT_ONCE],
    seasons: Vec<Lanes>,
}

/// What a search begins at: a point, or the best so far with one parameter at an end of its range.
enum Start {
    Near(Vec<f64>),
    Point((f64, usize)),
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

/// A form whose points have been judged.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) form: Form,
    family: usize,
    /// Sums of squares at the points of the family, and their places.
    judged: Vec<(f64, usize)>,
    /// How many points have been judged, those that are not defined among them.
    seen: usize,
}

impl Survey {
    /// The least sum of squares among the points; infinite if there is none.
    pub(super) fn least(&self) -> f64 {
        self.judged.first().map_or(f64::INFINITY, |(sum, _)| *sum)
    }
}

/// One series whose forms are estimated.
pub(super) struct Estimator<'a> {
    workspace: &'a mut Workspace,
    period: usize,
    exponent: i32,
    near: Vec<Near>,
    interrupt: Interrupt<'a>,
}

impl<'a> Estimator<'a> {
    /// For the workspace's values, which were divided by this power of two.
    pub(super) fn new(workspace: &'a mut Workspace, period: usize, exponent: i32, interrupt: Interrupt<'a>) -> Self {
        workspace.found.clear();
        let near = workspace.near.iter().filter(|near| near.exponent == exponent).cloned().collect();
        let Workspace { values, logarithms, starts, .. } = &mut *workspace;
        starts.clear();
        logarithms.clear();
        if values.iter().all(|y| *y > 0.0) {
            logarithms.extend(values.iter().map(|y| libm::log(*y)));
        }
        Self { workspace, period, exponent, near, interrupt }
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

    /// Judges the form's points.
    pub(super) fn survey(&mut self, form: Form) -> Result<Survey, Interruption> {
        let Workspace { values, logarithms, buffers, solver, starts, .. } = &mut *self.workspace;
        let mut grids = Grids { values, logarithms, period: self.period, buffers, solver, interrupt: self.interrupt };
        let family = starts.family(form.trend, form.season, &mut grids)?;
        let mut survey = Survey { form, family, judged: Vec::new(), seen: 0 };
        self.judge(&mut survey);
        Ok(survey)
    }

    /// Judges the points that have come since, and ranks all; the first is admissible.
    fn judge(&mut self, survey: &mut Survey) {
        let (form, period) = (survey.form, self.period(survey.form.season));
        let Workspace { values, starts, judged, seasons, .. } = &mut *self.workspace;
        let count = starts.count(survey.family);
        for first in (survey.seen..count).step_by(AT_ONCE) {
            for (lane, variables) in judged.iter_mut().enumerate() {
                starts.write(survey.family, (first + lane).min(count - 1), variables);
            }
            let sums = sums_of_squares(form, period, values, judged, seasons);
            let judged = (first..count).zip(sums).filter(|(_, sum)| sum.is_finite());
            survey.judged.extend(judged.map(|(place, sum)| (sum, place)));
        }
        survey.seen = count;
        survey.judged.sort_by(|a, b| a.0.total_cmp(&b.0));
        let variables = &mut judged[0];
        let is_admissible = |(_, place): &(f64, usize)| {
            starts.write(survey.family, *place, variables);
            admissible(Recursion::smoothing(variables), form, period)
        };
        let unfit = survey.judged.iter().position(is_admissible).unwrap_or(survey.judged.len());
        survey.judged.drain(..unfit);
    }

    /// The form at its optimum; none where it is not defined, or where its sum of squares is not going to fall below `rival`.
    pub(super) fn estimate(&mut self, survey: &mut Survey, rival: f64) -> Result<Option<Estimate>, Interruption> {
        self.judge(survey);
        let form = survey.form;
        let (period, rows) = (self.period(form.season), self.workspace.values.len() as f64);
        let negligible = self.negligible();
        let Workspace { values, buffers, solver, starts, .. } = &mut *self.workspace;
        let Bounds { lower, upper } = &Bounds::of(form, period);
        let mut recursion = Recursion { form, period, values, buffers };
        let damped = if form.relative { lower.len() } else { LEVEL };
        let patience = PATIENCE * (PATIENT_ROWS / rows).max(1.0);
        let own = f64::INFINITY;
        let mut search = Search { lower, upper, damped, tolerance: 1e-6, steps: 100, negligible, rival, own, patience };
        let mut best: Option<Estimate> = None;
        let near = self.near.iter().find(|near| near.form == form).map(|near| near.variables.clone());
        let mut points = differing(survey, starts, search, values.len());
        if near.is_some() {
            points.truncate(BESIDE_NEAR);
        }
        let ends = [BETA, PHI, GAMMA]
            .into_iter()
            .flat_map(|variable| [lower[variable], upper[variable]].map(|end| (variable, end)));
        let tried = TRIED[usize::from(form.season != Seasonality::None)];
        let is_near = near.is_some();
        let points = near.into_iter().map(Start::Near).chain(points.into_iter().map(Start::Point));
        for (number, start) in points.chain(ends.filter(|_| !is_near).map(Start::End)).enumerate() {
            let mut variables = Vec::new();
            match (start, &best) {
                (Start::Near(near), _) => {
                    variables = near;
                    for (variable, (lower, upper)) in variables.iter_mut().zip(lower.iter().zip(upper)) {
                        *variable = variable.clamp(*lower, *upper);
                    }
                }
                (Start::Point((sum, place)), _) => {
                    let behind = number >= tried && libm::log(search.own / rival) * rows > LOST;
                    let hope = if number > 0 { HOPELESS_LATER } else { HOPELESS };
                    if behind || sum > HOPELESS * search.own || sum > hope * rival {
                        continue;
                    }
                    starts.write(survey.family, place, &mut variables);
                }
                (Start::End((variable, end)), Some(best)) => {
                    let away = (best.variables[variable] - end).abs() > ASIDE * (upper[variable] - lower[variable]);
                    let close = libm::log(best.sum / rival) * rows < FAR;
                    if !(away && close) {
                        continue;
                    }
                    variables.clone_from(&best.variables);
                    variables[variable] = end;
                }
                (Start::End(_), None) => continue,
            }
            let sum = solver.minimise(&mut recursion, &mut variables, search, self.interrupt)?;
            if sum.is_finite() && best.as_ref().is_none_or(|best| sum < best.sum) {
                best = Some(Estimate { form, variables, sum });
                search.own = sum;
            }
        }
        if let Some(Estimate { variables, .. }) = &best {
            starts.add(survey.family, variables);
            let (exponent, variables) = (self.exponent, variables.clone());
            self.workspace.found.push(Near { form, exponent, variables });
        }
        Ok(best)
    }
}

/// The best of the ranked points that differ from those before them, and the best of the least α: where states hardly move, a
/// maximum is easily missed.
fn differing(survey: &Survey, starts: &Starts, search: Search<'_>, rows: usize) -> Vec<(f64, usize)> {
    let count = POLISHED[usize::from(survey.form.season != Seasonality::None)];
    let mut chosen: Vec<((f64, usize), Vec<f64>)> = Vec::new();
    let mut least = None;
    for &(sum, place) in &survey.judged {
        let mut one = Vec::new();
        starts.write(survey.family, place, &mut one);
        let fits = || admissible(Recursion::smoothing(&one), survey.form, search.lower.len() + 1 - SEASONS);
        if least.is_none() && one[ALPHA] <= ALPHAS[0] && fits() {
            least = Some((sum, place));
        }
        let differs = |(_, other): &((f64, usize), Vec<f64>)| {
            let swing = |variables: &[f64]| variables[BETA].sqrt();
            let swings =
                |variables: &[f64]| survey.form.trend != Trend::None && variables[ALPHA] < 0.5 * swing(variables);
            (one[ALPHA].sqrt() - other[ALPHA].sqrt()).abs() > APART[ALPHA]
                || (BETA..LEVEL).any(|variable| {
                    let range = search.upper[variable] - search.lower[variable];
                    (one[variable] - other[variable]).abs() > APART[variable] * range
                })
                || (swings(&one) && swings(other) && (swing(&one) - swing(other)).abs() > 1.5 * swing_step(rows))
        };
        if chosen.len() < count && chosen.iter().all(differs) && fits() {
            chosen.push(((sum, place), one));
        }
    }
    let mut places: Vec<(f64, usize)> = chosen.into_iter().map(|(place, _)| place).collect();
    places.extend(least.filter(|least| !places.contains(least)));
    places
}
