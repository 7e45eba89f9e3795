//! The errors of forecasts of the rows after cutoffs.

use super::{track::Track, windows::Window};
use crate::data::Series;
use serde::{Deserialize, Serialize};

/// Errors of a model's forecasts over all windows of a backtest.
///
/// e = ŷ − y, over all n rows that were forecast. q = 1 − (1 − w)/2 is the level of the interval's upper end, of width w.
///
/// | | | |
/// |---|---|---|
/// | `mae`, `rmse` | Σ│e│/n, √(Σe²/n) | units of the input |
/// | `bias` | Σe/n | units of the input; above zero where forecasts are too high |
/// | `wape` | Σ│e│/Σ│y│ | Kolassa and Schütz, Foresight 6, 2007 |
/// | `smape` | Σ 2│e│/(│y│+│ŷ│)/n, where both are zero 0 | Makridakis and Hibon, IJF 16, 2000; a share, not per cent |
/// | `mase` | mean over windows of Σ│e│/n divided by Σ│y_t − y_{t−m}│/(T − m) of the T rows before the cutoff | Hyndman and Koehler, IJF 22, 2006 |
/// | `rmsse` | mean over windows of the root of the same ratio of squares | Makridakis, Spiliotis and Assimakopoulos, IJF 38, 2022 |
/// | `coverage` | share of rows within the interval | |
/// | `pinball` | mean of the quantile losses of the interval's two ends | Koenker and Bassett, Econometrica 46, 1978 |
/// | `interval_score` | Σ (u − l) + 2/(1 − w)·((l − y)⁺ + (y − u)⁺) over n | Gneiting and Raftery, JASA 102, 2007 |
///
/// The season m is 1 where there is none, and where a window has no more rows than a season before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean absolute error.
    pub mae: f64,
    /// Root mean squared error.
    pub rmse: f64,
    /// Mean error.
    pub bias: f64,
    /// Weighted absolute percentage error; none where all values are zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wape: Option<f64>,
    /// Symmetric mean absolute percentage error, from 0 to 2.
    pub smape: f64,
    /// Mean absolute scaled error; none where a history never changes from season to season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mase: Option<f64>,
    /// Root mean squared scaled error; none where `mase` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmsse: Option<f64>,
    /// Share of rows within the interval, from 0 to 1; none where forecasts have no interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Mean quantile loss of the interval's ends; none where forecasts have no interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinball: Option<f64>,
    /// Mean interval score; none where forecasts have no interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_score: Option<f64>,
}

/// Means of a history's changes from season to season.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Mean absolute change.
    pub(super) absolute: f64,
    /// Root mean squared change.
    pub(super) squared: f64,
}

impl Scale {
    /// Of the rows before a cutoff; none where they never change.
    pub(super) fn of(history: &[f64], season: usize) -> Option<Self> {
        let season = if season < history.len() { season } else { 1 };
        let changes = history.iter().zip(history.get(season..)?).map(|(before, after)| (after - before).abs());
        let n = history.len().checked_sub(season).filter(|n| *n > 0)? as f64;
        let (mut absolute, mut largest) = (0.0, 0.0_f64);
        for change in changes.clone() {
            absolute += change / n;
            largest = largest.max(change);
        }
        if largest <= 0.0 || !absolute.is_finite() {
            return None;
        }
        // Divided by the largest first, so that no square overflows.
        let squares: f64 = changes.map(|change| (change / largest).powi(2)).sum();
        Some(Self { absolute, squared: largest * (squares / n).sqrt() })
    }
}

impl Metrics {
    /// Scores a track whose intervals are of this width; none without rows, and where errors are too large to be computed with.
    #[must_use]
    pub fn of(track: &Track, series: &Series, windows: &[Window], season: usize, interval_width: f64) -> Option<Self> {
        let n = track.len() as f64;
        if track.is_empty() {
            return None;
        }
        let mut metrics = Self::default();
        let (mut absolute, mut actual, mut squares) = (0.0, 0.0, 0.0);
        let (mut covered, mut pinballs, mut scores) = (0_usize, 0.0, 0.0);
        // Errors are divided by the largest before they are squared, so that no square overflows.
        let observed = windows.iter().flat_map(|window| &series.values[window.test.clone()]);
        let errors = observed.zip(&track.yhat).map(|(y, yhat)| (yhat - y).abs());
        let largest = errors.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let mut scaled = Some((0.0, 0.0));
        let low = (1.0 - interval_width) / 2.0;
        let mut at = 0;
        for window in windows {
            let (mut window_absolute, mut window_squares) = (0.0, 0.0);
            for &y in &series.values[window.test.clone()] {
                let (yhat, lower, upper) = (track.yhat[at], track.lower[at], track.upper[at]);
                at += 1;
                let error = yhat - y;
                window_absolute += error.abs();
                window_squares += (error / largest).powi(2);
                metrics.bias += error / n;
                actual += y.abs();
                let size = y.abs() + yhat.abs();
                metrics.smape += if size > 0.0 { 2.0 * error.abs() / size / n } else { 0.0 };
                covered += usize::from((lower..=upper).contains(&y));
                pinballs += (pinball(y, lower, low) + pinball(y, upper, 1.0 - low)) / (2.0 * n);
                let missed = (lower - y).max(0.0) + (y - upper).max(0.0);
                scores += (upper - lower + 2.0 / (1.0 - interval_width) * missed) / n;
            }
            absolute += window_absolute;
            squares += window_squares;
            let rows = window.test.len() as f64;
            scaled = scaled.zip(Scale::of(&series.values[..window.train], season)).map(|((mase, rmsse), scale)| {
                (
                    mase + window_absolute / rows / scale.absolute,
                    rmsse + largest * ((window_squares / rows).sqrt() / scale.squared),
                )
            });
        }
        metrics.mae = absolute / n;
        metrics.rmse = largest * (squares / n).sqrt();
        if track.has_interval() {
            metrics.coverage = Some(covered as f64 / n);
            (metrics.pinball, metrics.interval_score) = (Some(pinballs), Some(scores));
        }
        metrics.wape = (actual > 0.0).then(|| absolute / actual);
        let windows = windows.len() as f64;
        let scaled = scaled.map(|(mase, rmsse)| (mase / windows, rmsse / windows));
        let scaled = scaled.filter(|(mase, rmsse)| mase.is_finite() && rmsse.is_finite());
        (metrics.mase, metrics.rmsse) = (scaled.map(|(mase, _)| mase), scaled.map(|(_, rmsse)| rmsse));
        metrics.named().all(|(_, value)| value.is_finite()).then_some(metrics)
    }

    /// Names and values, for tables and log lines.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        [
            ("mae", Some(self.mae)),
            ("rmse", Some(self.rmse)),
            ("bias", Some(self.bias)),
            ("wape", self.wape),
            ("smape", Some(self.smape)),
            ("mase", self.mase),
            ("rmsse", self.rmsse),
            ("coverage", self.coverage),
            ("pinball", self.pinball),
            ("interval_score", self.interval_score),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}

/// The quantile loss of a forecast of a quantile.
fn pinball(y: f64, quantile: f64, level: f64) -> f64 {
    if y >= quantile { level * (y - quantile) } else { (1.0 - level) * (quantile - y) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_formulas() {
        // Two windows after 4 and 5 rows, computed by hand.
        let values = vec![1.0, 2.0, 4.0, 3.0, 5.0, 8.0];
        let series = Series { timestamps: (0..6).collect(), dates: (0..6).collect(), values, ..Series::default() };
        let windows = [Window { train: 4, test: 4..6 }, Window { train: 5, test: 5..6 }];
        let track = Track { yhat: vec![4.0, 9.0, 6.0], lower: vec![3.0, 8.5, 5.0], upper: vec![6.0, 10.0, 7.0] };
        let metrics = Metrics::of(&track, &series, &windows, 1, 0.8).unwrap();
        let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        close(metrics.mae, 4.0 / 3.0);
        close(metrics.rmse, (6.0_f64 / 3.0).sqrt());
        close(metrics.bias, -2.0 / 3.0);
        close(metrics.wape.unwrap(), 4.0 / 21.0);
        close(metrics.smape, (2.0 / 9.0 + 2.0 / 17.0 + 4.0 / 14.0) / 3.0);
        // Changes of 1, 2, 1 before the first cutoff and 1, 2, 1, 2 before the second.
        close(metrics.mase.unwrap(), f64::midpoint(1.0 / (4.0 / 3.0), 2.0 / 1.5));
        close(metrics.rmsse.unwrap(), f64::midpoint(1.0 / 2.0_f64.sqrt(), 2.0 / 2.5_f64.sqrt()));
        close(metrics.coverage.unwrap(), 1.0 / 3.0);
        // Ends: 5 in 3..6, 8 under 8.5..10, 8 over 5..7.
        close(metrics.pinball.unwrap(), (0.1 * 2.0 + 0.1 * 1.0 + 0.9 * 0.5 + 0.1 * 2.0 + 0.1 * 3.0 + 0.9 * 1.0) / 6.0);
        close(metrics.interval_score.unwrap(), (3.0 + 1.5 + 10.0 * 0.5 + 2.0 + 10.0 * 1.0) / 3.0);
    }

    #[test]
    fn errors_of_any_size_are_numbers_and_none_is_told_of_intervals_that_are_not_there() {
        for unit in [1e-300, 1.0, 1e300] {
            let values: Vec<f64> = [1.0, 2.0, 4.0, 3.0, 5.0, 8.0].map(|y| y * unit).into();
            let series = Series { timestamps: (0..6).collect(), dates: (0..6).collect(), values, ..Series::default() };
            let yhat: Vec<f64> = vec![4.0 * unit, 9.0 * unit];
            let track = Track { lower: yhat.clone(), upper: yhat.clone(), yhat };
            let metrics = Metrics::of(&track, &series, &[Window { train: 4, test: 4..6 }], 1, 0.8).unwrap();
            assert!((metrics.rmse / unit - 1.0).abs() < 1e-12, "{metrics:?}");
            assert!((metrics.rmsse.unwrap() - 1.0 / 2.0_f64.sqrt()).abs() < 1e-12, "{metrics:?}");
            assert_eq!((metrics.coverage, metrics.interval_score), (None, None));
        }
    }

    #[test]
    fn a_constant_history_has_no_scaled_errors() {
        assert_eq!(Scale::of(&[2.0; 9], 1), None);
        assert_eq!(Scale::of(&[2.0], 1), None);
        assert_eq!(Scale::of(&[], 3), None);
        assert_eq!(Scale::of(&[1.0, 2.0], 7), Some(Scale { absolute: 1.0, squared: 1.0 }), "no whole season");
        assert!(Scale::of(&[0.0, 1e300, 0.0], 1).is_some_and(|scale| scale.squared.is_finite()));
    }
}
