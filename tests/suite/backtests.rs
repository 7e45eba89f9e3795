//! Backtests, the choice among models and calibrated intervals: from settings to artifacts, tables, `predict` and the server.

use crate::{
    server::Server,
    support::{daily_rows, folder, manifest, manyfit, members, statuses, train},
};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

/// Histories of ten weeks, of 10, 5, 2 rows and of a single one, and one of sparse demand.
fn customers() -> TempDir {
    let csv = |rows: &[(String, f64)]| {
        let lines: Vec<String> = rows.iter().map(|(date, y)| format!("{date},{y}\n")).collect();
        format!("ds,y\n{}", lines.concat())
    };
    let long = daily_rows(70, 3);
    let sparse: Vec<(String, f64)> = daily_rows(70, 5)
        .into_iter()
        .enumerate()
        .map(|(row, (date, y))| (date, if row % 3 == 0 { y.round() } else { 0.0 }))
        .collect();
    let short = |rows: usize| csv(&long[..rows]);
    folder([
        ("long.csv", csv(&long)),
        ("other.csv", csv(&daily_rows(70, 4))),
        ("sparse.csv", csv(&sparse)),
        ("ten.csv", short(10)),
        ("five.csv", short(5)),
        ("two.csv", short(2)),
        ("one.csv", short(1)),
    ])
}

/// A table's rows of a customer, by column.
fn table(text: &str, customer: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows = lines.filter(|row| row[0] == customer);
    rows.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn backtest(output: &Path) -> String {
    fs::read_to_string(output.join("backtest.csv")).unwrap()
}

#[test]
fn a_model_is_scored_by_forecasts_of_the_past_beside_the_seasonal_naive() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    let settings = ["model=theta", "horizon=6", "backtest=3", "period=4", "candidates=drift", "interval_width=0.9"];
    let ended = train(input.path(), output.path(), &settings).with_code(0);
    assert!(ended.out.contains("backtest of "), "{}", ended.out);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let record = &rows["long"]["backtest"];
    let forecasts = table(&backtest(output.path()), "long");
    assert_eq!((forecasts.len(), &record["rows"], &record["cutoffs"]), (18, &18.into(), &3.into()));
    // Cutoffs are 14, 10 and 6 days before the last day; each is followed by six days.
    let cutoffs: Vec<&str> = forecasts.iter().step_by(6).map(|row| row["cutoff"].as_str()).collect();
    let dates: Vec<String> = daily_rows(70, 3).into_iter().map(|(date, _)| format!("{date}T00:00:00")).collect();
    assert_eq!(cutoffs, [&dates[55], &dates[59], &dates[63]]);
    assert_eq!(forecasts[6]["ds"], dates[60]);
    // The seasonal naive is the value of a week before, and each error is the mean over the rows.
    let mean = |error: &dyn Fn(&BTreeMap<String, String>) -> f64| {
        forecasts.iter().map(error).sum::<f64>() / forecasts.len() as f64
    };
    for (column, metrics) in [
        ("yhat", &record["metrics"]),
        ("drift", &record["candidates"][0]["metrics"]),
        ("seasonal-naive", &record["seasonal_naive"]),
    ] {
        let mae = mean(&|row| (number(row, column) - number(row, "y")).abs());
        assert!((mae - metrics["mae"].as_f64().unwrap()).abs() < 1e-9 * mae, "{column}: {mae} and {metrics}");
        let ends = [format!("{column}_lower"), format!("{column}_upper")];
        let covered = mean(&|row| {
            let inside = (number(row, &ends[0])..=number(row, &ends[1])).contains(&number(row, "y"));
            f64::from(u8::from(inside))
        });
        assert!((covered - metrics["coverage"].as_f64().unwrap()).abs() < 1e-9, "{column}: {covered} and {metrics}");
    }
    let history: Vec<f64> = daily_rows(70, 3).into_iter().map(|(_, y)| y).collect();
    assert!((number(&forecasts[7], "seasonal-naive") - history[54]).abs() < 1e-9);
    assert_eq!(rows["one"]["backtest"], Value::Null, "too short for a cutoff");
    let summary: Value = serde_json::from_slice(&fs::read(output.path().join("summary.json")).unwrap()).unwrap();
    assert!(summary["backtest"]["models"]["drift"]["customers"].as_u64() >= Some(2), "{summary}");

    // The file says by how much its intervals are scaled, and predict scales them.
    let factor = rows["long"]["calibration"]["factor"].as_f64().unwrap();
    let plain = tempfile::tempdir().unwrap();
    train(input.path(), plain.path(), &["model=theta", "horizon=6", "interval_width=0.9"]).with_code(0);
    let reach = |output: &Path| {
        let forecast = &table(&fs::read_to_string(output.join("forecasts.csv")).unwrap(), "long")[5];
        number(forecast, "yhat_upper") - number(forecast, "yhat")
    };
    assert!((reach(output.path()) / reach(plain.path()) / factor - 1.0).abs() < 1e-9, "{factor}");
    assert!((factor - 1.0).abs() > 0.01, "a factor of 1 would prove nothing");
}

#[test]
fn auto_combines_models_and_one_archive_holds_them() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    let settings = ["model=auto", "horizon=7", "backtest=2"];
    train(input.path(), output.path(), &settings).with_code(0);
    assert_eq!(statuses(output.path())[3], 0, "every history has a model, however short");
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!(rows["long"]["model"], "combination");
    let weights: Vec<f64> = rows["long"]["backtest"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["weight"].as_f64().unwrap())
        .collect();
    assert!(weights.len() > 4 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{weights:?}");
    let named = |customer: &str| -> Vec<String> {
        let record = &rows[customer]["backtest"]["candidates"];
        record.as_array().unwrap().iter().map(|candidate| candidate["model"].as_str().unwrap().to_owned()).collect()
    };
    assert!(named("sparse").contains(&"croston-sba".to_owned()) && !named("long").contains(&"tsb".to_owned()));
    // Prophet is one of the models of daily data, in the file that Python Prophet reads.
    let archive = fs::read(output.path().join("models/long.tar.gz")).unwrap();
    let files: Vec<String> = members(&archive).into_iter().map(|(name, _)| name).collect();
    assert_eq!(files, [".manyfit.json", "combination.json", "model.json"]);

    let forecasts = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
    let again = manyfit().arg("predict").arg(output.path().join("models")).args(["--horizon", "7"]).output().unwrap();
    let again = String::from_utf8(again.stdout).unwrap();
    let server = Server::multi_model();
    for customer in ["long", "other", "sparse", "ten", "five", "two", "one"] {
        let (trained, predicted) = (table(&forecasts, customer), table(&again, customer));
        assert_eq!(trained.len(), 7, "{customer}");
        server.load(customer, &output.path().join(format!("models/{customer}.tar.gz"))).with(200);
        let served = server.post(&format!("/models/{customer}/invoke"), r#"{"horizon": 7}"#).with(200).json();
        for (row, (one, other)) in trained.iter().zip(&predicted).enumerate() {
            for column in ["yhat", "yhat_lower", "yhat_upper"] {
                assert_eq!(one[column], other[column], "{customer} {row} {column}");
                let value = &served["predictions"][row][column];
                assert_eq!(value.as_f64(), Some(number(one, column)), "{customer} {served}");
            }
        }
    }
}

#[test]
fn results_are_the_same_for_any_number_of_threads_and_when_a_run_is_repeated() {
    let (input, one, two) = (customers(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = ["model=auto", "horizon=5", "backtest=2"];
    train(input.path(), one.path(), &settings).with_code(0);
    train(input.path(), two.path(), &["model=auto", "horizon=5", "backtest=2", "--jobs=1"]).with_code(0);
    let files = |output: &Path| -> Vec<(String, Vec<u8>)> {
        let models = fs::read_dir(output.join("models")).unwrap().map(|entry| entry.unwrap().path());
        let tables = ["backtest.csv", "backtest.parquet", "forecasts.csv"].map(|name| output.join(name));
        let mut paths: Vec<_> = models.chain(tables).filter(|path| path.exists()).collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| (path.file_name().unwrap().to_string_lossy().into(), fs::read(&path).unwrap()))
            .collect()
    };
    let first = files(one.path());
    assert!(first.iter().any(|(name, _)| name == "backtest.csv"));
    assert!(first == files(two.path()), "one thread or two");
    train(input.path(), one.path(), &settings).with_code(0);
    assert_eq!(statuses(one.path()), [0, 7, 0, 0]);
    assert!(first == files(one.path()), "nothing was fitted, and the tables are whole");
    // Shards have the same rows.
    let (parts, merged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for shard in ["0/2", "1/2"] {
        let shard = format!("--shard={shard}");
        train(input.path(), parts.path(), &["model=auto", "horizon=5", "backtest=2", &shard]).with_code(0);
    }
    assert!(
        manyfit()
            .args(["merge", "--input"])
            .arg(parts.path())
            .arg("--output")
            .arg(merged.path())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(backtest(merged.path()), backtest(one.path()));
    let summary = |output: &Path| -> Value {
        serde_json::from_slice::<Value>(&fs::read(output.join("summary.json")).unwrap()).unwrap()["backtest"].take()
    };
    assert_eq!(summary(merged.path()), summary(one.path()));
}

#[test]
fn a_customer_may_have_a_model_of_its_own_and_another_rule() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    let table = output.path().join("overrides.csv");
    fs::write(&table, "customer,model,combine\nlong,drift,\nother,,best\n").unwrap();
    let overrides = format!("overrides={}", table.display());
    let settings = ["model=auto", "candidates=drift,theta", "horizon=3", "backtest=2", overrides.as_str()];
    let results = output.path().join("out");
    train(input.path(), &results, &settings).with_code(0);
    let rows = manifest(&results.join("manifest.jsonl"));
    assert_eq!(rows["long"]["model"], "drift");
    assert!(rows["long"]["backtest"]["metrics"]["mae"].is_number());
    assert!(["drift", "theta"].contains(&rows["other"]["model"].as_str().unwrap()), "{}", rows["other"]);
}

#[test]
fn what_cannot_be_scored_is_refused_with_what_to_do() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    for (settings, words) in [
        (&["backtest=3"][..], "set horizon to the number of steps"),
        (&["model=auto"], "model=auto: set horizon"),
        (&["backtest=3", "holdout=5"], "holdout=5 is one cutoff"),
        (&["model=auto", "horizon=3", "candidates=none"], "auto has nothing to choose from"),
        (&["model=auto", "horizon=3", "candidates=theta,auto"], "\"auto\" is no single model of a series"),
        (&["model=auto", "horizon=3", "candidates=MAdM"], "set ets_model to the form"),
        (&["model=auto", "horizon=3", "candidates=theta,naive,random-walk"], "random-walk is named twice"),
        (&["horizon=3", "combine=worst"], "use best, mean, median or weighted"),
    ] {
        train(input.path(), output.path(), settings).with_code(2).complains_of(&[words]);
    }
    let held_out = tempfile::tempdir().unwrap();
    train(input.path(), held_out.path(), &["model=theta", "holdout=5"]).with_code(0);
    assert_eq!(table(&backtest(held_out.path()), "long").len(), 5, "a hold-out has a horizon of its own");
    train(input.path(), held_out.path(), &["model=theta", "holdout=5", "backtest_table=false"]).with_code(0);
    assert!(!held_out.path().join("backtest.csv").exists(), "a table of an earlier run does not stay");
}

#[test]
fn the_best_version_of_prophet_is_fitted_where_it_is_tuned() {
    // Seasons that grow with the level.
    let rows = (0..120).map(|month| {
        let level = 20.0 * f64::from(month + 10);
        let y = level * (1.0 + 0.4 * f64::from(month % 12 - 6) / 6.0);
        format!("{}-{:02}-01,{y}\n", 2000 + month / 12, month % 12 + 1)
    });
    let input = folder([("growing.csv", format!("ds,y\n{}", rows.collect::<String>()))]);
    let run = |settings: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &[&["horizon=6", "backtest=3"], settings].concat()).with_code(0);
        let row = manifest(&output.path().join("manifest.jsonl"))["growing"].clone();
        (row["backtest"].clone(), fs::read_to_string(output.path().join("forecasts.csv")).unwrap())
    };
    let (plain, tuned) = (run(&[]), run(&["tune=true"]));
    assert_eq!((&plain.0["tuned"], &tuned.0["tuned"]["seasonality_mode"]), (&Value::Null, &"multiplicative".into()));
    let mase = |record: &Value| record["metrics"]["mase"].as_f64().unwrap();
    assert!(mase(&tuned.0) < 0.98 * mase(&plain.0), "{} for {}", tuned.0, plain.0);
    let set = run(&["seasonality_mode=multiplicative"]);
    assert_eq!((set.1, mase(&set.0)), (tuned.1, mase(&tuned.0)), "it is the model that the setting asks for");
    let auto = run(&["model=auto", "candidates=theta,prophet", "tune=true"]).0;
    assert_eq!(auto["candidates"][1]["tuned"]["seasonality_mode"], "multiplicative");
}

#[test]
fn regressors_that_no_candidate_uses_are_told_of() {
    let rows = (0..43).map(|month| {
        let y = if month < 40 { (50 + month % 7).to_string() } else { String::new() };
        format!("{}-{:02}-01,{y},{}\n", 2000 + month / 12, month % 12 + 1, month % 3)
    });
    let input = folder([("monthly.csv", format!("ds,y,price\n{}", rows.collect::<String>()))]);
    let output = tempfile::tempdir().unwrap();
    let note = |settings: &[&str]| {
        train(input.path(), output.path(), &[&["horizon=3", "regressors=price"], settings].concat()).with_code(0);
        manifest(&output.path().join("manifest.jsonl"))["monthly"]["notes"].to_string()
    };
    let told = "regressors: only prophet uses them, which is no candidate for such dates";
    assert!(note(&["model=auto", "include_history=false"]).contains(told));
    let first =
        || fs::read_to_string(output.path().join("forecasts.csv")).unwrap().lines().nth(1).unwrap()[..18].to_owned();
    assert_eq!(first(), "monthly,2003-05-01", "the rows without a value are the future of all models");
    assert!(!note(&["model=auto", "candidates=theta,prophet"]).contains("only prophet"));
    assert_eq!(first(), "monthly,2003-05-01");
    note(&["model=ets", "fallback=prophet"]);
    assert_eq!(first(), "monthly,2003-05-01");
}

#[test]
fn a_cutoff_is_a_fit_to_the_rows_before_it() {
    let rows = |count: usize| {
        let lines: Vec<String> =
            daily_rows(70, 3).into_iter().take(count).map(|(date, y)| format!("{date},{y}\n")).collect();
        folder([("a.csv", format!("ds,y\n{}", lines.concat()))])
    };
    let (whole, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for model in ["prophet", "ets", "level-shape", "seasonal-naive"] {
        let model = format!("model={model}");
        train(rows(70).path(), whole.path(), &[&model, "backtest=2", "period=3", "horizon=6"]).with_code(0);
        train(rows(61).path(), before.path(), &[&model, "horizon=6"]).with_code(0);
        let forecasts = table(&fs::read_to_string(before.path().join("forecasts.csv")).unwrap(), "a");
        let scored = table(&backtest(whole.path()), "a");
        for (row, forecast) in scored.iter().zip(&forecasts) {
            assert_eq!((&row["ds"], &row["yhat"]), (&forecast["ds"], &forecast["yhat"]), "{model}");
        }
        assert_eq!(scored.len(), 12);
    }
}

#[test]
fn a_combination_forecasts_after_a_last_date_that_is_off_the_calendar_and_as_far_as_its_members() {
    let months: Vec<String> = (0..36)
        .map(|month| {
            let (year, month) = (2015 + month / 12, 1 + month % 12);
            let day = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
            let day = if (year, month) == (2017, 12) { 30 } else { day };
            format!("{year}-{month:02}-{day},{}\n", 100 + 7 * month + year % 3)
        })
        .collect();
    let input = folder([("a.csv", format!("ds,y\n{}", months.concat()))]);
    let output = tempfile::tempdir().unwrap();
    for candidates in ["candidates=theta,ets", "candidates=drift,prophet"] {
        train(input.path(), output.path(), &["model=auto", "horizon=3", candidates, "frequency=ME"]).with_code(0);
        let dates = |output: &Path| -> Vec<String> {
            let forecasts = fs::read_to_string(output.join("forecasts.csv")).unwrap();
            table(&forecasts, "a").iter().map(|row| row["ds"].clone()).collect()
        };
        let single = tempfile::tempdir().unwrap();
        train(input.path(), single.path(), &["model=theta", "horizon=3", "frequency=ME"]).with_code(0);
        assert_eq!(dates(output.path()), dates(single.path()), "{candidates}");
    }
    train(input.path(), output.path(), &["model=auto", "horizon=20001", "backtest=0", "candidates=theta,drift"])
        .with_code(0);
    assert_eq!(fs::read_to_string(output.path().join("forecasts.csv")).unwrap().lines().count(), 20_002);
}

#[test]
fn values_of_any_size_are_scored_or_said_to_be_too_large_and_each_artifact_can_be_read() {
    let rows = |unit: f64| {
        let line = |row: usize| {
            let y = if row.is_multiple_of(3) { 0.0 } else { (1 + row % 7) as f64 * unit };
            format!("{},{y:e}\n", daily_rows(70, 1)[row].0)
        };
        format!("ds,y\n{}", (0..70).map(line).collect::<Vec<_>>().concat())
    };
    let input = folder([("tiny.csv", rows(1e-310)), ("large.csv", rows(1e161)), ("larger.csv", rows(1e290))]);
    let output = tempfile::tempdir().unwrap();
    for settings in [&["model=auto", "horizon=5"][..], &["model=theta", "horizon=5", "backtest=3"]] {
        train(input.path(), output.path(), settings).with_code(0);
        let ended =
            manyfit().arg("predict").arg(output.path().join("models")).args(["--horizon", "2"]).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        train(input.path(), output.path(), settings).with_code(0);
        assert_eq!(statuses(output.path()), [0, 3, 0, 0], "nothing is fitted twice");
    }
}

#[test]
fn intervals_that_were_scored_are_within_the_bound_and_none_is_told_of_where_there_is_none() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["model=auto", "horizon=5", "lower_bound=20"]).with_code(0);
    let text = backtest(output.path());
    for row in ["long", "other", "sparse"].iter().flat_map(|customer| table(&text, customer)) {
        for (column, value) in row.iter().filter(|(column, _)| column.contains("yhat") || column.contains("naive")) {
            assert!(value.parse::<f64>().unwrap() >= 20.0, "{column}: {value}");
        }
    }
    let settings = ["horizon=3", "backtest=3", "uncertainty_samples=0"];
    train(input.path(), output.path(), &settings).with_code(0);
    let row = &manifest(&output.path().join("manifest.jsonl"))["long"];
    assert_eq!((&row["calibration"], &row["backtest"]["metrics"]["coverage"]), (&Value::Null, &Value::Null), "{row}");
    assert!(row["backtest"]["metrics"]["mae"].is_number() && row["notes"].is_null(), "{row}");
}

#[test]
fn a_customer_with_a_fallback_has_no_errors_of_the_model_that_it_did_not_get() {
    let rows: Vec<String> = daily_rows(70, 3).into_iter().map(|(date, _)| format!("{date},5\n")).collect();
    let (input, output) = (folder([("a.csv", format!("ds,y\n{}", rows.concat()))]), tempfile::tempdir().unwrap());
    for model in ["model=theta", "model=auto"] {
        let settings = [model, "backtest=2", "horizon=3", "on_bad=fallback", "fallback=mean", "max_failures=0"];
        for run in ["first", "repeated"] {
            train(input.path(), output.path(), &settings).with_code(0);
            let row = &manifest(&output.path().join("manifest.jsonl"))["a"];
            assert_eq!((&row["model"], &row["backtest"]), (&"mean".into(), &Value::Null), "{model} {run}: {row}");
            assert_eq!(table(&backtest(output.path()), "a").len(), 0, "{model} {run}");
        }
    }
}
