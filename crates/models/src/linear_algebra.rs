//! The few dense kernels that solvers need, on slices that the caller owns.
//!
//! Sums run in a fixed number of lanes, so that the compiler can use vector registers and every machine gets the same
//! bits.

const LANES: usize = 8;

/// The inner product of two vectors of equal length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// The sum of a vector.
pub(crate) fn sum(a: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let blocks = a.chunks_exact(LANES);
    let rest: f64 = blocks.remainder().iter().sum();
    for x in blocks {
        for lane in 0..LANES {
            lanes[lane] += x[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Σ w x and Σ w x t.
pub(crate) fn weighted_sums(x: &[f64], w: &[f64], t: &[f64]) -> (f64, f64) {
    let (mut sums, mut moments) = ([0.0; LANES], [0.0; LANES]);
    let (x_blocks, w_blocks, t_blocks) = (x.chunks_exact(LANES), w.chunks_exact(LANES), t.chunks_exact(LANES));
    let (mut sum, mut moment) = (0.0, 0.0);
    for ((x, w), t) in x_blocks.remainder().iter().zip(w_blocks.remainder()).zip(t_blocks.remainder()) {
        sum += x * w;
        moment += x * w * t;
    }
    for ((x, w), t) in x_blocks.zip(w_blocks).zip(t_blocks) {
        for lane in 0..LANES {
            let product = x[lane] * w[lane];
            sums[lane] += product;
            moments[lane] += product * t[lane];
        }
    }
    (sum + sums.iter().sum::<f64>(), moment + moments.iter().sum::<f64>())
}

/// `y += factor · x`.
pub(crate) fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// Replaces the lower triangle of a symmetric matrix, shape (n, n), row-major, by its Cholesky factor L, A = L Lᵀ.
///
/// `false` when a pivot is not positive beyond rounding: the matrix is not positive definite, as far as its digits tell.
pub(crate) fn cholesky(a: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, row) = a.split_at_mut(i * n);
        let diagonal = row[i];
        for j in 0..i {
            let other = &above[j * n..=j * n + j];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = diagonal - dot(&row[..i], &row[..i]);
        // A pivot that has lost all but a few of its digits says nothing about the data.
        if pivot.is_nan() || pivot <= 1e-14 * diagonal {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

/// Solves L x = b in place; `lower` as [`cholesky`] left it.
pub(crate) fn forward_substitute(lower: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let row = &lower[i * n..=i * n + i];
        b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
    }
}

/// Solves Lᵀ x = b in place; `lower` as [`cholesky`] left it.
pub(crate) fn back_substitute(lower: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let row = &lower[i * n..=i * n + i];
        b[i] /= row[i];
        let (head, tail) = b.split_at_mut(i);
        add_scaled(head, -tail[0], &row[..i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_and_sum_take_every_element_at_every_length() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i) + 0.5).collect();
            let b: Vec<f64> = (0..n).map(|i| f64::from(i * i)).collect();
            assert_eq!(dot(&a, &b), a.iter().zip(&b).map(|(x, y)| x * y).sum::<f64>());
            assert_eq!(sum(&a), a.iter().sum::<f64>());
            assert_eq!(weighted_sums(&a, &b, &a), (dot(&a, &b), (0..a.len()).map(|i| a[i] * b[i] * a[i]).sum()));
        }
    }

    #[test]
    fn cholesky_solves_a_positive_definite_system() {
        // A = B Bᵀ with B lower triangular, so A x = b has a known answer.
        let mut a = vec![4.0, 2.0, 2.0, 2.0, 5.0, 3.0, 2.0, 3.0, 6.0];
        let x = [1.0, -2.0, 3.0];
        let mut b: Vec<f64> = (0..3).map(|i| dot(&a[i * 3..i * 3 + 3], &x)).collect();
        assert!(cholesky(&mut a, 3));
        forward_substitute(&a, 3, &mut b);
        back_substitute(&a, 3, &mut b);
        for (got, want) in b.iter().zip(x) {
            assert!((got - want).abs() < 1e-14, "{got} {want}");
        }
    }

    #[test]
    fn a_singular_matrix_has_no_factor() {
        assert!(!cholesky(&mut [1.0, 1.0, 1.0, 1.0], 2));
        assert!(!cholesky(&mut [0.0], 1));
        assert!(!cholesky(&mut [f64::NAN], 1));
    }
}
