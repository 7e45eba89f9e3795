use super::{
    FittedIntermittent, IntermittentSpec, Scratch,
    smoothing::{Level, best_alpha},
};
use crate::{fit_error::FitError, interrupt::Interrupt};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Instant};

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_intermittent.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    values: Vec<f64>,
    forecasts: BTreeMap<String, f64>,
}

const ALL: [IntermittentSpec; 6] = [
    IntermittentSpec::CrostonClassic,
    IntermittentSpec::CrostonOptimized,
    IntermittentSpec::CrostonSba,
    IntermittentSpec::TSB,
    IntermittentSpec::Adida,
    IntermittentSpec::Imapa,
];

fn fit(spec: IntermittentSpec, values: &[f64]) -> FittedIntermittent {
    spec.fit(values, Interrupt::default(), &mut Scratch::default()).unwrap()
}

#[test]
fn forecasts_are_those_of_statsforecast() {
    let cases: Vec<Case> = serde_json::from_str(GOLDEN).unwrap();
    for case in cases {
        for spec in ALL {
            let (ours, theirs) = (fit(spec, &case.values).mean, case.forecasts[spec.name()]);
            assert!((ours - theirs).abs() < 1e-8 * theirs.abs().max(1e-3), "{} {spec:?} {ours} {theirs}", case.name);
        }
    }
}

#[test]
fn values_in_another_unit_have_the_same_forecasts_in_it() {
    let values = [0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 7.0, 0.0, 1.0, 0.0, 0.0, 4.0];
    for unit in [0.001, 3.0, 1e-250, 1e250] {
        let large: Vec<f64> = values.iter().map(|y| y * unit).collect();
        for spec in ALL {
            let (one, other) = (fit(spec, &values), fit(spec, &large));
            assert!((other.mean / unit / one.mean - 1.0).abs() < 1e-7, "{spec:?} {unit}");
            assert!((other.sigma / unit / one.sigma - 1.0).abs() < 1e-7, "{spec:?} {unit}");
        }
    }
}

#[test]
fn the_deviation_is_that_of_one_step_errors() {
    // Demand 2 every other step: after the first, Croston's forecasts are 1, 1, 1, and the errors −1, 1, −1.
    let fitted = fit(IntermittentSpec::CrostonClassic, &[0.0, 2.0, 0.0, 2.0, 0.0]);
    assert!((fitted.mean - 1.0).abs() < 1e-12 && (fitted.sigma - 1.0).abs() < 1e-12, "{fitted:?}");
    assert!((fitted.scores.mae - 1.0).abs() < 1e-12);
    assert_eq!(fitted.outlook(3).deviation, [fitted.sigma; 3]);
    // Sums of two steps: 2 and 6 after the first value. The first sum's forecast, 1 a step, meets 6 and 0.
    let fitted = fit(IntermittentSpec::Adida, &[0.0, 2.0, 0.0, 6.0, 0.0]);
    assert!((fitted.sigma - 13.0_f64.sqrt()).abs() < 1e-9, "{fitted:?}");
    // A demand in the last row leaves no forecast to compare: the errors are those of the mean.
    let fitted = fit(IntermittentSpec::CrostonClassic, &[0.0, 4.0]);
    assert!((fitted.mean - 2.0).abs() < 1e-12 && (fitted.sigma - 2.0).abs() < 1e-12, "{fitted:?}");
}

#[test]
fn aggregated_forecasts_of_rows_are_those_of_each_level() {
    let values = [1.0, 0.0, 0.0, 4.0, 0.0, 0.0, 2.0, 0.0, 0.0, 3.0];
    let mut scratch = Scratch::default();
    scratch.prepare(&values, 1.0);
    assert_eq!(scratch.mean_interval(), 2);
    scratch.aggregated(1..=2, Interrupt::default()).unwrap();
    assert_eq!(scratch.forecasts.len(), 8);
    for (row, forecast) in (2..).zip(&scratch.forecasts) {
        let of_level = |steps: usize| {
            let known = row / steps;
            let sums: Vec<f64> = values.chunks_exact(steps).map(|chunk| chunk.iter().sum()).collect();
            let mut level = Level::new(best_alpha(&sums));
            sums[..known].iter().for_each(|&sum| level.update(sum));
            level.value.unwrap() / steps as f64
        };
        let expected = f64::midpoint(of_level(1), of_level(2));
        assert!((forecast - expected).abs() < 1e-12, "{row}");
    }
}

#[test]
fn series_of_any_size_and_kind_have_finite_forecasts() {
    let mut series: Vec<Vec<f64>> = (1..9).map(|rows| (0..rows).map(|row| f64::from(row % 3)).collect()).collect();
    series.extend([vec![0.0; 20], vec![-2.0; 5], vec![1e300; 20], vec![5e-324, 0.0, 5e-324], vec![7.0; 9]]);
    series.push((0..300).map(|row| if row == 299 { 1e300 } else { 0.0 }).collect());
    series.push((0..40).map(|row| if row % 2 == 0 { 1e300 } else { -1e300 }).collect());
    for values in &series {
        for spec in ALL {
            let fitted = fit(spec, values);
            fitted.check().unwrap();
            assert!(fitted.mean.is_finite() && fitted.sigma.is_finite(), "{spec:?} {values:?} {fitted:?}");
        }
    }
    for spec in ALL {
        assert_eq!(fit(spec, &[0.0; 12]).outlook(2).mean, [0.0; 2], "{spec:?}");
        let none = spec.fit(&[], Interrupt::default(), &mut Scratch::default());
        assert_eq!(none, Err(FitError::TooShort { rows: 0 }));
    }
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let past = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let ended = IntermittentSpec::Imapa.fit(&[0.0, 1.0, 0.0], past, &mut Scratch::default());
    assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
}

#[test]
fn a_file_has_the_model_and_one_without_a_deviation_is_refused() {
    let fitted = fit(IntermittentSpec::TSB, &[0.0, 2.0, 0.0, 2.0, 0.0]);
    let text = serde_json::to_string(&fitted).unwrap();
    assert!(text.starts_with(r#"{"kind":{"tsb":{"alpha_d":0.1,"alpha_p":0.1}},"mean":"#), "{text}");
    assert_eq!(serde_json::from_str::<FittedIntermittent>(&text).unwrap().outlook(4), fitted.outlook(4));
    let faulty = FittedIntermittent { sigma: -1.0, ..fitted };
    assert!(faulty.check().unwrap_err().to_string().contains("sigma is -1"));
}
