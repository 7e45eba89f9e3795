//! Versions of a specification to choose from by their forecasts of the past.

use super::{Mode, ProphetSpec};
use serde::{Deserialize, Serialize};

/// What versions of a specification differ in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// Flexibility of the trend.
    pub changepoint_prior_scale: f64,
    /// Flexibility of the seasonalities.
    pub seasonality_prior_scale: f64,
    /// How the seasonalities act.
    pub seasonality_mode: Mode,
}

/// Factors of the two prior scales, and whether the seasonalities act in the other way: a stiffer and a more flexible trend, weak
/// seasonalities, the other mode. From Prophet's defaults these are 0.01 and 0.5, and 0.1: ends of the ranges in which its guide searches.
const CHANGES: [(f64, f64, bool); 4] = [(0.2, 1.0, false), (10.0, 1.0, false), (1.0, 0.01, false), (1.0, 1.0, true)];

/// Fewest rows for the other mode: twice the unknowns of a usual model. With fewer, multiplicative seasonalities follow any history, and
/// finding how takes hundreds of times as long.
const ROWS: usize = 100;

impl ProphetSpec {
    /// The specification itself, and versions that each differ from it in one respect, for a series of so many rows.
    #[must_use]
    pub fn versions(&self, rows: usize) -> Vec<Self> {
        let changes = CHANGES.into_iter().filter(|(.., other_mode)| !other_mode || rows >= ROWS);
        let changed = changes.map(|(trend, season, other_mode)| {
            let mut version = self.clone();
            version.changepoint_prior_scale *= trend;
            version.seasonality_prior_scale *= season;
            if other_mode {
                version.seasonality_mode = match self.seasonality_mode {
                    Mode::Additive => Mode::Multiplicative,
                    Mode::Multiplicative => Mode::Additive,
                };
            }
            version
        });
        std::iter::once(self.clone()).chain(changed).filter(|version| version.faults().is_empty()).collect()
    }

    /// What this version is.
    #[must_use]
    pub const fn tuned(&self) -> Tuned {
        let Self { changepoint_prior_scale, seasonality_prior_scale, seasonality_mode, .. } = *self;
        Tuned { changepoint_prior_scale, seasonality_prior_scale, seasonality_mode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_from_the_first_in_one_respect() {
        let spec = ProphetSpec::default();
        let versions = spec.versions(ROWS);
        assert_eq!((versions.len(), &versions[0]), (5, &spec));
        for version in &versions[1..] {
            let (one, other) = (spec.tuned(), version.tuned());
            let differs = [
                one.changepoint_prior_scale != other.changepoint_prior_scale,
                one.seasonality_prior_scale != other.seasonality_prior_scale,
                one.seasonality_mode != other.seasonality_mode,
            ];
            assert_eq!(differs.into_iter().filter(|differs| *differs).count(), 1, "{other:?}");
        }
        assert_eq!(spec.versions(ROWS - 1).len(), 4, "with fewer rows the mode stays");
        let extreme = ProphetSpec { changepoint_prior_scale: 1e9, ..spec };
        assert_eq!(extreme.versions(ROWS).len(), 4, "a scale beyond its range is left out");
    }
}
