//! Points at which searches for a maximum of the likelihood begin.
//!
//! The likelihood has several maxima. Where errors are additive they are linear in the initial states, so the points of a grid of
//! smoothing parameters are judged with their exact initial states. Relative errors are close to additive errors of logarithms, and
//! a multiplicative season is an additive one of logarithms. A trend and a season together begin at the points of both grids.
//!
//! With a trend and a small α the states swing with a frequency of √β per step, damped by α / 2: a fit to n values tells frequencies
//! apart that differ by about π / n, and each may be a maximum of its own. So there are finer grids of frequencies, of which the points
//! are kept that are better than their neighbours.

use super::{
    form::{Form, Seasonality, Trend},
    recursion::{ALPHA, BETA, Buffers, GAMMA, HIGHEST, LEVEL, LOWEST, PHI, Recursion, SEASONS, SLOPE},
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::least_squares::{self, Search},
};
use std::f64::consts::PI;

/// Bounds of φ in R's `ets` and in statsforecast.
const DAMPING: [f64; 2] = [0.8, 0.98];

/// The grid: α, how far β and γ are between their bounds, and φ.
pub(super) const ALPHAS: [f64; 5] = [0.002, 0.1, 0.3, 0.6, 0.95];
const BETAS: [f64; 4] = [0.0, 0.03, 0.2, 0.7];
const GAMMAS: [f64; 2] = [0.02, 0.3];
const PHIS: [f64; 2] = [0.85, 0.97];

/// The grids of frequencies: α in shares of twice the frequency, and how many frequencies at most, up to the largest √β of 0.45.
const SWINGS: [f64; 2] = [0.0, 0.15];
const FREQUENCIES: f64 = 64.0;

/// Points of one kind of trend and season.
#[derive(Debug)]
pub(super) struct Family {
    trend: Trend,
    season: Seasonality,
    points: Vec<Point>,
}

/// Variables to begin with.
#[derive(Clone, Debug)]
pub(super) enum Point {
    /// All of them.
    Variables(Vec<f64>),
    /// The trend of a point of one family, and the rest of a point of another.
    Both {
        /// Places of the family without season, and of its point.
        trend: (usize, usize),
        /// Places of the family without trend, and of its point.
        season: (usize, usize),
    },
}

/// The points of all kinds.
#[derive(Debug, Default)]
pub(super) struct Starts {
    families: Vec<Family>,
}

/// What grids are made of.
pub(super) struct Grids<'a> {
    pub(super) values: &'a [f64],
    /// None where values are not all positive.
    pub(super) logarithms: &'a [f64],
    pub(super) period: usize,
    pub(super) buffers: &'a mut Buffers,
    pub(super) solver: &'a mut least_squares::Workspace,
    pub(super) interrupt: Interrupt<'a>,
}

impl Starts {
    pub(super) fn clear(&mut self) {
        self.families.clear();
    }

    /// The place of the family, whose points are laid out unless another form has done so.
    pub(super) fn family(
        &mut self,
        trend: Trend,
        season: Seasonality,
        grids: &mut Grids<'_>,
    ) -> Result<usize, Interruption> {
        let known = self.families.iter().position(|family| (family.trend, family.season) == (trend, season));
        if let Some(place) = known {
            return Ok(place);
        }
        let points = if trend != Trend::None && season != Seasonality::None {
            let trends = self.family(trend, Seasonality::None, grids)?;
            let seasons = self.family(Trend::None, season, grids)?;
            self.combine(trends, seasons)
        } else {
            let mut points = grids.grid(trend, season)?;
            if trend != Trend::None {
                grids.add_swings(trend, &mut points)?;
            }
            points.into_iter().map(Point::Variables).collect()
        };
        self.families.push(Family { trend, season, points });
        Ok(self.families.len() - 1)
    }

    /// How many points a family has.
    pub(super) fn count(&self, family: usize) -> usize {
        self.families[family].points.len()
    }

    /// Adds where a form of the family ended.
    pub(super) fn add(&mut self, family: usize, variables: &[f64]) {
        self.families[family].points.push(Point::Variables(variables.to_vec()));
    }

    /// The variables of a point.
    pub(super) fn write(&self, family: usize, point: usize, variables: &mut Vec<f64>) {
        variables.clear();
        match &self.families[family].points[point] {
            Point::Variables(all) => variables.extend_from_slice(all),
            Point::Both { trend, season } => {
                variables.extend_from_slice(self.variables(*season));
                let trend = self.variables(*trend);
                for variable in [ALPHA, BETA, PHI, LEVEL, SLOPE] {
                    variables[variable] = trend[variable];
                }
            }
        }
    }

    fn variables(&self, (family, point): (usize, usize)) -> &[f64] {
        match &self.families[family].points[point] {
            Point::Variables(variables) => variables,
            Point::Both { .. } => &[],
        }
    }

    /// Each trend with the seasons of the nearest α.
    fn combine(&self, trends: usize, seasons: usize) -> Vec<Point> {
        let alpha = |family: usize, point: usize| self.variables((family, point))[ALPHA].sqrt();
        let mut points = Vec::new();
        for trend in 0..self.count(trends) {
            let away = |season: usize| (alpha(seasons, season) - alpha(trends, trend)).abs();
            let nearest = (0..self.count(seasons)).map(away).fold(f64::INFINITY, f64::min);
            let near = (0..self.count(seasons)).filter(|&season| away(season) <= nearest);
            points.extend(near.map(|season| Point::Both { trend: (trends, trend), season: (seasons, season) }));
        }
        points
    }
}

impl Grids<'_> {
    /// A grid of smoothing parameters, each with the best initial states of additive errors.
    fn grid(&mut self, trend: Trend, season: Seasonality) -> Result<Vec<Vec<f64>>, Interruption> {
        let multiplies = season == Seasonality::Multiplicative;
        let period = if season == Seasonality::None { 1 } else { self.period };
        let form = Form { relative: false, trend, season: if multiplies { Seasonality::Additive } else { season } };
        let Bounds { lower, upper } = Bounds::of(form, period);
        let share = |variable: usize, share: f64| lower[variable] + share * (upper[variable] - lower[variable]);
        let betas = BETAS.map(|beta| share(BETA, beta));
        let gammas = GAMMAS.map(|gamma| share(GAMMA, gamma));
        let betas: &[f64] = if trend == Trend::None { &[0.0] } else { &betas };
        let gammas: &[f64] = if season == Seasonality::None { &[0.0] } else { &gammas };
        let phis: &[f64] = if trend == Trend::Damped { &PHIS } else { &[1.0] };
        let values = if multiplies { self.logarithms } else { self.values };
        let search = exact(&lower, &upper);
        let mut points = Vec::new();
        for alpha in ALPHAS {
            self.interrupt.check()?;
            for beta in betas {
                for gamma in gammas {
                    for phi in phis {
                        let mut variables = vec![0.0; lower.len()];
                        variables[..LEVEL].copy_from_slice(&[alpha, *beta, *gamma, *phi]);
                        let mut recursion = Recursion { form, period, values, buffers: self.buffers };
                        if self.solver.project(&mut recursion, &mut variables, search).is_finite() {
                            if multiplies {
                                raise(&mut variables);
                            }
                            points.push(variables);
                        }
                    }
                }
            }
        }
        Ok(points)
    }

    /// Adds swings that are better than those of neighbouring frequencies.
    fn add_swings(&mut self, trend: Trend, points: &mut Vec<Vec<f64>>) -> Result<(), Interruption> {
        let form = Form { relative: false, trend, season: Seasonality::None };
        let Bounds { lower, upper } = Bounds::of(form, 1);
        let highest = upper[BETA].sqrt();
        let step = swing_step(self.values.len());
        let search = exact(&lower, &upper);
        for damping in SWINGS {
            self.interrupt.check()?;
            let (mut before, mut last): (f64, Option<(f64, Vec<f64>)>) = (f64::INFINITY, None);
            let mut frequency = step;
            while frequency < highest {
                let alpha = (2.0 * damping * frequency).max(LOWEST);
                let mut variables = vec![alpha, frequency * frequency, 0.0, upper[PHI], 0.0, 0.0];
                let mut recursion = Recursion { form, period: 1, values: self.values, buffers: self.buffers };
                let sum = self.solver.project(&mut recursion, &mut variables, search);
                if let Some((middle, middle_variables)) = last.take_if(|(middle, _)| *middle <= sum.min(before)) {
                    points.push(middle_variables);
                    before = middle;
                } else if let Some((middle, _)) = last {
                    before = middle;
                }
                last = Some((sum, variables));
                frequency += step.max(damping * frequency);
            }
            if let Some((_, variables)) = last.filter(|(sum, _)| *sum <= before) {
                points.push(variables);
            }
        }
        Ok(())
    }
}

/// How far the frequencies of a grid are apart, for so many values.
pub(super) fn swing_step(rows: usize) -> f64 {
    (PI / rows as f64).max(0.45 / FREQUENCIES)
}

/// A search that only takes initial states to their optimum.
const fn exact<'a>(lower: &'a [f64], upper: &'a [f64]) -> Search<'a> {
    Search {
        lower,
        upper,
        damped: LEVEL,
        tolerance: 0.0,
        steps: 0,
        negligible: 0.0,
        rival: 0.0,
        own: 0.0,
        patience: 1.0,
    }
}

/// Bounds of a form's variables; those that it has not got are fixed.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
}

impl Bounds {
    pub(super) fn of(form: Form, period: usize) -> Self {
        let variables = SEASONS + period - 1;
        let mut bounds = Self { lower: vec![f64::NEG_INFINITY; variables], upper: vec![f64::INFINITY; variables] };
        let mut bound =
            |variable: usize, low: f64, high: f64| (bounds.lower[variable], bounds.upper[variable]) = (low, high);
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
        bounds
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
