//! Prophet's whole vocabulary against `tests/golden/prophet_terms.json`: what stock Prophet makes of each mode at parameters that
//! are given. The script beside that file says what each number means.

use std::{
    collections::BTreeMap,
    fs,
    sync::{LazyLock, OnceLock},
};

use manyfit_models::{
    Dates, FittedSeries, Forecast, ForecastRequest, Interrupt,
    data::{Columns, CovariateError, Covariates, Series},
    prophet::{FittedProphet, Holiday, Parameters, ProphetSpec, Workspace},
};
use serde::Deserialize;

use super::support::repository;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    spec: ProphetSpec,
    series: Table,
    parameters: GoldenParameters,
    future: Table,
    forecast: BTreeMap<String, Vec<f64>>,
    bounds: BTreeMap<String, Vec<(f64, f64)>>,
    model: String,
    /// Fitted once for all tests.
    #[serde(skip)]
    fitted: OnceLock<FittedProphet>,
}

#[derive(Deserialize)]
struct Table {
    ds: Vec<i64>,
    y: Vec<f64>,
    columns: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct GoldenParameters {
    k: f64,
    m: f64,
    delta: Vec<f64>,
    beta: Vec<f64>,
    sigma_obs: f64,
}

impl Table {
    fn columns(&self) -> Columns {
        let mut columns = Columns::default();
        self.columns.iter().for_each(|(name, values)| columns.insert(name, values.clone()));
        columns
    }
}

impl Case {
    fn series(&self) -> Series {
        let Table { ds, y, .. } = &self.series;
        Series { dates: ds.clone(), timestamps: ds.clone(), values: y.clone(), columns: self.series.columns() }
    }

    fn fit(&self) -> FittedProphet {
        let fit = || {
            assert_eq!(self.spec.faults(), [""; 0], "{}", self.name);
            self.spec.fit(&self.series(), Interrupt::default(), &mut Workspace::default()).unwrap()
        };
        self.fitted.get_or_init(fit).clone()
    }

    /// The fitted model with the golden parameters in the place of those that were found.
    fn at_golden_parameters(&self) -> FittedProphet {
        let mut fitted = self.fit();
        let GoldenParameters { k, m, delta, beta, sigma_obs } = &self.parameters;
        let found = &fitted.parameters;
        assert_eq!((found.delta.len(), found.beta.len()), (delta.len(), beta.len()), "{}", self.name);
        fitted.parameters = Parameters { k: *k, m: *m, delta: delta.clone(), beta: beta.clone(), sigma: *sigma_obs };
        fitted
    }

    fn forecast(&self, model: FittedProphet) -> Forecast {
        let (dates, columns) = (&self.future.ds, self.future.columns());
        FittedSeries::from(model)
            .forecast(&ForecastRequest {
                future: Some(Covariates { dates, columns: &columns }),
                seed: [3; 32],
                ..ForecastRequest::new(Dates::At(dates))
            })
            .unwrap()
    }

    /// Stock's file, read here.
    fn opened(&self) -> FittedProphet {
        FittedProphet::from_json(self.model.as_bytes()).unwrap()
    }

    /// The largest difference from stock in any column, as a share of the largest yhat, or of the component where it is larger.
    fn assert_is_stocks(&self, what: &str, forecast: &Forecast) {
        let own = [
            ("yhat", &forecast.yhat),
            ("trend", &forecast.trend),
            ("additive_terms", &forecast.additive_terms),
            ("multiplicative_terms", &forecast.multiplicative_terms),
        ];
        let ours: BTreeMap<&str, &Vec<f64>> =
            own.into_iter().chain(forecast.components.iter().map(|(name, values)| (name.as_str(), values))).collect();
        let names = |names: &mut dyn Iterator<Item = &str>| names.map(String::from).collect::<Vec<_>>();
        assert_eq!(
            names(&mut ours.keys().copied()),
            names(&mut self.forecast.keys().map(String::as_str)),
            "{} {what}",
            self.name
        );
        for (name, golden) in &self.forecast {
            let scale = golden.iter().fold(1e-3_f64, |scale, x| scale.max(x.abs()));
            for (at, (ours, golden)) in ours[name.as_str()].iter().zip(golden).enumerate() {
                let close = (ours - golden).abs() <= 1e-9 * scale;
                assert!(close, "{} {what}: {name} on date {at}: {ours}, {golden}", self.name);
            }
        }
    }
}

fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let golden = fs::read(repository("tests/golden/prophet_terms.json")).unwrap();
        serde_json::from_slice::<Golden>(&golden).unwrap().cases
    });
    assert!(CASES.len() >= 20);
    &CASES
}

#[test]
fn at_the_same_parameters_every_component_is_stocks() {
    for case in cases() {
        case.assert_is_stocks("fitted here", &case.forecast(case.at_golden_parameters()));
    }
}

#[test]
fn what_stock_saved_forecasts_the_same_here_and_so_does_what_is_saved_of_it() {
    for case in cases() {
        let mut opened = case.opened();
        if let Some(country) = &case.spec.country_holidays {
            assert_eq!(opened.unknown_holidays.as_deref(), Some("US"));
            let error = opened.forecast(&case.future.ds, Covariates::NONE, opened.uncertainty(), [3; 32]);
            assert!(matches!(error, Err(CovariateError::UnknownHolidays { .. })));
            opened.set_country_holidays(country.days.iter().cloned());
        }
        case.assert_is_stocks("opened", &case.forecast(opened.clone()));
        let saved = opened.to_json();
        let again = FittedProphet::from_json(&saved).unwrap();
        case.assert_is_stocks("opened again", &case.forecast(again));
    }
}

#[test]
fn a_model_that_is_saved_here_forecasts_the_same_when_it_is_opened() {
    for case in cases() {
        let fitted = case.fit();
        let expected = case.forecast(fitted.clone());
        let saved = fitted.to_json();
        let opened = FittedProphet::from_json(&saved).unwrap();
        let columns: Vec<String> = opened.columns().map(String::from).collect();
        assert!(columns.iter().all(|name| case.future.columns.contains_key(name)), "{}: {columns:?}", case.name);
        assert_eq!(case.forecast(opened), expected, "{}", case.name);
    }
}

#[test]
fn the_ends_of_intervals_are_stocks_within_the_error_of_sampling() {
    for case in cases() {
        let mut model = case.at_golden_parameters();
        model.spec.uncertainty_samples = 4_000;
        let forecast = case.forecast(model);
        for (name, ours) in [
            ("yhat_lower", &forecast.yhat_lower),
            ("yhat_upper", &forecast.yhat_upper),
            ("trend_lower", &forecast.trend_lower),
            ("trend_upper", &forecast.trend_upper),
        ] {
            let scale = forecast.yhat.iter().fold(0.0_f64, |scale, y| scale.max(y.abs()));
            for (at, (ours, (low, high))) in ours.iter().zip(&case.bounds[name]).enumerate() {
                let slack = 1e-9 * scale;
                let between = low - slack <= *ours && *ours <= high + slack;
                assert!(between, "{}: {name} on date {at}: {ours} is not in {low} … {high}", case.name);
            }
        }
    }
}

#[test]
fn a_lower_bound_is_kept_by_the_forecast_and_by_the_file() {
    let case = &cases()[0];
    let spec = ProphetSpec { lower_bound: Some(300.0), ..case.spec.clone() };
    let fitted = spec.fit(&case.series(), Interrupt::default(), &mut Workspace::default()).unwrap();
    let forecast = case.forecast(fitted.clone());
    assert!(forecast.yhat.contains(&300.0) && forecast.yhat.iter().any(|y| *y > 300.0));
    assert!(forecast.yhat_lower.iter().all(|y| *y >= 300.0));
    let saved = fitted.to_json();
    let opened = FittedProphet::from_json(&saved).unwrap();
    assert_eq!(case.forecast(opened), forecast);
}

#[test]
fn models_that_older_versions_of_python_wrote_forecast_as_they_said() {
    for version in ["0.7.1", "1.0.1"] {
        let file = repository("tests/data/prophet").join(format!("serialized_model_v{version}.json"));
        let model = FittedProphet::from_json(&fs::read(file).unwrap()).unwrap();
        let dates: Vec<i64> = model.history.iter().map(|row| row.timestamp).collect();
        assert_eq!((dates.len(), model.terms.seasonalities.len(), model.y_scale), (20, 1, 19.0));
        let values: Vec<f64> = model.history.iter().map(|row| row.y).collect();
        // The series is a straight line, which the model follows.
        let forecast = FittedSeries::from(model)
            .forecast(&ForecastRequest { seed: [3; 32], ..ForecastRequest::new(Dates::At(&dates)) })
            .unwrap();
        for (yhat, y) in forecast.yhat.iter().zip(values) {
            assert!((yhat - y).abs() < 1e-3, "{version}: {yhat}, {y}");
        }
    }
}

#[test]
fn what_a_model_needs_and_does_not_get_is_named() {
    let day = 86_400_000;
    let dates: Vec<i64> = (0..30).map(|i| i * day).collect();
    let mut series =
        Series { timestamps: dates.clone(), values: (0..30).map(f64::from).collect(), dates, ..Series::default() };
    let fit = |spec: &str, series: &Series| {
        let spec: ProphetSpec = serde_json::from_str(spec).unwrap();
        spec.fit(series, Interrupt::default(), &mut Workspace::default()).map_err(|error| error.to_string())
    };
    let error = fit(r#"{"growth": "logistic"}"#, &series).unwrap_err();
    assert_eq!(error, "the model needs a column \"cap\", which is missing");
    let error = fit(r#"{"growth": "logistic", "cap": 40, "floor": 50}"#, &series).unwrap_err();
    assert!(error.starts_with("the cap 40 is not above the floor 50 on 1970-01-01"), "{error}");
    // With this scaling, the floor of a series that has none is its least value.
    let high = Series { values: series.values.iter().map(|y| y + 7.0).collect(), ..series.clone() };
    let error = fit(r#"{"growth": "logistic", "cap": 3, "scaling": "minmax"}"#, &high).unwrap_err();
    assert!(error.starts_with("the cap 3 is not above the floor 7 on 1970-01-01"), "{error}");
    let error = fit(r#"{"changepoints": [86400000000]}"#, &series).unwrap_err();
    assert_eq!(error, "the changepoint 1972-09-27T00:00:00 is not within the history");
    series.columns.insert("price", vec![f64::NAN; 30]);
    let error = fit(r#"{"regressors": [{"name": "price"}]}"#, &series).unwrap_err();
    assert_eq!(error, "the column \"price\" has no value on 1970-01-01T00:00:00, which the model needs");
    series.columns.insert("price", (0..30).map(|i| f64::from(i % 4)).collect());
    let spec = r#"{"seasonalities": [{"name": "a", "period": 5, "fourier_order": 1, "condition_name": "price"}]}"#;
    let error = fit(spec, &series).unwrap_err();
    assert_eq!(error, "the condition \"price\" is neither 0 nor 1 on 1970-01-03T00:00:00");
    let fitted = fit(r#"{"regressors": [{"name": "price"}]}"#, &series).unwrap();
    assert_eq!(fitted.columns().collect::<Vec<_>>(), ["price"]);
    let error = FittedSeries::from(fitted)
        .forecast(&ForecastRequest {
            future: Some(series.covariates()),
            seed: [3; 32],
            ..ForecastRequest::new(Dates::At(&[40 * day]))
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "the column \"price\" has no value on 1970-02-10T00:00:00, which the model needs");
}

#[test]
fn holidays_that_no_row_names_are_no_terms() {
    let holiday = Holiday::new("fair", 3 * 86_400_000);
    let spec = ProphetSpec { holidays: [holiday].into_iter().collect(), ..ProphetSpec::default() };
    assert_eq!(spec.columns().count(), 0);
    let text = serde_json::to_string(&ProphetSpec::default()).unwrap();
    assert!(!text.contains("holidays") && serde_json::to_string(&spec).unwrap().contains("\"fair\""), "{text}");
}
