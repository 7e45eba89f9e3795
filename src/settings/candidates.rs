//! The models that `auto` makes its forecast of.

use super::family::Family;
use manyfit_models::{SeriesSpec, data::Series, frequency::Frequency};
use serde::Serialize;

/// Share of zeros from which demand counts as intermittent: an average of 1.32 steps between demands leaves 24 % of them empty
/// (Syntetos, Boylan and Croston, Journal of the Operational Research Society 56, 2005).
const INTERMITTENT: f64 = 0.24;

/// The series that a candidate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Suits {
    /// Every series.
    All,
    /// Those without many zeros.
    Steady,
    /// Those without many zeros whose calendar has several seasons, such as days.
    SeveralSeasons,
    /// Those with many zeros.
    Intermittent,
}

/// A model to choose from, or to compare with.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// The model.
    pub(super) spec: SeriesSpec,
    suits: Suits,
}

/// The candidates of `auto` unless `candidates` names others, the simplest first.
///
/// Which of them forecast together best, and by which weights, was found on the training parts of M3 and Tourism alone: see
/// docs/accuracy.md.
pub(super) const USUAL: [(Family, Suits); 14] = [
    (Family::Drift, Suits::Steady),
    (Family::SeasonalNaive, Suits::Steady),
    (Family::Theta, Suits::Steady),
    (Family::Ets, Suits::Steady),
    (Family::LevelShape, Suits::Steady),
    (Family::Ces, Suits::Steady),
    (Family::Mstl, Suits::SeveralSeasons),
    (Family::Prophet, Suits::SeveralSeasons),
    (Family::Mean, Suits::Intermittent),
    (Family::SeasonalWindowAverage, Suits::Intermittent),
    (Family::CrostonSba, Suits::Intermittent),
    (Family::Tsb, Suits::Intermittent),
    (Family::Adida, Suits::Intermittent),
    (Family::Imapa, Suits::Intermittent),
];

impl Candidate {
    pub(super) const fn new(spec: SeriesSpec, suits: Suits) -> Self {
        Self { spec, suits }
    }

    /// Its name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.spec.name()
    }

    /// Whether it is for a series of this frequency.
    fn suits(&self, series: &Series, frequency: Frequency) -> bool {
        let zeros = series.values.iter().filter(|value| **value == 0.0).count();
        let is_intermittent = zeros as f64 >= INTERMITTENT * series.len() as f64;
        match self.suits {
            Suits::All => true,
            Suits::Steady => !is_intermittent,
            Suits::SeveralSeasons => !is_intermittent && frequency.seasons().len() > 1,
            Suits::Intermittent => is_intermittent,
        }
    }

    /// Those of several that are for a series.
    pub(super) fn of<'c>(all: &'c [Self], series: &Series, frequency: Frequency) -> Vec<&'c SeriesSpec> {
        all.iter().filter(|candidate| candidate.suits(series, frequency)).map(|candidate| &candidate.spec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::prophet::ProphetSpec;

    #[test]
    fn candidates_are_those_for_the_series() {
        let candidate = |suits| Candidate::new(SeriesSpec::Prophet(ProphetSpec::default()), suits);
        let suits = |suits, values: &[f64], frequency| {
            candidate(suits).suits(&Series { values: values.to_vec(), ..Series::default() }, frequency)
        };
        let (steady, sparse) = ([1.0, 2.0, 0.0, 4.0, 5.0], [0.0, 0.0, 3.0]);
        let months: Frequency = "MS".parse().unwrap();
        for (kind, expected) in [
            (Suits::All, [true, true, true]),
            (Suits::Steady, [true, true, false]),
            (Suits::SeveralSeasons, [true, false, false]),
            (Suits::Intermittent, [false, false, true]),
        ] {
            let found =
                [suits(kind, &steady, Frequency::DAILY), suits(kind, &steady, months), suits(kind, &sparse, months)];
            assert_eq!(found, expected, "{kind:?}");
        }
    }
}
