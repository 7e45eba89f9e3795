//! A fitted Prophet model: everything a forecast depends on, and nothing else.

use super::{
    calendar::Calendar,
    posterior::Parameters,
    spec::{Growth, History, ProphetSpec, Seasonality},
};
use crate::dataset::Series;

/// Rows of history that the short form keeps: five for `pandas.infer_freq`, and one before them.
const TAIL: usize = 6;

/// One row of the saved history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryRow {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The value, in the units of the input.
    pub y: f64,
}

/// What the fit found out about the series, for the manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitNotes {
    /// Rows fitted.
    pub rows: usize,
    /// log p at the optimum, without its constant; none where nothing was fitted.
    pub log_posterior: Option<f64>,
    /// The series is constant: nothing was fitted.
    pub constant: bool,
    /// The model follows the series exactly, so that the noise has no finite optimum.
    pub perfect_fit: bool,
    /// In-sample, in the units of the input.
    pub mean_absolute_error: f64,
    /// In-sample, in the units of the input.
    pub root_mean_squared_error: f64,
}

/// A fitted Prophet model.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedProphet {
    /// What was asked for.
    pub spec: ProphetSpec,
    /// The seasonalities in the order of their coefficients.
    pub seasonalities: Vec<Seasonality>,
    /// Dates of the potential changepoints, milliseconds since the epoch; empty where there are none.
    pub changepoints: Vec<i64>,
    /// Row of each of them in the history.
    pub changepoint_rows: Vec<usize>,
    /// The same in scaled time; a single 0 where there are none.
    pub changepoints_t: Vec<f64>,
    /// First timestamp, milliseconds since the epoch.
    pub start: i64,
    /// Last timestamp minus the first, in milliseconds.
    pub t_scale: i64,
    /// y in the units of the input is `floor + y_scale ·` scaled y.
    pub floor: f64,
    /// See `floor`.
    pub y_scale: f64,
    /// The parameters, in scaled units.
    pub parameters: Parameters,
    /// The history that was kept, last rows.
    pub history: Vec<HistoryRow>,
    /// The dates that were kept, of rows with or without a value.
    pub history_dates: Vec<i64>,
    /// What the fit found out; the saved model does not hold it.
    pub notes: FitNotes,
}

impl FittedProphet {
    pub(super) fn new(
        spec: &ProphetSpec,
        calendar: &Calendar,
        series: &Series,
        mut parameters: Parameters,
        (floor, y_scale): (f64, f64),
        notes: FitNotes,
    ) -> Self {
        let timestamps = &series.timestamps;
        let changepoints: Vec<i64> = calendar.changepoint_rows.iter().map(|&row| timestamps[row]).collect();
        if changepoints.is_empty() {
            // The dummy changepoint at t = 0 is a part of the slope.
            parameters.k += parameters.delta.iter().sum::<f64>();
            parameters.delta = vec![0.0];
        }
        let kept = |length: usize| match spec.history {
            History::Full => 0,
            History::Tail => length.saturating_sub(TAIL),
        };
        let rows = timestamps.iter().zip(&series.values).skip(kept(timestamps.len()));
        Self {
            seasonalities: calendar.seasonalities.clone(),
            changepoint_rows: calendar.changepoint_rows.clone(),
            changepoints_t: calendar.design.changepoints.clone(),
            changepoints,
            start: timestamps[0],
            t_scale: timestamps[timestamps.len() - 1] - timestamps[0],
            floor,
            y_scale,
            parameters,
            history: rows.map(|(&timestamp, &y)| HistoryRow { timestamp, y }).collect(),
            history_dates: series.dates[kept(series.dates.len())..].to_vec(),
            notes,
            spec: spec.clone(),
        }
    }

    /// The last date of the history, with or without a value.
    #[must_use]
    pub fn last_date(&self) -> i64 {
        self.history_dates.last().copied().unwrap_or(self.start + self.t_scale)
    }

    /// Scaled time of a timestamp: 0 at the first row, 1 at the last.
    pub(super) fn scaled_time(&self, ms: i64) -> f64 {
        (ms - self.start) as f64 / self.t_scale as f64
    }

    /// The trend at a scaled time, in scaled units.
    pub(super) fn scaled_trend(&self, t: f64) -> f64 {
        let Parameters { k, m, delta, .. } = &self.parameters;
        if self.spec.growth == Growth::Flat {
            return *m;
        }
        let passed = self.changepoints_t.iter().zip(delta).take_while(|(s, _)| **s <= t);
        let (slope, level) = passed.fold((*k, *m), |(slope, level), (s, delta)| (slope + delta, level - s * delta));
        slope * t + level
    }
}
