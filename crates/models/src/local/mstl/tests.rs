use super::{FittedMstl, MstlSpec, Scratch};
use crate::{
    Error,
    fit_error::FitError,
    interrupt::Interrupt,
    local::{
        naive::{FittedNaive, NaiveSpec},
        outlook::Outlook,
    },
};
use serde::Deserialize;
use std::time::Instant;

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_mstl.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    seasons: Vec<usize>,
    robust: bool,
    values: Vec<f64>,
    rows: Vec<usize>,
    seasonal: Vec<Vec<f64>>,
    adjusted: Vec<f64>,
}

fn golden() -> Vec<Case> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn decompose(spec: &MstlSpec, values: &[f64], season: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut scratch = Scratch::default();
    let seasons = spec.seasons(values.len(), season);
    spec.decompose(values, &seasons, Interrupt::default(), &mut scratch).unwrap();
    (scratch.seasonal, scratch.adjusted)
}

#[test]
fn decompositions_are_those_of_statsforecast() {
    for case in golden() {
        let spec = MstlSpec { longer_seasons: case.seasons[1..].to_vec(), robust: case.robust };
        let (seasonal, adjusted) = decompose(&spec, &case.values, case.seasons[0]);
        assert_eq!(seasonal.len(), case.seasonal.len(), "{}", case.name);
        for (ours, theirs) in seasonal.iter().chain([&adjusted]).zip(case.seasonal.iter().chain([&case.adjusted])) {
            for (row, expected) in case.rows.iter().zip(theirs) {
                assert!((ours[*row] - expected).abs() < 1e-9, "{}, {row}: {} {expected}", case.name, ours[*row]);
            }
        }
    }
}

#[test]
fn forecasts_are_those_of_the_other_model_and_the_last_seasons() {
    let values: Vec<f64> = (0..60).map(|day| f64::from(day) + f64::from(day % 7)).collect();
    let spec = MstlSpec::default();
    let fit = |values: &[f64]| NaiveSpec::Drift.fit(values, 1);
    let fitted = spec.fit(&values, 7, Interrupt::default(), &mut Scratch::default(), fit).unwrap();
    let outlook = fitted.outlook(9, |walk| walk.outlook(9));
    for (step, y) in outlook.mean.iter().enumerate() {
        let day = 60 + step;
        assert!((y - (day + day % 7) as f64).abs() < 0.2, "{step}: {y}");
    }
    assert_eq!(outlook.deviation, fitted.adjusted.outlook(9).deviation);
    fitted.check().unwrap();
    let json = serde_json::to_string(&fitted).unwrap();
    let read: FittedMstl<FittedNaive> = serde_json::from_str(&json).unwrap();
    assert_eq!(read.outlook(9, |walk| walk.outlook(9)), outlook);
}

#[test]
fn simulated_values_have_the_seasons_too() {
    let fitted = FittedMstl { seasons: vec![vec![1.0, -1.0], vec![10.0, 20.0, 30.0]], adjusted: () };
    let draws = Outlook { mean: vec![0.0; 3], deviation: vec![1.0; 3], simulated: vec![vec![0.0, 0.5]; 3] };
    let outlook = fitted.outlook(3, |()| draws);
    assert_eq!(outlook.mean, [11.0, 19.0, 31.0]);
    assert_eq!(outlook.simulated, [[11.0, 11.5], [19.0, 19.5], [31.0, 31.5]]);
}

#[test]
fn seasons_that_are_not_there_more_than_twice_are_left_in() {
    let spec = MstlSpec { longer_seasons: vec![365, 7, 1, 0], robust: false };
    assert_eq!(spec.seasons(731, 7), [7, 365]);
    assert_eq!(spec.seasons(730, 7), [7]);
    assert!(spec.seasons(14, 7).is_empty());
    let values = [1.0, 2.0, 3.0];
    let (seasonal, adjusted) = decompose(&spec, &values, 7);
    assert!(seasonal.is_empty());
    assert_eq!(adjusted, values);
    let fitted = spec.fit(&[], 7, Interrupt::default(), &mut Scratch::default(), |rest| Ok(rest.len()));
    assert_eq!(fitted.unwrap().adjusted, 0);
}

#[test]
fn buffers_of_an_earlier_fit_change_nothing() {
    let cases = golden();
    let mut scratch = Scratch::default();
    for case in cases.iter().chain(cases.iter().rev()) {
        let spec = MstlSpec { longer_seasons: case.seasons[1..].to_vec(), robust: case.robust };
        let seasons = spec.seasons(case.values.len(), case.seasons[0]);
        spec.decompose(&case.values, &seasons, Interrupt::default(), &mut scratch).unwrap();
        let (seasonal, adjusted) = decompose(&spec, &case.values, case.seasons[0]);
        assert_eq!((&scratch.seasonal, &scratch.adjusted), (&seasonal, &adjusted), "{}", case.name);
    }
}

#[test]
fn awkward_histories_have_finite_parts() {
    for robust in [false, true] {
        let spec = MstlSpec { longer_seasons: vec![21], robust };
        for n in [1, 2, 5, 15, 16, 43, 120] {
            let noise = |scale: f64| (0..n).map(|k| scale * libm::sin((k * k * 7) as f64)).collect::<Vec<_>>();
            let mut outlier = vec![2.0; n];
            outlier[n / 2] = 1e12;
            for values in [vec![0.0; n], vec![4.0; n], outlier, noise(1e-200), noise(1e200), noise(1e300)] {
                let (seasonal, adjusted) = decompose(&spec, &values, 7);
                for row in 0..n {
                    let sum = adjusted[row] + seasonal.iter().map(|part| part[row]).sum::<f64>();
                    let size = values.iter().fold(f64::MIN_POSITIVE, |size, y| size.max(y.abs()));
                    assert!((sum - values[row]).abs() <= 1e-12 * size, "{robust} {n} {row} {sum} {}", values[row]);
                }
            }
        }
    }
}

#[test]
fn a_file_without_a_whole_season_is_refused() {
    for seasons in [vec![vec![]], vec![vec![1.0, f64::NAN]]] {
        assert!(matches!(FittedMstl { seasons, adjusted: () }.check(), Err(Error::Data(_))));
    }
}

#[test]
fn a_decomposition_ends_at_its_deadline() {
    let over = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let values: Vec<f64> = (0..100).map(|k| f64::from(k % 7)).collect();
    let ended = MstlSpec::default().fit(&values, 7, over, &mut Scratch::default(), |_| Ok(()));
    assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
}
