//! The model that a customer gets: what its backtest chose, the one that was asked for, or a fallback.

use super::fit::Failure;
use crate::{error::Error, settings::ForecastTask};
use manyfit_models::{
    FitError, FittedCombination, FittedSeries, Interrupt, Interruption, SeriesModel, SeriesSpec, Workspace,
    backtest::{Choice, Evaluation},
    data::Series,
    frequency::Frequency,
};
use std::borrow::Cow;

/// A fitted model.
pub(super) struct Fit {
    pub(super) fitted: FittedSeries,
    /// Why the models that were tried before cannot be fitted.
    pub(super) reasons: Vec<String>,
    /// Whether it is the model that was asked for, not one that takes its place.
    pub(super) is_first: bool,
}

/// Fits what was chosen by an evaluation, else the model; where it cannot be fitted, or for a reason `why_fallback`, the first of the
/// fallbacks that can.
pub(super) fn fit_chosen(
    task: &ForecastTask,
    series: &Series,
    frequency: Frequency,
    evaluation: Option<&Evaluation>,
    why_fallback: Option<&str>,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Fit, Failure> {
    let mut reasons: Vec<String> = why_fallback.map(str::to_owned).into_iter().collect();
    if let (Some(evaluation), Some(_), None) = (evaluation, task.combine, why_fallback) {
        match chosen(task, series, frequency, evaluation, interrupt, workspace)? {
            Ok(fit) => return Ok(fit),
            Err(why) => reasons = why,
        }
    }
    let version = evaluation.filter(|_| task.combine.is_none()).map_or(0, |evaluation| evaluation.versions[0]);
    // A series that is bad for the model gets the fallbacks alone.
    let skipped = usize::from(why_fallback.is_some() && task.combine.is_none());
    let models = task.in_turn().enumerate().skip(skipped);
    let models = models.map(|(turn, model)| task.version(model, series, if turn == 0 { version } else { 0 }));
    first_that_fits(task, models, series, frequency, reasons, interrupt, workspace)
}

/// Fits the candidates that were chosen; the others share the weight of those that cannot be fitted to the whole history. Where none can,
/// the reasons.
fn chosen(
    task: &ForecastTask,
    series: &Series,
    frequency: Frequency,
    evaluation: &Evaluation,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Result<Fit, Vec<String>>, Failure> {
    let Choice { median, weights } = &evaluation.choice;
    let (mut members, mut reasons) = (Vec::new(), Vec::new());
    let candidates = task.candidates_for(series, frequency).into_iter().zip(&evaluation.versions);
    for (&weight, (spec, version)) in weights.iter().zip(candidates).filter(|(weight, _)| **weight > 0.0) {
        let spec = task.version(spec, series, *version);
        match fit_one(task, &spec, series, frequency, interrupt, workspace)? {
            Ok(fitted) => members.push((weight, fitted.model)),
            Err(error) if error.is_permanent() => note_reason(&mut reasons, &error),
            // A combination without a member that ran out of time would depend on how busy the machine is.
            Err(error) => return Err(Failure::Customer(Error::Data(error.to_string()))),
        }
    }
    let total: f64 = members.iter().map(|(weight, _)| weight).sum();
    for (weight, _) in &mut members {
        *weight /= total;
    }
    let model = match members.len() {
        0 => return Ok(Err(reasons)),
        1 => members.remove(0).1,
        _ => SeriesModel::Combination(Box::new(FittedCombination { median: *median, members })),
    };
    let fitted = FittedSeries { model, frequency, interval_factor: 1.0 };
    Ok(Ok(Fit { fitted, reasons, is_first: true }))
}

/// The first of several models that can be fitted; `reasons` are those against models before them.
fn first_that_fits<'m>(
    task: &ForecastTask,
    models: impl Iterator<Item = Cow<'m, SeriesSpec>>,
    series: &Series,
    frequency: Frequency,
    mut reasons: Vec<String>,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Fit, Failure> {
    for model in models {
        let error = match fit_one(task, &model, series, frequency, interrupt, workspace)? {
            Ok(fitted) => return Ok(Fit { fitted, is_first: reasons.is_empty(), reasons }),
            Err(error) => error,
        };
        // Another model only for what would fail again: a fit that ran out of time on a busy machine may succeed in the next run.
        let is_last_word = !error.is_permanent() || series.is_empty();
        note_reason(&mut reasons, &error);
        if is_last_word {
            break;
        }
    }
    Err(Failure::Customer(Error::Data(reasons.join("; "))))
}

/// Fits a model to the whole history, unless the run is being stopped.
fn fit_one(
    task: &ForecastTask,
    model: &SeriesSpec,
    series: &Series,
    frequency: Frequency,
    interrupt: Interrupt<'_>,
    workspace: &mut Workspace,
) -> Result<Result<FittedSeries, FitError>, Failure> {
    let spec = task.model_for(model, series, frequency)?;
    // Prophet goes on after its last value by itself where it needs to know the future; the other models are to forecast the same dates.
    let is_cut = task.rows_are_the_future() && !matches!(model, SeriesSpec::Prophet(_));
    let series = if is_cut { series.until_last_value() } else { Cow::Borrowed(series) };
    match spec.fit(&series, frequency, interrupt, workspace) {
        Err(FitError::Interrupted(Interruption::Stopped)) => Err(Failure::Stopped),
        result => Ok(result),
    }
}

/// Adds why a model cannot be fitted, unless another could not for the same reason.
fn note_reason(reasons: &mut Vec<String>, error: &FitError) {
    let reason = error.to_string();
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}
