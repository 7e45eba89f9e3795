//! Forecasts that repeat what was last: a random walk, with and without drift, and averages of a window.
//!
//! Formulas: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, sections 5.2 and 5.5.

use super::outlook::Outlook;
use crate::{Error, Result, fit_error::FitError, forecast::Scores};
use serde::{Deserialize, Serialize};

/// The shortest window of a [`NaiveSpec::WindowAverage`] whose length is not set.
const LEAST_WINDOW: usize = 3;
/// Seasons that a [`NaiveSpec::SeasonalWindowAverage`] averages unless it is set.
const SEASONS: usize = 2;

/// A model that needs no fitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NaiveSpec {
    /// The last value. Needs one row.
    RandomWalk,
    /// The last value, and then the mean change of the history for each step. Needs two rows.
    Drift,
    /// The mean of the last `window_size` values; by default a season of them, and at least three. Needs as many rows.
    WindowAverage {
        /// Steps of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_size: Option<usize>,
    },
    /// For each place in the season, the mean of the last `window_size` seasons; by default two. Needs as many seasons.
    SeasonalWindowAverage {
        /// Seasons of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_size: Option<usize>,
    },
}

/// A fitted [`NaiveSpec`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedNaive {
    /// Which one.
    pub kind: NaiveSpec,
    /// What is repeated: a value, or one for each place in the season, beginning with the first step after the history.
    pub season: Vec<f64>,
    /// Change in each step.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slope: f64,
    /// Root mean square of its one-step errors within the history.
    pub sigma: f64,
    /// Length of the history in steps.
    pub steps: usize,
    /// In-sample errors.
    #[serde(skip)]
    pub scores: Scores,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl NaiveSpec {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RandomWalk => "random-walk",
            Self::Drift => "drift",
            Self::WindowAverage { .. } => "window-average",
            Self::SeasonalWindowAverage { .. } => "seasonal-window-average",
        }
    }

    /// # Errors
    /// [`FitError::TooFewSteps`] if there are fewer values than the window has steps.
    pub(super) fn fit(self, values: &[f64], season: usize) -> Result<FittedNaive, FitError> {
        let n = values.len();
        // Lag and number of the earlier values whose mean is the forecast of each value.
        let (lag, count) = match self {
            Self::RandomWalk | Self::Drift => (1, 1),
            Self::WindowAverage { window_size } => (1, window_size.unwrap_or(season.max(LEAST_WINDOW))),
            Self::SeasonalWindowAverage { window_size } => (season.max(1), window_size.unwrap_or(SEASONS)),
        };
        let window = if self == Self::Drift { 2 } else { lag.saturating_mul(count) };
        if n < window || count == 0 {
            return Err(FitError::TooFewSteps { model: self.name(), needed: window.max(1), steps: n });
        }
        // Sums and squares of values of any size stay finite.
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        let scale = if largest > 0.0 { largest } else { 1.0 };
        let slope =
            if self == Self::Drift { (values[n - 1] / scale - values[0] / scale) / (n - 1) as f64 } else { 0.0 };
        // The mean of the `count` values before `at` that are whole lags away.
        let mean_before =
            |at: usize| (1..=count).map(|back| values[at - back * lag] / scale).sum::<f64>() / count as f64 + slope;
        let errors: Vec<f64> = (lag * count..n).map(|at| values[at] / scale - mean_before(at)).collect();
        let places = if matches!(self, Self::SeasonalWindowAverage { .. }) { lag } else { 1 };
        let repeated: Vec<f64> = (0..places).map(|place| scale * (mean_before(n + place) - slope)).collect();
        let number = errors.len().max(1) as f64;
        let sigma = scale * (errors.iter().map(|error| error * error).sum::<f64>() / number).sqrt();
        let mae = scale * (errors.iter().map(|error| error.abs()).sum::<f64>() / number);
        Ok(FittedNaive {
            kind: self,
            season: repeated,
            slope: scale * slope,
            sigma,
            steps: n,
            scores: Scores { mae, rmse: sigma },
        })
    }
}

impl FittedNaive {
    /// Variances: σ²·h of the random walk, σ²·h·(1 + h/(T − 1)) with drift; averages of windows are no model of the errors that grow,
    /// and have σ² at every step.
    pub(super) fn outlook(&self, horizon: usize) -> Outlook {
        let growth = |step: usize| {
            let h = step as f64;
            match self.kind {
                NaiveSpec::RandomWalk => h,
                NaiveSpec::Drift => h * (1.0 + h / (self.steps.max(2) - 1) as f64),
                NaiveSpec::WindowAverage { .. } | NaiveSpec::SeasonalWindowAverage { .. } => 1.0,
            }
        };
        Outlook {
            mean: (0..horizon)
                .map(|step| self.season[step % self.season.len()] + self.slope * (step + 1) as f64)
                .collect(),
            deviation: (1..=horizon).map(|step| self.sigma * growth(step).sqrt()).collect(),
            simulated: Vec::new(),
        }
    }

    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(super) fn check(&self) -> Result<()> {
        if self.season.is_empty() {
            return Err(Error::Data("season is empty: it has the values that are repeated".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 8] = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 4.0, 8.0];

    fn outlook(spec: NaiveSpec, season: usize) -> Outlook {
        spec.fit(&VALUES, season).unwrap().outlook(3)
    }

    /// statsforecast 2.1.1: `Naive()`, `RandomWalkWithDrift()`, `forecast(y, 3, level=[68.27])`.
    #[test]
    fn the_random_walks_are_those_of_the_textbook() {
        let walk = outlook(NaiveSpec::RandomWalk, 1);
        assert_eq!(walk.mean, [8.0; 3]);
        // Changes 3, −2, 3, −2, 3, −2, 4.
        let sigma = (55.0_f64 / 7.0).sqrt();
        for (h, deviation) in walk.deviation.iter().enumerate() {
            assert!((deviation - sigma * ((h + 1) as f64).sqrt()).abs() < 1e-12);
        }
        let drift = outlook(NaiveSpec::Drift, 1);
        assert_eq!(drift.mean, [9.0, 10.0, 11.0]);
        let sigma = (48.0_f64 / 7.0).sqrt();
        assert!((drift.deviation[1] - sigma * (2.0_f64 * (1.0 + 2.0 / 7.0)).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn windows_are_averaged() {
        let window = NaiveSpec::WindowAverage { window_size: Some(4) };
        assert_eq!(outlook(window, 2).mean, [5.25; 3]);
        let seasonal = NaiveSpec::SeasonalWindowAverage { window_size: Some(2) };
        assert_eq!(outlook(seasonal, 2).mean, [3.5, 7.0, 3.5]);
        // Errors 3 − 1.5, 6 − 4.5, 4 − 2.5, 8 − 5.5.
        assert_eq!(outlook(seasonal, 2).deviation, [((3.0 * 2.25 + 6.25) / 4.0_f64).sqrt(); 3]);
        assert_eq!(outlook(NaiveSpec::WindowAverage { window_size: None }, 1).mean, [6.0; 3]);
    }

    #[test]
    fn too_few_rows_are_refused_with_their_number() {
        let seasonal = NaiveSpec::SeasonalWindowAverage { window_size: None };
        assert_eq!(
            seasonal.fit(&VALUES, 7).unwrap_err().to_string(),
            "seasonal-window-average needs 14 values, and the series has 8"
        );
        for spec in [NaiveSpec::RandomWalk, NaiveSpec::Drift] {
            assert!(spec.fit(&[], 1).is_err());
        }
        assert!(NaiveSpec::Drift.fit(&[1.0], 1).is_err());
        assert_eq!(NaiveSpec::RandomWalk.fit(&[1.0], 1).unwrap().outlook(2).mean, [1.0, 1.0]);
    }

    #[test]
    fn values_of_any_size_stay_finite() {
        for unit in [1e-300, 1e300] {
            let values = [unit, -unit, unit, -unit];
            for spec in [
                NaiveSpec::RandomWalk,
                NaiveSpec::Drift,
                NaiveSpec::WindowAverage { window_size: None },
                NaiveSpec::SeasonalWindowAverage { window_size: None },
            ] {
                let outlook = spec.fit(&values, 1).unwrap().outlook(2);
                assert!(outlook.mean.iter().chain(&outlook.deviation).all(|value| value.is_finite()), "{spec:?}");
            }
        }
    }
}
