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
    linear_algebra::{dot, sum},
    normal_equations::{NormalMatrix, RightHandSide, ramp_products, trend_columns},
    posterior::{Design, inverse_logit},
    spec::Growth,
};

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
    /// The columns of X_m, each times T.
    scaled: Vec<f64>,
    /// Weights of the blocks (Z, Z), (Z, X_m), (Z, X_a).
    weights: [Vec<f64>; 3],
    column: Vec<f64>,
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
            super::linear_algebra::add_scaled(sums, beta, column);
        }
    }

    /// Adds a share of a step.
    pub(super) fn advance(&mut self, step: &Self, share: f64) {
        for (sums, step) in
            [(&mut self.eta, &step.eta), (&mut self.factor, &step.factor), (&mut self.addend, &step.addend)]
        {
            super::linear_algebra::add_scaled(sums, share, step);
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
    /// Takes the derivatives at the rows' point. `normal` are the normal equations of the additive model on the design.
    pub(super) fn take(&mut self, design: &Design, normal: &NormalMatrix, rows: &Rows, order: Order) {
        let trend = trend_columns(design.growth);
        let (free, ramps) = (normal.free, normal.ramps);
        let (t, s) = (&design.t, &design.changepoints[..ramps]);
        let matrix = &mut self.matrix;
        (matrix.free, matrix.ramps) = (free, ramps);
        matrix.precision.clone_from(&normal.precision);
        matrix.first_rows.clone_from(&normal.first_rows);
        // What the additive features have among each other stays; all else is overwritten.
        matrix.free_free.clone_from(&normal.free_free);
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

        let column = &mut self.column;
        // The trend's own columns: slope and level, or the level alone.
        let level = trend - 1;
        matrix.free_free[level * free + level] = sum(path);
        ramp_products(t, s, &matrix.first_rows, path, &mut matrix.free_ramp[level * ramps..(level + 1) * ramps]);
        if trend == 2 {
            column.clear();
            column.extend(path.iter().zip(t).map(|(weight, t)| weight * t));
            matrix.free_free[0] = dot(column, t);
            set_symmetric(&mut matrix.free_free, free, 1, 0, sum(column));
            ramp_products(t, s, &matrix.first_rows, column, &mut matrix.free_ramp[..ramps]);
        }
        weighted_ramp_products(t, s, &matrix.first_rows, path, &mut matrix.ramp_ramp);

        // The features beside the trend.
        self.scaled.clear();
        self.gradient.free.clear();
        column.clear();
        column.extend(rows.residuals.iter().zip(&*path_addend).map(|(residual, lever)| residual * lever));
        if trend == 2 {
            self.gradient.free.push(dot(column, t));
        }
        self.gradient.free.push(sum(column));
        self.gradient.ramp.resize(ramps, 0.0);
        ramp_products(t, s, &matrix.first_rows, column, &mut self.gradient.ramp);
        for (j, (x, &multiplicative)) in design.feature_columns().zip(&design.multiplicative).enumerate() {
            let at = trend + j;
            let weights = if multiplicative { &*path_factor } else { &*path_addend };
            column.clear();
            column.extend(x.iter().zip(weights).map(|(x, weight)| x * weight));
            if trend == 2 {
                set_symmetric(&mut matrix.free_free, free, at, 0, dot(column, t));
            }
            set_symmetric(&mut matrix.free_free, free, at, level, sum(column));
            ramp_products(t, s, &matrix.first_rows, column, &mut matrix.free_ramp[at * ramps..(at + 1) * ramps]);
            let begin = self.scaled.len();
            if multiplicative {
                self.scaled.extend(x.iter().zip(&rows.trend).map(|(x, trend)| x * trend));
                self.gradient.free.push(dot(&self.scaled[begin..], &rows.residuals));
            } else {
                self.gradient.free.push(dot(x, &rows.residuals));
            }
        }
        self.among_features(design, trend);
    }

    /// The blocks (X_m, X_m) and (X_m, X_a).
    fn among_features(&mut self, design: &Design, trend: usize) {
        let free = self.matrix.free;
        let mut scaled = self.scaled.chunks_exact(design.t.len());
        let columns: Vec<(&[f64], bool)> = design
            .feature_columns()
            .zip(&design.multiplicative)
            .map(|(x, &multiplicative)| {
                let scaled = if multiplicative { scaled.next() } else { None };
                (scaled.unwrap_or(x), multiplicative)
            })
            .collect();
        for (i, (one, multiplicative)) in columns.iter().enumerate() {
            for (j, (other, also)) in columns[..=i].iter().enumerate() {
                if *multiplicative || *also {
                    set_symmetric(&mut self.matrix.free_free, free, trend + i, trend + j, dot(one, other));
                }
            }
        }
    }
}

fn set_symmetric(matrix: &mut [f64], n: usize, i: usize, j: usize, value: f64) {
    matrix[i * n + j] = value;
    matrix[j * n + i] = value;
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
