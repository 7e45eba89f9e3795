//! The terms of a model in addition to its trend: seasonalities, holidays, regressors.

use serde::{Deserialize, Serialize};
use std::{ops::Deref, sync::Arc};

/// Whether a term is added to the trend or multiplies it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Added to the trend, in the units of the series.
    #[default]
    Additive,
    /// A share of the trend.
    Multiplicative,
}

/// Arguments of Python's `add_seasonality`; the name of a built-in seasonality replaces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomSeasonality {
    /// Name of the component.
    pub name: String,
    /// In days, more than 0.
    pub period: f64,
    /// Number of sine and cosine pairs, at least 1.
    pub fourier_order: usize,
    /// Scale of the coefficients' normal prior; none for `seasonality_prior_scale`.
    #[serde(default)]
    pub prior_scale: Option<f64>,
    /// None for `seasonality_mode`.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// The column of 0 and 1 that states where it applies; none for everywhere.
    #[serde(default)]
    pub condition_name: Option<String>,
}

/// A seasonality as it is fitted, with its defaults filled in; serialised as Python does, under its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seasonality {
    /// Name of the component.
    #[serde(skip)]
    pub name: String,
    /// In days.
    pub period: f64,
    /// Number of sine and cosine pairs.
    pub fourier_order: usize,
    /// Scale of the coefficients' normal prior.
    pub prior_scale: f64,
    /// Added to the trend, or multiplying it.
    pub mode: Mode,
    /// The column of 0 and 1 that states where it applies.
    pub condition_name: Option<String>,
}

/// A row of Python's `holidays` table: one day on which a holiday falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holiday {
    /// The holiday's name; its days share their coefficients.
    pub name: String,
    /// Milliseconds since the epoch; the time of day does not count.
    pub date: i64,
    /// Days before it that belong to it, as 0 or a negative number.
    #[serde(default)]
    pub lower_window: i32,
    /// Days after it that belong to it.
    #[serde(default)]
    pub upper_window: i32,
    /// Scale of the coefficients' normal prior; none for `holidays_prior_scale`.
    #[serde(default)]
    pub prior_scale: Option<f64>,
}

/// Rows of a holiday table, shared by all customers: a copy is cheap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Holiday>", into = "Vec<Holiday>")]
pub struct Holidays(Arc<[Holiday]>);

/// The holidays of a country, with their days, which a fitted model keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountryHolidays {
    /// As in Python's `add_country_holidays`: `US`.
    pub country: String,
    /// Its holidays in all years of the history and of the forecasts to come. As in Python, those that fall in no year of the
    /// history are left out of the model.
    pub days: Holidays,
    /// The last year of its holidays: there is no forecast after it.
    pub until: i32,
}

/// Whether a regressor is brought to mean 0 and standard deviation 1 before the fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standardize {
    /// Unless its values are 0 and 1.
    #[default]
    Auto,
    /// Unless it is constant.
    Always,
    /// Never.
    Never,
}

/// Arguments of Python's `add_regressor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regressor {
    /// Name of its column, and of the component.
    pub name: String,
    /// Scale of the coefficient's normal prior; none for `holidays_prior_scale`.
    #[serde(default)]
    pub prior_scale: Option<f64>,
    /// Whether it is standardised.
    #[serde(default)]
    pub standardize: Standardize,
    /// None for `seasonality_mode`.
    #[serde(default)]
    pub mode: Option<Mode>,
}

impl Regressor {
    /// A regressor with Python's defaults.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), prior_scale: None, standardize: Standardize::Auto, mode: None }
    }
}

impl Holiday {
    /// A day without windows and with the default prior.
    #[must_use]
    pub fn new(name: &str, date: i64) -> Self {
        Self { name: name.into(), date, lower_window: 0, upper_window: 0, prior_scale: None }
    }
}

impl Deref for Holidays {
    type Target = [Holiday];

    fn deref(&self) -> &[Holiday] {
        &self.0
    }
}

impl PartialEq for Holidays {
    fn eq(&self, other: &Self) -> bool {
        // Customers share one table: no need to compare its rows for each of them.
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl From<Vec<Holiday>> for Holidays {
    fn from(rows: Vec<Holiday>) -> Self {
        Self(rows.into())
    }
}

impl From<Holidays> for Vec<Holiday> {
    fn from(rows: Holidays) -> Self {
        rows.0.to_vec()
    }
}

impl FromIterator<Holiday> for Holidays {
    fn from_iter<Rows: IntoIterator<Item = Holiday>>(rows: Rows) -> Self {
        Self(rows.into_iter().collect())
    }
}
