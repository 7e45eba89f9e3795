//! `manyfit plan`: what a job will take, from a sample of its input.

use std::{fs, path::Path};

use serde_json::Value;

use super::support::{Ended, fleet, folder, manyfit};

const PRICES: &str = "item,price,vcpus,memory_gib\nsmall,0.25,2,4\nlarge,3,64,\nPUT,0.005,,\nGET,0.0004,,\n";

fn plan(input: &Path, options: &[&str]) -> Ended {
    let mut command = manyfit();
    command.arg("plan").arg("--input").arg(input).args(options);
    command.output().unwrap().into()
}

fn json(input: &Path, options: &[&str]) -> Value {
    let ended = plan(input, &[options, &["--json"]].concat()).with_code(0);
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn a_small_fleet_is_tried_whole_and_nothing_is_left_behind() {
    let input = fleet(30, 60);
    let scratch = tempfile::tempdir().unwrap();
    let mut command = manyfit();
    command.arg("plan").arg("--input").arg(input.path()).arg("--json").env("TMPDIR", scratch.path());
    let ended = Ended::from(command.output().unwrap()).with_code(0);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let estimate = &report["estimate"];
    assert_eq!(estimate["files"], 30);
    assert_eq!((&estimate["tried_files"], &estimate["customers"]), (&30.into(), &30.0.into()));
    assert_eq!(estimate["tried"]["failed"], 0);
    let (tried, whole) = (estimate["tried"]["seconds"].as_f64().unwrap(), estimate["seconds"].as_f64().unwrap());
    assert!(tried > 0.0 && (whole / tried - 1.0).abs() < 1e-9, "{estimate}");
    assert_eq!(report["requests"]["put"], 40.0);
    assert!(report["memory"]["base"].as_u64().unwrap() > 1 << 20);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(input.path()).unwrap().count(), 30);
}

#[test]
fn a_sample_of_a_fleet_counts_its_artifacts_as_train_does() {
    let input = fleet(600, 40);
    let report = json(input.path(), &["--sample=0.001s", "--set=horizon=2"]);
    let estimate = &report["estimate"];
    assert!(estimate["tried_files"].as_u64().unwrap() < 600, "{estimate}");
    assert_eq!(estimate["customers"], 600.0);
    let output = tempfile::tempdir().unwrap();
    let mut train = manyfit();
    train.arg("train").arg("--input").arg(input.path()).arg("--output").arg(output.path()).arg("--set=horizon=2");
    Ended::from(train.output().unwrap()).with_code(0);
    let summary: Value = serde_json::from_slice(&fs::read(output.path().join("summary.json")).unwrap()).unwrap();
    let (told, made) = (estimate["artifacts"].as_f64().unwrap(), summary["bytes"].as_f64().unwrap());
    assert!((told / made - 1.0).abs() < 0.05, "{told} bytes told, {made} made");
}

#[test]
fn prices_give_an_offer_for_each_kind_of_instance() {
    let input = fleet(20, 60);
    let prices = folder([("prices.csv", PRICES)]);
    let path = prices.path().join("prices.csv");
    let option = format!("--prices={}", path.display());
    let offers = json(input.path(), &[&option, "--within=1h"])["offers"].clone();
    assert_eq!(offers.as_array().unwrap().len(), 2);
    assert_eq!((&offers[0]["instance"]["name"], &offers[0]["count"]), (&"small".into(), &1.into()));
    assert_eq!(offers[0]["in_time"], true);
    let (seconds, price) = (offers[0]["seconds"].as_f64().unwrap(), offers[0]["price"].as_f64().unwrap());
    assert!((price - 0.25 * seconds / 3600.0).abs() < 1e-12);
    // 30 PUT and 30 GET requests; the table has no price of a list.
    assert!((offers[0]["price_of_requests"].as_f64().unwrap() - 0.030 * 0.0054).abs() < 1e-12);
    let text = plan(input.path(), &[&option, "--within=1h"]).with_code(0).out;
    for words in ["20 files", "20 customers", "on one thread", "small", "large", "finish within 60.0 min"] {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
}

#[test]
fn files_of_many_customers_are_counted_by_the_sample() {
    let row =
        |customer: usize, day: usize| format!("c{customer},2024-01-{:02},{}\n", day + 1, customer + day * day % 7);
    let bundle = |first: usize| {
        let rows: String = (first..first + 5).flat_map(|c| (0..28).map(move |day| row(c, day))).collect();
        format!("customer,ds,y\n{rows}")
    };
    let texts: Vec<(String, String)> = (0..6).map(|i| (format!("{i}.csv"), bundle(5 * i))).collect();
    let input = folder(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let report = json(input.path(), &[]);
    assert_eq!((&report["estimate"]["bundles"], &report["estimate"]["customers"]), (&true.into(), &30.0.into()));
    assert_eq!(report["requests"]["get"], 22.0);
}

#[test]
fn failing_customers_are_told_of() {
    let input = fleet(3, 40);
    fs::write(input.path().join("bad.csv"), "ds,y\n2024-01-01,one\n").unwrap();
    let text = plan(input.path(), &[]).with_code(0).out;
    assert!(text.contains("25.0 % of them failed"), "{text}");
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let input = fleet(2, 40);
    let empty = tempfile::tempdir().unwrap();
    plan(&empty.path().join("absent"), &[]).with_code(2).complains_of(&["there is no such folder"]);
    plan(empty.path(), &[]).with_code(3).complains_of(&["no CSV or Parquet file"]);
    plan(input.path(), &["--set=hotizon=3"]).with_code(2).complains_of(&["did you mean horizon"]);
    plan(input.path(), &["--within=1h"]).with_code(2).complains_of(&["--prices"]);
    for (table, words) in [
        ("item,price\nsmall,1\n", &["has no column vcpus", "item"][..]),
        ("item,price,vcpus\nsmall,cheap,2\n", &["line 2", "price", "cheap"]),
        ("item,price,vcpus\nsmall,-1,2\n", &["line 2", "below zero"]),
        ("item,price,vcpus\nsmall,1,\n", &["line 2", "vcpus", "number of processors"]),
        ("item,price,vcpus\nGET,1,\n", &["no row of an instance type"]),
        ("item,price,vcpus\nGET,1,\nget,2,\n", &["line 3", "has a price already"]),
    ] {
        let prices = folder([("prices.csv", table)]);
        let option = format!("--prices={}", prices.path().join("prices.csv").display());
        plan(input.path(), &[&option]).with_code(3).complains_of(words);
    }
}
