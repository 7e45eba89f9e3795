//! Tables in memory in, artifacts and tables out: the runs of [`crate::train`] and [`crate::predict`] for a caller within the
//! process, such as the Python package.
//!
//! ```text
//! Frame ─► customers ─► train ─► Models (in memory, or a place) + manifest + tables
//! Models ─► predict ─► Table
//! ```
//!
//! | module | content |
//! |---|---|
//! | `fit` | a training run on the customers of a table |
//! | `models` | the models that it made, or those of a place; forecasts and predictions from them |
//!
//! - A customer's artifact has the bytes that the command writes for the same rows and settings.
//! - Nothing is printed: what a run has to say is in what it gives back.

mod fit;
mod models;

pub use self::{
    fit::{Customer, Fit, Run, fit},
    models::{Models, Wanted},
};
