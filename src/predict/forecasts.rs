//! One customer's forecast as rows of the table.

use super::Customer;
use crate::{
    artifact::{Opened, forecast_seed},
    error::{Error, Result},
    input::CustomerRows,
    results::{Rows, forecast_columns, forecast_rows},
};
use manyfit_models::{
    Fitted, SeriesModel,
    data::{Columns, Covariates},
    future::Future,
    prophet::CovariateError,
};

/// The table's first column, which no component can be: only stock Prophet allows the name.
const CUSTOMER: &str = "customer";

/// The components of a model.
pub(super) fn component_names(opened: &Opened) -> Vec<String> {
    let Fitted::Series(model) = &opened.model else { return Vec::new() };
    let named = Columns::named(model.columns());
    let empty = model.forecast(&[], Covariates { dates: &[], columns: &named }, [0; 32]);
    let names = empty.map(|forecast| forecast.components.into_iter().map(|(name, _)| name)).into_iter().flatten();
    names.filter(|name| name != CUSTOMER).collect()
}

/// The customer's rows; `columns` are the table's.
pub(super) fn block(
    customer: Customer,
    horizon: Option<usize>,
    future: Option<&CustomerRows>,
    seed: u64,
    columns: &[String],
) -> Result<Rows> {
    let Customer { name, opened } = customer;
    let Fitted::Series(mut model) = opened.model else {
        let family = opened.model.name();
        return Err(Error::Data(format!(
            "the model is {family}, which predicts rows of features: give them with --input"
        )));
    };
    let fault = |error: CovariateError| {
        let hint =
            if future.is_none() && error.is_missing() { ": give a table of the future with --future" } else { "" };
        Error::Data(format!("{error}{hint}"))
    };
    let table = future.map(|future| future.dated(&name, &model.all_columns())).transpose()?;
    let table = table.as_ref().map(|(dates, columns)| Covariates { dates, columns });
    let wanted = Future::new(&model, model.frequency, horizon, Covariates::NONE, table).map_err(fault)?;
    if let (SeriesModel::Prophet(fitted), Some(&last)) = (&mut model.model, wanted.dates.last()) {
        fitted.know_holidays_until(last)?;
    }
    let forecast = model.forecast(&wanted.dates, wanted.covariates(), forecast_seed(seed, &name)).map_err(fault)?;
    if columns.len() > forecast_columns(false).len()
        && forecast.components.iter().any(|(component, _)| component == CUSTOMER)
    {
        return Err(Error::Data(format!(
            "the model has a component {CUSTOMER:?}, as another column of the table is called: ask without components"
        )));
    }
    Ok(forecast_rows(name, forecast, columns))
}
