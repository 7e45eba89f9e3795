//! Checks of series before the fit: what the manifest and the summary say of them, and what `on_bad` makes of it.

use crate::support::{Files, daily_rows, folder, json, manifest, manyfit, statuses, train};
use serde_json::Value;
use std::{fs, path::Path};
use tempfile::TempDir;

const STARTS: &str = "ds,y\n";

/// A CSV of these rows.
fn csv(rows: &[(String, f64)]) -> String {
    rows.iter().fold(STARTS.to_owned(), |text, (date, y)| text + &format!("{date},{y}\n"))
}

/// 120 daily rows with the values that `change` makes of ordinary ones.
fn changed(change: impl Fn(usize, f64) -> f64) -> Vec<(String, f64)> {
    daily_rows(120, 1).into_iter().enumerate().map(|(row, (date, y))| (date, change(row, y))).collect()
}

/// A customer for each check, named after it, and one without a fault.
fn customers() -> Vec<(&'static str, Vec<(String, f64)>)> {
    let without = |rows: Vec<(String, f64)>, from: usize, to: usize| {
        rows.into_iter().enumerate().filter(|(row, _)| !(from..to).contains(row)).map(|(_, row)| row).collect()
    };
    vec![
        ("fine", changed(|_, y| y)),
        ("short", daily_rows(9, 1)),
        ("constant", changed(|_, _| 5.0)),
        ("mostly-zero", changed(|row, y| if row % 5 == 0 { y } else { 0.0 })),
        ("intermittent", changed(|row, y| if row % 3 == 0 { 0.0 } else { y })),
        ("level-shift", changed(|row, y| if row < 80 { y } else { y + 450.0 })),
        ("outliers", changed(|row, y| if row == 60 { y + 900.0 } else { y })),
        ("gaps", without(changed(|_, y| y), 40, 52)),
        ("stale-end", changed(|row, y| if row < 110 { y } else { 0.0 })),
        ("scale-change", changed(|row, y| y + if row < 90 { 0.0 } else { 40.0 * f64::from((row * row % 7) as u8) })),
    ]
}

fn written(customers: &[(&str, Vec<(String, f64)>)]) -> TempDir {
    folder(customers.iter().map(|(name, rows)| (format!("{name}.csv"), csv(rows))))
}

/// The checks of each customer by their names.
fn codes(rows: &std::collections::BTreeMap<String, Value>, customer: &str) -> Vec<String> {
    let checks = rows[customer]["checks"].as_array().cloned().unwrap_or_default();
    checks.iter().map(|check| check["check"].as_str().unwrap().to_owned()).collect()
}

fn summary(output: &Path) -> Value {
    json(&output.join("summary.json"))
}

fn artifacts(output: &Path) -> Files {
    let files = fs::read_dir(output.join("models")).unwrap().map(|file| file.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

#[test]
fn each_check_is_in_the_manifest_and_counted_in_the_summary() {
    let (customers, output) = (customers(), tempfile::tempdir().unwrap());
    let input = written(&customers);
    let ended = train(input.path(), output.path(), &["horizon=2"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert!(rows["fine"].get("checks").is_none(), "{}", rows["fine"]);
    for (name, _) in customers.iter().filter(|(name, _)| *name != "fine") {
        assert!(codes(&rows, name).contains(&(*name).to_owned()), "{name}: {}", rows[*name]);
    }
    let shift = &rows["level-shift"]["checks"][0];
    assert_eq!(shift["at"], "2022-03-24");
    assert!((shift["size"].as_f64().unwrap() - 450.0).abs() < 30.0, "{shift}");
    assert!(shift["reason"].as_str().unwrap().starts_with("level shift of +4"), "{shift}");
    let constant =
        serde_json::json!([{"check": "constant", "reason": "all 120 values are 5", "value": 5.0, "values": 120.0}]);
    assert_eq!(rows["constant"]["checks"], constant);
    let counts = &summary(output.path())["checks"];
    for (name, _) in customers.iter().filter(|(name, _)| *name != "fine") {
        let expected = customers.iter().filter(|(customer, _)| codes(&rows, customer).contains(&(*name).to_owned()));
        assert_eq!(counts[*name], expected.count(), "{name} in {counts}");
    }
    let line = ended.err.lines().chain(ended.out.lines()).find(|line| line.starts_with("data checks: ")).unwrap();
    assert!(line.contains("1 constant") && line.ends_with("; the manifest says where"), "{line}");
}

#[test]
fn a_rerun_reports_the_same_and_a_run_without_findings_reports_nothing() {
    let output = tempfile::tempdir().unwrap();
    let input = written(&customers());
    train(input.path(), output.path(), &[]).with_code(0);
    let first = manifest(&output.path().join("manifest.jsonl"));
    train(input.path(), output.path(), &[]).with_code(0);
    let second = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!(statuses(output.path()), [0, 10, 0, 0]);
    for customer in first.keys() {
        assert_eq!(first[customer].get("checks"), second[customer].get("checks"), "{customer}");
    }
    let output = tempfile::tempdir().unwrap();
    let input = written(&[("fine", changed(|_, y| y))]);
    let ended = train(input.path(), output.path(), &[]).with_code(0);
    assert!(!ended.err.contains("data checks") && !ended.out.contains("data checks"), "{ended:?}");
    assert!(summary(output.path()).get("checks").is_none());
}

#[test]
fn the_order_of_rows_and_the_file_that_they_are_in_change_no_check() {
    let outputs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let customers = customers();
    let mut shuffled = customers.clone();
    for (_, rows) in &mut shuffled {
        rows.reverse();
        let middle = rows.len() / 2;
        rows[..middle].reverse();
    }
    let bundle =
        customers.iter().flat_map(|(name, rows)| rows.iter().map(move |(date, y)| format!("{name},{date},{y}\n")));
    let bundle = folder([("all.csv", format!("customer,ds,y\n{}", bundle.collect::<String>()))]);
    for (input, output) in [written(&customers), written(&shuffled), bundle].iter().zip(&outputs) {
        train(input.path(), output.path(), &[]).with_code(0);
    }
    let [sorted, shuffled, bundle] = outputs.map(|output| manifest(&output.path().join("manifest.jsonl")));
    for (customer, row) in &sorted {
        assert_eq!(row.get("checks"), shuffled[customer].get("checks"), "{customer}");
        assert_eq!(row.get("checks"), bundle[customer].get("checks"), "{customer}");
    }
}

#[test]
fn merged_shards_have_the_checks_of_all() {
    let (input, output, merged) = (written(&customers()), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = tempfile::tempdir().unwrap();
    train(input.path(), whole.path(), &[]).with_code(0);
    for shard in ["0/2", "1/2"] {
        train(input.path(), output.path(), &[&format!("--shard={shard}")]).with_code(0);
    }
    let mut merge = manyfit();
    merge.arg("merge").arg("--input").arg(output.path()).arg("--output").arg(merged.path());
    let ended = merge.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(summary(merged.path())["checks"], summary(whole.path())["checks"]);
}

#[test]
fn bad_series_go_to_the_fallback_if_that_is_wanted_and_the_others_stay_as_they_are() {
    let (input, output) = (written(&customers()), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["horizon=2"]).with_code(0);
    let before = artifacts(output.path());
    train(input.path(), output.path(), &["horizon=2", "on_bad=fallback"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let bad = ["constant", "mostly-zero", "short"];
    for (customer, row) in &rows {
        let is_bad = bad.contains(&customer.as_str());
        assert_eq!(row["status"], if is_bad { "fallback" } else { "unchanged" }, "{customer}");
        let archive = format!("{customer}.tar.gz");
        assert_eq!(artifacts(output.path())[&archive] == before[&archive], !is_bad, "{customer}");
    }
    assert_eq!(rows["short"]["reason"], "9 values are less than two seasons of 7");
    assert_eq!(rows["constant"]["reason"], "all 120 values are 5");
    assert_eq!(rows["constant"]["model"], "seasonal-naive");
    train(input.path(), output.path(), &["horizon=2", "on_bad=fallback"]).with_code(0);
    assert_eq!(statuses(output.path()), [0, 10, 0, 0]);
    // Models of intermittent demand and naive ones are fitted to any series.
    for model in ["croston-sba", "random-walk"] {
        let output = tempfile::tempdir().unwrap();
        train(input.path(), output.path(), &["on_bad=fallback", &format!("model={model}")]).with_code(0);
        assert_eq!(statuses(output.path()), [10, 0, 0, 0], "{model}");
    }
    let refused = train(input.path(), output.path(), &["on_bad=fallback", "fallback=none"]).with_code(2);
    refused.complains_of(&["on_bad=fallback: there is no model to fall back to"]);
}

#[test]
fn bad_series_fail_if_that_is_wanted_and_lose_nothing() {
    let (input, output) = (written(&customers()), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &[]).with_code(0);
    let before = artifacts(output.path());
    train(input.path(), output.path(), &["on_bad=fail", "max_failures=3"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!(statuses(output.path()), [0, 7, 0, 3]);
    assert_eq!(rows["constant"]["reason"], "all 120 values are 5");
    assert_eq!(rows["constant"]["stale"], "constant.tar.gz");
    assert_eq!(codes(&rows, "constant"), ["constant"]);
    assert_eq!(artifacts(output.path()), before);
    assert_eq!(summary(output.path())["checks"]["constant"], 1);
    // They may fail for some customers alone.
    let table = folder([("overrides.csv", "customer,on_bad\nconstant,fail\n")]);
    let overrides = format!("overrides={}", table.path().display());
    train(input.path(), output.path(), &[&overrides, "max_failures=1"]).with_code(0);
    assert_eq!(statuses(output.path()), [0, 9, 0, 1]);
}

/// yhat of a customer's forecast.
fn yhat(output: &Path, customer: &str) -> Vec<f64> {
    let table = fs::read_to_string(output.join("forecasts.csv")).unwrap();
    let place = table.lines().next().unwrap().split(',').position(|name| name == "yhat").unwrap();
    let rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == customer);
    rows.map(|row| row[place].parse().unwrap()).collect()
}

#[test]
fn outliers_are_kept_clipped_or_left_out_as_is_wanted() {
    let spiky = changed(|row, y| if row == 119 { y + 900.0 } else { y });
    let input = written(&[("fine", changed(|_, y| y)), ("outliers", spiky.clone())]);
    let last = [("keep", spiky[119].1), ("missing", spiky[118].1)];
    for (treatment, expected) in last {
        let output = tempfile::tempdir().unwrap();
        let settings = ["model=random-walk", "horizon=2", &format!("outliers={treatment}")];
        train(input.path(), output.path(), &settings).with_code(0);
        assert_eq!(yhat(output.path(), "outliers"), [expected; 2], "{treatment}");
    }
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["model=random-walk", "horizon=2"]).with_code(0);
    let before = artifacts(output.path());
    let clip = ["model=random-walk", "horizon=2", "outliers=clip"];
    train(input.path(), output.path(), &clip).with_code(0);
    // A customer without outliers is not fitted anew.
    assert_eq!(statuses(output.path()), [1, 1, 0, 0]);
    assert_eq!(artifacts(output.path())["fine.tar.gz"], before["fine.tar.gz"]);
    let [clipped, _] = yhat(output.path(), "outliers")[..] else { panic!("two steps") };
    assert!(spiky[119].1 - 900.0 < clipped && clipped < spiky[119].1 - 100.0, "{clipped}");
    let row = &manifest(&output.path().join("manifest.jsonl"))["outliers"];
    assert_eq!(row["notes"][0], "1 outlier clipped (outliers=clip)");
    // The check is of the series as it is in the input.
    assert_eq!(row["checks"][0]["check"], "outliers");
    train(input.path(), output.path(), &clip).with_code(0);
    assert_eq!(statuses(output.path()), [0, 2, 0, 0]);
}

#[test]
fn steps_without_a_value_are_filled_as_is_wanted() {
    let rows = "ds,y\n2024-01-01,6\n2024-01-02,8\n2024-01-05,2\n2024-01-06,4\n2024-01-08,\n";
    let input = folder([("a.csv", rows)]);
    for (fill, mean, count) in [("none", 5.0, 4), ("interpolate", 5.0, 6), ("zero", 20.0 / 6.0, 6), ("forward", 6.0, 6)]
    {
        let output = tempfile::tempdir().unwrap();
        let settings = ["model=mean", "horizon=1", "frequency=D", &format!("fill={fill}")];
        train(input.path(), output.path(), &settings).with_code(0);
        let [yhat] = yhat(output.path(), "a")[..] else { panic!("one step") };
        assert!((yhat - mean).abs() < 1e-12, "{fill}: {yhat}");
        let row = &manifest(&output.path().join("manifest.jsonl"))["a"];
        assert_eq!(row["rows"], count, "{fill}");
        let note = format!("2 steps without a value filled (fill={fill})");
        assert_eq!(row.get("notes").is_some_and(|notes| notes[0] == *note), fill != "none", "{row}");
        let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        assert!(table.contains("2024-01-09"), "after the last date, which stays without a value: {table}");
    }
    let far = folder([("a.csv", "ds,y\n1924-01-01,6\n2024-01-02,8\n")]);
    let output = tempfile::tempdir().unwrap();
    let settings = ["frequency=D", "fill=zero", "max_failures=1"];
    train(far.path(), output.path(), &settings).with_code(0);
    let row = &manifest(&output.path().join("manifest.jsonl"))["a"];
    assert!(row["reason"].as_str().unwrap().contains("too few to fill the gaps between them"), "{row}");
    assert_eq!(row["checks"][0]["check"], "short");
}
