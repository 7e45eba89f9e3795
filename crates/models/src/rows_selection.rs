//! The best of several models of a table of features, by their errors on rows that they were not fitted to.

use crate::{
    Accuracy, Error, Result, RowsSpec, ScoredOn,
    data::{Table, folds},
    interrupt::Interrupt,
    workspace::Workspace,
};
use serde::{Deserialize, Serialize};

/// By how much the error of a simpler model may exceed the least one before the simpler model is given up.
const MARGIN: f64 = 0.02;

/// The error that a model is chosen by, weighted by the rows' sample weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// Root mean squared error.
    #[default]
    Rmse,
    /// Mean absolute error.
    Mae,
}

/// How a candidate fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its predictions of the rows that it was judged by, shape (n), and its errors; or why there are none.
    pub result: Result<(Vec<f32>, Accuracy), String>,
}

/// Predicts each row of a table by models that were fitted to the other folds: one trial for each candidate.
///
/// Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions", Journal of the Royal Statistical Society B 36, 1974.
/// Boosting that stops early watches the fold that is left out.
///
/// # Errors
/// `interrupt` ended a fit, or a parameter is invalid. What is wrong with the data is the candidate's failure.
pub fn cross_validate(
    candidates: &[RowsSpec],
    table: &Table,
    count: usize,
    seed: [u8; 32],
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Vec<Trial>> {
    let mut predictions: Vec<Result<Vec<f32>, String>> = vec![Ok(vec![0.0; table.len()]); candidates.len()];
    for left_out in folds(table.len(), count, seed) {
        let rest: Vec<usize> = (0..table.len()).filter(|row| left_out.binary_search(row).is_err()).collect();
        let (Some(rest), Some(judges)) = (table.select(&rest), table.select(&left_out)) else {
            let why = "there are too few rows for folds";
            return Ok(candidates.iter().map(|_| Trial { result: Err(why.into()) }).collect());
        };
        for (candidate, predictions) in candidates.iter().zip(&mut predictions) {
            let Ok(known) = predictions else { continue };
            match predict(candidate, &rest, &judges, interrupt, workspace)? {
                Ok(of_fold) => left_out.iter().zip(of_fold).for_each(|(&row, prediction)| known[row] = prediction),
                Err(why) => *predictions = Err(why),
            }
        }
    }
    Ok(predictions.into_iter().map(|predictions| Trial::new(ScoredOn::Folds, table, predictions)).collect())
}

/// Predicts validation rows by models that were fitted to the training rows: one trial for each candidate.
///
/// # Errors
/// As [`cross_validate`].
pub fn validate(
    candidates: &[RowsSpec],
    training: &Table,
    validation: &Table,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Vec<Trial>> {
    let trial = |candidate| {
        let predictions = predict(candidate, training, validation, interrupt, workspace)?;
        Ok(Trial::new(ScoredOn::Validation, validation, predictions))
    };
    candidates.iter().map(trial).collect()
}

fn predict(
    candidate: &RowsSpec,
    training: &Table,
    judges: &Table,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Result<Vec<f32>, String>> {
    let fitted = candidate.fit(training, Some(judges), interrupt, workspace);
    match fitted.and_then(|fitted| fitted.predict_matrix(&judges.matrix)) {
        Err(Error::Data(why)) => Ok(Err(why)),
        result => result.map(Ok),
    }
}

impl Trial {
    fn new(on: ScoredOn, judges: &Table, predictions: Result<Vec<f32>, String>) -> Self {
        let result = predictions.and_then(|predictions| {
            let accuracy = Accuracy::new(on, &judges.targets, &predictions, judges.weights.as_deref());
            accuracy.map(|accuracy| (predictions, accuracy)).ok_or_else(|| "no row weighs anything".into())
        });
        Self { result }
    }

    /// Its error, in the target's unit; none if it failed.
    #[must_use]
    pub fn error(&self, by: ChosenBy) -> Option<f64> {
        let (_, accuracy) = self.result.as_ref().ok()?;
        Some(match by {
            ChosenBy::Rmse => accuracy.rmse,
            ChosenBy::Mae => accuracy.mae,
        })
        .filter(|error| error.is_finite())
    }
}

/// The places of candidates, the simplest first, in the order in which to fit them: the simplest whose error exceeds the least by
/// at most 2 %, then the others by their errors, and last those that failed.
#[must_use]
pub fn ranked(errors: &[Option<f64>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..errors.len()).collect();
    let error = |place: &usize| errors[*place].unwrap_or(f64::INFINITY);
    order.sort_by(|a, b| error(a).total_cmp(&error(b)));
    let least = order.first().map_or(f64::INFINITY, error);
    if let Some(simplest) = (0..errors.len()).find(|place| error(place) <= least * (1.0 + MARGIN)) {
        order.retain(|place| *place != simplest);
        order.insert(0, simplest);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ModelFormat,
        data::{Feature, Matrix},
        ridge::RidgeParams,
        trees::BoostingParams,
    };

    fn table(rows: usize, target: impl Fn(f32, f32) -> f32) -> Table {
        let values: Vec<f32> = (0..rows as u32).flat_map(|i| [(i * 7 % 31) as f32, (i * 11 % 17) as f32]).collect();
        Table {
            features: Feature::unnamed(2),
            targets: values.chunks(2).map(|x| target(x[0], x[1])).collect(),
            matrix: Matrix::from_rows(2, &values).unwrap(),
            weights: None,
            rows: (1..=rows as u64).collect(),
            missing: 0,
            unseen: vec![0; 2],
        }
    }

    fn candidates() -> [RowsSpec; 2] {
        let params = BoostingParams { num_round: 30, ..BoostingParams::default() };
        [RowsSpec::Ridge(RidgeParams::default()), RowsSpec::GradientBoosting { params, format: ModelFormat::Ubj }]
    }

    fn errors(table: &Table) -> Vec<Option<f64>> {
        let (interrupt, workspace) = (Interrupt::default(), &mut Workspace::default());
        let trials = cross_validate(&candidates(), table, 5, [1; 32], interrupt, workspace).unwrap();
        trials.iter().map(|trial| trial.error(ChosenBy::Rmse)).collect()
    }

    #[test]
    fn a_line_is_predicted_best_by_a_line_and_a_step_by_trees() {
        assert_eq!(ranked(&errors(&table(90, |a, b| 3.0 * a - b)))[0], 0);
        assert_eq!(ranked(&errors(&table(90, |a, b| if (a > 15.0) ^ (b > 8.0) { 50.0 } else { -50.0 })))[0], 1);
    }

    #[test]
    fn each_row_is_predicted_by_a_model_that_has_not_seen_it() {
        let table = table(20, |a, b| a * b);
        let ridge = &candidates()[..1];
        let (interrupt, workspace) = (Interrupt::default(), &mut Workspace::default());
        let trials = cross_validate(ridge, &table, 20, [0; 32], interrupt, workspace).unwrap();
        let (predictions, accuracy) = trials[0].result.as_ref().unwrap();
        assert_eq!((accuracy.on, accuracy.rows), (ScoredOn::Folds, 20));
        for (row, prediction) in predictions.iter().enumerate() {
            let others: Vec<usize> = (0..20).filter(|other| *other != row).collect();
            let others = table.select(&others).unwrap();
            let of_row = validate(ridge, &others, &table.select(&[row]).unwrap(), interrupt, workspace).unwrap();
            assert_eq!(of_row[0].result.as_ref().unwrap().0, [*prediction]);
        }
    }

    #[test]
    fn one_row_has_no_folds_and_a_candidate_that_fails_comes_last() {
        assert_eq!(errors(&table(1, |a, _| a)), [None, None]);
        assert_eq!(ranked(&[None, Some(2.0), Some(1.0)]), [2, 1, 0]);
        assert_eq!(ranked(&[Some(1.015), Some(2.0), Some(1.0)]), [0, 2, 1]);
        assert_eq!(ranked(&[None, None]), [0, 1]);
        assert_eq!(ranked(&[]), [0_usize; 0]);
    }
}
