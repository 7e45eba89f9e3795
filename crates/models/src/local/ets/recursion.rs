//! The recursion of exponential smoothing.
//!
//! With level l, slope b, season s, and q = l + φb, a step is (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
//! Smoothing, 2008, chapter 2, written in the raw error ε = y − f)
//!
//! ```text
//! f = q + s     l ← q + αε      b ← φb + βε      s ← s + γε       additive season
//! f = q · s     l ← q + αε/s    b ← φb + βε/s    s ← s + γε/q     multiplicative season
//! ```
//!
//! whether errors are additive or relative: those differ in the likelihood. Without a season s is 0, without a trend b is 0, and
//! without damping φ is 1, so one recursion serves all forms. In a multiplicative season ε/s and ε/q are written y/s − q and y/q − s:
//! then no step has to wait for a division by what the step before it has just found.

use super::{
    admissible::Smoothing,
    form::{Form, Seasonality},
};

/// The variables' places: α, β, γ, φ, level, slope, and all seasons but the last.
pub(super) const ALPHA: usize = 0;
pub(super) const BETA: usize = 1;
pub(super) const GAMMA: usize = 2;
pub(super) const PHI: usize = 3;
pub(super) const LEVEL: usize = 4;
pub(super) const SLOPE: usize = 5;
pub(super) const SEASONS: usize = 6;

/// The bounds of α, β and γ in R's `ets` and in statsforecast.
pub(super) const LOWEST: f64 = 1e-4;
pub(super) const HIGHEST: f64 = 0.9999;

/// One form's recursion over one series.
#[derive(Debug)]
pub(super) struct Recursion<'a> {
    pub(super) form: Form,
    /// Length of the season; 1 without one.
    pub(super) period: usize,
    pub(super) values: &'a [f64],
    pub(super) buffers: &'a mut Buffers,
}

/// States and their derivatives, reused from fit to fit.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// After a pass: the states that follow the last value. `seasons` begins with that of the first value's place.
    pub(super) level: f64,
    pub(super) slope: f64,
    pub(super) seasons: Vec<f64>,
    /// Derivatives of each season, one row of columns after the other.
    pub(super) season_columns: Vec<f64>,
    /// Products of all pairs of columns.
    pub(super) products: Vec<f64>,
    /// Derivatives of Σ log f.
    pub(super) logs: Vec<f64>,
}

/// A sum of logarithms, taken as one of a product for as long as that is far from overflow.
pub(super) struct LogSum {
    product: f64,
    sum: f64,
}

impl LogSum {
    pub(super) const NONE: Self = Self { product: 1.0, sum: 0.0 };

    pub(super) fn add(&mut self, x: f64) {
        self.product *= x;
        if !(1e-140..1e140).contains(&self.product) {
            self.sum += libm::log(self.product);
            self.product = 1.0;
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.sum + libm::log(self.product)
    }
}

impl Recursion<'_> {
    pub(super) fn variables(&self) -> usize {
        SEASONS + self.period - 1
    }

    pub(super) fn multiplies(&self) -> bool {
        self.form.season == Seasonality::Multiplicative
    }

    /// Smoothing parameters of the variables.
    pub(super) const fn smoothing(x: &[f64]) -> Smoothing {
        Smoothing { alpha: x[ALPHA], beta: x[BETA], gamma: x[GAMMA], phi: x[PHI] }
    }

    /// The first season of each place. They sum to 0, or to the length of the season where they multiply.
    pub(super) fn start(&mut self, x: &[f64]) {
        let total = if self.multiplies() { self.period as f64 } else { 0.0 };
        let seasons = &mut self.buffers.seasons;
        seasons.clear();
        seasons.extend_from_slice(&x[SEASONS..self.period + SEASONS - 1]);
        seasons.push(total - seasons.iter().sum::<f64>());
        (self.buffers.level, self.buffers.slope) = (x[LEVEL], x[SLOPE]);
    }

    /// Runs through the series and hands each value and its forecast to `each`, until that returns false.
    pub(super) fn run(&mut self, x: &[f64], each: impl FnMut(f64, f64) -> bool) {
        if self.multiplies() { self.run_as::<true>(x, each) } else { self.run_as::<false>(x, each) }
    }

    fn run_as<const MULTIPLIES: bool>(&mut self, x: &[f64], mut each: impl FnMut(f64, f64) -> bool) {
        self.start(x);
        let Smoothing { alpha, beta, gamma, phi } = Self::smoothing(x);
        let (mut level, mut slope) = (self.buffers.level, self.buffers.slope);
        let seasons = &mut self.buffers.seasons;
        let mut place = 0;
        for &y in self.values {
            let trend = phi * slope;
            let q = level + trend;
            let s = seasons[place];
            let (forecast, by_season, by_level);
            if MULTIPLIES {
                forecast = q * s;
                (by_season, by_level) = (y / s - q, y / q - s);
            } else {
                forecast = q + s;
                let error = y - forecast;
                (by_season, by_level) = (error, error);
            }
            if !each(y, forecast) {
                return;
            }
            level = q + alpha * by_season;
            slope = trend + beta * by_season;
            seasons[place] = s + gamma * by_level;
            place = if place + 1 == self.period { 0 } else { place + 1 };
        }
        (self.buffers.level, self.buffers.slope) = (level, slope);
    }
}
