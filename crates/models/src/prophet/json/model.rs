//! What `prophet.serialize.model_to_json` writes: the members of the file.
//!
//! All are written as Prophet 1.5.0 does. Those that no forecast depends on are not read, so that files since 0.7.1 are read too.

use super::pandas::Timestamp;
use crate::prophet::{Growth, Mode, Scaling, Seasonality};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;

/// The names in the order of their coefficients, and what belongs to each.
pub(super) type Entries<T> = (Vec<String>, Named<T>);

#[derive(Serialize, Deserialize)]
pub(super) struct Model {
    pub(super) growth: Growth,
    #[serde(skip_deserializing)]
    pub(super) n_changepoints: usize,
    #[serde(default)]
    pub(super) specified_changepoints: bool,
    pub(super) changepoint_range: f64,
    /// `"auto"`, `true`, `false` or an order, as the next two.
    pub(super) yearly_seasonality: Value,
    pub(super) weekly_seasonality: Value,
    pub(super) daily_seasonality: Value,
    #[serde(default)]
    pub(super) seasonality_mode: Mode,
    pub(super) seasonality_prior_scale: f64,
    pub(super) changepoint_prior_scale: f64,
    pub(super) holidays_prior_scale: f64,
    #[serde(skip_deserializing)]
    pub(super) mcmc_samples: usize,
    pub(super) interval_width: f64,
    /// A number, or `false` for none.
    pub(super) uncertainty_samples: Value,
    pub(super) y_scale: f64,
    #[serde(default)]
    pub(super) y_min: f64,
    #[serde(default)]
    pub(super) scaling: Scaling,
    #[serde(default)]
    pub(super) logistic_floor: bool,
    pub(super) country_holidays: Option<String>,
    #[serde(skip_deserializing)]
    pub(super) component_modes: ComponentModes,
    pub(super) holidays_mode: Option<Mode>,
    pub(super) changepoints: Option<String>,
    pub(super) history_dates: String,
    pub(super) train_holiday_names: Option<String>,
    /// In seconds since the epoch.
    pub(super) start: f64,
    /// In seconds.
    pub(super) t_scale: f64,
    pub(super) holidays: Option<String>,
    pub(super) history: String,
    #[serde(skip_deserializing)]
    pub(super) train_component_cols: String,
    pub(super) changepoints_t: Vec<f64>,
    pub(super) seasonalities: Entries<Seasonality>,
    pub(super) extra_regressors: Entries<RegressorEntry>,
    #[serde(skip_deserializing)]
    pub(super) fit_kwargs: Map<String, Value>,
    pub(super) params: Params,
    #[serde(rename = "__prophet_version", skip_deserializing)]
    pub(super) version: &'static str,
    #[serde(rename = "__manyfit", skip_serializing_if = "Option::is_none")]
    pub(super) extras: Option<Extras>,
}

/// What a forecast depends on and stock Prophet has no member for.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extras {
    /// The country that some of the holidays belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country_holidays: Option<String>,
    /// The last year of its holidays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) holidays_until: Option<i32>,
    /// The cap if it is a constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cap: Option<f64>,
    /// The floor if it is a constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor: Option<f64>,
    /// The cap of dates for which no column states another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usual_cap: Option<f64>,
    /// The same for the floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usual_floor: Option<f64>,
    /// The lower bound of every forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lower_bound: Option<f64>,
}

#[derive(Default, Serialize)]
pub(super) struct ComponentModes {
    pub(super) additive: Vec<String>,
    pub(super) multiplicative: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct RegressorEntry {
    pub(super) prior_scale: f64,
    /// `"auto"`, `true` or `false`.
    pub(super) standardize: Value,
    pub(super) mu: f64,
    pub(super) std: f64,
    pub(super) mode: Mode,
    #[serde(skip_deserializing)]
    pub(super) predictor_spec: (),
    #[serde(skip_deserializing)]
    pub(super) predictor: (),
}

/// A row or a column for each draw, of which there is one.
#[derive(Serialize, Deserialize)]
pub(super) struct Params {
    pub(super) k: Vec<Vec<f64>>,
    pub(super) m: Vec<Vec<f64>>,
    pub(super) delta: Vec<Vec<f64>>,
    pub(super) sigma_obs: Vec<Vec<f64>>,
    pub(super) beta: Vec<Vec<f64>>,
    #[serde(skip_deserializing)]
    pub(super) trend: Vec<Vec<f64>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HistoryEntry {
    pub(super) ds: Timestamp,
    pub(super) y: f64,
    #[serde(skip_deserializing)]
    pub(super) floor: f64,
    #[serde(skip_deserializing)]
    pub(super) t: f64,
    #[serde(skip_deserializing)]
    pub(super) y_scaled: f64,
    /// When read, the floor among them.
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct HolidayEntry {
    pub(super) ds: Timestamp,
    pub(super) holiday: String,
    pub(super) lower_window: Option<Number>,
    pub(super) upper_window: Option<Number>,
    pub(super) prior_scale: Option<f64>,
}

/// An object, written with its keys in their order, and read with its keys sorted.
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, entry)| (name, entry)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|entries| Self(entries.into_iter().collect()))
    }
}
