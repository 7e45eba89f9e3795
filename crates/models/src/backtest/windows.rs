//! Which rows come before and after each cutoff.

use crate::{data::Series, frequency::Frequency};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Rows that any model is given at least.
const LEAST_ROWS: usize = 4;

/// Seasons that models are given at least, unless `initial` says otherwise.
const LEAST_SEASONS: usize = 2;

/// Rolling origins, counted back from the last value.
///
/// The last window's forecasts end at the last value; each earlier one ends `period` steps before. With regular dates these are the
/// windows of statsforecast's `cross_validation(h, step_size, n_windows)` and the last cutoffs of Prophet's
/// `cross_validation(horizon, period, initial)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktestSpec {
    /// The most cutoffs; a short history has fewer.
    pub cutoffs: usize,
    /// Steps that are forecast from each cutoff, at least 1.
    pub horizon: usize,
    /// Steps between cutoffs; by default half of the horizon, rounded up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<usize>,
    /// The fewest rows with a value before a cutoff; by default two seasons, but no fewer than the horizon and no fewer than 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<usize>,
    /// Steps of a season, which scale errors; by default the calendar's shortest season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub season: Option<usize>,
}

/// A cutoff: the rows before it, and those to forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows with a value up to the cutoff.
    pub train: usize,
    /// The rows with a value to forecast.
    pub test: Range<usize>,
}

impl BacktestSpec {
    /// The windows of a series, the earliest cutoff first.
    ///
    /// A series that is too short for one cutoff with the whole horizon is forecast from one cutoff over as many steps as leave two
    /// seasons (or `initial` rows) before it; where that is none, there are no windows.
    #[must_use]
    pub fn windows(&self, series: &Series, frequency: Frequency) -> Vec<Window> {
        let Some(&last) = series.timestamps.last() else { return Vec::new() };
        let season = self.season(frequency);
        let seasons = if season > 1 { LEAST_SEASONS * season } else { 0 };
        let least = self.initial.unwrap_or_else(|| seasons.max(LEAST_ROWS)).max(1);
        let initial = self.initial.unwrap_or_else(|| least.max(self.horizon)).max(1);
        let period = self.period.unwrap_or_else(|| self.horizon.div_ceil(2)).max(1);
        // Steps from each row to the last value, which fall from row to row.
        let back: Vec<i64> = series.timestamps.iter().map(|&date| frequency.steps(date, last)).collect();
        let before = |steps: usize| back.partition_point(|&back| back >= steps as i64);
        let mut windows = Vec::new();
        for cutoff in 0..self.cutoffs {
            let end = cutoff * period;
            let train = before(end + self.horizon);
            let test = train..before(end);
            if train < initial {
                break;
            }
            if !test.is_empty() {
                windows.push(Window { train, test });
            }
        }
        if windows.is_empty() && self.cutoffs > 0 && back.len() > least {
            let train = least.max(before(self.horizon));
            windows.push(Window { train, test: train..back.len() });
        }
        windows.reverse();
        windows
    }

    /// Steps of the season that scales errors; 1 for none.
    #[must_use]
    pub fn season(&self, frequency: Frequency) -> usize {
        self.season.or_else(|| frequency.seasons().first().copied()).unwrap_or(1).max(1)
    }
}

impl Window {
    /// The rows up to the cutoff as a series of their own.
    pub(super) fn past(&self, series: &Series, past: &mut Series) {
        past.clear();
        past.timestamps.extend_from_slice(&series.timestamps[..self.train]);
        past.values.extend_from_slice(&series.values[..self.train]);
        let cutoff = self.cutoff(series);
        let dates = series.dates.partition_point(|&date| date <= cutoff);
        past.dates.extend_from_slice(&series.dates[..dates]);
        for (name, column) in series.columns.iter() {
            past.columns.insert(name, column[..dates].to_vec());
        }
    }

    /// The last date before the forecasts, milliseconds since the epoch.
    #[must_use]
    pub fn cutoff(&self, series: &Series) -> i64 {
        series.timestamps[self.train - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn days(days: impl IntoIterator<Item = i64>) -> Series {
        let timestamps: Vec<i64> = days.into_iter().map(|day| day * DAY).collect();
        let values = vec![1.0; timestamps.len()];
        Series { dates: timestamps.clone(), timestamps, values, ..Series::default() }
    }

    fn windows(spec: &BacktestSpec, series: &Series) -> Vec<(usize, Range<usize>)> {
        spec.windows(series, Frequency::DAILY).into_iter().map(|window| (window.train, window.test)).collect()
    }

    const SPEC: BacktestSpec = BacktestSpec { cutoffs: 3, horizon: 6, period: None, initial: None, season: None };

    #[test]
    fn the_last_window_ends_at_the_last_value_and_others_half_a_horizon_before() {
        let series = days(0..40);
        assert_eq!(windows(&SPEC, &series), [(28, 28..34), (31, 31..37), (34, 34..40)]);
        let apart = BacktestSpec { period: Some(1), ..SPEC };
        assert_eq!(windows(&apart, &series), [(32, 32..38), (33, 33..39), (34, 34..40)]);
        let long = BacktestSpec { initial: Some(30), ..SPEC };
        assert_eq!(windows(&long, &series), [(31, 31..37), (34, 34..40)]);
    }

    #[test]
    fn cutoffs_are_dates_not_rows() {
        // No values on days 20 to 29.
        let series = days((0..20).chain(30..40));
        assert_eq!(windows(&SPEC, &series), [(20, 20..24), (21, 21..27), (24, 24..30)]);
    }

    #[test]
    fn a_short_series_is_forecast_from_one_cutoff_over_fewer_steps_or_not_at_all() {
        assert_eq!(windows(&SPEC, &days(0..20)), [(14, 14..20)]);
        assert_eq!(windows(&SPEC, &days(0..17)), [(14, 14..17)], "two weeks before the cutoff");
        for rows in 0..15 {
            assert_eq!(windows(&SPEC, &days(0..rows)), [], "{rows} rows");
        }
    }
}
