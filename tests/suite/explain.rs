//! `explain` and `plot`: one customer of a run, or one model.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;

use super::support::{Ended, fleet, folder, manifest, manyfit, repository, train};

fn explain(arguments: &[&str]) -> Ended {
    manyfit().arg("explain").args(arguments).output().unwrap().into()
}

fn plot(place: &Path, arguments: &[&str], output: &Path) -> Ended {
    manyfit().arg("plot").arg(place).args(arguments).arg("--output").arg(output).output().unwrap().into()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_customer_is_explained_by_its_row_and_its_artifact() {
    let (input, out) = (fleet(3, 120), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["model=auto", "horizon=5", "backtest=2", "candidates=theta,drift,ets"])
        .with_code(0);
    let told = explain(&[text(out.path()), "customer-001"]).with_code(0).out;
    let row = &manifest(&out.path().join("manifest.jsonl"))["customer-001"];
    let mase = row["backtest"]["metrics"]["mase"].as_f64().unwrap();
    for part in
        ["customer-001: fitted", "10 rows after 2 cutoffs", "theta", "seasonal naive", "what is known of other series"]
    {
        assert!(told.contains(part), "{part:?} is missing in:\n{told}");
    }
    assert!(told.contains(&format!("its model           MASE {mase:.3}")), "{told}");
    assert!(told.lines().count() < 60, "one page:\n{told}");
    let json = explain(&[text(out.path()), "customer-001", "--format", "json"]).with_code(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["outcome"], *row);
    assert_eq!(json["artifact"]["fingerprint"], row["fingerprint"]);
    assert!(!json["model"]["members"].as_array().unwrap().is_empty());
    explain(&[text(out.path()), "customer-009"]).with_code(2).complains_of(&["customer-009", "check the name"]);
    explain(&[text(out.path())]).with_code(2).complains_of(&["name a customer"]);
}

#[test]
fn a_trend_that_turns_is_told_with_its_date_and_size() {
    let first = jiff::civil::date(2022, 1, 3);
    let mut rows = String::from("ds,y\n");
    for day in 0..400 {
        let date = first.checked_add(jiff::Span::new().days(day)).unwrap();
        let y = if day < 200 { day } else { 400 - day };
        writeln!(rows, "{date},{}", 100 + y + day % 3).unwrap();
    }
    let (input, out) = (folder([("a.csv", rows)]), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["weekly_seasonality=true"]).with_code(0);
    let artifact = out.path().join("models/a.tar.gz");
    let json = explain(&[text(&artifact), "--format", "json"]).with_code(0).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let changes = json["model"]["trend"]["changes"].as_array().unwrap();
    // From +1 to −1 a day at 2022-07-22, between two potential changepoints.
    let near = |change: &&Value| ("2022-07-01".."2022-08-10").contains(&change[0].as_str().unwrap());
    let turned: f64 = changes.iter().filter(near).map(|change| change[1].as_f64().unwrap()).sum();
    assert!((-2.2..-1.6).contains(&turned), "{changes:?}");
    assert!(explain(&[text(&artifact)]).with_code(0).out.contains("weekly"));
}

#[test]
fn a_failed_customer_is_explained_by_its_reason() {
    let out = tempfile::tempdir().unwrap();
    train(&repository("sample_data/sales"), out.path(), &["model=drift"]).with_code(0);
    let told = explain(&[text(out.path()), "9999_broken_on_purpose"]).with_code(0).out;
    assert!(told.starts_with("9999_broken_on_purpose: failed\n") && told.contains("twelve thousand"), "{told}");
}

#[test]
fn a_manifest_leads_to_no_file_elsewhere() {
    let row = r#"{"customer":"a","status":"fitted","rows":1,"missing":0,"ms":{"read":0,"compare":0,"fit":0,"pack":0,"publish":0,"forecast":0},"artifact":"ARTIFACT"}"#;
    for artifact in ["../../secret.tar.gz", "/etc/passwd", "a/../../x"] {
        let place = folder([("manifest.jsonl", row.replace("ARTIFACT", artifact) + "\n")]);
        explain(&[text(place.path()), "a"]).with_code(3).complains_of(&["no artifact's name"]);
    }
    let place = folder([("manifest.jsonl", row.replace("ARTIFACT", "gone.tar.gz") + "\n")]);
    let told = explain(&[text(place.path()), "a"]).with_code(0).out;
    assert!(told.starts_with("a: fitted\n"), "what the manifest says is told without the artifact: {told}");
}

#[test]
fn a_plot_has_the_history_the_forecast_and_the_components() {
    let (input, out) = (fleet(2, 400), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["horizon=20"]).with_code(0);
    let (drawing, page) = (out.path().join("a.svg"), out.path().join("a.html"));
    plot(out.path(), &["--customer", "customer-000"], &drawing).with_code(0);
    let svg = fs::read_to_string(&drawing).unwrap();
    assert_eq!(svg.matches("<circle").count(), 400, "a dot for each row");
    assert_eq!((svg.matches("<polygon").count(), svg.matches("customer-000").count()), (1, 1));
    plot(out.path(), &["--customer", "customer-000", "--components"], &page).with_code(0);
    let html = fs::read_to_string(&page).unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains(">\ntrend\n<") && html.contains(">\nweekly\n<"),
        "{}",
        &html[..800]
    );
    let model = out.path().join("models/customer-001.tar.gz");
    plot(&model, &["--horizon", "3"], &drawing).with_code(0);
    plot(out.path(), &[], &drawing).with_code(2).complains_of(&["--customer"]);
    plot(out.path(), &["--customer", "customer-000"], &out.path().join("a.png"))
        .with_code(2)
        .complains_of(&[".svg or .html"]);
}

#[test]
fn of_trees_the_importances_are_drawn() {
    let out = tempfile::tempdir().unwrap();
    let settings =
        ["model=random-forest", "n_estimators=3", "target=median_house_value", "categorical=ocean_proximity"];
    train(&repository("sample_data/housing"), out.path(), &settings).with_code(0);
    let customer = "34n_118w";
    let drawing = out.path().join("a.svg");
    plot(out.path(), &["--customer", customer], &drawing).with_code(0);
    assert!(fs::read_to_string(&drawing).unwrap().contains("median_income"));
    assert!(explain(&[text(out.path()), customer]).with_code(0).out.contains("median_income"));
}
