//! What to fit: Prophet's constructor arguments, with its names and defaults.

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

/// How y is brought to a common scale before the fit.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        }
    }
}

/// A seasonality as it is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Seasonality {
    /// `yearly`, `weekly`, `daily`.
    pub name: String,
    /// In days.
    pub period: f64,
    /// Number of sine and cosine pairs.
    pub fourier_order: usize,
    /// Scale of the coefficients' normal prior.
    pub prior_scale: f64,
}
