//! One customer's forecast.

use crate::{
    artifact::forecast_seed,
    error::{Error, Result},
    input::CustomerRows,
    results::{Rows, forecast_columns, forecast_rows},
};
use manyfit_models::{
    Dates, Fitted, FittedSeries, ForecastRequest, Interrupt,
    data::{Columns, CovariateError, Covariates},
};
use std::sync::atomic::AtomicBool;

/// The table's first column. Only stock Prophet allows a component of this name.
const CUSTOMER: &str = "customer";

/// The components of a model of series.
pub(super) fn component_names(model: &Fitted) -> Vec<String> {
    let Fitted::Series(model) = model else { return Vec::new() };
    let named = Columns::named(model.columns());
    let future = Some(Covariates { dates: &[], columns: &named });
    let empty = model.forecast(&ForecastRequest { future, ..ForecastRequest::new(Dates::Table) });
    let names = empty.map(|forecast| forecast.components.into_iter().map(|(name, _)| name)).into_iter().flatten();
    names.filter(|name| name != CUSTOMER).collect()
}

/// A customer's forecast as rows of a table with these columns.
#[expect(clippy::too_many_arguments, reason = "they are one request for one customer")]
pub(super) fn predict(
    customer: &str,
    model: &FittedSeries,
    horizon: Option<usize>,
    future: Option<&CustomerRows>,
    seed: u64,
    interval_width: Option<f64>,
    columns: &[String],
    stop: &AtomicBool,
) -> Result<Rows> {
    let fault = |error: CovariateError| {
        let hint =
            if future.is_none() && error.is_missing() { ": give a table of the future with --future" } else { "" };
        Error::Data(format!("{error}{hint}"))
    };
    let future = future.filter(|future| future.has(customer) || horizon.is_none() || !model.all_columns().is_empty());
    let table = future.map(|future| future.dated(customer, &model.all_columns())).transpose()?;
    let table = table.as_ref().map(|(dates, columns)| Covariates { dates, columns });
    let steps = |horizon| Dates::Steps { horizon, frequency: model.frequency };
    let dates = horizon.map_or(Dates::Table, steps);
    let request = ForecastRequest {
        future: table,
        interval_width,
        seed: forecast_seed(seed, customer),
        interrupt: Interrupt { stop: Some(stop), ..Interrupt::NONE },
        ..ForecastRequest::new(dates)
    };
    let forecast = model.forecast(&request).map_err(fault)?;
    let has_components = columns.len() > forecast_columns(false).len();
    if has_components && forecast.components.iter().any(|(component, _)| component == CUSTOMER) {
        return Err(Error::Data(format!(
            "the model has a component {CUSTOMER:?}, which is also the name of another column: predict without --components"
        )));
    }
    Ok(forecast_rows(customer.to_owned(), forecast, columns))
}
