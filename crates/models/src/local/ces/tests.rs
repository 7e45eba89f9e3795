use super::{
    CesModel, CesSpec, FittedCes, Workspace,
    recursion::{Buffers, MOST, Recursion, States},
};
use crate::{
    fit_error::FitError,
    interrupt::Interrupt,
    local::{
        least_squares::SumOfSquares,
        testing::{noise, walk},
    },
};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Instant};

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_ces.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    season: usize,
    values: Vec<f64>,
    models: BTreeMap<String, Golden>,
}

#[derive(Deserialize)]
struct Golden {
    at: At,
    fitted: Reached,
}

#[derive(Deserialize)]
struct At {
    weights: Vec<f64>,
    squares: f64,
    mean: Vec<f64>,
}

#[derive(Deserialize)]
struct Reached {
    weights: Vec<f64>,
    squares: f64,
    aicc: f64,
}

fn golden() -> Vec<Case> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn model(name: &str) -> CesModel {
    serde_json::from_value(name.into()).unwrap()
}

fn fit(model: CesModel, values: &[f64], season: usize) -> FittedCes {
    CesSpec { model }.fit(values, season, Interrupt::default(), &mut Workspace::default()).unwrap()
}

#[test]
fn errors_and_forecasts_at_given_parameters_are_those_of_statsforecast() {
    for case in golden() {
        for (name, golden) in &case.models {
            let mut workspace = Workspace::default();
            workspace.values.clone_from(&case.values);
            let mut point = super::Point { weights: [0.0; MOST], sum: 0.0 };
            point.weights[..golden.at.weights.len()].copy_from_slice(&golden.at.weights);
            let fitted = FittedCes::new(model(name), point, 0.0, case.season, &mut workspace);
            let (ours, theirs) = (fitted.squares, golden.at.squares);
            assert!((ours / theirs - 1.0).abs() < 1e-9, "{} {name} {ours} {theirs}", case.name);
            for (ours, theirs) in fitted.outlook(golden.at.mean.len()).mean.iter().zip(&golden.at.mean) {
                assert!((ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0), "{} {name} {ours} {theirs}", case.name);
            }
        }
    }
}

#[test]
fn squared_errors_are_not_more_than_those_of_statsforecast_where_its_level_forgets_errors() {
    for case in golden() {
        for (name, golden) in &case.models {
            let fitted = fit(model(name), &case.values, case.season);
            assert_eq!(fitted.model, model(name));
            if golden.fitted.weights[0] >= 1.0 {
                let ratio = fitted.squares / golden.fitted.squares;
                assert!(ratio < 1.0 + 1e-6, "{} {name} {ratio}", case.name);
                let aicc = fitted.aicc.unwrap();
                assert!(aicc < golden.fitted.aicc + 1e-4, "{} {name} {aicc} {}", case.name, golden.fitted.aicc);
            }
        }
    }
}

#[test]
fn the_automatic_form_is_the_one_with_the_least_aicc() {
    for case in golden() {
        let least = case.models.keys().map(|name| fit(model(name), &case.values, case.season).aicc.unwrap());
        let automatic = fit(CesModel::Auto, &case.values, case.season);
        assert!(automatic.aicc.unwrap() <= least.fold(f64::MAX, f64::min) + 1e-6, "{}", case.name);
        assert_ne!(automatic.model, CesModel::Auto);
    }
}

#[test]
fn derivatives_are_those_of_the_sum() {
    let values: Vec<f64> = (0..31).map(|t| 1.0 + 0.3 * f64::from(t % 4) + 0.02 * f64::from((t * 7) % 11)).collect();
    for form in [CesModel::None, CesModel::Simple, CesModel::Partial, CesModel::Full] {
        let n = form.weights();
        let x = &[1.3, 0.98, 0.9, 1.03][..n];
        let seasons =
            if form.has_season() { vec![[0.2, 0.1], [-0.1, 0.3], [0.4, 0.2], [0.0, -0.2]] } else { Vec::new() };
        let first = States { level: [1.4, 1.2], seasons };
        let buffers = &mut Buffers::default();
        let mut recursion = Recursion::new(form, &values, &first, buffers);
        let (mut matrix, mut gradient) = (vec![0.0; n * n], vec![0.0; n]);
        let sum = recursion.normal(x, &mut matrix, &mut gradient);
        let mut plain = 0.0;
        recursion.run(x, |error| plain += error * error);
        assert!((sum / plain - 1.0).abs() < 1e-13, "{form:?}");
        for i in 0..n {
            let mut at = |change: f64| {
                let mut moved = x.to_vec();
                moved[i] += change;
                recursion.value(&moved)
            };
            let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
            let analytic = 2.0 * gradient[i];
            assert!((numeric - analytic).abs() < 1e-6 * (1.0 + analytic.abs()), "{form:?} {i}: {numeric} {analytic}");
            for j in 0..n {
                assert_eq!(matrix[i * n + j].to_bits(), matrix[j * n + i].to_bits());
            }
        }
    }
}

#[test]
fn no_point_of_a_fine_grid_is_better() {
    for seed in 0..12 {
        let values: Vec<f64> =
            if seed < 6 { walk(seed, 40) } else { noise(seed, 25) }.iter().map(|y| 20.0 + y).collect();
        let fitted = fit(CesModel::None, &values, 1);
        let mean = values[..10].iter().sum::<f64>() / 10.0;
        let first = States { level: [mean, mean / 1.1], seasons: Vec::new() };
        let buffers = &mut Buffers::default();
        let mut recursion = Recursion::new(CesModel::None, &values, &first, buffers);
        for real in 0..=40 {
            for imaginary in 0..=400 {
                let x = [1.0 + 0.02 * f64::from(real), 0.5 + 0.0025 * f64::from(imaginary)];
                let sum = recursion.value(&x);
                assert!(fitted.squares <= sum * (1.0 + 1e-9), "{seed} {x:?} {sum} {fitted:?}");
            }
        }
    }
}

/// The next values if the errors are these, by the definition.
fn future_of(fitted: &FittedCes, errors: &[f64]) -> Vec<f64> {
    let step = |own: &mut f64, potential: &mut f64, [real, imaginary]: [f64; 2], error: f64| {
        let (l, c) = (*own, *potential);
        *own = l - (1.0 - imaginary) * c + (real - imaginary) * error;
        *potential = l + (1.0 - real) * c + (real + imaginary) * error;
    };
    let (mut level, mut potential) = (fitted.level, fitted.potential);
    let mut seasons = fitted.seasons.clone();
    let mut potentials = fitted.season_potentials.clone();
    potentials.resize(seasons.len(), 0.0);
    let places = seasons.len().max(1);
    let next = |(at, &error): (usize, &f64)| {
        let place = at % places;
        let season = seasons.get(place).copied().unwrap_or(0.0);
        let y = if fitted.model == CesModel::Simple { 0.0 } else { level } + season + error;
        step(&mut level, &mut potential, fitted.alpha, error);
        match fitted.model {
            CesModel::Simple => step(&mut seasons[place], &mut potentials[place], fitted.alpha, error),
            CesModel::Full => step(&mut seasons[place], &mut potentials[place], fitted.beta, error),
            CesModel::Partial => seasons[place] += fitted.beta[0] * error,
            _ => {}
        }
        y
    };
    errors.iter().enumerate().map(next).collect()
}

#[test]
fn variances_add_up_what_each_error_does_to_the_future() {
    let values: Vec<f64> = walk(3, 42).iter().zip(0_u8..).map(|(y, t)| 30.0 + y + 3.0 * f64::from(t % 4)).collect();
    for model in [CesModel::None, CesModel::Simple, CesModel::Partial, CesModel::Full] {
        let fitted = fit(model, &values, 4);
        assert_eq!(fitted.model, model);
        let outlook = fitted.outlook(11);
        let expected = future_of(&fitted, &[0.0; 11]);
        let mut squares = [0.0; 11];
        for at in 0..11 {
            let mut errors = [0.0; 11];
            errors[at] = 1.0;
            for (step, y) in future_of(&fitted, &errors).iter().enumerate() {
                squares[step] += (y - expected[step]).powi(2);
            }
        }
        for step in 0..11 {
            assert!((outlook.mean[step] - expected[step]).abs() < 1e-9, "{model:?}");
            let ratio = outlook.deviation[step] / (fitted.sigma * f64::sqrt(squares[step]));
            assert!((ratio - 1.0).abs() < 1e-9, "{model:?} {step} {ratio}");
        }
    }
}

#[test]
fn series_of_any_size_and_kind_have_finite_forecasts() {
    let mut series: Vec<Vec<f64>> = (1..14).map(|rows| walk(9, rows)).collect();
    series.extend([vec![0.0; 30], vec![7.5; 30], vec![1e300; 30], vec![5e-324; 30]]);
    for unit in [1e-300, 1e-200, 1e200, 1e300] {
        let largest = walk(4, 40).iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        series.push(walk(4, 40).iter().map(|y| unit * (y / largest)).collect());
        series.push((0..40).map(|row| if row == 20 { unit } else { 1.0 }).collect());
    }
    series.push((0..40).map(|row| if row % 2 == 0 { 1e300 } else { -1e300 }).collect());
    series.push((0..40).map(f64::from).collect());
    series.push((0..40).map(|row| f64::from(row % 4)).collect());
    series.push((0..40).map(|row| 1.5_f64.powi(row)).collect());
    series.push((0..3_000).map(|row| f64::from((row * 31) % 3)).collect());
    for values in &series {
        for model in [CesModel::Auto, CesModel::None, CesModel::Simple, CesModel::Partial, CesModel::Full] {
            let fitted = fit(model, values, 4);
            fitted.check().unwrap();
            let outlook = fitted.outlook(2_000);
            let numbers =
                outlook.mean.iter().chain(&outlook.deviation).chain([&fitted.scores.mae, &fitted.scores.rmse]);
            assert!(numbers.clone().all(|number| number.is_finite()), "{model:?} {fitted:?} of {values:?}");
        }
    }
    let constant = fit(CesModel::Auto, &[7.5; 30], 4).outlook(3);
    assert_eq!((constant.mean, constant.deviation), (vec![7.5; 3], vec![0.0; 3]));
}

#[test]
fn what_a_series_does_not_allow_is_left_out() {
    let wave: Vec<f64> = (0..40).map(|t| f64::from(t % 4) + 0.1 * f64::from((t * 7) % 5)).collect();
    assert_eq!(fit(CesModel::Full, &wave, 1).model, CesModel::None);
    assert_eq!(fit(CesModel::Simple, &wave[..7], 4).model, CesModel::None);
    // Five parameters of six values; with seven, one degree of freedom is left.
    assert_eq!(fit(CesModel::Full, &wave[..6], 3).model, CesModel::None);
    assert_eq!(fit(CesModel::Full, &wave[..7], 3).model, CesModel::Full);
}

#[test]
fn fewer_than_five_values_are_a_random_walk() {
    let outlook = fit(CesModel::Auto, &[3.0, 5.0, 4.0], 1).outlook(4);
    assert_eq!(outlook.mean, [4.0; 4]);
    for (step, deviation) in outlook.deviation.iter().enumerate() {
        assert!((deviation - (2.5 * (step as f64 + 1.0)).sqrt()).abs() < 1e-12);
    }
    assert_eq!(fit(CesModel::Auto, &[3.0], 1).outlook(2).mean, [3.0; 2]);
    let none = CesSpec::default().fit(&[], 1, Interrupt::default(), &mut Workspace::default());
    assert_eq!(none, Err(FitError::TooShort { rows: 0 }));
}

#[test]
fn values_in_another_unit_have_the_same_forecasts_in_it() {
    let values: Vec<f64> = walk(6, 48).iter().enumerate().map(|(row, y)| 50.0 + y + (row % 12) as f64).collect();
    let large: Vec<f64> = values.iter().map(|y| y * 1_048_576.0).collect();
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|y| y * 1_048_576.0).collect() };
    let (small, large) = (fit(CesModel::Auto, &values, 12).outlook(9), fit(CesModel::Auto, &large, 12).outlook(9));
    assert_eq!(scaled(&small.mean), large.mean);
    assert_eq!(scaled(&small.deviation), large.deviation);
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let past = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let ended = CesSpec::default().fit(&walk(1, 50), 1, past, &mut Workspace::default());
    assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
}

#[test]
fn a_file_has_the_whole_fit_and_one_that_no_forecast_can_be_made_of_is_refused() {
    let mut workspace = Workspace::default();
    for case in golden() {
        for name in case.models.keys() {
            let spec = CesSpec { model: model(name) };
            let fitted = spec.fit(&case.values, case.season, Interrupt::default(), &mut workspace).unwrap();
            assert_eq!(fitted, fit(model(name), &case.values, case.season), "buffers leave no trace");
            let without = FittedCes { seasons: Vec::new(), season_potentials: Vec::new(), ..fitted.clone() };
            let text = serde_json::to_string(&without).unwrap();
            assert!(text.len() < 300, "{text}");
            let read: FittedCes = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
            read.check().unwrap();
            assert_eq!(read.outlook(20), fitted.outlook(20));
        }
    }
    let fitted = fit(CesModel::None, &walk(2, 50), 1);
    let faulty = |change: fn(&mut FittedCes)| {
        let mut fitted = fitted.clone();
        change(&mut fitted);
        fitted.check().unwrap_err().to_string()
    };
    assert!(faulty(|fitted| fitted.model = CesModel::Auto).contains("a fitted model is one of the others"));
    assert!(faulty(|fitted| fitted.model = CesModel::Partial).contains("0 values of seasons and 0 of"));
    assert!(faulty(|fitted| fitted.seasons = vec![1.0]).contains("1 values of seasons and 0 of"));
    assert!(faulty(|fitted| fitted.alpha[0] = -1.0).contains("alpha is [-1.0"));
    assert!(faulty(|fitted| fitted.sigma = -1.0).contains("sigma is -1"));
}

#[test]
fn names_are_letters() {
    let spec: CesSpec = serde_json::from_str(r#"{"model":"P"}"#).unwrap();
    assert_eq!(spec.model, CesModel::Partial);
    assert_eq!(serde_json::to_string(&CesSpec::default()).unwrap(), r#"{"model":"Z"}"#);
}
