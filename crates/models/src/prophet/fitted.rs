//! A fitted Prophet model: what a forecast depends on.

use super::{
    calendar::Calendar,
    features::Terms,
    posterior::{Parameters, inverse_logit},
    scales::{Scales, constant},
    spec::{Growth, History, ProphetSpec},
    terms::Holiday,
};
use crate::{
    data::{Columns, Series},
    forecast::Scores,
};

/// Rows of history that the short form keeps: five for `pandas.infer_freq`, and one before them.
pub(super) const TAIL: usize = 6;

/// One row of the saved history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryRow {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The value, in the units of the input.
    pub y: f64,
}

/// Results of the fit for the manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitNotes {
    /// Rows fitted.
    pub rows: usize,
    /// log p at the optimum, without its constant; none where nothing was fitted.
    pub log_posterior: Option<f64>,
    /// The series is constant: nothing was fitted.
    pub constant: bool,
    /// Steps of the search for the optimum of a model that is not linear, all starts together.
    pub steps: usize,
    /// The model follows the series exactly, so that the noise has no finite optimum.
    pub perfect_fit: bool,
    /// In-sample errors.
    pub scores: Scores,
}

/// A fitted Prophet model.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedProphet {
    /// The specification.
    pub spec: ProphetSpec,
    /// Seasonalities, holidays and regressors in the order of their coefficients.
    pub terms: Terms,
    /// The holidays' days: those of the history and those to come.
    pub holidays: Vec<Holiday>,
    /// The country whose holidays the model has, if its file, written by Python, lacks their days.
    pub unknown_holidays: Option<String>,
    /// Dates of the potential changepoints, milliseconds since the epoch; empty where there are none.
    pub changepoints: Vec<i64>,
    /// Row of each of them in the history; its position where the dates were given.
    pub changepoint_rows: Vec<usize>,
    /// The same in scaled time; a single 0 where there are none.
    pub changepoints_t: Vec<f64>,
    /// First timestamp, milliseconds since the epoch.
    pub start: i64,
    /// Last timestamp minus the first, in milliseconds.
    pub t_scale: i64,
    /// y in the units of the input is `floor + y_scale ·` scaled y, unless the floor is a column.
    pub floor: f64,
    /// See `floor`.
    pub y_scale: f64,
    /// With logistic growth: the floor was given, as a constant or as a column.
    pub logistic_floor: bool,
    /// The constant value of the column `cap` in the history: the cap of dates for which no column states another.
    pub usual_cap: Option<f64>,
    /// The same for the column `floor`.
    pub usual_floor: Option<f64>,
    /// The parameters, in scaled units.
    pub parameters: Parameters,
    /// The history that was kept, last rows.
    pub history: Vec<HistoryRow>,
    /// Further columns of these rows, as the model used them: `cap`, `floor`, conditions, scaled regressors.
    pub history_columns: Columns,
    /// The dates that were kept, of rows with or without a value.
    pub history_dates: Vec<i64>,
    /// Results of the fit that are not saved.
    pub notes: FitNotes,
}

/// What a fit has found for one customer.
pub(super) struct Found<'a> {
    pub(super) terms: Terms,
    pub(super) parameters: Parameters,
    pub(super) scales: Scales,
    /// X, shape (n, K), column after column.
    pub(super) features: &'a [f64],
    pub(super) notes: FitNotes,
}

impl FittedProphet {
    pub(super) fn new(spec: &ProphetSpec, calendar: &Calendar, series: &Series, found: Found<'_>) -> Self {
        let Found { terms, mut parameters, scales, features, notes } = found;
        let timestamps = &series.timestamps;
        if calendar.changepoints.is_empty() {
            // The dummy changepoint at t = 0 is a part of the slope; the logistic exponent there, −k m, stays.
            let slope = parameters.k + parameters.delta.iter().sum::<f64>();
            if spec.growth == Growth::Logistic {
                parameters.m *= parameters.k / slope;
            }
            parameters.k = slope;
            parameters.delta = vec![0.0];
        }
        let kept = |length: usize| match spec.history {
            History::Full => 0,
            History::Tail => length.saturating_sub(TAIL),
        };
        let first = kept(timestamps.len());
        let rows = timestamps.iter().zip(&series.values).skip(first);
        let Scales { floor, y_scale, logistic_floor, .. } = scales;
        let mut spec = spec.clone();
        // A column may have other values in the future; a constant stays.
        let unless_column = |name, given: Option<f64>| given.filter(|_| series.columns.get(name).is_none());
        (spec.cap, spec.floor) = (unless_column("cap", spec.cap), unless_column("floor", spec.floor));
        Self {
            holidays: calendar.holidays.clone(),
            unknown_holidays: None,
            changepoints: calendar.changepoints.clone(),
            changepoint_rows: calendar.changepoint_rows.clone(),
            changepoints_t: calendar.design.changepoints.clone(),
            start: timestamps[0],
            t_scale: timestamps[timestamps.len() - 1] - timestamps[0],
            floor,
            y_scale,
            logistic_floor,
            usual_cap: constant(&scales.caps).filter(|_| spec.cap.is_none()),
            usual_floor: constant(&scales.floors).filter(|_| spec.floor.is_none()),
            parameters,
            history: rows.map(|(&timestamp, &y)| HistoryRow { timestamp, y }).collect(),
            history_columns: history_columns(&terms, &scales, features, series, first),
            history_dates: series.dates[kept(series.dates.len())..].to_vec(),
            notes,
            terms,
            spec,
        }
    }

    /// Names of the columns that a forecast needs at its dates: regressors, conditions, and `cap` and `floor` where they changed
    /// in the history.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let usual = [("cap", self.usual_cap), ("floor", self.usual_floor)];
        self.all_columns().filter(move |name| !usual.iter().any(|(limit, value)| limit == name && value.is_some()))
    }

    /// Names of the columns that a forecast reads: those, and `cap` and `floor` unless they were given as constants.
    pub fn all_columns(&self) -> impl Iterator<Item = &str> {
        let regressors = self.terms.regressors.iter().map(|regressor| regressor.name.as_str());
        let logistic = self.spec.growth == Growth::Logistic;
        let cap = (logistic && self.spec.cap.is_none()).then_some("cap");
        let floor = (self.logistic_floor && self.spec.floor.is_none()).then_some("floor");
        regressors.chain(self.terms.conditions()).chain(cap).chain(floor)
    }

    /// Supplies what a file written by Python lacks: the days of its country's holidays, in the years of its history and of the
    /// forecasts to come. Does nothing for other models.
    pub fn set_country_holidays(&mut self, days: impl IntoIterator<Item = Holiday>) {
        if self.unknown_holidays.take().is_some() {
            let names = std::mem::take(&mut self.terms.holiday_names);
            self.holidays.extend(days.into_iter().filter(|day| names.contains(&day.name)));
            self.terms.set_holidays(self.holidays.iter(), names.into_iter(), self.spec.holidays_prior_scale);
        }
    }

    /// The last date of the history, with or without a value.
    pub(crate) fn last_date(&self) -> i64 {
        self.history_dates.last().copied().unwrap_or(self.last_value())
    }

    /// The last date of the history that has a value.
    pub(super) const fn last_value(&self) -> i64 {
        self.start + self.t_scale
    }

    /// Scaled time of a timestamp: 0 at the first row, 1 at the last.
    pub(super) fn scaled_time(&self, ms: i64) -> f64 {
        (ms - self.start) as f64 / self.t_scale as f64
    }

    /// The path that the trend follows at a scaled time: the trend itself in scaled units, or with logistic growth what its
    /// inverse logit is taken of.
    pub(super) fn path(&self, t: f64) -> f64 {
        let Parameters { k, m, delta, .. } = &self.parameters;
        let level = match self.spec.growth {
            Growth::Flat => return *m,
            Growth::Linear => *m,
            Growth::Logistic => -k * m,
        };
        let passed = self.changepoints_t.iter().zip(delta).take_while(|(s, _)| **s <= t);
        let (slope, level) = passed.fold((*k, level), |(slope, level), (s, delta)| (slope + delta, level - s * delta));
        slope * t + level
    }

    /// The trend at a scaled time, in scaled units; `cap` is that of logistic growth, above the floor and scaled.
    pub(super) fn scaled_trend(&self, t: f64, cap: f64) -> f64 {
        match self.spec.growth {
            Growth::Logistic => cap * inverse_logit(self.path(t)),
            Growth::Linear | Growth::Flat => self.path(t),
        }
    }
}

/// The kept rows of all extra columns in stock Prophet's history.
fn history_columns(terms: &Terms, scales: &Scales, features: &[f64], series: &Series, first: usize) -> Columns {
    let rows = series.timestamps.len();
    let mut columns = Columns::default();
    if scales.logistic_floor {
        columns.insert("floor", scales.floors[first..].to_vec());
    }
    if !scales.caps.is_empty() {
        columns.insert("cap", scales.caps[first..].to_vec());
    }
    for condition in terms.conditions() {
        let kept = &series.timestamps[first..];
        let values = series.covariates().condition_at(condition, kept);
        columns.insert(condition, values.expect("the fit has used them"));
    }
    for (regressor, column) in terms.regressors.iter().zip(terms.shared_columns()..) {
        columns.insert(&regressor.name, features[column * rows + first..(column + 1) * rows].to_vec());
    }
    columns
}
