//! A slow reference for the optimum of models that are not linear: the best of many descents from random points.
//!
//! A few are compared with in every run of the tests. To compare with many, for minutes:
//!
//! ```sh
//! cargo test --release -p manyfit-models --lib random_starts -- --ignored --nocapture
//! ```

use super::{
    Calendar, Growth, ProphetSpec, Scales, Workspace, descent::Descent, normal_equations::trend_columns, point::Point,
    solver::Problem,
};
use crate::{data::Series, interrupt::Interrupt};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Deserialize;
use serde_json::{Value, json};
use std::f64::consts::TAU;

/// What a fit may lack, in units of log p.
const ALLOWANCE: f64 = 0.01;

/// Values of successive weeks or of every 30 days: a trend of some shape, a year that multiplies it or is added, noise, and
/// now and then an outlier.
fn made_up(seed: u64) -> Series {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rows: i64 = rng.random_range(150..450);
    let (days, period) = if rng.random::<f64>() < 0.7 { (30, 365.25 / 30.0) } else { (7, 365.25 / 7.0) };
    let shape = rng.random_range(0..5);
    let (early, late, bend) = (rng.random_range(-1.0..4.0), rng.random_range(-4.0..8.0), rng.random_range(0.2..0.9));
    let (season, phase) = ([0.02, 0.1, 0.3][rng.random_range(0..3)], rng.random_range(0.0..TAU));
    let (noise, multiplies) = ([0.005, 0.03, 0.1][rng.random_range(0..3)], rng.random::<f64>() < 0.75);
    let mut walk = 1.0_f64;
    let dates: Vec<i64> = (0..rows).map(|row| row * days * 86_400_000).collect();
    let values = (0..rows).map(|row| {
        let t = row as f64 / rows as f64;
        walk *= f64::exp(0.03 * normal(&mut rng));
        let level = match shape {
            0 => f64::exp(early * t + late * (t - bend).max(0.0)),
            1 => 5.0 + early * t + late * (t - bend).max(0.0),
            2 => 0.2 + 2.0 / (1.0 + f64::exp(-20.0 * (t - bend))),
            3 => 0.2 + f64::exp(-((t - bend) / 0.2).powi(2)),
            _ => walk,
        };
        let angle = TAU * row as f64 / period + phase;
        let year = season * (angle.sin() + 0.4 * (2.0 * angle).cos());
        let outlier = if rng.random::<f64>() < 0.01 { 0.5 * normal(&mut rng) } else { 0.0 };
        let exact = if multiplies { level * (1.0 + year) } else { level + year };
        (exact * (1.0 + noise * normal(&mut rng) + outlier)).max(0.0)
    });
    let values = values.collect();
    Series { timestamps: dates.clone(), dates, values, ..Series::default() }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Settings of models that are not linear.
fn settings(series: &Series) -> [Value; 6] {
    let cap = 1.2 * series.values.iter().fold(0.0_f64, |most, y| most.max(*y));
    let quarter = json!([{"name": "quarter", "period": 91.3, "fourier_order": 2, "mode": "additive"}]);
    [
        json!({"seasonality_mode": "multiplicative"}),
        json!({"seasonality_mode": "multiplicative", "changepoint_prior_scale": 0.5}),
        json!({"seasonality_mode": "multiplicative", "changepoint_prior_scale": 0.005}),
        json!({"seasonality_mode": "multiplicative", "seasonalities": quarter}),
        json!({"growth": "logistic", "cap": cap}),
        json!({"growth": "logistic", "cap": cap, "seasonality_mode": "multiplicative"}),
    ]
}

/// The best log p that descents from random points find, most of them at first with a noise that is held.
fn best_of(problem: &Problem<'_>, starts: usize, seed: u64) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut descent = Descent::default();
    descent.begin();
    let Problem { design, normal: matrix, y, .. } = *problem;
    let trend = trend_columns(design.growth);
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    let spread = (y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n).sqrt();
    let unit = if design.growth == Growth::Logistic { 3.0 } else { spread + 0.1 * mean.abs() };
    let center = if design.growth == Growth::Logistic { 0.0 } else { mean };
    let mut best = f64::NEG_INFINITY;
    for _ in 0..starts {
        let wild = unit * [0.1, 0.5, 2.0][rng.random_range(0..3)];
        let size = [0.0, 0.05, 0.3, 1.0][rng.random_range(0..4)];
        let share = [0.0, 0.1, 0.4, 1.0][rng.random_range(0..4)];
        let bend = [0.1, 1.0, 4.0][rng.random_range(0..3)];
        let free = (0..matrix.free).map(|j| match j {
            j if j + 1 == trend => center + wild * normal(&mut rng),
            j if j < trend => wild * normal(&mut rng),
            j => size * normal(&mut rng) * design.prior_scales[j - trend].min(1.0),
        });
        let free = free.collect();
        let delta = (0..matrix.ramps).map(|_| if rng.random::<f64>() < share { bend * normal(&mut rng) } else { 0.0 });
        descent.point = Point { free, delta: delta.collect() };
        let mut variance = spread * spread * f64::powf(10.0, rng.random_range(-4.0..0.0));
        for _ in 0..rng.random_range(0..5) {
            descent.held = Some(variance);
            descent.descend(problem, 1e-3, 40, None).unwrap();
            variance *= f64::powf(10.0, rng.random_range(-1.0..0.3));
        }
        descent.held = None;
        let objective = descent.descend(problem, 1e-7, 1_000, None).unwrap().unwrap();
        if objective.is_finite() {
            best = best.max(-objective);
        }
    }
    best
}

/// Compares fits with so many random starts each: how many there are, and by how much those lack that are worse.
fn compare(seeds: std::ops::Range<u64>, starts: usize) -> (usize, Vec<f64>) {
    let mut workspace = Workspace::default();
    let (mut fits, mut worse) = (0, Vec::new());
    for seed in seeds {
        let series = made_up(seed);
        for settings in settings(&series) {
            let spec = ProphetSpec::deserialize(&settings).unwrap();
            let fitted = spec.fit(&series, Interrupt::default(), &mut workspace).unwrap();
            let (scales, mut calendar) =
                (Scales::of(&spec, &series).unwrap(), Calendar::new(&series.timestamps, &spec));
            let mut y = Vec::new();
            scales.scale(&series.values, &mut y);
            scales.scale(&scales.caps, &mut calendar.design.cap);
            let (design, normal) = (&calendar.design, &calendar.normal);
            let problem = Problem { design, normal, y: &y, interrupt: Interrupt::default() };
            let lack = best_of(&problem, starts, seed) - fitted.notes.log_posterior.unwrap();
            fits += 1;
            if lack > ALLOWANCE {
                println!(
                    "seed {seed}, {} rows, {settings}: {lack:.3} below the best of {starts} random starts",
                    y.len()
                );
                worse.push(lack);
            }
        }
    }
    (fits, worse)
}

#[test]
fn a_few_random_starts_find_no_better_optimum() {
    assert_eq!(compare(0..3, 4), (18, Vec::new()));
}

#[test]
#[ignore = "it takes minutes"]
fn many_random_starts_hardly_ever_find_a_better_optimum() {
    let (fits, worse) = compare(1_000..1_100, 64);
    println!(
        "{} of {fits} fits are below the best of 64 random starts, the worst by {:.3}",
        worse.len(),
        worse.iter().fold(0.0_f64, |worst, lack| worst.max(*lack))
    );
    assert!(100 * worse.len() <= fits);
}
