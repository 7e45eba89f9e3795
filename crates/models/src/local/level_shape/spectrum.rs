//! Singular values of a history that is folded by its season: which season pays for its shape, and how much of the level is noise.

use crate::linear_algebra::{add_scaled, dot};

/// Below this a divisor counts as zero.
pub(super) const TINY: f64 = 1e-10;

/// Eigenvalues of a symmetric matrix, by bisection of its tridiagonal form: only those that are asked for.
#[derive(Debug, Default)]
pub(super) struct Spectrum {
    matrix: Vec<f64>,
    diagonal: Vec<f64>,
    /// Squares of the elements beside the diagonal; the first is zero.
    beside: Vec<f64>,
    householder: Vec<f64>,
    product: Vec<f64>,
}

impl Spectrum {
    /// Takes the rows of a matrix, each of length `width`; its singular values are the roots of the eigenvalues here.
    ///
    /// Returns the sum of squares of all elements.
    pub(super) fn of_rows(&mut self, rows: &[f64], width: usize) -> f64 {
        let height = rows.len() / width;
        let size = width.min(height);
        self.matrix.clear();
        self.matrix.resize(size * size, 0.0);
        if width <= height {
            for row in rows.chunks_exact(width) {
                for (k, &factor) in row.iter().enumerate() {
                    add_scaled(&mut self.matrix[k * size..=k * size + k], factor, &row[..=k]);
                }
            }
        } else {
            for (k, row) in rows.chunks_exact(width).enumerate() {
                for (j, other) in rows.chunks_exact(width).take(k + 1).enumerate() {
                    self.matrix[k * size + j] = dot(row, other);
                }
            }
        }
        let total = (0..size).map(|k| self.matrix[k * size + k]).sum();
        self.tridiagonalise(size);
        total
    }

    /// Number of eigenvalues.
    pub(super) const fn len(&self) -> usize {
        self.diagonal.len()
    }

    /// Householder's reduction from the last row up, of the lower triangle.
    fn tridiagonalise(&mut self, size: usize) {
        let a = &mut self.matrix;
        for buffer in [&mut self.diagonal, &mut self.beside, &mut self.householder, &mut self.product] {
            buffer.clear();
            buffer.resize(size, 0.0);
        }
        for k in (1..size).rev() {
            let row = &a[k * size..k * size + k];
            let norm = dot(row, row);
            let last = row[k - 1];
            let rest = norm - last * last;
            self.beside[k] = norm;
            if k == 1 || rest <= 0.0 {
                self.beside[k] = last * last;
                continue;
            }
            // v = row ± |row| e, and A ← (I − 2 v vᵀ/|v|²) A (I − 2 v vᵀ/|v|²) on the rows above.
            let v = &mut self.householder[..k];
            v.copy_from_slice(row);
            v[k - 1] += norm.sqrt().copysign(last);
            let factor = 2.0 / (rest + v[k - 1] * v[k - 1]);
            let p = &mut self.product[..k];
            p.fill(0.0);
            for i in 0..k {
                let above = &a[i * size..i * size + i];
                p[i] += dot(above, &v[..i]) + a[i * size + i] * v[i];
                add_scaled(&mut p[..i], v[i], above);
            }
            let share = 0.5 * factor * factor * dot(p, v);
            for (p, v) in p.iter_mut().zip(v.iter()) {
                *p = factor * *p - share * v;
            }
            for i in 0..k {
                let above = &mut a[i * size..=i * size + i];
                add_scaled(above, -v[i], &p[..=i]);
                add_scaled(above, -p[i], &v[..=i]);
            }
        }
        for k in 0..size {
            self.diagonal[k] = a[k * size + k];
        }
    }

    /// The eigenvalue of a rank, 0 for the largest; not below zero.
    pub(super) fn largest(&self, rank: usize) -> f64 {
        let radius = |k: usize| self.beside[k].sqrt() + self.beside.get(k + 1).map_or(0.0, |next| next.sqrt());
        let mut high = (0..self.len()).map(|k| self.diagonal[k] + radius(k)).fold(0.0, f64::max);
        let mut low = 0.0;
        let precision = 0.5 * f64::EPSILON * high;
        loop {
            let middle = 0.5 * (low + high);
            if high - low <= precision || middle <= low || middle >= high {
                return middle;
            }
            if self.above(middle) > rank {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// Number of eigenvalues above a value: the positive terms of Sturm's sequence.
    fn above(&self, value: f64) -> usize {
        let mut pivot = 1.0_f64;
        (self.diagonal.iter().zip(&self.beside))
            .filter(|&(diagonal, beside)| {
                pivot = diagonal - value - beside / pivot;
                if pivot == 0.0 {
                    // The value is an eigenvalue of a leading part: a little less is not.
                    pivot = f64::MIN_POSITIVE;
                }
                pivot > 0.0
            })
            .count()
    }

    /// The median of the singular values.
    fn median_singular_value(&self) -> f64 {
        let n = self.len();
        f64::midpoint(self.largest((n - 1) / 2).sqrt(), self.largest(n / 2).sqrt())
    }

    /// What is left of the largest singular value of a matrix of the given sides once noise is taken out: a share of it, up to 1.
    ///
    /// Optimal shrinkage for the Frobenius norm; the noise is estimated by the median of the singular values. (Gavish and Donoho,
    /// Optimal shrinkage of singular values, IEEE Transactions on Information Theory 63(4), 2017, section III; The optimal hard
    /// threshold for singular values is 4/√3, the same 60(8), 2014, section III.E.)
    pub(super) fn shrinkage(&self, sides: [usize; 2]) -> f64 {
        let (least, most) = (sides[0].min(sides[1]), sides[0].max(sides[1]));
        if least < 2 {
            return 1.0;
        }
        let (first, middle) = (self.largest(0).sqrt(), self.median_singular_value());
        if middle < TINY {
            return 1.0;
        }
        let aspect = least as f64 / most as f64;
        // Rounded as the reference rounds it.
        let noise = middle * middle / marchenko_pastur_median((aspect * 1e4).round_ties_even() / 1e4);
        if first <= (1.0 + aspect.sqrt()) * noise.sqrt() {
            return 1.0;
        }
        let signal = first * first - (1.0 + aspect) * noise;
        let discriminant = signal * signal - 4.0 * aspect * noise * noise;
        if discriminant <= 0.0 {
            return 1.0;
        }
        let shrunk = f64::midpoint(signal, discriminant.sqrt()).sqrt();
        (shrunk / first).clamp(TINY, 1.0)
    }
}

/// The median of Marchenko and Pastur's distribution for an aspect ratio from above 0 to 1, by bisection of its distribution function.
fn marchenko_pastur_median(aspect: f64) -> f64 {
    let root = aspect.sqrt();
    let (least, most) = ((1.0 - root) * (1.0 - root), (1.0 + root) * (1.0 + root));
    let probability = |x: f64| {
        let r = ((most - x) / (x - least)).sqrt();
        let tail = if aspect < 1.0 {
            (1.0 - aspect) * libm::atan((least * r * r - most) / (2.0 * (1.0 - aspect) * r))
        } else {
            0.0
        };
        let middle = ((most - x) * (x - least)).sqrt() - (1.0 + aspect) * libm::atan((r * r - 1.0) / (2.0 * r));
        0.5 + (middle + tail) / (2.0 * std::f64::consts::PI * aspect)
    };
    let (mut low, mut high) = (least, most);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if probability(middle) < 0.5 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_the_second_difference_are_those_of_the_textbook() {
        // Rows whose products are 2 on the diagonal and −1 beside it: λₖ = 2 − 2 cos(kπ/(n+1)).
        let n = 7;
        let mut rows = vec![0.0; n * (n + 1)];
        for k in 0..n {
            rows[k * (n + 1) + k] = 1.0;
            rows[k * (n + 1) + k + 1] = -1.0;
        }
        let mut spectrum = Spectrum::default();
        assert!((spectrum.of_rows(&rows, n + 1) - 2.0 * n as f64).abs() < 1e-14);
        for rank in 0..n {
            let expected = 2.0 - 2.0 * libm::cos((n - rank) as f64 * std::f64::consts::PI / (n + 1) as f64);
            assert!((spectrum.largest(rank) - expected).abs() < 1e-13, "{rank}");
        }
    }

    #[test]
    fn a_matrix_and_its_transpose_have_the_same_singular_values() {
        let (height, width) = (9, 5);
        let rows: Vec<f64> = (0..height * width).map(|k| libm::sin((k * k) as f64) + 0.3).collect();
        let columns: Vec<f64> =
            (0..width).flat_map(|column| rows[column..].iter().step_by(width).copied()).collect::<Vec<_>>();
        let (mut one, mut other) = (Spectrum::default(), Spectrum::default());
        let total = one.of_rows(&rows, width);
        other.of_rows(&columns, height);
        let sum: f64 = (0..width).map(|rank| one.largest(rank)).sum();
        assert!((sum - total).abs() < 1e-12, "{sum} {total}");
        for rank in 0..width {
            assert!((one.largest(rank) - other.largest(rank)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_matrix_of_rank_one_has_one_singular_value_and_is_left_alone() {
        let rows: Vec<f64> = (0..40).map(|k| f64::from((1 + k / 4) * (1 + k % 4))).collect();
        let mut spectrum = Spectrum::default();
        let total = spectrum.of_rows(&rows, 4);
        assert!((spectrum.largest(0) - total).abs() < 1e-11 * total);
        assert!(spectrum.largest(1) < 1e-11 * total);
        assert!((spectrum.shrinkage([4, 10]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn medians_of_marchenko_and_pastur_are_those_of_numerical_integration() {
        // scipy 1.17.1: brentq of quad of the density.
        for (aspect, median) in MEDIANS {
            assert!((marchenko_pastur_median(aspect) - median).abs() < 1e-7, "{aspect}");
        }
    }

    const MEDIANS: [(f64, f64); 4] =
        [(0.05, 0.983_308_3), (0.25, 0.916_004_1), (0.8333, 0.713_241_5), (1.0, 0.652_775_9)];
}
