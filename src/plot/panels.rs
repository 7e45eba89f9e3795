//! What is drawn of a customer, in numbers.

use super::axis::{DAY, Written};
use crate::{
    artifact::{Metadata, forecast_seed},
    error::{Error, Result},
};
use manyfit_models::{Dates, Fitted, FittedSeries, Forecast, ForecastRequest, SeriesModel, prophet::FittedProphet};

/// Points of a season's curve.
const SEASON_POINTS: i64 = 366;

/// Features whose importances are drawn.
const FEATURES: usize = 25;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Steps to forecast.
    pub horizon: usize,
    /// Whether the components are drawn.
    pub components: bool,
    /// The seed of the forecast's interval, as in `predict`.
    pub seed: u64,
}

/// A drawing with its own axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    /// Values over time, milliseconds since the epoch.
    Series(SeriesPanel),
    /// A bar for each name.
    Bars {
        /// What is drawn.
        title: String,
        /// The longest first.
        bars: Vec<(String, f64)>,
    },
}

/// Values over time.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesPanel {
    pub(super) title: String,
    pub(super) points: Vec<(i64, f64)>,
    pub(super) line: Vec<(i64, f64)>,
    /// Times with the ends of the interval.
    pub(super) band: Vec<(i64, f64, f64)>,
    pub(super) written: Written,
    /// Whether the values are shares.
    pub(super) is_share: bool,
}

/// The panels of a customer: its history and forecast, and its components; or the importances of its features.
///
/// # Errors
/// [`Error::Data`] if the model needs columns to forecast, and if there is nothing to draw.
pub fn panels(
    customer: &str,
    model: &Fitted,
    metadata: Option<&Metadata>,
    history: &[(i64, f64)],
    request: Request,
) -> Result<Vec<Panel>> {
    let series = match model {
        Fitted::Series(series) => series,
        Fitted::Rows(_) => return importances(metadata),
    };
    let forecast = forecast(series, customer, request)?;
    let prophet = prophet_of(&series.model);
    let kept: Vec<(i64, f64)> =
        prophet.iter().flat_map(|prophet| &prophet.history).map(|row| (row.timestamp, row.y)).collect();
    let history = if history.is_empty() { &kept } else { history };
    if history.is_empty() && forecast.dates.is_empty() {
        return Err(Error::Data(format!(
            "{customer}: nothing to draw: the model keeps no history; give a --horizon, or the folder of results with history.csv"
        )));
    }
    let times: Vec<i64> = history.iter().map(|(time, _)| *time).collect();
    let past = prophet.and_then(|_| at(series, &times));
    let mut line: Vec<(i64, f64)> = past.iter().flat_map(|past| pairs(&past.dates, &past.yhat)).collect();
    line.extend(pairs(&forecast.dates, &forecast.yhat));
    let band = forecast.dates.iter().zip(forecast.yhat_lower.iter().zip(&forecast.yhat_upper));
    let mut panels = vec![Panel::Series(SeriesPanel {
        title: customer.to_owned(),
        points: history.to_vec(),
        line,
        band: band.map(|(time, (lower, upper))| (*time, *lower, *upper)).collect(),
        written: Written::Date,
        is_share: false,
    })];
    if let (Some(prophet), true) = (prophet, request.components) {
        panels.extend(components(prophet, series, past.as_ref(), &forecast));
    }
    Ok(panels)
}

fn forecast(series: &FittedSeries, customer: &str, request: Request) -> Result<Forecast> {
    let steps = Dates::Steps { horizon: request.horizon, frequency: series.frequency };
    let asked = ForecastRequest { seed: forecast_seed(request.seed, customer), ..ForecastRequest::new(steps) };
    series.forecast(&asked).map_err(|error| {
        Error::Data(format!(
            "{customer}: {error}: plot it with --horizon 0, or forecast it with manyfit predict --future"
        ))
    })
}

/// Yhat and components at some times, without an interval; none for a model that needs columns there.
fn at(series: &FittedSeries, times: &[i64]) -> Option<Forecast> {
    let request = ForecastRequest { uncertainty_samples: Some(0), ..ForecastRequest::new(Dates::At(times)) };
    series.forecast(&request).ok().filter(|forecast| forecast.dates.len() == times.len())
}

fn prophet_of(model: &SeriesModel) -> Option<&FittedProphet> {
    match model {
        SeriesModel::Prophet(prophet) => Some(prophet),
        _ => None,
    }
}

/// The trend and the holidays over all dates, and each season over its period.
fn components(
    prophet: &FittedProphet,
    series: &FittedSeries,
    past: Option<&Forecast>,
    future: &Forecast,
) -> Vec<Panel> {
    let all = || past.into_iter().chain([future]);
    let panel = |title: &str, line: Vec<(i64, f64)>, written, is_share| {
        Panel::Series(SeriesPanel {
            title: title.to_owned(),
            points: Vec::new(),
            line,
            band: Vec::new(),
            written,
            is_share,
        })
    };
    let trend = all().flat_map(|part| pairs(&part.dates, &part.trend)).collect();
    let mut panels = vec![panel("trend", trend, Written::Date, false)];
    let is_share = |mode| mode == manyfit_models::prophet::Mode::Multiplicative;
    for season in &prophet.terms.seasonalities {
        // From a Monday, and from midnight; of a year from its first day.
        let (from, written) = match season.period {
            period if period <= 1.0 => (0, Written::Hour),
            period if (period - 7.0).abs() < 1e-9 => (4 * DAY, Written::Weekday),
            period if (period - 365.25).abs() < 1e-9 => (0, Written::DayOfYear),
            _ => (0, Written::Date),
        };
        let length = (season.period * DAY as f64) as i64;
        let times: Vec<i64> = (0..=SEASON_POINTS).map(|point| from + point * length / SEASON_POINTS).collect();
        let Some(curve) = at(series, &times) else { continue };
        if let Some((_, values)) = curve.components.iter().find(|(name, _)| *name == season.name) {
            let line = pairs(&curve.dates, values).collect();
            panels.push(panel(&season.name, line, written, is_share(season.mode)));
        }
    }
    for name in ["holidays", "extra_regressors_additive", "extra_regressors_multiplicative"] {
        let of = |part: &Forecast| {
            let found = part.components.iter().find(|(component, _)| component == name);
            found.map(|(_, values)| pairs(&part.dates, values).collect::<Vec<_>>()).unwrap_or_default()
        };
        let line: Vec<(i64, f64)> = all().flat_map(of).collect();
        if line.iter().any(|(_, value)| *value != 0.0) {
            let is_share =
                name.ends_with("multiplicative") || name == "holidays" && is_share(prophet.terms.holidays_mode);
            panels.push(panel(name, line, Written::Date, is_share));
        }
    }
    panels
}

fn pairs<'a>(times: &'a [i64], values: &'a [f64]) -> impl Iterator<Item = (i64, f64)> + 'a {
    times.iter().copied().zip(values.iter().copied())
}

fn importances(metadata: Option<&Metadata>) -> Result<Vec<Panel>> {
    let features = metadata.and_then(|metadata| metadata.regression.as_ref()).map(|about| &about.features);
    let mut bars: Vec<(String, f64)> = (features.into_iter().flatten())
        .filter_map(|feature| Some((feature.feature.name.clone(), feature.gain?)))
        .collect();
    if bars.is_empty() {
        return Err(Error::Data("nothing to draw: only trees that manyfit wrote have importances".into()));
    }
    bars.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    bars.truncate(FEATURES);
    Ok(vec![Panel::Bars { title: "importance of features: mean gain of the splits that use them".into(), bars }])
}
