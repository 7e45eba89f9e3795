//! Models of one time series or one table: Prophet, gradient boosting, random forests, ridge regression and baselines.
//!
//! - Prophet is fitted to its exact optimum, without Stan, and reads and writes Python Prophet's `model.json`;
//! - gradient boosting grows the trees of XGBoost's exact method, and its files are XGBoost's;
//! - random forests follow scikit-learn's rules.
//!
//! No input or output, no threads, no async: a model is fitted and used by one thread. The same data, settings and seed give the
//! same model and the same forecast.
//!
//! ```text
//! Series ─► SeriesSpec::fit ─► FittedSeries ─► forecast(ForecastRequest) ─► Forecast
//! Table ──► RowsSpec::fit ───► FittedRows ───► predict, SHAP values
//!                              Fitted = Series | Rows ◄─► model file
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`data`] | series and their extra columns, what is doubtful about them, tables of features |
//! | [`frequency`] | the spacing of dates: inferred, parsed, continued |
//! | [`holidays`] | public holidays of countries, trading holidays of markets |
//! | [`prophet`] | Prophet |
//! | [`trees`] | gradient boosting and random forests |
//! | [`ridge`] | ridge regression |
//! | [`local`] | models of one equally spaced series, such as theta and exponential smoothing |
//! | [`baseline`] | seasonal naive and mean |
//! | [`backtest`] | how well models would have forecast the past, and the better of them |
//! | [`quantiles`] | quantiles of samples |
//!
//! # Forecast a series
//!
//! ```
//! use manyfit_models::{
//!     Dates, ForecastRequest, Interrupt, SeriesSpec, Workspace, data::Series, frequency::Frequency, prophet::ProphetSpec,
//! };
//!
//! // Dates are milliseconds since the epoch.
//! let dates: Vec<i64> = (0..60).map(|day| day * 86_400_000).collect();
//! let values = (0..60).map(|day| 100.0 + f64::from(day) + 10.0 * f64::from(day % 7)).collect();
//! let series = Series { timestamps: dates.clone(), dates, values, ..Series::default() };
//!
//! let spec = SeriesSpec::Prophet(ProphetSpec::default());
//! let fitted = spec.fit(&series, Frequency::DAILY, Interrupt::default(), &mut Workspace::default())?;
//! let week = Dates::Steps { horizon: 7, frequency: fitted.frequency };
//! let forecast = fitted.forecast(&ForecastRequest::new(week))?;
//! assert_eq!(forecast.yhat.len(), 7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Fit trees to a table
//!
//! ```
//! use manyfit_models::{
//!     Interrupt,
//!     trees::{BoostingParams, Examples, Matrix, Scratch},
//! };
//!
//! let matrix = Matrix::from_rows(1, &[1.0, 2.0, 3.0, 4.0])?;
//! let params = BoostingParams { num_round: 20, ..BoostingParams::default() };
//! let rows = Examples::new(&matrix, &[10.0, 10.0, 20.0, 20.0], None);
//! let model = params.fit(rows, None, Interrupt::default(), &mut Scratch::default())?.model;
//! assert!(model.predict(&[4.0])? > model.predict(&[1.0])?);
//! # Ok::<(), manyfit_models::Error>(())
//! ```
//!
//! # Errors
//!
//! [`Error`] distinguishes invalid parameters, invalid data and interrupted fits; [`FitError`] is the reason that a series cannot be
//! fitted, [`CovariateError`](data::CovariateError) the reason that a forecast cannot be made.

mod accuracy;
pub mod backtest;
pub mod baseline;
mod combination;
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
mod linear_algebra;
pub mod local;
pub mod prophet;
pub mod quantiles;
pub mod ridge;
mod rows_model;
pub mod rows_selection;
mod series_model;
mod sidecar;
mod steps_ahead;
pub mod trees;
mod words;
mod workspace;

pub use accuracy::{Accuracy, ScoredOn};
pub use combination::FittedCombination;
pub use error::{Error, Result};
pub use fit_error::FitError;
pub use fitted::Fitted;
pub use forecast::{Forecast, Scores};
pub use forecast_request::{Dates, ForecastRequest};
pub use interrupt::{Interrupt, Interruption};
pub use rows_model::{FittedRows, ModelFormat, RowsModel, RowsSpec};
pub use series_model::{FittedSeries, SeriesModel, SeriesSpec};
pub use sidecar::Sidecar;
#[doc(hidden)]
pub use words::{counted, told};
pub use workspace::Workspace;
