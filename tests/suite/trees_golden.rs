//! Trees equal those that stock XGBoost trained, and its files predict the same here.
//!
//! `tests/golden/make_trees.py` wrote the files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use manyfit::settings::{Settings, Task};
use manyfit_models::{
    Interrupt, RowsSpec,
    trees::{BoostingParams, Ensemble, Examples, Matrix, Scratch},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    params: BTreeMap<String, String>,
    columns: usize,
    features: Vec<Option<f32>>,
    targets: Vec<f32>,
    weights: Option<Vec<f32>>,
    validation_features: Vec<Option<f32>>,
    validation_targets: Vec<f32>,
    history: Vec<f64>,
    predictions: Vec<f32>,
    model: Value,
}

fn golden(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn matrix(columns: usize, values: &[Option<f32>]) -> Matrix {
    let values: Vec<f32> = values.iter().map(|value| value.unwrap_or(f32::NAN)).collect();
    Matrix::from_rows(columns, &values).unwrap()
}

/// Feature (-1 for a leaf), threshold or value, whether missing goes left, gain or weight, sum of hessians.
type Description = (i64, f32, bool, f32, f32);

/// A tree from its root down: what a split asks, what it gained, what a leaf says.
fn describe(tree: &Value, node: usize, into: &mut Vec<Description>) {
    let integer = |field: &str| tree[field][node].as_i64().unwrap();
    let float = |field: &str| tree[field][node].as_f64().unwrap() as f32;
    if integer("left_children") < 0 {
        into.push((-1, float("split_conditions"), false, float("base_weights"), float("sum_hessian")));
        return;
    }
    into.push((
        integer("split_indices"),
        float("split_conditions"),
        integer("default_left") != 0,
        float("loss_changes"),
        float("sum_hessian"),
    ));
    describe(tree, integer("left_children") as usize, into);
    describe(tree, integer("right_children") as usize, into);
}

fn descriptions(model: &Value) -> Vec<Vec<Description>> {
    let trees = model["learner"]["gradient_booster"]["model"]["trees"].as_array().unwrap();
    trees
        .iter()
        .map(|tree| {
            let mut nodes = vec![];
            describe(tree, 0, &mut nodes);
            nodes
        })
        .collect()
}

fn boosting(mut settings: BTreeMap<String, String>) -> BoostingParams {
    settings.insert("model".into(), "gradient-boosting".into());
    match Settings::from_text(&settings).unwrap().task {
        Task::Regression(mut task) => match task.candidates.remove(0) {
            RowsSpec::GradientBoosting { params, .. } => params,
            other => panic!("{other:?}"),
        },
        Task::Forecast(_) => panic!("it is a regression"),
    }
}

#[test]
fn boosting_grows_the_trees_that_xgboost_grew() {
    let mut scratch = Scratch::default();
    let mut seen = 0;
    for entry in fs::read_dir(golden("trees")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case: Golden = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let params = boosting(case.params);
        let validation = matrix(case.columns, &case.validation_features);
        let judged = Examples::new(&validation, &case.validation_targets, None);
        let fitted = params
            .fit(
                Examples::new(&matrix(case.columns, &case.features), &case.targets, case.weights.as_deref()),
                Some(judged),
                Interrupt::default(),
                &mut scratch,
            )
            .unwrap();
        let ours: Value = serde_json::from_slice(&fitted.model.to_json()).unwrap();
        let (ours, theirs) = (descriptions(&ours), descriptions(&case.model));
        assert_eq!(ours.len(), theirs.len(), "{name}: number of trees");
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours, theirs, "{name}: tree {number}");
        }
        assert_eq!(fitted.model.predict_matrix(&validation).unwrap(), case.predictions, "{name}: predictions");
        for (ours, theirs) in fitted.history.iter().zip(&case.history) {
            // The exponentials and logarithms of another C library may differ in their last digit.
            assert!((ours - theirs).abs() <= 1e-7 * theirs.abs(), "{name}: history {ours} for {theirs}");
        }
        assert_eq!(fitted.history.len(), case.history.len(), "{name}: rounds");
        seen += 1;
    }
    assert!(seen >= 13, "{seen} golden files");
}

#[test]
fn files_of_stock_xgboost_predict_what_it_predicted() {
    for version in ["1.7.6", "2.1.4", "3.2.0"] {
        let path = golden(&format!("xgboost-{version}.expected.json"));
        let expected: BTreeMap<String, Vec<Option<f32>>> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let rows = matrix(4, &expected["validation_features"]);
        for objective in ["squarederror", "poisson", "logistic"] {
            let predictions: Vec<f32> = expected[objective].iter().map(|value| value.unwrap()).collect();
            for kind in ["json", "ubj"] {
                let file = fs::read(golden(&format!("xgboost-{version}-{objective}.{kind}"))).unwrap();
                let model = Ensemble::from_bytes(&file).unwrap();
                assert_eq!(model.predict_matrix(&rows).unwrap(), predictions, "{version} {objective} {kind}");
                for again in [Ensemble::from_json(&model.to_json()), Ensemble::from_ubj(&model.to_ubj())] {
                    assert_eq!(again.unwrap(), model, "{version} {objective} {kind}: written and read again");
                }
            }
        }
    }
}
