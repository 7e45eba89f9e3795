//! Ridge regression: a linear benchmark, and the model for customers with too few rows for trees.
//!
//! Hoerl and Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", 1970. Minimizes
//! `Σ w (y − b − x·β)² + α ‖β‖²` in closed form, without a penalty on the intercept b, as scikit-learn's `Ridge` does.

use crate::{
    Error, Result,
    data::{Examples, Matrix, check_width},
    interrupt::Interrupt,
};
use serde::{Deserialize, Serialize};

/// The largest system that is solved, in unknowns: 200 MB in double precision.
const MAX_UNKNOWNS: usize = 5000;

/// Rows of a system that are summed in one pass over the features: few enough to stay in the processor's cache.
const ROWS_AT_ONCE: usize = 8;

/// Parameters of ridge regression, with the names and defaults of scikit-learn's `Ridge`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RidgeParams {
    /// The penalty α on squared coefficients, in units of the features' sums of squares. Default 1.
    pub alpha: f64,
    /// Whether there is an intercept; without one the prediction of a row of zeros is zero. Default true.
    pub fit_intercept: bool,
}

impl Default for RidgeParams {
    fn default() -> Self {
        Self { alpha: 1.0, fit_intercept: true }
    }
}

/// A fitted linear model.
///
/// - `coefficients` and `means` have one value for each feature, shape (k), all finite;
/// - a missing value counts as the feature's mean, in training and in prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// The prediction of a row of zeros, in the target's unit.
    pub intercept: f64,
    /// The change of the prediction for each unit of a feature, β.
    pub coefficients: Vec<f64>,
    /// The mean of each feature over the training rows that have it.
    pub means: Vec<f64>,
}

impl RidgeParams {
    /// Checks the ranges of all parameters.
    ///
    /// # Errors
    /// The faults of every parameter, one a line.
    pub fn check(&self) -> Result<()> {
        let alpha = self.alpha;
        let sound = alpha >= 0.0 && alpha.is_finite();
        if sound { Ok(()) } else { Err(Error::Parameter(format!("alpha={alpha}: must be 0 or more"))) }
    }

    /// Fits a model.
    ///
    /// # Errors
    /// A negative `alpha`; targets or weights that are missing or infinite; features that are linearly dependent where
    /// `alpha` is 0; `interrupt`, which is checked at each row of the system.
    pub fn fit(&self, training: Examples<'_>, interrupt: Interrupt<'_>) -> Result<Ridge> {
        self.check()?;
        training.check()?;
        let Examples { matrix, targets, weights } = training;
        let (n, k) = (matrix.rows(), matrix.columns());
        if n.min(k) > MAX_UNKNOWNS {
            let complaint = format!("ridge regression of {n} rows × {k} features is too large to solve");
            return Err(Error::Data(complaint));
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
        let total: f64 = (0..n).map(weight).sum();
        let means: Vec<f64> = (0..k).map(|feature| mean_of_present(matrix.column(feature), weight)).collect();
        let target_mean = (0..n).map(|row| weight(row) * f64::from(targets[row])).sum::<f64>() / total;

        // Centered by the weighted means and scaled by the square roots of the weights, which leaves ordinary least squares.
        let (shift, target_shift) = if self.fit_intercept { (1.0, target_mean) } else { (0.0, 0.0) };
        let design: Vec<Vec<f64>> = (0..k)
            .map(|feature| {
                let mean = means[feature];
                let value = |x: f32| if x.is_nan() { mean } else { f64::from(x) };
                let rows = matrix.column(feature).iter().enumerate();
                rows.map(|(row, &x)| weight(row).sqrt() * (value(x) - shift * mean)).collect()
            })
            .collect();
        let response: Vec<f64> =
            (0..n).map(|row| weight(row).sqrt() * (f64::from(targets[row]) - target_shift)).collect();
        let coefficients = if k <= n {
            self.primal(&design, &response, interrupt)?
        } else {
            self.dual(&design, &response, interrupt)?
        };
        let product: f64 = coefficients.iter().zip(&means).map(|(coefficient, mean)| coefficient * mean).sum();
        Ok(Ridge { intercept: target_shift - shift * product, coefficients, means })
    }

    /// Solves `(XᵀX + αI) β = Xᵀy`, a system of the number of features.
    fn primal(&self, design: &[Vec<f64>], response: &[f64], interrupt: Interrupt<'_>) -> Result<Vec<f64>> {
        let k = design.len();
        let mut system = vec![0.0; k * k];
        for i in 0..k {
            interrupt.check()?;
            for j in 0..=i {
                system[i * k + j] = dot(&design[i], &design[j]);
            }
            system[i * k + i] += self.alpha;
        }
        let mut solution: Vec<f64> = design.iter().map(|column| dot(column, response)).collect();
        solve(&mut system, &mut solution, interrupt)?;
        Ok(solution)
    }

    /// Solves `(XXᵀ + αI) a = y`, a system of the number of rows, for `β = Xᵀa`.
    fn dual(&self, design: &[Vec<f64>], response: &[f64], interrupt: Interrupt<'_>) -> Result<Vec<f64>> {
        let n = response.len();
        let mut system = vec![0.0; n * n];
        for (block, rows) in system.chunks_mut(ROWS_AT_ONCE * n).enumerate() {
            interrupt.check()?;
            for column in design {
                for (i, row) in (block * ROWS_AT_ONCE..).zip(rows.chunks_exact_mut(n)) {
                    row[..=i].iter_mut().zip(column).for_each(|(cell, x)| *cell += column[i] * x);
                }
            }
        }
        for i in 0..n {
            system[i * n + i] += self.alpha;
        }
        let mut solution = response.to_vec();
        solve(&mut system, &mut solution, interrupt)?;
        Ok(design.iter().map(|column| dot(column, &solution)).collect())
    }
}

impl Ridge {
    /// Predicts one row, shape (k); NaN is a missing value.
    ///
    /// # Errors
    /// The row does not have k features.
    pub fn predict(&self, row: &[f32]) -> Result<f32> {
        check_width(row.len(), self.coefficients.len())?;
        let terms = row.iter().zip(self.coefficients.iter().zip(&self.means));
        let sum: f64 = terms.map(|(&x, (&c, &mean))| c * if x.is_nan() { mean } else { f64::from(x) }).sum();
        Ok((self.intercept + sum) as f32)
    }

    /// The contribution of each feature to the prediction of one row, against the feature's mean, and last the prediction
    /// for the means: shape (k + 1). For a linear model these are the SHAP values.
    ///
    /// # Errors
    /// The row does not have k features.
    pub fn shap_values(&self, row: &[f32]) -> Result<Vec<f64>> {
        check_width(row.len(), self.coefficients.len())?;
        let means = self.coefficients.iter().zip(&self.means);
        let expected = self.intercept + means.clone().map(|(coefficient, mean)| coefficient * mean).sum::<f64>();
        let contribution = |(&x, (coefficient, mean)): (&f32, (&f64, &f64))| {
            if x.is_nan() { 0.0 } else { coefficient * (f64::from(x) - mean) }
        };
        Ok(row.iter().zip(means).map(contribution).chain([expected]).collect())
    }

    /// Predicts every row of `matrix`, shape (m, k). Shape (m).
    ///
    /// # Errors
    /// The rows do not have k features.
    pub fn predict_matrix(&self, matrix: &Matrix) -> Result<Vec<f32>> {
        let mut row = vec![];
        (0..matrix.rows())
            .map(|at| {
                matrix.copy_row(at, &mut row);
                self.predict(&row)
            })
            .collect()
    }
}

/// 0 if no row with a value has a weight above 0.
fn mean_of_present(column: &[f32], weight: impl Fn(usize) -> f64) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, &x) in column.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
        sum += weight(row) * f64::from(x);
        total += weight(row);
    }
    if total > 0.0 { sum / total } else { 0.0 }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Solves a symmetric positive definite system in place by Cholesky's decomposition; only the lower triangle of `system`,
/// shape (m, m), is read.
fn solve(system: &mut [f64], solution: &mut [f64], interrupt: Interrupt<'_>) -> Result<()> {
    let m = solution.len();
    for i in 0..m {
        interrupt.check()?;
        for j in 0..=i {
            let (above, row) = system.split_at_mut(i * m);
            let other = if j == i { &row[..j] } else { &above[j * m..j * m + j] };
            let rest = row[j] - dot(&row[..j], other);
            if j < i {
                row[j] = rest / above[j * m + j];
            } else if rest > row[j].abs() * 1e-14 {
                row[j] = rest.sqrt();
            } else {
                return Err(Error::Data("the features are linearly dependent: set alpha above 0".into()));
            }
        }
    }
    for i in 0..m {
        solution[i] = (solution[i] - dot(&system[i * m..i * m + i], &solution[..i])) / system[i * m + i];
    }
    for i in (0..m).rev() {
        solution[i] /= system[i * m + i];
        for j in 0..i {
            solution[j] -= system[i * m + j] * solution[i];
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use super::*;
    use crate::interrupt::Interruption;
    use std::{
        sync::atomic::AtomicBool,
        time::{Duration, Instant},
    };

    fn line() -> (Matrix, Vec<f32>) {
        let rows: Vec<f32> = (0..20_u16).flat_map(|i| [f32::from(i), f32::from(i * i % 7)]).collect();
        let targets = rows.chunks(2).map(|x| 5.0 + 2.0 * x[0] - 3.0 * x[1]).collect();
        (Matrix::from_rows(2, &rows).unwrap(), targets)
    }

    #[test]
    fn without_a_penalty_a_line_is_found_again() {
        let (matrix, targets) = line();
        let model = RidgeParams { alpha: 0.0, fit_intercept: true }
            .fit(Examples::new(&matrix, &targets, None), Interrupt::default())
            .unwrap();
        assert!((model.intercept - 5.0).abs() < 1e-9, "{model:?}");
        assert!((model.coefficients[0] - 2.0).abs() < 1e-9 && (model.coefficients[1] + 3.0).abs() < 1e-9, "{model:?}");
    }

    #[test]
    fn both_forms_of_the_system_have_the_same_solution() {
        let (matrix, targets) = line();
        let params = RidgeParams { alpha: 2.0, fit_intercept: false };
        let design: Vec<Vec<f64>> = (0..2).map(|k| matrix.column(k).iter().map(|&x| f64::from(x)).collect()).collect();
        let response: Vec<f64> = targets.iter().map(|&y| f64::from(y)).collect();
        let ever = Interrupt::default();
        let (primal, dual) =
            (params.primal(&design, &response, ever).unwrap(), params.dual(&design, &response, ever).unwrap());
        for (a, b) in primal.iter().zip(&dual) {
            assert!((a - b).abs() < 1e-9, "{primal:?} {dual:?}");
        }
    }

    #[test]
    fn a_system_ends_with_the_patience_while_it_is_set_up_and_while_it_is_solved() {
        let stop = AtomicBool::new(true);
        let over = Interrupt { stop: Some(&stop), ..Interrupt::default() };
        let (params, design) = (RidgeParams::default(), [vec![1.0, 2.0]]);
        let stopped = |ended: Result<Vec<f64>>| {
            assert!(matches!(ended, Err(Error::Interrupted(Interruption::Stopped))), "{ended:?}");
        };
        stopped(params.primal(&design, &[1.0, 2.0], over));
        stopped(params.dual(&design, &[1.0, 2.0], over));
        stopped(solve(&mut [1.0], &mut [1.0], over).map(|()| vec![]));
        // And in time, where one look at the clock before the fit would not do.
        let (n, column) = (700, |k: usize| (0..700).map(move |row| (row * (k + 3) % 101) as f32));
        let matrix = Matrix::from_columns(n, (0..n).flat_map(column).collect()).unwrap();
        let targets: Vec<f32> = column(9).collect();
        let deadline = Some(Instant::now() + Duration::from_millis(30));
        let fitted = params.fit(Examples::new(&matrix, &targets, None), Interrupt { deadline, ..Interrupt::default() });
        assert!(matches!(fitted, Err(Error::Interrupted(Interruption::OutOfTime))), "{fitted:?}");
    }

    #[test]
    fn a_weight_of_two_is_a_row_twice() {
        let once = Matrix::from_rows(1, &[1.0, 2.0, 4.0]).unwrap();
        let twice = Matrix::from_rows(1, &[1.0, 2.0, 4.0, 4.0]).unwrap();
        let params = RidgeParams::default();
        let weighted =
            params.fit(Examples::new(&once, &[1.0, 3.0, 2.0], Some(&[1.0, 1.0, 2.0])), Interrupt::default()).unwrap();
        let repeated = params.fit(Examples::new(&twice, &[1.0, 3.0, 2.0, 2.0], None), Interrupt::default()).unwrap();
        assert!((weighted.intercept - repeated.intercept).abs() < 1e-12);
        assert!((weighted.coefficients[0] - repeated.coefficients[0]).abs() < 1e-12);
    }

    #[test]
    fn missing_values_count_as_the_mean_and_constant_columns_do_no_harm() {
        let matrix = Matrix::from_rows(3, &[1.0, 7.0, f32::NAN, 2.0, 7.0, f32::NAN, f32::NAN, 7.0, f32::NAN]).unwrap();
        let model =
            RidgeParams::default().fit(Examples::new(&matrix, &[1.0, 2.0, 6.0], None), Interrupt::default()).unwrap();
        assert_eq!(model.coefficients[1..], [0.0, 0.0]);
        assert_eq!(model.predict(&[f32::NAN; 3]).unwrap(), model.predict(&[1.5, 7.0, 0.0]).unwrap());
    }

    #[test]
    fn dependent_features_need_a_penalty() {
        let matrix = Matrix::from_rows(2, &[1.0, 2.0, 2.0, 4.0, 3.0, 6.0]).unwrap();
        let error = RidgeParams { alpha: 0.0, fit_intercept: true }
            .fit(Examples::new(&matrix, &[1.0, 2.0, 3.0], None), Interrupt::default())
            .unwrap_err();
        assert!(error.to_string().contains("alpha"), "{error}");
    }
}
