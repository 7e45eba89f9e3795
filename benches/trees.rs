//! Time to fit, write, read and apply one tree model, one thread.

use divan::{Bencher, black_box};
use manyfit_models::{
    Interrupt,
    trees::{BoostingParams, Ensemble, Examples, ForestParams, Matrix, Samples, Scratch},
};

fn main() {
    divan::main();
}

/// Prices that follow six features, two of them of many distinct values, with noise; from a linear congruence.
fn housing(rows: usize) -> (Matrix, Vec<f32>) {
    let mut state = 1_u32;
    let mut below = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(state >> 8) * u64::from(bound)) >> 24) as f32
    };
    let (mut features, mut targets) = (vec![], vec![]);
    for _ in 0..rows {
        let row =
            [1950.0 + below(70), 800.0 + below(3700), 1.0 + below(6), below(14) / 2.0, below(200) / 100.0, below(4)];
        let noise = below(20_000);
        targets.push(150.0 * row[1] + 6_000.0 * row[2] + 15_000.0 * row[4] + 3_000.0 * (row[0] - 1950.0) + noise);
        features.extend(row);
    }
    (Matrix::from_rows(6, &features).expect("the features are finite"), targets)
}

fn notebook() -> BoostingParams {
    BoostingParams {
        num_round: 25,
        max_depth: 5,
        eta: 0.2,
        gamma: 4.0,
        min_child_weight: 6.0,
        subsample: 0.8,
        ..BoostingParams::default()
    }
}

fn boosted(matrix: &Matrix, targets: &[f32], scratch: &mut Scratch) -> Ensemble {
    notebook()
        .fit(Examples::new(matrix, targets, None), None, Interrupt::default(), scratch)
        .expect("the targets are finite")
        .model
}

#[divan::bench(args = [600, 20_000])]
fn boosting(bencher: Bencher<'_, '_>, rows: usize) {
    let (matrix, targets) = housing(rows);
    let mut scratch = Scratch::default();
    bencher.bench_local(|| boosted(black_box(&matrix), &targets, &mut scratch));
}

#[divan::bench(args = [1, 3])]
fn forest(bencher: Bencher<'_, '_>, min_samples_leaf: usize) {
    let (matrix, targets) = housing(600);
    let mut scratch = Scratch::default();
    let params = ForestParams { min_samples_leaf: Samples::Count(min_samples_leaf), ..ForestParams::default() };
    bencher.bench_local(|| {
        params.fit(Examples::new(black_box(&matrix), &targets, None), Interrupt::default(), &mut scratch)
    });
}

#[divan::bench]
fn predict_one_row(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let model = boosted(&matrix, &targets, &mut Scratch::default());
    let mut row = vec![];
    matrix.copy_row(17, &mut row);
    bencher.bench_local(|| model.predict(black_box(&row)));
}

#[divan::bench]
fn shap_of_one_row(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let model = boosted(&matrix, &targets, &mut Scratch::default());
    let mut row = vec![];
    matrix.copy_row(17, &mut row);
    bencher.bench_local(|| model.shap_values(black_box(&row)));
}

#[divan::bench]
fn write_json(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let model = boosted(&matrix, &targets, &mut Scratch::default());
    bencher.bench_local(|| black_box(&model).to_json());
}

#[divan::bench]
fn write_ubj(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let model = boosted(&matrix, &targets, &mut Scratch::default());
    bencher.bench_local(|| black_box(&model).to_ubj());
}

#[divan::bench]
fn read_json(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let file = boosted(&matrix, &targets, &mut Scratch::default()).to_json();
    bencher.bench_local(|| Ensemble::from_bytes(black_box(&file)));
}

#[divan::bench]
fn read_ubj(bencher: Bencher<'_, '_>) {
    let (matrix, targets) = housing(600);
    let file = boosted(&matrix, &targets, &mut Scratch::default()).to_ubj();
    bencher.bench_local(|| Ensemble::from_bytes(black_box(&file)));
}
