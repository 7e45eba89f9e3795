//! From one customer's data to a fitted model to a forecast or a prediction.
//!
//! A family of models is a variant of [`SeriesSpec`] (what to fit to a series) or [`RowsSpec`] (what to fit to a table of
//! features), and of [`SeriesModel`] or [`RowsModel`] (what was fitted).

mod accuracy;
pub mod baseline;
pub mod data;
mod error;
mod fit_error;
mod fitted;
mod footprint;
mod forecast;
mod forecast_request;
pub mod frequency;
pub mod holidays;
mod interrupt;
pub mod prophet;
pub mod quantiles;
pub mod ridge;
mod rows_model;
mod series_model;
pub mod trees;

pub use accuracy::{Accuracy, ScoredOn};
pub use error::{Error, Result};
pub use fit_error::FitError;
pub use fitted::{Fitted, Sidecar};
pub use forecast::{Forecast, Scores};
pub use forecast_request::{Dates, ForecastRequest};
pub use interrupt::{Interrupt, Interruption};
pub use rows_model::{FittedRows, ModelFormat, RowsModel, RowsSpec};
pub use series_model::{FittedSeries, SeriesModel, SeriesSpec};

/// Buffers of one worker thread, for all models.
#[derive(Debug, Default)]
pub struct Workspace {
    prophet: prophet::Workspace,
    trees: trees::Scratch,
}
