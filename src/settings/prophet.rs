//! Settings of Prophet.

use super::{
    lists,
    reader::{Reader, read_fields},
    terms,
};
use crate::input::{ExtraColumn, InputSettings, parse_timestamp};
use manyfit_models::{
    holidays::Country,
    prophet::{Growth, ProphetSpec},
};

/// Reads the specification without holidays, and which columns of the input it names.
pub(super) fn read(
    reader: &mut Reader<'_>,
    interval_width: f64,
    lower_bound: Option<f64>,
    input: &mut InputSettings,
) -> ProphetSpec {
    // Each limit of logistic growth is a number, or the name of a column.
    let [(cap, cap_column), (floor, floor_column)] = ["cap", "floor"].map(|name| {
        let text: Option<String> = reader.optional(name);
        let number = text.as_deref().and_then(|text| text.parse().ok()).filter(|number: &f64| number.is_finite());
        (number, text.filter(|_| number.is_none()))
    });
    let columns = [("cap", cap_column), ("floor", floor_column)];
    let columns = columns.into_iter().filter_map(|(name, column)| Some((name, column?)));
    let spec = read_fields!(reader, ProphetSpec {
        value: growth n_changepoints changepoint_range changepoint_prior_scale yearly_seasonality weekly_seasonality
            daily_seasonality seasonality_mode seasonality_prior_scale holidays_prior_scale scaling uncertainty_samples history;
        optional: holidays_mode;
        changepoints: reader.parse("changepoints", |text, _| dates(text)),
        seasonalities: reader.parse("seasonalities", |text, _| terms::seasonalities(text)).unwrap_or_default(),
        regressors: reader.parse("regressors", |text, _| terms::regressors(text)).unwrap_or_default(),
        cap,
        floor,
        interval_width,
        lower_bound,
        ..ProphetSpec::default()
    });
    for fault in spec.faults() {
        reader.fault(fault);
    }
    if spec.growth == Growth::Logistic {
        // A column of this name is used where there is one.
        let floor = ExtraColumn { required: false, ..ExtraColumn::required("floor") };
        input.extra.extend(spec.floor.is_none().then_some(floor));
    } else {
        for (name, column) in columns.clone() {
            reader.fault(format!("{name}={column} applies only to growth=logistic"));
        }
    }
    for column in spec.columns().map(ExtraColumn::required) {
        // Several seasonalities may have one condition.
        let known = input.extra.contains(&column);
        input.extra.extend((!known).then_some(column));
    }
    for (name, column) in columns {
        input.extra.iter_mut().filter(|extra| extra.name == name).for_each(|extra| {
            extra.column.clone_from(&column);
            extra.required = true;
        });
    }
    spec
}

/// Countries by their codes, with commas between them.
pub(super) fn countries(text: &str) -> Result<Vec<Country>, String> {
    let codes = lists::items(text)?;
    codes.iter().map(|code| Country::new(code).map_err(|error| error.to_string())).collect()
}

/// Dates with commas between them.
fn dates(text: &str) -> Result<Vec<i64>, String> {
    let date = |date: &str| parse_timestamp(date.as_bytes()).map_err(|complaint| format!("{date:?} {complaint}"));
    let mut dates: Vec<i64> = lists::items(text)?.iter().map(|text| date(text)).collect::<Result<_, _>>()?;
    dates.sort_unstable();
    dates.dedup();
    Ok(dates)
}
