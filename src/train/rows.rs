//! One customer's table of features to an artifact, and predictions for its validation rows.

use super::{
    fit::{Buffers, Failure, FitContext, Made, Models, NewModel, TableRows, timed},
    selection::{SelectedFit, fit_selected},
    validation::CustomerTables,
};
use crate::{
    artifact::{Fingerprint, Metadata, RegressionMetadata, forecast_seed},
    error::{Error, Result},
    results::{EncodedRows, PREDICTIONS, Phases, prediction_rows},
    settings::RegressionTask,
};
use manyfit_models::{
    Accuracy, Fitted, Interruption, ScoredOn, Workspace,
    data::{CustomerId, Table, held_out},
};

/// Fits a customer's table of features unless a valid artifact exists, and predicts its validation rows.
pub(super) fn fit_rows(
    context: &FitContext<'_>,
    task: &RegressionTask,
    customer: &CustomerId,
    tables: CustomerTables,
    buffers: &mut Buffers,
    ms: &mut Phases,
) -> Result<Made, Failure> {
    let CustomerTables { training, validation } = tables;
    let fingerprint = timed(&mut ms.compare, || {
        Fingerprint::of_tables(&context.canonical_settings, customer, &training, validation.as_ref())
    });
    let split = if validation.is_none() { split(task, context.settings.seed, customer, &training) } else { None };
    let (training, validation) = match split {
        Some((rest, drawn)) => (rest, Some(drawn)),
        None => (training, validation),
    };
    context.make(
        customer,
        &fingerprint,
        buffers,
        ms,
        |Models { workspace, .. }, ms| fit(context, task, customer, &training, validation.as_ref(), workspace, ms),
        |model, predictions, _| {
            let (Fitted::Rows(model), Some(validation)) = (model, &validation) else { return Ok(TableRows::default()) };
            let predictions = predictions.map_or_else(|| model.predict_matrix(&validation.matrix), Ok)?;
            let rows = prediction_rows(customer.to_string(), validation, &predictions);
            Ok(TableRows { results: Some(EncodedRows::new(PREDICTIONS.key, &rows)), ..TableRows::default() })
        },
    )
}

/// Draws validation rows, the same ones on every run: the other rows and the drawn ones. `None` if none are wanted, or if
/// there are too few rows.
fn split(task: &RegressionTask, seed: u64, customer: &CustomerId, table: &Table) -> Option<(Table, Table)> {
    let drawn = held_out(table.len(), task.validation_fraction, forecast_seed(seed, customer.as_str()));
    if drawn.is_empty() {
        return None;
    }
    let rest: Vec<usize> = (0..table.len()).filter(|row| drawn.binary_search(row).is_err()).collect();
    Some((table.select(&rest)?, table.select(&drawn)?))
}

fn fit(
    context: &FitContext<'_>,
    task: &RegressionTask,
    customer: &CustomerId,
    training: &Table,
    validation: Option<&Table>,
    workspace: &mut Workspace,
    ms: &mut Phases,
) -> Result<NewModel<Vec<f32>>, Failure> {
    let notes = notes(context, task, training, validation);
    let seed = forecast_seed(context.settings.seed, customer.as_str());
    let SelectedFit { fitted, fallback, on_folds, selection } =
        timed(&mut ms.fit, || fit_selected(task, training, validation, seed, context.interrupt(), workspace)).map_err(
            |error| match error {
                manyfit_models::Error::Interrupted(Interruption::Stopped) => Failure::Stopped,
                other => Failure::Customer(Error::Data(other.to_string())),
            },
        )?;
    let (on, scored) = validation.map_or((ScoredOn::InSample, training), |rows| (ScoredOn::Validation, rows));
    let predictions = timed(&mut ms.forecast, || fitted.predict_matrix(&scored.matrix))?;
    let accuracy = match (on, on_folds) {
        (ScoredOn::InSample, Some(on_folds)) => Some(on_folds),
        _ => Accuracy::new(on, &scored.targets, &predictions, scored.weights.as_deref()),
    };
    let metadata = Metadata {
        model: fitted.name().into(),
        rows: training.len(),
        missing: training.missing,
        notes,
        fallback,
        regression: Some(RegressionMetadata::new(&fitted, accuracy, selection)),
        ..Metadata::default()
    };
    Ok(NewModel { model: fitted.into(), metadata, predictions: Some(predictions) })
}

/// Remarks on the customer's rows.
fn notes(context: &FitContext<'_>, task: &RegressionTask, training: &Table, validation: Option<&Table>) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(validation) = validation else {
        if (context.has_validation || task.validation_fraction > 0.0) && task.folds == 0 {
            notes.push("there are no validation rows: the errors are those within the training rows".to_owned());
        }
        if task.stops_early() {
            notes.push("early stopping needs validation rows: boosting went through all its rounds".to_owned());
        }
        return notes;
    };
    if validation.weights.is_none() && training.weights.is_some() {
        notes.push("the validation rows have no column of weights: each weighs 1".to_owned());
    }
    for (feature, unseen) in validation.features.iter().zip(&validation.unseen).filter(|(_, unseen)| **unseen > 0) {
        notes.push(format!(
            "validation rows whose {:?} is no category of the training rows, and counts as missing: {unseen}",
            feature.name
        ));
    }
    notes
}
