//! What a run forecasts beside fitting, and what `manyfit predict` forecasts from its artifacts: the same.

use crate::support::{Ended, daily, daily_rows, folder, manifest, manyfit, members, train};
use serde_json::Value;
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
    assert!(
        failed["reason"].as_str().unwrap().contains("horizon=3 needs 3 future values of price; 1 are given"),
        "{failed}"
    );
    assert_eq!((failed["artifact"].as_str(), failed["first"].as_str()), (Some("c.tar.gz"), Some("2022-01-03")));
    assert_eq!(failed["sha256"].as_str().map(str::len), Some(64));
    assert!(output.path().join("models/c.tar.gz").exists());
}

fn predict(models: &Path, arguments: &[&str]) -> Ended {
    manyfit().arg("predict").arg(models).args(arguments).output().unwrap().into()
}

/// The column of a table without quotes, by date.
fn column(table: &str, name: &str) -> Vec<(String, String)> {
    let at = table.lines().next().unwrap().split(',').position(|column| column == name).unwrap();
    let field = |line: &str, at: usize| line.split(',').nth(at).unwrap().to_owned();
    table.lines().skip(1).map(|line| (field(line, 1), field(line, at))).collect()
}

#[test]
fn the_holidays_of_a_country_go_as_far_as_the_run_forecasts_and_no_forecast_goes_further() {
    let far = folder([("far.csv", "holiday,ds\nSale,2022-02-01\nSale,2070-02-01\n")]);
    let table = format!("holidays={}", far.path().join("far.csv").display());
    let settings = ["country_holidays=US", &table, "uncertainty_samples=0"];
    let files = [("a.csv", daily(400, 1))];
    let (output, _) = run(&files, &[&settings[..], &["horizon=5000"]].concat(), 0);
    let trained = fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
    let holidays = column(&trained, "holidays");
    let christmas = |holidays: &[(String, String)], year: i32| -> f64 {
        let day = format!("{year}-12-25T00:00:00");
        holidays.iter().find(|(date, _)| *date == day).unwrap().1.parse().unwrap()
    };
    assert_ne!(christmas(&holidays, 2023), 0.0);
    assert_eq!(christmas(&holidays, 2035), christmas(&holidays, 2023));

    // What is in the artifact is what predict knows: until the end of 2036, whatever dates the table has.
    let models = output.path().join("models");
    let predicted = predict(&models, &["--horizon=5000"]).with_code(0).out;
    assert_eq!(first_five(&predicted), first_five(&trained));
    let further = ["the holidays of US until 2036", "goes to 2039", "train with a longer horizon"];
    let refused = predict(&models, &["--horizon=6000"]).with_code(3).complains_of(&further);
    assert!(!refused.err.contains("--future"), "{}", refused.err);

    // A shorter horizon makes another model, and the table of holidays ends in 2099 however long it is.
    let input = folder(files);
    let again = |horizon: &str, code: i32| {
        train(input.path(), output.path(), &[&settings[..], &[horizon]].concat()).with_code(code);
        manifest(&output.path().join("manifest.jsonl"))["a"].clone()
    };
    assert_eq!(again("horizon=9", 0)["status"], "fitted");
    assert_eq!(again("horizon=99", 0)["status"], "unchanged");
    predict(&models, &["--horizon=5000"]).with_code(3).complains_of(&["US until 2033", "goes to 2036"]);
    let failed = again("horizon=30000", 3);
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.ends_with("US until 2099, and the forecast goes to 2105: shorten it"), "{reason}");
    assert_eq!(failed["artifact"], "a.tar.gz");
}

#[test]
fn a_model_of_pythons_has_the_holidays_of_any_year_that_is_asked_for() {
    let settings = ["country_holidays=US", "horizon=5000", "uncertainty_samples=0"];
    let (output, _) = run(&[("a.csv", daily(400, 1))], &settings, 0);
    let archive = fs::read(output.path().join("models/a.tar.gz")).unwrap();
    let (_, content) = members(&archive).into_iter().find(|(name, _)| name == "model.json").unwrap();
    let mut model: Value = serde_json::from_slice(&content).unwrap();
    // As Python writes it: the country, and no days.
    let ours = model.as_object_mut().unwrap().remove("__manyfit").unwrap();
    assert_eq!((&ours["country_holidays"], &ours["holidays_until"]), (&"US".into(), &2036.into()));
    let holidays = std::mem::take(&mut model["holidays"]);
    model["country_holidays"] = "US".into();
    let saved = folder([("a.json", serde_json::to_vec(&model).unwrap())]);
    let asked = |path: &Path, horizon: &str| predict(path, &["--components", horizon]);
    let expected = asked(&output.path().join("models"), "--horizon=5000").with_code(0).out;
    assert!(expected.lines().next().unwrap().contains("Christmas Day"), "{expected:.300}");
    assert_eq!(asked(&saved.path().join("a.json"), "--horizon=5000").with_code(0).out, expected);
    asked(&saved.path().join("a.json"), "--horizon=6000").with_code(0);

    // Ours of a time when the year was not told goes as far as its days do.
    model["country_holidays"] = Value::Null;
    model["holidays"] = holidays;
    model["__manyfit"] = serde_json::json!({ "country_holidays": "US" });
    let saved = folder([("a.json", serde_json::to_vec(&model).unwrap())]);
    assert_eq!(asked(&saved.path().join("a.json"), "--horizon=5000").with_code(0).out, expected);
    asked(&saved.path().join("a.json"), "--horizon=6000").with_code(3).complains_of(&["US until 2036"]);
}

/// A customer's rows that grow towards a column `Limit` of 120; the last `ahead` rows have no target, and another limit.
fn with_limit(ahead: usize, then: f64) -> String {
    let mut text = String::from("ds,y,Limit\n");
    for (at, (date, _)) in daily_rows(150 + ahead, 1).iter().enumerate() {
        let y = 100.0 / (1.0 + (-(at as f64 - 75.0) / 20.0).exp()) + (at % 5) as f64;
        if at < 150 { writeln!(text, "{date},{y},120") } else { writeln!(text, "{date},,{then}") }.unwrap();
    }
    text
}

#[test]
fn a_cap_that_never_changed_is_that_of_the_future_unless_a_column_says_another() {
    let settings = ["growth=logistic", "weekly_seasonality=false", "horizon=4", "n_changepoints=0"];
    let yhat = |table: &str| -> Vec<f64> { column(table, "yhat").iter().map(|(_, y)| y.parse().unwrap()).collect() };
    let halves = |half: &[f64], whole: &[f64]| {
        assert_eq!(half.len(), 4);
        assert!(half.iter().zip(whole).all(|(half, whole)| (2.0 * half - whole).abs() < 1e-9), "{half:?} {whole:?}");
    };
    let trained = |output: &TempDir| fs::read_to_string(output.path().join("forecasts.csv")).unwrap();
    let future: String = daily_rows(154, 1)[150..].iter().fold("ds,cap\n".into(), |mut text, (date, _)| {
        writeln!(text, "{date},60").unwrap();
        text
    });
    let table = folder([("future.csv", future)]);
    let path = table.path().join("future.csv");
    let setting = format!("future={}", path.display());
    let (path, by_column) = (path.to_str().unwrap(), [&settings[..], &["cap=Limit"]].concat());

    let (plain, _) = run(&[("a.csv", with_limit(0, 0.0))], &by_column, 0);
    let whole = yhat(&trained(&plain));
    // In training the table of the future says it, or the rows that have no target yet; later the table does.
    let (told, _) = run(&[("a.csv", with_limit(0, 0.0))], &[&by_column[..], &[&setting]].concat(), 0);
    halves(&yhat(&trained(&told)), &whole);
    let (ahead, _) = run(&[("a.csv", with_limit(4, 60.0))], &by_column, 0);
    halves(&yhat(&trained(&ahead)), &whole);
    let models = plain.path().join("models");
    let predicted = predict(&models, &["--horizon=4", "--future", path]).with_code(0).out;
    assert_eq!(first_five(&predicted), first_five(&trained(&told)));
    assert_eq!(yhat(&predict(&models, &["--horizon=4"]).with_code(0).out), whole);
    // What is known ahead may be shorter than the horizon.
    let (short, _) = run(&[("a.csv", with_limit(2, 60.0))], &by_column, 0);
    let (dates, expected) = (column(&trained(&short), "ds"), column(&trained(&plain), "ds"));
    assert_eq!(dates, expected);
    let values = yhat(&trained(&short));
    assert!((2.0 * values[1] - whole[1]).abs() < 1e-9 && (values[2] - whole[2]).abs() < 1e-9, "{values:?}");

    // A number among the settings is the cap of all times.
    let (constant, _) = run(&[("a.csv", with_limit(0, 0.0))], &[&settings[..], &["cap=120", &setting]].concat(), 0);
    assert_eq!(yhat(&trained(&constant)), whole);
    let predicted = predict(&constant.path().join("models"), &["--future", path]).with_code(0).out;
    assert_eq!(yhat(&predicted), whole);
}

#[test]
fn with_a_table_of_the_future_a_horizon_is_so_many_of_its_dates_after_the_last_value() {
    let rows = with_price(60, 5);
    let table = folder([
        (
            "rows.csv",
            rows.lines().fold(String::new(), |mut text, line| {
                let fields: Vec<&str> = line.split(',').collect();
                writeln!(text, "{},{}", fields[0], fields[2]).unwrap();
                text
            }),
        ),
        ("sundays.csv", "ds\n2022-02-27\n2022-03-06\n2022-03-13\n2022-03-20\n".into()),
        ("bad.csv", "ds\n2022-03-06\n2022-03-32\n".into()),
    ]);
    let path = |name: &str| table.path().join(name).to_str().unwrap().to_owned();
    let (output, _) = run(&[("a.csv", rows)], &["regressors=price", "horizon=3"], 0);
    let models = output.path().join("models");
    let asked = |horizon: &str| predict(&models, &[horizon, "--future", &path("rows.csv")]);
    assert_eq!(first_five(&asked("--horizon=3").with_code(0).out), forecasts(output.path()));
    asked("--horizon=9").with_code(3).complains_of(&["horizon=9 needs 9 future values of price; 5 are given"]);

    // A model that needs no columns goes over the dates of the table too, and beyond them by its frequency.
    let plain = [("a.csv", daily(60, 1))];
    let setting = |name: &str| format!("future={}", path(name));
    for (horizon, last) in [("horizon=2", "2022-03-13"), ("horizon=5", "2022-03-22")] {
        let (output, _) = run(&plain, &[horizon, &setting("sundays.csv")], 0);
        let trained = forecasts(output.path());
        assert!(trained[0].starts_with("a,2022-03-06T") && trained.last().unwrap().contains(last), "{trained:#?}");
        let arguments = [&format!("--{horizon}"), "--future", &path("sundays.csv")];
        let predicted = predict(&output.path().join("models"), &arguments).with_code(0).out;
        assert_eq!(first_five(&predicted), trained);
    }
    let failed = run(&plain, &["horizon=2", &setting("bad.csv")], 3).1;
    failed.complains_of(&["bad.csv: line 3", "2022-03-32"]);
    for settings in [&["horizon=0"][..], &["horizon=2", "model=mean"]] {
        run(&plain, &[settings, &[&setting("sundays.csv")]].concat(), 2).1.complains_of(&["future: "]);
    }
}

#[test]
fn no_component_has_the_name_of_the_tables_first_column() {
    run(&[("a.csv", with_price(60, 0))], &["seasonalities=customer:period=30:order=2"], 2)
        .1
        .complains_of(&["\"customer\" of a seasonality is reserved"]);
    let (output, _) = run(&[("a.csv", daily(60, 1))], &["seasonalities=monthly:period=30:order=2"], 0);
    let archive = fs::read(output.path().join("models/a.tar.gz")).unwrap();
    let (_, content) = members(&archive).into_iter().find(|(name, _)| name == "model.json").unwrap();
    // Python allows it.
    let content = String::from_utf8(content).unwrap().replace("monthly", "customer");
    let saved = folder([("a.json", content)]);
    let model = saved.path().join("a.json");
    predict(&model, &["--horizon=2"]).with_code(0);
    predict(&model, &["--horizon=2", "--components"]).with_code(3).complains_of(&["a component \"customer\""]);
}

#[test]
fn tables_call_customers_as_the_input_does() {
    let bundle = |column: &str| {
        let rows = |customer: &str, table: String| {
            table.lines().skip(1).map(|row| format!("{customer},{row}\n")).collect::<Vec<_>>().concat()
        };
        format!("{column},ds,y,price\n{}{}", rows("a", with_price(60, 0)), rows("b", with_price(60, 0)))
    };
    let later: Vec<String> = daily_rows(63, 1)[60..].iter().map(|(date, _)| date.clone()).collect();
    let tables = |column: &str| {
        let future: String = ["a", "b"]
            .iter()
            .zip([3, 9])
            .flat_map(|(customer, price)| later.iter().map(move |date| format!("{customer},{date},{price}\n")))
            .collect();
        folder([
            ("overrides.csv", format!("{column},growth\nb,flat\n")),
            ("holidays.csv", format!("{column},holiday,ds\na,fair,2022-01-20\n,sale,2022-02-01\n")),
            ("future.csv", format!("{column},ds,price\n{future}")),
        ])
    };
    let trained = |column: &str, settings: &[&str]| {
        let tables = tables(column);
        let setting = |name: &str| format!("{name}={}", tables.path().join(format!("{name}.csv")).display());
        let (overrides, holidays, future) = (setting("overrides"), setting("holidays"), setting("future"));
        let own = ["regressors=price", "horizon=3", "uncertainty_samples=0", &overrides, &holidays, &future];
        let (output, _) = run(&[("all.csv", bundle(column))], &[&own, settings].concat(), 0);
        (output, tables)
    };
    let (expected, _) = trained("customer", &[]);
    for (column, setting) in [("shop", "customer=Shop"), ("Shop No.", "customer=Shop No."), ("group", "customer=group")]
    {
        let (output, tables) = trained(column, &[setting]);
        assert_eq!(forecasts(output.path()), forecasts(expected.path()), "{column}");
        let future = tables.path().join("future.csv");
        let column = format!("--customer-column={column}");
        let asked = predict(&output.path().join("models"), &["--future", future.to_str().unwrap(), &column]);
        assert_eq!(first_five(&asked.with_code(0).out), forecasts(expected.path()));
    }
}
