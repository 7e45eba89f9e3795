//! `manyfit settings`, the page that it prints, and settings as options.

use crate::support::{Ended, daily, folder, manyfit, repository, train};
use std::fs;

fn settings(arguments: &[&str]) -> Ended {
    manyfit().arg("settings").args(arguments).output().unwrap().into()
}

#[test]
fn the_page_of_settings_is_what_the_command_prints() {
    let printed = settings(&["--markdown"]).with_code(0).out;
    let page = fs::read_to_string(repository("docs/settings.md")).unwrap();
    assert!(page == printed, "docs/settings.md is not up to date: cargo run -- settings --markdown > docs/settings.md");
}

#[test]
fn settings_are_listed_described_and_suggested() {
    let all = settings(&[]).with_code(0).out;
    assert!(["horizon", "eta", "n_estimators", "fit_intercept"].iter().all(|name| all.contains(name)), "{all}");
    let prophet = settings(&["--model", "prophet"]).with_code(0).out;
    assert!(prophet.contains("changepoint_range") && !prophet.contains("num_round"), "{prophet}");
    let eta = settings(&["learning-rate"]).with_code(0).out;
    assert!(eta.contains("eta") && eta.contains("0.3") && eta.contains("gradient-boosting"), "{eta}");
    settings(&["hotizon"]).with_code(2).complains_of(&["did you mean horizon?"]);
    settings(&["--model", "lstm"]).with_code(2).complains_of(&["prophet", "ridge"]);
}

#[test]
fn common_settings_are_options_that_take_precedence_over_the_file() {
    let (input, output) = (folder([("a.csv", daily(40, 1))]), tempfile::tempdir().unwrap());
    let file = folder([("settings.json", r#"{"prediction-length": "9", "fallback": "none"}"#)]);
    let file = format!("--hyperparameters={}", file.path().join("settings.json").display());
    let rows = |options: &[&str]| {
        train(input.path(), output.path(), options).with_code(0);
        fs::read_to_string(output.path().join("forecasts.csv")).unwrap().lines().count() - 1
    };
    assert_eq!(rows(&["--horizon=3", "--model=mean", "--seed=2", "--target=y", "--max-failures=0"]), 3);
    assert_eq!(rows(&[&file]), 9);
    assert_eq!(rows(&[&file, "--horizon=4"]), 4);
    assert_eq!(rows(&[&file, "prediction-length=5"]), 5);
    assert_eq!(rows(&["--horizon=6", "horizon=6"]), 6);
    train(input.path(), output.path(), &["--horizon=6", "prediction-length=7"])
        .with_code(2)
        .complains_of(&["--horizon 6 and --set prediction_length=7 are the same setting"]);
}

#[test]
fn plan_and_simulate_keep_a_seed_of_their_own() {
    let input = folder([("a.csv", daily(40, 1))]);
    let mut plan = manyfit();
    plan.arg("plan").arg("--input").arg(input.path()).args(["--sample=1s", "--seed=3", "--horizon=2", "--set=seed=4"]);
    Ended::from(plan.output().unwrap()).with_code(0);
}
