//! Settings of forecasts.

use super::{
    backtest,
    candidates::{Candidate, Suits, USUAL},
    country_calendars::{CountryCalendars, pinned_until},
    family::Family,
    prophet,
    reader::{Reader, read_fields},
    series_models::{SeriesSettings, families},
    shape::shape,
};
use crate::{
    error::{Error, Result},
    input::{CustomerRows, InputSettings},
};
use manyfit_models::{
    SeriesSpec,
    backtest::{BacktestSpec, Combine},
    data::{Fill, OutlierTreatment, Series},
    frequency::{CalendarFit, Frequency, Inferred},
    holidays::{Country, source_version},
    prophet::ProphetSpec,
};
use serde::Serialize;
use std::{borrow::Cow, path::PathBuf, sync::Arc};

/// What becomes of customers in whose series a check finds too little to fit the chosen model to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBad {
    /// They are fitted, and the check is told.
    #[default]
    Warn,
    /// A fallback is fitted.
    Fallback,
    /// They fail.
    Fail,
}

/// What to fit to each customer's series, and how far to forecast it.
#[derive(Clone, Debug)]
pub struct ForecastTask {
    /// What to fit; the first candidate where `combine` is set.
    pub model: SeriesSpec,
    /// What is made of the candidates, if the model is chosen for each customer.
    pub combine: Option<Combine>,
    /// What the model is chosen from, the simplest first, or compared with.
    pub candidates: Vec<Candidate>,
    /// The cutoffs at which forecasts are scored, if any.
    pub backtest: Option<BacktestSpec>,
    /// Whether versions of Prophet are scored, and the best one is fitted.
    pub tune: bool,
    /// Whether the forecasts from the cutoffs are written.
    pub backtest_table: bool,
    /// Probability that intervals should cover.
    pub interval_width: f64,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    pub lower_bound: Option<f64>,
    /// What to fit where that cannot be fitted, in turn; none to let the customer fail.
    pub fallback: Vec<SeriesSpec>,
    /// What becomes of customers whose series are bad for the model.
    pub on_bad: OnBad,
    /// What becomes of outliers before the fit.
    pub outliers: OutlierTreatment,
    /// What steps without a value get before the fit.
    pub fill: Option<Fill>,
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
    /// A table of future dates with their regressors, or a folder of them.
    pub future: Option<PathBuf>,
    /// What was read from that table; shared by all copies of the settings.
    pub(super) future_rows: Option<Arc<CustomerRows>>,
    pub(super) calendars: Arc<CountryCalendars>,
}

/// Reads the settings of forecasts, and those of the input that only they have.
pub(super) fn read(reader: &mut Reader<'_>, input: &mut InputSettings) -> ForecastTask {
    input.duplicates = reader.value("duplicates");
    let interval_width = reader.value("interval_width");
    let lower_bound = lower_bound(reader);
    let spec = prophet::read(reader, interval_width, lower_bound, input);
    let models = SeriesSettings::read(reader, spec);
    let is_auto = reader.family == Family::Auto;
    let fallback = reader.parse("fallback", |text, _| families(text)).unwrap_or_default();
    let fallback: Vec<SeriesSpec> = fallback.into_iter().map(|family| models.spec(family)).collect();
    let on_bad = on_bad(reader, !fallback.is_empty());
    let given = reader.parse("candidates", |text, _| families(text));
    if is_auto && given.as_ref().is_some_and(Vec::is_empty) {
        reader.fault("candidates=none: auto has nothing to choose from: name models, or leave it out".into());
    }
    for (place, family) in given.iter().flatten().enumerate() {
        if given.iter().flatten().take(place).any(|other| other == family) {
            reader.fault(format!("candidates: {} is named twice: name each model once", family.name()));
        }
    }
    let usual = if is_auto { &USUAL[..] } else { &[] };
    let wanted = match given {
        Some(families) if !families.is_empty() => families.into_iter().map(|family| (family, Suits::All)).collect(),
        Some(_) if !is_auto => Vec::new(),
        _ => usual.to_vec(),
    };
    let candidates: Vec<Candidate> =
        wanted.into_iter().map(|(family, suits)| Candidate::new(models.spec(family), suits)).collect();
    let combine: Combine = reader
        .parse("combine", |text, setting| text.parse().map_err(|()| format!("use {}", setting.kind)))
        .unwrap_or_default();
    let model = if is_auto { candidates[0].spec.clone() } else { models.spec(reader.family) };
    let candidate_specs = candidates.iter().map(|candidate| &candidate.spec);
    let has_prophet =
        fallback.iter().chain(candidate_specs).chain([&model]).any(|model| matches!(model, SeriesSpec::Prophet(_)));
    if !has_prophet {
        // Only Prophet looks at other columns.
        input.extra.clear();
    }
    let horizon = reader.value("horizon");
    let (overrides, future) = (reader.optional::<PathBuf>("overrides"), reader.optional::<PathBuf>("future"));
    if future.is_some() && horizon == 0 {
        reader
            .fault("future: none of its dates is forecast with horizon=0: set horizon to how many of them are".into());
    }
    if future.is_some() && overrides.is_none() && !has_prophet {
        reader.fault(format!("future: model={} does not use a table of the future: leave it out", model.name()));
    }
    let backtest = backtest::read(reader, horizon, models.season());
    // Overrides may choose auto for some customers.
    if !is_auto && overrides.is_none() {
        backtest::refuse_idle(reader, backtest.is_some());
    }
    read_fields!(reader, ForecastTask {
        value: include_history backtest_table outliers fill tune;
        optional: frequency holidays;
        model,
        combine: is_auto.then_some(combine),
        candidates,
        backtest,
        interval_width,
        lower_bound,
        fallback,
        on_bad,
        horizon,
        countries: reader.parse("country_holidays", |text, _| prophet::countries(text)).unwrap_or_default(),
        overrides,
        future,
        future_rows: None,
        calendars: Arc::default(),
    })
}

/// What becomes of customers whose series are bad.
fn on_bad(reader: &mut Reader<'_>, has_fallback: bool) -> OnBad {
    match reader.choice("on_bad") {
        "fallback" if has_fallback => OnBad::Fallback,
        "fallback" => {
            reader.fault(
                "on_bad=fallback: there is no model to fall back to: name one as fallback, or use on_bad=fail".into(),
            );
            OnBad::Fallback
        }
        "fail" => OnBad::Fail,
        _ => OnBad::Warn,
    }
}

/// The bound below all forecasts, from its two settings.
fn lower_bound(reader: &mut Reader<'_>) -> Option<f64> {
    let (non_negative, bound) = (reader.value("non_negative"), reader.optional("lower_bound"));
    if let Some(bound) = bound.filter(|bound: &f64| non_negative && *bound < 0.0) {
        reader.fault(format!(
            "lower_bound: \"{bound}\": forecasts down to it are negative: raise it, or set non_negative=false"
        ));
    }
    bound.or(non_negative.then_some(0.0))
}

impl ForecastTask {
    /// The spacing of a series' dates: as set, or inferred from them, and then how well it explains them.
    #[must_use]
    pub fn calendar(&self, series: &Series) -> (Frequency, Option<CalendarFit>) {
        self.frequency.map_or_else(
            || {
                let Inferred { frequency, fit } = Inferred::of(&series.dates);
                (frequency, Some(fit))
            },
            |frequency| (frequency, None),
        )
    }

    /// The word of the setting `model`.
    #[must_use]
    pub const fn model_name(&self) -> &'static str {
        if self.combine.is_some() { Family::Auto.name() } else { self.model.name() }
    }

    /// The models that are fitted to the whole history, in the order in which they are tried: the model and its fallbacks, or the
    /// fallbacks alone where candidates come before them.
    pub fn in_turn(&self) -> impl Iterator<Item = &SeriesSpec> {
        let model = if self.combine.is_some() { None } else { Some(&self.model) };
        model.into_iter().chain(&self.fallback)
    }

    /// All models.
    fn models(&self) -> impl Iterator<Item = &SeriesSpec> {
        let candidates = self.candidates.iter().map(|candidate| &candidate.spec);
        std::iter::once(&self.model).chain(candidates).chain(&self.fallback)
    }

    /// The same, to change them.
    pub(super) fn models_mut(&mut self) -> impl Iterator<Item = &mut SeriesSpec> {
        let candidates = self.candidates.iter_mut().map(|candidate| &mut candidate.spec);
        std::iter::once(&mut self.model).chain(candidates).chain(&mut self.fallback)
    }

    /// The candidates for a series, the simplest first.
    #[must_use]
    pub fn candidates_for(&self, series: &Series, frequency: Frequency) -> Vec<&SeriesSpec> {
        Candidate::of(&self.candidates, series, frequency)
    }

    /// The versions of one of the models that are scored in a backtest, the model itself first.
    #[must_use]
    pub fn versions(&self, model: &SeriesSpec, series: &Series) -> Vec<SeriesSpec> {
        match model {
            SeriesSpec::Prophet(spec) if self.tune => {
                spec.versions(series.len()).into_iter().map(SeriesSpec::Prophet).collect()
            }
            model => vec![model.clone()],
        }
    }

    /// The version in this place.
    #[must_use]
    pub fn version<'m>(&self, model: &'m SeriesSpec, series: &Series, place: usize) -> Cow<'m, SeriesSpec> {
        if place == 0 { Cow::Borrowed(model) } else { Cow::Owned(self.versions(model, series).swap_remove(place)) }
    }

    /// Whether rows without a value at the end of a series are the future, with what a model needs to know of it, instead of a part of the
    /// history.
    #[must_use]
    pub fn rows_are_the_future(&self) -> bool {
        self.models().any(|model| matches!(model, SeriesSpec::Prophet(spec) if spec.columns().next().is_some()))
    }

    /// A remark on what Prophet alone uses, where it is one of the candidates, but not for such a series.
    #[must_use]
    pub fn unused_columns(&self, series: &Series, frequency: Frequency) -> Option<String> {
        self.combine?;
        let prophet = self.candidates.iter().find_map(|candidate| match &candidate.spec {
            SeriesSpec::Prophet(spec) => Some(spec),
            _ => None,
        })?;
        let is_candidate =
            self.candidates_for(series, frequency).iter().any(|spec| matches!(spec, SeriesSpec::Prophet(_)));
        let unused = [
            (!prophet.regressors.is_empty()).then_some("regressors"),
            (!prophet.holidays.is_empty() || !self.countries.is_empty()).then_some("holidays"),
        ];
        let unused: Vec<&str> = unused.into_iter().flatten().collect();
        (!is_candidate && !unused.is_empty()).then(|| {
            let unused = unused.join(" and ");
            format!("{unused}: only prophet uses them, which is no candidate for such dates unless candidates names it")
        })
    }

    /// One of the models as it is fitted to a series: where it has holidays of countries, with their days in the years of the series, of
    /// ten years after it and of the horizon.
    ///
    /// # Errors
    /// [`Error::Data`] for years whose holidays are not known.
    pub fn model_for<'m>(
        &self,
        model: &'m SeriesSpec,
        series: &Series,
        frequency: Frequency,
    ) -> Result<Cow<'m, SeriesSpec>> {
        let (SeriesSpec::Prophet(spec), Some(&first), Some(until)) =
            (model, series.dates.first(), self.holidays_until(series, frequency))
        else {
            return Ok(Cow::Borrowed(model));
        };
        let holidays = self.calendars.of(&self.countries, first, until)?;
        let spec = ProphetSpec { country_holidays: Some(holidays), ..spec.clone() };
        check(&spec, "country_holidays")?;
        Ok(Cow::Owned(SeriesSpec::Prophet(spec)))
    }

    /// The canonical text for the fingerprint.
    pub(super) fn shape(&self, version: Option<&str>) -> String {
        let Self { model, fallback, countries, .. } = self;
        let frequency = self.frequency.map(|frequency| frequency.to_string());
        let fallback = Fallbacks::of(fallback);
        let mut text = if countries.is_empty() {
            shape(&(model, fallback, frequency, version))
        } else {
            let codes: Vec<&str> = countries.iter().map(|country| country.code()).collect();
            // What the days of the countries' holidays depend on.
            shape(&(model, fallback, frequency, version, (codes, source_version())))
        };
        // Only where there is one, so that earlier artifacts stay valid.
        if let Some(backtest) = &self.backtest {
            text += &shape(&(backtest, self.combine, &self.candidates));
            text += if self.tune { "tuned" } else { "" };
        } else if let Some(combine) = self.combine {
            text += &shape(&(combine, &self.candidates));
        }
        text
    }

    /// The canonical text for the fingerprint of a series: `shape`, what depends on the horizon as well, and a calendar that
    /// is another one than that of the last dates.
    #[must_use]
    pub fn shape_for<'s>(
        &self,
        shape: &'s str,
        series: &Series,
        frequency: Frequency,
        inferred: Option<CalendarFit>,
    ) -> Cow<'s, str> {
        let mut shape = Cow::Borrowed(shape);
        if let Some(until) = self.holidays_until(series, frequency) {
            shape = Cow::Owned(format!("{shape} with holidays until {until}"));
        }
        if inferred.is_some_and(|fit| fit.differs) {
            shape = Cow::Owned(format!("{shape} on the calendar {frequency}"));
        }
        shape
    }

    /// The last year whose holidays of countries the model keeps, if it has any: that of the last forecast, or a later one.
    fn holidays_until(&self, series: &Series, frequency: Frequency) -> Option<i32> {
        let has_prophet = self.models().any(|model| matches!(model, SeriesSpec::Prophet(_)));
        let (true, false, Some(&last)) = (has_prophet, self.countries.is_empty(), series.dates.last()) else {
            return None;
        };
        let forecast = frequency.after(last, self.horizon).last().copied();
        Some(pinned_until(last, forecast.unwrap_or(last)))
    }

    /// The rows of the table of the future, if there is one.
    #[must_use]
    pub fn future(&self) -> Option<&CustomerRows> {
        self.future_rows.as_deref()
    }
}

/// The fallbacks in the canonical text: none and one as they were written when there was at most one, so that earlier artifacts
/// stay valid.
#[derive(Serialize)]
#[serde(untagged)]
enum Fallbacks<'a> {
    AtMostOne(Option<&'a SeriesSpec>),
    Many(&'a [SeriesSpec]),
}

impl<'a> Fallbacks<'a> {
    const fn of(fallback: &'a [SeriesSpec]) -> Self {
        match fallback {
            [] => Self::AtMostOne(None),
            [one] => Self::AtMostOne(Some(one)),
            many => Self::Many(many),
        }
    }
}

/// Checks a specification whose holidays come from `place`.
pub(super) fn check(spec: &ProphetSpec, place: &str) -> Result<()> {
    match spec.faults().as_slice() {
        [] => Ok(()),
        faults => Err(Error::Data(format!("{place}: {}", faults.join("; ")))),
    }
}
