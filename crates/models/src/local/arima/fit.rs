//! The maximum of the likelihood of one order.
//!
//! The variables are partial autocorrelations of the four polynomials, within (−1, 1), and the mean. With σ² at its optimum, the
//! likelihood of n values is maximal where Σ (v²/F) · (Π F)^(1/n) is least: a sum of squares, whose derivatives are differences.

use super::{
    likelihood::{Arma, Filter},
    order::Order,
    polynomial::{from_partials, product},
    start::Regression,
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::least_squares::{self, Search, SumOfSquares},
};

/// Points of a pass for derivatives: one and those beside it.
const LANES: usize = 8;
const FEW: usize = 4;
/// Bounds of partial autocorrelations. Near those of a moving average, where its maximum often is, the likelihood is flat.
const AUTOREGRESSIVE: f64 = 1.0 - 1e-6;
const MOVING: f64 = 1.0 - 1e-5;
/// How far points beside a point are, where partial autocorrelations are not near their bounds, and for the mean.
const ASIDE: f64 = 1e-6;
const ASIDE_OF_MEAN: f64 = 1e-3;

/// Buffers that are reused from fit to fit.
#[derive(Debug, Default)]
pub(in crate::local) struct Workspace {
    /// The series, of a size that is easy to compute with; and its differences.
    pub(super) values: Vec<f64>,
    pub(super) differenced: Vec<f64>,
    single: Filter<1>,
    few: Filter<FEW>,
    several: Filter<LANES>,
    models: Vec<Arma>,
    derivatives: Vec<f64>,
    slopes: Vec<f64>,
    moved: Vec<f64>,
    steps: Vec<f64>,
    regression: Regression,
    /// Whether the regression is that of the differenced values, and of them with a mean.
    pub(super) prepared: Option<bool>,
    solver: least_squares::Workspace,
}

/// One order at its optimum.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    pub(super) order: Order,
    /// As the variables of the search.
    pub(super) variables: Vec<f64>,
    pub(super) sum: f64,
}

impl Estimate {
    /// The partial autocorrelations of another order: the same, as far as it has them, and zeros.
    fn resized(&self, order: &Order) -> Vec<f64> {
        let mut rest = &self.variables[..];
        let mut resized = Vec::with_capacity(order.parameters());
        for (before, after) in self.order.parts().into_iter().zip(order.parts()) {
            let (part, others) = rest.split_at(before);
            rest = others;
            resized.extend((0..after).map(|lag| part.get(lag).copied().unwrap_or(0.0)));
        }
        resized
    }
}

/// The four polynomials of the variables, multiplied.
pub(super) fn expand(order: &Order, x: &[f64], into: &mut Arma) {
    let [p, sp, q, sq] = order.parts();
    let (phi, rest) = x.split_at(p);
    let (seasonal_phi, rest) = rest.split_at(sp);
    let (theta, rest) = rest.split_at(q);
    let (seasonal_theta, rest) = rest.split_at(sq);
    product(&from_partials(phi)[..p], &from_partials(seasonal_phi)[..sp], order.period, &mut into.phi);
    product(&from_partials(theta)[..q], &from_partials(seasonal_theta)[..sq], order.period, &mut into.theta);
    into.theta.iter_mut().for_each(|theta| *theta = -*theta);
    into.mean = rest.first().copied().unwrap_or(0.0);
}

/// The coefficients φ, Φ, θ and Θ of the variables.
pub(super) fn coefficients(order: &Order, mut x: &[f64]) -> [Vec<f64>; 4] {
    let mut part = 0;
    order.parts().map(|count| {
        let (partials, rest) = x.split_at(count);
        x = rest;
        part += 1;
        let sign = if part > 2 { -1.0 } else { 1.0 };
        from_partials(partials)[..count].iter().map(|coefficient| sign * coefficient).collect()
    })
}

/// The order's likelihood of the differenced values.
struct Likelihood<'a> {
    order: Order,
    values: &'a [f64],
    single: &'a mut Filter<1>,
    few: &'a mut Filter<FEW>,
    several: &'a mut Filter<LANES>,
    models: &'a mut Vec<Arma>,
    derivatives: &'a mut Vec<f64>,
    slopes: &'a mut Vec<f64>,
    moved: &'a mut Vec<f64>,
    steps: &'a mut Vec<f64>,
    interrupt: Interrupt<'a>,
}

impl SumOfSquares for Likelihood<'_> {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.models.resize_with(1.max(self.models.len()), Arma::default);
        expand(&self.order, x, &mut self.models[0]);
        // An interruption is heard again by the solver.
        if self.single.filter(self.values, &self.models[..1], self.interrupt).is_err() {
            return f64::INFINITY;
        }
        let squares: f64 = self.single.residuals.iter().map(|[residual]| residual * residual).sum();
        let sum = squares * libm::exp(self.single.logs[0] / self.values.len() as f64);
        if sum.is_finite() { sum } else { f64::INFINITY }
    }

    fn normal(&mut self, x: &[f64], matrix: &mut [f64], gradient: &mut [f64]) -> f64 {
        let k = x.len();
        self.derivatives.clear();
        self.derivatives.resize(k * self.values.len(), 0.0);
        self.slopes.clear();
        self.slopes.resize(k, 0.0);
        let mut first = 0;
        let sum = loop {
            let count = (k - first).min(LANES - 1);
            self.set_models(x, first, count);
            let models = &self.models[..=count];
            let columns = Columns { first, count, k, steps: self.steps };
            let sum = if count < FEW {
                self.few
                    .filter(self.values, models, self.interrupt)
                    .map(|()| columns.take(self.few, self.derivatives, self.slopes))
            } else {
                self.several
                    .filter(self.values, models, self.interrupt)
                    .map(|()| columns.take(self.several, self.derivatives, self.slopes))
            };
            let Ok(sum) = sum else { return f64::INFINITY };
            first += count;
            if first >= k {
                break sum;
            }
        };
        matrix.fill(0.0);
        gradient.fill(0.0);
        let residuals: &mut dyn Iterator<Item = f64> = if k < FEW {
            &mut self.few.residuals.iter().map(|lanes| lanes[0])
        } else {
            &mut self.several.residuals.iter().map(|lanes| lanes[0])
        };
        let scale = libm::exp(if k < FEW { self.few.logs[0] } else { self.several.logs[0] } / self.values.len() as f64);
        for (row, residual) in self.derivatives.chunks_exact_mut(k.max(1)).zip(residuals) {
            for (derivative, slope) in row.iter_mut().zip(&*self.slopes) {
                *derivative += residual * slope;
            }
            for i in 0..k {
                gradient[i] += row[i] * residual;
                for j in 0..=i {
                    matrix[i * k + j] += row[i] * row[j];
                }
            }
        }
        for i in 0..k {
            gradient[i] *= scale;
            for j in 0..=i {
                matrix[i * k + j] *= scale;
                matrix[j * k + i] = matrix[i * k + j];
            }
        }
        let sum = sum * scale;
        if sum.is_finite() && gradient.iter().all(|slope| slope.is_finite()) { sum } else { f64::INFINITY }
    }
}

impl Likelihood<'_> {
    /// Sets models at a point, and beside it in some of the variables.
    fn set_models(&mut self, x: &[f64], first: usize, count: usize) {
        let k = x.len();
        self.models.resize_with((count + 1).max(self.models.len()), Arma::default);
        expand(&self.order, x, &mut self.models[0]);
        self.moved.clear();
        self.moved.extend_from_slice(x);
        self.steps.clear();
        for (variable, &at) in x.iter().enumerate().skip(first).take(count) {
            let step = if self.order.constant && variable + 1 == k {
                ASIDE_OF_MEAN
            } else {
                // Towards zero, where all models are stable.
                -ASIDE.min(0.1 * (1.0 - at.abs())).copysign(at)
            };
            self.moved[variable] += step;
            self.steps.push(self.moved[variable] - at);
            expand(&self.order, self.moved, &mut self.models[variable - first + 1]);
            self.moved[variable] = at;
        }
    }
}

/// Derivatives in some variables from a filter of points.
struct Columns<'a> {
    first: usize,
    count: usize,
    k: usize,
    steps: &'a [f64],
}

impl Columns<'_> {
    /// Sets the columns of the residuals' derivatives, and half the derivatives of the mean of log F, which are those of the logarithm
    /// of its root; returns the sum of squares.
    fn take<const N: usize>(&self, filter: &Filter<N>, derivatives: &mut [f64], slopes: &mut [f64]) -> f64 {
        let Self { first, count, k, steps } = *self;
        for (row, residuals) in derivatives.chunks_exact_mut(k.max(1)).zip(&filter.residuals) {
            let columns = row[first..first + count].iter_mut().zip(&residuals[1..]).zip(steps);
            columns.for_each(|((column, beside), step)| *column = (beside - residuals[0]) / step);
        }
        let n = filter.residuals.len() as f64;
        for ((slope, beside), step) in slopes[first..first + count].iter_mut().zip(&filter.logs[1..]).zip(steps) {
            *slope = (beside - filter.logs[0]) / step / (2.0 * n);
        }
        filter.residuals.iter().map(|residuals| residuals[0] * residuals[0]).sum()
    }
}

/// How many starts a fit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Two, for one model of many.
    Quick,
    /// All, for the one that is kept.
    Thorough,
}

/// Where the searches begin, without the mean: at the regression and at a point near zero; and then at the regression with roots near
/// the unit circle, and at points with coefficients of other signs.
fn starts(order: &Order, regressed: Option<&Vec<f64>>, neighbour: Option<Vec<f64>>, effort: Effort) -> Vec<Vec<f64>> {
    let parts = order.parts();
    let start = |values: [f64; 4]| {
        let mut start = Vec::with_capacity(order.parameters());
        for (value, count) in values.into_iter().zip(parts) {
            start.extend((0..count).map(|lag| if lag == 0 { value } else { 0.0 }));
        }
        start
    };
    let near_zero = start([0.1, 0.1, -0.1, -0.1]);
    if near_zero.is_empty() {
        return vec![near_zero];
    }
    let with_first = |first: &[f64]| {
        let mut start = regressed.filter(|_| order.p >= first.len())?.clone();
        start[..first.len()].copy_from_slice(first);
        Some(start)
    };
    let first = neighbour.unwrap_or(near_zero);
    let mut all: Vec<Vec<f64>> = [first].into_iter().chain(regressed.cloned()).collect();
    if effort == Effort::Thorough {
        all.extend(with_first(&[0.999]).into_iter().chain(with_first(&[0.995, -0.9])));
        all.extend(
            [
                [0.8, 0.5, 0.5, 0.5],
                [-0.5, -0.3, 0.5, 0.5],
                [0.5, 0.3, -0.5, -0.3],
                [0.5, 0.3, 0.9, 0.6],
                [-0.5, -0.3, -0.6, 0.6],
            ]
            .map(start),
        );
    }
    all
}

impl Workspace {
    /// The order at its optimum; none where the sum is not going to fall below `rival`.
    pub(super) fn estimate(
        &mut self,
        order: Order,
        effort: Effort,
        neighbour: Option<&Estimate>,
        tolerance: f64,
        rival: f64,
        interrupt: Interrupt<'_>,
    ) -> Result<Option<Estimate>, Interruption> {
        if self.prepared != Some(order.constant) {
            self.regression.prepare(&self.differenced, order.period, order.constant);
            self.prepared = Some(order.constant);
        }
        let regressed = self.regression.start(&order);
        let starts = starts(&order, regressed.as_ref(), neighbour.map(|other| other.resized(&order)), effort);
        let Self { differenced, single, few, several, models, derivatives, slopes, moved, steps, solver, .. } = self;
        let n = differenced.len();
        let mean = differenced.iter().sum::<f64>() / n as f64;
        let k = order.parameters();
        let bounds = [AUTOREGRESSIVE, AUTOREGRESSIVE, MOVING, MOVING].into_iter().zip(order.parts());
        let mut upper: Vec<f64> = bounds.flat_map(|(bound, count)| std::iter::repeat_n(bound, count)).collect();
        upper.resize(k, f64::INFINITY);
        let lower: Vec<f64> = upper.iter().map(|bound| -bound).collect();
        let damped = k - usize::from(order.constant);
        let negligible = n as f64 * 1e-30;
        let mut search = Search {
            lower: &lower,
            upper: &upper,
            damped,
            tolerance,
            steps: 100,
            rival,
            own: f64::INFINITY,
            patience: 1.0,
            negligible,
        };
        let values = &differenced[..];
        let mut likelihood =
            Likelihood { order, values, single, few, several, models, derivatives, slopes, moved, steps, interrupt };
        let mut best: Option<Estimate> = None;
        for mut variables in starts {
            if order.constant && variables.len() < k {
                variables.push(mean);
            }
            let sum = solver.minimise(&mut likelihood, &mut variables, search, interrupt)?;
            if sum.is_finite() && best.as_ref().is_none_or(|best| sum < best.sum) {
                best = Some(Estimate { order, variables, sum });
                search.rival = sum.min(rival);
            }
        }
        Ok(best)
    }

    /// The sum of squares of an order at its variables.
    #[cfg(test)]
    pub(super) fn sum(&mut self, estimate: &Estimate, interrupt: Interrupt<'_>) -> f64 {
        let Self { differenced, single, few, several, models, derivatives, slopes, moved, steps, .. } = self;
        let (order, values) = (estimate.order, &differenced[..]);
        let mut likelihood =
            Likelihood { order, values, single, few, several, models, derivatives, slopes, moved, steps, interrupt };
        likelihood.value(&estimate.variables)
    }

    /// Residuals of the differenced values, and the state after them.
    pub(super) fn filter(&mut self, arma: &Arma, interrupt: Interrupt<'_>) -> Result<&Filter<1>, Interruption> {
        self.single.filter(&self.differenced, std::slice::from_ref(arma), interrupt)?;
        Ok(&self.single)
    }
}

/// The sum of squares of a model whose likelihood has this logarithm.
#[cfg(test)]
pub(super) fn sum_of(log_likelihood: f64, rows: usize) -> f64 {
    let n = rows as f64;
    libm::exp(-2.0 * log_likelihood / n - 1.0 - libm::log(std::f64::consts::TAU / n))
}
