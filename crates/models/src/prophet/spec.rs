//! What to fit: Prophet's constructor arguments, with its names and defaults.

use super::terms::{CountryHolidays, CustomSeasonality, Holidays, Mode, Regressor};
use serde::{Deserialize, Serialize};

/// The shape of the trend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Growth {
    /// Piecewise linear.
    #[default]
    Linear,
    /// One level.
    Flat,
    /// Piecewise logistic: it saturates at the cap above and at the floor below.
    Logistic,
}

/// Whether a built-in seasonality is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeasonalityChoice {
    /// As the length and the spacing of the history allow.
    #[default]
    Auto,
    /// With its default order.
    On,
    /// Not at all.
    Off,
    /// With this Fourier order.
    Order(usize),
}

/// How y is scaled before the fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// y / max|y|.
    #[default]
    Absmax,
    /// (y − min y) / (max y − min y).
    Minmax,
}

/// How much of the history the saved model keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum History {
    /// The last rows: enough to forecast, and to continue the calendar.
    #[default]
    Tail,
    /// All rows, as Python Prophet does.
    Full,
}

/// Prophet's settings.
///
/// Columns that the terms name (regressors, conditions, and with logistic growth `cap` and `floor`) come with the series, see
/// [`crate::data::Columns`]; [`ProphetSpec::columns`] lists them. [`ProphetSpec::faults`] checks a
/// specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProphetSpec {
    /// Shape of the trend.
    pub growth: Growth,
    /// Number of potential changepoints.
    pub n_changepoints: usize,
    /// Share of the history that may have changepoints, in (0, 1].
    pub changepoint_range: f64,
    /// τ, scale of the changepoints' Laplace prior.
    pub changepoint_prior_scale: f64,
    /// Period 365.25 days, order 10.
    pub yearly_seasonality: SeasonalityChoice,
    /// Period 7 days, order 3.
    pub weekly_seasonality: SeasonalityChoice,
    /// Period 1 day, order 4.
    pub daily_seasonality: SeasonalityChoice,
    /// Scale of the seasonalities' normal prior.
    pub seasonality_prior_scale: f64,
    /// How y is scaled.
    pub scaling: Scaling,
    /// Probability that the forecast's interval should cover, in (0, 1).
    pub interval_width: f64,
    /// Number of simulated futures behind the interval; 0 for none.
    pub uncertainty_samples: usize,
    /// How much of the history is saved.
    pub history: History,
    // Later additions are not serialised at their defaults, so that fingerprints of artifacts stay the same.
    /// Dates of the potential changepoints, milliseconds since the epoch; none to spread `n_changepoints` of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changepoints: Option<Vec<i64>>,
    /// Mode of the built-in seasonalities, and of other terms that do not set one.
    #[serde(skip_serializing_if = "is_default")]
    pub seasonality_mode: Mode,
    /// Additional seasonalities, in the order of their coefficients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seasonalities: Vec<CustomSeasonality>,
    /// The holidays' days.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub holidays: Holidays,
    /// Holidays of a country, in addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_holidays: Option<CountryHolidays>,
    /// Scale of the normal prior of holidays and regressors that do not set one.
    #[serde(skip_serializing_if = "is_ten")]
    pub holidays_prior_scale: f64,
    /// Mode of the holidays; none for `seasonality_mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holidays_mode: Option<Mode>,
    /// Extra regressors, in the order of their coefficients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regressors: Vec<Regressor>,
    /// With logistic growth: the capacity where there is no column `cap`, in the units of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
    /// With logistic growth: the saturating minimum where there is no column `floor`; none for Prophet's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<f64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn ten() -> f64 {
    10.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_ten(value: &f64) -> bool {
    *value == ten()
}

impl Default for ProphetSpec {
    fn default() -> Self {
        Self {
            growth: Growth::Linear,
            n_changepoints: 25,
            changepoint_range: 0.8,
            changepoint_prior_scale: 0.05,
            yearly_seasonality: SeasonalityChoice::Auto,
            weekly_seasonality: SeasonalityChoice::Auto,
            daily_seasonality: SeasonalityChoice::Auto,
            seasonality_prior_scale: 10.0,
            scaling: Scaling::Absmax,
            interval_width: 0.8,
            uncertainty_samples: 1000,
            history: History::Tail,
            changepoints: None,
            seasonality_mode: Mode::Additive,
            seasonalities: Vec::new(),
            holidays: Holidays::default(),
            country_holidays: None,
            holidays_prior_scale: ten(),
            holidays_mode: None,
            regressors: Vec::new(),
            cap: None,
            floor: None,
            lower_bound: None,
        }
    }
}

impl ProphetSpec {
    /// Names of the columns that a series must have for this model: regressors, conditions, and `cap` for logistic growth
    /// unless it is a constant. A column `floor` is used with logistic growth where there is one.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let regressors = self.regressors.iter().map(|regressor| regressor.name.as_str());
        let conditions = self.seasonalities.iter().filter_map(|seasonality| seasonality.condition_name.as_deref());
        let cap = (self.growth == Growth::Logistic && self.cap.is_none()).then_some("cap");
        regressors.chain(conditions).chain(cap)
    }
}
