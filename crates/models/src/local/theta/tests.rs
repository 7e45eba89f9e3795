use super::{Decomposition, FittedTheta, Scratch, Season, ThetaModel, ThetaSpec, optimum::Optimum};
use crate::{
    fit_error::FitError,
    interrupt::Interrupt,
    local::testing::{noise, walk},
};
use serde::Deserialize;
use std::time::Instant;

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_theta.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    season: usize,
    values: Vec<f64>,
    models: std::collections::BTreeMap<String, Golden>,
}

#[derive(Deserialize)]
struct Golden {
    decomposition: Option<Decomposition>,
    at: At,
    fitted: Reached,
}

#[derive(Deserialize)]
struct At {
    alpha: f64,
    theta: f64,
    initial_smoothed: f64,
    squares: f64,
    mean: Vec<f64>,
}

#[derive(Deserialize)]
struct Reached {
    squares: f64,
    mean: Vec<f64>,
}

fn golden() -> Vec<(Case, Vec<(ThetaModel, Golden)>)> {
    let cases: Vec<Case> = serde_json::from_str(GOLDEN).unwrap();
    cases
        .into_iter()
        .map(|mut case| {
            let models = std::mem::take(&mut case.models);
            let models =
                models.into_iter().map(|(name, golden)| (serde_json::from_value(name.into()).unwrap(), golden));
            let models = models.collect();
            (case, models)
        })
        .collect()
}

fn spec(model: ThetaModel) -> ThetaSpec {
    ThetaSpec { model, ..ThetaSpec::default() }
}

fn fit(model: ThetaModel, values: &[f64], season: usize) -> FittedTheta {
    spec(model).fit(values, season, Interrupt::default(), &mut Scratch::default()).unwrap()
}

#[test]
fn errors_and_forecasts_at_given_parameters_are_those_of_statsforecast() {
    for (case, models) in golden() {
        for (model, golden) in models {
            let mut scratch = Scratch::default();
            let (scale, season) = spec(model)
                .prepare(&case.values, case.season, Interrupt::default(), &mut scratch.lines.values)
                .unwrap();
            assert_eq!(season.as_ref().map(|season| season.decomposition), golden.decomposition, "{}", case.name);
            scratch.lines.draw(model.is_dynamic());
            let weight = 1.0 - 1.0 / golden.at.theta;
            let initial = (golden.at.initial_smoothed - (1.0 - weight) * scale.origin) / scale.unit;
            let given = Optimum { squares: 0.0, alpha: golden.at.alpha, initial, weight };
            let fitted = scratch.finish(model, given, scale, season);
            let scale = golden.at.squares;
            assert!((fitted.squares - scale).abs() < 1e-9 * scale, "{} {model:?} {}", case.name, fitted.squares);
            for (ours, theirs) in fitted.outlook(golden.at.mean.len()).mean.iter().zip(&golden.at.mean) {
                assert!(
                    (ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0),
                    "{} {model:?} {ours} {theirs}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn squared_errors_are_never_more_than_those_of_statsforecast_and_forecasts_are_close() {
    for (case, models) in golden() {
        for (model, golden) in models {
            let fitted = fit(model, &case.values, case.season);
            let ratio = fitted.squares / golden.fitted.squares;
            assert!(ratio < 1.0 + 1e-6, "{} {model:?} {ratio}", case.name);
            // Where there is little to gain, both are at the same optimum.
            if ratio > 1.0 - 1e-7 {
                for (ours, theirs) in fitted.outlook(golden.fitted.mean.len()).mean.iter().zip(&golden.fitted.mean) {
                    assert!((ours / theirs - 1.0).abs() < 1e-2, "{} {model:?} {ours} {theirs}", case.name);
                }
            }
        }
    }
}

#[test]
fn the_automatic_model_is_the_one_with_the_least_squares() {
    for (case, models) in golden() {
        let least =
            models.iter().map(|(model, _)| fit(*model, &case.values, case.season).squares).fold(f64::MAX, f64::min);
        let automatic = fit(ThetaModel::Auto, &case.values, case.season);
        assert_eq!(automatic.squares, least, "{}", case.name);
        assert_ne!(automatic.model, ThetaModel::Auto);
    }
}

/// The next values of a dynamic model if its errors are these, by the definition: a line through all values that are known.
fn future_of(fitted: &FittedTheta, values: &[f64], errors: &[f64]) -> Vec<f64> {
    let (mut known, mut level) = (values.to_vec(), fitted.level);
    for error in errors {
        let n = known.len() as f64;
        let mean = known.iter().sum::<f64>() / n;
        let slope = 12.0
            * known.iter().enumerate().map(|(at, y)| (at as f64 - (n - 1.0) / 2.0) * (y - mean)).sum::<f64>()
            / (n * (n * n - 1.0));
        let intercept = mean - slope * (n + 1.0) / 2.0;
        let decay = 1.0 - fitted.alpha;
        let trend = intercept * decay.powf(n) + slope * (1.0 - decay.powf(n + 1.0)) / fitted.alpha;
        let y = level + (1.0 - 1.0 / fitted.theta) * trend + error;
        level += fitted.alpha * (y - level);
        known.push(y);
    }
    known.split_off(values.len())
}

#[test]
fn variances_add_up_what_each_error_does_to_the_future() {
    let values: Vec<f64> = walk(3, 30).iter().zip(0..).map(|(y, t)| 20.0 + y + f64::from(t) * 0.3).collect();
    let fitted = fit(ThetaModel::DynamicOptimized, &values, 1);
    let outlook = fitted.outlook(6);
    let expected = future_of(&fitted, &values, &[0.0; 6]);
    let mut squares = [0.0; 6];
    for at in 0..6 {
        let mut errors = [0.0; 6];
        errors[at] = 1.0;
        for (step, y) in future_of(&fitted, &values, &errors).iter().enumerate() {
            squares[step] += (y - expected[step]).powi(2);
        }
    }
    for step in 0..6 {
        assert!((outlook.mean[step] - expected[step]).abs() < 1e-9);
        assert!((outlook.deviation[step] / (fitted.sigma * squares[step].sqrt()) - 1.0).abs() < 1e-9, "{step}");
    }
    let fitted = fit(ThetaModel::Optimized, &values, 1);
    for (step, deviation) in fitted.outlook(6).deviation.iter().enumerate() {
        let formula = fitted.sigma * (1.0 + step as f64 * fitted.alpha.powi(2)).sqrt();
        assert!((deviation / formula - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_season_returns_in_forecasts_and_in_their_deviations() {
    let months = |row: usize| 1.0 + 0.5 * f64::from(u8::try_from(row % 4).unwrap());
    let values: Vec<f64> = noise(5, 42).iter().enumerate().map(|(row, e)| months(row) * (100.0 + e)).collect();
    let outlook = fit(ThetaModel::default(), &values, 4).outlook(8);
    for step in 0..8 {
        let expected = 100.0 * months(42 + step);
        assert!((outlook.mean[step] / expected - 1.0).abs() < 0.02, "{outlook:?}");
        let of_first = (outlook.deviation[step] / outlook.deviation[0]) / (months(42 + step) / months(42));
        assert!((1.0..1.1).contains(&(of_first + 0.01)), "{of_first}");
    }
    // Seasons of fewer than four steps, and histories of fewer than two seasons, are not tested for one.
    assert_eq!(fit(ThetaModel::default(), &values, 2).season, None);
    assert_eq!(fit(ThetaModel::default(), &values[..7], 4).season, None);
}

#[test]
fn series_of_any_size_and_kind_have_finite_forecasts() {
    let mut series: Vec<Vec<f64>> = (1..12).map(|rows| walk(9, rows)).collect();
    series.extend([vec![0.0; 30], vec![7.5; 30], vec![1e300; 30], vec![5e-324; 30]]);
    for unit in [1e-300, 1e-200, 1e200, 1e300] {
        let largest = walk(4, 40).iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        series.push(walk(4, 40).iter().map(|y| unit * (y / largest)).collect());
        series.push((0..40).map(|row| if row == 20 { unit } else { 1.0 }).collect());
    }
    series.push((0..40).map(|row| if row % 2 == 0 { 1e300 } else { -1e300 }).collect());
    series.push((0..40).map(f64::from).collect());
    for values in &series {
        for model in ThetaModel::ALL.into_iter().chain([ThetaModel::Auto]) {
            let fitted = fit(model, values, 4);
            fitted.check().unwrap();
            let outlook = fitted.outlook(50);
            let numbers =
                outlook.mean.iter().chain(&outlook.deviation).chain([&fitted.scores.mae, &fitted.scores.rmse]);
            assert!(numbers.clone().all(|number| number.is_finite()), "{values:?} {fitted:?} {outlook:?}");
        }
    }
    let constant = fit(ThetaModel::default(), &[7.5; 30], 4).outlook(3);
    assert_eq!((constant.mean, constant.deviation), (vec![7.5; 3], vec![0.0; 3]));
}

#[test]
fn fewer_than_four_values_are_a_random_walk() {
    let fitted = fit(ThetaModel::default(), &[3.0, 5.0, 4.0], 1);
    let outlook = fitted.outlook(4);
    assert_eq!(outlook.mean, [4.0; 4]);
    for (step, deviation) in outlook.deviation.iter().enumerate() {
        assert!((deviation - (2.5 * (step as f64 + 1.0)).sqrt()).abs() < 1e-12);
    }
    assert_eq!(fit(ThetaModel::default(), &[3.0], 1).outlook(2).mean, [3.0; 2]);
    let none = ThetaSpec::default().fit(&[], 1, Interrupt::default(), &mut Scratch::default());
    assert_eq!(none, Err(FitError::TooShort { rows: 0 }));
}

#[test]
fn values_in_another_unit_have_the_same_forecasts_in_it() {
    let values: Vec<f64> = walk(6, 48).iter().enumerate().map(|(row, y)| 50.0 + y + (row % 12) as f64).collect();
    let large: Vec<f64> = values.iter().map(|y| y * 1_048_576.0).collect();
    let scaled = |values: &[f64], unit: f64| -> Vec<f64> { values.iter().map(|y| y * unit).collect() };
    for model in [ThetaModel::Standard, ThetaModel::DynamicOptimized] {
        let (small, large) = (fit(model, &values, 12).outlook(9), fit(model, &large, 12).outlook(9));
        assert_eq!(scaled(&small.mean, 1_048_576.0), large.mean);
        assert_eq!(scaled(&small.deviation, 1_048_576.0), large.deviation);
    }
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let past = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let ended = ThetaSpec::default().fit(&walk(1, 50), 1, past, &mut Scratch::default());
    assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
}

#[test]
fn a_file_is_small_and_one_that_no_forecast_can_be_made_of_is_refused() {
    let fitted = fit(ThetaModel::default(), &walk(2, 50), 1);
    let text = serde_json::to_string(&fitted).unwrap();
    assert!(text.len() < 300, "{text}");
    let read: FittedTheta = serde_json::from_str(&text).unwrap();
    assert_eq!(read.outlook(20), fitted.outlook(20));
    let faulty = |change: fn(&mut FittedTheta)| {
        let mut fitted = fitted.clone();
        change(&mut fitted);
        fitted.check().unwrap_err().to_string()
    };
    assert!(faulty(|fitted| fitted.alpha = 0.0).contains("alpha is 0: it is above 0 and at most 1"));
    assert!(faulty(|fitted| fitted.theta = 0.5).contains("theta is 0.5"));
    assert!(faulty(|fitted| fitted.sigma = -1.0).contains("sigma is -1"));
    assert!(faulty(|fitted| fitted.steps = 0).contains("steps is 0"));
    assert!(faulty(|fitted| fitted.model = ThetaModel::Auto).contains("a fitted model is one of the others"));
    let season = Season { decomposition: Decomposition::Additive, indices: Vec::new() };
    let empty = FittedTheta { season: Some(season), ..fitted.clone() };
    assert!(empty.check().unwrap_err().to_string().contains("indices is empty"));
}
