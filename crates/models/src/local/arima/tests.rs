use super::{
    ArimaSpec, FittedArima, Order, Workspace,
    fit::{self, Effort, Estimate},
    likelihood::{Arma, Filter},
    polynomial::to_partials,
};
use crate::{
    fit_error::FitError,
    interrupt::Interrupt,
    local::testing::{noise, walk},
};
use serde::Deserialize;
use std::time::Instant;

const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/local_arima.json"));

#[derive(Deserialize)]
struct Case {
    name: String,
    season: usize,
    values: Vec<f64>,
    differences: [usize; 2],
    models: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    order: [usize; 3],
    seasonal_order: [usize; 3],
    coefficients: Vec<f64>,
    mean: f64,
    log_likelihood: f64,
    forecasts: Vec<f64>,
    errors: Vec<f64>,
}

fn golden() -> Vec<Case> {
    serde_json::from_str(GOLDEN).unwrap()
}

fn given(order: [usize; 3], seasonal_order: [usize; 3]) -> ArimaSpec {
    ArimaSpec { order: Some(order), seasonal_order: Some(seasonal_order) }
}

fn fit(spec: ArimaSpec, values: &[f64], season: usize) -> FittedArima {
    spec.fit(values, season, Interrupt::default(), &mut Workspace::default()).unwrap()
}

/// The fit at the golden coefficients; none where they are not stable and invertible.
fn at(case: &Case, golden: &Golden) -> Option<FittedArima> {
    let order = given(golden.order, golden.seasonal_order).given(case.season)?;
    let mut rest = &golden.coefficients[..];
    let mut take = |count: usize, sign: f64| {
        let (part, others) = rest.split_at(count);
        rest = others;
        let part: Vec<f64> = part.iter().map(|coefficient| sign * coefficient).collect();
        to_partials(&part).map(|partials| partials[..count].to_vec())
    };
    // Theirs are φ, θ, Φ and Θ.
    let (phi, theta) = (take(order.p, 1.0)?, take(order.q, -1.0)?);
    let (seasonal_phi, seasonal_theta) = (take(order.seasonal_p, 1.0)?, take(order.seasonal_q, -1.0)?);
    let mut variables = [phi, seasonal_phi, theta, seasonal_theta].concat();
    if order.constant {
        variables.push(golden.mean);
    }
    let mut workspace = Workspace::default();
    workspace.fit.values.clone_from(&case.values);
    workspace.differentiate(&order);
    let mut estimate = Estimate { order, variables, sum: 1.0 };
    estimate.sum = workspace.fit.sum(&estimate, Interrupt::default());
    Some(FittedArima::new(&estimate, &mut workspace.fit, Interrupt::default()).unwrap())
}

#[test]
fn likelihoods_and_forecasts_at_given_coefficients_are_those_of_statsforecast() {
    let mut compared = 0;
    for case in golden() {
        for golden in &case.models {
            let Some(fitted) = at(&case, golden) else { continue };
            let name = format!("{} {:?} {:?}", case.name, golden.order, golden.seasonal_order);
            let (ours, theirs) = (fitted.log_likelihood, golden.log_likelihood);
            // Theirs has a wide distribution of the values before the first one, not none.
            assert!((ours / theirs - 1.0).abs() < 5e-6, "{name} {ours} {theirs}");
            let outlook = fitted.outlook(golden.forecasts.len());
            for (step, (ours, theirs)) in outlook.mean.iter().zip(&golden.forecasts).enumerate() {
                assert!((ours - theirs).abs() < 1e-4 * fitted.sigma * (step as f64 + 1.0), "{name} {ours} {theirs}");
            }
            // Nearly non-invertible models still learn of their first errors.
            for (ours, theirs) in outlook.deviation.iter().zip(&golden.errors) {
                let ratio = ours / fitted.sigma / theirs;
                assert!((ratio - 1.0).abs() < 0.05, "{name} {ratio}");
            }
            compared += 1;
        }
    }
    assert!(compared > 25, "{compared}");
}

#[test]
fn likelihoods_are_not_below_those_of_statsforecast() {
    for case in golden() {
        for golden in &case.models {
            let fitted = fit(given(golden.order, golden.seasonal_order), &case.values, case.season);
            let (ours, theirs) = (fitted.log_likelihood, golden.log_likelihood);
            let name = format!("{} {:?} {:?}", case.name, golden.order, golden.seasonal_order);
            assert!(ours > theirs - 5e-6 * theirs.abs(), "{name} {ours} {theirs}");
        }
    }
}

#[test]
fn series_are_differenced_as_often_as_by_statsforecast() {
    for case in golden() {
        let order = fit(ArimaSpec::default(), &case.values, case.season).order;
        assert_eq!([order.d, order.seasonal_d], case.differences, "{}", case.name);
    }
}

/// The logarithm of the density of normal values with these autocovariances, by Cholesky's factor.
fn log_density(values: &[f64], covariance: impl Fn(usize) -> f64) -> f64 {
    let n = values.len();
    let mut factor = vec![vec![0.0; n]; n];
    let mut scaled: Vec<f64> = Vec::new();
    let mut total = -0.5 * n as f64 * std::f64::consts::TAU.ln();
    for i in 0..n {
        for j in 0..=i {
            let product: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = covariance(i - j) - product;
            factor[i][j] = if i == j { rest.sqrt() } else { rest / factor[j][j] };
        }
        let known: f64 = scaled.iter().zip(&factor[i]).map(|(z, l)| z * l).sum();
        scaled.push((values[i] - known) / factor[i][i]);
        total -= factor[i][i].ln() + 0.5 * scaled[i] * scaled[i];
    }
    total
}

#[test]
fn the_filter_has_the_density_of_the_values() {
    let values = noise(3, 40);
    let models = [
        Arma { phi: vec![0.5, -0.3], theta: vec![0.4, 0.2, 0.1], mean: 0.3 },
        Arma { phi: vec![0.95], theta: vec![-0.9], mean: 0.0 },
        Arma { phi: vec![], theta: vec![0.7, 0.0, 0.0, 0.5, 0.35], mean: -0.2 },
        Arma { phi: vec![0.3, 0.0, 0.0, 0.6, -0.18], theta: vec![], mean: 0.0 },
    ];
    let mut several = Filter::<4>::default();
    several.filter(&values, &models, Interrupt::default()).unwrap();
    for (lane, arma) in models.iter().enumerate() {
        // Autocovariances from a long series of ψ.
        let mut psi: Vec<f64> = Vec::new();
        for lag in 0..2_000 {
            let own = if lag == 0 { 1.0 } else { arma.theta.get(lag - 1).copied().unwrap_or(0.0) };
            psi.push(own + arma.phi.iter().zip(psi.iter().rev()).map(|(phi, psi)| phi * psi).sum::<f64>());
        }
        let covariance = |lag: usize| psi.iter().zip(&psi[lag..]).map(|(a, b)| a * b).sum::<f64>();
        let centred: Vec<f64> = values.iter().map(|w| w - arma.mean).collect();
        let expected = log_density(&centred, covariance);
        let squares: f64 = several.residuals.iter().map(|residuals| residuals[lane] * residuals[lane]).sum();
        let found = -0.5 * (40.0 * std::f64::consts::TAU.ln() + several.logs[lane] + squares);
        assert!((found - expected).abs() < 1e-9, "{lane}: {found} {expected}");
        let mut single = Filter::<1>::default();
        single.filter(&values, &models[lane..=lane], Interrupt::default()).unwrap();
        assert!((single.logs[0] - several.logs[lane]).abs() < 1e-12);
    }
}

#[test]
fn no_coefficients_of_a_fine_grid_are_likelier() {
    for seed in 0..8 {
        let values = if seed < 4 { walk(seed, 50) } else { noise(seed, 35) };
        let fitted = fit(given([1, 0, 1], [0; 3]), &values, 1);
        let mut workspace = Workspace::default();
        workspace.fit.values.clone_from(&values);
        workspace.differentiate(&fitted.order);
        let best = fit::sum_of(fitted.log_likelihood, values.len());
        for phi in -19..20 {
            for theta in -19..20 {
                let variables = vec![f64::from(phi) * 0.05, f64::from(theta) * 0.05, fitted.mean];
                let estimate = Estimate { order: fitted.order, variables, sum: 1.0 };
                let sum = workspace.fit.sum(&estimate, Interrupt::default());
                assert!(best <= sum * (1.0 + 1e-9), "{seed} {phi} {theta} {fitted:?}");
            }
        }
    }
}

#[test]
fn the_model_of_a_process_is_found() {
    let errors = noise(11, 400);
    let mut values = vec![0.0; 400];
    for t in 1..400 {
        values[t] = 0.8 * values[t - 1] + errors[t];
    }
    let fitted = fit(given([1, 0, 0], [0; 3]), &values, 1);
    assert!((fitted.ar[0] - 0.8).abs() < 0.08, "{fitted:?}");
    let automatic = fit(ArimaSpec::default(), &values, 1);
    assert!(automatic.order.d == 0 && automatic.aicc.unwrap() <= fitted.aicc.unwrap() + 1e-6, "{automatic:?}");
    let drifting: Vec<f64> = walk(12, 120).iter().zip(0_u8..).map(|(y, t)| y + f64::from(t)).collect();
    let fitted = fit(ArimaSpec::default(), &drifting, 1);
    assert!(fitted.order.d == 1 && fitted.order.constant && (fitted.mean - 1.0).abs() < 0.3, "{fitted:?}");
}

#[test]
fn variances_are_those_of_simulated_futures() {
    let months = |t: usize| [5.0, -3.0, 1.0, -3.0][t % 4];
    let values: Vec<f64> = walk(3, 60).iter().enumerate().map(|(t, y)| 30.0 + y + months(t)).collect();
    let fitted = fit(given([1, 1, 1], [0, 1, 1]), &values, 4);
    let outlook = fitted.outlook(10);
    // By the definition: all polynomials multiplied.
    let multiply = |a: &[f64], b: &[f64]| {
        let mut product = vec![0.0; a.len() + b.len() - 1];
        for (i, a) in a.iter().enumerate() {
            for (j, b) in b.iter().enumerate() {
                product[i + j] += a * b;
            }
        }
        product
    };
    let left = multiply(&multiply(&[1.0, -fitted.ar[0]], &[1.0, -1.0]), &[1.0, 0.0, 0.0, 0.0, -1.0]);
    let right = multiply(&[1.0, fitted.ma[0]], &[1.0, 0.0, 0.0, 0.0, fitted.seasonal_ma[0]]);
    let mut weights: Vec<f64> = Vec::new();
    let mut total = 0.0;
    for (step, deviation) in outlook.deviation.iter().enumerate() {
        let own = right.get(step).copied().unwrap_or(0.0);
        let past: f64 = left[1..].iter().zip(weights.iter().rev()).map(|(c, w)| c * w).sum();
        weights.push(own - past);
        total += weights[step] * weights[step];
        assert!((deviation / (fitted.sigma * total.sqrt()) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn series_of_any_size_and_kind_have_finite_forecasts() {
    let mut series: Vec<Vec<f64>> = (1..16).map(|rows| walk(9, rows)).collect();
    series.extend([vec![0.0; 30], vec![7.5; 30], vec![1e300; 30], vec![5e-324; 30]]);
    for unit in [1e-300, 1e-200, 1e200, 1e300] {
        let largest = walk(4, 40).iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        series.push(walk(4, 40).iter().map(|y| unit * (y / largest)).collect());
        series.push((0..40).map(|row| if row == 20 { unit } else { 1.0 }).collect());
    }
    series.push((0..40).map(|row| if row % 2 == 0 { 1e300 } else { -1e300 }).collect());
    series.push((0..40).map(f64::from).collect());
    series.push((0..40).map(|row| f64::from(row * row)).collect());
    series.push((0..40).map(|row| f64::from(row % 4)).collect());
    series.push((0..40).map(|row| 1.5_f64.powi(row)).collect());
    series.push((0..40).map(|row| f64::from((row * 31) % 3)).collect());
    for values in &series {
        for spec in [ArimaSpec::default(), given([1, 0, 1], [0; 3]), given([0, 2, 2], [0, 1, 1])] {
            let fitted = match spec.fit(values, 4, Interrupt::default(), &mut Workspace::default()) {
                Ok(fitted) => fitted,
                Err(FitError::TooFewSteps { .. }) if spec.order.is_some() => continue,
                Err(error) => panic!("{error} {spec:?} {values:?}"),
            };
            fitted.check().unwrap();
            let outlook = fitted.outlook(500);
            let numbers =
                outlook.mean.iter().chain(&outlook.deviation).chain([&fitted.scores.mae, &fitted.scores.rmse]);
            assert!(numbers.clone().all(|number| number.is_finite()), "{fitted:?} of {values:?}");
        }
    }
    let constant = fit(ArimaSpec::default(), &[7.5; 30], 4).outlook(3);
    assert_eq!((constant.mean, constant.deviation), (vec![7.5; 3], vec![0.0; 3]));
    let line: Vec<f64> = (0..20).map(f64::from).collect();
    assert_eq!(fit(ArimaSpec::default(), &line, 1).outlook(2).mean, [20.0, 21.0]);
}

#[test]
fn an_order_that_cannot_be_fitted_is_refused() {
    let short = given([2, 1, 2], [0; 3]).fit(&[1.0; 7], 1, Interrupt::default(), &mut Workspace::default());
    assert_eq!(short, Err(FitError::TooFewSteps { model: "arima", needed: 8, steps: 7 }));
    let long = given([11, 0, 0], [0; 3]).fit(&[1.0; 70], 1, Interrupt::default(), &mut Workspace::default());
    assert!(matches!(long, Err(FitError::Unsuitable(_))), "{long:?}");
    let none = ArimaSpec::default().fit(&[], 1, Interrupt::default(), &mut Workspace::default());
    assert_eq!(none, Err(FitError::TooShort { rows: 0 }));
    // Without a season there are no seasonal lags.
    assert_eq!(fit(given([1, 0, 0], [1, 1, 1]), &walk(2, 40), 1).order.seasonal_p, 0);
}

#[test]
fn values_in_another_unit_have_the_same_forecasts_in_it() {
    let values: Vec<f64> = walk(6, 48).iter().enumerate().map(|(row, y)| 50.0 + y + (row % 12) as f64).collect();
    let large: Vec<f64> = values.iter().map(|y| y * 1_048_576.0).collect();
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|y| y * 1_048_576.0).collect() };
    let spec = ArimaSpec::default();
    let (small, large) = (fit(spec, &values, 12).outlook(9), fit(spec, &large, 12).outlook(9));
    assert_eq!(scaled(&small.mean), large.mean);
    assert_eq!(scaled(&small.deviation), large.deviation);
}

#[test]
fn a_fit_ends_at_its_deadline() {
    let past = Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() };
    for spec in [ArimaSpec::default(), given([1, 0, 1], [0; 3])] {
        let ended = spec.fit(&walk(1, 50), 4, past, &mut Workspace::default());
        assert!(matches!(ended, Err(FitError::Interrupted(_))), "{ended:?}");
    }
}

#[test]
fn a_file_has_the_whole_fit_and_one_that_no_forecast_can_be_made_of_is_refused() {
    let mut workspace = Workspace::default();
    for case in golden() {
        let fitted = ArimaSpec::default().fit(&case.values, case.season, Interrupt::default(), &mut workspace).unwrap();
        assert_eq!(fitted, fit(ArimaSpec::default(), &case.values, case.season), "buffers leave no trace");
        let without = FittedArima { state: Vec::new(), tail: Vec::new(), ..fitted.clone() };
        let text = serde_json::to_string(&without).unwrap();
        assert!(text.len() < 400, "{text}");
        let read: FittedArima = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
        read.check().unwrap();
        assert_eq!(read.outlook(20), fitted.outlook(20));
    }
    let fitted = fit(given([1, 1, 1], [0; 3]), &walk(2, 50), 1);
    let faulty = |change: fn(&mut FittedArima)| {
        let mut fitted = fitted.clone();
        change(&mut fitted);
        fitted.check().unwrap_err().to_string()
    };
    assert!(faulty(|fitted| fitted.order.p = 11).contains("more than 10 lags"));
    assert!(faulty(|fitted| fitted.order.d = 3).contains("more than 2 differences"));
    assert!(faulty(|fitted| fitted.order.period = 0).contains("period is 0"));
    assert!(faulty(|fitted| fitted.ar = Vec::new()).contains("coefficients, and the order has"));
    assert!(faulty(|fitted| fitted.tail = Vec::new()).contains("tail has 0 values"));
    assert!(faulty(|fitted| fitted.state = Vec::new()).contains("state has 0 values"));
    assert!(faulty(|fitted| fitted.sigma = -1.0).contains("sigma is -1"));
}

#[test]
fn a_thorough_fit_is_not_worse_than_a_quick_one() {
    for seed in 0..6 {
        let mut workspace = Workspace::default();
        workspace.fit.values = walk(seed, 60);
        let order = Order { p: 2, q: 2, period: 1, constant: true, ..Order::default() };
        workspace.differentiate(&order);
        let mut sum = |effort| {
            let estimate = workspace.fit.estimate(order, effort, None, 1e-9, f64::INFINITY, Interrupt::default());
            estimate.unwrap().unwrap().sum
        };
        assert!(sum(Effort::Thorough) <= sum(Effort::Quick) * (1.0 + 1e-9));
    }
}
