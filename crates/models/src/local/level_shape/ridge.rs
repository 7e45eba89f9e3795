//! Ridge regression of a few columns, averaged over its penalties by their leave-one-out errors.

use super::spectrum::TINY;
use crate::linear_algebra::dot;

/// Columns at most: one, the trend, the level before, and the level a longer season before.
pub(super) const COLUMNS: usize = 4;
/// Penalties, evenly spaced by their logarithms from 10⁻⁴ to 10⁴.
const PENALTIES: usize = 25;
/// A singular value below this share of the largest is rounding.
const ROUNDING: f64 = 1e-13;

/// Buffers, and the columns of the regression, each of length n, one after the other.
#[derive(Debug, Default)]
pub(super) struct Ridge {
    pub(super) columns: Vec<f64>,
    pub(super) target: Vec<f64>,
    /// Errors that each row would have had without it, divided by √(1 + its leverage); shape (n).
    pub(super) left_out: Vec<f64>,
    /// Errors of the fit, shape (n).
    pub(super) errors: Vec<f64>,
}

/// The averaged fit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Average {
    pub(super) coefficients: [f64; COLUMNS],
    /// The leverage of a row x is xᵀ A x; A is symmetric.
    pub(super) leverage: [[f64; COLUMNS]; COLUMNS],
}

impl Ridge {
    /// Fits all penalties at once by the singular value decomposition; replaces the columns by its left singular vectors.
    ///
    /// A penalty weighs exp(−(its mean squared leave-one-out error / the least one − 1)).
    pub(super) fn fit(&mut self) -> Average {
        let n = self.target.len();
        let width = self.columns.len() / n;
        let (values, right) = decompose(&mut self.columns, n);
        let largest = values.iter().copied().fold(0.0, f64::max);
        let kept = values.map(|s| s > ROUNDING * largest);
        let mut projected = [0.0; COLUMNS];
        for (k, column) in self.columns.chunks_exact_mut(n).enumerate() {
            let inverse = if kept[k] { 1.0 / values[k] } else { 0.0 };
            for u in column.iter_mut() {
                *u *= inverse;
            }
            projected[k] = dot(column, &self.target);
        }

        let penalties: [f64; PENALTIES] =
            std::array::from_fn(|k| libm::pow(10.0, -4.0 + 8.0 * k as f64 / (PENALTIES - 1) as f64));
        let filters = penalties.map(|penalty| values.map(|s| s * s / (s * s + penalty)));
        let errors = filters.map(|filter| self.left_out_error(&filter, &projected));
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let mut weights = errors.map(|error| libm::exp(-(error - least) / least.max(TINY)));
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }

        let (mut filter, mut inverse) = ([0.0; COLUMNS], [0.0; COLUMNS]);
        for ((weight, one), penalty) in weights.iter().zip(&filters).zip(&penalties) {
            for k in 0..width {
                filter[k] += weight * one[k];
                if kept[k] {
                    inverse[k] += weight * values[k] / (values[k] * values[k] + penalty);
                }
            }
        }
        self.leave_out(&filter, &projected);
        let mut average = Average::default();
        for i in 0..width {
            average.coefficients[i] = (0..width).map(|k| right[k][i] * inverse[k] * projected[k]).sum();
            for j in 0..width {
                let spread = |k: usize| right[k][i] * right[k][j] * inverse[k] / values[k].max(TINY);
                average.leverage[i][j] = (0..width).filter(|&k| kept[k]).map(spread).sum();
            }
        }
        average
    }

    /// The mean squared leave-one-out error of one penalty.
    fn left_out_error(&self, filter: &[f64; COLUMNS], projected: &[f64; COLUMNS]) -> f64 {
        let n = self.target.len();
        let errors = self.rows(filter, projected).map(|(error, leverage)| error / (1.0 - leverage).max(TINY));
        errors.map(|error| error * error).sum::<f64>() / n as f64
    }

    /// Each row's error and leverage.
    fn rows(&self, filter: &[f64; COLUMNS], projected: &[f64; COLUMNS]) -> impl Iterator<Item = (f64, f64)> {
        let n = self.target.len();
        // With three columns the fourth is any one, weighed by zero.
        let column =
            |k: usize| if k * n < self.columns.len() { &self.columns[k * n..][..n] } else { &self.columns[..n] };
        let share = |k: usize| if k * n < self.columns.len() { filter[k] } else { 0.0 };
        let shares: [f64; COLUMNS] = std::array::from_fn(share);
        let parts: [f64; COLUMNS] = std::array::from_fn(|k| shares[k] * projected[k]);
        let [a, b, c, d]: [&[f64]; COLUMNS] = std::array::from_fn(column);
        self.target.iter().zip(a).zip(b).zip(c).zip(d).map(move |((((y, a), b), c), d)| {
            let fitted = a * parts[0] + b * parts[1] + c * parts[2] + d * parts[3];
            let leverage = a * a * shares[0] + b * b * shares[1] + c * c * shares[2] + d * d * shares[3];
            (y - fitted, leverage)
        })
    }

    /// Errors of the averaged fit, and what they would be without their rows.
    fn leave_out(&mut self, filter: &[f64; COLUMNS], projected: &[f64; COLUMNS]) {
        let (mut errors, mut left_out) = (std::mem::take(&mut self.errors), std::mem::take(&mut self.left_out));
        errors.clear();
        left_out.clear();
        for (error, leverage) in self.rows(filter, projected) {
            errors.push(error);
            left_out.push(error / (1.0 - leverage).max(TINY) / (1.0 + leverage).sqrt());
        }
        (self.errors, self.left_out) = (errors, left_out);
    }
}

/// Singular values and right singular vectors by Hestenes' one-sided rotations, which keep small singular values to all their digits;
/// the columns are left as the left singular vectors times the values.
fn decompose(columns: &mut [f64], n: usize) -> ([f64; COLUMNS], [[f64; COLUMNS]; COLUMNS]) {
    let width = columns.len() / n;
    let mut right = [[0.0; COLUMNS]; COLUMNS];
    for (k, row) in right.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    // Convergence is quadratic: six sweeps are usual.
    for _ in 0..30 {
        let mut rotated = false;
        for p in 0..width {
            for q in p + 1..width {
                let (head, tail) = columns.split_at_mut(q * n);
                let (a, b) = (&mut head[p * n..][..n], &mut tail[..n]);
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if ab == 0.0 || ab.abs() <= 1e-15 * (aa * bb).sqrt() {
                    continue;
                }
                rotated = true;
                let slope = (bb - aa) / (2.0 * ab);
                let tangent = slope.signum() / (slope.abs() + (1.0 + slope * slope).sqrt());
                let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                let sine = cosine * tangent;
                rotate(a, b, cosine, sine);
                let (head, tail) = right.split_at_mut(q);
                rotate(&mut head[p], &mut tail[0], cosine, sine);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut values = [0.0; COLUMNS];
    for (value, column) in values.iter_mut().zip(columns.chunks_exact(n)) {
        *value = dot(column, column).sqrt();
    }
    (values, right)
}

fn rotate(a: &mut [f64], b: &mut [f64], cosine: f64, sine: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(width: usize) -> Ridge {
        let n = 12;
        let columns = (0..width * n).map(|k| if k < n { 1.0 } else { libm::sin((k * k) as f64) }).collect();
        let target = (0..n).map(|k| 3.0 + libm::cos(k as f64)).collect();
        Ridge { columns, target, ..Ridge::default() }
    }

    #[test]
    fn singular_vectors_are_orthogonal_and_give_the_columns_back() {
        let before = example(4).columns;
        let mut columns = before.clone();
        let (values, right) = decompose(&mut columns, 12);
        for p in 0..4 {
            assert!((dot(&columns[p * 12..][..12], &columns[p * 12..][..12]).sqrt() - values[p]).abs() < 1e-14);
            for q in 0..p {
                assert!(dot(&columns[p * 12..][..12], &columns[q * 12..][..12]).abs() < 1e-13);
            }
            for row in 0..12 {
                let sum: f64 = (0..4).map(|k| columns[k * 12 + row] * right[k][p]).sum();
                assert!((sum - before[p * 12 + row]).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn the_average_is_that_of_the_penalties_one_by_one() {
        for width in [3, 4] {
            let mut ridge = example(width);
            let (columns, target) = (ridge.columns.clone(), ridge.target.clone());
            let fit = ridge.fit();
            let (mut weights, mut coefficients) = (Vec::new(), Vec::new());
            for k in 0..PENALTIES {
                let penalty = libm::pow(10.0, -4.0 + k as f64 / 3.0);
                let errors: Vec<f64> = (0..12).map(|left| error_without(&columns, &target, penalty, left)).collect();
                weights.push(errors.iter().map(|e| e * e).sum::<f64>() / 12.0);
                coefficients.push(solve(&columns, &target, penalty, None));
            }
            let least = weights.iter().copied().fold(f64::INFINITY, f64::min);
            let weights: Vec<f64> = weights.iter().map(|error| libm::exp(1.0 - error / least)).collect();
            let total: f64 = weights.iter().sum();
            for i in 0..width {
                let expected: f64 = weights.iter().zip(&coefficients).map(|(w, c)| w / total * c[i]).sum();
                assert!((fit.coefficients[i] - expected).abs() < 1e-9, "{} {expected}", fit.coefficients[i]);
            }
        }
    }

    fn error_without(columns: &[f64], target: &[f64], penalty: f64, left: usize) -> f64 {
        let x = solve(columns, target, penalty, Some(left));
        target[left] - x.iter().enumerate().map(|(k, x)| columns[k * 12 + left] * x).sum::<f64>()
    }

    /// Ridge by the normal equations.
    fn solve(columns: &[f64], target: &[f64], penalty: f64, left: Option<usize>) -> Vec<f64> {
        use crate::linear_algebra::{back_substitute, cholesky, forward_substitute};
        let width = columns.len() / 12;
        let rows = || (0..12).filter(move |row| Some(*row) != left);
        let mut a = vec![0.0; width * width];
        let mut b: Vec<f64> = (0..width).map(|i| rows().map(|r| columns[i * 12 + r] * target[r]).sum()).collect();
        for i in 0..width {
            for j in 0..width {
                a[i * width + j] = rows().map(|r| columns[i * 12 + r] * columns[j * 12 + r]).sum();
            }
            a[i * width + i] += penalty;
        }
        assert!(cholesky(&mut a, width));
        forward_substitute(&a, width, &mut b);
        back_substitute(&a, width, &mut b);
        b
    }
}
