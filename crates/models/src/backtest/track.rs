//! What a model forecast at the cutoffs.

use super::windows::Window;
use crate::{
    data::Series,
    fit_error::FitError,
    forecast_request::{Dates, ForecastRequest},
    frequency::Frequency,
    interrupt::Interrupt,
    series_model::SeriesSpec,
    workspace::Workspace,
};

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
        for (place, window) in windows.iter().enumerate() {
            let workspace = &mut workspaces[place % slots];
            window.past(series, &mut past);
            let fitted = spec.fit(&past, frequency, interrupt, workspace)?;
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
