//! Checks a specification by Python Prophet's rules.

use super::{
    spec::{Growth, ProphetSpec},
    terms::{CustomSeasonality, Holiday},
};
use std::collections::{BTreeMap, BTreeSet};

const BUILT_IN: [&str; 3] = ["yearly", "weekly", "daily"];

/// Names of the forecast's own columns, which also exist with `_lower` and `_upper`.
const COMPONENTS: [&str; 11] = [
    "trend",
    "additive_terms",
    "daily",
    "weekly",
    "yearly",
    "holidays",
    "zeros",
    "extra_regressors_additive",
    "yhat",
    "extra_regressors_multiplicative",
    "multiplicative_terms",
];

/// Names of the columns that the model computes with; and of the first column of tables of forecasts, which Python does not have.
const COLUMNS: [&str; 7] = ["ds", "y", "cap", "floor", "y_scaled", "cap_scaled", "customer"];

impl ProphetSpec {
    /// Everything that keeps the specification from being fitted to any series, one sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Faults::default();
        let range = self.changepoint_range;
        faults.unless((0.0..=1.0).contains(&range), || format!("changepoint_range {range} is not from 0 to 1"));
        for (name, scale) in [
            ("changepoint_prior_scale", self.changepoint_prior_scale),
            ("seasonality_prior_scale", self.seasonality_prior_scale),
            ("holidays_prior_scale", self.holidays_prior_scale),
        ] {
            faults.scale(name, Some(scale));
        }
        for seasonality in &self.seasonalities {
            faults.seasonality(seasonality);
        }
        faults.holidays(self.all_holidays(), self.holidays_prior_scale);
        for regressor in &self.regressors {
            let name = &regressor.name;
            faults.name("regressor", name);
            faults.scale(&format!("the prior_scale of the regressor {name:?}"), regressor.prior_scale);
        }
        self.name_clashes(&mut faults);
        if self.growth == Growth::Logistic {
            let floor = self.floor.unwrap_or(0.0);
            let above = self.cap.is_none_or(|cap| cap > floor);
            faults.unless(above, || format!("cap {:?} is not above the floor {floor}", self.cap.unwrap_or_default()));
        } else {
            for (name, given) in [("cap", self.cap), ("floor", self.floor)] {
                faults.unless(given.is_none(), || format!("{name} belongs to logistic growth"));
            }
        }
        faults.0
    }

    fn all_holidays(&self) -> impl Iterator<Item = &Holiday> {
        self.holidays.iter().chain(self.country_holidays.iter().flat_map(|country| country.days.iter()))
    }

    fn name_clashes(&self, faults: &mut Faults) {
        let mut users: BTreeMap<&str, &str> = BTreeMap::new();
        let holidays: BTreeSet<&str> = self.all_holidays().map(|holiday| holiday.name.as_str()).collect();
        let named = (holidays.into_iter().map(|name| (name, "holiday")))
            .chain(self.seasonalities.iter().map(|seasonality| (seasonality.name.as_str(), "seasonality")))
            .chain(self.regressors.iter().map(|regressor| (regressor.name.as_str(), "regressor")));
        for (name, kind) in named {
            if let Some(other) = users.insert(name, kind) {
                faults.0.push(format!("the name {name:?} is that of a {other} and of a {kind}: names must differ"));
            }
        }
        for condition in self.seasonalities.iter().filter_map(|seasonality| seasonality.condition_name.as_deref()) {
            faults.name("condition", condition);
            if let Some(other) = users.get(condition) {
                faults.0.push(format!("the condition {condition:?} has the name of a {other}: names must differ"));
            }
        }
    }
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, right: bool, fault: impl FnOnce() -> String) {
        if !right {
            self.0.push(fault());
        }
    }

    fn scale(&mut self, name: &str, scale: Option<f64>) {
        if let Some(scale) = scale {
            // Outside these bounds a prior has no effect or leaves no freedom, and its precision is lost to rounding.
            self.unless((1e-9..=1e9).contains(&scale), || format!("{name} is {scale}; it must be from 1e-9 to 1e9"));
        }
    }

    fn seasonality(&mut self, seasonality: &CustomSeasonality) {
        let CustomSeasonality { name, period, fourier_order, prior_scale, .. } = seasonality;
        if !BUILT_IN.contains(&name.as_str()) {
            self.name("seasonality", name);
        }
        let possible = period.is_finite() && *period > 0.0;
        self.unless(possible, || format!("the period of the seasonality {name:?} is {period} days: use more than 0"));
        self.unless((1..=100).contains(fourier_order), || {
            format!("the fourier_order of the seasonality {name:?} is {fourier_order}; it must be from 1 to 100")
        });
        self.scale(&format!("the prior_scale of the seasonality {name:?}"), *prior_scale);
    }

    fn holidays<'a>(&mut self, holidays: impl Iterator<Item = &'a Holiday>, default_scale: f64) {
        let mut scales: BTreeMap<&str, f64> = BTreeMap::new();
        for Holiday { name, lower_window, upper_window, prior_scale, .. } in holidays {
            self.unless((-366..=0).contains(lower_window), || {
                format!("the lower_window of the holiday {name:?} is {lower_window}; it must be from -366 to 0")
            });
            self.unless((0..=366).contains(upper_window), || {
                format!("the upper_window of the holiday {name:?} is {upper_window}; it must be from 0 to 366")
            });
            let scale = prior_scale.unwrap_or(default_scale);
            let known = scales.get(name.as_str()).copied();
            match known {
                None => {
                    self.name("holiday", name);
                    self.scale(&format!("the prior_scale of the holiday {name:?}"), *prior_scale);
                }
                Some(other) => self.unless(other == scale, || {
                    format!("the holiday {name:?} has the prior scales {other} and {scale}: all its days must have one")
                }),
            }
            scales.insert(name, scale);
        }
    }

    fn name(&mut self, kind: &str, name: &str) {
        self.unless(!name.is_empty(), || format!("a {kind} has no name"));
        self.unless(!name.contains("_delim_"), || format!("the name of the {kind} {name:?} contains \"_delim_\""));
        let bare = name.strip_suffix("_lower").or_else(|| name.strip_suffix("_upper")).unwrap_or(name);
        let reserved = COMPONENTS.contains(&bare) || COLUMNS.contains(&name);
        self.unless(!reserved, || format!("the name {name:?} of a {kind} is reserved: choose another"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prophet::{Holidays, Regressor};

    fn seasonality(name: &str) -> CustomSeasonality {
        CustomSeasonality {
            name: name.into(),
            period: 30.5,
            fourier_order: 5,
            prior_scale: None,
            mode: None,
            condition_name: None,
        }
    }

    #[test]
    fn a_specification_without_faults_has_none() {
        let spec = ProphetSpec {
            seasonalities: vec![seasonality("monthly"), seasonality("yearly")],
            holidays: [Holiday::new("Easter", 0), Holiday::new("Easter", 1)].into_iter().collect(),
            regressors: vec![Regressor::new("price")],
            ..ProphetSpec::default()
        };
        assert_eq!(spec.faults(), [""; 0]);
    }

    #[test]
    fn every_fault_is_named() {
        let holiday = |lower_window, upper_window, prior_scale| Holiday {
            lower_window,
            upper_window,
            prior_scale,
            ..Holiday::new("Easter", 0)
        };
        let spec = ProphetSpec {
            changepoint_range: 1.5,
            holidays_prior_scale: 0.0,
            floor: Some(1.0),
            seasonalities: vec![
                CustomSeasonality { period: 0.0, fourier_order: 0, ..seasonality("monthly") },
                CustomSeasonality { condition_name: Some("price".into()), ..seasonality("a_delim_b") },
            ],
            holidays: Holidays::from(vec![holiday(1, -1, Some(5.0)), holiday(0, 0, Some(6.0))]),
            regressors: vec![
                Regressor::new("price"),
                Regressor::new("price"),
                Regressor::new("trend_lower"),
                Regressor::new("customer"),
            ],
            ..ProphetSpec::default()
        };
        let faults = spec.faults();
        for part in [
            "changepoint_range 1.5",
            "holidays_prior_scale is 0",
            "floor belongs to logistic growth",
            "the period of the seasonality \"monthly\"",
            "the fourier_order of the seasonality \"monthly\"",
            "\"a_delim_b\" contains",
            "lower_window of the holiday \"Easter\" is 1",
            "upper_window of the holiday \"Easter\" is -1",
            "the prior scales 5 and 6",
            "\"price\" is that of a regressor and of a regressor",
            "the condition \"price\" has the name of a regressor",
            "\"trend_lower\" of a regressor is reserved",
            "\"customer\" of a regressor is reserved",
        ] {
            assert_eq!(faults.iter().filter(|fault| fault.contains(part)).count(), 1, "{part}: {faults:#?}");
        }
    }

    #[test]
    fn with_logistic_growth_the_cap_is_above_the_floor() {
        let spec = ProphetSpec { growth: Growth::Logistic, cap: Some(1.0), ..ProphetSpec::default() };
        assert!(spec.faults().is_empty());
        assert_eq!(ProphetSpec { floor: Some(2.0), ..spec }.faults().len(), 1);
    }
}
