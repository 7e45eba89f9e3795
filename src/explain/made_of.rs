//! A model in numbers.

use crate::{artifact::Metadata, results::iso_date};
use manyfit_models::{
    Dates, Fitted, FittedSeries, ForecastRequest, SeriesModel,
    prophet::{FittedProphet, Growth},
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Changes of slope below this are none, as in Prophet's `add_changepoints_to_plot`; in scaled units.
const LEAST_CHANGE: f64 = 0.01;

/// Changepoints, features and holidays that are listed.
const LISTED: usize = 10;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// Times in the year after the history at which components are looked at.
const TIMES: i64 = 4000;

/// What a model is made of.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct MadeOf {
    /// Its name, as in the setting `model`.
    pub(super) name: String,
    /// Of a combination: how its members are combined, and each with its weight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) members: Vec<(String, f64)>,
    /// Of a Prophet, which may be one of them: its trend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trend: Option<Trend>,
    /// The components, over the year after the history; none for those that need columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component>,
    /// Numbers of a local model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<String, Value>,
    /// Features of a regression, the most important first: name and mean gain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) features: Vec<(String, Option<f64>)>,
}

/// The trend of a Prophet.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Trend {
    pub(super) growth: &'static str,
    /// Potential changepoints.
    pub(super) changepoints: usize,
    /// Those where the slope changes, the largest change first: the date, and the change in units of the input a day; of logistic growth
    /// of the exponent.
    pub(super) changes: Vec<(String, f64)>,
    /// How many there are.
    pub(super) changed: usize,
}

/// A component of forecasts.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Whether these are shares of the trend.
    pub(super) is_multiplicative: bool,
}

impl MadeOf {
    pub(super) fn new(model: &Fitted, metadata: Option<&Metadata>) -> Self {
        let name = model.name().to_owned();
        let Fitted::Series(series) = model else {
            return Self { name, features: features(metadata), ..Self::default() };
        };
        let mut made_of = Self { name, ..Self::default() };
        match &series.model {
            SeriesModel::Prophet(prophet) => made_of.add_prophet(prophet, series),
            SeriesModel::Local(local) => made_of.parameters = numbers_of(serde_json::to_value(&local.state).ok()),
            SeriesModel::Baseline(_) => {}
            SeriesModel::Combination(combination) => {
                for (weight, member) in &combination.members {
                    let own = FittedSeries { model: member.clone(), frequency: series.frequency, interval_factor: 1.0 };
                    made_of.members.push((own.name().to_owned(), *weight));
                    if let SeriesModel::Prophet(prophet) = member {
                        made_of.add_prophet(prophet, &own);
                    }
                }
            }
        }
        made_of
    }

    fn add_prophet(&mut self, prophet: &FittedProphet, series: &FittedSeries) {
        self.trend = Some(Trend::of(prophet));
        self.components = components(prophet, series);
    }
}

impl Trend {
    fn of(prophet: &FittedProphet) -> Self {
        let growth = match prophet.spec.growth {
            Growth::Linear => "linear",
            Growth::Flat => "flat",
            Growth::Logistic => "logistic",
        };
        let days = prophet.t_scale as f64 / DAY;
        let unit = if prophet.spec.growth == Growth::Logistic { 1.0 } else { prophet.y_scale };
        let changed = prophet.changepoints.iter().zip(&prophet.parameters.delta);
        let mut changed: Vec<_> = changed.filter(|(_, delta)| delta.abs() >= LEAST_CHANGE).collect();
        changed.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
        let change = |&(&date, &delta): &(&i64, &f64)| (iso_date(date), delta * unit / days);
        Self {
            growth,
            changepoints: prophet.changepoints.len(),
            changes: changed.iter().take(LISTED).map(change).collect(),
            changed: changed.len(),
        }
    }
}

/// The components that are not zero in the year after the history.
fn components(prophet: &FittedProphet, series: &FittedSeries) -> Vec<Component> {
    let last = prophet.start + prophet.t_scale;
    let step = (365.25 * DAY) as i64 / TIMES;
    let times: Vec<i64> = (1..=TIMES).map(|time| last + time * step).collect();
    let request = ForecastRequest { uncertainty_samples: Some(0), ..ForecastRequest::new(Dates::At(&times)) };
    // A model that needs columns has no components without them.
    let Ok(forecast) = series.forecast(&request) else { return Vec::new() };
    let is_multiplicative = |name: &str| {
        let mode = prophet.terms.seasonalities.iter().find(|term| term.name == name).map(|term| term.mode);
        mode.unwrap_or(prophet.terms.holidays_mode) == manyfit_models::prophet::Mode::Multiplicative
    };
    let range = |values: &[f64]| {
        values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (value.min(least), value.max(most)))
    };
    let mut found = Vec::new();
    for (name, values) in &forecast.components {
        let (least, most) = range(values);
        if !name.starts_with("extra_regressors") && (least != 0.0 || most != 0.0) {
            let is_multiplicative = is_multiplicative(name);
            found.push(Component { name: name.clone(), least, most, is_multiplicative });
        }
    }
    let size = |component: &Component| component.most.abs().max(component.least.abs());
    found.sort_by(|a, b| size(b).total_cmp(&size(a)));
    found.truncate(2 * LISTED);
    found
}

/// Single numbers and words of a local model's state.
fn numbers_of(state: Option<Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut left: Vec<(String, Value)> = state.map(|state| (String::new(), state)).into_iter().collect();
    while let Some((name, value)) = left.pop() {
        match value {
            Value::Object(fields) => left.extend(fields.into_iter().map(|(field, value)| {
                let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                (name, value)
            })),
            Value::Number(_) | Value::Bool(_) => drop(found.insert(name, value)),
            Value::String(word) if word.len() < 40 => drop(found.insert(name, Value::String(word))),
            _ => {}
        }
    }
    found
}

fn features(metadata: Option<&Metadata>) -> Vec<(String, Option<f64>)> {
    let about = metadata.and_then(|metadata| metadata.regression.as_ref());
    let mut features: Vec<(String, Option<f64>)> = about
        .iter()
        .flat_map(|about| &about.features)
        .map(|feature| (feature.feature.name.clone(), feature.gain))
        .collect();
    features.sort_by(|(_, a), (_, b)| b.unwrap_or(0.0).total_cmp(&a.unwrap_or(0.0)));
    features.truncate(LISTED);
    features
}
