//! Models of a time series: what to fit, and what was fitted.

use crate::{
    FitError, Forecast, Result, Scores,
    baseline::{BaselineSpec, FittedBaseline},
    data::{CovariateError, Series},
    footprint,
    forecast_request::ForecastRequest,
    frequency::Frequency,
    interrupt::Interrupt,
    local::{FittedLocal, LocalSpec},
    prophet::{FittedProphet, ProphetSpec},
    workspace::Workspace,
};
use serde::{Deserialize, Serialize};

/// A model to fit to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a run has a few of them")]
pub enum SeriesSpec {
    /// See [`prophet`](crate::prophet).
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
    /// See [`local`](crate::local).
    Local(LocalSpec),
}

/// A fitted model of a series, and its frequency, which its file lacks.
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
    /// See [`prophet`](crate::prophet).
    Prophet(Box<FittedProphet>),
    /// See [`baseline`](crate::baseline).
    Baseline(FittedBaseline),
    /// See [`local`](crate::local).
    Local(Box<FittedLocal>),
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
            Self::Local(spec) => spec.name(),
        }
    }

    /// Fits the model to a series whose dates have the given frequency.
    ///
    /// # Errors
    /// [`FitError`]: the series or an extra column is invalid, or `interrupt` ended the fit.
    pub fn fit(
        &self,
        series: &Series,
        frequency: Frequency,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedSeries, FitError> {
        if series.values.iter().any(|y| y.abs() > LARGEST_VALUE) {
            return Err(FitError::NotFinite);
        }
        let model = match self {
            Self::Prophet(spec) => {
                SeriesModel::Prophet(Box::new(spec.fit(series, interrupt, &mut workspace.prophet)?))
            }
            Self::Baseline { baseline, interval_width, lower_bound } => {
                let fitted = baseline.fit(series, frequency, *interval_width, *lower_bound);
                SeriesModel::Baseline(fitted.ok_or(FitError::TooShort { rows: 0 })?)
            }
            Self::Local(spec) => {
                SeriesModel::Local(Box::new(spec.fit(series, frequency, interrupt, &mut workspace.local)?))
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
    /// The file of a local model.
    pub const LOCAL_FILE: &'static str = "local.json";

    /// Reads a model file; see [`Fitted::from_file`](crate::Fitted::from_file).
    pub(crate) fn from_file(file_name: &str, content: &[u8], frequency: Option<Frequency>) -> Result<Self> {
        let other = match file_name {
            Self::BASELINE_FILE => Some(SeriesModel::Baseline(FittedBaseline::from_json(content)?)),
            Self::LOCAL_FILE => Some(SeriesModel::Local(Box::new(FittedLocal::from_json(content)?))),
            _ => None,
        };
        if let Some(model) = other {
            return Ok(Self { model, frequency: frequency.unwrap_or(Frequency::DAILY) });
        }
        let fitted = FittedProphet::from_json(content)?;
        Ok(match frequency {
            Some(frequency) => Self { frequency, model: SeriesModel::Prophet(Box::new(fitted)) },
            None => fitted.into(),
        })
    }

    /// The model's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match &self.model {
            SeriesModel::Prophet(_) => "prophet",
            SeriesModel::Baseline(fitted) => fitted.model.name(),
            SeriesModel::Local(fitted) => fitted.name(),
        }
    }

    /// The name of the model file in an artifact, and its content: Python Prophet's serialisation, or JSON of our own.
    #[must_use]
    pub fn to_file(&self) -> (&'static str, Vec<u8>) {
        match &self.model {
            SeriesModel::Prophet(fitted) => (Self::PROPHET_FILE, fitted.to_json()),
            SeriesModel::Baseline(fitted) => {
                (Self::BASELINE_FILE, serde_json::to_vec(fitted).expect("plain data has a JSON form"))
            }
            SeriesModel::Local(fitted) => {
                (Self::LOCAL_FILE, serde_json::to_vec(fitted).expect("plain data has a JSON form"))
            }
        }
    }

    /// In-sample errors; zero for a model that was read from its file.
    #[must_use]
    pub fn scores(&self) -> Scores {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.notes.scores,
            SeriesModel::Baseline(fitted) => fitted.scores,
            SeriesModel::Local(fitted) => fitted.scores(),
        }
    }

    /// Number of rows of the history that the model keeps.
    #[must_use]
    pub const fn history_rows(&self) -> usize {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.history_dates.len(),
            SeriesModel::Baseline(fitted) => fitted.rows,
            SeriesModel::Local(fitted) => fitted.rows,
        }
    }

    /// The next `horizon` dates after the history.
    #[must_use]
    pub fn future_dates(&self, frequency: Frequency, horizon: usize) -> Vec<i64> {
        let last = match &self.model {
            SeriesModel::Prophet(fitted) => fitted.last_date(),
            SeriesModel::Baseline(fitted) => fitted.last_date,
            SeriesModel::Local(fitted) => fitted.last_date,
        };
        frequency.after(last, horizon)
    }

    /// Forecasts.
    ///
    /// ```
    /// use manyfit_models::{
    ///     Dates, ForecastRequest, Interrupt, SeriesSpec, Workspace, baseline::BaselineSpec, data::Series, frequency::Frequency,
    /// };
    ///
    /// let dates: Vec<i64> = (0..28).map(|day| day * 86_400_000).collect();
    /// let values = (0..28).map(|day| f64::from(day % 7)).collect();
    /// let series = Series { timestamps: dates.clone(), dates, values, ..Series::default() };
    /// let spec = SeriesSpec::Baseline {
    ///     baseline: BaselineSpec::SeasonalNaive,
    ///     interval_width: 0.8,
    ///     lower_bound: None,
    /// };
    /// let fitted = spec.fit(&series, Frequency::DAILY, Interrupt::default(), &mut Workspace::default())?;
    /// let next = Dates::Steps { horizon: 3, frequency: fitted.frequency };
    /// assert_eq!(fitted.forecast(&ForecastRequest::new(next))?.yhat, [0.0, 1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Columns that [`FittedSeries::columns`] names lack values, the model does not know the holidays of all dates, or a local
    /// model or a baseline gets dates that are not after its history.
    pub fn forecast(&self, request: &ForecastRequest<'_>) -> Result<Forecast, CovariateError> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.answer(request),
            SeriesModel::Baseline(fitted) => fitted.answer(request, self.frequency),
            SeriesModel::Local(fitted) => fitted.answer(request, self.frequency),
        }
    }

    /// Simulated futures behind the interval of a forecast; none for a model that simulates nothing.
    #[must_use]
    pub fn uncertainty_samples(&self) -> Option<usize> {
        match &self.model {
            SeriesModel::Prophet(fitted) => Some(fitted.spec.uncertainty_samples),
            SeriesModel::Baseline(_) => None,
            SeriesModel::Local(fitted) => fitted.simulated_futures(),
        }
    }

    /// Number of features, each with a value for every date of a forecast, that a forecast keeps in memory.
    #[must_use]
    pub const fn features(&self) -> usize {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.parameters.beta.len(),
            SeriesModel::Baseline(_) | SeriesModel::Local(_) => 0,
        }
    }

    /// Names of the columns that a forecast needs at its dates.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.columns().collect(),
            SeriesModel::Baseline(_) | SeriesModel::Local(_) => Vec::new(),
        }
    }

    /// Names of the columns that a forecast reads: those, and the ones for which the model knows a default.
    #[must_use]
    pub fn all_columns(&self) -> Vec<&str> {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.all_columns().collect(),
            SeriesModel::Baseline(_) | SeriesModel::Local(_) => Vec::new(),
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        match &self.model {
            SeriesModel::Prophet(fitted) => fitted.footprint(),
            SeriesModel::Baseline(fitted) => footprint::of_vec(&fitted.season),
            SeriesModel::Local(fitted) => size_of::<FittedLocal>() + fitted.footprint(),
        }
    }
}
