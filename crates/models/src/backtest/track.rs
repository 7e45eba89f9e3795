//! What a model forecast at the cutoffs.

use super::windows::Window;
use crate::{
    data::Series,
    fit_error::FitError,
    forecast_request::{Dates, ForecastRequest},
    frequency::Frequency,
    interrupt::Interrupt,
    local::Optima,
    series_model::SeriesSpec,
    workspace::Workspace,
};
use std::mem;

/// Buffers that are kept for the next series: a model's design matrices may take megabytes for each cutoff.
const MOST_WORKSPACES: usize = 16;

/// A model's forecasts of the rows after each cutoff, one cutoff after the other, in the units of the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Point forecasts, shape (rows of all windows).
    pub yhat: Vec<f64>,
    /// Lower ends of the intervals, same shape.
    pub lower: Vec<f64>,
    /// Upper ends of the intervals, same shape.
    pub upper: Vec<f64>,
}

impl Track {
    /// Fits a model to the rows up to each cutoff and forecasts the dates of the rows after it.
    ///
    /// Smoothing models begin each search near the optimum of the cutoff before, and try fewer other points: a backtest of five cutoffs
    /// takes two thirds of the time. Few of its fits differ from those that begin afresh, as the fit to the whole history does.
    ///
    /// Extra columns are known at those dates, as they are in a table of the future. `workspaces` grows to one for each of the first
    /// cutoffs, so that series with the same dates share the calendars of their cutoffs.
    ///
    /// # Errors
    /// [`FitError`] of the first cutoff whose model cannot be fitted or asked.
    pub fn of(
        spec: &SeriesSpec,
        series: &Series,
        frequency: Frequency,
        windows: &[Window],
        seed: [u8; 32],
        interrupt: Interrupt<'_>,
        workspaces: &mut Vec<Workspace>,
    ) -> Result<Self, FitError> {
        let mut track = Self::default();
        let mut past = Series::default();
        workspaces.resize_with(windows.len().clamp(workspaces.len(), MOST_WORKSPACES), Workspace::default);
        let slots = workspaces.len();
        let mut optima = Optima::default();
        for (place, window) in windows.iter().enumerate() {
            let workspace = &mut workspaces[place % slots];
            window.past(series, &mut past);
            workspace.local.begin_at(mem::take(&mut optima));
            let fitted = spec.fit(&past, frequency, interrupt, workspace)?;
            optima = workspace.local.take_optima();
            let dates = &series.timestamps[window.test.clone()];
            let forecast = fitted.forecast(&ForecastRequest {
                series: series.covariates(),
                future: Some(series.covariates()),
                seed,
                interrupt,
                ..ForecastRequest::new(Dates::At(dates))
            })?;
            track.yhat.extend(forecast.yhat);
            track.lower.extend(forecast.yhat_lower);
            track.upper.extend(forecast.yhat_upper);
        }
        if track.yhat.iter().chain(&track.lower).chain(&track.upper).all(|y| y.is_finite()) {
            Ok(track)
        } else {
            Err(FitError::NotFinite)
        }
    }

    /// Whether any forecast has an interval.
    #[must_use]
    pub fn has_interval(&self) -> bool {
        self.lower.iter().zip(&self.upper).any(|(lower, upper)| lower < upper)
    }

    /// Number of rows that were forecast.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.yhat.len()
    }

    /// Whether nothing was forecast.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.yhat.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backtest::BacktestSpec,
        local::{CesSpec, EtsModel, EtsSpec, LocalFamily, LocalSpec},
    };
    use rand_chacha::{
        ChaCha8Rng,
        rand_core::{Rng, SeedableRng},
    };

    /// Days with a level that wanders, and a season in some.
    fn series(seed: u64) -> Series {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = || (0..4).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX) - 0.5).sum::<f64>();
        let mut level = 100.0;
        let season = if seed.is_multiple_of(3) { 0.0 } else { 12.0 };
        let values = (0..96_i64).map(|at| {
            level += (0.3 + seed as f64 % 5.0) * noise() + 0.1;
            level + season * (at as f64 * std::f64::consts::TAU / 12.0).sin() + 3.0 * noise()
        });
        let values: Vec<f64> = values.collect();
        let dates: Vec<i64> = (0..96).map(|at| at * 86_400_000).collect();
        Series { dates: dates.clone(), timestamps: dates, values, ..Series::default() }
    }

    #[test]
    fn forecasts_of_searches_that_begin_at_the_cutoff_before_are_those_of_searches_afresh() {
        let windows = BacktestSpec { cutoffs: 4, horizon: 6, period: None, initial: None, season: Some(12) };
        let frequency = Frequency::DAILY;
        let families = [
            LocalFamily::Ets(EtsSpec { model: EtsModel::Reduced, damped: None }),
            LocalFamily::Ces(CesSpec::default()),
        ];
        let (mut cutoffs, mut same) = (0, 0);
        for (family, seed) in families.into_iter().flat_map(|family| (0..30).map(move |seed| (family.clone(), seed))) {
            let spec = LocalSpec { family, season_lengths: vec![12], interval_width: 0.8, lower_bound: None };
            let (spec, series) = (SeriesSpec::Local(spec), series(seed));
            let windows = windows.windows(&series, frequency);
            let track = |windows: &[Window]| {
                let workspaces = &mut Vec::new();
                Track::of(&spec, &series, frequency, windows, [0; 32], Interrupt::default(), workspaces).unwrap().yhat
            };
            let all = track(&windows);
            for (place, window) in windows.iter().enumerate() {
                let afresh = track(std::slice::from_ref(window));
                let near = &all[6 * place..6 * (place + 1)];
                cutoffs += 1;
                same += usize::from(near.iter().zip(&afresh).all(|(a, b)| (a - b).abs() < 1e-3 * b.abs()));
            }
        }
        assert!(cutoffs == 240 && same >= 228, "{same} of {cutoffs} cutoffs are the same");
    }
}
