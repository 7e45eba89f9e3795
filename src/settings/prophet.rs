//! The settings of Prophet.

use super::{
    terms,
    text::{self, Text},
};
use crate::input::{ExtraColumn, InputSettings, parse_timestamp};
use manyfit_models::{
    holidays::Country,
    prophet::{Growth, History, Mode, ProphetSpec, Scaling, SeasonalityChoice},
};
use std::path::PathBuf;

/// Settings of Prophet that are known and not followed, with the reason.
const REFUSED: &[(&str, &str)] =
    &[("stan_backend", "there is no Stan here"), ("extra_regressors", "the setting is called regressors")];

/// What the settings say of Prophet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProphetSettings {
    /// Without holidays, whose days are read from tables.
    pub(super) spec: ProphetSpec,
    /// The countries whose public holidays are in the model.
    pub(super) countries: Vec<Country>,
    /// A table of holidays, or a folder of them.
    pub(super) holidays: Option<PathBuf>,
}

/// A limit of logistic growth.
#[derive(Clone)]
enum Limit {
    Number(f64),
    Column(String),
}

/// Reads them, and which columns of the input they name.
pub(super) fn read(text: &mut Text<'_>, input: &mut InputSettings) -> ProphetSettings {
    let default = ProphetSpec::default();
    for (name, reason) in REFUSED {
        text.refuse(name, reason);
    }
    // Beyond these bounds a prior says nothing or leaves nothing, and its precision is lost to rounding.
    let scale = |text: &str| text::number(text, |x| (1e-9..=1e9).contains(&x), "use a number from 1e-9 to 1e9");
    let share = |text: &str| text::number(text, |x| x > 0.0 && x < 1.0, "use a number between 0 and 1");
    text.only("mcmc_samples", "0", "manyfit finds the optimum of the posterior and does not sample it");
    let mut limit = |name| {
        text.optional(name, |text| {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            Ok(number.map_or_else(|| Limit::Column(text.to_owned()), Limit::Number))
        })
    };
    let (cap, floor) = (limit("cap"), limit("floor"));
    let number = |limit: &Option<Limit>| match limit {
        Some(Limit::Number(number)) => Some(*number),
        _ => None,
    };
    let non_negative = text.value("non_negative", false, text::boolean);
    let lower_bound = text.optional("lower_bound", |text| text::number(text, |_| true, "use a number"));
    if let Some(bound) = lower_bound.filter(|bound| non_negative && *bound < 0.0) {
        text.fault(format!(
            "lower_bound: \"{bound}\": forecasts down to it are negative: raise it, or set non_negative=false"
        ));
    }
    let spec = ProphetSpec {
        growth: text
            .choice("growth", &[("linear", Growth::Linear), ("flat", Growth::Flat), ("logistic", Growth::Logistic)]),
        n_changepoints: text.value("n_changepoints", default.n_changepoints, |text| text::integer(text, 0..=1_000)),
        changepoint_range: text.value("changepoint_range", default.changepoint_range, |text| {
            text::number(text, |x| (0.0..=1.0).contains(&x), "use a number from 0 to 1")
        }),
        changepoint_prior_scale: text.value("changepoint_prior_scale", default.changepoint_prior_scale, scale),
        yearly_seasonality: text.value("yearly_seasonality", SeasonalityChoice::Auto, seasonality),
        weekly_seasonality: text.value("weekly_seasonality", SeasonalityChoice::Auto, seasonality),
        daily_seasonality: text.value("daily_seasonality", SeasonalityChoice::Auto, seasonality),
        seasonality_prior_scale: text.value("seasonality_prior_scale", default.seasonality_prior_scale, scale),
        scaling: text.choice("scaling", &[("absmax", Scaling::Absmax), ("minmax", Scaling::Minmax)]),
        interval_width: text.value("interval_width", default.interval_width, share),
        uncertainty_samples: text
            .value("uncertainty_samples", default.uncertainty_samples, |text| text::integer(text, 0..=1_000_000)),
        history: text.choice("history", &[("tail", History::Tail), ("full", History::Full)]),
        changepoints: text.optional("changepoints", dates),
        seasonality_mode: text.value("seasonality_mode", Mode::Additive, terms::mode),
        seasonalities: text.value("seasonalities", Vec::new(), terms::seasonalities),
        holidays_prior_scale: text.value("holidays_prior_scale", default.holidays_prior_scale, scale),
        holidays_mode: text.optional("holidays_mode", terms::mode),
        regressors: text.value("regressors", Vec::new(), terms::regressors),
        cap: number(&cap),
        floor: number(&floor),
        lower_bound: lower_bound.or(non_negative.then_some(0.0)),
        ..default
    };
    for fault in spec.faults() {
        text.fault(fault);
    }
    if spec.growth == Growth::Logistic {
        // A column of this name is used where there is one.
        let floor = ExtraColumn { required: false, ..ExtraColumn::required("floor") };
        input.extra.extend(spec.floor.is_none().then_some(floor));
    } else {
        for (name, limit) in [("cap", &cap), ("floor", &floor)] {
            if let Some(Limit::Column(column)) = limit {
                text.fault(format!("{name}: {column:?}: it belongs to growth=logistic"));
            }
        }
    }
    for column in spec.columns().map(ExtraColumn::required) {
        // Several seasonalities may have one condition.
        let known = input.extra.contains(&column);
        input.extra.extend((!known).then_some(column));
    }
    for (name, limit) in [("cap", cap), ("floor", floor)] {
        if let Some(Limit::Column(column)) = limit {
            input.extra.iter_mut().filter(|further| further.name == name).for_each(|further| {
                further.column.clone_from(&column);
                further.required = true;
            });
        }
    }
    ProphetSettings {
        spec,
        countries: text.value("country_holidays", Vec::new(), |text| {
            let codes = text.split(',').map(str::trim).filter(|code| !code.is_empty());
            codes.map(|code| Country::new(code).map_err(|error| error.to_string())).collect()
        }),
        holidays: text.optional("holidays", |text| Ok(PathBuf::from(text))),
    }
}

/// Dates with commas between them.
fn dates(text: &str) -> Result<Vec<i64>, String> {
    let date = |date: &str| parse_timestamp(date.as_bytes()).map_err(|complaint| format!("{date:?} {complaint}"));
    let mut dates: Vec<i64> = text.split(',').map(|text| date(text.trim())).collect::<Result<_, _>>()?;
    dates.sort_unstable();
    dates.dedup();
    Ok(dates)
}

fn seasonality(text: &str) -> Result<SeasonalityChoice, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(SeasonalityChoice::Auto);
    }
    // As in Python, 1 is an order, and 0 is none.
    match (text::integer(text, 0..=100), text::boolean(text)) {
        (Ok(0), _) | (Err(_), Ok(false)) => Ok(SeasonalityChoice::Off),
        (Ok(order), _) => Ok(SeasonalityChoice::Order(order)),
        (_, Ok(true)) => Ok(SeasonalityChoice::On),
        _ => Err("use auto, true, false or a Fourier order from 1 to 100".into()),
    }
}
