//! How much one request body may have computed.

use super::forecast_query::{ForecastQuery, Queries};
use crate::serve::error::ApiError;
use manyfit_models::FittedSeries;

/// Dates in one body.
const MOST_DATES: usize = 100_000;

/// Values to simulate in one body, quantiles included: about three seconds of one processor, so that a request whose client is
/// gone keeps its slot no longer than that.
const MOST_DRAWS: usize = 20_000_000;

/// Values of the features of a query's dates, all of which are in memory at once: 160 MB.
const MOST_VALUES: usize = 20_000_000;

/// The fixed cost of a forecast, in simulated values.
const FORECAST: usize = 300;

/// Simulated futures of one query: all are in memory at once.
const MOST_SAMPLES: usize = 100_000;

/// Quantiles of one query: each needs a separate forecast.
const MOST_QUANTILES: usize = 100;

/// Queries in one body.
const MOST_QUERIES: usize = 10_000;

/// Refuses the queries of a body if they would have too much computed.
pub(super) fn check(series: &FittedSeries, queries: &Queries) -> Result<(), ApiError> {
    let number = queries.list.len();
    if number > MOST_QUERIES {
        return Err(ApiError::bad_request(format!("{number} requests in one body: the limit is {MOST_QUERIES}")));
    }
    let mut budget = Budget { dates: MOST_DATES, draws: MOST_DRAWS };
    let mut spend = |(number, query)| budget.spend(series, query).map_err(|error| queries.within(number, error));
    queries.list.iter().enumerate().try_for_each(&mut spend)
}

/// What the remaining queries may cost.
struct Budget {
    dates: usize,
    draws: usize,
}

impl Budget {
    /// Subtracts the cost of a query.
    fn spend(&mut self, series: &FittedSeries, query: &ForecastQuery) -> Result<(), ApiError> {
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
        if dates.saturating_mul(series.features()) > MOST_VALUES {
            return Err(ApiError::bad_request(format!(
                "{dates} dates are too many for a model with {} features: request fewer at a time",
                series.features()
            )));
        }
        if samples > MOST_SAMPLES && fitted_samples.is_some() {
            return Err(ApiError::bad_request(format!(
                "too many samples: the limit is {MOST_SAMPLES}; set uncertainty_samples"
            )));
        }
        Ok(())
    }
}
