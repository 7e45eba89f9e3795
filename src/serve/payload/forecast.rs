//! Forecasts for a query, at dates in any order.

use super::{
    forecast_limits::MOST_DATES,
    forecast_query::{ForecastQuery, QueryDate},
};
use crate::{
    input::format_timestamp,
    serve::{error::ApiError, models::LoadedModel},
};
use manyfit_models::{
    FittedSeries, Forecast, SeriesModel,
    data::{Columns, Covariates},
    frequency::Frequency,
    prophet::CovariateError,
};
use std::borrow::Cow;

/// A query that fits its model, ready to be computed.
pub(super) struct Forecaster<'a> {
    model: &'a FittedSeries,
    query: &'a ForecastQuery,
    seed: [u8; 32],
    /// The dates of the query, in its order.
    dates: Vec<i64>,
    /// The dates to compute, increasing.
    computed: Vec<i64>,
    /// The extra columns at these.
    columns: Columns,
    /// For each date of the query its position in `computed`; `None` if they are the same.
    positions: Option<Vec<usize>>,
}

impl<'a> Forecaster<'a> {
    pub(super) fn new(
        loaded: &LoadedModel,
        series: &'a FittedSeries,
        query: &'a ForecastQuery,
    ) -> Result<Self, ApiError> {
        let dates = dates(series, query)?;
        let mut order: Vec<usize> = (0..dates.len()).collect();
        order.sort_by_key(|&at| dates[at]);
        check_repeated_dates(query, &dates, &order)?;
        order.dedup_by_key(|&mut at| dates[at]);
        let columns = columns(series, query, &order, dates.len())?;
        let (computed, positions) = if let SeriesModel::Baseline(baseline) = &series.model {
            let steps: Vec<i64> = dates.iter().map(|&date| series.frequency.steps(baseline.last_date, date)).collect();
            if steps.iter().any(|&step| step < 1 || step > MOST_DATES as i64) {
                return Err(ApiError::bad_request(
                    "the model repeats its last season: it can only forecast dates after its training data",
                ));
            }
            // A baseline looks at the number of dates only.
            let most = steps.iter().max().map_or(0, |&step| step as usize);
            (vec![0; most], Some(steps.iter().map(|&step| step as usize - 1).collect()))
        } else {
            let sorted: Vec<i64> = order.iter().map(|&at| dates[at]).collect();
            let position = |date: &i64| sorted.partition_point(|other| other < date);
            let positions = (sorted != dates).then(|| dates.iter().map(position).collect());
            (sorted, positions)
        };
        Ok(Self { model: series, query, seed: loaded.seed(query.seed), dates, computed, columns, positions })
    }

    /// The dates of the query, in its order.
    pub(super) fn dates(&self) -> &[i64] {
        &self.dates
    }

    /// The forecast, with intervals of this coverage instead of the model's.
    pub(super) fn forecast(&self, interval_width: Option<f64>) -> Result<Forecast, ApiError> {
        if interval_width.is_some_and(|width| !(0.0..1.0).contains(&width)) {
            return Err(ApiError::bad_request("interval_width must be at least 0 and below 1"));
        }
        let refuse = |error: CovariateError| {
            let hint = ": give it a value for each date, as in {\"regressors\": {\"price\": [1.5, …]}}";
            ApiError::bad_request(format!("{error}{}", if error.is_missing() { hint } else { "" }))
        };
        let covariates = Covariates { dates: &self.computed, columns: &self.columns };
        let fitted = self.varied(interval_width)?;
        let forecast = fitted.forecast(&self.computed, covariates, self.seed).map_err(refuse)?;
        Ok(match &self.positions {
            None => forecast,
            Some(positions) => select(&forecast, &self.dates, positions),
        })
    }

    /// A quantile: the end of the interval that lies there, from the same draws.
    pub(super) fn quantile(&self, quantile: f64) -> Result<Vec<f64>, ApiError> {
        if !(quantile > 0.0 && quantile < 1.0) {
            return Err(ApiError::bad_request(format!("quantile {quantile}: quantiles are between 0 and 1")));
        }
        let forecast = self.forecast(Some((1.0 - 2.0 * quantile).abs()))?;
        Ok(if quantile > 0.5 { forecast.yhat_upper } else { forecast.yhat_lower })
    }

    /// The model with the query's interval, and with the holidays of the dates' years if its file names only a country.
    fn varied(&self, interval_width: Option<f64>) -> Result<Cow<'a, FittedSeries>, ApiError> {
        let samples = self.query.uncertainty_samples;
        let complete = !matches!(&self.model.model, SeriesModel::Prophet(fitted) if fitted.unknown_holidays.is_some());
        if complete && interval_width.is_none() && samples.is_none() {
            return Ok(Cow::Borrowed(self.model));
        }
        let mut model = self.model.clone();
        match &mut model.model {
            SeriesModel::Prophet(fitted) => {
                let last = self.computed.last().copied().unwrap_or_default();
                let refuse = |error: manyfit_models::Error| ApiError::bad_request(error.to_string());
                fitted.know_holidays_until(last).map_err(refuse)?;
                fitted.spec.interval_width = interval_width.unwrap_or(fitted.spec.interval_width);
                fitted.spec.uncertainty_samples = samples.unwrap_or(fitted.spec.uncertainty_samples);
            }
            SeriesModel::Baseline(fitted) => fitted.interval_width = interval_width.unwrap_or(fitted.interval_width),
        }
        Ok(Cow::Owned(model))
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

/// The dates that a query asks for.
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
        (None, Some(dates)) => dates.iter().map(QueryDate::milliseconds).collect(),
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

/// The rows at these positions, for these dates.
fn select(forecast: &Forecast, dates: &[i64], positions: &[usize]) -> Forecast {
    let pick = |values: &[f64]| positions.iter().map(|&position| values[position]).collect::<Vec<_>>();
    Forecast {
        dates: dates.to_vec(),
        yhat: pick(&forecast.yhat),
        yhat_lower: pick(&forecast.yhat_lower),
        yhat_upper: pick(&forecast.yhat_upper),
        trend: pick(&forecast.trend),
        trend_lower: pick(&forecast.trend_lower),
        trend_upper: pick(&forecast.trend_upper),
        additive_terms: pick(&forecast.additive_terms),
        multiplicative_terms: pick(&forecast.multiplicative_terms),
        components: forecast.components.iter().map(|(name, values)| (name.clone(), pick(values))).collect(),
    }
}
