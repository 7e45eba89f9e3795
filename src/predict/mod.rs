//! Forecasts and predictions from fitted models, whether [`crate::train`], Python or XGBoost wrote them.
//!
//! ```text
//! ModelList ─► open ─► forecast dates, or predict rows of features ─► Rows ─► ResultTable
//!              in parallel, one thread for each model                  in the order of the list
//! ```
//!
//! - An artifact holds everything that a forecast depends on, except future regressors, capacities and conditions: these
//!   come from a table.
//! - A customer's numbers depend only on its artifact, the seed and the request: they reproduce the training run's table
//!   of forecasts bit for bit.
//! - A damaged artifact or a missing regressor fails one customer. The others go on.

mod forecast;
mod job;
mod models;
mod rows;
mod run;
mod summary;

pub use self::{
    job::{Job, Request},
    models::ModelList,
    run::run,
    summary::Summary,
};
