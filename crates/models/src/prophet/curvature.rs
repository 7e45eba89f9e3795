//! The model around a point: the gradient and the second derivatives of half the squared error, in blocks.
//!
//! With η = Z θ the path that the trend follows, T(η) the trend, W = 1 + X_m β the sum of the multiplicative terms and
//! A = X_a β that of the additive ones, μ = T·W + A. All second derivatives are sums over the rows of products of two
//! columns, each of Z, X_m or X_a, with a weight that depends on the row: with r = y − μ
//!
//! | | Z | X_m | X_a |
//! |---|---|---|---|
//! | Z | (T′W)² − r T″W | T T′W − r T′ | T′W |
//! | X_m | | T² | T |
//! | X_a | | | 1 |
//!
//! Gauss and Newton's approximation leaves out what has an r, and is never indefinite. The blocks are those of the
//! normal equations of the additive model and are found with the same running sums; that of X_a is the same.

use super::{
    normal_equations::{NormalMatrix, RightHandSide, trend_columns},
    posterior::{Design, inverse_logit},
    spec::Growth,
};
use crate::linear_algebra::{dot, weighted_sums};
use std::ops::Range;

/// So many rows of all features are near the processor at a time.
const BLOCK: usize = 128;

/// What the rows have at one point of the parameters; every vector has shape (n).
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// η.
    pub(super) eta: Vec<f64>,
    /// W.
    pub(super) factor: Vec<f64>,
    /// A.
    pub(super) addend: Vec<f64>,
    /// T.
    pub(super) trend: Vec<f64>,
    /// T′.
    slope: Vec<f64>,
    /// T″.
    bend: Vec<f64>,
    /// r.
    pub(super) residuals: Vec<f64>,
}

/// Which second derivatives are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Without those of μ.
    GaussNewton,
    /// All, those of the noise that is best for each point too.
    Newton,
}

/// The blocks and the gradient, with buffers.
#[derive(Debug, Default)]
pub(super) struct Curvature {
    /// The second derivatives.
    pub(super) matrix: NormalMatrix,
    /// Jᵀr: minus the gradient of half the squared error.
    pub(super) gradient: RightHandSide,
    /// The blocks among the features, at their place in a matrix of shape (free, free).
    among_features: Vec<f64>,
    /// T where they were taken; empty where they were not.
    known_trend: Vec<f64>,
    /// Some rows of the columns of X_m, each times T.
    scaled: Vec<f64>,
    /// Weights of the blocks (Z, Z), (Z, X_m), (Z, X_a).
    weights: [Vec<f64>; 3],
    ones: Vec<f64>,
    /// T r.
    levers: Vec<f64>,
}

impl Rows {
    /// η, W and A of parameters: `free` are slope, level and β, or level and β with flat growth.
    pub(super) fn place(&mut self, design: &Design, free: &[f64], delta: &[f64]) {
        let (head, beta) = free.split_at(trend_columns(design.growth));
        self.follow(design, head, beta, delta);
        self.factor.iter_mut().for_each(|factor| *factor += 1.0);
    }

    /// The same for a step of parameters: what it adds to η, W and A.
    pub(super) fn follow(&mut self, design: &Design, head: &[f64], beta: &[f64], delta: &[f64]) {
        let rows = design.t.len();
        if let [slope, level] = *head {
            design.path(slope, level, delta, &mut self.eta);
        } else {
            self.eta.clear();
            self.eta.resize(rows, head[0]);
        }
        for sums in [&mut self.factor, &mut self.addend] {
            sums.clear();
            sums.resize(rows, 0.0);
        }
        for ((column, &beta), &multiplicative) in design.feature_columns().zip(beta).zip(&design.multiplicative) {
            let sums = if multiplicative { &mut self.factor } else { &mut self.addend };
            crate::linear_algebra::add_scaled(sums, beta, column);
        }
    }

    /// Adds a share of a step.
    pub(super) fn advance(&mut self, step: &Self, share: f64) {
        for (sums, step) in
            [(&mut self.eta, &step.eta), (&mut self.factor, &step.factor), (&mut self.addend, &step.addend)]
        {
            crate::linear_algebra::add_scaled(sums, share, step);
        }
    }

    /// T with its derivatives and r, from η, W and A; returns the sum of squared errors.
    pub(super) fn evaluate(&mut self, design: &Design, y: &[f64]) -> f64 {
        let rows = y.len();
        for values in [&mut self.trend, &mut self.slope, &mut self.bend] {
            values.resize(rows, 0.0);
        }
        if design.growth == Growth::Logistic {
            for i in 0..rows {
                let (cap, share) = (design.cap[i], inverse_logit(self.eta[i]));
                self.trend[i] = cap * share;
                self.slope[i] = cap * share * (1.0 - share);
                self.bend[i] = self.slope[i] * (1.0 - 2.0 * share);
            }
        } else {
            self.trend.copy_from_slice(&self.eta);
            self.slope.fill(1.0);
            self.bend.fill(0.0);
        }
        self.residuals.clear();
        let terms = self.trend.iter().zip(&self.factor).zip(&self.addend);
        self.residuals.extend(y.iter().zip(terms).map(|(y, ((trend, factor), addend))| y - trend * factor - addend));
        dot(&self.residuals, &self.residuals)
    }

    /// The rows of a trend that goes through the series, where η is `path` and no other terms count; the residuals are those
    /// of the model that is tangent there at parameters that are all 0.
    pub(super) fn follow_series(&mut self, design: &Design, y: &[f64], path: Vec<f64>) {
        self.eta = path;
        for (values, value) in [(&mut self.factor, 1.0), (&mut self.addend, 0.0)] {
            values.clear();
            values.resize(y.len(), value);
        }
        self.evaluate(design, y);
        for ((residual, slope), eta) in self.residuals.iter_mut().zip(&self.slope).zip(&self.eta) {
            *residual += slope * eta;
        }
    }

    /// The sum of squared errors after a share of a step.
    pub(super) fn squared_error_after(&self, design: &Design, y: &[f64], step: &Self, share: f64) -> f64 {
        let logistic = design.growth == Growth::Logistic;
        let mut sse = 0.0;
        for (i, y) in y.iter().enumerate() {
            let eta = self.eta[i] + share * step.eta[i];
            let trend = if logistic { design.cap[i] * inverse_logit(eta) } else { eta };
            let factor = self.factor[i] + share * step.factor[i];
            let error = y - trend * factor - (self.addend[i] + share * step.addend[i]);
            sse += error * error;
        }
        sse
    }
}

impl Curvature {
    /// Forgets what it may use again: the next rows are of another problem.
    pub(super) fn forget(&mut self) {
        self.known_trend.clear();
    }

    /// Takes the derivatives at the rows' point. `normal` are the normal equations of the additive model on the design.
    pub(super) fn take(&mut self, design: &Design, normal: &NormalMatrix, rows: &Rows, order: Order) {
        // At the same point with another order they are the same.
        if self.known_trend != rows.trend {
            self.take_among_features(design, normal, rows);
        }
        let trend = trend_columns(design.growth);
        let (free, ramps) = (normal.free, normal.ramps);
        let (t, s) = (&design.t, &design.changepoints[..ramps]);
        let matrix = &mut self.matrix;
        (matrix.free, matrix.ramps) = (free, ramps);
        matrix.precision.clone_from(&normal.precision);
        matrix.first_rows.clone_from(&normal.first_rows);
        matrix.free_free.clone_from(&self.among_features);
        matrix.free_ramp.resize(free * ramps, 0.0);
        matrix.ramp_ramp.resize(ramps * ramps, 0.0);

        let newton = if order == Order::Newton { 1.0 } else { 0.0 };
        let [path, path_factor, path_addend] = &mut self.weights;
        for weights in [&mut *path, path_factor, path_addend] {
            weights.resize(t.len(), 0.0);
        }
        for i in 0..t.len() {
            let (slope, factor, residual) = (rows.slope[i], rows.factor[i], newton * rows.residuals[i]);
            let lever = slope * factor;
            path[i] = lever * lever - residual * rows.bend[i] * factor;
            path_factor[i] = rows.trend[i] * lever - residual * slope;
            path_addend[i] = lever;
        }

        let ramps_of = |at: usize| at * ramps..(at + 1) * ramps;
        let segments = Segments { t, s, first_rows: &matrix.first_rows };
        self.ones.clear();
        self.ones.resize(t.len(), 1.0);
        // The trend's own columns: slope and level, or the level alone.
        let level = trend - 1;
        let (total, moment) = segments.products(&self.ones, path, &mut matrix.free_ramp[ramps_of(level)]);
        matrix.free_free[level * free + level] = total;
        if trend == 2 {
            let (_, square) = segments.products(t, path, &mut matrix.free_ramp[ramps_of(0)]);
            matrix.free_free[0] = square;
            set_symmetric(&mut matrix.free_free, free, 1, 0, moment);
        }
        weighted_ramp_products(t, s, &matrix.first_rows, path, &mut matrix.ramp_ramp);

        // The gradient, and the features beside the trend.
        self.gradient.ramp.resize(ramps, 0.0);
        let (total, moment) = segments.products(&rows.residuals, path_addend, &mut self.gradient.ramp);
        self.gradient.free.clear();
        self.gradient.free.extend((trend == 2).then_some(moment));
        self.gradient.free.push(total);
        self.levers.clear();
        self.levers.extend(rows.residuals.iter().zip(&rows.trend).map(|(residual, trend)| residual * trend));
        for (j, (x, &multiplicative)) in design.feature_columns().zip(&design.multiplicative).enumerate() {
            let at = trend + j;
            let (weights, levers) =
                if multiplicative { (&*path_factor, &self.levers) } else { (&*path_addend, &rows.residuals) };
            let (total, moment) = segments.products(x, weights, &mut matrix.free_ramp[ramps_of(at)]);
            set_symmetric(&mut matrix.free_free, free, at, level, total);
            if trend == 2 {
                set_symmetric(&mut matrix.free_free, free, at, 0, moment);
            }
            self.gradient.free.push(dot(x, levers));
        }
    }

    /// The blocks (X_m, X_m) and (X_m, X_a): most of the work. That of X_a is known.
    fn take_among_features(&mut self, design: &Design, normal: &NormalMatrix, rows: &Rows) {
        let (free, trend, features) = (normal.free, trend_columns(design.growth), design.multiplicative.len());
        let known = |i: usize, j: usize| !design.multiplicative[i] && !design.multiplicative[j];
        self.known_trend.clone_from(&rows.trend);
        self.among_features.clone_from(&normal.free_free);
        for (i, j) in (0..features).flat_map(|i| (0..=i).map(move |j| (i, j))).filter(|&(i, j)| !known(i, j)) {
            self.among_features[(trend + i) * free + trend + j] = 0.0;
        }
        let all = rows.trend.len();
        for begin in (0..all).step_by(BLOCK) {
            let end = all.min(begin + BLOCK);
            self.scaled.clear();
            for (x, &multiplicative) in design.feature_columns().zip(&design.multiplicative) {
                if multiplicative {
                    self.scaled.extend(x[begin..end].iter().zip(&rows.trend[begin..end]).map(|(x, trend)| x * trend));
                } else {
                    self.scaled.extend_from_slice(&x[begin..end]);
                }
            }
            let column = |j: usize| &self.scaled[j * (end - begin)..(j + 1) * (end - begin)];
            for i in 0..features {
                for j in (0..=i).filter(|&j| !known(i, j)) {
                    self.among_features[(trend + i) * free + trend + j] += dot(column(i), column(j));
                }
            }
        }
        for (i, j) in (0..features).flat_map(|i| (0..i).map(move |j| (trend + i, trend + j))) {
            self.among_features[j * free + i] = self.among_features[i * free + j];
        }
    }
}

fn set_symmetric(matrix: &mut [f64], n: usize, i: usize, j: usize, value: f64) {
    matrix[i * n + j] = value;
    matrix[j * n + i] = value;
}

/// The rows between one changepoint and the next, and so on to the last row.
#[derive(Clone, Copy, Debug)]
struct Segments<'a> {
    t: &'a [f64],
    s: &'a [f64],
    first_rows: &'a [usize],
}

impl Segments<'_> {
    /// Σ w x (t − sⱼ)₊ for each changepoint, shape (S), and Σ w x and Σ w x t over all rows.
    fn products(self, x: &[f64], weights: &[f64], out: &mut [f64]) -> (f64, f64) {
        let (mut total, mut moment) = (0.0, 0.0);
        let mut add = |rows: Range<usize>| {
            let (sum, first) = weighted_sums(&x[rows.clone()], &weights[rows.clone()], &self.t[rows]);
            total += sum;
            moment += first;
            (total, moment)
        };
        let mut end = x.len();
        for j in (0..out.len()).rev() {
            let (total, moment) = add(self.first_rows[j]..end);
            out[j] = moment - self.s[j] * total;
            end = self.first_rows[j];
        }
        add(0..end)
    }
}

/// Σ wᵣ (tᵣ − sᵢ)₊ (tᵣ − sⱼ)₊ for each pair, in one pass from the last row to the first.
fn weighted_ramp_products(t: &[f64], s: &[f64], first_rows: &[usize], weights: &[f64], out: &mut [f64]) {
    let n = s.len();
    // Sum of the weights, of weight · (t − sⱼ) and of weight · (t − sⱼ)² over the rows at or after sⱼ.
    let (mut total, mut linear, mut square) = (0.0, 0.0, 0.0);
    let (mut end, mut later) = (t.len(), 0.0);
    for j in (0..n).rev() {
        let back = later - s[j];
        square += back * (2.0 * linear + back * total);
        linear += back * total;
        for (t, weight) in t[first_rows[j]..end].iter().zip(&weights[first_rows[j]..end]) {
            let ramp = t - s[j];
            square += weight * ramp * ramp;
            linear += weight * ramp;
            total += weight;
        }
        for i in 0..=j {
            set_symmetric(out, n, i, j, square + (s[j] - s[i]) * linear);
        }
        (end, later) = (first_rows[j], s[j]);
    }
}
