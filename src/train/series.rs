//! One customer's series, to an artifact and a forecast.

use super::{
    forecast_rows,
    outcome::Phases,
    result_table::Block,
    worker::{Crew, Earlier, Failure, Made, Tools, Work, timed},
};
use crate::{
    artifact::{FORMAT, Fingerprint, Metadata, Span, forecast_seed},
    error::{Error, Result},
    settings::{CustomerSettings, ForecastTask, Settings},
};
use manyfit_models::{
    FitError, Fitted, FittedSeries, SeriesModel,
    data::{Covariates, CustomerId, Series},
    frequency::Frequency,
    future::Future,
    patience::Patience,
    prophet::{CovariateError, LEAST_SIGMA},
};
use std::time::Instant;

impl Crew<'_> {
    /// Fits a customer, unless its artifact stands, and forecasts it.
    pub(super) fn fit_series(
        &self,
        task: &ForecastTask,
        customer: &CustomerId,
        series: &Series,
        tools: &mut Tools,
        ms: &mut Phases,
    ) -> Work {
        let settings = self.job.settings.for_customer(task, customer)?;
        let series = &*settings.series(series)?;
        let CustomerSettings { task, shape, .. } = settings;
        let frequency = task.frequency.unwrap_or_else(|| Frequency::infer(&series.dates));
        let shape = task.shape_for(shape.as_ref().unwrap_or(&self.shape), series);
        let fingerprint = timed(&mut ms.compare, || Fingerprint::new(&shape, customer, series));
        let name = self.artifact_name(customer, &fingerprint);
        let done = match timed(&mut ms.compare, || self.earlier(&name, customer, &fingerprint, tools))? {
            Earlier::Row(row) => return Ok(Made::Row(row)),
            Earlier::Artifact(done) => *done,
            Earlier::Nothing => {
                let (metadata, fitted) = self.fit_series_anew(&task, customer, series, frequency, tools, ms)?;
                let metadata = Metadata { fingerprint: fingerprint.as_str().into(), ..metadata };
                self.pack(name, metadata, fitted.into(), ms)
            }
        };
        let is_wanted = task.horizon > 0 || task.include_history;
        let block = match &done.model {
            Fitted::Series(model) if is_wanted => {
                Some(timed(&mut ms.forecast, || self.forecast_block(&task, customer, series, model, frequency)))
            }
            _ => None,
        };
        Ok(Made::Model(Box::new(match block.transpose() {
            Ok(block) => (done, block),
            // The artifact stands all the same, and the manifest has it.
            Err(error) => (done.without_results(&error), None),
        })))
    }

    /// A customer's rows of the table of forecasts.
    fn forecast_block(
        &self,
        task: &ForecastTask,
        customer: &CustomerId,
        series: &Series,
        model: &FittedSeries,
        frequency: Frequency,
    ) -> Result<Block> {
        let fault = |error: CovariateError| {
            let few = matches!(error, CovariateError::TooFewDates { .. });
            let hint = ": add rows without a value, or a table of the future (future=FILE)";
            Error::Data(format!("{error}{}", if few { hint } else { "" }))
        };
        // A customer without a row in it has its own rows alone.
        let table = task.future().filter(|table| table.has(customer.as_str()));
        let table = table.map(|table| table.dated(customer.as_str(), &model.all_columns())).transpose()?;
        let table = table.as_ref().map(|(dates, columns)| Covariates { dates, columns });
        let future = Future::new(model, frequency, Some(task.horizon), series.covariates(), table).map_err(fault)?;
        let mut dates = future.dates.clone();
        if task.include_history && matches!(model.model, SeriesModel::Prophet(_)) {
            let first = dates.first().copied().unwrap_or(i64::MAX);
            dates.splice(0..0, series.dates.iter().copied().filter(|date| *date < first));
        }
        let seed = forecast_seed(self.job.settings.seed, customer.as_str());
        let forecast = model.forecast(&dates, future.covariates(), seed).map_err(fault)?;
        Ok(forecast_rows::to_block(&forecast))
    }

    fn fit_series_anew(
        &self,
        task: &ForecastTask,
        customer: &CustomerId,
        series: &Series,
        frequency: Frequency,
        tools: &mut Tools,
        ms: &mut Phases,
    ) -> Result<(Metadata, FittedSeries), Failure> {
        let fallback = &task.fallback;
        let Settings { customer_time_limit, .. } = self.job.settings;
        let workspace = &mut tools.workspace;
        let model = task.model_for(series)?;
        let mut notes = Vec::new();
        let mut reason = None;
        let fitted = timed(&mut ms.fit, || {
            let deadline = customer_time_limit.map(|limit| Instant::now() + limit);
            let patience = Patience { deadline, stop: Some(self.job.stop) };
            model.fit(series, frequency, patience, workspace).or_else(|error| {
                // Only what would happen again: a fit that took too long on a busy machine may end in time on the next run.
                let again = matches!(error, FitError::TooShort { .. } | FitError::NotFinite);
                let Some(spec) = fallback.as_ref().filter(|_| again && !series.is_empty()) else { return Err(error) };
                reason = Some(error.to_string());
                spec.fit(series, frequency, Patience::default(), workspace).map_err(|_| error)
            })
        })
        .map_err(|error| match error {
            FitError::Stopped => Failure::Stopped,
            other => Failure::Customer(Error::Data(other.to_string())),
        })?;
        let (log_posterior, sigma) = describe_fit(&fitted, &mut notes);
        let (Some(&first_ms), Some(&last_ms)) = (series.dates.first(), series.dates.last()) else {
            return Err(Error::Bug("a model was fitted to no dates".into()).into());
        };
        let metadata = Metadata {
            format: FORMAT,
            manyfit: env!("CARGO_PKG_VERSION").into(),
            customer: customer.to_string(),
            model: fitted.name().into(),
            trained: Some(Span { first_ms, last_ms }),
            rows: series.len(),
            missing: series.missing(),
            frequency: frequency.to_string(),
            in_sample: Some(fitted.scores()),
            log_posterior,
            sigma,
            notes,
            fallback: reason,
            ..Metadata::default()
        };
        Ok((metadata, fitted))
    }
}

/// log p and σ of a fit, and in `notes` what is unusual about it.
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
    }
}
