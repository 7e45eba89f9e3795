//! What a run forecasts beside fitting, and what `manyfit predict` forecasts from its artifacts: the same.

use crate::support::{Ended, daily_rows, folder, manifest, train};
use std::{fmt::Write as _, fs, path::Path};
use tempfile::TempDir;

/// A customer's rows with a regressor that the target follows; the last `ahead` rows have no target.
fn with_price(rows: usize, ahead: usize) -> String {
    let mut text = String::from("ds,y,price\n");
    for (at, (date, y)) in daily_rows(rows + ahead, 1).iter().enumerate() {
        let price = (at * 7 % 11) as f64;
        let y = if at < rows { (y + 5.0 * price).to_string() } else { String::new() };
        writeln!(text, "{date},{y},{price}").unwrap();
    }
    text
}

fn run(files: &[(&str, String)], settings: &[&str], code: i32) -> (TempDir, Ended) {
    let (input, output) = (folder(files.iter().cloned()), tempfile::tempdir().unwrap());
    let ended = train(input.path(), output.path(), settings).with_code(code);
    (output, ended)
}

/// Customer, date, forecast and its interval of each row of the run's table.
fn forecasts(output: &Path) -> Vec<String> {
    first_five(&fs::read_to_string(output.join("forecasts.csv")).unwrap())
}

fn first_five(table: &str) -> Vec<String> {
    table.lines().skip(1).map(|line| line.split(',').take(5).collect::<Vec<_>>().join(",")).collect()
}

#[test]
fn a_customer_that_the_table_of_the_future_does_not_know_has_its_own_rows() {
    let future: String = daily_rows(63, 1)[60..].iter().fold("customer,ds,price\n".into(), |mut text, (date, _)| {
        writeln!(text, "b,{date},3").unwrap();
        text
    });
    let table = folder([("future.csv", future)]);
    let setting = format!("future={}", table.path().join("future.csv").display());
    let files = [("a.csv", with_price(60, 3)), ("b.csv", with_price(60, 0)), ("c.csv", with_price(60, 1))];
    let (output, _) = run(&files, &["regressors=price", "horizon=3", &setting, "max_failures=1"], 0);
    let customers: Vec<String> = forecasts(output.path()).iter().map(|row| row[..1].to_owned()).collect();
    assert_eq!(customers, ["a", "a", "a", "b", "b", "b"]);

    // A customer that cannot be forecast keeps its model, and the manifest says so.
    let failed = &manifest(&output.path().join("manifest.jsonl"))["c"];
    assert_eq!((failed["status"].as_str(), failed["rows"].as_u64()), (Some("failed"), Some(60)));
    assert!(failed["reason"].as_str().unwrap().contains("price are known for 1 dates"), "{failed}");
    assert_eq!((failed["artifact"].as_str(), failed["first"].as_str()), (Some("c.tar.gz"), Some("2022-01-03")));
    assert_eq!(failed["sha256"].as_str().map(str::len), Some(64));
    assert!(output.path().join("models/c.tar.gz").exists());
}
