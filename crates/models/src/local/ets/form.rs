//! The forms of exponential smoothing, and their names.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How the trend continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// No trend.
    None,
    /// A straight line.
    Additive,
    /// A line that levels off.
    Damped,
}

/// How the season acts on the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seasonality {
    /// No season.
    None,
    /// It is added.
    Additive,
    /// It multiplies.
    Multiplicative,
}

/// One form: the kinds of its error, trend and season. Its name is, for instance, `MAdM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Form {
    /// Whether errors are relative to the forecast.
    pub relative: bool,
    /// The trend.
    pub trend: Trend,
    /// The season.
    pub season: Seasonality,
}

impl Form {
    /// Smoothing parameters and free initial states.
    pub(super) fn parameters(self, period: usize) -> usize {
        let trend = match self.trend {
            Trend::None => 0,
            Trend::Additive => 2,
            Trend::Damped => 3,
        };
        2 + trend + if self.season == Seasonality::None { 0 } else { period }
    }

    /// Of the reduced pool: no undamped trend, and the season acts as the error does.
    fn is_reduced(self) -> bool {
        let matched = match self.season {
            Seasonality::None => true,
            Seasonality::Additive => !self.relative,
            Seasonality::Multiplicative => self.relative,
        };
        self.trend != Trend::Additive && matched
    }

    /// All forms but those of additive errors around multiplicative seasons, whose variance is not finite.
    ///
    /// Forms with additive errors come first, because others begin where they end.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let seasons = [Seasonality::None, Seasonality::Additive, Seasonality::Multiplicative];
        let trends = [Trend::None, Trend::Damped, Trend::Additive];
        [false, true]
            .into_iter()
            .flat_map(move |relative| {
                seasons.into_iter().flat_map(move |season| trends.map(|trend| Self { relative, trend, season }))
            })
            .filter(|form| form.relative || form.season != Seasonality::Multiplicative)
    }
}

impl TryFrom<String> for Form {
    type Error = ModelNameError;

    fn try_from(name: String) -> Result<Self, ModelNameError> {
        match name.parse()? {
            EtsModel::Letters { relative: Some(relative), trend: Some(trend), season: Some(season) } => {
                Ok(Self { relative, trend, season })
            }
            _ => Err(ModelNameError::Unknown(name)),
        }
    }
}

impl From<Form> for String {
    fn from(form: Form) -> Self {
        form.to_string()
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        let season = match self.season {
            Seasonality::None => "N",
            Seasonality::Additive => "A",
            Seasonality::Multiplicative => "M",
        };
        write!(f, "{}{trend}{season}", if self.relative { "M" } else { "A" })
    }
}

/// Which forms are tried: `reduced`, or three letters for error, trend and season as in R's `ets`, where Z leaves the choice.
///
/// | | error | trend | season |
/// |---|---|---|---|
/// | N | | none | none |
/// | A | additive | additive | additive |
/// | Ad | | additive, damped | |
/// | M | multiplicative | | multiplicative |
/// | Z | either | none or additive | any |
///
/// An additive trend is tried damped and undamped unless [`EtsSpec::damped`](super::EtsSpec) says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EtsModel {
    /// The eight forms with no trend or a damped one whose season acts as their error does.
    Reduced,
    /// Those that three letters allow.
    Letters {
        /// Relative errors, or either.
        relative: Option<bool>,
        /// A trend or none, or either.
        trend: Option<Trend>,
        /// The season's kind, or any.
        season: Option<Seasonality>,
    },
}

impl Default for EtsModel {
    /// All forms, as in R's `ets` and in statsforecast's `AutoETS`.
    fn default() -> Self {
        Self::Letters { relative: None, trend: None, season: None }
    }
}

impl EtsModel {
    /// Simple exponential smoothing, where nothing more can be estimated.
    pub(super) const SIMPLE: Self =
        Self::Letters { relative: Some(false), trend: Some(Trend::None), season: Some(Seasonality::None) };

    /// The forms to be tried.
    pub(super) fn forms(self, damped: Option<bool>) -> impl Iterator<Item = Form> {
        Form::all().filter(move |form| {
            let agrees =
                form.trend == Trend::None || damped.is_none_or(|damped| damped == (form.trend == Trend::Damped));
            match self {
                Self::Reduced => form.is_reduced(),
                Self::Letters { relative, trend, season } => {
                    let trend_fits = match trend {
                        None => true,
                        Some(Trend::Additive) => form.trend != Trend::None,
                        Some(trend) => form.trend == trend,
                    };
                    let kinds_fit = relative.is_none_or(|relative| relative == form.relative)
                        && season.is_none_or(|season| season == form.season);
                    trend_fits && kinds_fit && agrees
                }
            }
        })
    }

    /// The model with additive letters for multiplicative ones, for series whose values are not all positive.
    pub(super) fn added(self) -> Self {
        let Self::Letters { relative, trend, season } = self else { return self };
        let season = season.map(|kind| if kind == Seasonality::Multiplicative { Seasonality::Additive } else { kind });
        Self::Letters { relative: relative.and(Some(false)), trend, season }
    }

    /// The model without its season, for series that have none or are too short for one.
    pub(super) fn without_season(self) -> Self {
        let Self::Letters { relative, trend, .. } = self else { return self };
        Self::Letters { relative, trend, season: Some(Seasonality::None) }
    }

    /// Whether a form with a trend may be tried.
    pub(super) fn allows_trend(self) -> bool {
        !matches!(self, Self::Letters { trend: Some(Trend::None), .. })
    }
}

impl fmt::Display for EtsModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Letters { relative, trend, season } = *self else { return f.write_str("reduced") };
        f.write_str(match relative {
            None => "Z",
            Some(false) => "A",
            Some(true) => "M",
        })?;
        f.write_str(match trend {
            None => "Z",
            Some(Trend::None) => "N",
            Some(Trend::Additive) => "A",
            Some(Trend::Damped) => "Ad",
        })?;
        f.write_str(match season {
            None => "Z",
            Some(Seasonality::None) => "N",
            Some(Seasonality::Additive) => "A",
            Some(Seasonality::Multiplicative) => "M",
        })
    }
}

/// Why a name is not a model of exponential smoothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelNameError {
    /// It is not spelt like one.
    #[error(
        "unknown ETS model {0:?}: use reduced, or a letter each for error (A, M, Z), trend (N, A, Ad, Z) and season (N, A, M, Z), as in ZZZ or MAdM"
    )]
    Unknown(String),
    /// Its trend multiplies.
    #[error("ETS model {0:?} has a multiplicative trend, which is not offered: use A or Ad as its second letter")]
    MultiplicativeTrend(String),
    /// Its season multiplies and its error does not.
    #[error(
        "ETS model {0:?} adds errors to a multiplicative season, so its variance is not finite: use M as its first letter"
    )]
    AdditiveError(String),
}

impl FromStr for EtsModel {
    type Err = ModelNameError;

    fn from_str(name: &str) -> Result<Self, ModelNameError> {
        let unknown = || ModelNameError::Unknown(name.into());
        if name == "reduced" {
            return Ok(Self::Reduced);
        }
        let (error, rest) = name.split_at_checked(1).ok_or_else(unknown)?;
        let (trend, season) = rest.split_at_checked(rest.len().saturating_sub(1)).ok_or_else(unknown)?;
        let relative = match error {
            "A" => Some(false),
            "M" => Some(true),
            "Z" => None,
            _ => return Err(unknown()),
        };
        let trend = match trend {
            "N" => Some(Trend::None),
            "A" => Some(Trend::Additive),
            "Ad" => Some(Trend::Damped),
            "Z" => None,
            "M" | "Md" => return Err(ModelNameError::MultiplicativeTrend(name.into())),
            _ => return Err(unknown()),
        };
        let season = match season {
            "N" => Some(Seasonality::None),
            "A" => Some(Seasonality::Additive),
            "M" => Some(Seasonality::Multiplicative),
            "Z" => None,
            _ => return Err(unknown()),
        };
        if relative == Some(false) && season == Some(Seasonality::Multiplicative) {
            return Err(ModelNameError::AdditiveError(name.into()));
        }
        Ok(Self::Letters { relative, trend, season })
    }
}

impl TryFrom<String> for EtsModel {
    type Error = ModelNameError;

    fn try_from(name: String) -> Result<Self, ModelNameError> {
        name.parse()
    }
}

impl From<EtsModel> for String {
    fn from(model: EtsModel) -> Self {
        model.to_string()
    }
}
