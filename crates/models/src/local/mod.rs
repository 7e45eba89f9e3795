//! Local models: each is fitted to one equally spaced series, and its state is a few numbers.
//!
//! ```text
//! Series ─► grid.rs: dates → steps ─► a family: fit ─► FittedLocal ─► Outlook of the next steps ─► Forecast
//! ```
//!
//! | file | |
//! |---|---|
//! | `grid.rs` | a series as equally spaced values without gaps |
//! | `family.rs` | the families, with the same verbs |
//! | `outlook.rs` | what a model expects of the next steps |
//! | `naive.rs` | random walk, drift, averages of windows |
//! | `theta/` | the theta family |
//! | `ets/` | exponential smoothing |
//! | `ces/` | complex exponential smoothing |
//! | `arima/` | seasonal ARIMA |
//! | `intermittent/` | intermittent demand |
//! | `level_shape/` | seasons' levels by ridge regression, times the shape of a season |
//! | `mstl/` | several seasons by local regression, and another model for the rest |
//! | `least_squares.rs` | sums of squares minimised within bounds |

mod arima;
mod ces;
mod ets;
mod family;
mod grid;
mod intermittent;
mod least_squares;
mod level_shape;
mod mstl;
mod naive;
mod optima;
mod outlook;
#[cfg(test)]
mod testing;
mod theta;

use crate::{
    Error, Result,
    data::{CovariateError, Series},
    fit_error::FitError,
    forecast::{Forecast, Scores},
    forecast_request::ForecastRequest,
    frequency::{Frequency, LATEST},
    interrupt::Interrupt,
    quantiles::{normal_quantile, quantile_of_sorted},
    steps_ahead::{FARTHEST, steps_ahead},
};
pub use arima::{ArimaSpec, FittedArima, Order};
pub use ces::{CesModel, CesSpec, FittedCes};
pub use ets::{EtsModel, EtsSpec, FittedEts, Form, ModelNameError, Seasonality, Trend};
use family::Buffers;
pub use family::{LocalFamily, LocalState};
use grid::{Gaps, Grid};
pub use intermittent::{FittedIntermittent, IntermittentSpec};
pub use level_shape::{FittedLevelShape, Level, LevelShapeSpec};
pub use mstl::{FittedMstl, MstlSpec};
pub use naive::{FittedNaive, NaiveSpec};
pub(crate) use optima::Optima;
use serde::{Deserialize, Serialize};
pub use theta::{Decomposition, FittedTheta, Season, ThetaModel, ThetaSpec};

/// A local model to fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalSpec {
    /// Which one.
    pub family: LocalFamily,
    /// Lengths of the seasons in steps, the shortest first; by default those of the calendar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub season_lengths: Vec<usize>,
    /// Probability that the forecast's interval should cover.
    pub interval_width: f64,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<f64>,
}

/// A fitted local model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedLocal {
    /// The family, with its parameters and its last states.
    #[serde(flatten)]
    pub state: LocalState,
    /// Probability that the forecast's interval should cover.
    pub interval_width: f64,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<f64>,
    /// Last date of the history, milliseconds since the epoch.
    pub last_date: i64,
    /// Steps from the last value, which the state is of, to the last date.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steps_without_value: usize,
    /// Rows with a value.
    pub rows: usize,
}

/// Buffers that fits reuse.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    grid: Grid,
    families: Buffers,
}

impl Workspace {
    /// Lets the next fit, which is to more rows of the same series, begin near the optima of the last.
    pub(crate) fn begin_at(&mut self, optima: Optima) {
        self.families.begin_at(optima);
    }

    /// The optima of the last fit.
    pub(crate) fn take_optima(&mut self) -> Optima {
        self.families.take_optima()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(steps: &usize) -> bool {
    *steps == 0
}

impl LocalSpec {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.family.name()
    }

    /// Fits the model to the values of a series, which are counted in steps of the frequency.
    pub(crate) fn fit(
        &self,
        series: &Series,
        frequency: Frequency,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedLocal, FitError> {
        interrupt.check()?;
        let Workspace { grid, families } = workspace;
        let gaps = self.family.gaps();
        grid.place(series, frequency, gaps)?;
        let calendar = frequency.seasons();
        let seasons = if self.season_lengths.is_empty() { &calendar[..] } else { &self.season_lengths };
        let fitted = self.family.fit(&grid.values, seasons, interrupt, families);
        // Of this fit alone, whatever became of it.
        families.begin_at(Optima::default());
        let state = fitted?;
        let (Some(&last_value), Some(&last_date)) = (series.timestamps.last(), series.dates.last()) else {
            return Err(FitError::TooShort { rows: 0 });
        };
        let after = if gaps == Gaps::Zero { 0 } else { frequency.steps(last_value, last_date).max(0) };
        if after > FARTHEST {
            return Err(FitError::Unsuitable(format!(
                "the last value is {after} steps of the frequency {frequency} before the last date: leave out the rows without a \
                 value after it, or set frequency to the spacing of the rows"
            )));
        }
        Ok(FittedLocal {
            state,
            interval_width: self.interval_width,
            lower_bound: self.lower_bound,
            last_date,
            steps_without_value: after as usize,
            rows: series.values.len(),
        })
    }
}

impl FittedLocal {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.state.name()
    }

    /// One-step errors within the history; zero for a model that was read from its file.
    #[must_use]
    pub fn scores(&self) -> Scores {
        self.state.scores()
    }

    /// Simulated futures behind the interval; none where it is a formula.
    pub(crate) fn simulated_futures(&self) -> Option<usize> {
        self.state.simulated_futures()
    }

    /// Reads a model file.
    pub(crate) fn from_json(content: &[u8]) -> Result<Self> {
        let fitted: Self = serde_json::from_slice(content).map_err(|error| Error::Data(error.to_string()))?;
        fitted.check()?;
        Ok(fitted)
    }

    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(crate) fn check(&self) -> Result<()> {
        if self.last_date.unsigned_abs() > LATEST {
            return Err(Error::Data(format!("last_date is {}: it is in milliseconds since 1970", self.last_date)));
        }
        let steps = self.steps_without_value;
        if steps > FARTHEST as usize {
            return Err(Error::Data(format!("steps_without_value is {steps}, the limit is {FARTHEST}")));
        }
        let width = self.interval_width;
        if !(0.0..1.0).contains(&width) {
            return Err(Error::Data(format!("interval_width is {width}: a probability is from 0 to below 1")));
        }
        self.state.check()
    }

    /// Forecasts dates after the history, regardless of the bound.
    pub(crate) fn answer(
        &self,
        request: &ForecastRequest<'_>,
        frequency: Frequency,
    ) -> Result<Forecast, CovariateError> {
        let (dates, steps) = steps_ahead(request, self.last_date, frequency)?;
        let width = request.interval_width.unwrap_or(self.interval_width);
        let farthest = steps.iter().copied().max().unwrap_or(0);
        let outlook = self.state.outlook(self.steps_without_value + farthest, request.seed);
        let (low, high) = ((1.0 - width) / 2.0, f64::midpoint(1.0, width));
        let reach = normal_quantile(high);
        let mut columns = [(); 3].map(|()| Vec::with_capacity(steps.len()));
        for step in steps {
            let at = self.steps_without_value + step - 1;
            let (mean, deviation) = (outlook.mean[at], outlook.deviation[at]);
            let (lower, upper) = outlook.simulated.get(at).map_or_else(
                || (mean - reach * deviation, mean + reach * deviation),
                |draws| (quantile_of_sorted(draws, low), quantile_of_sorted(draws, high)),
            );
            for (column, value) in columns.iter_mut().zip([mean, lower, upper]) {
                column.push(value);
            }
        }
        let [yhat, lower, upper] = columns;
        Ok(Forecast::without_components(dates, yhat, lower, upper))
    }

    pub(crate) fn footprint(&self) -> usize {
        self.state.footprint()
    }
}
