//! Prophet on real series against `tests/golden/prophet.json`: what stock Prophet chooses and predicts, and the optimum
//! that a slow exact optimiser found. The script beside that file says what each number means.

use std::fs;

use manyfit::{
    input::{Contents, Format, InputFile, InputSettings, Reader},
    settings::{Settings, Task},
    store::{Durability, Entry, LocalStore},
};
use manyfit_models::{
    Dates, FittedSeries, ForecastRequest, Interrupt, SeriesModel, Workspace,
    data::{CustomerId, Series},
    frequency::Frequency,
    prophet::{FittedProphet, Growth, Parameters, ProphetSpec},
};
use serde::Deserialize;

use super::support::repository;

#[derive(Deserialize)]
struct Golden {
    periods: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    rows: usize,
    settings: serde_json::Map<String, serde_json::Value>,
    y_scale: f64,
    y_min: f64,
    start: String,
    t_scale_seconds: f64,
    changepoints_t: Vec<f64>,
    seasonalities: Vec<(String, usize)>,
    stan_log_posterior: f64,
    optimum: Optimum,
    forecast: Vec<(String, f64)>,
    future: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Optimum {
    log_posterior: f64,
    k: f64,
    m: f64,
    sigma: f64,
    delta: Vec<f64>,
    beta: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_slice(&fs::read(repository("tests/golden/prophet.json")).unwrap()).unwrap()
}

/// Milliseconds since the epoch.
fn ms(iso: &str) -> i64 {
    let datetime: jiff::civil::DateTime = iso.parse().unwrap();
    datetime.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond()
}

/// The first rows of a CSV in `tests/data`, by date, as the program reads them.
fn series(file: &str, rows: usize) -> Series {
    let store = LocalStore::new(repository("tests/data"), Durability::default());
    let contents = Contents::One(CustomerId::new("golden").unwrap());
    let file = InputFile::new(Entry { key: file.into(), size: 0 }, Format::Csv, contents);
    let mut series = Reader::new(InputSettings::default()).read_series(&store, &file).unwrap().clone();
    series.dates.truncate(rows);
    let kept = series.timestamps.partition_point(|ms| ms <= series.dates.last().unwrap());
    series.timestamps.truncate(kept);
    series.values.truncate(kept);
    series
}

/// A case fitted, and its series.
struct Fitted {
    case: Case,
    series: Series,
    spec: ProphetSpec,
    frequency: Frequency,
    model: FittedSeries,
}

impl Fitted {
    fn prophet(&self) -> &FittedProphet {
        let SeriesModel::Prophet(prophet) = &self.model.model else { panic!("{} is no Prophet", self.case.file) };
        prophet
    }

    fn name(&self) -> String {
        format!("{} {} {:?}", self.case.file, self.case.rows, self.case.settings)
    }

    /// The case with the golden optimum in the place of the one that was found.
    fn at_golden_optimum(&self) -> FittedProphet {
        let Optimum { k, m, sigma, delta, beta, .. } = &self.case.optimum;
        let mut prophet = self.prophet().clone();
        // Without a seasonality stock Prophet has one feature of zeros.
        let beta = if self.case.seasonalities.is_empty() { &Vec::new() } else { beta };
        assert_eq!((prophet.parameters.delta.len(), prophet.parameters.beta.len()), (delta.len(), beta.len()));
        prophet.parameters = Parameters { k: *k, m: *m, sigma: *sigma, delta: delta.clone(), beta: beta.clone() };
        prophet
    }

    /// The log posterior of parameters, written down once more from `prophet.stan`, row by row.
    fn log_posterior(&self, Parameters { k, m, delta, beta, sigma }: &Parameters) -> f64 {
        let prophet = self.prophet();
        let mut sse = 0.0;
        for (&at, &y) in self.series.timestamps.iter().zip(&self.series.values) {
            let t = (at - prophet.start) as f64 / prophet.t_scale as f64;
            let mut mu = *m;
            if self.spec.growth == Growth::Linear {
                let bends = prophet.changepoints_t.iter().zip(delta).filter(|(s, _)| **s <= t);
                mu += k * t + bends.map(|(s, delta)| delta * (t - s)).sum::<f64>();
            }
            let mut beta = beta.iter();
            for seasonality in &prophet.terms.seasonalities {
                let days = at as f64 / 86_400_000.0;
                for order in 1..=seasonality.fourier_order {
                    let angle = std::f64::consts::TAU * order as f64 * days / seasonality.period;
                    mu += beta.next().unwrap() * angle.sin() + beta.next().unwrap() * angle.cos();
                }
            }
            sse += ((y - prophet.floor) / prophet.y_scale - mu).powi(2);
        }
        let prior = self.spec.seasonality_prior_scale;
        -(k * k + m * m) / 50.0
            - delta.iter().map(|delta| delta.abs()).sum::<f64>() / self.spec.changepoint_prior_scale
            - beta.iter().map(|beta| beta * beta).sum::<f64>() / (2.0 * prior * prior)
            - 2.0 * sigma * sigma
            - self.series.len() as f64 * sigma.ln()
            - sse / (2.0 * sigma * sigma)
    }
}

/// All cases, fitted by the library.
fn fitted_cases() -> (usize, Vec<Fitted>) {
    let Golden { periods, cases } = golden();
    let mut workspace = Workspace::default();
    let fit = |case: Case| {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let settings = case.settings.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let settings = Settings::from_text(&settings).unwrap();
        let Task::Forecast(task) = &settings.task else { panic!("forecasts are the default") };
        let manyfit_models::SeriesSpec::Prophet(spec) = &task.model else { panic!("Prophet is the default") };
        let series = series(&case.file, case.rows);
        let frequency = Frequency::infer(&series.dates);
        let model = task.model.fit(&series, frequency, Interrupt::default(), &mut workspace).unwrap();
        Fitted { case, series, spec: spec.clone(), frequency, model }
    };
    let fitted: Vec<Fitted> = cases.into_iter().map(fit).collect();
    assert!(fitted.len() >= 25);
    (periods, fitted)
}

#[track_caller]
fn assert_close(what: &str, ours: f64, golden: f64, relative: f64) {
    assert!((ours - golden).abs() <= relative * golden.abs().max(1e-12), "{what}: {ours} instead of {golden}");
}

#[test]
fn real_series_are_fitted_as_stock_prophet_sets_them_up_and_better_than_stan_fits_them() {
    let (periods, cases) = fitted_cases();
    for fitted in &cases {
        scales_changepoints_and_seasonalities_are_those_of_stock_prophet(fitted);
        the_optimum_is_the_true_one(fitted);
        forecasts_are_those_of_stock_prophet(fitted);
        future_dates_are_those_of_stock_prophet(fitted, periods);
    }
}

fn scales_changepoints_and_seasonalities_are_those_of_stock_prophet(fitted: &Fitted) {
    let (name, case, prophet) = (fitted.name(), &fitted.case, fitted.prophet());
    assert_eq!(fitted.series.dates.len(), case.rows, "{name}");
    assert_close(&name, prophet.y_scale, case.y_scale, 1e-15);
    assert_close(&name, prophet.floor, case.y_min, 1e-15);
    assert_eq!(prophet.start, ms(&case.start), "{name}");
    assert_close(&name, prophet.t_scale as f64 / 1e3, case.t_scale_seconds, 1e-15);
    let seasonalities = prophet.terms.seasonalities.iter().map(|one| (one.name.clone(), one.fourier_order));
    assert_eq!(seasonalities.collect::<Vec<_>>(), case.seasonalities, "{name}");
    assert_eq!(prophet.changepoints_t.len(), case.changepoints_t.len(), "{name}");
    for (ours, golden) in prophet.changepoints_t.iter().zip(&case.changepoints_t) {
        assert_close(&name, *ours, *golden, 1e-14);
    }
}

fn the_optimum_is_the_true_one(fitted: &Fitted) {
    let (name, case, prophet) = (fitted.name(), &fitted.case, fitted.prophet());
    let claimed = prophet.notes.log_posterior.unwrap();
    let ours = fitted.log_posterior(&prophet.parameters);
    let optimum = case.optimum.log_posterior;
    assert_close(&format!("{name}: the log posterior of the parameters"), claimed, ours, 1e-9);
    assert_close(
        &format!("{name}: its formula"),
        fitted.log_posterior(&fitted.at_golden_optimum().parameters),
        optimum,
        1e-9,
    );
    let stan = case.stan_log_posterior;
    assert!(ours >= stan - 1e-6 * stan.abs(), "{name}: {ours} is below Stan's {stan}");
    assert_close(&format!("{name}: the log posterior"), ours, optimum, 1e-7);
    assert!(ours >= optimum - 1e-9 * optimum.abs(), "{name}: {ours} is below the optimum {optimum}");

    // log p is flat at its maximum: parameters have half its digits.
    let Parameters { k, m, delta, beta, sigma } = &prophet.parameters;
    assert_close(&format!("{name}: sigma"), *sigma, case.optimum.sigma, 1e-5);
    let room = 1e-4;
    let pairs = [(k, &case.optimum.k), (m, &case.optimum.m)].into_iter();
    let pairs = pairs.chain(delta.iter().zip(&case.optimum.delta)).chain(beta.iter().zip(&case.optimum.beta));
    for (at, (ours, golden)) in pairs.enumerate() {
        assert!((ours - golden).abs() < room * golden.abs().max(1.0), "{name}: parameter {at}: {ours}, {golden}");
    }
}

fn forecasts_are_those_of_stock_prophet(fitted: &Fitted) {
    let (name, case) = (fitted.name(), &fitted.case);
    let dates: Vec<i64> = case.forecast.iter().map(|(date, _)| ms(date)).collect();
    let golden_parameters = FittedSeries::from(fitted.at_golden_optimum())
        .forecast(&ForecastRequest { seed: [0; 32], ..ForecastRequest::new(Dates::At(&dates)) })
        .unwrap();
    let our_parameters =
        fitted.model.forecast(&ForecastRequest { seed: [0; 32], ..ForecastRequest::new(Dates::At(&dates)) }).unwrap();
    for (at, (date, golden)) in case.forecast.iter().enumerate() {
        // Where yhat is near 0 its digits are those of the terms that cancel.
        let scale = golden.abs().max(1e-3 * case.y_scale);
        let (same, ours) = (golden_parameters.yhat[at], our_parameters.yhat[at]);
        assert!((same - golden).abs() <= 1e-9 * scale, "{name}, {date}, at the same parameters: {same}, {golden}");
        assert!((ours - golden).abs() <= 1e-4 * case.y_scale, "{name}, {date}: {ours}, {golden}");
        let (lower, upper) = (our_parameters.yhat_lower[at], our_parameters.yhat_upper[at]);
        assert!(lower < ours && ours < upper, "{name}, {date}: {lower}, {ours}, {upper}");
    }
}

fn future_dates_are_those_of_stock_prophet(fitted: &Fitted, periods: usize) {
    // Where stock Prophet cannot infer a frequency it raises; the tests of the frequency say what is done here.
    let Some(future) = &fitted.case.future else { return };
    let golden: Vec<i64> = future.iter().map(|date| ms(date)).collect();
    assert_eq!(golden.len(), periods);
    assert_eq!(fitted.model.future_dates(fitted.frequency, periods), golden, "{}", fitted.name());
}
