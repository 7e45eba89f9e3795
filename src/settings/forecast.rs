//! The settings of forecasts.

use super::{
    prophet::{self, ProphetSettings},
    recipe::Tables,
    task::Family,
    text::{self, Text},
};
use crate::input::{Duplicates, InputSettings};
use manyfit_models::{SeriesSpec, baseline::BaselineSpec, frequency::Frequency, holidays::Country};
use std::path::PathBuf;

/// What to fit to each customer's series, and how far to forecast it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastTask {
    /// What to fit.
    pub model: SeriesSpec,
    /// What to fit where that cannot be fitted; none to let the customer fail.
    pub fallback: Option<SeriesSpec>,
    /// Spacing of the dates; none to infer it for each customer.
    pub frequency: Option<Frequency>,
    /// Steps to forecast; 0 for no forecasts.
    pub horizon: usize,
    /// Whether the forecasts begin with the history.
    pub include_history: bool,
    /// The countries whose public holidays are in the model; their days join it when the years of the series are known.
    pub countries: Vec<Country>,
    /// A table of holidays, or a folder of them.
    pub holidays: Option<PathBuf>,
    /// A table of settings that differ by customer, or a folder of them.
    pub overrides: Option<PathBuf>,
    /// A table of dates to come with their regressors, or a folder of them.
    pub future: Option<PathBuf>,
    pub(super) tables: Tables,
}

/// Reads them, and what they say about the input.
pub(super) fn read(text: &mut Text<'_>, family: Family, input: &mut InputSettings) -> ForecastTask {
    input.duplicates = text.value("duplicates", Duplicates::Error, str::parse);
    let ProphetSettings { spec: prophet, countries, holidays } = prophet::read(text, input);
    let baseline = |baseline| SeriesSpec::Baseline {
        baseline,
        interval_width: prophet.interval_width,
        lower_bound: prophet.lower_bound,
    };
    let model = match family {
        Family::SeasonalNaive => baseline(BaselineSpec::SeasonalNaive),
        Family::Mean => baseline(BaselineSpec::Mean),
        _ => SeriesSpec::Prophet(prophet.clone()),
    };
    if !matches!(model, SeriesSpec::Prophet(_)) {
        // What Prophet would be given is nothing that these need.
        input.extra.clear();
    }
    let fallback = text.choice(
        "fallback",
        &[
            ("seasonal-naive", Some(baseline(BaselineSpec::SeasonalNaive))),
            ("mean", Some(baseline(BaselineSpec::Mean))),
            ("none", None),
        ],
    );
    let horizon = text.value("horizon", 0, |text| text::integer(text, 0..=100_000));
    let overrides = text.optional("overrides", |text| Ok(PathBuf::from(text)));
    let future = text.optional("future", |text| Ok(PathBuf::from(text)));
    if future.is_some() && horizon == 0 {
        text.fault("future: nothing is forecast of it with horizon=0: say by horizon how many of its dates are".into());
    }
    if future.is_some() && overrides.is_none() && matches!(model, SeriesSpec::Baseline { .. }) {
        text.fault(format!("future: model={} looks at no table of the future: leave it out", model.name()));
    }
    ForecastTask {
        model,
        fallback,
        frequency: text.optional("frequency", str::parse),
        horizon,
        include_history: text.value("include_history", false, text::boolean),
        countries,
        holidays,
        overrides,
        future,
        tables: Tables::default(),
    }
}
