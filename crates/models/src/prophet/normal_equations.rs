//! The normal equations of the additive model: all that the solver needs to know about the rows.
//!
//! With linear growth and additive terms the prediction is linear in the parameters, μ = Z θ, with the columns
//! Z = [t, 1, X, (t − s₁)₊, …]; with flat growth Z = [1, X]. Given the noise σ, the posterior of θ depends on the rows
//! only through ZᵀZ, Zᵀy and yᵀy. ZᵀZ depends on the timestamps alone, so customers on one calendar share it.

use super::{posterior::Design, spec::Growth};
use crate::linear_algebra::{dot, sum};

/// ZᵀZ in blocks: *free* columns have a normal prior (t, 1, X), *ramps* a Laplace prior ((t − s)₊).
#[derive(Clone, Debug, Default)]
pub(super) struct NormalMatrix {
    /// Number of free columns: 2 + K, 1 + K with flat growth.
    pub(super) free: usize,
    /// Number of ramps: S, none with flat growth.
    pub(super) ramps: usize,
    /// free × free, symmetric.
    pub(super) free_free: Vec<f64>,
    /// free × ramps.
    pub(super) free_ramp: Vec<f64>,
    /// ramps × ramps, symmetric.
    pub(super) ramp_ramp: Vec<f64>,
    /// 1/σ² of each free column's normal prior, shape (free).
    pub(super) precision: Vec<f64>,
    /// The first row at or after each changepoint, shape (ramps).
    pub(super) first_rows: Vec<usize>,
}

/// Zᵀy and yᵀy.
#[derive(Clone, Debug, Default)]
pub(super) struct RightHandSide {
    /// Shape (free).
    pub(super) free: Vec<f64>,
    /// Shape (ramps).
    pub(super) ramp: Vec<f64>,
    /// yᵀy.
    pub(super) yy: f64,
}

/// Number of columns before the features: t and 1, or 1.
pub(super) const fn trend_columns(growth: Growth) -> usize {
    match growth {
        Growth::Linear | Growth::Logistic => 2,
        Growth::Flat => 1,
    }
}

impl NormalMatrix {
    /// Sums over the rows of a design, whose `t` must be sorted.
    pub(super) fn new(design: &Design) -> Self {
        Self::with_known(design, &Self::default(), |_| false)
    }

    /// The same, where the products of some features are known from another design on these rows: its features are the first
    /// of this one, and `known` says which are the same.
    pub(super) fn with_known(design: &Design, other: &Self, known: impl Fn(usize) -> bool) -> Self {
        let rows = design.t.len();
        let trend = trend_columns(design.growth);
        let free = trend + design.prior_scales.len();
        let ramps = if design.growth == Growth::Flat { 0 } else { design.changepoints.len() };
        // The trend's columns are those of all designs on these rows.
        let known = |column: usize| column < other.free && (column < trend || known(column - trend));
        let ones = vec![1.0; rows];
        let columns: Vec<&[f64]> = match design.growth {
            Growth::Linear | Growth::Logistic => vec![&design.t[..], &ones],
            Growth::Flat => vec![&ones[..]],
        }
        .into_iter()
        .chain(design.feature_columns())
        .collect();

        let mut free_free = vec![0.0; free * free];
        for i in 0..free {
            for j in 0..=i {
                let both = known(i) && known(j);
                let product = if both { other.free_free[i * other.free + j] } else { dot(columns[i], columns[j]) };
                free_free[i * free + j] = product;
                free_free[j * free + i] = product;
            }
        }

        let mut matrix = Self {
            free,
            ramps,
            free_free,
            free_ramp: vec![0.0; free * ramps],
            ramp_ramp: vec![0.0; ramps * ramps],
            // Stan's priors: k, m ~ N(0, 5), β_j ~ N(0, prior_scale_j).
            precision: vec![1.0 / 25.0; trend]
                .into_iter()
                .chain(design.prior_scales.iter().map(|s| 1.0 / (s * s)))
                .collect(),
            first_rows: design.changepoints[..ramps].iter().map(|s| design.t.partition_point(|t| t < s)).collect(),
        };
        for (column, products) in columns.iter().zip(0..) {
            let row = &mut matrix.free_ramp[products * ramps..(products + 1) * ramps];
            if known(products) {
                row.copy_from_slice(&other.free_ramp[products * ramps..(products + 1) * ramps]);
            } else {
                ramp_products(&design.t, &design.changepoints, &matrix.first_rows, column, row);
            }
        }
        if other.ramps == ramps && other.free > 0 {
            matrix.ramp_ramp.clone_from(&other.ramp_ramp);
        } else {
            matrix.ramp_ramp(design);
        }
        matrix
    }

    /// Σ (t − sᵢ)₊ (t − sⱼ)₊ for each pair, from sums over the rows at or after the later changepoint.
    fn ramp_ramp(&mut self, design: &Design) {
        let (t, s, n) = (&design.t, &design.changepoints, self.ramps);
        // Number, sum and sum of squares of t − sⱼ over those rows; moving sⱼ back only adds positive terms.
        let (mut count, mut linear, mut square) = (0.0, 0.0, 0.0);
        let (mut end, mut later) = (t.len(), 0.0);
        for j in (0..n).rev() {
            let back = later - s[j];
            square += back * (2.0 * linear + back * count);
            linear += back * count;
            for &t in &t[self.first_rows[j]..end] {
                square += (t - s[j]) * (t - s[j]);
                linear += t - s[j];
                count += 1.0;
            }
            for i in 0..=j {
                let product = square + (s[j] - s[i]) * linear;
                self.ramp_ramp[i * n + j] = product;
                self.ramp_ramp[j * n + i] = product;
            }
            (end, later) = (self.first_rows[j], s[j]);
        }
    }

    /// Zᵀv for a vector over the rows, shape (n); `yy` becomes vᵀv.
    pub(super) fn project(&self, design: &Design, v: &[f64], out: &mut RightHandSide) {
        out.free.clear();
        if design.growth != Growth::Flat {
            out.free.push(dot(&design.t, v));
        }
        out.free.push(sum(v));
        out.free.extend(design.feature_columns().map(|column| dot(column, v)));
        out.ramp.resize(self.ramps, 0.0);
        ramp_products(&design.t, &design.changepoints, &self.first_rows, v, &mut out.ramp);
        out.yy = dot(v, v);
    }
}

/// Σ (t − sⱼ)₊ vᵢ for each changepoint, in one pass from the last row to the first.
pub(super) fn ramp_products(t: &[f64], s: &[f64], first_rows: &[usize], v: &[f64], out: &mut [f64]) {
    let (mut total, mut moment) = (0.0, 0.0);
    let (mut end, mut later) = (t.len(), 0.0);
    for j in (0..out.len()).rev() {
        moment += (later - s[j]) * total;
        let rows = first_rows[j]..end;
        for (t, v) in t[rows.clone()].iter().zip(&v[rows]) {
            moment += (t - s[j]) * v;
            total += v;
        }
        out[j] = moment;
        (end, later) = (first_rows[j], s[j]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of Z written out.
    fn columns(design: &Design) -> Vec<Vec<f64>> {
        let mut z = vec![design.t.clone(), vec![1.0; design.t.len()]];
        z.extend(design.feature_columns().map(<[f64]>::to_vec));
        z.extend(design.changepoints.iter().map(|s| design.t.iter().map(|t| (t - s).max(0.0)).collect()));
        z
    }

    #[test]
    fn the_blocks_are_the_products_of_the_columns() {
        let n = 50;
        let t: Vec<f64> = (0..n).map(|i| f64::from(i) / f64::from(n - 1)).collect();
        let design = Design {
            growth: Growth::Linear,
            features: t.iter().map(|t| (7.0 * t).sin()).chain(t.iter().map(|t| (7.0 * t).cos())).collect(),
            prior_scales: vec![10.0, 2.0],
            changepoints: vec![0.0, t[3], t[20], 0.7, t[49]],
            changepoint_prior_scale: 0.05,
            multiplicative: vec![false; 2],
            cap: Vec::new(),
            t,
        };
        let y: Vec<f64> = design.t.iter().map(|t| t * t - 0.3).collect();
        let matrix = NormalMatrix::new(&design);
        let mut rhs = RightHandSide::default();
        matrix.project(&design, &y, &mut rhs);
        let z = columns(&design);
        let naive = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} {want}");
        let (f, r) = (matrix.free, matrix.ramps);
        assert_eq!((f, r), (4, 5));
        for i in 0..f {
            close(rhs.free[i], naive(&z[i], &y));
            (0..f).for_each(|j| close(matrix.free_free[i * f + j], naive(&z[i], &z[j])));
            (0..r).for_each(|j| close(matrix.free_ramp[i * r + j], naive(&z[i], &z[f + j])));
        }
        for i in 0..r {
            close(rhs.ramp[i], naive(&z[f + i], &y));
            (0..r).for_each(|j| close(matrix.ramp_ramp[i * r + j], naive(&z[f + i], &z[f + j])));
        }
    }
}
