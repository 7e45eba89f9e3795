//! Settings of Prophet.

use super::{reader::Reader, terms};
use crate::input::{ExtraColumn, InputSettings, parse_timestamp};
use manyfit_models::{
    holidays::Country,
    prophet::{Growth, ProphetSpec},
};
use std::path::PathBuf;

/// A specification of Prophet, and where its holidays come from.
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
pub(super) fn read(
    reader: &mut Reader<'_>,
    interval_width: f64,
    lower_bound: Option<f64>,
    input: &mut InputSettings,
) -> ProphetSettings {
    let [cap, floor] = ["cap", "floor"].map(|name| {
        reader.parse(name, |text, _| {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            Ok(number.map_or_else(|| Limit::Column(text.to_owned()), Limit::Number))
        })
    });
    let number = |limit: &Option<Limit>| match limit {
        Some(Limit::Number(number)) => Some(*number),
        _ => None,
    };
    let spec = ProphetSpec {
        growth: reader.value("growth"),
        n_changepoints: reader.value("n_changepoints"),
        changepoint_range: reader.value("changepoint_range"),
        changepoint_prior_scale: reader.value("changepoint_prior_scale"),
        yearly_seasonality: reader.value("yearly_seasonality"),
        weekly_seasonality: reader.value("weekly_seasonality"),
        daily_seasonality: reader.value("daily_seasonality"),
        seasonality_prior_scale: reader.value("seasonality_prior_scale"),
        scaling: reader.value("scaling"),
        interval_width,
        uncertainty_samples: reader.value("uncertainty_samples"),
        history: reader.value("history"),
        changepoints: reader.parse("changepoints", |text, _| dates(text)),
        seasonality_mode: reader.value("seasonality_mode"),
        seasonalities: reader.parse("seasonalities", |text, _| terms::seasonalities(text)).unwrap_or_default(),
        holidays_prior_scale: reader.value("holidays_prior_scale"),
        holidays_mode: reader.optional("holidays_mode"),
        regressors: reader.parse("regressors", |text, _| terms::regressors(text)).unwrap_or_default(),
        cap: number(&cap),
        floor: number(&floor),
        lower_bound,
        ..ProphetSpec::default()
    };
    for fault in spec.faults() {
        reader.fault(fault);
    }
    if spec.growth == Growth::Logistic {
        // A column of this name is used where there is one.
        let floor = ExtraColumn { required: false, ..ExtraColumn::required("floor") };
        input.extra.extend(spec.floor.is_none().then_some(floor));
    } else {
        for (name, limit) in [("cap", &cap), ("floor", &floor)] {
            if let Some(Limit::Column(column)) = limit {
                reader.fault(format!("{name}: {column:?}: it belongs to growth=logistic"));
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
            input.extra.iter_mut().filter(|extra| extra.name == name).for_each(|extra| {
                extra.column.clone_from(&column);
                extra.required = true;
            });
        }
    }
    ProphetSettings {
        spec,
        countries: reader.parse("country_holidays", |text, _| countries(text)).unwrap_or_default(),
        holidays: reader.optional("holidays"),
    }
}

/// Countries by their codes, with commas between them.
fn countries(text: &str) -> Result<Vec<Country>, String> {
    let codes = text.split(',').map(str::trim).filter(|code| !code.is_empty());
    codes.map(|code| Country::new(code).map_err(|error| error.to_string())).collect()
}

/// Dates with commas between them.
fn dates(text: &str) -> Result<Vec<i64>, String> {
    let date = |date: &str| parse_timestamp(date.as_bytes()).map_err(|complaint| format!("{date:?} {complaint}"));
    let mut dates: Vec<i64> = text.split(',').map(|text| date(text.trim())).collect::<Result<_, _>>()?;
    dates.sort_unstable();
    dates.dedup();
    Ok(dates)
}
