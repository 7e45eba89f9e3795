//! From one customer's data to a fitted model to a forecast or a prediction.
//!
//! A family of models is a variant of [`SeriesSpec`] (what to fit to a series) or [`RowsSpec`] (what to fit to a table of
//! features), and of [`SeriesModel`] or [`RowsModel`] (what was fitted).

mod accuracy;
pub mod baseline;
pub mod data;
mod error;
mod fitted;
mod footprint;
mod forecast;
pub mod frequency;
pub mod future;
pub mod holidays;
pub mod patience;
pub mod prophet;
pub mod ridge;
mod rows_model;
mod series_model;
pub mod trees;

pub use accuracy::{Accuracy, ScoredOn};
pub use error::{Error, Result};
pub use fitted::{Fitted, Sidecar};
pub use forecast::{Forecast, Scores};
pub use rows_model::{FittedRows, ModelFormat, RowsModel, RowsSpec};
pub use series_model::{FitError, FittedSeries, SeriesModel, SeriesSpec};

use statrs::distribution::{ContinuousCDF, Normal};

/// Buffers of one worker thread, for all models.
#[derive(Debug, Default)]
pub struct Workspace {
    prophet: prophet::Workspace,
    trees: trees::Scratch,
}

/// The value below which a standard normal falls with probability `p`.
fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The `low` and the `high` quantile of a sample, by linear interpolation between order statistics as
/// `numpy.percentile` has it.
///
/// Reorders the sample.
fn quantiles_in_place(sample: &mut [f64], low: f64, high: f64) -> (f64, f64) {
    let last = (sample.len() - 1) as f64;
    let below = (low * last).floor() as usize;
    let (_, &mut at, above) = sample.select_nth_unstable_by(below, f64::total_cmp);
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    let interpolate = |at: f64, next: f64, share: f64| if share > 0.0 { at + share * (next - at) } else { at };
    let lower = interpolate(at, next, low * last - below as f64);

    // The high one is among those above the low one, unless the two share a place.
    let place = (high * last).floor() as usize;
    let upper = if place == below {
        interpolate(at, next, high * last - place as f64)
    } else {
        let (_, &mut at, above) = above.select_nth_unstable_by(place - below - 1, f64::total_cmp);
        let next = above.iter().copied().fold(f64::INFINITY, f64::min);
        interpolate(at, next, high * last - place as f64)
    };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.1, 0.5), (1.4, 3.0));
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.0, 1.0), (1.0, 5.0));
        assert_eq!(quantiles_in_place(&mut [2.0, 1.0], 0.25, 0.75), (1.25, 1.75));
        assert_eq!(quantiles_in_place(&mut [7.0], 0.1, 0.9), (7.0, 7.0));
    }
}
