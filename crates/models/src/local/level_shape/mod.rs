//! Level × shape: the history is folded by its season; seasons' totals, the levels, are forecast by a ridge regression, and each is
//! spread over its season by a frozen shape.
//!
//! The method is FLAIR's: Honda, Don't learn the shape: forecasting periodic time series by rank-1 decomposition, arXiv 2605.07222,
//! 2026, in the form of the package flaircast 0.6.1, without exogenous columns.
//!
//! ```text
//! values ─► season by BIC ─► shape: the last two seasons' proportions
//!                        └─► levels, less noise ─► ÷ second shape ─► Box–Cox ─► ridge ─► next levels × shapes ─► forecast
//! ```
//!
//! Point forecasts are the levels without noise times the shape, with the mean of its errors in each phase: what the mean of the
//! package's futures tends to, without their randomness. Futures draw levels' errors by leave-one-out, and one past season's
//! errors of the shape.
//!
//! | file | |
//! |---|---|
//! | `spec.rs` | options, and the fit |
//! | `fitted.rs` | what is kept of it |
//! | `fold.rs` | which season; shapes and their errors |
//! | `spectrum.rs` | singular values |
//! | `level.rs` | the regression of levels, and its recursion |
//! | `ridge.rs` | ridge, averaged over penalties |
//! | `box_cox.rs` | the power transformation |
//! | `future.rs` | forecasts and simulated futures |

mod box_cox;
mod fitted;
mod fold;
mod future;
mod level;
mod ridge;
mod spec;
mod spectrum;
#[cfg(test)]
mod tests;

pub use fitted::FittedLevelShape;
pub use level::Level;
pub use spec::LevelShapeSpec;
pub(crate) use spec::Scratch;
