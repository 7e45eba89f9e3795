//! `manyfit train` with regression models: from tables of features to artifacts, errors and predictions.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use manyfit::artifact::{Found, inspect};
use manyfit_models::{
    Fitted, FittedRows, Interrupt,
    data::Cell,
    trees::{BoostingParams, Ensemble, Examples, Matrix, Scratch},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tempfile::TempDir;

use super::support::{
    Ended, artifacts, folder, json, manifest, manyfit, members, repository, statuses, train, train_command,
};

const NAMES: [&str; 4] = ["YEAR", "SQUARE_FEET", "BATHS", "GARAGE"];

/// Houses: a price that follows the columns of [`NAMES`], with noise; all decided by the seed.
fn houses(rows: usize, seed: u64) -> Vec<[f32; 5]> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..rows)
        .map(|_| {
            let [year, feet, baths, garage]: [f32; 4] =
                [1950..2021, 800..4500, 1..7, 0..4].map(|range| rng.random_range(range) as f32);
            let noise = rng.random_range(-9000..9000) as f32;
            let price = 150.0 * feet + 3000.0 * (year - 1950.0) + 8000.0 * baths + 5000.0 * garage + noise;
            [price, year, feet, baths, garage]
        })
        .collect()
}

/// The notebooks' form: no header, the target first.
fn headerless(rows: &[[f32; 5]]) -> String {
    rows.iter().fold(String::new(), |mut text, row| {
        let fields: Vec<String> = row.iter().map(ToString::to_string).collect();
        writeln!(text, "{}", fields.join(",")).unwrap();
        text
    })
}

fn headed(rows: &[[f32; 5]]) -> String {
    format!("price,{}\n{}", NAMES.join(","), headerless(rows))
}

/// So many cities in the notebooks' form.
fn cities(number: u64, rows: usize) -> (TempDir, TempDir) {
    let files = |end: &'static str, rows: usize, seed: u64| {
        folder((0..number).map(move |i| (format!("City_{i:03}_{end}.csv"), headerless(&houses(rows, 2 * i + seed)))))
    };
    (files("train", rows, 0), files("val", rows / 2, 1))
}

const SMALL: [&str; 3] = ["model=gradient-boosting", "num_round=8", "max_depth=3"];

fn fit(input: &Path, output: &Path, settings: &[&str]) -> Ended {
    train(input, output, &[&SMALL[..], settings].concat())
}

/// The model of an artifact, with its metadata.
fn fitted(output: &Path, customer: &str) -> (FittedRows, Value) {
    let bytes = fs::read(output.join(format!("models/{customer}.tar.gz"))).unwrap();
    let Found::Ours(artifact) = inspect(&bytes) else { panic!("{customer} is not whole") };
    let Fitted::Rows(model) = artifact.model else { panic!("{customer} is no regression model") };
    (*model, serde_json::from_slice(&members(&bytes)[0].1).unwrap())
}

/// Lines to text.
fn joined<L: AsRef<str>>(lines: impl Iterator<Item = L>) -> String {
    lines.fold(String::new(), |text, line| text + line.as_ref() + "\n")
}

/// The reasons of failed customers.
fn reasons(output: &Path) -> BTreeMap<String, String> {
    let rows = manifest(&output.join("manifest.jsonl")).into_iter();
    rows.filter_map(|(customer, row)| Some((customer, row["reason"].as_str()?.to_owned()))).collect()
}

#[test]
fn the_notebooks_files_become_xgboost_models_with_errors_and_predictions() {
    let (training, validation) = cities(3, 200);
    let output = tempfile::tempdir().unwrap();
    let validation_option = format!("--validation={}", validation.path().display());
    let ended = fit(training.path(), output.path(), &[&validation_option]).with_code(0);
    assert!(ended.out.contains("3 of them have validation rows"), "{}", ended.out);
    assert_eq!(statuses(output.path()), [3, 0, 0, 0]);

    let artifact = fs::read(output.path().join("models/City_001.tar.gz")).unwrap();
    let names: Vec<String> = members(&artifact).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".manyfit.json", "xgboost-model"], "a container loads every root file that is no dot-file");

    // The model is what the library fits, and the errors are those of the validation rows.
    let (rows, judged) = (houses(200, 2), houses(100, 3));
    let features =
        |rows: &[[f32; 5]]| Matrix::from_rows(4, &rows.iter().flat_map(|row| row[1..].to_vec()).collect::<Vec<_>>());
    let targets: Vec<f32> = rows.iter().map(|row| row[0]).collect();
    let params = BoostingParams { num_round: 8, max_depth: 3, ..BoostingParams::default() };
    let expected = params
        .fit(
            Examples::new(&features(&rows).unwrap(), &targets, None),
            None,
            Interrupt::default(),
            &mut Scratch::default(),
        )
        .unwrap()
        .model;
    let file = &members(&artifact)[1].1;
    assert_eq!(*file, expected.to_json());
    let predictions = expected.predict_matrix(&features(&judged).unwrap()).unwrap();
    let squares = judged.iter().zip(&predictions).map(|(row, p)| (f64::from(row[0]) - f64::from(*p)).powi(2));
    let rmse = (squares.sum::<f64>() / 100.0).sqrt();
    let row = &manifest(&output.path().join("manifest.jsonl"))["City_001"];
    assert_eq!((&row["accuracy"]["on"], &row["accuracy"]["rows"]), (&"validation".into(), &100.into()));
    assert!((row["accuracy"]["rmse"].as_f64().unwrap() - rmse).abs() < 1e-6 * rmse, "{row} for {rmse}");
    assert!(row["accuracy"]["r2"].as_f64().unwrap() > 0.8, "{row}");

    let text = fs::read_to_string(output.path().join("predictions.csv")).unwrap();
    assert_eq!(text.lines().count(), 1 + 3 * 100);
    let line = text.lines().find(|line| line.starts_with("City_001,7,")).unwrap();
    assert_eq!(line, format!("City_001,7,{},{}", f64::from(judged[6][0]), f64::from(predictions[6])));

    // The log: a line for each customer, and the medians, for the metric definitions that the README gives.
    let line = ended.out.lines().find(|line| line.starts_with("customer=City_001; validation_rmse=")).unwrap();
    for name in ["mae", "r2", "ae_at_10th_percentile", "ae_at_50th_percentile", "ae_at_90th_percentile"] {
        assert!(line.contains(&format!(" validation_{name}=")), "{line}");
        assert!(ended.out.contains(&format!("\nmedian_validation_{name}=")), "{}", ended.out);
    }
    let summary = json(&output.path().join("summary.json"));
    assert_eq!(summary["accuracy"]["validation"]["customers"], 3);

    let (model, metadata) = fitted(output.path(), "City_001");
    assert_eq!(metadata["regression"]["features"][1]["name"], "f1");
    assert!(metadata["regression"]["features"][1]["gain"].as_f64().unwrap() > 0.0);
    assert_eq!(metadata["regression"]["trees"], 8);
    assert_eq!(model.predict(&judged[6][1..]).unwrap(), predictions[6]);
}

#[test]
fn every_form_of_the_same_rows_is_the_same_model() {
    let rows = houses(60, 5);
    let csv = headed(&rows);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, csv.as_bytes()).unwrap();
    let bundle = csv.lines().enumerate().fold(String::new(), |mut text, (at, line)| {
        let name = if at == 0 { "customer" } else { "a" };
        writeln!(text, "{line};{name}").unwrap();
        text
    });
    let forms: [(&str, Vec<u8>); 5] = [
        ("a.csv", csv.clone().into()),
        ("a/data.csv.gz", gzip.finish().unwrap()),
        ("a_train.csv", csv.replace(',', "\t").into()),
        ("a.csv", csv.replace("GARAGE", "\"GARAGE\"").into()),
        ("all.csv", bundle.replace(',', ";").into()),
    ];
    let mut models = Vec::new();
    for (name, content) in forms {
        let (input, output) = (folder([(name, content)]), tempfile::tempdir().unwrap());
        fit(input.path(), output.path(), &["target=price"]).with_code(0);
        models.push(artifacts(&output.path().join("models")));
    }
    assert!(models[0].contains_key("a.tar.gz"));
    assert!(models.iter().all(|model| *model == models[0]), "the fingerprint says that they are the same");
}

#[test]
fn bundles_of_customers_have_bundles_of_validation_rows() {
    let bundle = |rows: usize, seed: u64| {
        let mut text = format!("{},price,customer\n", NAMES.join(","));
        for at in 0..rows {
            for customer in 0..6_u64 {
                let [price, features @ ..] = houses(rows, seed + customer)[at];
                let features = features.map(|x| x.to_string()).join(",");
                writeln!(text, "{features},{price},customer-{customer}").unwrap();
            }
        }
        text
    };
    let all = bundle(40, 0);
    let input = folder([("train.csv", all.clone()), ("val.csv", bundle(20, 100))]);
    let place = format!("--validation={}", input.path().display());
    let output = tempfile::tempdir().unwrap();
    let ended = fit(input.path(), output.path(), &["target=price", &place]).with_code(0);
    assert!(!ended.out.contains("times"), "{}", ended.out);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!(rows.len(), 6);
    assert!(rows.values().all(|row| row["rows"] == 40 && row["accuracy"]["rows"] == 20), "{rows:?}");

    // The same customers from files of their own are the same models.
    let single = |end: &'static str, rows: usize, seed: u64| {
        (0..6).map(move |i| (format!("customer-{i}_{end}.csv"), headed(&houses(rows, seed + i))))
    };
    let (files, again) = (folder(single("train", 40, 0).chain(single("val", 20, 100))), tempfile::tempdir().unwrap());
    let place = format!("--validation={}", files.path().display());
    fit(files.path(), again.path(), &["target=price", "features=YEAR,SQUARE_FEET,BATHS,GARAGE", &place]).with_code(0);
    assert_eq!(artifacts(&again.path().join("models")), artifacts(&output.path().join("models")));

    // One validation file for two training files is read for each of them.
    let (header, lines) = all.split_once('\n').unwrap();
    let half = |parity: [char; 3]| {
        let lines = lines.lines().filter(|line| line.ends_with(parity)).map(|line| format!("{line}\n"));
        format!("{header}\n{}", lines.collect::<String>())
    };
    let halves = folder([("odd.csv", half(['1', '3', '5'])), ("even.csv", half(['0', '2', '4']))]);
    let (judged, halved) = (folder([("val.csv", bundle(20, 100))]), tempfile::tempdir().unwrap());
    let place = format!("--validation={}", judged.path().display());
    let ended = fit(halves.path(), halved.path(), &["target=price", &place]).with_code(0);
    assert!(ended.out.contains("val.csv is read 2 times"), "{}", ended.out);
    assert_eq!(artifacts(&halved.path().join("models")), artifacts(&output.path().join("models")));

    let mixed = fit(
        files.path(),
        tempfile::tempdir().unwrap().path(),
        &["target=price", &format!("--validation={}", folder([("val.csv", bundle(20, 100))]).keep().display())],
    );
    mixed.with_code(3).complains_of(&["use the same layout for both"]);
}

#[test]
fn threads_and_restarts_make_no_difference() {
    let (training, validation) = cities(12, 80);
    let place = format!("--validation={}", validation.path().display());
    for (model, predictions) in [
        (&["model=gradient-boosting", "num_round=8", "subsample=0.7", "early_stopping_rounds=2", &place][..], 12 * 40),
        (&["model=random-forest", "n_estimators=5", "validation_fraction=0.25"], 12 * 20),
        (&["model=ridge"], 0),
    ] {
        let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let run = |output: &TempDir, jobs: &str| {
            train(training.path(), output.path(), &[model, &[jobs]].concat()).with_code(0);
            let table = fs::read_to_string(output.path().join("predictions.csv")).ok();
            (artifacts(&output.path().join("models")), table)
        };
        let first = run(&one, "--jobs=1");
        assert_eq!(first.1.as_ref().map_or(0, |table| table.lines().count() - 1), predictions);
        assert_eq!(run(&many, "--jobs=8"), first);

        // Run again, what stands is left, and the predictions are the same.
        fs::remove_file(many.path().join("models/City_004.tar.gz")).unwrap();
        assert_eq!(run(&many, "--jobs=8"), first);
        assert_eq!(statuses(many.path()), [1, 11, 0, 0]);
    }
}

#[test]
fn a_change_of_rows_validation_rows_or_parameters_is_fitted_again() {
    let (training, validation) = cities(4, 60);
    let place = format!("--validation={}", validation.path().display());
    let output = tempfile::tempdir().unwrap();
    let run = |settings: &[&str]| {
        fit(training.path(), output.path(), &[&[place.as_str()], settings].concat()).with_code(0);
        statuses(output.path())
    };
    assert_eq!(run(&[]), [4, 0, 0, 0]);
    fs::write(training.path().join("City_000_train.csv"), headerless(&houses(61, 0))).unwrap();
    assert_eq!(run(&[]), [1, 3, 0, 0]);
    fs::write(validation.path().join("City_001_val.csv"), headerless(&houses(31, 3))).unwrap();
    assert_eq!(run(&[]), [1, 3, 0, 0]);
    assert_eq!(run(&["eta=0.2"]), [4, 0, 0, 0]);
    assert_eq!(run(&["eta=0.2", "--jobs=1", "max_failures=0"]), [0, 4, 0, 0]);
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_whole_models_and_a_second_one_fits_the_rest() {
    let (training, _) = cities(60, 40);
    let settings = ["model=random-forest", "n_estimators=4"];
    let undisturbed = tempfile::tempdir().unwrap();
    train(training.path(), undisturbed.path(), &settings).with_code(0);
    let expected = artifacts(&undisturbed.path().join("models"));
    let mut in_the_middle = 0;
    for wanted in [1, 15, 30] {
        let output = tempfile::tempdir().unwrap();
        let models = output.path().join("models");
        let mut child = train_command(training.path(), output.path(), &settings).spawn().unwrap();
        let begun = Instant::now();
        while artifacts(&models).len() < wanted && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the run stands still");
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let standing = artifacts(&models);
        assert!(standing.iter().all(|(name, bytes)| expected[name] == *bytes), "what stands is whole");
        in_the_middle += usize::from((1..60).contains(&standing.len()));
        train(training.path(), output.path(), &settings).with_code(0);
        assert_eq!(statuses(output.path())[..2], [60 - standing.len(), standing.len()]);
        assert_eq!(artifacts(&models), expected);
    }
    assert!(in_the_middle >= 1, "only {in_the_middle} of 3 kills fell among the fits");
}

#[test]
fn a_training_job_reads_its_validation_channel() {
    let (training, validation) = cities(2, 60);
    let base = folder([
        ("input/config/hyperparameters.json", r#"{"model": "gradient-boosting", "num_round": "6", "max_depth": "3"}"#),
        (
            "input/config/inputdataconfig.json",
            r#"{"train": {"S3DistributionType": "ShardedByS3Key"}, "validation": {"S3DistributionType": "FullyReplicated"}}"#,
        ),
        ("input/config/resourceconfig.json", r#"{"current_host": "algo-1", "hosts": ["algo-1"]}"#),
        ("input/config/checkpointconfig.json", r#"{"LocalPath": "/opt/ml/checkpoints"}"#),
    ]);
    for (channel, files) in [("train", &training), ("validation", &validation)] {
        let place = base.path().join("input/data").join(channel);
        fs::create_dir_all(&place).unwrap();
        for file in fs::read_dir(files.path()).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), place.join(file.file_name())).unwrap();
        }
    }
    let mut command = manyfit();
    command.arg("train").env("SAGEMAKER_BASE_DIR", base.path()).env("TRAINING_JOB_NAME", "housing");
    let ended = Ended::from(command.output().unwrap()).with_code(0);
    assert!(ended.out.contains("2 of them have validation rows"), "{}", ended.out);
    let rows = manifest(&base.path().join("output/data/manifest.jsonl"));
    assert!(rows.values().all(|row| row["accuracy"]["on"] == "validation"), "{rows:?}");
    assert!(base.path().join("output/data/predictions.csv").exists());
    let names: Vec<String> = artifacts(&base.path().join("checkpoints")).into_keys().collect();
    assert_eq!(names, ["City_000.tar.gz", "City_001.tar.gz"]);

    // A channel that cannot be read is an error before the work, not a worse model after it.
    let pipe = r#"{"train": {}, "validation": {"TrainingInputMode": "Pipe"}}"#;
    fs::write(base.path().join("input/config/inputdataconfig.json"), pipe).unwrap();
    Ended::from(command.output().unwrap()).with_code(2).complains_of(&["`validation` is in Pipe mode"]);
}

#[test]
fn categories_are_kept_in_the_artifact_and_unseen_ones_are_missing() {
    let mut text = String::from("price,state,feet\n");
    let mut judged = text.clone();
    for (at, row) in houses(90, 9).iter().enumerate() {
        let (state, more) = [("GA", 0.0), ("CA", 500_000.0), ("TX", 100_000.0)][at % 3];
        writeln!(text, "{},{state},{}", row[0] + more, row[2]).unwrap();
        writeln!(judged, "{},{},{}", row[0] + more, if at == 4 { "NY" } else { state }, row[2]).unwrap();
    }
    let (input, validation) = (folder([("a.csv", &text)]), folder([("a.csv", &judged)]));
    let output = tempfile::tempdir().unwrap();
    let bare = folder([("a.csv", text.split_once('\n').unwrap().1)]);
    fit(bare.path(), output.path(), &[])
        .with_code(3)
        .complains_of(&["a.csv: no column is named target", "if this is a row of data, set header to false"]);
    fit(bare.path(), output.path(), &["header=false", "categorical=f0"]).with_code(0);
    let undeclared = fit(input.path(), output.path(), &["target=price"]).with_code(3);
    undeclared.complains_of(&["a.csv: line 2, column \"state\": \"GA\" is not a number", "setting categorical"]);

    let place = format!("--validation={}", validation.path().display());
    fit(input.path(), output.path(), &["target=price", "categorical=state", &place]).with_code(0);
    let (model, metadata) = fitted(output.path(), "a");
    let note = "validation rows whose \"state\" is no category of the training rows, and counts as missing: 1";
    assert_eq!(manifest(&output.path().join("manifest.jsonl"))["a"]["notes"], serde_json::json!([note]));
    assert_eq!(metadata["regression"]["features"][0]["categories"], serde_json::json!(["CA", "GA", "TX"]));
    let predict = |state: &str| {
        let mut row = Vec::new();
        model.encode([Cell::Text(state), Cell::Number(2000.0)], &mut row).unwrap();
        model.predict(&row).unwrap()
    };
    assert!(predict("CA") > predict("GA") + 200_000.0, "{} and {}", predict("CA"), predict("GA"));
    assert!(predict("NY").is_finite());
    assert_eq!(fs::read_to_string(output.path().join("predictions.csv")).unwrap().lines().count(), 1 + 90);
}

#[test]
fn the_housing_sample_is_fitted_but_for_the_district_that_is_broken_on_purpose() {
    let output = tempfile::tempdir().unwrap();
    let settings =
        ["target=median_house_value", "categorical=ocean_proximity", "validation_fraction=0.2", "max_failures=1"];
    let ended = fit(&repository("sample_data/housing"), output.path(), &settings).with_code(0);
    let [fitted_customers, .., failed] = statuses(output.path());
    assert_eq!((fitted_customers, failed), (29, 1), "{}", ended.out);
    assert!(reasons(output.path())["99n_999w_broken_on_purpose"].contains("99n_999w_broken_on_purpose.csv: line 18"));
    let r2 = json(&output.path().join("summary.json"))["accuracy"]["validation"]["median"]["r2"].as_f64().unwrap();
    assert!((0.3..1.0).contains(&r2), "{r2}");
    let (_, metadata) = fitted(output.path(), "37n_122w");
    let categories = &metadata["regression"]["features"][8]["categories"];
    assert!(categories.as_array().unwrap().contains(&"NEAR BAY".into()), "{categories}");
}

#[test]
fn early_stopping_uses_the_validation_rows_and_goes_without_where_there_are_none() {
    let (training, validation) = cities(2, 80);
    fs::remove_file(validation.path().join("City_001_val.csv")).unwrap();
    let place = format!("--validation={}", validation.path().display());
    let output = tempfile::tempdir().unwrap();
    let settings = ["model=gradient-boosting", "num_round=60", "eta=0.9", "early_stopping_rounds=3", &place];
    let ended = train(training.path(), output.path(), &settings).with_code(0);
    assert!(ended.out.contains("warning: 1 have none: they are matched by their names"), "{}", ended.out);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert!(rows["City_000"]["trees"].as_u64().unwrap() < 60, "{rows:?}");
    assert_eq!(rows["City_001"]["trees"], 60);
    assert_eq!(rows["City_001"]["accuracy"]["on"], "in_sample");
    assert!(rows["City_001"]["notes"].to_string().contains("early stopping needs validation rows"), "{rows:?}");
    let file = members(&fs::read(output.path().join("models/City_000.tar.gz")).unwrap()).remove(1).1;
    assert!(Ensemble::from_bytes(&file).unwrap().attributes.contains_key("best_iteration"));
}

#[test]
fn early_stopping_without_any_validation_rows_is_said_once() {
    let (training, _) = cities(3, 40);
    let output = tempfile::tempdir().unwrap();
    let warning = "warning: early_stopping_rounds has no effect without validation rows: boosting goes through all its rounds. \
                   Give them with --validation (in a training job the channel validation), or set validation_fraction";
    let said = |settings: &[&str]| {
        let settings = [&["model=gradient-boosting", "num_round=20"], settings].concat();
        let out = train(training.path(), output.path(), &settings).with_code(0).out;
        out.matches(warning).count()
    };
    assert_eq!(said(&["early_stopping_rounds=3"]), 1);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert!(rows.values().all(|row| row["trees"] == 20), "{rows:?}");
    assert_eq!(said(&["early_stopping_rounds=3", "validation_fraction=0.25"]), 0);
    assert_eq!(said(&[]), 0);
}

#[test]
fn a_share_of_the_rows_can_be_drawn_to_judge_by() {
    let (training, _) = cities(3, 50);
    let output = tempfile::tempdir().unwrap();
    let predictions = |settings: &[&str]| {
        fit(training.path(), output.path(), &[&["validation_fraction=0.2"], settings].concat()).with_code(0);
        fs::read_to_string(output.path().join("predictions.csv")).unwrap()
    };
    let first = predictions(&[]);
    assert_eq!(first.lines().count(), 1 + 3 * 10);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert!(rows.values().all(|row| row["rows"] == 40 && row["accuracy"]["rows"] == 10), "{rows:?}");
    let drawn = |text: &str, customer: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with(customer));
        lines.map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_ne!(drawn(&first, "City_000"), drawn(&first, "City_001"), "every customer draws its own");
    assert_ne!(first, predictions(&["seed=1"]));
    assert_eq!(first, predictions(&[]));
}

#[test]
fn other_models_have_files_of_their_own() {
    let input = folder([("a.csv", headed(&houses(80, 1)))]);
    let output = tempfile::tempdir().unwrap();
    for (settings, file, name) in [
        (&["model=random-forest", "n_estimators=7"][..], "xgboost-model", "random-forest"),
        (&["model=gradient-boosting", "num_round=3", "model_format=ubj"], "xgboost-model", "gradient-boosting"),
        (&["model=ridge", "alpha=0.5"], "ridge.json", "ridge"),
    ] {
        train(input.path(), output.path(), &[settings, &["target=price"]].concat()).with_code(0);
        let artifact = fs::read(output.path().join("models/a.tar.gz")).unwrap();
        let members = members(&artifact);
        assert_eq!(members[1].0, file);
        assert_eq!(
            members[1].1[..2] == b"{L"[..],
            settings.contains(&"model_format=ubj") || settings.len() == 2 && name == "random-forest"
        );
        let (model, metadata) = fitted(output.path(), "a");
        assert_eq!((model.name(), &metadata["model"]), (name, &Value::from(name)));
        assert_eq!(metadata["regression"]["features"][3]["name"], "GARAGE");
    }
}

#[test]
fn weights_count_rows_as_often() {
    let rows = houses(40, 4);
    let mut weighted = String::from("w,target,a,b,c,d\n");
    let mut repeated = String::from("target,a,b,c,d\n");
    for (at, row) in rows.iter().enumerate() {
        let row = row.map(|x| x.to_string()).join(",");
        writeln!(weighted, "{},{row}", 1 + at % 2).unwrap();
        (0..=at % 2).for_each(|_| writeln!(repeated, "{row}").unwrap());
    }
    let bad = [weighted.replace("\n2,", "\n-2,"), weighted.replace("\n2,", "\nmuch,")];
    let input = folder([("w.csv", &weighted), ("bad.csv", &bad[0]), ("text.csv", &bad[1])]);
    let (output, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = ["model=ridge", "weight=w", "features=a,b,c,d"];
    train(input.path(), output.path(), &[&settings[..], &["max_failures=2"]].concat()).with_code(0);
    let complaints = reasons(output.path());
    assert!(complaints["bad"].contains("line 3, column \"w\": \"-2\" is not a weight"));
    assert!(complaints["text"].ends_with("\"much\" is not a number: every row needs a weight, from 0 to 1000000000"));
    train(folder([("w.csv", &repeated)]).path(), other.path(), &["model=ridge"]).with_code(0);
    let (one, two) = (fitted(output.path(), "w").0, fitted(other.path(), "w").0);
    let (one, two) = (one.predict(&rows[0][1..]).unwrap(), two.predict(&rows[0][1..]).unwrap());
    assert!((one - two).abs() < 1.0, "{one} and {two}");

    // So they do in the errors; validation rows without weights weigh the same.
    let judged_by = |rows: &str| {
        let (validation, output) = (folder([("w.csv", rows)]), tempfile::tempdir().unwrap());
        let place = format!("--validation={}", validation.path().display());
        train(input.path(), output.path(), &[&settings[..], &["max_failures=2", &place]].concat()).with_code(0);
        manifest(&output.path().join("manifest.jsonl")).remove("w").unwrap()
    };
    let (one, two) = (judged_by(&weighted), judged_by(&repeated));
    for measure in ["rmse", "mae", "r2"] {
        let of = |row: &Value| row["accuracy"][measure].as_f64().unwrap();
        assert!((of(&one) - of(&two)).abs() < 1e-6 * of(&two), "{measure}: {one} and {two}");
    }
    assert!(two["notes"].to_string().contains("have no column of weights: each weighs 1"), "{two}");
    assert!(!one["notes"].to_string().contains("weights"), "{one}");
}

#[test]
fn bad_tables_fail_with_file_line_column_and_value_and_odd_ones_have_sound_models() {
    let good = headed(&houses(30, 3));
    let line = |number: usize, line: &str| -> String {
        let lines = good.lines().enumerate().map(|(at, old)| if at + 1 == number { line } else { old });
        joined(lines)
    };
    let empty_column = |text: &str| -> String {
        let lines =
            text.lines().enumerate().map(|(at, line)| if at == 0 { format!("{line},X") } else { format!("{line},") });
        joined(lines)
    };
    let wide: String = (0..12).fold(String::new(), |mut text, row| {
        let fields: Vec<String> = (0..10_001_u32)
            .map(|at| {
                if row == 0 && at == 0 {
                    "price".into()
                } else if row == 0 {
                    format!("c{at}")
                } else {
                    (at.wrapping_mul(2_654_435_761).wrapping_add(row * 77) >> 20).to_string()
                }
            })
            .collect();
        writeln!(text, "{}", fields.join(",")).unwrap();
        text
    });
    let bad: [(&str, String, &str); 11] = [
        (
            "text",
            line(3, "1,1999,big,2,1"),
            "text.csv: line 3, column \"SQUARE_FEET\": \"big\" is not a number: correct",
        ),
        ("infinite", line(4, "1,inf,2,3,4"), "infinite.csv: line 4, column \"YEAR\": \"inf\" is infinite"),
        ("large", line(4, "1,1e39,2,3,4"), "large.csv: line 4, column \"YEAR\": \"1e39\" is infinite, or too large"),
        (
            "huge-target",
            line(2, "1e19,1,2,3,4"),
            "huge-target.csv: line 2, column \"price\": \"1e19\" is too large a target",
        ),
        (
            "target-text",
            line(2, "cheap,1,2,3,4"),
            "target-text.csv: line 2, column \"price\": \"cheap\" is not a number",
        ),
        ("ragged", line(5, "1,2,3"), "ragged.csv: line 5: the row has 3 fields where the first line has 5"),
        ("no-target", good.replace("price", "cost"), "no-target.csv: has no column \"price\" (from target)"),
        ("no-targets", "price,a\n,1\nNA,2\n".into(), "no-targets.csv: no row has a target"),
        ("header-only", "price,a\n".into(), "header-only.csv: no row has a target"),
        ("empty", String::new(), "empty.csv: is empty"),
        ("lonely", "price\n1\n2\n".into(), "lonely.csv: has no column of features"),
    ];
    let sound: [(&str, String); 6] = [
        (
            "constant-column",
            good.lines().map(|line| line.to_owned() + if line.starts_with('p') { ",K\n" } else { ",7\n" }).collect(),
        ),
        ("missing-column", empty_column(&good)),
        ("one-row", joined(good.lines().take(2))),
        ("missing-target", line(7, ",1999,2,3,4")),
        ("constant-target", "price,a\n5,1\n5,2\n5,3\n".into()),
        ("wide", wide),
    ];
    let files = bad.iter().map(|(name, text, _)| (name, text)).chain(sound.iter().map(|(name, text)| (name, text)));
    let input = folder(files.map(|(name, text)| (format!("{name}.csv"), text)));
    for model in
        [&["model=gradient-boosting", "num_round=4"][..], &["model=random-forest", "n_estimators=4"], &["model=ridge"]]
    {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &[model, &["target=price", "max_failures=11"]].concat()).with_code(0);
        assert_eq!(statuses(output.path()), [sound.len(), 0, 0, bad.len()]);
        let reasons = reasons(output.path());
        for (name, _, complaint) in &bad {
            assert!(reasons[*name].contains(complaint), "{name}: {}", reasons[*name]);
            assert!(!reasons[*name].contains("bug"), "{}", reasons[*name]);
        }
        assert_eq!(manifest(&output.path().join("manifest.jsonl"))["missing-target"]["missing"], 1);
        let (model, _) = fitted(output.path(), "one-row");
        let target = houses(30, 3)[0][0];
        assert!((model.predict(&[f32::NAN; 4]).unwrap() - target).abs() < 1.0);
    }
}

#[test]
fn lines_without_cells_are_promised_no_memory() {
    let header = |columns: usize| (0..columns).map(|at| format!(",c{at}")).collect::<Vec<_>>().concat();
    let empty = format!("price{}\n1{}\n{}", header(50_000), ",2".repeat(50_000), "\n".repeat(2_000_000));
    let short = format!("customer,price{}\n{}", header(20_000), "x\n".repeat(3_000_000));
    for (name, text, fitted, failed) in [("empty.csv", empty, 1, 0), ("short.csv", short, 0, 1)] {
        let (input, output) = (folder([(name, text)]), tempfile::tempdir().unwrap());
        let settings = ["model=gradient-boosting", "num_round=1", "target=price", "max_failures=1"];
        train(input.path(), output.path(), &settings).with_code(0);
        assert_eq!(statuses(output.path()), [fitted, 0, 0, failed], "{name}");
    }
}

#[test]
fn validation_rows_that_do_not_fit_are_refused_and_empty_ones_are_none() {
    let good = headed(&houses(30, 3));
    let customers = ["other-columns", "no-header", "empty", "header-only", "text", "unused"];
    let input = folder(customers[..5].iter().map(|name| (format!("{name}.csv"), &good)));
    let validation = folder([
        ("other-columns.csv", good.replace("GARAGE", "BARN")),
        ("no-header.csv", headerless(&houses(9, 3))),
        ("empty.csv", String::new()),
        ("header-only.csv", good.lines().next().unwrap().to_owned()),
        ("text.csv", good.replacen('\n', "\n1,2,3,4,five\n", 1)),
        ("unused.csv", good.clone()),
    ]);
    let output = tempfile::tempdir().unwrap();
    let place = format!("--validation={}", validation.path().display());
    fit(input.path(), output.path(), &["target=price", "max_failures=4", &place]).with_code(0);
    let reasons = reasons(output.path());
    for (name, complaint) in [
        ("other-columns", "other-columns.csv: has no column \"GARAGE\", which is a feature of the training rows"),
        ("no-header", "no-header.csv: has no header, judging by its first line, so the column \"price\""),
        ("empty", "empty.csv: is empty"),
        ("text", "text.csv: line 2, column \"GARAGE\": \"five\" is not a number"),
    ] {
        assert!(reasons[name].contains(complaint), "{name}: {}", reasons[name]);
    }
    let row = &manifest(&output.path().join("manifest.jsonl"))["header-only"];
    assert_eq!((&row["status"], &row["accuracy"]["on"]), (&"fitted".into(), &"in_sample".into()));
    assert!(row["notes"].to_string().contains("there are no validation rows"), "{row}");
}

#[test]
fn what_trees_cannot_be_fitted_to_falls_back_to_a_line_only_where_that_makes_sense() {
    let mut rows = houses(30, 3);
    rows[4][0] = -1.0;
    let input = folder([("a.csv", headed(&rows))]);
    let output = tempfile::tempdir().unwrap();
    let settings = ["target=price", "objective=count:poisson"];
    fit(input.path(), output.path(), &settings)
        .with_code(3)
        .complains_of(&["the target -1 does not fit the objective"]);
    fit(input.path(), output.path(), &[&settings[..], &["fallback=ridge"]].concat()).with_code(0);
    assert_eq!(statuses(output.path()), [0, 0, 1, 0]);
    assert_eq!(manifest(&output.path().join("manifest.jsonl"))["a"]["model"], "ridge");
    // The line has no more time than the trees.
    let wide =
        (0..700_u32).map(|row| (0..700).map(|k| (row * (k + 3) % 101).to_string()).collect::<Vec<_>>().join(","));
    let wide = folder([("wide.csv", joined(wide.map(|features| format!("-1,{features}"))))]);
    let hurried = ["header=false", "objective=count:poisson", "fallback=ridge", "customer_time_limit=0.03"];
    fit(wide.path(), output.path(), &hurried).with_code(3).complains_of(&["did not end within its time limit"]);
    // No fallback for an invalid setting: the settings must change.
    let constrained = ["target=price", "monotone_constraints=(1,1,1,1,1)"];
    fit(input.path(), output.path(), &constrained).with_code(3).complains_of(&["monotone_constraints has 5 values"]);
}

#[test]
fn validation_rows_are_refused_where_nothing_is_judged_by_them() {
    let input = folder([("a.csv", headed(&houses(30, 3)))]);
    let output = tempfile::tempdir().unwrap();
    let place = format!("--validation={}", input.path().display());
    train(input.path(), output.path(), &[&place]).with_code(2).complains_of(&["--validation is for regression models"]);
    fit(input.path(), output.path(), &["--validation=/no/such/folder"]).with_code(2).complains_of(&["no such folder"]);
    fit(input.path(), &input.path().join("out"), &[]).with_code(2).complains_of(&["is inside --input"]);
}

#[cfg(unix)]
#[test]
fn a_stop_reaches_into_a_running_fit() {
    let input = folder([("a.csv", headed(&houses(3000, 3)))]);
    let output = tempfile::tempdir().unwrap();
    let settings = ["model=random-forest", "n_estimators=1000000", "target=price"];
    let mut child = train_command(input.path(), output.path(), &settings).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the fit goes on");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(child.wait().unwrap().code(), Some(5));
    let limited = ["model=gradient-boosting", "num_round=1000000", "target=price", "customer_time_limit=0.2"];
    train(input.path(), output.path(), &limited).with_code(3).complains_of(&["did not end within its time limit"]);
}
