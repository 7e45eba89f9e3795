use super::{FittedLevelShape, Level, LevelShapeSpec, Scratch};
use crate::{Error, fit_error::FitError, interrupt::Interrupt};
use serde::Deserialize;
use std::time::Instant;

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_shape.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    season: usize,
    longer: Vec<usize>,
    values: Vec<f64>,
    forecast: Vec<f64>,
}

fn golden() -> Vec<Case> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn fit(values: &[f64], season: usize, longer: &[usize]) -> FittedLevelShape {
    let spec = LevelShapeSpec { longer_seasons: longer.to_vec(), ..LevelShapeSpec::default() };
    spec.fit(values, season, Interrupt::default(), &mut Scratch::default()).unwrap()
}

#[test]
fn forecasts_are_those_of_flaircast_without_its_randomness() {
    for case in golden() {
        let fitted = fit(&case.values, case.season, &case.longer);
        let mean = fitted.outlook(case.forecast.len(), [0; 32]).mean;
        let size = case.values.iter().fold(0.0_f64, |size, y| size.max(y.abs()));
        for (step, (one, other)) in mean.iter().zip(&case.forecast).enumerate() {
            assert!((one - other).abs() < 1e-6 * size, "{}, step {step}: {one}, not {other}", case.name);
        }
    }
}

#[test]
fn futures_surround_the_forecast_and_are_the_same_for_one_seed() {
    let case = &golden()[0];
    let fitted = fit(&case.values, case.season, &case.longer);
    let outlook = fitted.outlook(18, [1; 32]);
    assert_eq!(outlook, fitted.outlook(18, [1; 32]));
    assert_ne!(outlook.simulated, fitted.outlook(18, [2; 32]).simulated);
    for ((draws, mean), deviation) in outlook.simulated.iter().zip(&outlook.mean).zip(&outlook.deviation) {
        assert!(draws.len() == 200 && draws.is_sorted());
        let middle = draws.iter().sum::<f64>() / 200.0;
        assert!((middle - mean).abs() < 0.3 * deviation, "{middle} {mean} {deviation}");
        // The values' noise is 4, and levels add theirs.
        assert!(*deviation > 1.5 && *deviation < 12.0, "{deviation}");
    }
    // A shorter forecast is the beginning of a longer one.
    assert_eq!(fitted.outlook(5, [1; 32]).mean, outlook.mean[..5]);
}

#[test]
fn a_repeated_week_with_a_trend_goes_on() {
    let values: Vec<f64> = (0..140).map(|day| f64::from(10 + day % 7) * (1.0 + 0.01 * f64::from(day / 7))).collect();
    let fitted = fit(&values, 7, &[]);
    assert_eq!(fitted.shape.len(), 7);
    for (step, y) in fitted.outlook(14, [0; 32]).mean.iter().enumerate() {
        let expected = (10 + step % 7) as f64 * (1.2 + 0.01 * (step / 7) as f64);
        assert!((y / expected - 1.0).abs() < 0.01, "{step}: {y} {expected}");
    }
    assert!(fitted.scores.rmse < 0.1 && fitted.scores.mae <= fitted.scores.rmse);
}

#[test]
fn counts_have_counts_as_futures() {
    let values: Vec<f64> = (0..60).map(|day| f64::from(3 + (day * day) % 5)).collect();
    let outlook = fit(&values, 7, &[]).outlook(7, [3; 32]);
    assert!(outlook.simulated.iter().flatten().all(|y| y.fract() == 0.0 && *y >= 3.0));
}

#[test]
fn few_rows_are_continued_by_the_last_value() {
    assert_eq!(
        LevelShapeSpec::default().fit(&[], 7, Interrupt::default(), &mut Scratch::default()),
        Err(FitError::TooShort { rows: 0 })
    );
    for values in [&[4.0][..], &[1.0, 4.0], &[1.0, 1.0, 2.0, 4.0]] {
        let outlook = fit(values, 7, &[365]).outlook(2, [0; 32]);
        assert_eq!(outlook.mean, [4.0, 4.0]);
        assert!(outlook.deviation.iter().all(|d| d.is_finite()) && outlook.simulated.is_empty());
    }
    // Changes 0, 1, 2: the root of their mean square grows with the root of the steps.
    let outlook = fit(&[1.0, 1.0, 2.0, 4.0], 7, &[]).outlook(2, [0; 32]);
    assert!((outlook.deviation[1] - (2.0 * 5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
}

/// Values from −1 to 1 that look random.
fn noise(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(|k| libm::sin((k * k * 7 + 3 * k) as f64))
}

#[test]
fn awkward_histories_give_finite_forecasts_and_models_that_are_read_back() {
    let mut scratch = Scratch::default();
    for n in [5, 6, 8, 14, 20, 61, 800] {
        let flat = vec![3.0; n];
        let mut histories = vec![flat.clone(), vec![0.0; n], vec![-7.5; n], noise(n).collect::<Vec<_>>()];
        for scale in [1e-300, 1e-200, 1e-12, 1e12, 1e200, 1e300] {
            histories.push(noise(n).map(|y| y * scale).collect());
            histories.push(noise(n).map(|y| (3.0 + y) * scale).collect());
        }
        for outlier in [1e6, -1e6, 1e15] {
            let mut values = flat.clone();
            values[n / 2] = outlier;
            histories.push(values);
            histories.push(noise(n).enumerate().map(|(k, y)| if k == n - 1 { outlier } else { y }).collect());
        }
        histories.push(noise(n).map(|y| if y > 0.8 { 1.0 } else { 0.0 }).collect());
        histories.push((0..n).map(|k| libm::exp(k as f64 / 20.0)).collect());
        histories.push((0..n).map(|k| k as f64).collect());
        histories.push((0..n).map(|k| 1e9 + k as f64 * 1e-3).collect());
        for values in histories {
            for (season, longer) in [(1, vec![]), (2, vec![]), (7, vec![365]), (12, vec![]), (24, vec![168])] {
                let spec = LevelShapeSpec { longer_seasons: longer, samples: 20 };
                let fitted = spec.fit(&values, season, Interrupt::default(), &mut scratch).unwrap();
                let outlook = fitted.outlook(30, [5; 32]);
                let numbers = outlook.mean.iter().chain(&outlook.deviation).chain(outlook.simulated.iter().flatten());
                let scores = [fitted.scores.mae, fitted.scores.rmse];
                assert!(numbers.chain(&scores).all(|y| y.is_finite()), "{season} {values:?} {fitted:?}");
                assert!(outlook.deviation.iter().all(|d| *d >= 0.0));
                fitted.check().unwrap();
                let read: FittedLevelShape = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
                read.check().unwrap();
                assert_eq!(read.outlook(30, [5; 32]), outlook);
            }
        }
    }
}

#[test]
fn very_small_and_very_large_values_are_forecast_as_usual_ones() {
    let case = &golden()[0];
    // Beyond the usual magnitudes, scales of a power of two are one and the same.
    let scaled = |scale: f64| {
        let values: Vec<f64> = case.values.iter().map(|y| y * scale).collect();
        fit(&values, 12, &[]).outlook(12, [0; 32]).mean.iter().map(|y| y / scale).collect::<Vec<_>>()
    };
    assert_eq!(scaled(libm::ldexp(1.0, -700)), scaled(libm::ldexp(1.0, 900)));
    for (one, other) in scaled(libm::ldexp(1.0, 900)).iter().zip(&case.forecast) {
        assert!((one / other - 1.0).abs() < 0.02, "{one} {other}");
    }
}

#[test]
fn a_file_whose_parts_do_not_fit_is_refused() {
    let case = &golden()[0];
    let fitted = fit(&case.values, case.season, &[]);
    let level = || fitted.level.clone().unwrap();
    let with = |level: Level| FittedLevelShape { level: Some(level), ..fitted.clone() };
    for invalid in [
        FittedLevelShape { shape: vec![], ..fitted.clone() },
        FittedLevelShape { shape_errors: vec![0.0; 13], ..fitted.clone() },
        FittedLevelShape { ceilings: vec![], ..fitted.clone() },
        FittedLevelShape { floor: f64::NAN, ..fitted.clone() },
        FittedLevelShape { samples: usize::MAX, ..fitted.clone() },
        with(Level { past: vec![], ..level() }),
        with(Level { errors: vec![], ..level() }),
        with(Level { coefficients: vec![1.0; 5], ..level() }),
        with(Level { leverage: vec![1.0; 2], ..level() }),
        with(Level { power: 2.0, ..level() }),
        with(Level { damping: 1.0, ..level() }),
        with(Level { last: f64::INFINITY, ..level() }),
    ] {
        assert!(matches!(invalid.check(), Err(Error::Data(_))), "{invalid:?}");
    }
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let over = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let values: Vec<f64> = noise(100).collect();
    let ended = LevelShapeSpec::default().fit(&values, 7, over, &mut Scratch::default());
    assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
}
