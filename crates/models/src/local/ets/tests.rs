//! Against statsforecast and R: `tests/golden/make_local_ets.py` and `make_local_ets_outlook.R` wrote what they found.

use super::{
    EtsModel, EtsSpec, FittedEts, Form, Seasonality, Trend, Workspace,
    admissible::{Smoothing, admissible},
    judge::sums_of_squares,
    recursion::{BETA, Buffers, GAMMA, PHI, Recursion, SLOPE},
};
use crate::{
    fit_error::FitError,
    interrupt::{Interrupt, Interruption},
    local::least_squares::SumOfSquares,
};
use serde::Deserialize;
use std::time::Instant;

#[derive(Deserialize)]
struct Golden<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Criteria {
    season: usize,
    values: Vec<f64>,
    aicc: std::collections::BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Outlooks {
    fitted: FittedEts,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

fn criteria() -> Vec<Criteria> {
    let text = include_str!("../../../../../tests/golden/local_ets.json");
    serde_json::from_str::<Golden<Criteria>>(text).unwrap().cases
}

fn fit_as(model: &str, values: &[f64], season: usize) -> FittedEts {
    let damped = if model.contains('d') { Some(true) } else { Some(false) };
    let damped = if model.contains("ZZ") || model == "reduced" { None } else { damped };
    let spec = EtsSpec { model: model.parse().unwrap(), damped };
    spec.fit(values, season, Interrupt::default(), &mut Workspace::default()).unwrap()
}

#[test]
fn no_form_has_a_worse_criterion_than_statsforecasts() {
    for (case, Criteria { season, values, aicc }) in criteria().into_iter().enumerate() {
        for (form, theirs) in &aicc {
            let ours = fit_as(form, &values, season);
            assert_eq!(ours.form.to_string(), *form, "series {case}");
            let worse = ours.aicc.unwrap() - theirs;
            assert!(worse <= 1e-6 * theirs.abs(), "series {case}, {form}: {worse} above {theirs}");
        }
        let least = aicc.values().copied().fold(f64::INFINITY, f64::min);
        let chosen = fit_as("ZZZ", &values, season);
        assert!(chosen.aicc.unwrap() <= least + 1e-6 * least.abs(), "series {case}: {chosen:?}, {least}");
        assert!(chosen.aicc.unwrap() <= fit_as("reduced", &values, season).aicc.unwrap() + 1e-6);
    }
}

#[test]
fn the_frequency_of_a_swing_is_found() {
    // A small α lets the states swing with the frequency √β; statsforecast finds β = 0.01185, of which coarser grids miss the basin.
    let values: Vec<f64> = (0..400_u32)
        .map(|t| {
            let noise = f64::from((t * 7919) % 101) / 101.0 + f64::from((t * 104_729) % 89) / 89.0 - 1.0;
            100.0 + 5.0 * libm::sin(std::f64::consts::TAU * f64::from(t) / 97.0) + 30.0 * noise
        })
        .collect();
    let fitted = fit_as("AAN", &values, 1);
    assert!(fitted.aicc.unwrap() <= 4434.10822, "{fitted:?}");
}

#[test]
fn point_forecasts_and_deviations_are_those_of_r() {
    let text = include_str!("../../../../../tests/golden/local_ets_outlook.json");
    let cases = serde_json::from_str::<Golden<Outlooks>>(text).unwrap().cases;
    assert_eq!(cases.len(), 15);
    for Outlooks { fitted, mean, deviation } in cases {
        let ours = fitted.outlook(mean.len());
        // R's mean of the forms whose season multiplies is that of the distribution, which is not quite the point forecast.
        // Without a trend, R lets an additive season's error return one step before the season does; its damped trend goes into the
        // variance of a multiplicative season undamped in the step itself.
        let late = fitted.form.season == Seasonality::Multiplicative && fitted.form.trend == Trend::Damped;
        let tolerance = match (late, fitted.form.season) {
            (true, _) => 1e-2,
            (false, Seasonality::Multiplicative) => 1e-3,
            _ => 1e-9,
        };
        let early = fitted.form.trend == Trend::None && fitted.form.season == Seasonality::Additive;
        for step in 0..mean.len() {
            let (a, b) = (ours.mean[step], mean[step]);
            assert!((a / b - 1.0).abs() < tolerance, "{} step {step}: {a} and {b}", fitted.form);
            let (a, b) = (ours.deviation[step], deviation[step]);
            assert!(
                (early && step >= 3) || (a / b - 1.0).abs() < if late { 1e-2 } else { 1e-9 },
                "{} step {step}: {a} and {b}",
                fitted.form
            );
        }
        assert!(ours.simulated.is_empty());
    }
}

#[test]
fn derivatives_are_those_of_the_sum() {
    let values: Vec<f64> = (0..30).map(|t| 1.0 + 0.3 * f64::from(t % 4) + 0.02 * f64::from((t * 7) % 11)).collect();
    for form in Form::all() {
        let period = if form.season == Seasonality::None { 1 } else { 4 };
        let season = if form.season == Seasonality::Multiplicative { [0.8, 1.0, 1.1] } else { [-0.3, -0.1, 0.1] };
        let mut x = vec![0.3, 0.04, 0.2, 0.9, 1.4, 0.02];
        x.extend_from_slice(&season[..period - 1]);
        let buffers = &mut Buffers::default();
        let mut recursion = Recursion { form, period, values: &values, buffers };
        let n = x.len();
        let (mut matrix, mut gradient) = (vec![0.0; n * n], vec![0.0; n]);
        let sum = recursion.normal(&x, &mut matrix, &mut gradient);
        assert!((sum / recursion.value(&x) - 1.0).abs() < 1e-13, "{form}");
        for i in 0..n {
            let absent = match i {
                BETA | SLOPE => form.trend == Trend::None,
                PHI => form.trend != Trend::Damped,
                GAMMA => form.season == Seasonality::None,
                _ => false,
            };
            if absent {
                assert_eq!(gradient[i], 0.0, "{form} {i}");
                continue;
            }
            let mut at = |change: f64| {
                let mut moved = x.clone();
                moved[i] += change;
                recursion.value(&moved)
            };
            let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
            let analytic = 2.0 * gradient[i];
            assert!((numeric - analytic).abs() < 1e-7 * (1.0 + analytic.abs()), "{form} {i}: {numeric} {analytic}");
            for j in 0..n {
                assert_eq!(matrix[i * n + j].to_bits(), matrix[j * n + i].to_bits());
            }
        }
    }
}

#[test]
fn points_judged_at_a_time_have_the_sums_of_one() {
    let values: Vec<f64> = (0..30).map(|t| 1.0 + 0.3 * f64::from(t % 4) + 0.02 * f64::from((t * 7) % 11)).collect();
    for form in Form::all() {
        let period = if form.season == Seasonality::None { 1 } else { 4 };
        let season = if form.season == Seasonality::Multiplicative { [0.8, 1.0, 1.1] } else { [-0.3, -0.1, 0.1] };
        // The last one forecasts what is not positive, which relative errors are not defined for.
        let points = [(0.1, 1.4), (0.3, 1.3), (0.6, 1.5), (0.01, -3.0)].map(|(alpha, level)| {
            let mut x = vec![alpha, 0.004, 0.2, 0.9, level, 0.02];
            x.extend_from_slice(&season[..period - 1]);
            x
        });
        let sums = sums_of_squares(form, period, &values, &points, &mut Vec::new());
        let buffers = &mut Buffers::default();
        let mut recursion = Recursion { form, period, values: &values, buffers };
        for (x, sum) in points.iter().zip(sums) {
            let alone = recursion.value(x);
            assert!(sum == alone || (sum / alone - 1.0).abs() < 1e-12, "{form}: {sum} and {alone}");
        }
        assert_eq!(sums[3].is_infinite(), form.relative, "{form}");
    }
}

#[test]
fn parameters_are_admissible_where_rs_ets_finds_them_so() {
    let form = Form { relative: false, trend: Trend::Damped, season: Seasonality::Additive };
    let cases = [
        (0.793, 0.433, 0.041, 0.859, 12, false),
        (0.3, 0.05, 0.2, 0.9, 12, true),
        (0.893, 0.61, 0.01, 1.0, 7, false),
        (0.9, 0.0501, 0.5, 1.0, 4, true),
        (0.5, 0.01, 0.49, 1.0, 12, true),
        (0.9999, 0.0168, 0.98, 0.98, 12, false),
        (0.5, 0.2001, 0.4, 0.95, 24, false),
        (0.9, 0.0084, 0.05, 0.98, 24, true),
        (0.9999, 0.05, 0.95, 1.0, 4, false),
    ];
    for (alpha, beta, gamma, phi, period, expected) in cases {
        let smoothing = Smoothing { alpha, beta, gamma, phi };
        assert_eq!(admissible(smoothing, form, period), expected, "{smoothing:?} {period}");
    }
}

#[test]
fn names_are_those_of_rs_ets_and_others_are_refused() {
    for name in ["reduced", "ZZZ", "ANN", "MAM", "AAdA", "ZZN", "MZM", "ZAdZ"] {
        assert_eq!(name.parse::<EtsModel>().unwrap().to_string(), name);
    }
    for (name, words) in [
        ("", "unknown ETS model \"\""),
        ("AN", "unknown ETS model"),
        ("AÄN", "unknown ETS model"),
        ("ANNN", "unknown ETS model"),
        ("zzz", "unknown ETS model"),
        ("MMM", "multiplicative trend"),
        ("AAdM", "use M as its first letter"),
    ] {
        let complaint = name.parse::<EtsModel>().unwrap_err().to_string();
        assert!(complaint.contains(words), "{complaint}");
    }
    let forms = |model: &str, damped| {
        let forms = model.parse::<EtsModel>().unwrap().forms(damped).map(|form| form.to_string());
        forms.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(forms("reduced", None), "ANN AAdN ANA AAdA MNN MAdN MNM MAdM");
    assert_eq!(forms("ZZZ", None).split(' ').count(), 15);
    assert_eq!(forms("MAM", None), "MAdM MAM");
    assert_eq!(forms("MAM", Some(true)), "MAdM");
    assert_eq!(forms("ZZN", Some(false)), "ANN AAN MNN MAN");
    let spec: EtsSpec = serde_json::from_str(r#"{"model":"MAM","damped":true}"#).unwrap();
    assert_eq!(serde_json::to_string(&spec).unwrap(), r#"{"model":"MAM","damped":true}"#);
}

#[test]
fn what_a_series_does_not_allow_is_left_out() {
    let wave: Vec<f64> = (0..40).map(|t| f64::from(t % 4) - 1.5 + 0.1 * f64::from((t * 7) % 5)).collect();
    assert_eq!(fit_as("MAM", &wave, 4).form.to_string(), "AAA");
    assert_eq!(fit_as("ANA", &wave, 1).form.to_string(), "ANN");
    assert_eq!(fit_as("ANA", &wave, 25).form.to_string(), "ANN");
    assert_eq!(fit_as("ANA", &wave[..9], 12).form.to_string(), "ANN");
    // Seventeen parameters of fifteen values: no season; five of seven: no trend.
    assert_eq!(fit_as("AAdA", &wave[..15], 12).form.to_string(), "AAdN");
    assert_eq!(fit_as("AAdN", &wave[..7], 1).form.to_string(), "ANN");
}

#[test]
fn up_to_six_values_take_rs_methods() {
    // Sums of squares of R's fits, which end early now and then. Its bounds are 0 and 1.
    for (rows, theirs) in [(3, 4.0), (4, 11.61333), (5, 14.79143), (6, 19.47554)] {
        let fitted = fit_as("ZZZ", &[5.0, 7.0, 6.0, 9.0, 12.0, 11.0][..rows], 12);
        assert!(fitted.aicc.is_none());
        let squares = fitted.sigma * fitted.sigma * rows as f64;
        assert!(squares < theirs * (1.0 + 1e-4), "{rows}: {squares} and {theirs}");
    }
    let two = fit_as("reduced", &[5.0, 7.0], 1);
    assert_eq!((two.form.to_string().as_str(), two.outlook(2).mean.len()), ("ANN", 2));
    let one = fit_as("reduced", &[5.0], 1);
    assert_eq!((one.outlook(2).mean, one.outlook(2).deviation), (vec![5.0; 2], vec![0.0; 2]));
    let none = EtsSpec::default().fit(&[], 1, Interrupt::default(), &mut Workspace::default());
    assert_eq!(none, Err(FitError::TooShort { rows: 0 }));
}

type Kind = (&'static str, fn(i32, f64) -> f64);

#[test]
fn values_of_any_size_and_kind_have_finite_forecasts() {
    let noise = |t: i32| f64::from((t * 7919) % 101) / 101.0;
    let kinds: [Kind; 8] = [
        ("zeros", |_, _| 0.0),
        ("one that is not zero", |t, _| f64::from(u8::from(t == 20))),
        ("an outlier", |t, u| if t == 30 { 1e9 } else { 1.0 + u }),
        ("a line", |t, _| f64::from(t)),
        ("exact seasons", |t, _| f64::from(t % 4 + 1)),
        ("fast growth", |t, u| (1.0 + 0.1 * u) * 1.5_f64.powi(t)),
        ("counts", |t, _| f64::from((t * 31) % 3)),
        ("a high level", |_, u| 1e9 + u),
    ];
    for (name, kind) in kinds {
        for unit in [1e-200, 1.0, 1e200] {
            for rows in [8, 13, 48] {
                let values: Vec<f64> = (0..rows).map(|t| unit * kind(t, noise(t))).collect();
                let fitted = fit_as("ZZZ", &values, 4);
                let outlook = fitted.outlook(12);
                let all =
                    outlook.mean.iter().chain(&outlook.deviation).chain([&fitted.scores.mae, &fitted.scores.rmse]);
                assert!(all.into_iter().all(|x| x.is_finite()), "{name}, {unit}, {rows}: {fitted:?} {outlook:?}");
                fitted.check().unwrap();
            }
        }
    }
}

#[test]
fn powers_of_two_change_nothing_but_the_scale() {
    let values = &criteria()[2].values;
    let (fitted, unit) = (fit_as("ZZZ", values, 12), 2.0_f64.powi(60));
    let large = fit_as("ZZZ", &values.iter().map(|y| y * unit).collect::<Vec<_>>(), 12);
    assert_eq!(large.form, fitted.form);
    assert_eq!(large.outlook(5).mean, fitted.outlook(5).mean.iter().map(|y| y * unit).collect::<Vec<_>>());
    assert_eq!(large.scores.rmse, fitted.scores.rmse * unit);
}

#[test]
fn a_file_has_the_whole_fit_and_buffers_leave_no_trace() {
    let mut workspace = Workspace::default();
    for Criteria { season, values, .. } in criteria() {
        let fitted = EtsSpec::default().fit(&values, season, Interrupt::default(), &mut workspace).unwrap();
        assert_eq!(fitted, fit_as("ZZZ", &values, season));
        let text = serde_json::to_string(&FittedEts { seasons: Vec::new(), ..fitted.clone() }).unwrap();
        assert!(text.len() < 300, "{text}");
        let read: FittedEts = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
        read.check().unwrap();
        assert_eq!(read.outlook(7), fitted.outlook(7));
    }
    let fitted = fit_as("ANN", &[1.0, 2.0, 1.5], 1);
    let seasons = FittedEts { seasons: vec![1.0], ..fitted.clone() };
    for (faulty, words) in [
        (seasons, "form is ANN, which does not agree with 1 values of seasons"),
        (FittedEts { alpha: 1.5, ..fitted.clone() }, "alpha is 1.5: it is from 0 to 1"),
        (FittedEts { sigma: -1.0, ..fitted }, "sigma is -1"),
    ] {
        let complaint = faulty.check().unwrap_err().to_string();
        assert!(complaint.contains(words), "{complaint}");
    }
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let values = &criteria()[2].values;
    let interrupt = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    let ended = EtsSpec::default().fit(values, 12, interrupt, &mut Workspace::default());
    assert_eq!(ended, Err(FitError::Interrupted(Interruption::OutOfTime)));
}
