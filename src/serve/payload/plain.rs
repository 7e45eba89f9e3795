//! The plain form of asking a series: a horizon or dates, and what is wanted of them.

use super::{
    Fault, Format,
    table::{self, Table},
};
use crate::{
    input::{format_timestamp, parse_timestamp},
    serve::resident::Resident,
};
use manyfit_models::{
    FittedSeries, Forecast, SeriesModel,
    data::{Columns, Covariates, is_missing},
    frequency::Frequency,
    prophet::CovariateError,
};
use serde::Deserialize;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// Dates that one request may ask for.
const MOST_DATES: usize = 100_000;

/// Values that one request may have simulated, or computed again for a quantile: about three seconds of one processor, so
/// that a request that nobody waits for any more has its turn no longer than that.
const MOST_DRAWS: usize = 20_000_000;

/// What a forecast takes however few values it has, in simulated values.
const FORECAST: usize = 300;

/// Simulated futures of one request: each is in memory while its forecast is computed.
const MOST_SAMPLES: usize = 100_000;

/// Quantiles of one request: each is a forecast of its own.
const MOST_QUANTILES: usize = 100;

/// Requests in one body.
const MOST_ASKS: usize = 10_000;

/// One request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ask {
    /// Steps after the history.
    #[serde(alias = "prediction_length")]
    pub(super) horizon: Option<usize>,
    /// Dates, instead of a horizon: text, or milliseconds since the epoch.
    pub(super) dates: Option<Vec<Moment>>,
    /// A value for each date in each further column that the model needs.
    #[serde(alias = "columns")]
    regressors: BTreeMap<String, Vec<Option<f64>>>,
    /// Spacing of the steps, as a pandas alias; by default that of the history.
    #[serde(alias = "freq")]
    frequency: Option<String>,
    /// Trend and components as well.
    components: bool,
    /// Probability that the interval should cover.
    interval_width: Option<f64>,
    /// Simulated futures behind the interval; 0 for no interval.
    uncertainty_samples: Option<usize>,
    /// Quantiles of the forecast.
    quantiles: Vec<f64>,
    /// Seed of the draws.
    seed: u64,
}

/// A date as it may be given.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Milliseconds(i64),
    Text(String),
}

impl Moment {
    fn milliseconds(&self) -> Result<i64, Fault> {
        match self {
            // What 64-bit nanoseconds hold.
            Self::Milliseconds(ms) if ms.unsigned_abs() < 9_223_372_036_854 => Ok(*ms),
            Self::Milliseconds(ms) => {
                Err(Fault::bad_request(format!("dates: {ms} is out of range: milliseconds since 1970 are meant")))
            }
            Self::Text(text) => parse_timestamp(text.trim().as_bytes())
                .map_err(|complaint| Fault::bad_request(format!("dates: {text:?} {complaint}"))),
        }
    }
}

impl Ask {
    /// So many steps after the history, and nothing else.
    pub(super) fn steps(horizon: usize) -> Self {
        Self { horizon: Some(horizon), ..Self::default() }
    }
}

/// Answers a body that is not the blog's.
pub(super) fn answer(
    model: &Resident,
    series: &FittedSeries,
    question: Question<'_>,
    accept: Format,
) -> Result<Vec<u8>, Fault> {
    let (asks, several) = question.asks()?;
    if asks.len() > MOST_ASKS {
        return Err(Fault::bad_request(format!("{} requests in one body: {MOST_ASKS} are the limit", asks.len())));
    }
    let within = |number: usize, fault: Fault| {
        if several { fault.within(&format!("request {number}")) } else { fault }
    };
    // What is too much is refused before any of it is computed.
    let mut left = (MOST_DATES, MOST_DRAWS);
    for (number, ask) in asks.iter().enumerate() {
        spend(series, ask, &mut left).map_err(|fault| within(number, fault))?;
    }
    let answers = asks.iter().enumerate().map(|(number, ask)| {
        let answer = answer_one(model, series, ask);
        answer.map_err(|fault| within(number, fault))
    });
    let tables: Vec<Table<'_>> = answers.collect::<Result<_, _>>()?;
    Ok(table::write(&tables, several, accept))
}

/// A body that is not the blog's.
pub(super) enum Question<'a> {
    Json(Value),
    JsonLines(&'a [u8]),
    Csv(&'a [u8]),
}

impl Question<'_> {
    /// The requests in it, and whether it may hold several.
    fn asks(self) -> Result<(Vec<Ask>, bool), Fault> {
        let help = |error: &dyn std::fmt::Display| {
            Fault::bad_request(format!("the request cannot be followed: {error}; ask as in {{\"horizon\": 7}}"))
        };
        let list = |items: Vec<Value>| {
            let asks = items.into_iter().map(|item| serde_json::from_value(item).map_err(|error| help(&error)));
            asks.collect::<Result<Vec<Ask>, Fault>>()
        };
        match self {
            Self::Json(Value::Array(items)) => Ok((list(items)?, true)),
            Self::Json(Value::Object(mut members)) if members.contains_key("instances") => {
                match members.remove("instances") {
                    Some(Value::Array(items)) if members.is_empty() => Ok((list(items)?, true)),
                    _ => Err(help(&"instances is a list of requests and stands alone")),
                }
            }
            Self::Json(value) => Ok((vec![serde_json::from_value(value).map_err(|error| help(&error))?], false)),
            Self::JsonLines(body) => {
                let lines = body.split(|byte| *byte == b'\n').enumerate();
                let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
                let ask = |(at, line)| {
                    serde_json::from_slice(line).map_err(|error| help(&format_args!("line {}: {error}", at + 1)))
                };
                Ok((lines.map(ask).collect::<Result<_, _>>()?, true))
            }
            Self::Csv(body) => Ok((vec![csv_dates(body)?], false)),
        }
    }
}

/// CSV with a header in which there is `ds`: a row for each date.
fn csv_dates(body: &[u8]) -> Result<Ask, Fault> {
    let fault = |error: csv::Error| Fault::bad_request(format!("the CSV cannot be read: {error}"));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(body);
    let headers = reader.headers().map_err(fault)?.clone();
    let at = headers.iter().position(|name| name == "ds").ok_or_else(|| {
        Fault::bad_request("the CSV has no column ds: its first line names the columns, its others have a date each")
    })?;
    let mut dates = Vec::new();
    let mut columns = vec![Vec::new(); headers.len()];
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(fault)?;
        dates.push(Moment::Text(record[at].to_owned()));
        for (column, values) in columns.iter_mut().enumerate().filter(|(column, _)| *column != at) {
            let text = &record[column];
            let number = if is_missing(text.as_bytes()) { Ok(None) } else { text.parse::<f64>().map(Some) };
            values.push(number.map_err(|_| {
                let name = &headers[column];
                Fault::bad_request(format!("line {}, column {name:?}: {text:?} is not a number", row + 2))
            })?);
        }
    }
    let regressors = headers.iter().map(str::to_owned).zip(columns).filter(|(name, _)| name != "ds").collect();
    Ok(Ask { dates: Some(dates), regressors, ..Ask::default() })
}

/// Takes what a request costs off what its body has left: dates, and simulated values.
fn spend(series: &FittedSeries, ask: &Ask, left: &mut (usize, usize)) -> Result<(), Fault> {
    let samples = ask.uncertainty_samples.unwrap_or_else(|| samples_of(series));
    if ask.quantiles.len() > MOST_QUANTILES {
        let message = format!("{} quantiles are too many: {MOST_QUANTILES} are the limit", ask.quantiles.len());
        return Err(Fault::bad_request(message));
    }
    if !ask.quantiles.is_empty() && samples == 0 && matches!(series.model, SeriesModel::Prophet(_)) {
        return Err(Fault::bad_request("quantiles need simulated futures: set uncertainty_samples, such as 1000"));
    }
    let dates = ask.horizon.unwrap_or_else(|| ask.dates.as_ref().map_or(0, Vec::len));
    // A forecast without futures is computed all the same.
    let forecast = dates.saturating_mul(samples.max(1)).saturating_add(FORECAST);
    let draws = forecast.saturating_mul(1 + ask.quantiles.len());
    for (left, spent, what) in [(&mut left.0, dates, "dates"), (&mut left.1, draws, "simulated values")] {
        *left = left.checked_sub(spent).ok_or_else(|| {
            Fault::bad_request(format!("too many {what} in one request: ask for fewer at a time (dates × samples)"))
        })?;
    }
    Ok(())
}

fn answer_one<'a>(model: &Resident, series: &'a FittedSeries, ask: &Ask) -> Result<Table<'a>, Fault> {
    let dates = dates(series, ask)?;
    let forecast = forecast_at(model, series, ask, &dates, ask.interval_width)?;
    let mut columns: Vec<(Cow<'a, str>, Vec<f64>)> = Vec::new();
    for quantile in &ask.quantiles {
        columns.push((format!("yhat_q{quantile}").into(), quantile_at(model, series, ask, &dates, *quantile)?));
    }
    if ask.components {
        columns.push(("trend".into(), forecast.trend.clone()));
        columns.push(("trend_lower".into(), forecast.trend_lower.clone()));
        columns.push(("trend_upper".into(), forecast.trend_upper.clone()));
        columns.extend(components(&forecast).into_iter().map(|(name, values)| (name.into(), values)));
    }
    let Forecast { yhat, yhat_lower, yhat_upper, .. } = forecast;
    let first = [("yhat", yhat), ("yhat_lower", yhat_lower), ("yhat_upper", yhat_upper)];
    let columns = first.into_iter().map(|(name, values)| (name.into(), values)).chain(columns).collect();
    Ok(Table { dates, columns })
}

/// The forecast of the blog's question.
pub(super) fn forecast(model: &Resident, series: &FittedSeries, ask: &Ask) -> Result<Forecast, Fault> {
    let dates = dates(series, ask)?;
    if dates.len().saturating_mul(samples_of(series)) > MOST_DRAWS {
        return Err(Fault::bad_request("too many steps for the model's number of samples: ask for fewer"));
    }
    forecast_at(model, series, ask, &dates, None)
}

/// The components in the order of Prophet's columns.
pub(super) fn components(forecast: &Forecast) -> Vec<(String, Vec<f64>)> {
    let mut components: Vec<(String, Vec<f64>)> =
        forecast.components.iter().map(|(name, values)| (name.clone(), values.clone())).collect();
    components.push(("additive_terms".into(), forecast.additive_terms.clone()));
    components.push(("multiplicative_terms".into(), forecast.multiplicative_terms.clone()));
    components.sort_by(|(a, _), (b, _)| a.cmp(b));
    components
}

/// The dates that are asked for.
fn dates(series: &FittedSeries, ask: &Ask) -> Result<Vec<i64>, Fault> {
    match (ask.horizon, &ask.dates) {
        (Some(_), Some(_)) => Err(Fault::bad_request("both horizon and dates are given: give one of them")),
        (None, None) => Err(Fault::bad_request("neither horizon nor dates is given: ask as in {\"horizon\": 7}")),
        (Some(0), None) => Err(Fault::bad_request("the number of steps is 0: it must be at least 1")),
        (Some(horizon), None) if horizon > MOST_DATES => {
            Err(Fault::bad_request(format!("{horizon} steps are too many: {MOST_DATES} are the limit")))
        }
        (Some(horizon), None) => {
            let frequency = match &ask.frequency {
                Some(text) => text.parse::<Frequency>().map_err(Fault::bad_request)?,
                None => series.frequency,
            };
            Ok(series.future_dates(frequency, horizon))
        }
        (None, Some(dates)) if dates.len() > MOST_DATES => {
            Err(Fault::bad_request(format!("{} dates are too many: {MOST_DATES} are the limit", dates.len())))
        }
        (None, Some(dates)) => dates.iter().map(Moment::milliseconds).collect(),
    }
}

fn samples_of(series: &FittedSeries) -> usize {
    if let SeriesModel::Prophet(fitted) = &series.model { fitted.spec.uncertainty_samples } else { 0 }
}

/// Forecasts at dates in any order.
fn forecast_at(
    model: &Resident,
    series: &FittedSeries,
    ask: &Ask,
    dates: &[i64],
    interval_width: Option<f64>,
) -> Result<Forecast, Fault> {
    if interval_width.is_some_and(|width| !(0.0..1.0).contains(&width)) {
        return Err(Fault::bad_request("interval_width is a probability: at least 0 and below 1"));
    }
    let fitted = varied(series, interval_width, ask.uncertainty_samples, dates)?;
    if samples_of(&fitted) > MOST_SAMPLES {
        return Err(Fault::bad_request(format!(
            "too many samples: {MOST_SAMPLES} are the limit; set uncertainty_samples"
        )));
    }
    let seed = model.seed(ask.seed);
    let refuse = |error: CovariateError| {
        let missing = ": give it a value for each date, as in {\"regressors\": {\"price\": [1.5, …]}}";
        Fault::bad_request(format!("{error}{}", if error.is_missing() { missing } else { "" }))
    };
    let mut order: Vec<usize> = (0..dates.len()).collect();
    order.sort_by_key(|&at| dates[at]);
    one_value_a_date(ask, dates, &order)?;
    order.dedup_by_key(|&mut at| dates[at]);
    let sorted: Vec<i64> = order.iter().map(|&at| dates[at]).collect();
    let columns = columns(series, ask, &order, dates.len())?;
    let covariates = Covariates { dates: &sorted, columns: &columns };
    let place = |date: &i64| sorted.partition_point(|other| other < date);
    if let SeriesModel::Baseline(baseline) = &fitted.model {
        let steps: Vec<i64> = dates.iter().map(|&date| series.frequency.steps(baseline.last_date, date)).collect();
        if steps.iter().any(|&step| step < 1 || step > MOST_DATES as i64) {
            return Err(Fault::bad_request(
                "the model repeats its last season: it has forecasts for dates after its history only",
            ));
        }
        let most = steps.iter().max().map_or(0, |&step| step as usize);
        let forecast = fitted.forecast(&vec![0; most], covariates, seed).map_err(refuse)?;
        return Ok(select(&forecast, dates, &steps.iter().map(|&step| step as usize - 1).collect::<Vec<_>>()));
    }
    let forecast = fitted.forecast(&sorted, covariates, seed).map_err(refuse)?;
    if sorted == dates {
        return Ok(forecast);
    }
    Ok(select(&forecast, dates, &dates.iter().map(place).collect::<Vec<_>>()))
}

/// Refuses a date that is given twice with different values: a forecast has each date once.
fn one_value_a_date(ask: &Ask, dates: &[i64], order: &[usize]) -> Result<(), Fault> {
    for pair in order.windows(2).filter(|pair| dates[pair[0]] == dates[pair[1]]) {
        let differs = |values: &[Option<f64>]| values.get(pair[0]) != values.get(pair[1]);
        if let Some((name, _)) = ask.regressors.iter().find(|(_, values)| differs(values)) {
            return Err(Fault::bad_request(format!(
                "{} is given twice with different values of {name:?}: ask for each in a request of its own, as in [{{…}}, {{…}}]",
                format_timestamp(dates[pair[0]])
            )));
        }
    }
    Ok(())
}

/// The further columns, in the order of the sorted dates.
fn columns(series: &FittedSeries, ask: &Ask, order: &[usize], dates: usize) -> Result<Columns, Fault> {
    let known = series.all_columns();
    let mut columns = Columns::NONE.clone();
    for (name, values) in &ask.regressors {
        if !known.contains(&name.as_str()) {
            let known = if known.is_empty() { "none".into() } else { known.join(", ") };
            return Err(Fault::bad_request(format!(
                "{name:?} is not a column that the model looks at; those are: {known}"
            )));
        }
        if values.len() != dates {
            return Err(Fault::bad_request(format!("{name:?} has {} values for {dates} dates", values.len())));
        }
        columns.insert(name, order.iter().map(|&at| values[at].unwrap_or(f64::NAN)).collect());
    }
    Ok(columns)
}

/// One quantile: an end of the interval that has it there, of the same draws.
fn quantile_at(
    model: &Resident,
    series: &FittedSeries,
    ask: &Ask,
    dates: &[i64],
    quantile: f64,
) -> Result<Vec<f64>, Fault> {
    if !(quantile > 0.0 && quantile < 1.0) {
        return Err(Fault::bad_request(format!("quantile {quantile}: quantiles lie between 0 and 1")));
    }
    let forecast = forecast_at(model, series, ask, dates, Some((1.0 - 2.0 * quantile).abs()))?;
    Ok(if quantile > 0.5 { forecast.yhat_upper } else { forecast.yhat_lower })
}

/// The model with another interval, and with the holidays of the dates' years where its file names only their country.
fn varied<'m>(
    model: &'m FittedSeries,
    interval_width: Option<f64>,
    samples: Option<usize>,
    dates: &[i64],
) -> Result<Cow<'m, FittedSeries>, Fault> {
    let last = dates.iter().copied().max().unwrap_or_default();
    let refuse = |error: manyfit_models::Error| Fault::bad_request(error.to_string());
    let complete = !matches!(&model.model, SeriesModel::Prophet(fitted) if fitted.unknown_holidays.is_some());
    if complete && interval_width.is_none() && samples.is_none() {
        return Ok(Cow::Borrowed(model));
    }
    let mut model = model.clone();
    match &mut model.model {
        SeriesModel::Prophet(fitted) => {
            fitted.know_holidays_until(last).map_err(refuse)?;
            fitted.spec.interval_width = interval_width.unwrap_or(fitted.spec.interval_width);
            fitted.spec.uncertainty_samples = samples.unwrap_or(fitted.spec.uncertainty_samples);
        }
        SeriesModel::Baseline(fitted) => fitted.interval_width = interval_width.unwrap_or(fitted.interval_width),
    }
    Ok(Cow::Owned(model))
}

/// The rows at these places, in this order, for these dates.
fn select(forecast: &Forecast, dates: &[i64], places: &[usize]) -> Forecast {
    let pick = |values: &[f64]| places.iter().map(|&place| values[place]).collect::<Vec<_>>();
    Forecast {
        dates: dates.to_vec(),
        yhat: pick(&forecast.yhat),
        yhat_lower: pick(&forecast.yhat_lower),
        yhat_upper: pick(&forecast.yhat_upper),
        trend: pick(&forecast.trend),
        trend_lower: pick(&forecast.trend_lower),
        trend_upper: pick(&forecast.trend_upper),
        additive_terms: pick(&forecast.additive_terms),
        multiplicative_terms: pick(&forecast.multiplicative_terms),
        components: forecast.components.iter().map(|(name, values)| (name.clone(), pick(values))).collect(),
    }
}
