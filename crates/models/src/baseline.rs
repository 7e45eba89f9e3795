//! Baselines: benchmarks for other models, and fallbacks for series that are too short for them.

use crate::{
    Error, Result,
    data::{CovariateError, Series},
    forecast::{Forecast, Scores},
    forecast_request::ForecastRequest,
    frequency::{Frequency, LATEST},
    quantiles::normal_quantile,
    steps_ahead::steps_ahead,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A model that needs no fitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineSpec {
    /// The value one season ago; the mean where there is less than a season.
    SeasonalNaive,
    /// The mean of the history.
    Mean,
}

/// A fitted baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedBaseline {
    /// Which one: the mean if there was less than a season.
    pub model: BaselineSpec,
    /// The next season's values, in order; a single value for the mean.
    pub season: Vec<f64>,
    /// Standard deviation of its one-season-ahead errors within the history.
    pub sigma: f64,
    /// Probability that the forecast's interval should cover.
    pub interval_width: f64,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<f64>,
    /// Last date of the history, milliseconds since the epoch.
    pub last_date: i64,
    /// Rows with a value.
    pub rows: usize,
    /// In-sample errors.
    #[serde(skip)]
    pub scores: Scores,
}

impl BaselineSpec {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeasonalNaive => "seasonal-naive",
            Self::Mean => "mean",
        }
    }

    /// Stores the last season, or the mean of at least one value.
    ///
    /// Errors in the history are yₜ − yₜ₋ₘ or yₜ − mean. (Hyndman and Athanasopoulos, Forecasting: Principles and
    /// Practice, 3rd edition, sections 5.2 and 5.5.)
    #[must_use]
    pub fn fit(
        self,
        series: &Series,
        frequency: Frequency,
        interval_width: f64,
        lower_bound: Option<f64>,
    ) -> Option<FittedBaseline> {
        let values = &series.values;
        let last_date = *series.dates.last()?;
        let season = frequency.season().max(1);
        // Squares of very large and very small values would overflow or underflow: values are divided by the largest first.
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        let scale = if largest > 0.0 { largest } else { 1.0 };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let seasonal =
            if self == Self::SeasonalNaive { last_season(series, last_date, frequency, season) } else { None };
        let (model, remembered, errors) = match seasonal {
            _ if values.is_empty() => return None,
            Some((remembered, errors)) => (Self::SeasonalNaive, remembered, errors),
            None => (Self::Mean, vec![mean], values.iter().map(|y| y - mean).collect()),
        };
        let n = errors.len() as f64;
        let sigma = scale * (errors.iter().map(|e| (e / scale).powi(2)).sum::<f64>() / n).sqrt();
        Some(FittedBaseline {
            model,
            season: remembered,
            sigma,
            interval_width,
            lower_bound,
            last_date,
            rows: values.len(),
            scores: Scores { mae: errors.iter().map(|e| e.abs()).sum::<f64>() / n, rmse: sigma },
        })
    }
}

/// The latest value of each place in the season, beginning with the step after the last date, and the differences of
/// values that are one season apart; none where a place has no value or no two values are a season apart.
///
/// Values are placed by their dates, so that missing rows leave the others where they are.
fn last_season(series: &Series, last_date: i64, frequency: Frequency, season: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let by_steps_back: BTreeMap<i64, f64> = series
        .timestamps
        .iter()
        .zip(&series.values)
        .map(|(&date, &value)| (frequency.steps(date, last_date), value))
        .collect();
    let length = season as i64;
    let mut latest = vec![None; season];
    // From the earliest to the latest, which is kept.
    for (back, value) in by_steps_back.iter().rev() {
        latest[(length - 1 - back.rem_euclid(length)) as usize] = Some(*value);
    }
    let errors: Vec<f64> = by_steps_back
        .iter()
        .filter_map(|(back, value)| by_steps_back.get(&(back + length)).map(|before| value - before))
        .collect();
    let latest: Vec<f64> = latest.into_iter().collect::<Option<_>>()?;
    if errors.is_empty() { None } else { Some((latest, errors)) }
}

impl FittedBaseline {
    /// Reads a model file.
    pub(super) fn from_json(content: &[u8]) -> Result<Self> {
        let fitted: Self = serde_json::from_slice(content).map_err(|error| Error::Data(error.to_string()))?;
        fitted.check()?;
        Ok(fitted)
    }

    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(crate) fn check(&self) -> Result<()> {
        if self.season.is_empty() {
            return Err(Error::Data("season is empty: it has a value for each period".into()));
        }
        if self.last_date.unsigned_abs() > LATEST {
            return Err(Error::Data(format!("last_date is {}: it is in milliseconds since 1970", self.last_date)));
        }
        if !(0.0..1.0).contains(&self.interval_width) {
            let width = self.interval_width;
            return Err(Error::Data(format!("interval_width is {width}: a probability is from 0 to below 1")));
        }
        Ok(())
    }

    /// Forecasts dates after the history, regardless of the bound.
    pub(crate) fn answer(
        &self,
        request: &ForecastRequest<'_>,
        frequency: Frequency,
    ) -> Result<Forecast, CovariateError> {
        let (dates, steps) = steps_ahead(request, self.last_date, frequency)?;
        Ok(self.forecast(dates, &steps, request.interval_width.unwrap_or(self.interval_width)))
    }

    /// Repeats the season; `steps` count the dates after the history, from 1.
    ///
    /// The interval is normal with variance σ²·(number of seasons ahead), or σ²·(1 + 1/n) for the mean.
    fn forecast(&self, dates: Vec<i64>, steps: &[usize], interval_width: f64) -> Forecast {
        let low = normal_quantile((1.0 - interval_width) / 2.0);
        let season = self.season.len();
        let deviation = |step: usize| match self.model {
            BaselineSpec::SeasonalNaive => self.sigma * (1.0 + (step / season) as f64).sqrt(),
            BaselineSpec::Mean => self.sigma * (1.0 + 1.0 / self.rows as f64).sqrt(),
        };
        let rows = steps.iter().map(|&step| (self.season[(step - 1) % season], low * deviation(step - 1)));
        let (yhat, reach): (Vec<f64>, Vec<f64>) = rows.unzip();
        let lower = yhat.iter().zip(&reach).map(|(y, reach)| y + reach).collect();
        let upper = yhat.iter().zip(&reach).map(|(y, reach)| y - reach).collect();
        Forecast::without_components(dates, yhat, lower, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast_request::Dates;

    fn series(values: &[f64]) -> Series {
        let dates: Vec<i64> = (0..values.len() as i64).map(|day| day * 86_400_000).collect();
        Series { timestamps: dates.clone(), dates, values: values.to_vec(), ..Series::default() }
    }

    fn next(fitted: &FittedBaseline, horizon: usize) -> Forecast {
        let steps = Dates::Steps { horizon, frequency: Frequency::DAILY };
        fitted.answer(&ForecastRequest::new(steps), Frequency::DAILY).unwrap()
    }

    #[test]
    fn the_seasonal_naive_repeats_the_last_week_of_daily_data() {
        let values: Vec<f64> = (0..21).map(|day| f64::from(day % 7)).collect();
        let fitted = BaselineSpec::SeasonalNaive.fit(&series(&values), Frequency::DAILY, 0.8, None).unwrap();
        assert_eq!(fitted.model, BaselineSpec::SeasonalNaive);
        assert_eq!(fitted.sigma, 0.0);
        assert_eq!(next(&fitted, 9).yhat, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 1.0]);
    }

    #[test]
    fn missing_rows_leave_the_other_days_of_the_week_where_they_are() {
        let mut series = series(&(0..56).map(|day| f64::from(day % 7)).collect::<Vec<_>>());
        for missing in [55, 54, 52, 10] {
            series.timestamps.remove(missing);
            series.values.remove(missing);
        }
        let fitted = BaselineSpec::SeasonalNaive.fit(&series, Frequency::DAILY, 0.8, None).unwrap();
        assert_eq!(next(&fitted, 7).yhat, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(fitted.sigma, 0.0);
        // Rows that are absent altogether are no different.
        series.dates = series.timestamps.clone();
        series.dates.push(55 * 86_400_000);
        assert_eq!(BaselineSpec::SeasonalNaive.fit(&series, Frequency::DAILY, 0.8, None).unwrap(), fitted);
    }

    #[test]
    fn less_than_a_season_falls_back_to_the_mean() {
        let fitted = BaselineSpec::SeasonalNaive.fit(&series(&[1.0, 3.0]), Frequency::DAILY, 0.8, None).unwrap();
        assert_eq!(fitted.model, BaselineSpec::Mean);
        let forecast = next(&fitted, 1);
        assert_eq!(forecast.yhat, [2.0]);
        // z(0.9) · √(1 + 1/2) around the mean.
        assert!((forecast.yhat_upper[0] - 2.0 - 1.281_551_565_5 * 1.5_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn values_of_any_size_have_a_finite_spread() {
        for unit in [1e-300, 1e300] {
            let fitted = BaselineSpec::Mean.fit(&series(&[unit, -unit]), Frequency::DAILY, 0.8, None).unwrap();
            assert!((fitted.sigma / unit - 1.0).abs() < 1e-12, "{}", fitted.sigma);
        }
    }

    #[test]
    fn no_value_at_all_has_no_baseline() {
        let empty = Series { dates: vec![0], ..Series::default() };
        assert_eq!(BaselineSpec::Mean.fit(&empty, Frequency::DAILY, 0.8, None), None);
    }

    #[test]
    fn a_file_that_no_forecast_can_be_made_of_is_refused() {
        let file = |season: &str, width: f64| {
            format!(
                r#"{{"model":"mean","season":{season},"sigma":1.0,"interval_width":{width},"last_date":0,"rows":1}}"#
            )
        };
        assert!(FittedBaseline::from_json(file("[2.5]", 0.8).as_bytes()).is_ok());
        for (season, width, words) in [("[]", 0.8, "season is empty"), ("[1.0]", -1.0, "interval_width is -1")] {
            let complaint = FittedBaseline::from_json(file(season, width).as_bytes()).unwrap_err().to_string();
            assert!(complaint.contains(words), "{complaint}");
        }
    }
}
