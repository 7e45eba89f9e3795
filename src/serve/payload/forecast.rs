//! Forecasts for a query, at dates in any order.

use super::forecast_query::{ForecastQuery, QueryDate};
use crate::{
    input::format_timestamp,
    serve::{error::ApiError, models::LoadedModel},
};
use manyfit_models::{
    Dates, FittedSeries, Forecast, ForecastRequest, Interrupt,
    data::{Columns, CovariateError, Covariates},
    frequency::Frequency,
};
use std::time::Instant;

/// A query that fits its model, ready to be computed.
pub(super) struct Forecaster<'a> {
    model: &'a FittedSeries,
    query: &'a ForecastQuery,
    seed: [u8; 32],
    /// The dates of the query, in its order.
    pub(super) dates: Vec<i64>,
    /// The same, each once and increasing.
    sorted: Vec<i64>,
    /// The extra columns at these.
    columns: Columns,
    deadline: Instant,
}

impl<'a> Forecaster<'a> {
    pub(super) fn new(
        loaded: &LoadedModel,
        series: &'a FittedSeries,
        query: &'a ForecastQuery,
        deadline: Instant,
    ) -> Result<Self, ApiError> {
        let dates = dates(series, query)?;
        let mut order: Vec<usize> = (0..dates.len()).collect();
        order.sort_by_key(|&at| dates[at]);
        check_repeated_dates(query, &dates, &order)?;
        order.dedup_by_key(|&mut at| dates[at]);
        let columns = columns(series, query, &order, dates.len())?;
        let sorted = order.iter().map(|&at| dates[at]).collect();
        Ok(Self { model: series, query, seed: loaded.seed(query.seed), dates, sorted, columns, deadline })
    }

    /// The forecast, with intervals of this coverage instead of the model's.
    pub(super) fn forecast(&self, interval_width: Option<f64>) -> Result<Forecast, ApiError> {
        if interval_width.is_some_and(|width| !(0.0..1.0).contains(&width)) {
            return Err(ApiError::bad_request("interval_width must be at least 0 and below 1"));
        }
        let refuse = |error: CovariateError| {
            if let CovariateError::Interrupted(_) = error {
                return ApiError::busy(error.to_string());
            }
            let hint = ": give it a value for each date, as in {\"regressors\": {\"price\": [1.5, …]}}";
            ApiError::bad_request(format!("{error}{}", if error.is_missing() { hint } else { "" }))
        };
        let request = ForecastRequest {
            future: Some(Covariates { dates: &self.sorted, columns: &self.columns }),
            interval_width,
            uncertainty_samples: self.query.uncertainty_samples,
            seed: self.seed,
            interrupt: Interrupt { deadline: Some(self.deadline), ..Interrupt::NONE },
            ..ForecastRequest::new(Dates::At(&self.dates))
        };
        self.model.forecast(&request).map_err(refuse)
    }

    /// A quantile: the end of the interval that lies there, from the same draws.
    pub(super) fn quantile(&self, quantile: f64) -> Result<Vec<f64>, ApiError> {
        if !(quantile > 0.0 && quantile < 1.0) {
            return Err(ApiError::bad_request(format!("quantile {quantile}: quantiles are between 0 and 1")));
        }
        let forecast = self.forecast(Some((1.0 - 2.0 * quantile).abs()))?;
        Ok(if quantile > 0.5 { forecast.yhat_upper } else { forecast.yhat_lower })
    }
}

/// The components in the order of Prophet's columns.
pub(super) fn components(forecast: &Forecast) -> Vec<(&str, &[f64])> {
    let named = forecast.components.iter().map(|(name, values)| (name.as_str(), values.as_slice()));
    let sums = [
        ("additive_terms", forecast.additive_terms.as_slice()),
        ("multiplicative_terms", forecast.multiplicative_terms.as_slice()),
    ];
    let mut components: Vec<(&str, &[f64])> = named.chain(sums).collect();
    components.sort_by_key(|(name, _)| *name);
    components
}

/// The dates of a query.
fn dates(series: &FittedSeries, query: &ForecastQuery) -> Result<Vec<i64>, ApiError> {
    match (query.horizon, &query.dates) {
        (Some(_), Some(_)) => Err(ApiError::bad_request("both horizon and dates are given: give one of them")),
        (None, None) => Err(ApiError::bad_request("neither horizon nor dates is given: example: {\"horizon\": 7}")),
        (Some(0), None) => Err(ApiError::bad_request("the horizon is 0: it must be at least 1")),
        (Some(horizon), None) => {
            let frequency = match &query.frequency {
                Some(text) => text.parse::<Frequency>().map_err(ApiError::bad_request)?,
                None => series.frequency,
            };
            Ok(series.future_dates(frequency, horizon))
        }
        (None, Some(dates)) => {
            let next = series.future_dates(series.frequency, 2);
            let is_daily = next.iter().all(|date| date % 86_400_000 == 0);
            QueryDate::times(dates, next.first().copied().unwrap_or_default(), is_daily)
        }
    }
}

/// Refuses a date that is given twice with different values: a forecast has each date once.
fn check_repeated_dates(query: &ForecastQuery, dates: &[i64], order: &[usize]) -> Result<(), ApiError> {
    for pair in order.windows(2).filter(|pair| dates[pair[0]] == dates[pair[1]]) {
        let differs = |values: &[Option<f64>]| values.get(pair[0]) != values.get(pair[1]);
        if let Some((name, _)) = query.regressors.iter().find(|(_, values)| differs(values)) {
            return Err(ApiError::bad_request(format!(
                "{} is given twice with different values of {name:?}: send a request for each, as in [{{…}}, {{…}}]",
                format_timestamp(dates[pair[0]])
            )));
        }
    }
    Ok(())
}

/// The extra columns, in the order of the sorted dates.
fn columns(series: &FittedSeries, query: &ForecastQuery, order: &[usize], dates: usize) -> Result<Columns, ApiError> {
    let known = series.all_columns();
    let mut columns = Columns::NONE.clone();
    for (name, values) in &query.regressors {
        if !known.contains(&name.as_str()) {
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            return Err(ApiError::bad_request(format!("the model does not use a column {name:?}; it uses: {known}")));
        }
        if values.len() != dates {
            return Err(ApiError::bad_request(format!("{name:?} has {} values for {dates} dates", values.len())));
        }
        columns.insert(name, order.iter().map(|&at| values[at].unwrap_or(f64::NAN)).collect());
    }
    Ok(columns)
}
