//! The regression model that a customer gets: the one that was asked for, or the best of several.

use crate::{artifact::Selection, settings::RegressionTask};
use manyfit_models::{
    Accuracy, FittedRows, Interrupt, Result, RowsSpec, ScoredOn, Workspace,
    data::Table,
    rows_selection::{self, ranked},
};

/// A fitted model.
pub(super) struct SelectedFit {
    pub(super) fitted: FittedRows,
    /// Why the models that come before it cannot be fitted.
    pub(super) fallback: Option<String>,
    /// Its errors on folds that were left out, if there were any.
    pub(super) on_folds: Option<Accuracy>,
    pub(super) selection: Option<Selection>,
}

/// Chooses among the candidates by folds of the training rows, or by the validation rows where there are no folds, and fits the best to
/// all training rows; where it cannot be fitted, the next, and at last the fallback.
///
/// # Errors
/// No model can be fitted, or `interrupt` ended a fit.
pub(super) fn fit_selected(
    task: &RegressionTask,
    training: &Table,
    validation: Option<&Table>,
    seed: [u8; 32],
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<SelectedFit> {
    let candidates = &task.candidates;
    let judged = if task.folds > 0 {
        let trials = rows_selection::cross_validate(candidates, training, task.folds, seed, interrupt, workspace)?;
        Some((ScoredOn::Folds, trials))
    } else if let (Some(validation), true) = (validation, candidates.len() > 1) {
        let trials = rows_selection::validate(candidates, training, validation, interrupt, workspace)?;
        Some((ScoredOn::Validation, trials))
    } else {
        None
    };
    let by = task.chosen_by.unwrap_or_default();
    let error = |place: usize| judged.as_ref().and_then(|(_, trials)| trials[place].error(by));
    let order = ranked(&(0..candidates.len()).map(error).collect::<Vec<_>>());
    let (place, fitted, fallback) = first_that_fits(task, &order, training, validation, interrupt, workspace)?;
    let trial = judged.as_ref().zip(place).map(|((on, trials), place)| (*on, &trials[place]));
    let on_folds = trial.filter(|(on, _)| *on == ScoredOn::Folds).and_then(|(_, trial)| trial.result.as_ref().ok());
    let on_folds = on_folds.map(|(_, accuracy)| *accuracy);
    let selection = judged
        .filter(|_| task.chosen_by.is_some())
        .map(|(on, trials)| Selection::new(by, on, candidates, &trials, place.unwrap_or(candidates.len())));
    Ok(SelectedFit { fitted, fallback, on_folds, selection })
}

/// The place of the first candidate that can be fitted, none for the fallback, the model, and why those before it cannot be fitted.
fn first_that_fits(
    task: &RegressionTask,
    order: &[usize],
    training: &Table,
    validation: Option<&Table>,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<(Option<usize>, FittedRows, Option<String>)> {
    let candidates = order.iter().map(|&place| (Some(place), &task.candidates[place]));
    let mut failed = None;
    for (place, spec) in candidates.chain(task.fallback.iter().map(|fallback| (None, fallback))) {
        let fitted: Result<FittedRows> = RowsSpec::fit(spec, training, validation, interrupt, workspace);
        match (fitted, &failed) {
            (Ok(fitted), _) => {
                return Ok((place, fitted, failed.map(|error: manyfit_models::Error| error.to_string())));
            }
            // Only for faults of the data: an invalid setting is not the customer's fault.
            (Err(error @ manyfit_models::Error::Data(_)), None) => failed = Some(error),
            (Err(manyfit_models::Error::Data(_)), Some(_)) => {}
            (Err(error), _) => return Err(error),
        }
    }
    Err(failed.expect("there is a candidate"))
}
