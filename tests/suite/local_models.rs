//! Local models and chains of fallbacks: from settings to artifacts, `predict` and the server.

use crate::{
    server::Server,
    support::{daily_rows, folder, manifest, manyfit, members, statuses, train},
};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;

/// A history of four weeks, in which the day of the week counts; one of three days; and one of a single row.
fn customers() -> TempDir {
    let lines =
        |rows: &[(String, f64)]| rows.iter().map(|(date, y)| format!("{date},{y}\n")).collect::<Vec<_>>().concat();
    let long = daily_rows(28, 1);
    let csv = |rows: &[(String, f64)]| format!("ds,y\n{}", lines(rows));
    folder([("long.csv", csv(&long)), ("short.csv", csv(&long[..3])), ("single.csv", csv(&long[..1]))])
}

fn forecast(output: &Path, customer: &str) -> Vec<[f64; 3]> {
    let table = fs::read_to_string(output.join("forecasts.csv")).unwrap();
    rows(&table, customer)
}

/// yhat and the ends of its interval.
fn rows(table: &str, customer: &str) -> Vec<[f64; 3]> {
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places = ["yhat", "yhat_lower", "yhat_upper"].map(|name| header.iter().position(|at| *at == name).unwrap());
    lines.filter(|row| row[0] == customer).map(|row| places.map(|at| row[at].parse().unwrap())).collect()
}

#[test]
fn a_local_model_is_fitted_and_predicted_from_its_file() {
    let input = customers();
    for (model, needs_more) in [("naive", 0), ("drift", 1), ("window-average", 2), ("SEASONAL_WINDOW_AVERAGE", 2)] {
        let output = tempfile::tempdir().unwrap();
        let window = if model == "window-average" { "window_size=4" } else { "window_size=2" };
        let settings = [&format!("model={model}"), "horizon=10", window, "max_failures=3", "season_length=7"];
        train(input.path(), output.path(), &settings).with_code(0);
        assert_eq!(statuses(output.path()), [3 - needs_more, 0, needs_more, 0], "{model}");
        let history: Vec<f64> = daily_rows(28, 1).into_iter().map(|(_, y)| y).collect();
        let expected: Vec<f64> = match model {
            "naive" => vec![history[27]; 10],
            "drift" => (1..=10).map(|h| history[27] + f64::from(h) * (history[27] - history[0]) / 27.0).collect(),
            "window-average" => vec![history[24..].iter().sum::<f64>() / 4.0; 10],
            "SEASONAL_WINDOW_AVERAGE" => {
                (0..10).map(|h| f64::midpoint(history[14 + h % 7], history[21 + h % 7])).collect()
            }
            // Their values are checked where they are computed.
            _ => forecast(output.path(), "long").iter().map(|row| row[0]).collect(),
        };
        let long = forecast(output.path(), "long");
        assert_eq!(long.len(), 10, "{model}");
        for (row, expected) in long.iter().zip(&expected) {
            assert!((row[0] - expected).abs() < 1e-9, "{model}: {row:?}, not {expected}");
            assert!(row[1] < row[0] && row[0] < row[2], "{model}: {row:?}");
        }
        let archive = fs::read(output.path().join("models/long.tar.gz")).unwrap();
        assert!(members(&archive).iter().any(|(name, _)| name == "local.json"), "{model}");
        let again =
            manyfit().arg("predict").arg(output.path().join("models")).args(["--horizon", "10"]).output().unwrap();
        let again = String::from_utf8(again.stdout).unwrap();
        for customer in ["long", "short", "single"] {
            assert_eq!(rows(&again, customer), forecast(output.path(), customer), "{model} {customer}");
        }
    }
}

#[test]
fn fallbacks_are_tried_in_their_order() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    let chain = ["model=seasonal-window-average", "fallback=drift,random-walk", "horizon=2", "version=1"];
    train(input.path(), output.path(), &chain).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let row = |customer: &str| [&rows[customer]["model"], &rows[customer]["reason"]].map(Value::to_owned);
    assert_eq!(row("long"), [json!("seasonal-window-average"), Value::Null]);
    assert_eq!(row("short"), [json!("drift"), json!("seasonal-window-average needs 14 values, and the series has 3")]);
    assert_eq!(
        row("single"),
        [
            json!("random-walk"),
            json!(
                "seasonal-window-average needs 14 values, and the series has 1; drift needs 2 values, and the series has 1"
            )
        ]
    );
    // Prophet may be a fallback, and the columns that it needs are read.
    let chain = ["model=seasonal-window-average", "fallback=prophet", "horizon=2", "max_failures=2"];
    train(input.path(), output.path(), &chain).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert_eq!(rows["short"]["model"], "prophet");
    assert_eq!(
        rows["single"]["reason"],
        "seasonal-window-average needs 14 values, and the series has 1; only one row has a value: Prophet needs two"
    );
    let refused = train(input.path(), output.path(), &["fallback=drift,ridge"]).with_code(2);
    refused.complains_of(&["fallback=\"drift,ridge\" is invalid", "\"ridge\" is no single model of a series"]);
}

#[test]
fn steps_without_a_row_are_no_demand_and_gaps_of_other_models_are_lines() {
    let rows = "ds,y\n2024-01-01,6\n2024-01-03,6\n2024-01-05,6\n2024-01-07,6\n";
    let input = folder([("a.csv", format!("{rows}2024-01-08,\n"))]);
    // Intervals of 1, 2, 2 and 2 steps, smoothed with 0.1, are 1.271 steps.
    for (model, expected) in [("croston", 6.0 / 1.271), ("window-average", 6.0), ("theta", 6.0)] {
        let output = tempfile::tempdir().unwrap();
        let settings = [&format!("model={model}"), "horizon=1", "frequency=D", "window_size=4", "season_length=1"];
        train(input.path(), output.path(), &settings).with_code(0);
        let [[yhat, ..]] = forecast(output.path(), "a")[..] else { panic!("one row") };
        assert!((yhat - expected).abs() < 1e-9, "{model}: {yhat}");
        let table = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
        assert!(table.contains("2024-01-09"), "after the last date, which has no value: {table}");
    }
}

#[test]
fn a_word_that_is_no_model_is_told_from_those_that_are() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    for (setting, words) in [
        ("model=thet", "did you mean theta? use prophet, auto, theta, ets"),
        ("model=AAM", "adds errors to a multiplicative season"),
        ("model=MMM", "has a multiplicative trend, which is not offered"),
        ("ets_model=AXN", "unknown ETS model \"AXN\""),
    ] {
        train(input.path(), output.path(), &[setting]).with_code(2).complains_of(&[words]);
    }
    let contradiction = ["model=MNM", "ets_model=ZZZ"];
    train(input.path(), output.path(), &contradiction)
        .with_code(2)
        .complains_of(&["name different forms: leave one out"]);
}

#[test]
fn a_server_answers_what_predict_does() {
    let (input, output) = (customers(), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["model=theta", "horizon=3"]).with_code(0);
    let server = Server::multi_model();
    server.load("long", &output.path().join("models/long.tar.gz")).with(200);
    let answer = server.post("/models/long/invoke", r#"{"horizon": 3, "quantiles": [0.9]}"#).with(200).json();
    for (row, expected) in answer["predictions"].as_array().unwrap().iter().zip(forecast(output.path(), "long")) {
        assert_eq!(["yhat", "yhat_lower", "yhat_upper"].map(|name| row[name].as_f64().unwrap()), expected);
        assert_eq!(row["yhat_q0.9"].as_f64().unwrap(), expected[2]);
    }
}
