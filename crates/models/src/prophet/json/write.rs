//! Prophet's own serialisation (`prophet.serialize.model_to_json` of 1.5.0), written.
//!
//! With the short history (see [`History::Tail`](crate::prophet::History::Tail)) stock Prophet loads the file and forecasts the same:
//! its forecast depends on the parameters and scales, and its future dates on the last dates. Holidays of a country are written
//! as rows of the holidays' table, so that a forecast never depends on what another version takes for a holiday. What stock
//! Prophet has no member for is in one of our own, which it does not look at.

use super::pandas::{Table, dates_to_split, names_to_split, write_iso};
use crate::prophet::{
    FittedProphet, FittedRegressor, Growth, Holiday, Mode, Scaling, Seasonality, SeasonalityChoice, Standardize,
    features::{Component, Family},
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The version whose format this is; its readers do not compare it.
const PROPHET_VERSION: &str = "1.5.0";

#[derive(Serialize)]
struct Model<'a> {
    growth: Growth,
    n_changepoints: i64,
    specified_changepoints: bool,
    changepoint_range: f64,
    yearly_seasonality: Choice,
    weekly_seasonality: Choice,
    daily_seasonality: Choice,
    seasonality_mode: Mode,
    seasonality_prior_scale: f64,
    changepoint_prior_scale: f64,
    holidays_prior_scale: f64,
    mcmc_samples: usize,
    interval_width: f64,
    uncertainty_samples: usize,
    y_scale: f64,
    y_min: f64,
    scaling: Scaling,
    logistic_floor: bool,
    country_holidays: Option<&'a str>,
    component_modes: ComponentModes<'a>,
    holidays_mode: Mode,
    changepoints: String,
    history_dates: String,
    train_holiday_names: Option<String>,
    start: f64,
    t_scale: f64,
    holidays: Option<String>,
    history: String,
    train_component_cols: String,
    changepoints_t: &'a [f64],
    seasonalities: (Vec<&'a str>, InOrder<'a, SeasonalityEntry<'a>>),
    extra_regressors: (Vec<&'a str>, InOrder<'a, RegressorEntry>),
    fit_kwargs: Map<String, Value>,
    params: Params<'a>,
    #[serde(rename = "__prophet_version")]
    version: &'static str,
    #[serde(rename = "__manyfit", skip_serializing_if = "Option::is_none")]
    extras: Option<Extras>,
}

/// What a forecast depends on and stock Prophet has no member for.
#[derive(Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Extras {
    /// The country that some of the holidays are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) country_holidays: Option<String>,
    /// The last year whose holidays they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) holidays_until: Option<i32>,
    /// The cap where it is a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cap: Option<f64>,
    /// The floor where it is a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) floor: Option<f64>,
    /// The cap of dates where no column says another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) usual_cap: Option<f64>,
    /// The same of the floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) usual_floor: Option<f64>,
    /// Below it no forecast is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lower_bound: Option<f64>,
}

/// `"auto"`, `true`, `false` or an order.
#[derive(Clone, Copy)]
struct Choice(SeasonalityChoice);

#[derive(Serialize)]
struct ComponentModes<'a> {
    additive: Vec<&'a str>,
    multiplicative: Vec<&'a str>,
}

/// An object with its keys in the order of the coefficients.
struct InOrder<'a, Entry>(Vec<(&'a str, Entry)>);

#[derive(Serialize)]
struct SeasonalityEntry<'a> {
    period: f64,
    fourier_order: usize,
    prior_scale: f64,
    mode: Mode,
    condition_name: Option<&'a str>,
}

#[derive(Serialize)]
struct RegressorEntry {
    prior_scale: f64,
    standardize: Value,
    mu: f64,
    std: f64,
    mode: Mode,
    predictor_spec: Option<()>,
    predictor: Option<()>,
}

#[derive(Serialize)]
struct Params<'a> {
    k: [[f64; 1]; 1],
    m: [[f64; 1]; 1],
    delta: [&'a [f64]; 1],
    sigma_obs: [[f64; 1]; 1],
    beta: [&'a [f64]; 1],
    trend: [Vec<f64>; 1],
}

#[derive(Serialize)]
struct HistoryEntry {
    ds: String,
    y: f64,
    floor: f64,
    t: f64,
    y_scaled: f64,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Serialize)]
struct HolidayEntry<'a> {
    ds: String,
    holiday: &'a str,
    lower_window: i32,
    upper_window: i32,
    prior_scale: Option<f64>,
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            SeasonalityChoice::Auto => serializer.serialize_str("auto"),
            SeasonalityChoice::On => serializer.serialize_bool(true),
            SeasonalityChoice::Off => serializer.serialize_bool(false),
            SeasonalityChoice::Order(order) => serializer.serialize_u64(order as u64),
        }
    }
}

impl<Entry: Serialize> Serialize for InOrder<'_, Entry> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, entry) in &self.0 {
            map.serialize_entry(name, entry)?;
        }
        map.end()
    }
}

impl<'a> SeasonalityEntry<'a> {
    fn named(seasonality: &'a Seasonality) -> (&'a str, Self) {
        let Seasonality { name, period, fourier_order, prior_scale, mode, condition_name } = seasonality;
        let (period, fourier_order, prior_scale, mode) = (*period, *fourier_order, *prior_scale, *mode);
        let condition_name = condition_name.as_deref();
        (name, Self { period, fourier_order, prior_scale, mode, condition_name })
    }
}

impl RegressorEntry {
    fn named(regressor: &FittedRegressor) -> (&str, Self) {
        let &FittedRegressor { ref name, prior_scale, standardize, mode, mean, deviation } = regressor;
        let standardize = match standardize {
            Standardize::Auto => Value::from("auto"),
            Standardize::Always => Value::Bool(true),
            Standardize::Never => Value::Bool(false),
        };
        let entry =
            Self { prior_scale, standardize, mu: mean, std: deviation, mode, predictor_spec: None, predictor: None };
        (name, entry)
    }
}

impl FittedProphet {
    /// The model as Python Prophet serialises it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let (spec, terms) = (&self.spec, &self.terms);
        let seasonalities: Vec<_> = terms.seasonalities.iter().map(SeasonalityEntry::named).collect();
        let regressors: Vec<_> = terms.regressors.iter().map(RegressorEntry::named).collect();
        // Prophet fits a column of zeros where there is no feature.
        let no_feature = [0.0];
        let beta = &self.parameters.beta;
        let model = Model {
            growth: spec.growth,
            n_changepoints: self.changepoints.len() as i64,
            specified_changepoints: spec.changepoints.is_some(),
            changepoint_range: spec.changepoint_range,
            yearly_seasonality: Choice(spec.yearly_seasonality),
            weekly_seasonality: Choice(spec.weekly_seasonality),
            daily_seasonality: Choice(spec.daily_seasonality),
            seasonality_mode: spec.seasonality_mode,
            seasonality_prior_scale: spec.seasonality_prior_scale,
            changepoint_prior_scale: spec.changepoint_prior_scale,
            holidays_prior_scale: spec.holidays_prior_scale,
            mcmc_samples: 0,
            interval_width: spec.interval_width,
            uncertainty_samples: spec.uncertainty_samples,
            y_scale: self.y_scale,
            y_min: self.floor,
            scaling: spec.scaling,
            logistic_floor: self.logistic_floor,
            country_holidays: self.unknown_holidays.as_deref(),
            component_modes: self.component_modes(),
            holidays_mode: terms.holidays_mode,
            changepoints: dates_to_split(self.changepoint_rows.iter().copied(), &self.changepoints),
            history_dates: dates_to_split(0.., &self.history_dates),
            train_holiday_names: (!terms.holiday_names.is_empty()).then(|| names_to_split(&terms.holiday_names)),
            start: self.start as f64 / 1e3,
            t_scale: self.t_scale as f64 / 1e3,
            holidays: (!self.holidays.is_empty()).then(|| self.holidays_table()),
            history: self.history_table(),
            train_component_cols: self.component_columns(),
            changepoints_t: &self.changepoints_t,
            seasonalities: (seasonalities.iter().map(|(name, _)| *name).collect(), InOrder(seasonalities)),
            extra_regressors: (regressors.iter().map(|(name, _)| *name).collect(), InOrder(regressors)),
            fit_kwargs: Map::new(),
            params: Params {
                k: [[self.parameters.k]],
                m: [[self.parameters.m]],
                delta: [&self.parameters.delta],
                sigma_obs: [[self.parameters.sigma]],
                beta: [if beta.is_empty() { &no_feature } else { beta }],
                trend: [(0..self.history.len()).map(|row| self.history_trend(row)).collect()],
            },
            version: PROPHET_VERSION,
            extras: self.extras(),
        };
        serde_json::to_vec(&model).expect("plain data has a JSON form")
    }

    fn extras(&self) -> Option<Extras> {
        let extras = Extras {
            country_holidays: self.spec.country_holidays.as_ref().map(|country| country.country.clone()),
            holidays_until: self.spec.country_holidays.as_ref().map(|country| country.until),
            cap: self.spec.cap,
            floor: self.spec.floor,
            usual_cap: self.usual_cap,
            usual_floor: self.usual_floor,
            lower_bound: self.spec.lower_bound,
        };
        // A logistic model without them says that its cap is no constant.
        (extras != Extras::default() || self.spec.growth == Growth::Logistic).then_some(extras)
    }

    /// The floor in a row of the history, and the cap above it in scaled units.
    fn history_limits(&self, row: usize) -> (f64, Option<f64>) {
        let column = |name| self.history_columns.get(name).map(|column| column[row]);
        let floor = column("floor").filter(|_| self.logistic_floor).unwrap_or(self.floor);
        let cap = column("cap").filter(|_| self.spec.growth == Growth::Logistic);
        (floor, cap.map(|cap| (cap - floor) / self.y_scale))
    }

    fn history_trend(&self, row: usize) -> f64 {
        let (_, cap) = self.history_limits(row);
        self.scaled_trend(self.scaled_time(self.history[row].timestamp), cap.unwrap_or_default())
    }

    fn history_table(&self) -> String {
        let columns =
            [("ds", "datetime"), ("y", "number"), ("floor", "number"), ("t", "number"), ("y_scaled", "number")];
        let is_condition = |name: &str| {
            self.terms.seasonalities.iter().any(|seasonality| seasonality.condition_name.as_deref() == Some(name))
        };
        let mut more: Vec<(&str, &str)> = (self.history_columns.names().iter())
            .filter(|name| *name != "floor")
            .map(|name| (name.as_str(), if is_condition(name) { "boolean" } else { "number" }))
            .collect();
        let rows = self.history.iter().enumerate().map(|(at, row)| {
            let mut ds = String::with_capacity(23);
            write_iso(row.timestamp, &mut ds);
            let (floor, cap) = self.history_limits(at);
            let mut values: Map<String, Value> = (more.iter())
                .map(|&(name, kind)| {
                    let value = self.history_columns.get(name).map_or(f64::NAN, |column| column[at]);
                    (name.to_owned(), if kind == "boolean" { Value::Bool(value != 0.0) } else { Value::from(value) })
                })
                .collect();
            values.extend(cap.map(|cap| ("cap_scaled".to_owned(), Value::from(cap))));
            let y_scaled = (row.y - floor) / self.y_scale;
            HistoryEntry { ds, y: row.y, floor, t: self.scaled_time(row.timestamp), y_scaled, more: values }
        });
        let rows = rows.collect();
        if self.history_columns.get("cap").is_some() {
            more.push(("cap_scaled", "number"));
        }
        Table::new(columns.into_iter().chain(more), rows).to_json()
    }

    fn holidays_table(&self) -> String {
        let columns = [
            ("ds", "datetime"),
            ("holiday", "string"),
            ("lower_window", "integer"),
            ("upper_window", "integer"),
            ("prior_scale", "number"),
        ];
        let rows = self.holidays.iter().map(|row| {
            let &Holiday { ref name, date, lower_window, upper_window, prior_scale } = row;
            let mut ds = String::with_capacity(23);
            write_iso(date, &mut ds);
            HolidayEntry { ds, holiday: name, lower_window, upper_window, prior_scale }
        });
        Table::new(columns.into_iter(), rows.collect()).to_json()
    }

    fn component_modes(&self) -> ComponentModes<'_> {
        let of = |mode: Mode| -> Vec<&str> {
            let seasonalities = self.terms.seasonalities.iter().filter(|one| one.mode == mode).map(|one| &*one.name);
            let holidays_too = self.terms.holidays_mode == mode;
            let holidays = self.terms.holiday_names.iter().filter(|_| holidays_too).map(|name| &**name);
            let regressors = self.terms.regressors.iter().filter(|one| one.mode == mode).map(|one| &*one.name);
            let groups = match mode {
                Mode::Additive => ["additive_terms", "extra_regressors_additive"],
                Mode::Multiplicative => ["multiplicative_terms", "extra_regressors_multiplicative"],
            };
            let all_holidays = holidays_too.then_some("holidays");
            seasonalities.chain(holidays).chain(regressors).chain(groups).chain(all_holidays).collect()
        };
        ComponentModes { additive: of(Mode::Additive), multiplicative: of(Mode::Multiplicative) }
    }

    /// Which component each coefficient belongs to: a row per coefficient, a column per component.
    fn component_columns(&self) -> String {
        let groups = |component: &Component<'_>| -> Vec<&str> {
            let (terms, regressors) = match component.mode {
                Mode::Additive => ("additive_terms", "extra_regressors_additive"),
                Mode::Multiplicative => ("multiplicative_terms", "extra_regressors_multiplicative"),
            };
            match component.family {
                Family::Seasonality => vec![terms],
                Family::Holiday => vec![terms, "holidays"],
                Family::Regressor => vec![terms, regressors],
            }
        };
        let components: Vec<_> =
            self.terms.components().map(|one| (one.name, groups(&one), one.columns.len())).collect();
        let names: BTreeSet<&str> =
            components.iter().flat_map(|(name, groups, _)| groups.iter().copied().chain([*name])).collect();
        // Python puts these at the end where no coefficient belongs to them.
        let missing = ["additive_terms", "multiplicative_terms"].into_iter().filter(|name| !names.contains(name));
        let columns: Vec<&str> = names.iter().copied().chain(missing).collect();
        let row = |members: &[&str]| -> Map<String, Value> {
            columns.iter().map(|name| ((*name).to_owned(), Value::from(u8::from(members.contains(name))))).collect()
        };
        // The coefficients of a component have the same row; without any there is the column of zeros.
        let mut members: Vec<_> = (components.iter())
            .map(|(name, groups, coefficients)| {
                let members: Vec<&str> = groups.iter().copied().chain([*name]).collect();
                (row(&members), *coefficients)
            })
            .collect();
        if members.is_empty() {
            members.push((row(&[]), 1));
        }
        let rows = members.iter().flat_map(|(row, coefficients)| std::iter::repeat_n(row, *coefficients)).collect();
        Table::new(columns.into_iter().map(|name| (name, "integer")), rows).to_json()
    }
}
