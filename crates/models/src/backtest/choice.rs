//! One model or a combination of several, by their errors at the cutoffs.

use super::track::Track;
use crate::combination::combined;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Cutoffs that weigh as much as what is known of other series: the errors of a series count for k/(k + 2) of k cutoffs.
const PRIOR_CUTOFFS: f64 = 2.0;

/// The power of errors by which weights fall.
const POWER: i32 = 6;

/// By how much the error of a simpler model may exceed the least one before the simpler model is given up.
pub(super) const MARGIN: f64 = 0.02;

/// What is made of several candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// The one with the least error; of candidates whose errors hardly differ, the first.
    Best,
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// Their mean, weighted by the inverse sixth power of their errors.
    #[default]
    Weighted,
}

impl Combine {
    /// The words of the setting `combine`.
    pub const NAMES: [&'static str; 4] = ["best", "mean", "median", "weighted"];
}

impl fmt::Display for Combine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

impl FromStr for Combine {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Best, Self::Mean, Self::Median, Self::Weighted]
            .into_iter()
            .find(|rule| word.eq_ignore_ascii_case(Self::NAMES[*rule as usize]))
            .ok_or(())
    }
}

/// The candidates that forecast a series, with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Whether the forecast is the median of those with a weight, instead of their weighted mean.
    pub median: bool,
    /// One for each candidate, which add up to 1; 0 for those that are left out.
    pub weights: Vec<f64>,
}

/// A candidate, as far as its backtest tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Its mean error over the cutoffs, in any unit that all candidates share; none without a backtest.
    pub error: Option<f64>,
    /// Its typical error on other series relative to the other candidates'.
    pub prior: f64,
}

impl Choice {
    /// Chooses among candidates, the simplest first, by their errors over so many cutoffs; none without candidates.
    ///
    /// Each error is first divided by the mean of all, and drawn to the candidate's typical error on other series, which weighs as much
    /// as two cutoffs. A candidate whose error is `None` although others have one could not be fitted, and is left out.
    #[must_use]
    pub fn of(combine: Combine, candidates: &[Candidate], cutoffs: usize) -> Option<Self> {
        let known: Vec<f64> = candidates.iter().filter_map(|candidate| candidate.error).collect();
        // Divided first, so that no sum overflows.
        let mean: f64 = known.iter().map(|error| error / known.len() as f64).sum();
        let weight = if mean > 0.0 { cutoffs as f64 / (cutoffs as f64 + PRIOR_CUTOFFS) } else { 0.0 };
        let error = |candidate: &Candidate| match candidate.error {
            Some(error) if mean > 0.0 => Some(weight * error / mean + (1.0 - weight) * candidate.prior),
            Some(_) => Some(candidate.prior),
            None => known.is_empty().then_some(candidate.prior),
        };
        let errors: Vec<Option<f64>> = candidates.iter().map(error).collect();
        let least = errors.iter().copied().flatten().fold(f64::INFINITY, f64::min);
        let best = errors.iter().position(|error| error.is_some_and(|error| error <= least * (1.0 + MARGIN)))?;
        let raw = |(place, error): (usize, &Option<f64>)| match (combine, error) {
            (_, None) => 0.0,
            (Combine::Best, Some(_)) => f64::from(u8::from(place == best)),
            (Combine::Weighted, Some(error)) if *error > least => (least / error).powi(POWER),
            (Combine::Mean | Combine::Median | Combine::Weighted, Some(_)) => 1.0,
        };
        let mut weights: Vec<f64> = errors.iter().enumerate().map(raw).collect();
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        Some(Self { median: combine == Combine::Median, weights })
    }

    /// What the chosen candidates forecast together. Those with a weight have a track.
    #[must_use]
    pub fn track(&self, tracks: &[Option<Track>]) -> Track {
        let chosen: Vec<(f64, &Track)> =
            self.weights.iter().zip(tracks).filter_map(|(&weight, track)| Some((weight, track.as_ref()?))).collect();
        let chosen: Vec<(f64, &Track)> = chosen.into_iter().filter(|(weight, _)| *weight > 0.0).collect();
        let combine = |column: fn(&Track) -> &[f64]| {
            let columns: Vec<(f64, &[f64])> = chosen.iter().map(|(weight, track)| (*weight, column(track))).collect();
            combined(&columns, self.median)
        };
        Track { yhat: combine(|of| &of.yhat), lower: combine(|of| &of.lower), upper: combine(|of| &of.upper) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(errors: &[Option<f64>]) -> Vec<Candidate> {
        errors.iter().map(|&error| Candidate { error, prior: 1.0 }).collect()
    }

    #[test]
    fn the_best_has_the_least_error_unless_a_simpler_one_is_as_good() {
        let best = |errors: &[Option<f64>]| Choice::of(Combine::Best, &candidates(errors), 5).unwrap().weights;
        assert_eq!(best(&[Some(3.0), Some(1.0), Some(2.0)]), [0.0, 1.0, 0.0]);
        assert_eq!(best(&[Some(1.001), Some(1.0), Some(2.0)]), [1.0, 0.0, 0.0]);
        assert_eq!(best(&[None, Some(9.0)]), [0.0, 1.0]);
        assert_eq!(best(&[None, None]), [1.0, 0.0], "nothing is known: the first");
        assert_eq!(best(&[Some(0.0), Some(0.0)]), [1.0, 0.0]);
        assert_eq!(Choice::of(Combine::Best, &[], 5), None);
    }

    #[test]
    fn weights_fall_with_a_power_of_errors_and_are_even_without_cutoffs() {
        let weights = |errors: &[Option<f64>], cutoffs| {
            Choice::of(Combine::Weighted, &candidates(errors), cutoffs).unwrap().weights
        };
        assert_eq!(weights(&[Some(1.0), Some(3.0), None], 0), [0.5, 0.5, 0.0]);
        let sure = weights(&[Some(1.0), Some(3.0), None], 1_000_000);
        assert!((sure[1] / sure[0] * 729.0 - 1.0).abs() < 1e-4 && sure[2] == 0.0, "{sure:?}");
        let few = weights(&[Some(1.0), Some(3.0)], 2);
        // Errors of 0.5 and 1.5 of their mean, half way to 1.
        assert!((few[0] / few[1] - (1.25_f64 / 0.75).powi(6)).abs() < 1e-12, "{few:?}");
    }

    #[test]
    fn tracks_are_combined_row_by_row() {
        let track = |y: f64| Some(Track { yhat: vec![y, 2.0 * y], lower: vec![y - 1.0; 2], upper: vec![y + 1.0; 2] });
        let tracks = [track(1.0), None, track(4.0), track(5.0)];
        let of = |combine| {
            let errors = candidates(&[Some(1.0), None, Some(1.0), Some(1.0)]);
            Choice::of(combine, &errors, 3).unwrap().track(&tracks)
        };
        assert_eq!(of(Combine::Median).yhat, [4.0, 8.0]);
        assert!((of(Combine::Mean).upper[0] - 13.0 / 3.0).abs() < 1e-12);
        assert_eq!(of(Combine::Best), track(1.0).unwrap());
    }
}
