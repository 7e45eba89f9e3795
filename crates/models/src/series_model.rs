//! Models of a time series: what to fit, and what was fitted.

use crate::{
    Error, FitError, Forecast, Result, Scores,
    baseline::{BaselineSpec, FittedBaseline},
    combination::{FittedCombination, MemberModel},
    data::{CovariateError, Series},
    footprint,
    forecast_request::ForecastRequest,
    frequency::Frequency,
    interrupt::Interrupt,
    local::{FittedLocal, LocalSpec},
    prophet::{FittedProphet, ProphetSpec},
    sidecar::Sidecar,
    workspace::Workspace,
};
use serde::{Deserialize, Serialize};

/// A model to fit to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
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

/// A fitted model of a series, and what its file lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedSeries {
    /// The model.
    pub model: SeriesModel,
    /// The spacing of the dates.
    pub frequency: Frequency,
    /// By what the distance between a forecast and the ends of its interval is multiplied; 1 for the model's own interval.
    pub interval_factor: f64,
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
    /// Several of them.
    Combination(Box<FittedCombination<SeriesModel>>),
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
        Ok(FittedSeries { model, frequency, interval_factor: 1.0 })
    }
}

impl From<FittedProphet> for FittedSeries {
    /// With the frequency inferred from the history.
    fn from(fitted: FittedProphet) -> Self {
        let frequency = Frequency::infer(&fitted.history_dates);
        Self { model: SeriesModel::Prophet(Box::new(fitted)), frequency, interval_factor: 1.0 }
    }
}

impl FittedSeries {
    /// The file of a Prophet model.
    pub const PROPHET_FILE: &'static str = "model.json";
    /// The file of a baseline.
    pub const BASELINE_FILE: &'static str = "baseline.json";
    /// The file of a local model.
    pub const LOCAL_FILE: &'static str = "local.json";
    /// The file of a combination, beside [`Self::PROPHET_FILE`] if Prophet is one of its members.
    pub const COMBINATION_FILE: &'static str = "combination.json";

    /// Reads a model file; see [`Fitted::from_file`](crate::Fitted::from_file).
    pub(crate) fn from_file(file_name: &str, content: &[u8], sidecar: &Sidecar) -> Result<Self> {
        let other = match file_name {
            Self::BASELINE_FILE => Some(SeriesModel::Baseline(FittedBaseline::from_json(content)?)),
            Self::LOCAL_FILE => Some(SeriesModel::Local(Box::new(FittedLocal::from_json(content)?))),
            Self::COMBINATION_FILE => {
                let mut prophet = sidecar.member.as_deref();
                let member = |member| SeriesModel::of_member(member, &mut prophet);
                Some(SeriesModel::Combination(Box::new(FittedCombination::from_json(content, member)?)))
            }
            _ => None,
        };
        let fitted = match other {
            Some(model) => Self { model, frequency: Frequency::DAILY, interval_factor: 1.0 },
            None => FittedProphet::from_json(content)?.into(),
        };
        let interval_factor = sidecar.interval_factor.unwrap_or(1.0);
        if !(interval_factor > 0.0 && interval_factor.is_finite()) {
            return Err(Error::Data(format!("interval_factor is {interval_factor}: it is a number above 0")));
        }
        Ok(Self { frequency: sidecar.frequency.unwrap_or(fitted.frequency), interval_factor, ..fitted })
    }

    /// The model's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match &self.model {
            SeriesModel::Prophet(_) => "prophet",
            SeriesModel::Baseline(fitted) => fitted.model.name(),
            SeriesModel::Local(fitted) => fitted.name(),
            SeriesModel::Combination(_) => "combination",
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
            SeriesModel::Combination(fitted) => (Self::COMBINATION_FILE, fitted.to_json(SeriesModel::to_member)),
        }
    }

    /// A file that [`Self::to_file`]'s refers to: the Prophet among the members of a combination.
    #[must_use]
    pub fn member_file(&self) -> Option<(&'static str, Vec<u8>)> {
        let SeriesModel::Combination(_) = &self.model else { return None };
        Some((Self::PROPHET_FILE, self.model.prophet()?.to_json()))
    }

    /// In-sample errors; zero for a model that was read from its file. A combination has none.
    #[must_use]
    pub fn scores(&self) -> Scores {
        match &self.model {
            SeriesModel::Combination(_) => Scores::default(),
            SeriesModel::Prophet(fitted) => fitted.notes.scores,
            SeriesModel::Baseline(fitted) => fitted.scores,
            SeriesModel::Local(fitted) => fitted.scores(),
        }
    }

    /// Number of rows of the history that the model keeps.
    #[must_use]
    pub fn history_rows(&self) -> usize {
        self.model.history_rows()
    }

    /// The next `horizon` dates after the history.
    #[must_use]
    pub fn future_dates(&self, frequency: Frequency, horizon: usize) -> Vec<i64> {
        frequency.after(self.model.last_date(), horizon)
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
        self.model.answer(request, self.frequency, self.interval_factor)
    }

    /// Simulated futures behind the interval of a forecast; none for a model that simulates nothing.
    #[must_use]
    pub fn uncertainty_samples(&self) -> Option<usize> {
        self.model.uncertainty_samples()
    }

    /// Number of features, each with a value for every date of a forecast, that a forecast keeps in memory.
    #[must_use]
    pub fn features(&self) -> usize {
        self.model.prophet().map_or(0, |fitted| fitted.parameters.beta.len())
    }

    /// Names of the columns that a forecast needs at its dates.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        self.model.prophet().map(|fitted| fitted.columns().collect()).unwrap_or_default()
    }

    /// Names of the columns that a forecast reads: those, and the ones for which the model knows a default.
    #[must_use]
    pub fn all_columns(&self) -> Vec<&str> {
        self.model.prophet().map(|fitted| fitted.all_columns().collect()).unwrap_or_default()
    }

    pub(crate) fn footprint(&self) -> usize {
        self.model.footprint()
    }
}

impl SeriesModel {
    /// Number of rows of the history that the model keeps.
    fn history_rows(&self) -> usize {
        match self {
            Self::Prophet(fitted) => fitted.history_dates.len(),
            Self::Baseline(fitted) => fitted.rows,
            Self::Local(fitted) => fitted.rows,
            Self::Combination(fitted) => {
                fitted.members.iter().map(|(_, member)| member.history_rows()).max().unwrap_or(0)
            }
        }
    }

    /// The last date of the history, milliseconds since the epoch.
    fn last_date(&self) -> i64 {
        match self {
            Self::Prophet(fitted) => fitted.last_date(),
            Self::Baseline(fitted) => fitted.last_date,
            Self::Local(fitted) => fitted.last_date,
            Self::Combination(fitted) => fitted.members.iter().map(|(_, member)| member.last_date()).max().unwrap_or(0),
        }
    }

    /// A forecast within its bound, whose intervals are scaled.
    pub(crate) fn answer(
        &self,
        request: &ForecastRequest<'_>,
        frequency: Frequency,
        interval_factor: f64,
    ) -> Result<Forecast, CovariateError> {
        let forecast = match self {
            Self::Prophet(fitted) => fitted.answer(request),
            Self::Baseline(fitted) => fitted.answer(request, frequency),
            Self::Local(fitted) => fitted.answer(request, frequency),
            Self::Combination(fitted) => {
                // A Prophet may need columns, which decide on dates.
                let leader = fitted.members.iter().position(|(_, member)| member.prophet().is_some());
                fitted.answer(request, leader.unwrap_or(0), |member, request| member.answer(request, frequency, 1.0))
            }
        };
        Ok(forecast?.scaled(interval_factor).bounded(self.lower_bound()))
    }

    /// The bound below forecasts, in the units of the input.
    fn lower_bound(&self) -> Option<f64> {
        match self {
            Self::Prophet(fitted) => fitted.spec.lower_bound,
            Self::Baseline(fitted) => fitted.lower_bound,
            Self::Local(fitted) => fitted.lower_bound,
            Self::Combination(fitted) => fitted.members.first().and_then(|(_, member)| member.lower_bound()),
        }
    }

    fn uncertainty_samples(&self) -> Option<usize> {
        match self {
            Self::Prophet(fitted) => Some(fitted.spec.uncertainty_samples),
            Self::Baseline(_) => None,
            Self::Local(fitted) => fitted.simulated_futures(),
            Self::Combination(fitted) => {
                fitted.members.iter().filter_map(|(_, member)| member.uncertainty_samples()).max()
            }
        }
    }

    /// The Prophet that it is, or has among its members.
    fn prophet(&self) -> Option<&FittedProphet> {
        match self {
            Self::Prophet(fitted) => Some(fitted),
            Self::Baseline(_) | Self::Local(_) => None,
            Self::Combination(fitted) => fitted.members.iter().find_map(|(_, member)| member.prophet()),
        }
    }

    /// As a member in the file of a combination: a Prophet is in a file of its own.
    fn to_member(&self) -> MemberModel {
        match self {
            Self::Local(fitted) => MemberModel::Local((**fitted).clone()),
            Self::Baseline(fitted) => MemberModel::Baseline(fitted.clone()),
            Self::Prophet(_) | Self::Combination(_) => MemberModel::File(FittedSeries::PROPHET_FILE.into()),
        }
    }

    /// Reads a member of a combination; `prophet` is the content of the file of the Prophet among them, until it is read.
    fn of_member(member: MemberModel, prophet: &mut Option<&[u8]>) -> Result<Self> {
        Ok(match member {
            MemberModel::Local(fitted) => {
                fitted.check()?;
                Self::Local(Box::new(fitted))
            }
            MemberModel::Baseline(fitted) => {
                fitted.check()?;
                Self::Baseline(fitted)
            }
            MemberModel::File(name) => {
                let content = if name == FittedSeries::PROPHET_FILE { prophet.take() } else { None };
                let missing = || Error::Data(format!("a member of the combination is in {name:?}, which is missing"));
                Self::Prophet(Box::new(FittedProphet::from_json(content.ok_or_else(missing)?)?))
            }
        })
    }

    /// Drops what only the model's file needs.
    pub(crate) fn trim(&mut self) {
        match self {
            Self::Prophet(fitted) => fitted.trim(),
            Self::Baseline(_) | Self::Local(_) => {}
            Self::Combination(fitted) => fitted.members.iter_mut().for_each(|(_, member)| member.trim()),
        }
    }

    fn footprint(&self) -> usize {
        match self {
            Self::Prophet(fitted) => fitted.footprint(),
            Self::Baseline(fitted) => footprint::of_vec(&fitted.season),
            Self::Local(fitted) => size_of::<FittedLocal>() + fitted.footprint(),
            Self::Combination(fitted) => {
                let member = |(_, member): &(f64, Self)| size_of::<(f64, Self)>() + member.footprint();
                size_of::<FittedCombination<Self>>() + fitted.members.iter().map(member).sum::<usize>()
            }
        }
    }
}
