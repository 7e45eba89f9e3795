//! The recursion of exponential smoothing, and its derivatives.
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
//! without damping φ is 1, so one recursion serves all forms. Derivatives of the states run along with it, in all variables at once.
//!
//! The likelihood is maximal where n log Σε² is minimal for additive errors, and n log Σu² + 2 Σ log f for relative errors
//! u = ε / f (chapter 5). The latter is n log Σ(Gu)², where G is the geometric mean of f. Both are sums of squares.

use super::{
    admissible::{Smoothing, admissible},
    form::{Form, Seasonality},
};
use crate::local::least_squares::SumOfSquares;

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

/// Rows whose squares are added to the normal matrix at a time.
const BLOCK: usize = 4;
type Lane = [f64; 4];

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
    /// Derivatives of level, slope, each season, the rows of a block, and of Σ log f: a lane holds four variables.
    levels: Vec<Lane>,
    slopes: Vec<Lane>,
    season_lanes: Vec<Lane>,
    rows: Vec<Lane>,
    logs: Vec<Lane>,
    sums: Vec<Lane>,
}

/// A sum of logarithms, taken as one of a product for as long as that is far from overflow.
struct LogSum {
    product: f64,
    sum: f64,
}

impl LogSum {
    const NONE: Self = Self { product: 1.0, sum: 0.0 };

    fn add(&mut self, x: f64) {
        self.product *= x;
        if !(1e-140..1e140).contains(&self.product) {
            self.sum += libm::log(self.product);
            self.product = 1.0;
        }
    }

    fn total(&self) -> f64 {
        self.sum + libm::log(self.product)
    }
}

impl Recursion<'_> {
    pub(super) fn variables(&self) -> usize {
        SEASONS + self.period - 1
    }

    fn multiplies(&self) -> bool {
        self.form.season == Seasonality::Multiplicative
    }

    /// Smoothing parameters of the variables.
    pub(super) const fn smoothing(x: &[f64]) -> Smoothing {
        Smoothing { alpha: x[ALPHA], beta: x[BETA], gamma: x[GAMMA], phi: x[PHI] }
    }

    /// The first season of each place. They sum to 0, or to the length of the season where they multiply.
    fn start(&mut self, x: &[f64]) {
        let total = if self.multiplies() { self.period as f64 } else { 0.0 };
        let seasons = &mut self.buffers.seasons;
        seasons.clear();
        seasons.extend_from_slice(&x[SEASONS..self.period + SEASONS - 1]);
        seasons.push(total - seasons.iter().sum::<f64>());
        (self.buffers.level, self.buffers.slope) = (x[LEVEL], x[SLOPE]);
    }

    /// Runs through the series and hands each forecast and error to `each`, until that returns false.
    pub(super) fn run(&mut self, x: &[f64], mut each: impl FnMut(f64, f64) -> bool) {
        self.start(x);
        let Smoothing { alpha, beta, gamma, phi } = Self::smoothing(x);
        let multiplies = self.multiplies();
        let (mut level, mut slope) = (self.buffers.level, self.buffers.slope);
        let seasons = &mut self.buffers.seasons;
        let mut place = 0;
        for &y in self.values {
            let trend = phi * slope;
            let q = level + trend;
            let s = seasons[place];
            let (forecast, error, by_season, by_level);
            if multiplies {
                forecast = q * s;
                error = y - forecast;
                (by_season, by_level) = (error / s, error / q);
            } else {
                forecast = q + s;
                error = y - forecast;
                (by_season, by_level) = (error, error);
            }
            if !each(forecast, error) {
                return;
            }
            level = q + alpha * by_season;
            slope = trend + beta * by_season;
            seasons[place] = s + gamma * by_level;
            place = if place + 1 == self.period { 0 } else { place + 1 };
        }
        (self.buffers.level, self.buffers.slope) = (level, slope);
    }

    /// Derivatives of the initial states.
    fn start_derivatives(&mut self, width: usize) {
        let Buffers { levels, slopes, season_lanes, rows, logs, sums, .. } = &mut *self.buffers;
        let sizes = [width, width, width * self.period, width * BLOCK, width];
        for (buffer, size) in [levels, slopes, season_lanes, rows, logs].into_iter().zip(sizes) {
            buffer.clear();
            buffer.resize(size, [0.0; 4]);
        }
        sums.clear();
        sums.resize(width * width * 4, [0.0; 4]);
        self.buffers.levels[LEVEL / 4][LEVEL % 4] = 1.0;
        self.buffers.slopes[SLOPE / 4][SLOPE % 4] = 1.0;
        for place in 0..self.period - 1 {
            let variable = SEASONS + place;
            self.buffers.season_lanes[place * width + variable / 4][variable % 4] = 1.0;
            self.buffers.season_lanes[(self.period - 1) * width + variable / 4][variable % 4] = -1.0;
        }
    }

    /// One pass with derivatives: fills `sums` with the products of all pairs of columns, of which the last is the residual
    /// itself, and `logs` with the derivatives of Σ log f. Returns Σ log f, or nothing where the form is not defined.
    fn pass(&mut self, x: &[f64], width: usize) -> Option<f64> {
        self.start(x);
        self.start_derivatives(width);
        let Smoothing { alpha, beta, gamma, phi } = Self::smoothing(x);
        let (multiplies, relative) = (self.multiplies(), self.form.relative);
        let last = self.variables();
        let mut log_sum = LogSum::NONE;
        let Buffers { level, slope, seasons, levels, slopes, season_lanes, rows, logs, sums } = &mut *self.buffers;
        let (mut place, mut row) = (0, 0);
        for &y in self.values {
            let b = *slope;
            let trend = phi * b;
            let q = *level + trend;
            let s = seasons[place];
            // f = c · dq + d · ds; the level's and the slope's error moves by −dq − e · ds, the season's by −ds − g · dq.
            let (f, c, d, e, g, by_season, by_level);
            if multiplies {
                f = q * s;
                let (over_s, over_q) = (1.0 / s, 1.0 / q);
                (c, d) = (s, q);
                (by_season, by_level) = ((y - f) * over_s, (y - f) * over_q);
                (e, g) = (y * over_s * over_s, y * over_q * over_q);
            } else {
                f = q + s;
                (c, d, e, g) = (1.0, 1.0, 1.0, 1.0);
                (by_season, by_level) = (y - f, y - f);
            }
            let (mut residual, mut weight, mut over_f) = (y - f, -1.0, 0.0);
            if relative {
                if f.is_nan() || f <= 0.0 {
                    return None;
                }
                over_f = 1.0 / f;
                residual *= over_f;
                weight = -y * over_f * over_f;
                log_sum.add(f);
            }
            let season = &mut season_lanes[place * width..][..width];
            let line = &mut rows[row * width..][..width];
            let lanes = levels.iter_mut().zip(slopes.iter_mut()).zip(season.iter_mut()).zip(line.iter_mut());
            for (((level, slope), season), line) in lanes {
                for i in 0..4 {
                    let dtrend = phi * slope[i];
                    let (dq, ds) = (level[i] + dtrend, season[i]);
                    line[i] = weight * (c * dq + d * ds);
                    level[i] = dq - alpha * (dq + e * ds);
                    slope[i] = dtrend - beta * (dq + e * ds);
                    season[i] = ds - gamma * (ds + g * dq);
                }
            }
            // What the smoothing parameters do at this very step.
            line[0][PHI] += weight * c * b;
            levels[0][PHI] += (1.0 - alpha) * b;
            slopes[0][PHI] += (1.0 - beta) * b;
            season[0][PHI] -= gamma * g * b;
            levels[0][ALPHA] += by_season;
            slopes[0][BETA] += by_season;
            season[0][GAMMA] += by_level;
            if relative {
                let share = over_f / weight;
                for (log, line) in logs.iter_mut().zip(line.iter()) {
                    for i in 0..4 {
                        log[i] += share * line[i];
                    }
                }
            }
            line[last / 4][last % 4] = residual;
            *level = q + alpha * by_season;
            *slope = trend + beta * by_season;
            seasons[place] = s + gamma * by_level;
            place = if place + 1 == self.period { 0 } else { place + 1 };
            row += 1;
            if row == BLOCK {
                add_products(sums, rows, width);
                row = 0;
            }
        }
        rows[row * width..].fill([0.0; 4]);
        add_products(sums, rows, width);
        Some(log_sum.total())
    }
}

/// Adds the products of all pairs of columns of a block of rows: lanes from the diagonal on.
fn add_products(sums: &mut [Lane], rows: &[Lane], width: usize) {
    let (first, rest) = rows.split_at(width);
    let (second, rest) = rest.split_at(width);
    let (third, fourth) = rest.split_at(width);
    for (variable, line) in sums.chunks_exact_mut(width).enumerate() {
        let lane = variable / 4;
        let [a, b, c, d] = [first, second, third, fourth].map(|row| row[lane][variable % 4]);
        let columns = first[lane..].iter().zip(&second[lane..]).zip(&third[lane..]).zip(&fourth[lane..]);
        for (sum, (((first, second), third), fourth)) in line[lane..].iter_mut().zip(columns) {
            for i in 0..4 {
                sum[i] += (a * first[i] + b * second[i]) + (c * third[i] + d * fourth[i]);
            }
        }
    }
}

impl SumOfSquares for Recursion<'_> {
    fn value(&mut self, x: &[f64]) -> f64 {
        let smoothing = Self::smoothing(x);
        if !admissible(smoothing, self.form, self.period) {
            return f64::INFINITY;
        }
        let relative = self.form.relative;
        let (mut sum, mut logs, mut defined) = (0.0, LogSum::NONE, true);
        self.run(x, |forecast, error| {
            if relative {
                let u = error / forecast;
                sum += u * u;
                logs.add(forecast);
                defined = forecast > 0.0;
                return defined;
            }
            sum += error * error;
            true
        });
        let sum = if relative { sum * libm::exp(2.0 / self.values.len() as f64 * logs.total()) } else { sum };
        if defined && sum.is_finite() { sum } else { f64::INFINITY }
    }

    fn normal(&mut self, x: &[f64], matrix: &mut [f64], gradient: &mut [f64]) -> f64 {
        let n = self.variables();
        let width = n / 4 + 1;
        let Some(logs) = self.pass(x, width) else { return f64::INFINITY };
        let sums = &self.buffers.sums;
        let product = |i: usize, j: usize| sums[i * width + j / 4][j % 4];
        let sum = product(n, n);
        for i in 0..n {
            gradient[i] = product(i, n);
            for j in 0..=i {
                matrix[i * n + j] = product(j, i);
            }
        }
        let mut scale = 1.0;
        if self.form.relative {
            // With u the relative errors and h the derivatives of log G: J = G (U + u hᵀ).
            let count = self.values.len() as f64;
            scale = libm::exp(2.0 / count * logs);
            let mean = |i: usize| self.buffers.logs[i / 4][i % 4] / count;
            for i in 0..n {
                for j in 0..=i {
                    matrix[i * n + j] += gradient[i] * mean(j) + gradient[j] * mean(i) + sum * mean(i) * mean(j);
                }
            }
            for (i, slope) in gradient.iter_mut().enumerate() {
                *slope += sum * mean(i);
            }
        }
        for i in 0..n {
            gradient[i] *= scale;
            for j in 0..=i {
                matrix[i * n + j] *= scale;
                matrix[j * n + i] = matrix[i * n + j];
            }
        }
        let sum = sum * scale;
        if sum.is_finite() { sum } else { f64::INFINITY }
    }
}
