//! Whatever the rows and the files hold, trees and ridge regression answer with a sound model or a clear error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::float_cmp, reason = "these results are exact")]

use manyfit_models::{
    Error, Interrupt, Interruption,
    ridge::RidgeParams,
    trees::{BoostingParams, Ensemble, Examples, ForestParams, Matrix, MaxFeatures, Objective, Samples, Scratch},
};
use proptest::prelude::*;

/// Values that trip comparisons: ties, both zeros, missing, neighbours, extremes.
fn value() -> impl Strategy<Value = f32> {
    prop_oneof![
        5 => (-3_i8..4).prop_map(f32::from),
        3 => -1e3_f32..1e3,
        1 => Just(f32::NAN),
        1 => prop_oneof![Just(-0.0), Just(f32::MAX), Just(-f32::MAX), Just(f32::MIN_POSITIVE), Just(1.0 + f32::EPSILON)],
    ]
}

fn table() -> impl Strategy<Value = (usize, Vec<f32>, Vec<f32>, Option<Vec<f32>>)> {
    (1_usize..5, 1_usize..30).prop_flat_map(|(columns, rows)| {
        let weights = proptest::option::of(proptest::collection::vec(prop_oneof![Just(0.0_f32), 0.0_f32..3.0], rows));
        (
            Just(columns),
            proptest::collection::vec(value(), columns * rows),
            proptest::collection::vec(value(), rows),
            weights,
        )
    })
}

fn boosting() -> impl Strategy<Value = BoostingParams> {
    (
        prop_oneof![
            Just(Objective::SquaredError),
            Just(Objective::AbsoluteError),
            Just(Objective::Poisson),
            Just(Objective::Logistic),
            Just(Objective::Tweedie { variance_power: 1.5 }),
        ],
        0.0_f32..2.0,
        prop_oneof![Just(0.0_f32), Just(1.0), 0.0_f32..10.0],
        1_usize..9,
        prop_oneof![Just(1.0_f32), 0.1_f32..1.0],
        proptest::collection::vec(-1_i8..2, 0..2),
    )
        .prop_map(|(objective, eta, penalty, max_depth, fraction, monotone_constraints)| BoostingParams {
            num_round: 5,
            objective,
            eta,
            lambda: penalty,
            gamma: penalty,
            min_child_weight: penalty,
            max_depth,
            subsample: fraction,
            colsample_bylevel: fraction,
            monotone_constraints,
            ..BoostingParams::default()
        })
}

/// A fitted model is sound: finite for any row, and the same after writing and reading.
fn check(model: &Ensemble, matrix: &Matrix) -> Result<(), TestCaseError> {
    let predictions = model.predict_matrix(matrix).unwrap();
    prop_assert_eq!(&Ensemble::from_json(&model.to_json()).unwrap(), model);
    prop_assert_eq!(&Ensemble::from_ubj(&model.to_ubj()).unwrap(), model);
    for strange in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        model.predict(&vec![strange; model.features()]).unwrap();
    }
    let mut row = vec![];
    matrix.copy_row(0, &mut row);
    let shap = model.shap_values(&row).unwrap();
    if model.objective() == Objective::SquaredError {
        let (sum, prediction) = (shap.iter().sum::<f64>(), f64::from(predictions[0]));
        let size = shap.iter().map(|value| value.abs()).sum::<f64>() + f64::from(model.base_score().abs());
        prop_assert!((sum - prediction).abs() <= 1e-4 * size + 1e-6, "{} for {}", sum, prediction);
    }
    Ok(())
}

proptest! {
    #[test]
    fn boosting_never_panics((columns, features, targets, weights) in table(), params in boosting()) {
        let mut scratch = Scratch::default();
        let matrix = Matrix::from_rows(columns, &features).unwrap();
        if let Ok(fitted) = params.fit(Examples::new(&matrix, &targets, weights.as_deref()), None, Interrupt::default(), &mut scratch) {
            check(&fitted.model, &matrix)?;
        }
    }

    #[test]
    fn forests_never_panic(
        (columns, features, targets, weights) in table(),
        least in 1_usize..4,
        bootstrap in any::<bool>(),
        searched in 1_usize..3,
    ) {
        let mut scratch = Scratch::default();
        let matrix = Matrix::from_rows(columns, &features).unwrap();
        let params = ForestParams {
            n_estimators: 4,
            min_samples_leaf: Samples::Count(least),
            bootstrap,
            max_features: MaxFeatures::Count(searched),
            ..ForestParams::default()
        };
        if let Ok(model) = params.fit(Examples::new(&matrix, &targets, weights.as_deref()), Interrupt::default(), &mut scratch) {
            check(&model, &matrix)?;
        }
    }

    #[test]
    fn ridge_regression_never_panics((columns, features, targets, weights) in table(), alpha in 0.0_f64..3.0) {
        let matrix = Matrix::from_rows(columns, &features).unwrap();
        if let Ok(model) = (RidgeParams { alpha, fit_intercept: true }).fit(Examples::new(&matrix, &targets, weights.as_deref()), Interrupt::default()) {
            model.predict_matrix(&matrix).unwrap();
        }
    }

    #[test]
    fn damaged_files_never_panic(cut in 0_usize..3000, flip in 0_usize..3000, bits in any::<u8>(), ubj in any::<bool>()) {
        let matrix = Matrix::from_rows(1, &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let params = BoostingParams { num_round: 2, ..BoostingParams::default() };
        let model = params.fit(Examples::new(&matrix, &[1.0, 2.0, 3.0, 9.0], None), None, Interrupt::default(), &mut Scratch::default()).unwrap().model;
        let mut file = if ubj { model.to_ubj() } else { model.to_json() };
        let length = file.len();
        file[flip % length] ^= bits;
        if cut % 2 == 0 {
            file.truncate(cut % length);
        }
        if let Ok(model) = Ensemble::from_bytes(&file) {
            model.predict(&vec![1.0; model.features().min(100)]).ok();
        }
    }
}

#[test]
fn ten_thousand_columns_are_searched_like_ten() {
    let values: Vec<f32> = (0..30_u32 * 10_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32).collect();
    let matrix = Matrix::from_rows(10_000, &values).unwrap();
    let targets: Vec<f32> = (0..30).map(|row| matrix.column(77)[row] * 2.0).collect();
    let params = BoostingParams { num_round: 3, max_depth: 3, ..BoostingParams::default() };
    let fitted = params
        .fit(Examples::new(&matrix, &targets, None), None, Interrupt::default(), &mut Scratch::default())
        .unwrap();
    let splits: usize = fitted.model.importances().iter().map(|importance| importance.weight).sum();
    assert!(splits >= 3, "{splits} splits");
    let forest = ForestParams { n_estimators: 3, ..ForestParams::default() };
    forest.fit(Examples::new(&matrix, &targets, None), Interrupt::default(), &mut Scratch::default()).unwrap();
    RidgeParams::default().fit(Examples::new(&matrix, &targets, None), Interrupt::default()).unwrap();
}

#[test]
fn constant_targets_and_single_rows_predict_the_mean() {
    let mut scratch = Scratch::default();
    for rows in [1, 4] {
        let matrix = Matrix::from_rows(2, &vec![f32::NAN; 2 * rows]).unwrap();
        let targets = vec![7.5; rows];
        let boosted = BoostingParams::default()
            .fit(Examples::new(&matrix, &targets, None), None, Interrupt::default(), &mut scratch)
            .unwrap();
        assert_eq!(boosted.model.predict(&[1.0, f32::NAN]).unwrap(), 7.5);
        let forest = ForestParams::default()
            .fit(Examples::new(&matrix, &targets, None), Interrupt::default(), &mut scratch)
            .unwrap();
        assert_eq!(forest.predict(&[1.0, f32::NAN]).unwrap(), 7.5);
    }
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let matrix = Matrix::from_rows(1, &[1.0, 2.0]).unwrap();
    let mut scratch = Scratch::default();
    let ever = Interrupt::default();
    let boosting = BoostingParams::default();
    let forest = ForestParams::default();
    let poisson = BoostingParams { objective: Objective::Poisson, ..BoostingParams::default() };
    let impatient = BoostingParams { early_stopping_rounds: Some(3), ..BoostingParams::default() };
    let monotone = BoostingParams { monotone_constraints: vec![1, 1], ..BoostingParams::default() };
    for (error, part) in [
        (
            boosting.fit(Examples::new(&matrix, &[1.0, f32::NAN], None), None, ever, &mut scratch).unwrap_err(),
            "row 2: the target",
        ),
        (
            boosting.fit(Examples::new(&matrix, &[1.0], None), None, ever, &mut scratch).unwrap_err(),
            "1 targets for 2 rows",
        ),
        (
            boosting
                .fit(Examples::new(&matrix, &[1.0, 2.0], Some(&[1.0, -1.0])), None, ever, &mut scratch)
                .unwrap_err(),
            "negative",
        ),
        (
            forest.fit(Examples::new(&matrix, &[1.0, 2.0], Some(&[0.0, 0.0])), ever, &mut scratch).unwrap_err(),
            "every weight is zero",
        ),
        (
            poisson.fit(Examples::new(&matrix, &[1.0, -2.0], None), None, ever, &mut scratch).unwrap_err(),
            "row 2: the target -2",
        ),
        (
            poisson.fit(Examples::new(&matrix, &[0.0, 0.0], None), None, ever, &mut scratch).unwrap_err(),
            "every target is zero",
        ),
        (
            impatient.fit(Examples::new(&matrix, &[1.0, 2.0], None), None, ever, &mut scratch).unwrap_err(),
            "needs validation rows",
        ),
        (
            monotone.fit(Examples::new(&matrix, &[1.0, 2.0], None), None, ever, &mut scratch).unwrap_err(),
            "monotone_constraints",
        ),
        (Ensemble::from_bytes(b"binf0000").unwrap_err(), "old binary"),
        (Ensemble::from_bytes(&[0x80, 4, 149]).unwrap_err(), "pickle"),
        (Ensemble::from_bytes(b"{\"learner\": {").unwrap_err(), "cannot be read"),
    ] {
        assert!(error.to_string().contains(part), "{part} is missing in: {error}");
    }
}

#[test]
fn a_model_that_outgrows_its_memory_is_refused_as_soon_as_that_is_known() {
    let matrix = Matrix::from_rows(1, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).unwrap();
    let targets = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0];
    let opposite = targets.map(|target| 10.0 - target);
    let rows = Examples::new(&matrix, &targets, None);
    let mut scratch = Scratch::default();
    let within = |memory| Interrupt { memory: Some(memory), ..Interrupt::default() };
    let is_too_large = |error: Error| matches!(error, Error::Interrupted(Interruption::TooLarge(_)));
    // A tree of one node has less than 100 bytes, and these have up to fifteen nodes.
    for (num_round, memory, fits) in [(1_000_000_000_000, 1 << 40, false), (20, 2_000, false), (2, 2_000, true)] {
        let params = BoostingParams { num_round, max_depth: 6, ..BoostingParams::default() };
        let fitted = params.fit(rows, None, within(memory), &mut scratch);
        assert_eq!(fitted.as_ref().is_ok(), fits, "{num_round}");
        assert!(fits || is_too_large(fitted.unwrap_err()), "{num_round}");
    }
    let forest = |n_estimators| ForestParams { n_estimators, ..ForestParams::default() };
    assert!(is_too_large(forest(1_000_000_000_000).fit(rows, within(1 << 40), &mut scratch).unwrap_err()));
    assert!(is_too_large(forest(20).fit(rows, within(2_000), &mut scratch).unwrap_err()));
    assert!(forest(2).fit(rows, within(2_000), &mut scratch).is_ok());
    // Rounds that early stopping spares are not counted.
    let patient =
        BoostingParams { num_round: 1_000_000_000_000, early_stopping_rounds: Some(2), ..BoostingParams::default() };
    let validation = Examples::new(&matrix, &opposite, None);
    assert!(patient.fit(rows, Some(validation), within(10_000), &mut scratch).is_ok());
}
