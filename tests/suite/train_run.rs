//! One run of `manyfit train` on a laptop: what it writes, what it prints, and how it ends.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::Command,
    sync::atomic::AtomicBool,
    thread,
    time::{Duration, Instant},
};

use manyfit::{
    artifact::{Found, inspect},
    error::Result,
    results::ResultsDirectory,
    settings::Settings,
    shard::Shard,
    store::{Durability, Entry, LocalStore, Store},
    train::{Job, Progress, run},
};
use serde_json::{Value, json};

use super::support::{
    Ended, artifacts, daily, daily_rows, files, fleet, folder, json, manifest, manyfit, members, repository, statuses,
    train, train_command,
};

/// The customer of the sample whose file has words where a number should be.
const BROKEN: &str = "9999_broken_on_purpose";

#[test]
fn the_sales_sample_is_fitted_and_its_broken_customer_is_named() {
    let output = tempfile::tempdir().unwrap();
    let output = output.path();
    let ended = train(&repository("sample_data/sales"), output, &[]).with_code(0);
    for words in [
        "100 customers in 100 files",
        r#"timestamp = "WeekStarting", target = "Quantity""#,
        "99 fitted, 1 failed",
        "models_done=99;",
        r#"9999_broken_on_purpose.csv: line 28, column "Quantity": "twelve thousand" is not a number"#,
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing in:\n{}", ended.out);
    }

    let artifacts = artifacts(&output.join("models"));
    assert_eq!(artifacts.len(), 99);
    assert!(!artifacts.contains_key(&format!("{BROKEN}.tar.gz")));
    let manifest = manifest(&output.join("manifest.jsonl"));
    assert_eq!(manifest.len(), 100);
    assert_eq!(manifest[BROKEN]["status"], "failed");
    for (name, bytes) in &artifacts {
        let row = &manifest[name.strip_suffix(".tar.gz").unwrap()];
        assert_eq!((&row["status"], &row["artifact"]), (&json!("fitted"), &json!(name)));
        assert_eq!(row["bytes"], bytes.len());
        assert!(row["log_posterior"].is_f64() && row["sigma"].is_f64());
    }
    let summary = json(&output.join("summary.json"));
    assert_eq!((&summary["fitted"], &summary["failed"]), (&json!(99), &json!(1)));
    assert_eq!(summary["failures"][0]["customer"], BROKEN);
    assert!(!output.join("forecasts.csv").exists(), "no horizon, no table");
    let left: Vec<_> = fs::read_dir(output).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "{left:?}");

    // The same again, with nobody allowed to fail: the verdict changes, the artifacts stand.
    let ended = train(&repository("sample_data/sales"), output, &["max_failures=0"]).with_code(3);
    ended.complains_of(&["1 of 100 customers failed, more than max_failures=0 allows", BROKEN]);
    assert_eq!(statuses(output), [0, 99, 0, 1]);
    assert_eq!(self::artifacts(&output.join("models")), artifacts);
}

#[test]
fn an_artifact_holds_its_description_and_a_prophet_model() {
    let input = folder([("8.csv", daily(60, 8))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["version=v2"]).with_code(0);
    let artifact = &artifacts(&output.path().join("models"))["8.tar.gz"];
    let [(first, metadata), (second, model)] = &members(artifact)[..] else { panic!("two members") };
    assert_eq!((first.as_str(), second.as_str()), (".manyfit.json", "model.json"));
    let metadata: Value = serde_json::from_slice(metadata).unwrap();
    assert_eq!(
        (&metadata["customer"], &metadata["rows"], &metadata["frequency"], &metadata["version"]),
        (&json!("8"), &json!(60), &json!("D"), &json!("v2"))
    );
    let model: Value = serde_json::from_slice(model).unwrap();
    for key in ["growth", "params", "history", "changepoints", "seasonalities", "__prophet_version"] {
        assert!(!model[key].is_null(), "{key}");
    }
    assert!(matches!(inspect(artifact), Found::Ours(_)));
}

/// A small fleet with everything in it: lengths, gaps, a fallback and a failure.
fn motley() -> tempfile::TempDir {
    let mut files: Vec<(String, String)> =
        (0..10).map(|i| (format!("c{i}.csv"), daily(30 + 9 * i, i as u64))).collect();
    files.push(("gaps.csv".into(), daily(50, 3).replace(",1", ",").replace("2022-01-20,", "2022-01-20,17")));
    files.push(("one.csv".into(), daily(1, 1)));
    files.push(("bad.csv".into(), "ds,y\n2022-01-03,1\n2022-01-04,x\n".into()));
    folder(files)
}

#[test]
fn threads_and_shards_change_no_byte() {
    let input = motley();
    let alone = tempfile::tempdir().unwrap();
    let settings = ["horizon=3", "max_failures=1"];
    train(input.path(), alone.path(), &[&settings[..], &["--jobs=1"]].concat()).with_code(0);
    let expected = artifacts(&alone.path().join("models"));
    let table = fs::read_to_string(alone.path().join("forecasts.csv")).unwrap();
    assert_eq!((expected.len(), table.lines().count()), (12, 1 + 3 * 12));

    for jobs in ["--jobs=2", "--jobs=8"] {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &[&settings[..], &[jobs]].concat()).with_code(0);
        assert!(artifacts(&output.path().join("models")) == expected, "{jobs}");
        assert_eq!(fs::read_to_string(output.path().join("forecasts.csv")).unwrap(), table, "{jobs}");
    }

    let output = tempfile::tempdir().unwrap();
    let mut rows = Vec::new();
    let mut customers = 0;
    for shard in 0..3 {
        let option = format!("--shard={shard}/3");
        train(input.path(), output.path(), &[&settings[..], &[&option]].concat()).with_code(0);
        customers += manifest(&output.path().join(format!("manifest-{shard}-of-3.jsonl"))).len();
        let part = fs::read_to_string(output.path().join(format!("forecasts-{shard}-of-3.csv"))).unwrap();
        rows.extend(part.lines().skip(1).map(str::to_owned));
    }
    assert_eq!(customers, 13, "each customer is in one shard");
    assert!(artifacts(&output.path().join("models")) == expected);
    rows.sort();
    let mut all: Vec<&str> = table.lines().skip(1).collect();
    all.sort_unstable();
    assert_eq!(rows, all);
}

#[test]
fn one_file_of_many_customers_and_compressed_files_give_the_same_artifacts() {
    let customers: Vec<(String, Vec<(String, f64)>)> =
        (0..8).map(|i| (format!("c{i}"), daily_rows(40 + i, i as u64))).collect();
    let singles =
        folder(customers.iter().enumerate().map(|(i, (name, _))| (format!("{name}.csv"), daily(40 + i, i as u64))));
    let output = tempfile::tempdir().unwrap();
    train(singles.path(), output.path(), &[]).with_code(0);
    let expected = artifacts(&output.path().join("models"));
    assert_eq!(expected.len(), 8);

    // Mixed as a database would export them: by date.
    let mut bundle = String::from("customer,ds,y\n");
    for day in 0..47 {
        for (name, rows) in &customers {
            if let Some((date, y)) = rows.get(day) {
                writeln!(bundle, "{name},{date},{y}").unwrap();
            }
        }
    }
    let gzip = |text: &str| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    let single = |i: usize| gzip(&daily(40 + i, i as u64));
    for input in [
        folder([("all.csv", bundle.clone().into_bytes())]),
        folder([("all.csv.gz", gzip(&bundle))]),
        folder((0..8).map(|i| (format!("c{i}.csv.gz"), single(i)))),
        folder((0..8).map(|i| (format!("c{i}/data.csv"), daily(40 + i, i as u64)))),
    ] {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &[]).with_code(0);
        assert!(artifacts(&output.path().join("models")) == expected, "{:?}", input.path());
    }
}

#[test]
fn the_forecasts_continue_the_calendar_and_may_begin_with_the_history() {
    let input = folder([("8.csv", daily(21, 8))]);
    let rows = |settings: &[&str]| -> Vec<Vec<String>> {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), settings).with_code(0);
        let text = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let future = rows(&["horizon=2"]);
    let header = "customer,ds,yhat,yhat_lower,yhat_upper,trend,trend_lower,trend_upper,additive_terms,yearly,weekly,daily,\
                  multiplicative_terms,holidays";
    assert_eq!(future[0].join(","), header);
    let dates: Vec<&str> = future[1..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(dates, ["2022-01-24T00:00:00", "2022-01-25T00:00:00"]);
    for row in &future[1..] {
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        assert!(number(3) < number(2) && number(2) < number(4), "{row:?}");
        assert_eq!((row[9].as_str(), row[11].as_str()), ("", ""), "three weeks have no year and no hours");
    }

    let whole = rows(&["horizon=2", "include_history=true"]);
    assert_eq!((whole.len(), whole[1][1].as_str()), (1 + 21 + 2, "2022-01-03T00:00:00"));
    for (with, without) in whole[22..].iter().zip(&future[1..]) {
        assert_eq!(with[2], without[2], "the history does not move the forecast");
    }
    assert_eq!(rows(&["include_history=true"]).len(), 1 + 21);
    assert_eq!(rows(&["horizon=2", "seed=7"])[1][2], future[1][2], "a seed moves no point forecast");
    assert_ne!(rows(&["horizon=2", "seed=7"])[1][3], future[1][3]);
}

#[test]
fn artifacts_are_named_by_their_template() {
    let input = folder([("8.csv", daily(20, 8))]);
    let output = tempfile::tempdir().unwrap();
    let template = "artifact-name={version}/{customer}-{fingerprint}.tar.gz";
    train(input.path(), output.path(), &[template, "version=v2"]).with_code(0);
    let names: Vec<String> = artifacts(&output.path().join("models")).into_keys().collect();
    let fingerprint = names[0].strip_prefix("v2/8-").and_then(|rest| rest.strip_suffix(".tar.gz")).unwrap();
    assert_eq!((names.len(), fingerprint.len()), (1, 12));
    assert_eq!(manifest(&output.path().join("manifest.jsonl"))["8"]["artifact"], names[0]);
    train(input.path(), output.path(), &["artifact_name=model.tar.gz"]).with_code(2).complains_of(&["{customer}"]);
}

#[test]
fn what_prophet_cannot_fit_falls_back_and_says_so() {
    let input = folder([
        ("constant.csv", "ds,y\n2022-01-01,5\n2022-01-02,5\n2022-01-03,5\n".to_owned()),
        ("header_only.csv", "ds,y\n".into()),
        ("missing.csv", "ds,y\n2022-01-01,\n2022-01-02,NA\n".into()),
        ("nothing.csv", String::new()),
        ("one.csv", "ds,y\n2022-01-01,5\n2022-01-02,\n".into()),
        ("zero.csv", "ds,y\n2022-01-01,0\n2022-01-02,0\n2022-01-03,0\n".into()),
    ]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["horizon=2", "max_failures=3"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let row = |name: &str| (rows[name]["status"].as_str().unwrap(), rows[name]["reason"].as_str().unwrap_or_default());
    assert_eq!(row("one"), ("fallback", "only one row has a value: Prophet needs two"));
    assert_eq!(rows["one"]["model"], "mean");
    for constant in ["constant", "zero"] {
        assert_eq!(row(constant), ("fitted", ""));
        assert_eq!(rows[constant]["notes"], json!(["the series is constant: nothing was fitted"]));
    }
    for (name, reason) in
        [("missing", "no row has a value"), ("header_only", "no row has a value"), ("nothing", "is empty")]
    {
        assert_eq!(row(name).0, "failed");
        assert!(row(name).1.contains(reason), "{name}: {}", row(name).1);
    }
    let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
    let yhat = |customer: &str| -> Vec<f64> {
        let lines = table.lines().filter(|line| line.split(',').next() == Some(customer));
        lines.map(|line| line.split(',').nth(2).unwrap().parse().unwrap()).collect()
    };
    assert_eq!((yhat("constant"), yhat("zero"), yhat("one")), (vec![5.0; 2], vec![0.0; 2], vec![5.0; 2]));

    let ended = train(input.path(), output.path(), &["fallback=none"]).with_code(3);
    assert_eq!(statuses(output.path()), [2, 0, 0, 4], "{}", ended.out);
    assert!(ended.out.contains("failed: one: only one row has a value: Prophet needs two"), "{}", ended.out);
}

#[test]
fn the_columns_are_guessed_once_for_all_files() {
    let rows = daily_rows(30, 1).iter().fold("day,units_sold,promo\n".to_owned(), |mut rows, (date, value)| {
        writeln!(rows, "{date},{value},0").unwrap();
        rows
    });
    let with_text = rows.replacen("2022-01-03,", "2022-01-03,closed ", 1);
    let input = folder([("a.csv", rows.clone()), ("b.csv", with_text), ("c.csv", rows)]);
    let output = tempfile::tempdir().unwrap();
    let ended = train(input.path(), output.path(), &["max_failures=1"]).with_code(0);
    assert!(ended.out.contains("(timestamp and target are guessed; set them to choose)"), "{}", ended.out);
    let reason = manifest(&output.path().join("manifest.jsonl"))["b"]["reason"].as_str().unwrap().to_owned();
    let words =
        r#"b.csv: its target column seems to be "promo", and that of the first file is "units_sold": set target"#;
    assert!(reason.contains(words), "{reason}");
    let ended = train(input.path(), output.path(), &["target=units_sold", "max_failures=0"]).with_code(3);
    ended.complains_of(&["b.csv: line 2, column \"units_sold\"", "is not a number"]);
}

#[test]
fn one_cause_is_one_line_and_a_single_failure_is_said_once() {
    let fleet = fleet(12, 25);
    let output = tempfile::tempdir().unwrap();
    let ended = train(fleet.path(), output.path(), &["target=sold"]).with_code(3);
    assert!(!ended.out.contains("failed: "), "{}", ended.out);
    ended.complains_of(&[
        "12 of 12 customers failed, more than max_failures=10% allows; 12 customers (customer-000, customer-001, customer-002 and 9 more): \
         has no column \"sold\" (from target)",
    ]);
}

#[test]
fn an_option_that_is_a_setting_says_how_to_give_it() {
    for (command, option, tip) in [
        ("train", "--overrides", "overrides is a setting: write --set overrides=VALUE"),
        ("job", "--num-round=3", "num_round is a setting: write --set num_round=VALUE"),
    ] {
        let ended = Ended::from(manyfit().args([command, option]).output().unwrap()).with_code(2);
        ended.complains_of(&["unexpected argument", tip]);
    }
    let ended = Ended::from(manyfit().args(["serve", "--overrides"]).output().unwrap()).with_code(2);
    assert!(!ended.err.contains("--set"), "{}", ended.err);
}

#[test]
fn rows_of_one_moment_are_settled_as_the_setting_says() {
    let input = folder([("8.csv", "ds,y\n2022-01-01,1\n2022-01-02,2\n2022-01-02,4\n2022-01-03,9\n")]);
    let output = tempfile::tempdir().unwrap();
    let ended = train(input.path(), output.path(), &[]).with_code(3);
    ended.complains_of(&["8.csv: line 4: the timestamp 2022-01-02 is also on line 3"]);
    let artifact = |settings: &[&str], text: Option<&str>| {
        let output = tempfile::tempdir().unwrap();
        let other = text.map(|text| folder([("8.csv", text)]));
        train(other.as_ref().unwrap_or(&input).path(), output.path(), settings).with_code(0);
        artifacts(&output.path().join("models"))
    };
    for (policy, y) in [("first", 2), ("last", 4), ("mean", 3), ("sum", 6)] {
        let settled = artifact(&[&format!("duplicates={policy}")], None);
        let same = format!("ds,y\n2022-01-01,1\n2022-01-02,{y}\n2022-01-03,9\n");
        assert_eq!(settled, artifact(&[], Some(&same)), "{policy}");
    }
}

#[test]
fn all_faults_of_the_settings_are_in_one_message() {
    let input = folder([("8.csv", daily(20, 8))]);
    let output = tempfile::tempdir().unwrap();
    let settings = ["hotizon=7", "growth=cubic", "interval-width=80", "n_changepoints=many", "seed=-1"];
    let ended = train(input.path(), output.path(), &settings).with_code(2);
    ended.complains_of(&[
        "did you mean horizon?",
        "linear, flat or logistic",
        "interval_width",
        "n_changepoints",
        "seed",
    ]);
    assert!(fs::read_dir(output.path()).unwrap().next().is_none(), "nothing was begun");
}

#[test]
fn unusable_command_lines_are_settings_errors() {
    let input = folder([("8.csv", daily(20, 8))]);
    let output = tempfile::tempdir().unwrap();
    let (input, output) = (input.path(), output.path());
    for (options, words) in [
        (&["--sett=x"][..], "--sett"),
        (&["--jobs=0"], "--jobs"),
        (&["--jobs=x"], "--jobs"),
        (&["--shard=3/3"], "shards count from 0"),
        (&["--shard=1"], "is not a shard"),
        (&["horizon"], "write a name and a value"),
        (&["--hyperparameters=/no/such/file.json"], "/no/such/file.json"),
    ] {
        train(input, output, options).with_code(2).complains_of(&[words]);
    }
    for inside in [input.to_owned(), input.join("out"), input.join("a/b")] {
        train(input, &inside, &[]).with_code(2).complains_of(&["is inside --input", "choose another folder"]);
        assert!(!input.join("out").exists());
    }
    train(&input.join("absent"), output, &[]).with_code(2).complains_of(&["absent", "no such folder"]);
    let words = |ended: super::support::Ended| ended.with_code(2).err;
    assert!(words(super::support::manyfit().arg("train").output().unwrap().into()).contains("--input"));
    let mut alone = super::support::manyfit();
    assert!(words(alone.args(["train", "--input", "."]).output().unwrap().into()).contains("--output"));
    assert!(words(super::support::manyfit().arg("tran").output().unwrap().into()).contains("train"));
}

#[test]
fn a_file_of_settings_is_followed_and_the_command_line_wins() {
    let input = folder([("8.csv", daily(20, 8))]);
    let output = tempfile::tempdir().unwrap();
    let file = input.path().join("settings.json");
    fs::write(&file, r#"{"horizon": 5, "weekly-seasonality": "False", "model": "\"prophet\""}"#).unwrap();
    let option = format!("--hyperparameters={}", file.display());
    train(input.path(), output.path(), &[&option, "horizon=3"]).with_code(0);
    let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 3);
    assert!(table.lines().nth(1).unwrap().ends_with(",0,,,,0,"), "{table}");
}

#[test]
fn a_place_without_customers_is_refused_and_touches_nothing() {
    let output = tempfile::tempdir().unwrap();
    let output = output.path();
    train(fleet(3, 20).path(), output, &["horizon=3"]).with_code(0);
    let before = files(output);
    assert_eq!(manifest(&output.join("manifest.jsonl")).len(), 3);
    let rows = daily(20, 8);
    for (objects, words) in [
        (vec![], "holds no customers' files: check its name"),
        (vec![("a.zip", "PK"), ("b.zip", "PK"), ("notes.md", &*rows)], "only 3 other files, such as a.zip, notes.md"),
        (vec![("c0.csv.out", &*rows)], "only one other file, c0.csv.out"),
        (vec![("README.txt", "The columns, as they are:\nds, y\n")], "only one other file, README.txt"),
        (vec![("_SUCCESS", "")], "holds no customers' files"),
    ] {
        let input = folder(objects);
        let ended = train(input.path(), output, &["horizon=3"]).with_code(3);
        ended.complains_of(&[words, "results of earlier runs are unchanged"]);
        assert_eq!(files(output), before, "{words}");
    }
    // A shard without customers of an input that has some is done.
    let one = folder([("8.csv", &*rows)]);
    let other = tempfile::tempdir().unwrap();
    let outs = ["--shard=0/2", "--shard=1/2"].map(|shard| train(one.path(), other.path(), &[shard]).with_code(0).out);
    assert_eq!(outs.iter().filter(|out| out.contains("nothing to do")).count(), 1, "{outs:?}");
}

#[test]
fn text_without_a_tables_extension_is_read_and_what_is_skipped_is_named() {
    let (commas, tabs) = (daily(20, 8), daily(20, 8).replace(',', "\t"));
    let input = folder([
        ("BRK.A.csv", &*commas),
        ("BRK.B.tsv", &*tabs),
        ("notes.md", "x"),
        ("part-00000", &*commas),
        ("s.txt", &*tabs),
    ]);
    let output = tempfile::tempdir().unwrap();
    let ended = train(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains("skipped: one other file, notes.md"), "{}", ended.out);
    let names: Vec<String> = artifacts(&output.path().join("models")).into_keys().collect();
    assert_eq!(names, ["BRK.A.tar.gz", "BRK.B.tar.gz", "part-00000.tar.gz", "s.tar.gz"]);
}

#[test]
fn what_earlier_runs_left_of_customers_that_are_gone_or_fail_is_named_and_deleted_if_wanted() {
    let input = fleet(3, 20);
    let output = tempfile::tempdir().unwrap();
    let output = output.path();
    let models = || artifacts(&output.join("models")).into_keys().collect::<Vec<_>>();
    train(input.path(), output, &["horizon=3"]).with_code(0);
    fs::remove_file(input.path().join("customer-001.csv")).unwrap();
    fs::write(input.path().join("customer-002.csv"), "ds,y\n2024-01-01,x\n").unwrap();
    fs::write(output.join("predictions.csv"), "mine").unwrap();
    let all = ["customer-000.tar.gz", "customer-001.tar.gz", "customer-002.tar.gz"];

    let ended = train(input.path(), output, &["max_failures=1"]).with_code(0);
    assert!(ended.out.contains("stale: 2 artifacts of earlier runs"), "{}", ended.out);
    assert!(ended.out.contains("(customer-001, customer-002)"), "{}", ended.out);
    let rows = manifest(&output.join("manifest.jsonl"));
    let of = |customer: &str| (rows[customer]["status"].as_str().unwrap(), rows[customer]["stale"].as_str());
    assert_eq!(of("customer-000"), ("unchanged", None));
    assert_eq!(of("customer-001"), ("stale", Some("customer-001.tar.gz")));
    assert_eq!(of("customer-002"), ("failed", Some("customer-002.tar.gz")));
    let summary = json(&output.join("summary.json"));
    assert_eq!((&summary["stale"], &summary["customers"], &summary["deleted"]), (&json!(2), &json!(2), &json!(0)));
    // The tables of the run before, which would be half true now, are gone; what is not a run's stays.
    let left: Vec<String> = files(output).into_keys().filter(|name| !name.contains('/')).collect();
    assert_eq!(left, ["history.csv", "manifest.jsonl", "predictions.csv", "report.html", "summary.json"]);
    assert_eq!(models(), all);

    train(input.path(), output, &["max_failures=0", "stale=delete"]).with_code(3);
    assert_eq!(models(), all, "a run that fails deletes nothing");
    fs::write(output.join("models/foreign.tar.gz"), "not manyfit's").unwrap();
    let ended = train(input.path(), output, &["max_failures=1", "stale=delete"]).with_code(0);
    assert!(ended.out.contains("deleted 2 artifacts") && ended.out.contains("(foreign)"), "{}", ended.out);
    assert_eq!(models(), ["customer-000.tar.gz", "foreign.tar.gz"]);
    let rows = manifest(&output.join("manifest.jsonl"));
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["customer-000", "customer-002", "foreign"]);
    assert!(rows["customer-002"].get("stale").is_none());
    let summary = json(&output.join("summary.json"));
    assert_eq!((&summary["stale"], &summary["deleted"]), (&json!(1), &json!(2)));
}

#[test]
fn shards_leave_each_others_artifacts_alone() {
    let input = fleet(6, 20);
    let output = tempfile::tempdir().unwrap();
    for shard in ["--shard=0/2", "--shard=1/2", "--shard=0/2"] {
        let ended = train(input.path(), output.path(), &[shard, "stale=delete"]).with_code(0);
        assert!(!ended.out.contains("stale") && !ended.out.contains("deleted"), "{}", ended.out);
    }
    assert_eq!(artifacts(&output.path().join("models")).len(), 6);
}

#[test]
fn one_file_is_a_place() {
    let input = folder([("8.csv", daily(20, 8)), ("9.csv", daily(20, 9)), ("part-00000", daily(20, 7))]);
    for (file, customer) in [("8.csv", "8"), ("part-00000", "part-00000")] {
        let output = tempfile::tempdir().unwrap();
        let ended = train(&input.path().join(file), output.path(), &[]).with_code(0);
        assert!(ended.out.contains("1 customer in 1 file"), "{}", ended.out);
        assert!(artifacts(&output.path().join("models")).contains_key(&format!("{customer}.tar.gz")));
    }
}

#[test]
fn folders_with_values_and_names_that_look_missing_are_customers() {
    let rows = daily_rows(20, 8);
    let mut bundle = String::from("ds,y\n");
    for (date, y) in &rows {
        writeln!(bundle, "{date},{y}").unwrap();
    }
    let hive =
        folder(["NA", "b c"].map(|name| (format!("customer={}/part-0.csv", name.replace(' ', "%20")), &*bundle)));
    let names = |input: &Path| {
        let output = tempfile::tempdir().unwrap();
        let ended = train(input, output.path(), &["max_failures=3"]).with_code(0);
        let rows = manifest(&output.path().join("manifest.jsonl"));
        let of = |failed: bool| {
            let rows = rows.iter().filter(|(_, row)| (row["status"] == "failed") == failed);
            rows.map(|(customer, _)| customer.clone()).collect::<Vec<_>>()
        };
        (of(false), of(true), ended.out)
    };
    assert_eq!(names(hive.path()).0, ["NA", "b c"]);
    let mut bundle = b"customer,ds,y\n".to_vec();
    for (date, y) in &rows {
        for name in [&b"NA"[..], b"Null", b"nan", b"None", b"N/A", b"caf\xe9", b"plain", b""] {
            bundle.extend([name, format!(",{date},{y}\n").as_bytes()].concat());
        }
    }
    bundle.extend(b"plain,2030-01-01,\"7\n");
    let (trained, failed, out) = names(folder([("all.csv", bundle)]).path());
    assert_eq!(trained, ["NA", "None", "Null", "nan", "plain"]);
    assert_eq!(failed, ["N/A", "all.csv", "caf\u{fffd}"]);
    assert!(out.contains("is not UTF-8") && out.contains("21 such rows are left out"), "{out}");
}

#[test]
fn a_file_without_a_header_keeps_its_first_row_and_may_begin_with_an_index_or_an_id() {
    let trained = |name: &str, text: String, settings: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        train(folder([(name, text)]).path(), output.path(), settings).with_code(0);
        artifacts(&output.path().join("models"))
    };
    let rows = daily_rows(30, 8);
    let lines = |line: &dyn Fn(usize, &str, f64) -> String| {
        rows.iter().enumerate().map(|(at, (date, y))| line(at, date, *y) + "\n").collect::<String>()
    };
    let expected = trained("8.csv", daily(30, 8), &[]);
    for text in [
        lines(&|_, date, y| format!("{date},{y}")),
        lines(&|at, date, y| format!("{at},{date},{y}")),
        lines(&|at, date, y| format!("{};{date};{y}", at + 1)),
        lines(&|_, date, y| format!(",{date},{y}")),
        lines(&|_, date, y| format!("{y},{date}")),
        lines(&|at, date, y| format!("{at},{},{y}", date.replace('-', ""))),
    ] {
        assert!(trained("8.csv", text.clone(), &[]) == expected, "{text}");
    }
    let ids = |names: [&str; 2], line: &dyn Fn(&str, &str, f64) -> String| {
        names.map(|name| lines(&|_, date, y| line(name, date, y))).concat()
    };
    for names in [["north", "NA"], ["7", "8"], ["7", "x"]] {
        let bundle = ids(names, &|name, date, y| format!("{name},{date},{y}"));
        let expected = trained("all.csv", format!("customer,ds,y\n{bundle}"), &[]);
        assert_eq!(expected.len(), 2);
        assert!(trained("all.csv", bundle, &[]) == expected, "{names:?}");
    }
    // What the rows do not tell, settings do.
    let unclear = ids(["7", "8"], &|name, date, y| format!("{name},{y},1,{date}"));
    let settings = ["customer=#1", "target=#2", "timestamp=#4"];
    assert_eq!(trained("all.csv", unclear.clone(), &settings).len(), 2);
    let output = tempfile::tempdir().unwrap();
    let refused = train(folder([("all.csv", unclear)]).path(), output.path(), &[]).with_code(3);
    refused.complains_of(&["has no header, and its rows do not tell what its columns are", "\"#1\", \"#2\""]);
}

#[test]
fn a_customer_that_takes_too_long_fails_and_is_tried_again_by_the_next_run() {
    let input = folder([("big.csv", daily(4000, 8)), ("small.csv", daily(1, 8))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["customer_time_limit=0.000001", "n_changepoints=200"])
        .with_code(3)
        .complains_of(&["big: the fit did not end", "time limit"]);
    train(input.path(), output.path(), &["n_changepoints=200"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!((&rows["big"]["status"], &rows["small"]["status"]), (&json!("fitted"), &json!("unchanged")));
}

#[test]
fn a_place_that_cannot_be_written_ends_the_run_at_once() {
    let input = fleet(3, 20);
    let output = folder([("file", "a file"), ("other/models", "a file where the directory of models should be")]);
    let ended = train(input.path(), &output.path().join("file/below"), &[]).with_code(4);
    ended.complains_of(&["file/below"]);
    let ended = train(input.path(), &output.path().join("other"), &[]).with_code(4);
    ended.complains_of(&["models", "a file is where a directory is needed"]);
}

#[test]
fn a_file_that_cannot_be_read_is_its_customers_failure() {
    let input = fleet(2, 20);
    // A name that promises gzip, and bytes that begin like it and end too early.
    fs::write(input.path().join("torn.csv.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]).unwrap();
    fs::write(input.path().join("binary.csv"), [0, 159, 146, 150, b'\n', 255, 0]).unwrap();
    let output = tempfile::tempdir().unwrap();
    let ended = train(input.path(), output.path(), &["max_failures=2"]).with_code(0);
    assert_eq!(statuses(output.path()), [2, 0, 0, 2], "{}", ended.out);
    for name in ["torn.csv.gz", "binary.csv"] {
        assert!(ended.out.contains(&format!("{name}: ")), "{name} is not named in:\n{}", ended.out);
    }
}

/// A store in which one object panics when it is read.
#[derive(Debug)]
struct Haunted(LocalStore, &'static str);

impl Store for Haunted {
    fn list(&self) -> Result<Vec<Entry>> {
        self.0.list()
    }

    fn read(&self, key: &str, buffer: &mut Vec<u8>) -> Result<bool> {
        // Discovery reads the first file by name, so the haunted one is another.
        assert!(key != self.1, "boo");
        self.0.read(key, buffer)
    }

    fn publish(&self, key: &str, bytes: &[u8]) -> Result<()> {
        self.0.publish(key, bytes)
    }

    fn describe(&self, key: &str) -> String {
        self.0.describe(key)
    }
}

#[test]
fn a_panic_is_one_customers_failure() {
    let input = fleet(30, 20);
    let output = tempfile::tempdir().unwrap();
    let settings = Settings::from_text(&[("max_failures".to_owned(), "1".to_owned())].into()).unwrap();
    let local = |path: &Path| LocalStore::new(path, Durability::default());
    let stop = AtomicBool::new(false);
    let job = Job {
        input: &Haunted(local(input.path()), "customer-017.csv"),
        validation: None,
        models: &local(&output.path().join("models")),
        results: ResultsDirectory::new(output.path(), Shard::ALL),
        settings: &settings,
        shard: Shard::ALL,
        may_be_empty: false,
        jobs: 2,
        memory: 1 << 30,
        stop: &stop,
        progress: Progress::Silent,
    };
    let mut out = Vec::new();
    let summary = run(&job, &mut out).unwrap();
    assert!(summary.verdict().is_ok());
    assert_eq!((summary.counts.fitted, summary.counts.failed), (29, 1));
    let row = &manifest(&output.path().join("manifest.jsonl"))["customer-017"];
    assert!(row["reason"].as_str().unwrap().contains("panicked: boo (a bug in manyfit"), "{row}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_in_order_and_a_second_run_goes_on() {
    for signal in ["TERM", "INT"] {
        let input = fleet(60, 60);
        let output = tempfile::tempdir().unwrap();
        let models = output.path().join("models");
        let child = train_command(input.path(), output.path(), &["--jobs=1", "horizon=1"]).spawn().unwrap();
        let begun = Instant::now();
        while fs::read_dir(&models).map_or(0, Iterator::count) < 5 {
            assert!(begun.elapsed() < Duration::from_secs(30), "the run does not begin");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success()
        );
        let ended = super::support::Ended::from(child.wait_with_output().unwrap()).with_code(5);
        assert!(begun.elapsed() < Duration::from_mins(1));
        let ended = ended.complains_of(&["run it again to continue"]);

        let done = artifacts(&models);
        assert!((5..60).contains(&done.len()), "{} artifacts", done.len());
        for bytes in done.values() {
            assert!(matches!(inspect(bytes), Found::Ours(_)));
        }
        assert_eq!(statuses(output.path()), [done.len(), 0, 0, 0]);
        assert_eq!(json(&output.path().join("summary.json"))["stopped"], true);
        assert!(ended.out.contains(&format!("{} fitted", done.len())), "{}", ended.out);
        let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        assert_eq!(table.lines().count(), 1 + done.len());

        train(input.path(), output.path(), &[]).with_code(0);
        assert_eq!(statuses(output.path()), [60 - done.len(), done.len(), 0, 0]);
    }
}

#[test]
fn values_at_the_ends_of_the_range_of_numbers_give_numbers_or_a_reason() {
    let days = |value: &dyn Fn(i32) -> f64| {
        let rows = (1..=28).map(|day| format!("2022-01-{day:02},{}\n", value(day)));
        format!("ds,y\n{}", rows.collect::<String>())
    };
    let wobble = |day: i32| f64::from(day * day % 11 - 5);
    let input = folder(
        [
            ("alternating", days(&|day| 1e-300 * (-1.0_f64).powi(day))),
            ("denormal", days(&|day| 5e-324 * (5.0 + wobble(day)))),
            ("huge", days(&|day| 1e299 * wobble(day))),
            ("jump", days(&|day| if day < 28 { 1.0 } else { 1e12 })),
            ("line", days(&f64::from)),
            ("nearly_constant", days(&|day| 1.0 + 1e-15 * wobble(day))),
            ("too_large", days(&|day| 3e307 * wobble(day))),
        ]
        .map(|(name, text)| (format!("{name}.csv"), text)),
    );
    for settings in [&[][..], &["scaling=minmax"], &["growth=flat"], &["model=mean"], &["model=seasonal-naive"]] {
        let output = tempfile::tempdir().unwrap();
        let settings = [settings, &["horizon=3", "max_failures=1"]].concat();
        for counts in [[6, 0, 0, 1], [0, 6, 0, 1]] {
            train(input.path(), output.path(), &settings).with_code(0);
            assert_eq!(statuses(output.path()), counts, "{settings:?}");
        }
        let rows = manifest(&output.path().join("manifest.jsonl"));
        assert!(rows["too_large"]["reason"].as_str().unwrap().contains("too large"), "{}", rows["too_large"]);
        for (customer, row) in rows.iter().filter(|(customer, _)| *customer != "too_large") {
            for value in [&row["sigma"], &row["in_sample"]["mae"], &row["in_sample"]["rmse"]] {
                assert!(value.as_f64().is_some_and(f64::is_finite), "{customer}: {row}");
            }
        }
        let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        assert_eq!(table.lines().count(), 1 + 6 * 3);
        for line in table.lines().skip(1) {
            let numbers: Vec<f64> = line.split(',').skip(2).take(7).map(|field| field.parse().unwrap()).collect();
            assert!(numbers.iter().all(|number| number.is_finite()), "{settings:?}: {line}");
        }
    }
}

#[test]
fn settings_at_the_ends_of_their_ranges_are_followed() {
    let input = folder([("8.csv", daily(40, 8)), ("short.csv", daily(10, 9))]);
    for settings in [
        &["n_changepoints=1000", "changepoint_range=1"][..],
        &["n_changepoints=0", "changepoint_range=0"],
        &["yearly_seasonality=50", "weekly_seasonality=30", "daily_seasonality=20"],
        &["seasonality_prior_scale=1e-9", "changepoint_prior_scale=1e9"],
        &["seasonality_prior_scale=1e9", "changepoint_prior_scale=1e-9"],
        &["interval_width=0.999999999"],
        &["interval_width=0.000000001", "uncertainty_samples=1"],
        &["uncertainty_samples=0", "frequency=YE"],
        &["frequency=min", "history=full"],
    ] {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &[settings, &["horizon=3"]].concat()).with_code(0);
        assert_eq!(statuses(output.path()), [2, 0, 0, 0], "{settings:?}");
        let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        for line in table.lines().skip(1) {
            let yhat: f64 = line.split(',').nth(2).unwrap().parse().unwrap();
            assert!((-1e4..1e4).contains(&yhat), "{settings:?}: {line}");
        }
    }
}
