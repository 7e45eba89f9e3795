//! `manyfit train` with `model=regression`: the best of several models for each customer, and errors of folds.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;

use super::support::{Ended, artifacts, folder, json, manifest, statuses, train};

/// A table of two features and a target.
fn table(rows: u32, target: impl Fn(f64, f64) -> f64) -> String {
    let mut text = String::from("a,b,target\n");
    for row in 0..rows {
        let (a, b) = (f64::from(row * 7 % 31), f64::from(row * 11 % 17));
        writeln!(text, "{a},{b},{}", target(a, b) + f64::from(row * 5 % 3) / 10.0).unwrap();
    }
    text
}

fn line(a: f64, b: f64) -> f64 {
    3.0 * a - 2.0 * b
}

fn step(a: f64, b: f64) -> f64 {
    if (a > 15.0) == (b > 8.0) { 50.0 } else { -50.0 }
}

fn choose(input: &Path, output: &Path, settings: &[&str]) -> Ended {
    train(input, output, &[&["model=regression"], settings].concat())
}

fn outcome(output: &Path, customer: &str) -> Value {
    manifest(&output.join("manifest.jsonl"))[customer].clone()
}

#[test]
fn each_customer_gets_the_model_that_predicts_its_left_out_rows_best() {
    let input = folder([
        ("line.csv", table(80, line)),
        ("step.csv", table(80, step)),
        ("few.csv", table(3, line)),
        ("one.csv", table(1, line)),
    ]);
    let output = tempfile::tempdir().unwrap();
    let ended = choose(input.path(), output.path(), &[]).with_code(0);
    assert_eq!(statuses(output.path()), [4, 0, 0, 0]);
    let (straight, stepped) = (outcome(output.path(), "line"), outcome(output.path(), "step"));
    assert_eq!((&straight["model"], &straight["accuracy"]["on"]), (&"ridge".into(), &"folds".into()));
    assert!(["gradient-boosting", "random-forest"].contains(&stepped["model"].as_str().unwrap()), "{stepped}");

    let candidates = stepped["selection"]["candidates"].as_array().unwrap();
    let chosen: Vec<&Value> = candidates.iter().filter(|candidate| candidate["chosen"] == true).collect();
    assert_eq!((candidates.len(), chosen.len()), (8, 1), "{stepped}");
    assert_eq!(chosen[0]["error"], stepped["accuracy"]["rmse"]);
    let least = candidates.iter().filter_map(|candidate| candidate["error"].as_f64()).fold(f64::INFINITY, f64::min);
    assert!(chosen[0]["error"].as_f64().unwrap() <= 1.02 * least, "{stepped}");

    // A row by itself has no folds: the simplest model, and why.
    let one = outcome(output.path(), "one");
    assert_eq!((&one["model"], &one["accuracy"]["on"]), (&"ridge".into(), &"in_sample".into()));
    assert!(one["selection"]["candidates"][0]["failed"].as_str().unwrap().contains("too few rows for folds"), "{one}");

    let summary = json(&output.path().join("summary.json"));
    assert_eq!(summary["accuracy"]["folds"]["customers"], 3);
    assert!(summary["chosen"]["ridge"].as_u64() >= Some(2), "{}", summary["chosen"]);
    assert!(ended.out.contains("\nmedian_folds_rmse="), "{}", ended.out);
    assert!(ended.out.contains("on folds that were left out (3 customers)"), "{}", ended.out);

    choose(input.path(), output.path(), &[]).with_code(0);
    assert_eq!(statuses(output.path()), [0, 4, 0, 0]);
    assert_eq!(outcome(output.path(), "step")["selection"], stepped["selection"]);
}

#[test]
fn the_choice_does_not_depend_on_workers_or_on_other_customers() {
    let input = folder((0..6).map(|i| (format!("c{i}.csv"), table(30 + i, if i % 2 == 0 { line } else { step }))));
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    choose(input.path(), first.path(), &[]).with_code(0);
    choose(input.path(), second.path(), &["--jobs=3"]).with_code(0);
    assert_eq!(artifacts(&first.path().join("models")), artifacts(&second.path().join("models")));
    fs::remove_file(input.path().join("c0.csv")).unwrap();
    let alone = tempfile::tempdir().unwrap();
    choose(input.path(), alone.path(), &[]).with_code(0);
    let (all, rest) = (artifacts(&first.path().join("models")), artifacts(&alone.path().join("models")));
    assert!(rest.iter().all(|(name, bytes)| all[name] == *bytes));
}

#[test]
fn validation_rows_choose_where_there_are_no_folds_and_folds_score_any_model() {
    let input = folder([("step.csv", table(80, step))]);
    let output = tempfile::tempdir().unwrap();
    let settings = ["folds=0", "validation_fraction=0.25", "candidates=ridge,boosting"];
    choose(input.path(), output.path(), &settings).with_code(0);
    let row = outcome(output.path(), "step");
    assert_eq!(row["model"], "gradient-boosting");
    assert_eq!((&row["selection"]["on"], &row["accuracy"]["on"]), (&"validation".into(), &"validation".into()));

    // With both, folds choose and rows that had no say in it score.
    choose(input.path(), output.path(), &["validation_fraction=0.25"]).with_code(0);
    let row = outcome(output.path(), "step");
    assert_eq!((&row["selection"]["on"], &row["accuracy"]["on"]), (&"folds".into(), &"validation".into()));

    let fixed = tempfile::tempdir().unwrap();
    train(input.path(), fixed.path(), &["model=ridge", "folds=4"]).with_code(0);
    let row = outcome(fixed.path(), "step");
    assert_eq!((&row["accuracy"]["on"], &row["accuracy"]["rows"]), (&"folds".into(), &80.into()));
    assert_eq!(row["selection"], Value::Null);
}
