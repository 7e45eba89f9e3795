//! How much wider intervals must be to cover what they promise.

use super::{track::Track, windows::Window};
use crate::{data::Series, quantiles::quantile_of_sorted};
use serde::{Deserialize, Serialize};

/// Cutoffs that weigh as much as what is known of other series: the factor of a series counts for k/(k + 4) of k cutoffs, in logs.
const PRIOR_CUTOFFS: f64 = 4.0;

/// The factor of a series is within these bounds before it is drawn to that of others.
const BOUNDS: (f64, f64) = (0.2, 20.0);

/// By how much the intervals of a model are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The distance between the point forecast and each end of its interval is multiplied by it.
    pub factor: f64,
    /// Cutoffs that it was learnt from; with none it is that of other series.
    pub cutoffs: usize,
}

impl Calibration {
    /// The factor by which the intervals of a track must have been wider to cover what they promise: the quantile, at the width, of errors
    /// divided by the interval's reach on their side, pooled over cutoffs and steps; in logs it is drawn to `others`, the factor of
    /// other series, by k/(k + 4) for k cutoffs.
    ///
    /// Overlapping windows repeat errors, so that the quantile of a few windows is less certain than its number of rows; the weight
    /// counts windows instead.
    #[must_use]
    pub fn of(
        track: &Track,
        series: &Series,
        windows: &[Window],
        interval_width: f64,
        lower_bound: Option<f64>,
        others: f64,
    ) -> Self {
        let actual = windows.iter().flat_map(|window| &series.values[window.test.clone()]);
        let mut ratios: Vec<f64> = Vec::with_capacity(track.len());
        for (at, &y) in actual.enumerate() {
            let (below, above) = (track.yhat[at] - track.lower[at], track.upper[at] - track.yhat[at]);
            // An end that a bound cut off says nothing about the spread.
            let is_cut = lower_bound.is_some_and(|bound| track.lower[at] <= bound);
            let reach = if y < track.yhat[at] && !is_cut { below } else { above };
            let error = (y - track.yhat[at]).abs();
            if reach > 0.0 {
                ratios.push(error / reach);
            }
        }
        if ratios.is_empty() {
            return Self { factor: others, cutoffs: 0 };
        }
        ratios.sort_unstable_by(f64::total_cmp);
        let own = quantile_of_sorted(&ratios, interval_width).clamp(BOUNDS.0, BOUNDS.1);
        let cutoffs = windows.len();
        let weight = cutoffs as f64 / (cutoffs as f64 + PRIOR_CUTOFFS);
        Self { factor: libm::exp(weight * libm::log(own) + (1.0 - weight) * libm::log(others)), cutoffs }
    }

    /// Scales the intervals of a track, above a bound.
    pub fn apply(&self, track: &mut Track, lower_bound: Option<f64>) {
        let bound = lower_bound.unwrap_or(f64::NEG_INFINITY);
        for (at, &yhat) in track.yhat.iter().enumerate() {
            track.lower[at] = (yhat - self.factor * (yhat - track.lower[at])).max(bound);
            track.upper[at] = (yhat + self.factor * (track.upper[at] - yhat)).max(bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(cutoffs: usize) -> (Series, Vec<Window>, Track) {
        let rows = 10 * (cutoffs + 1);
        let values: Vec<f64> = (0..rows).map(|row| (row % 10) as f64).collect();
        let series = Series { values, ..Series::default() };
        let windows: Vec<Window> =
            (1..=cutoffs).map(|cutoff| Window { train: 10 * cutoff, test: 10 * cutoff..10 * cutoff + 10 }).collect();
        let n = 10 * cutoffs;
        let track = Track { yhat: vec![0.0; n], lower: vec![-1.0; n], upper: vec![1.0; n] };
        (series, windows, track)
    }

    #[test]
    fn with_many_cutoffs_the_factor_covers_the_share_that_was_promised() {
        let (series, windows, mut track) = windows(400);
        let calibration = Calibration::of(&track, &series, &windows, 0.8, None, 1.0);
        assert!((7.0..7.5).contains(&calibration.factor), "{calibration:?}");
        calibration.apply(&mut track, Some(-7.4));
        assert!((7.0..7.5).contains(&track.upper[0]) && (-7.5..-7.0).contains(&track.lower[5]));
    }

    #[test]
    fn with_few_cutoffs_it_is_drawn_to_that_of_others() {
        let (series, windows, track) = windows(4);
        let own = Calibration::of(&track, &series, &windows, 0.8, None, 1e300).factor;
        assert!(own > 1e100);
        let factor = Calibration::of(&track, &series, &windows, 0.8, None, 1.0).factor;
        // Half way in logs.
        assert!((factor * factor - 7.0).abs() < 0.3, "{factor}");
        let none = Calibration::of(&Track::default(), &series, &[], 0.8, None, 1.7);
        assert_eq!(none, Calibration { factor: 1.7, cutoffs: 0 });
    }
}
