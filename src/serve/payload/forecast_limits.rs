//! How much one request body may have computed.

use super::forecast_query::ForecastQuery;
use crate::serve::error::ApiError;
use manyfit_models::FittedSeries;

/// Dates in one body.
const MOST_DATES: usize = 100_000;

/// Values to simulate in one body, quantiles included: about three seconds of one processor, so that a request whose client is
/// gone keeps its slot no longer than that.
const MOST_DRAWS: usize = 20_000_000;

/// The fixed cost of a forecast, in simulated values.
const FORECAST: usize = 300;

/// Simulated futures of one query: all are in memory at once.
const MOST_SAMPLES: usize = 100_000;

/// Quantiles of one query: each is a forecast of its own.
const MOST_QUANTILES: usize = 100;

/// Queries in one body.
const MOST_QUERIES: usize = 10_000;

/// What a body's remaining queries may cost.
pub(super) struct Budget {
    dates: usize,
    draws: usize,
}

impl Budget {
    /// For a body with this many queries.
    pub(super) fn new(queries: usize) -> Result<Self, ApiError> {
        if queries > MOST_QUERIES {
            return Err(ApiError::bad_request(format!("{queries} requests in one body: the limit is {MOST_QUERIES}")));
        }
        Ok(Self { dates: MOST_DATES, draws: MOST_DRAWS })
    }

    /// Subtracts the cost of a query.
    pub(super) fn spend(&mut self, series: &FittedSeries, query: &ForecastQuery) -> Result<(), ApiError> {
        let fitted_samples = series.uncertainty_samples();
        let samples = query.uncertainty_samples.or(fitted_samples).unwrap_or_default();
        if query.quantiles.len() > MOST_QUANTILES {
            let message = format!("{} quantiles are too many: the limit is {MOST_QUANTILES}", query.quantiles.len());
            return Err(ApiError::bad_request(message));
        }
        if !query.quantiles.is_empty() && samples == 0 && fitted_samples.is_some() {
            let message = "quantiles need simulated futures: set uncertainty_samples, for example to 1000";
            return Err(ApiError::bad_request(message));
        }
        let dates = query.horizon.unwrap_or_else(|| query.dates.as_ref().map_or(0, Vec::len));
        let forecast = dates.saturating_mul(samples.max(1)).saturating_add(FORECAST);
        let draws = forecast.saturating_mul(1 + query.quantiles.len());
        for (left, spent, what) in [(&mut self.dates, dates, "dates"), (&mut self.draws, draws, "simulated values")] {
            *left = left.checked_sub(spent).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "too many {what} (dates × samples) in one request: request fewer at a time"
                ))
            })?;
        }
        if samples > MOST_SAMPLES && fitted_samples.is_some() {
            return Err(ApiError::bad_request(format!(
                "too many samples: the limit is {MOST_SAMPLES}; set uncertainty_samples"
            )));
        }
        Ok(())
    }
}
