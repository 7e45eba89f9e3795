//! Fits local models and forecasts: JSON lines in, JSON lines out.
//!
//! A line has the `family` as [`LocalFamily`] is serialised, the length of its `season` in steps, the `values`, and the `horizon`.
//!
//! ```text
//! {"id": "a", "family": {"theta": {"model": "standard"}}, "season": 12, "values": [1, 2, 1.5, 2, 3], "horizon": 2}
//! ```
//!
//! The answer has the fitted model as it is serialised (`model`), the sum of squared errors where the family minimises it
//! (`squares`), the logarithm of the likelihood of ARIMA's (`log_likelihood`), of the next steps `mean`, `deviation` and the ends of a band of 80 % (`lower`, `upper`), and the `milliseconds` of a
//! fit: the median of `repeat`.

use manyfit_models::{
    Dates, ForecastRequest, Interrupt, SeriesModel, SeriesSpec, Workspace,
    data::Series,
    frequency::Frequency,
    local::{LocalFamily, LocalSpec, LocalState},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    error::Error,
    io::{BufRead, Write},
    time::Instant,
};

const WIDTH: f64 = 0.8;
/// Standard deviations from the middle of a normal distribution to either end of this width.
const REACH: f64 = 1.281_551_565_544_600_4;

#[derive(Deserialize)]
struct Line {
    id: String,
    family: LocalFamily,
    season: usize,
    values: Vec<f64>,
    horizon: usize,
    #[serde(default = "once")]
    repeat: usize,
}

const fn once() -> usize {
    1
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut workspace = Workspace::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let mut answer = answer(&line, &mut workspace).unwrap_or_else(|error| json!({"error": error.to_string()}));
        answer["id"] = line.id.into();
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn answer(line: &Line, workspace: &mut Workspace) -> Result<Value, Box<dyn Error>> {
    let spec = SeriesSpec::Local(LocalSpec {
        family: line.family.clone(),
        season_lengths: vec![line.season],
        interval_width: WIDTH,
        lower_bound: None,
    });
    let dates: Vec<i64> = (0..line.values.len() as i64).map(|day| day * 86_400_000).collect();
    let series = Series { timestamps: dates.clone(), dates, values: line.values.clone(), ..Series::default() };
    let mut times = Vec::new();
    let mut fitted = None;
    for _ in 0..line.repeat.max(1) {
        let begin = Instant::now();
        fitted = Some(spec.fit(&series, Frequency::DAILY, Interrupt::default(), workspace)?);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    let fitted = fitted.ok_or("a line is fitted at least once")?;
    let next = Dates::Steps { horizon: line.horizon, frequency: Frequency::DAILY };
    let forecast = fitted.forecast(&ForecastRequest::new(next))?;
    let upper = forecast.yhat_upper.iter().zip(&forecast.yhat);
    let deviation: Vec<f64> = upper.map(|(upper, y)| (upper - y) / REACH).collect();
    let squares = match &fitted.model {
        SeriesModel::Local(local) => match &local.state {
            LocalState::Theta(theta) => Some(theta.squares),
            LocalState::Ces(ces) => Some(ces.squares),
            _ => None,
        },
        _ => None,
    };
    let log_likelihood = match &fitted.model {
        SeriesModel::Local(local) => match &local.state {
            LocalState::Arima(arima) => Some(arima.log_likelihood),
            _ => None,
        },
        _ => None,
    };
    let model: Value = serde_json::from_slice(&fitted.to_file().1)?;
    Ok(json!({
        "model": model,
        "squares": squares,
        "log_likelihood": log_likelihood,
        "mean": forecast.yhat,
        "lower": forecast.yhat_lower,
        "upper": forecast.yhat_upper,
        "deviation": deviation,
        "milliseconds": times[times.len() / 2],
    }))
}
