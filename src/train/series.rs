//! One customer's series to an artifact and a forecast.

use super::{
    backtest, backtest_table,
    checks::Checked,
    choice::{Fit, fit_chosen},
    fit::{Buffers, Failure, FitContext, Made, Models, NewModel, TableRows, timed},
    treatment::Treated,
};
use crate::{
    artifact::{Fingerprint, Metadata, Span, forecast_seed},
    error::{Error, Result},
    results::{EncodedRows, FORECASTS, Outcome, Phases, Rows, forecast_rows},
    settings::{CustomerSettings, ForecastTask},
};
use manyfit_models::{
    Dates, Fitted, FittedSeries, ForecastRequest, SeriesModel,
    backtest::{Calibration, Evaluation},
    data::{CovariateError, Covariates, CustomerId, Series},
    frequency::{CalendarFit, Frequency},
    prophet::LEAST_SIGMA,
};

/// Fits a customer's series unless a valid artifact exists, and forecasts it.
pub(super) fn fit_series(
    context: &FitContext<'_>,
    task: &ForecastTask,
    customer: &CustomerId,
    series: &Series,
    buffers: &mut Buffers,
    ms: &mut Phases,
) -> Result<Made, Failure> {
    let settings = context.settings.for_customer(task, customer)?;
    let series = &*settings.series(series)?;
    let (frequency, inferred) = settings.task.calendar(series);
    let checked = timed(&mut ms.fit, || Checked::new(&settings.task, series, frequency, inferred, &mut buffers.checks));
    let made = fit_checked(context, (task, settings), customer, series, (frequency, inferred), &checked, buffers, ms);
    let checks = checked.checks;
    let mut made = match made {
        Ok(made) => Made { outcome: Outcome { checks, inferred, ..made.outcome }, ..made },
        Err(Failure::Customer(error)) => {
            let outcome = Outcome { checks, ..context.failed(customer, &error) };
            Made { outcome, archive: None, rows: TableRows::default() }
        }
        Err(failure) => return Err(failure),
    };
    made.rows.history = context.history(&made.outcome, series);
    Ok(made)
}

/// The same for a series that was checked.
#[expect(clippy::too_many_arguments, reason = "they are all of one customer")]
fn fit_checked(
    context: &FitContext<'_>,
    (run, settings): (&ForecastTask, CustomerSettings<'_>),
    customer: &CustomerId,
    series: &Series,
    (frequency, inferred): (Frequency, Option<CalendarFit>),
    checked: &Checked,
    buffers: &mut Buffers,
    ms: &mut Phases,
) -> Result<Made, Failure> {
    let CustomerSettings { task, shape, .. } = settings;
    if let Some(reason) = checked.failure() {
        return Err(Error::Data(reason.into()).into());
    }
    let treated = timed(&mut ms.fit, || Treated::new(&task, series, checked.calendar, &buffers.checks))?;
    let series = &*treated.series;
    let shape = shape.as_ref().unwrap_or(&context.canonical_settings);
    let shape = treated.shape(checked.shape(task.shape_for(shape, series, frequency, inferred)));
    let fingerprint = timed(&mut ms.compare, || Fingerprint::new(&shape, customer, series));
    context.make(
        customer,
        &fingerprint,
        buffers,
        ms,
        |models, ms| {
            let calendar = (frequency, inferred);
            let mut new = fit(context, &task, customer, series, calendar, checked.why_fallback(), models, ms)?;
            new.metadata.notes.extend_from_slice(&treated.notes);
            Ok(new)
        },
        |model, evaluation: Option<Evaluation>, models| {
            let mut rows = TableRows::default();
            if task.backtest.is_some() && run.backtest_table && checked.why_fallback().is_none() {
                let again =
                    || backtest::evaluate(context, &task, customer, series, frequency, context.interrupt(), models);
                // Of an artifact that was kept, the same once more.
                let evaluation = match evaluation.map_or_else(again, |evaluation| Ok(Some(evaluation))) {
                    // The artifact has its scores all the same.
                    Err(Failure::Customer(error)) => {
                        rows.notes.push(format!("its forecasts from cutoffs are not in the table: {error}"));
                        None
                    }
                    evaluation => evaluation?,
                };
                let rows_of = |evaluation| backtest_table::rows(customer, run, series, &evaluation);
                rows.backtest = evaluation.map(rows_of).map(|rows| EncodedRows::new(backtest_table::KEY, &rows));
            }
            if let (Fitted::Series(model), true) = (model, task.horizon > 0 || task.include_history) {
                let forecast = forecast(context, &task, customer, series, model, frequency)?;
                rows.results = Some(EncodedRows::new(FORECASTS.key, &forecast));
            }
            Ok(rows)
        },
    )
}

/// A customer's rows of the table of forecasts.
fn forecast(
    context: &FitContext<'_>,
    task: &ForecastTask,
    customer: &CustomerId,
    series: &Series,
    model: &FittedSeries,
    frequency: Frequency,
) -> Result<Rows> {
    let fault = |error: CovariateError| {
        let few = matches!(error, CovariateError::TooFewDates { .. });
        let hint = ": add rows without a value, or a table of the future (future=FILE)";
        Error::Data(format!("{error}{}", if few { hint } else { "" }))
    };
    // A customer without rows in the table has only the rows of its own file.
    let table = task.future().filter(|table| table.has(customer.as_str()));
    let table = table.map(|table| table.dated(customer.as_str(), &model.all_columns())).transpose()?;
    let table = table.as_ref().map(|(dates, columns)| Covariates { dates, columns });
    let request = ForecastRequest {
        history: if task.include_history { &series.dates } else { &[] },
        series: series.covariates(),
        future: table,
        seed: forecast_seed(context.settings.seed, customer.as_str()),
        interrupt: context.interrupt(),
        ..ForecastRequest::new(Dates::Steps { horizon: task.horizon, frequency })
    };
    let forecast = model.forecast(&request).map_err(fault)?;
    Ok(forecast_rows(customer.to_string(), forecast, FORECASTS.columns))
}

#[expect(clippy::too_many_arguments, reason = "they are all of one customer")]
fn fit(
    context: &FitContext<'_>,
    task: &ForecastTask,
    customer: &CustomerId,
    series: &Series,
    (frequency, inferred): (Frequency, Option<CalendarFit>),
    why_fallback: Option<&str>,
    models: &mut Models,
    ms: &mut Phases,
) -> Result<NewModel<Evaluation>, Failure> {
    // One limit for all that the customer needs.
    let interrupt = context.interrupt();
    let evaluate = || backtest::evaluate(context, task, customer, series, frequency, interrupt, models);
    // A series that gets the fallback anyway has nothing to be scored.
    let evaluation = if why_fallback.is_some() { None } else { timed(&mut ms.backtest, evaluate)? };
    let Fit { mut fitted, reasons, is_first } = timed(&mut ms.fit, || {
        fit_chosen(task, series, frequency, evaluation.as_ref(), why_fallback, interrupt, &mut models.workspace)
    })?;
    let mut notes: Vec<String> = inferred.and_then(|fit| note_on(frequency, fit)).into_iter().collect();
    // The factor is that of the model that was scored, not of one that took its place.
    let calibration = evaluation.as_ref().filter(|_| task.backtest.is_some() && is_first).and_then(|of| of.calibration);
    if let Some(Calibration { factor, cutoffs }) = calibration {
        fitted.interval_factor = factor;
        if cutoffs == 0 {
            notes.push("no cutoff could be scored: the intervals are scaled as those of other series".into());
        }
    }
    notes.extend(task.unused_columns(series, frequency));
    let (log_posterior, sigma) = describe_fit(&fitted, &mut notes);
    let (Some(&first_ms), Some(&last_ms)) = (series.dates.first(), series.dates.last()) else {
        return Err(Error::Bug("a model was fitted to no dates".into()).into());
    };
    let metadata = Metadata {
        model: fitted.name().into(),
        trained: Some(Span { first_ms, last_ms }),
        rows: series.len(),
        missing: series.missing(),
        frequency: frequency.to_string(),
        in_sample: (!matches!(fitted.model, SeriesModel::Combination(_))).then(|| fitted.scores()),
        log_posterior,
        sigma,
        backtest: evaluation.as_ref().and_then(|evaluation| evaluation.record.clone()).map(|record| {
            // Not the errors of a model that another one takes the place of.
            if is_first { record } else { record.without_model() }
        }),
        calibration,
        notes,
        fallback: (!is_first).then(|| reasons.join("; ")),
        ..Metadata::default()
    };
    Ok(NewModel { model: fitted.into(), metadata, predictions: evaluation })
}

/// A remark about a calendar that the last dates alone would not have shown.
fn note_on(frequency: Frequency, fit: CalendarFit) -> Option<String> {
    let CalendarFit { off, gaps, is_irregular, differs, .. } = fit;
    let note = if is_irregular {
        format!("no calendar explains the dates: forecasts go on with their median gap, {frequency}")
    } else {
        format!("the frequency {frequency} was inferred from all dates: {gaps} are missing, {off} are off it")
    };
    differs.then_some(note)
}

/// log p and σ of a fit; what is unusual about it is added to `notes`.
fn describe_fit(fitted: &FittedSeries, notes: &mut Vec<String>) -> (Option<f64>, Option<f64>) {
    match &fitted.model {
        SeriesModel::Prophet(prophet) => {
            if prophet.notes.constant {
                notes.push("the series is constant: nothing was fitted".into());
            }
            if prophet.notes.perfect_fit {
                notes.push(format!(
                    "the model follows the series exactly, so its noise has no finite optimum: sigma is {LEAST_SIGMA} of the \
                     series' scale"
                ));
            }
            (prophet.notes.log_posterior, Some(prophet.parameters.sigma * prophet.y_scale))
        }
        SeriesModel::Baseline(baseline) => (None, Some(baseline.sigma)),
        SeriesModel::Local(local) => (None, Some(local.scores().rmse)),
        SeriesModel::Combination(_) => (None, None),
    }
}
