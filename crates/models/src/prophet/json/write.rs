//! Writing a model as Python Prophet does.
//!
//! With the short history (see [`History::Tail`](crate::prophet::History::Tail)) stock Prophet loads the file and forecasts the
//! same: its forecast depends on the parameters and scales, and its future dates on the last dates. Holidays of a country are
//! written as rows of the holidays' table, so that a forecast does not depend on the holidays that another version knows.

use super::{
    model::{ComponentModes, Extras, HistoryEntry, HolidayEntry, Model, Named, Params, RegressorEntry},
    pandas::{Table, Timestamp, write, write_dates, write_names},
};
use crate::prophet::{
    FittedProphet, FittedRegressor, Growth, Holiday, Mode, SeasonalityChoice, Standardize,
    features::{Component, Family},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The version whose format this is; its readers do not compare it.
const PROPHET_VERSION: &str = "1.5.0";

fn choice(choice: SeasonalityChoice) -> Value {
    match choice {
        SeasonalityChoice::Auto => "auto".into(),
        SeasonalityChoice::On => true.into(),
        SeasonalityChoice::Off => false.into(),
        SeasonalityChoice::Order(order) => order.into(),
    }
}

fn regressor_entry(regressor: &FittedRegressor) -> RegressorEntry {
    let &FittedRegressor { prior_scale, standardize, mode, mean: mu, deviation: std, .. } = regressor;
    let standardize = match standardize {
        Standardize::Auto => "auto".into(),
        Standardize::Always => true.into(),
        Standardize::Never => false.into(),
    };
    RegressorEntry { prior_scale, standardize, mu, std, mode, predictor_spec: (), predictor: () }
}

impl FittedProphet {
    /// The model as Python Prophet serialises it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let (spec, terms, parameters) = (&self.spec, &self.terms, &self.parameters);
        let seasonalities: Vec<_> = terms.seasonalities.iter().map(|one| (one.name.clone(), one.clone())).collect();
        let regressors: Vec<_> = terms.regressors.iter().map(|one| (one.name.clone(), regressor_entry(one))).collect();
        let model = Model {
            growth: spec.growth,
            n_changepoints: self.changepoints.len(),
            specified_changepoints: spec.changepoints.is_some(),
            changepoint_range: spec.changepoint_range,
            yearly_seasonality: choice(spec.yearly_seasonality),
            weekly_seasonality: choice(spec.weekly_seasonality),
            daily_seasonality: choice(spec.daily_seasonality),
            seasonality_mode: spec.seasonality_mode,
            seasonality_prior_scale: spec.seasonality_prior_scale,
            changepoint_prior_scale: spec.changepoint_prior_scale,
            holidays_prior_scale: spec.holidays_prior_scale,
            mcmc_samples: 0,
            interval_width: spec.interval_width,
            uncertainty_samples: spec.uncertainty_samples.into(),
            y_scale: self.y_scale,
            y_min: self.floor,
            scaling: spec.scaling,
            logistic_floor: self.logistic_floor,
            country_holidays: self.unknown_holidays.clone(),
            component_modes: ComponentModes {
                additive: self.components_of(Mode::Additive),
                multiplicative: self.components_of(Mode::Multiplicative),
            },
            holidays_mode: Some(terms.holidays_mode),
            changepoints: Some(write_dates(self.changepoint_rows.iter().copied(), &self.changepoints)),
            history_dates: write_dates(0.., &self.history_dates),
            train_holiday_names: (!terms.holiday_names.is_empty()).then(|| write_names(&terms.holiday_names)),
            start: self.start as f64 / 1e3,
            t_scale: self.t_scale as f64 / 1e3,
            holidays: (!self.holidays.is_empty()).then(|| self.holidays_table()),
            history: self.history_table(),
            train_component_cols: self.component_columns(),
            changepoints_t: self.changepoints_t.clone(),
            seasonalities: (seasonalities.iter().map(|(name, _)| name.clone()).collect(), Named(seasonalities)),
            extra_regressors: (regressors.iter().map(|(name, _)| name.clone()).collect(), Named(regressors)),
            fit_kwargs: Map::new(),
            params: Params {
                k: vec![vec![parameters.k]],
                m: vec![vec![parameters.m]],
                delta: vec![parameters.delta.clone()],
                sigma_obs: vec![vec![parameters.sigma]],
                // Prophet fits a column of zeros where there is no feature.
                beta: vec![if parameters.beta.is_empty() { vec![0.0] } else { parameters.beta.clone() }],
                trend: vec![(0..self.history.len()).map(|row| self.history_trend(row)).collect()],
            },
            version: PROPHET_VERSION,
            extras: self.extras(),
        };
        serde_json::to_vec(&model).expect("plain data has a JSON form")
    }

    fn extras(&self) -> Option<Extras> {
        let country = self.spec.country_holidays.as_ref();
        let extras = Extras {
            country_holidays: country.map(|country| country.country.clone()),
            holidays_until: country.map(|country| country.until),
            cap: self.spec.cap,
            floor: self.spec.floor,
            usual_cap: self.usual_cap,
            usual_floor: self.usual_floor,
            lower_bound: self.spec.lower_bound,
        };
        // In a logistic model their absence means that the cap is not constant.
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
        let is_condition = |name: &str| self.terms.conditions().any(|condition| condition == name);
        let more: Vec<(&str, &[f64], bool)> = (self.history_columns.iter())
            .filter(|(name, _)| *name != "floor")
            .map(|(name, values)| (name, values, is_condition(name)))
            .collect();
        let rows = self.history.iter().enumerate().map(|(at, row)| {
            let (floor, cap) = self.history_limits(at);
            let values = more.iter().map(|&(name, values, is_condition)| {
                let value = values[at];
                (name.to_owned(), if is_condition { Value::Bool(value != 0.0) } else { Value::from(value) })
            });
            let cap_scaled = cap.map(|cap| ("cap_scaled".to_owned(), Value::from(cap)));
            HistoryEntry {
                ds: Timestamp(row.timestamp),
                y: row.y,
                floor,
                t: self.scaled_time(row.timestamp),
                y_scaled: (row.y - floor) / self.y_scale,
                more: values.chain(cap_scaled).collect(),
            }
        });
        let kinds = more.iter().map(|&(name, _, is_condition)| (name, if is_condition { "boolean" } else { "number" }));
        let cap_scaled = self.history_columns.get("cap").map(|_| ("cap_scaled", "number"));
        write(&Table::new(columns.into_iter().chain(kinds).chain(cap_scaled), rows.collect()))
    }

    fn holidays_table(&self) -> String {
        let columns = [
            ("ds", "datetime"),
            ("holiday", "string"),
            ("lower_window", "integer"),
            ("upper_window", "integer"),
            ("prior_scale", "number"),
        ];
        let row = |row: &Holiday| HolidayEntry {
            ds: Timestamp(row.date),
            holiday: row.name.clone(),
            lower_window: Some(row.lower_window.into()),
            upper_window: Some(row.upper_window.into()),
            prior_scale: row.prior_scale,
        };
        write(&Table::new(columns, self.holidays.iter().map(row).collect()))
    }

    fn components_of(&self, mode: Mode) -> Vec<String> {
        let terms = &self.terms;
        let seasonalities = terms.seasonalities.iter().filter(|one| one.mode == mode).map(|one| &*one.name);
        let has_holidays = terms.holidays_mode == mode;
        let holidays = terms.holiday_names.iter().filter(|_| has_holidays).map(|name| &**name);
        let regressors = terms.regressors.iter().filter(|one| one.mode == mode).map(|one| &*one.name);
        let all_holidays = has_holidays.then_some("holidays");
        let names = seasonalities.chain(holidays).chain(regressors).chain(groups(mode)).chain(all_holidays);
        names.map(str::to_owned).collect()
    }

    /// Which component each coefficient belongs to: a row per coefficient, a column per component.
    fn component_columns(&self) -> String {
        // The coefficients of a component have the same row.
        let components: Vec<(Vec<&str>, usize)> = (self.terms.components())
            .map(|Component { name, family, mode, columns }| {
                let [terms, regressors] = groups(mode);
                let members = match family {
                    Family::Seasonality => vec![terms, name],
                    Family::Holiday => vec![terms, "holidays", name],
                    Family::Regressor => vec![terms, regressors, name],
                };
                (members, columns.len())
            })
            .collect();
        let names: BTreeSet<&str> = components.iter().flat_map(|(members, _)| members).copied().collect();
        // Python puts these at the end where no coefficient belongs to them.
        let missing = ["additive_terms", "multiplicative_terms"].into_iter().filter(|name| !names.contains(name));
        let columns: Vec<&str> = names.iter().copied().chain(missing).collect();
        let row = |members: &[&str]| -> Map<String, Value> {
            columns.iter().map(|name| ((*name).to_owned(), u8::from(members.contains(name)).into())).collect()
        };
        let mut rows: Vec<_> = components.iter().map(|(members, number)| (row(members), *number)).collect();
        // Without any there is the column of zeros.
        if rows.is_empty() {
            rows.push((row(&[]), 1));
        }
        let rows = rows.iter().flat_map(|(row, number)| std::iter::repeat_n(row, *number)).collect();
        write(&Table::new(columns.iter().map(|name| (*name, "integer")), rows))
    }
}

/// Python's names for the sum of all terms of a mode, and of its regressors.
const fn groups(mode: Mode) -> [&'static str; 2] {
    match mode {
        Mode::Additive => ["additive_terms", "extra_regressors_additive"],
        Mode::Multiplicative => ["multiplicative_terms", "extra_regressors_multiplicative"],
    }
}
