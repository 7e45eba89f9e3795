//! Trees: gradient boosting equal to XGBoost's exact method, and random forests with scikit-learn's rules.
//!
//! ```text
//! Matrix + targets ─► BoostingParams::fit ─► Boosted ─┐
//!                  └► ForestParams::fit ─────────────┴► Ensemble ─► predict, SHAP values, importances, XGBoost file
//! ```
//!
//! One split search serves both families: columns are sorted once (`columns`), every node scans its part of each column
//! (`scan`, `few`), and each family scores splits in its own way (`greedy` with `gain`, `least_squares`); `grow` moves the rows.
//! A model is fitted by one thread; a [`Scratch`] keeps the memory for the next model.

mod boosting;
mod boosting_params;
mod column_sampler;
mod columns;
mod ensemble;
mod few;
mod forest;
mod forest_params;
mod gain;
mod greedy;
mod grow;
mod importance;
mod least_squares;
mod metric;
mod mt19937;
mod objective;
mod scan;
mod scratch;
mod shap;
mod tree;
pub(crate) mod xgboost;

pub use crate::data::{Examples, Matrix};
pub use boosting::Boosted;
pub use boosting_params::BoostingParams;
pub use ensemble::Ensemble;
pub use forest_params::{ForestParams, MaxFeatures, Samples};
pub use importance::Importance;
pub use metric::Metric;
pub use objective::Objective;
pub use scratch::Scratch;
pub use tree::Tree;
