//! Which dates a model without columns forecasts, and how many steps after its history each of them is.

use crate::{
    data::CovariateError,
    forecast_request::{Dates, ForecastRequest},
    frequency::Frequency,
};

/// The farthest step of a date that is asked for by itself, and of a history's end after its last value: all steps up to it are
/// computed.
pub(crate) const FARTHEST: i64 = 20_000;

/// Dates, and the steps from the last date of the history to each of them, from 1.
///
/// The dates of [`Dates::Table`] are taken as consecutive steps.
///
/// # Errors
/// [`CovariateError::WithinHistory`] and [`CovariateError::TooFar`] of [`Dates::At`].
pub(crate) fn steps_ahead(
    request: &ForecastRequest<'_>,
    last_date: i64,
    frequency: Frequency,
) -> Result<(Vec<i64>, Vec<usize>), CovariateError> {
    let dates = match request.dates {
        Dates::At(dates) => {
            let step = |&date: &i64| match frequency.steps(last_date, date) {
                ..1 => Err(CovariateError::WithinHistory),
                step @ 1..=FARTHEST => Ok(step as usize),
                steps => Err(CovariateError::TooFar { date, steps, most: FARTHEST }),
            };
            return Ok((dates.to_vec(), dates.iter().map(step).collect::<Result<_, _>>()?));
        }
        Dates::Steps { horizon, frequency } => frequency.after(last_date, horizon),
        Dates::Table => request.future.map(|table| table.dates.to_vec()).unwrap_or_default(),
    };
    let steps = (1..=dates.len()).collect();
    Ok((dates, steps))
}
