//! Fits Prophet models, or reads saved ones, and forecasts: JSON lines in, JSON lines out.
//!
//! A line has a `series` to fit, with a `spec` as [`ProphetSpec`] is serialised (what is left out has its default), or a `model`
//! as Prophet serialises it; and optionally a `future` to forecast. Series and futures are `{"ds": [milliseconds since the
//! epoch, …], "y": [number or null, …], "columns": {"name": [number or null, …], …}}`, dates increasing.
//!
//! ```text
//! {"name": "a", "spec": {"growth": "flat"}, "series": {"ds": [0, 86400000, 172800000], "y": [1, 2, 1.5]}, "future": {"ds": [259200000]}}
//! ```

use manyfit_models::{
    Dates, FittedSeries, ForecastRequest, Interrupt, SeriesModel, SeriesSpec, Workspace,
    data::{Columns, Covariates, Series},
    frequency::Frequency,
    prophet::{FittedProphet, Holiday, ProphetSpec},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    error::Error,
    io::{BufRead, Write},
    time::Instant,
};

#[derive(Deserialize)]
struct Line {
    name: String,
    #[serde(default)]
    spec: ProphetSpec,
    series: Option<Table>,
    model: Option<String>,
    /// Days of the holidays of the country that a saved model names.
    #[serde(default)]
    country_holidays: Vec<Holiday>,
    future: Option<Table>,
    /// How often the fit is timed.
    #[serde(default)]
    repeat: usize,
}

#[derive(Deserialize)]
struct Table {
    ds: Vec<i64>,
    #[serde(default)]
    y: Vec<Option<f64>>,
    #[serde(default)]
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Table {
    fn columns(&self) -> Columns {
        let mut columns = Columns::default();
        for (name, values) in &self.columns {
            columns.insert(name, values.iter().map(|x| x.unwrap_or(f64::NAN)).collect());
        }
        columns
    }

    fn series(&self) -> Series {
        let rows = self.ds.iter().zip(&self.y).filter_map(|(&ds, y)| Some((ds, (*y)?)));
        let (timestamps, values) = rows.unzip();
        Series { dates: self.ds.clone(), timestamps, values, columns: self.columns() }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut workspace = Workspace::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let answer = answer(&line, &mut workspace).unwrap_or_else(|error| json!({"error": error.to_string()}));
        let mut answer = answer.as_object().cloned().unwrap_or_default();
        answer.insert("name".into(), line.name.into());
        writeln!(out, "{}", Value::Object(answer))?;
    }
    Ok(())
}

fn answer(line: &Line, workspace: &mut Workspace) -> Result<Value, Box<dyn Error>> {
    let mut answer = Map::new();
    let model = match (&line.series, &line.model) {
        (Some(series), _) => {
            let faults = line.spec.faults();
            if !faults.is_empty() {
                return Err(faults.join("; ").into());
            }
            let spec = SeriesSpec::Prophet(line.spec.clone());
            let series = series.series();
            let mut fit = || spec.fit(&series, Frequency::DAILY, Interrupt::default(), workspace);
            let fitted = fit()?;
            let times = (0..line.repeat).map(|_| {
                let begin = Instant::now();
                fit().map(|_| begin.elapsed().as_secs_f64() * 1e3)
            });
            let mut times = times.collect::<Result<Vec<f64>, _>>()?;
            times.sort_unstable_by(f64::total_cmp);
            answer.insert("milliseconds".into(), times.get(times.len() / 2).copied().into());
            fitted
        }
        (None, Some(model)) => FittedProphet::from_json(model.as_bytes())?.into(),
        (None, None) => return Err("a line has a series or a model".into()),
    };
    let SeriesModel::Prophet(mut prophet) = model.model else { return Err("a Prophet model is not one".into()) };
    prophet.set_country_holidays(line.country_holidays.iter().cloned());
    answer.insert("log_posterior".into(), prophet.notes.log_posterior.into());
    let model = FittedSeries::from(*prophet);
    answer.insert("model".into(), String::from_utf8(model.to_file().1)?.into());
    if let Some(future) = &line.future {
        let columns = future.columns();
        let forecast = model.forecast(&ForecastRequest {
            future: Some(Covariates { dates: &future.ds, columns: &columns }),
            seed: [7; 32],
            ..ForecastRequest::new(Dates::At(&future.ds))
        })?;
        let mut table: Map<String, Value> =
            forecast.components.into_iter().map(|(name, values)| (name, values.into())).collect();
        for (name, values) in [
            ("yhat", forecast.yhat),
            ("yhat_lower", forecast.yhat_lower),
            ("yhat_upper", forecast.yhat_upper),
            ("trend", forecast.trend),
            ("trend_lower", forecast.trend_lower),
            ("trend_upper", forecast.trend_upper),
            ("additive_terms", forecast.additive_terms),
            ("multiplicative_terms", forecast.multiplicative_terms),
        ] {
            table.insert(name.into(), values.into());
        }
        answer.insert("forecast".into(), Value::Object(table));
    }
    Ok(Value::Object(answer))
}
