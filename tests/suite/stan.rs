//! The exact optimizer against Stan itself, compiled to WebAssembly, through the trait that both implement.
//!
//! Only with `--features stan`.

use augurs_prophet::{
    PositiveFloat, TrendIndicator,
    optimizer::{Data, InitialParams, OptimizeOpts, OptimizedParams, Optimizer},
    wasmstan::WasmstanOptimizer,
};
use manyfit_models::prophet::ExactOptimizer;
use std::f64::consts::TAU;

/// A series with a bend, a week and a noise that repeats itself only after a long time.
fn data(rows: usize, changepoints: usize, trend_indicator: TrendIndicator) -> Data {
    let t: Vec<f64> = (0..rows).map(|i| i as f64 / (rows - 1) as f64).collect();
    let y = (0..rows).map(|i| {
        let noise = ((i * 7_919) % 101) as f64 / 101.0 - 0.5;
        0.5 + 0.3 * (t[i] - 0.4).max(0.0) + 0.05 * (TAU * i as f64 / 7.0).sin() + 0.06 * noise
    });
    let week = |i: usize, order: usize| TAU * (order * i) as f64 / 7.0;
    let features = 6;
    Data {
        T: rows as i32,
        y: y.collect(),
        cap: vec![0.0; rows],
        S: changepoints as i32,
        t_change: (1..=changepoints).map(|j| t[j * rows * 4 / 5 / (changepoints + 1)]).collect(),
        trend_indicator,
        K: features,
        s_a: vec![1; features as usize],
        s_m: vec![0; features as usize],
        X: (0..rows).flat_map(|i| (1..=3).flat_map(move |k| [week(i, k).sin(), week(i, k).cos()])).collect(),
        sigmas: vec![PositiveFloat::try_new(10.0).unwrap(); features as usize],
        tau: PositiveFloat::try_new(0.05).unwrap(),
        t,
    }
}

/// The log posterior without its constant, written for this test alone.
fn log_posterior(data: &Data, p: &OptimizedParams) -> f64 {
    let sigma: f64 = p.sigma_obs.into();
    let tau: f64 = data.tau.into();
    let mut log_p = -(p.k * p.k + p.m * p.m) / 50.0 - 2.0 * sigma * sigma;
    log_p -= p.delta.iter().map(|d| d.abs()).sum::<f64>() / tau;
    for (beta, scale) in p.beta.iter().zip(&data.sigmas) {
        let scale: f64 = (*scale).into();
        log_p -= beta * beta / (2.0 * scale * scale);
    }
    for (i, (t, y)) in data.t.iter().zip(&data.y).enumerate() {
        let ramps: f64 = data.t_change.iter().zip(&p.delta).map(|(s, d)| d * (t - s).max(0.0)).sum();
        let trend = if data.trend_indicator == TrendIndicator::Flat { p.m } else { p.k * t + p.m + ramps };
        let season: f64 = p.beta.iter().enumerate().map(|(j, b)| b * data.X[i * p.beta.len() + j]).sum();
        log_p -= sigma.ln() + ((y - trend - season) / sigma).powi(2) / 2.0;
    }
    log_p
}

#[test]
fn the_exact_optimum_is_never_below_stans() {
    let stan = WasmstanOptimizer::new();
    for (rows, changepoints) in [(60, 5), (200, 15), (735, 25)] {
        for trend in [TrendIndicator::Linear, TrendIndicator::Flat] {
            let data = data(rows, changepoints, trend);
            let init = InitialParams {
                k: 0.0,
                m: 0.5,
                delta: vec![0.0; changepoints],
                beta: vec![0.0; 6],
                sigma_obs: PositiveFloat::try_new(1.0).unwrap(),
            };
            let options = OptimizeOpts { seed: Some(1), ..OptimizeOpts::default() };
            let ours = log_posterior(&data, &ExactOptimizer.optimize(&init, &data, &options).unwrap());
            let stans = log_posterior(&data, &stan.optimize(&init, &data, &options).unwrap());
            assert!(ours >= stans - 1e-6 * stans.abs(), "{rows} rows, {trend:?}: ours {ours}, Stan's {stans}");
        }
    }
}
