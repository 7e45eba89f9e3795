//! The likelihood as a sum of squares, with its derivatives.
//!
//! The likelihood is maximal where n log Σε² is minimal for additive errors, and n log Σu² + 2 Σ log f for relative errors
//! u = ε / f (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008, chapter 5). The latter is n log Σ(Gu)²,
//! where G is the geometric mean of f. Both are sums of squares.
//!
//! Derivatives of the states run along with the recursion, in all variables at once. Each variable that the form has is one of N columns
//! of doubles, and the last one in use has the residual. N is known to the compiler, which so can take two columns at a time.

use super::{
    admissible::{Smoothing, admissible},
    form::{Seasonality, Trend},
    recursion::{BETA, GAMMA, LogSum, PHI, Recursion, SEASONS, SLOPE},
};
use crate::local::least_squares::SumOfSquares;

/// Rows whose squares are added to the normal matrix at a time.
const BLOCK: usize = 4;

/// Where a form's variables are among the columns.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// Columns of α, β, γ, φ, level and slope; nothing where the form has none.
    places: [Option<usize>; SEASONS],
    /// Column of the first of the seasons.
    seasons: usize,
    /// Column of the residual, which is the last.
    residual: usize,
}

impl Columns {
    fn of(recursion: &Recursion<'_>) -> Self {
        let form = recursion.form;
        let mut places = [None; SEASONS];
        let mut next = 0;
        for (variable, place) in places.iter_mut().enumerate() {
            let present = match variable {
                BETA | SLOPE => form.trend != Trend::None,
                PHI => form.trend == Trend::Damped,
                GAMMA => form.season != Seasonality::None,
                _ => true,
            };
            if present {
                *place = Some(next);
                next += 1;
            }
        }
        Self { places, seasons: next, residual: next + recursion.period - 1 }
    }

    /// The column of a variable.
    fn place(&self, variable: usize) -> Option<usize> {
        if variable < SEASONS { self.places[variable] } else { Some(self.seasons + variable - SEASONS) }
    }
}

impl Recursion<'_> {
    /// One pass with derivatives: fills `products` with the products of all pairs of columns from the diagonal on, and `logs` with the
    /// derivatives of Σ log f. Returns Σ log f, or nothing where the form is not defined.
    fn pass(&mut self, x: &[f64], columns: Columns) -> Option<(f64, usize)> {
        macro_rules! widths {
            ($($width:literal)*) => {
                match columns.residual + 1 {
                    $(width if width <= $width => {
                        let logs = if self.multiplies() {
                            self.pass_as::<$width, true>(x, columns)
                        } else {
                            self.pass_as::<$width, false>(x, columns)
                        };
                        logs.map(|logs| (logs, $width))
                    })*
                    _ => None,
                }
            };
        }
        widths!(4 6 8 10 12 14 16 18 20 24 30)
    }

    fn pass_as<const N: usize, const MULTIPLIES: bool>(&mut self, x: &[f64], columns: Columns) -> Option<f64> {
        self.start(x);
        let Smoothing { alpha, beta, gamma, phi } = Self::smoothing(x);
        let relative = self.form.relative;
        let buffers = &mut *self.buffers;
        let season_columns = zeros::<N>(&mut buffers.season_columns, self.period);
        let products = zeros::<N>(&mut buffers.products, N);
        let (mut levels, mut slopes, mut logs) = ([0.0; N], [0.0; N], [0.0; N]);
        let mut rows = [[0.0; N]; BLOCK];
        let [at_alpha, at_beta, at_gamma, at_phi, at_level, at_slope] = columns.places;
        let add = |line: &mut [f64; N], place: Option<usize>, x: f64| {
            if let Some(place) = place {
                line[place] += x;
            }
        };
        add(&mut levels, at_level, 1.0);
        add(&mut slopes, at_slope, 1.0);
        for place in 0..self.period - 1 {
            season_columns[place][columns.seasons + place] = 1.0;
            season_columns[self.period - 1][columns.seasons + place] = -1.0;
        }
        let (mut level, mut slope) = (buffers.level, buffers.slope);
        let seasons = &mut buffers.seasons;
        let mut log_sum = LogSum::NONE;
        let (mut place, mut row) = (0, 0);
        for &y in self.values {
            let trend = phi * slope;
            let q = level + trend;
            let s = seasons[place];
            // f = c · dq + d · ds; the level's and the slope's error moves by −dq − e · ds, the season's by −ds − g · dq.
            let (f, c, d, e, g, by_season, by_level);
            if MULTIPLIES {
                f = q * s;
                let (over_s, over_q) = (1.0 / s, 1.0 / q);
                (c, d) = (s, q);
                (by_season, by_level) = (y * over_s - q, y * over_q - s);
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
            let season = &mut season_columns[place];
            let line = &mut rows[row];
            let (by_q, by_s) = (weight * c, weight * d);
            for i in 0..N {
                let dtrend = phi * slopes[i];
                let (dq, ds) = (levels[i] + dtrend, season[i]);
                if MULTIPLIES {
                    line[i] = by_q * dq + by_s * ds;
                    let move_level = dq + e * ds;
                    levels[i] = dq - alpha * move_level;
                    slopes[i] = dtrend - beta * move_level;
                    season[i] = ds - gamma * (ds + g * dq);
                } else {
                    let df = dq + ds;
                    line[i] = weight * df;
                    levels[i] = dq - alpha * df;
                    slopes[i] = dtrend - beta * df;
                    season[i] = ds - gamma * df;
                }
            }
            // What the smoothing parameters do at this very step.
            add(line, at_phi, by_q * slope);
            add(&mut levels, at_phi, (1.0 - alpha) * slope);
            add(&mut slopes, at_phi, (1.0 - beta) * slope);
            add(season, at_phi, -gamma * g * slope);
            add(&mut levels, at_alpha, by_season);
            add(&mut slopes, at_beta, by_season);
            add(season, at_gamma, by_level);
            if relative {
                let share = over_f / weight;
                for i in 0..N {
                    logs[i] += share * line[i];
                }
            }
            line[columns.residual] = residual;
            level = q + alpha * by_season;
            slope = trend + beta * by_season;
            seasons[place] = s + gamma * by_level;
            place = if place + 1 == self.period { 0 } else { place + 1 };
            row += 1;
            if row == BLOCK {
                add_products(products, &rows);
                row = 0;
            }
        }
        rows[row..].fill([0.0; N]);
        add_products(products, &rows);
        buffers.logs.clear();
        buffers.logs.extend_from_slice(&logs);
        Some(log_sum.total())
    }
}

/// So many rows of N zeros.
fn zeros<const N: usize>(buffer: &mut Vec<f64>, rows: usize) -> &mut [[f64; N]] {
    buffer.clear();
    buffer.resize(N * rows, 0.0);
    buffer.as_chunks_mut().0
}

/// Adds the products of all pairs of columns of a block of rows, from the diagonal on: two columns with two others at a time.
fn add_products<const N: usize>(products: &mut [[f64; N]], rows: &[[f64; N]; BLOCK]) {
    let [first, second, third, fourth] = rows;
    for (half, pair) in products.chunks_exact_mut(2).enumerate() {
        let [upper, lower] = pair else { return };
        let i = 2 * half;
        let (a, b, c, d) = (first[i], second[i], third[i], fourth[i]);
        let (e, f, g, h) = (first[i + 1], second[i + 1], third[i + 1], fourth[i + 1]);
        for j in i..N {
            let (w, x, y, z) = (first[j], second[j], third[j], fourth[j]);
            upper[j] += (a * w + b * x) + (c * y + d * z);
            lower[j] += (e * w + f * x) + (g * y + h * z);
        }
    }
}

impl SumOfSquares for Recursion<'_> {
    fn value(&mut self, x: &[f64]) -> f64 {
        if !admissible(Self::smoothing(x), self.form, self.period) {
            return f64::INFINITY;
        }
        let (mut sum, mut logs, mut defined) = (0.0, LogSum::NONE, true);
        if self.form.relative {
            self.run(x, |y, forecast| {
                let u = y / forecast - 1.0;
                sum += u * u;
                logs.add(forecast);
                defined = forecast > 0.0;
                defined
            });
            sum *= libm::exp(2.0 / self.values.len() as f64 * logs.total());
        } else {
            self.run(x, |y, forecast| {
                sum += (y - forecast) * (y - forecast);
                true
            });
        }
        if defined && sum.is_finite() { sum } else { f64::INFINITY }
    }

    fn normal(&mut self, x: &[f64], matrix: &mut [f64], gradient: &mut [f64]) -> f64 {
        let n = self.variables();
        let columns = Columns::of(self);
        let Some((logs, width)) = self.pass(x, columns) else { return f64::INFINITY };
        let products = &self.buffers.products;
        let last = columns.residual;
        let product = |i: usize, j: usize| products[i.min(j) * width + i.max(j)];
        let sum = product(last, last);
        let count = self.values.len() as f64;
        // With u the relative errors and h the derivatives of log G: J = G (U + u hᵀ).
        let scale = if self.form.relative { libm::exp(2.0 / count * logs) } else { 1.0 };
        let mean = |column: usize| if self.form.relative { self.buffers.logs[column] / count } else { 0.0 };
        for i in 0..n {
            let row = columns.place(i);
            let (slope, log) = row.map_or((0.0, 0.0), |row| (product(row, last), mean(row)));
            gradient[i] = scale * (slope + sum * log);
            for j in 0..=i {
                let entry = match (row, columns.place(j)) {
                    (Some(row), Some(column)) => {
                        let (other, other_log) = (product(column, last), mean(column));
                        let raised = slope * other_log + other * log + sum * log * other_log;
                        scale * (product(row, column) + raised)
                    }
                    _ => 0.0,
                };
                matrix[i * n + j] = entry;
                matrix[j * n + i] = entry;
            }
        }
        let sum = sum * scale;
        if sum.is_finite() { sum } else { f64::INFINITY }
    }
}
