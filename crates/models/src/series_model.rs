//! Models of a time series: what to fit, and what was fitted.

use crate::{
    Forecast, Result, Scores, Workspace,
    baseline::{BaselineSpec, FittedBaseline},
    data::{Covariates, Series},
    footprint,
    frequency::Frequency,
    patience::{Interruption, Patience},
    prophet::{self, CovariateError, FittedProphet, ProphetSpec},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};

/// A model to fit to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a run has a few of them")]
pub enum SeriesSpec {
    /// See [`prophet`].
    Prophet(ProphetSpec),
    /// See [`baseline`](crate::baseline).
    Baseline {
        /// Which one.
        baseline: BaselineSpec,
        /// Probability that the forecast's interval should cover.
        interval_width: f64,
        /// Lower bound of forecasts and of their intervals, in the units of the input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lower_bound: Option<f64>,
    },
}

/// A fitted model of a series, and what its file does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedSeries {
    /// The model.
    pub model: SeriesModel,
    /// The spacing of the dates.
    pub frequency: Frequency,
}

/// The families of models of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesModel {
    /// See [`prophet`].
    Prophet(Box<FittedProphet>),
    /// See [`baseline`](crate::baseline).
    Baseline(FittedBaseline),
}

/// Why a model could not be fitted to a series.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// The model needs more rows.
    #[error("{}", if *rows == 0 { "no row has a value" } else { "only one row has a value: Prophet needs two" })]
    TooShort {
        /// Rows that have a value.
        rows: usize,
    },
    /// The deadline passed.
    #[error("the fit did not end within its time limit; raise customer_time_limit or leave it unset")]
    OutOfTime,
    /// The run is being stopped.
    #[error("the run was stopped")]
    Stopped,
    /// The arithmetic overflowed.
    #[error("the values are too large or too far apart to compute with; scale them")]
    NotFinite,
    /// A column beside the series is missing or invalid.
    #[error(transparent)]
    Covariate(#[from] CovariateError),
    /// A changepoint that was asked for is not within the history.
    #[error("the changepoint {} is not within the history", prophet::civil(*date))]
    ChangepointOutside {
        /// Milliseconds since the epoch.
        date: i64,
    },
}

impl From<Interruption> for FitError {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::OutOfTime => Self::OutOfTime,
            Interruption::Stopped => Self::Stopped,
        }
    }
}

/// The largest magnitude of a value: sums over a history, and forecasts many times as high, stay finite.
const LARGEST_VALUE: f64 = 1e300;

impl SeriesSpec {
    /// The model's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Prophet(_) => "prophet",
            Self::Baseline { baseline, .. } => baseline.name(),
        }
    }

    /// Fits the model to a series whose dates have the given frequency.
    ///
    /// # Errors
    /// [`FitError`] says whether the series, a column beside it, or the end of `patience` is the reason.
    pub fn fit(
        &self,
        series: &Series,
        frequency: Frequency,
        patience: Patience<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedSeries, FitError> {
        if series.values.iter().any(|y| y.abs() > LARGEST_VALUE) {
            return Err(FitError::NotFinite);
        }
        let model = match self {
            Self::Prophet(spec) => {
                SeriesModel::Prophet(Box::new(spec.fit(series, patience, &mut workspace.prophet)?))
            }
            Self::Baseline { baseline, interval_width, lower_bound } => {
                let fitted = baseline.fit(series, frequency, *interval_width, *lower_bound);
                SeriesModel::Baseline(fitted.ok_or(FitError::TooShort { rows: 0 })?)
            }
        };
        Ok(FittedSeries { model, frequency })
    }
}

impl From<FittedProphet> for FittedSeries {
    /// With the frequency inferred from the history.
    fn from(fitted: FittedProphet) -> Self {
        Self { frequency: Frequency::infer(&fitted.history_dates), model: SeriesModel::Prophet(Box::new(fitted)) }
    }
}

impl FittedSeries {
    /// The file of a Prophet model.
    pub const PROPHET_FILE: &'static str = "model.json";
    /// The file of a baseline.
    pub const BASELINE_FILE: &'static str = "baseline.json";

    /// Reads a model file; see [`Fitted::from_file`](crate::Fitted::from_file).
    pub(crate) fn from_file(file_name: &str, content: &[u8], frequency: Option<Frequency>) -> Result<Self> {
        if file_name == Self::BASELINE_FILE {
            let model = SeriesModel::Baseline(FittedBaseline::from_json(content)?);
            return Ok(Self { model, frequency: frequency.unwrap_or(Frequency::DAILY) });
        }
        let fitted = FittedProphet::from_json(content)?;
        let frequency = frequency.unwrap_or_else(|| Frequency::infer(&fitted.history_dates));
        Ok(Self { model: SeriesModel::Prophet(Box::new(fitted)), frequency })
    }

    /// The model's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match &self.model {
            SeriesModel::Prophet(_) => "prophet",
            SeriesModel::Baseline(fitted) => fitted.model.name(),
        }
    }

    /// Name of the model file in an artifact.
    #[must_use]
    pub const fn file_name(&self) -> &'static str {
        match self.model {
            SeriesModel::Prophet(_) => Self::PROPHET_FILE,
            SeriesModel::Baseline(_) => Self::BASELINE_FILE,
        }
    }

    /// Content of the model file: Python Prophet's serialisation, or a baseline's JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.to_json(),
            SeriesModel::Baseline(fitted) => serde_json::to_vec(fitted).expect("plain data has a JSON form"),
        }
    }

    /// In-sample errors; zero for a model that was read from its file.
    #[must_use]
    pub const fn scores(&self) -> Scores {
        let (mae, rmse) = match &self.model {
            SeriesModel::Prophet(fitted) => (fitted.notes.mean_absolute_error, fitted.notes.root_mean_squared_error),
            SeriesModel::Baseline(fitted) => fitted.errors,
        };
        Scores { mae, rmse }
    }

    /// Rows of the history, as far as the model keeps them.
    #[must_use]
    pub const fn history_rows(&self) -> usize {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.history_dates.len(),
            SeriesModel::Baseline(fitted) => fitted.rows,
        }
    }

    /// The next `horizon` dates after the history.
    #[must_use]
    pub fn future_dates(&self, frequency: Frequency, horizon: usize) -> Vec<i64> {
        let last = match &self.model {
            SeriesModel::Prophet(fitted) => fitted.last_date(),
            SeriesModel::Baseline(fitted) => fitted.last_date,
        };
        frequency.after(last, horizon)
    }

    /// Predicts at increasing dates; the same seed gives the same draws.
    ///
    /// # Errors
    /// Where the covariates lack what [`FittedSeries::columns`] names.
    pub fn forecast(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        seed: [u8; 32],
    ) -> Result<Forecast, CovariateError> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.forecast(dates, covariates, &mut ChaCha8Rng::from_seed(seed)),
            SeriesModel::Baseline(fitted) => Ok(fitted.forecast(dates)),
        }
    }

    /// Names of the columns that a forecast needs at its dates.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.columns().collect(),
            SeriesModel::Baseline(_) => Vec::new(),
        }
    }

    /// Names of the columns that a forecast reads: those, and the ones for which the model knows a default.
    #[must_use]
    pub fn all_columns(&self) -> Vec<&str> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.all_columns().collect(),
            SeriesModel::Baseline(_) => Vec::new(),
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.footprint(),
            SeriesModel::Baseline(fitted) => footprint::of_vec(&fitted.season),
        }
    }
}
