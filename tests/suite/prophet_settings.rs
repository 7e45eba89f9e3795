//! Prophet's vocabulary as settings of a run: holidays, regressors, limits, and what differs by customer.

use crate::support::{Ended, daily_rows, folder, manifest, manyfit, members, statuses, train};
use std::{fmt::Write as _, fs, path::Path};
use tempfile::TempDir;

/// A customer's rows with a regressor that the target follows; the last `ahead` rows have no target.
fn with_price(rows: usize, seed: u64, ahead: usize) -> String {
    let mut text = String::from("ds,y,price,open\n");
    let all = daily_rows(rows + ahead, seed);
    for (at, (date, y)) in all.iter().enumerate() {
        let price = (at * 7 % 11) as f64;
        let y = if at < rows { (y + 5.0 * price).to_string() } else { String::new() };
        writeln!(text, "{date},{y},{price},{}", at % 7 < 5).unwrap();
    }
    text
}

fn forecasts(output: &Path) -> Vec<String> {
    fs::read_to_string(output.join("forecasts.csv")).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// The model of a customer as Python would read it.
fn model(output: &Path, customer: &str) -> serde_json::Value {
    let artifact = fs::read(output.join(format!("models/{customer}.tar.gz"))).unwrap();
    let (_, content) = members(&artifact).into_iter().find(|(name, _)| name == "model.json").unwrap();
    serde_json::from_slice(&content).unwrap()
}

fn predict(output: &Path, arguments: &[&str]) -> Ended {
    manyfit().arg("predict").arg(output.join("models")).args(arguments).output().unwrap().into()
}

fn run(files: &[(&str, String)], settings: &[&str], code: i32) -> (TempDir, Ended) {
    let (input, output) =
        (folder(files.iter().map(|(name, text)| (*name, text.as_bytes()))), tempfile::tempdir().unwrap());
    let ended = train(input.path(), output.path(), settings).with_code(code);
    (output, ended)
}

#[test]
fn rows_without_a_target_are_the_future_of_a_regressor() {
    let files = [("a.csv", with_price(120, 1, 5)), ("b.csv", with_price(120, 2, 2))];
    let (output, _) = run(&files, &["regressors=price", "horizon=5", "max_failures=1"], 0);
    let rows = forecasts(output.path());
    assert_eq!(rows.len(), 5);
    let expected = daily_rows(125, 1);
    for (at, row) in rows.iter().enumerate() {
        let fields: Vec<&str> = row.split(',').collect();
        assert!(fields[1].starts_with(&expected[120 + at].0), "{row}");
        let price = ((120 + at) * 7 % 11) as f64;
        let (yhat, truth) = (fields[2].parse::<f64>().unwrap(), expected[120 + at].1 + 5.0 * price);
        assert!((yhat - truth).abs() < 4.0, "{row} is far from {truth}");
    }
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let reason = rows["b"]["reason"].as_str().unwrap();
    assert!(reason.contains("horizon=5 needs 5 future values of price; 2 are given"), "{reason}");
}

#[test]
fn a_table_of_the_future_serves_training_and_prediction_alike() {
    let mut future = String::from("customer,ds,price\n");
    for (date, _) in &daily_rows(124, 1)[120..] {
        writeln!(future, "a,{date},3").unwrap();
    }
    let table = folder([("future.csv", &future)]);
    let table = table.path().join("future.csv");
    let setting = format!("future={}", table.display());
    let (output, _) = run(&[("a.csv", with_price(120, 1, 0))], &["regressors=price", "horizon=4", &setting], 0);
    let trained: Vec<String> = forecasts(output.path());
    assert_eq!(trained.len(), 4);
    let predicted = predict(output.path(), &["--future", table.to_str().unwrap()]).with_code(0).out;
    for (row, trained) in predicted.lines().skip(1).zip(&trained) {
        assert!(trained.starts_with(row), "{row} is not the beginning of {trained}");
    }
    predict(output.path(), &["--horizon=4"]).with_code(3).complains_of(&["price", "--future"]);
}

#[test]
fn every_setting_of_prophet_reaches_the_model_that_python_reads() {
    let settings = [
        "seasonality_mode=multiplicative",
        "holidays_mode=additive",
        "holidays_prior_scale=3",
        "country_holidays=US",
        "regressors=price:mode=additive:prior_scale=0.5",
        "seasonalities=monthly:period=30.5:order=3:prior_scale=2,business:period=7:order=2:condition=open",
        "weekly_seasonality=false",
        "changepoints=2022-02-01,2022-03-01",
        "non_negative=true",
    ];
    let (output, _) = run(&[("a.csv", with_price(200, 1, 0))], &settings, 0);
    let model = model(output.path(), "a");
    assert_eq!((&model["seasonality_mode"], &model["holidays_mode"]), (&"multiplicative".into(), &"additive".into()));
    assert_eq!((&model["holidays_prior_scale"], &model["specified_changepoints"]), (&3.0.into(), &true.into()));
    assert_eq!(model["seasonalities"][0], serde_json::json!(["monthly", "business"]));
    assert_eq!(model["seasonalities"][1]["business"]["condition_name"], "open");
    assert_eq!(model["extra_regressors"][1]["price"]["prior_scale"], 0.5);
    let holidays = model["holidays"].as_str().unwrap();
    // The days of the years to come are in the artifact, and of no holiday that the history does not have.
    for part in ["Independence Day", "2022-01-17", "2031-07-04", "Juneteenth"] {
        assert!(holidays.contains(part), "{part} is missing in {holidays}");
    }
    assert_eq!(model["changepoints"].as_str().unwrap().matches("2022-0").count(), 2);
}

#[test]
fn logistic_growth_takes_its_limits_as_numbers_or_as_columns() {
    let mut text = String::from("ds,y,Limit\n");
    for (at, (date, _)) in daily_rows(150, 1).iter().enumerate() {
        let y = 100.0 / (1.0 + (-(at as f64 - 75.0) / 20.0).exp()) + (at % 5) as f64;
        writeln!(text, "{date},{y},120").unwrap();
    }
    let files = [("a.csv", text)];
    let number = run(&files, &["growth=logistic", "cap=120", "horizon=30"], 0).0;
    let column = run(&files, &["growth=logistic", "cap=Limit", "horizon=30"], 0).0;
    assert_eq!(forecasts(number.path()), forecasts(column.path()));
    let last: f64 = forecasts(number.path()).last().unwrap().split(',').nth(2).unwrap().parse().unwrap();
    assert!((95.0..120.0).contains(&last), "{last}");
    let missing = run(&files, &["growth=logistic", "max_failures=0"], 3).1;
    missing.complains_of(&["a.csv: has no column \"cap\""]);
    run(&files, &["growth=logistic", "cap=5", "floor=9"], 2).1.complains_of(&["cap 5.0 is not above the floor 9"]);
}

#[test]
fn holidays_of_a_table_are_everybodys_a_groups_or_a_customers() {
    let tables = folder([
        (
            "holidays.csv",
            "holiday,ds,lower_window,upper_window,prior_scale,customer,group\n\
             Sale,2022-02-01,0,1,,,\nSale,2022-03-01,0,1,,,\nFair,2022-02-15,,,2,,north\nBirthday,2022-03-10,-1,0,,b,\n",
        ),
        ("overrides.csv", "customer,group,holidays_prior_scale\na,north,\nb,,4\n"),
        ("bad.csv", "holiday,ds,lower_window\nSale,2022-02-01,1\n"),
    ]);
    let setting = |name: &str, table: &str| format!("{name}={}", tables.path().join(table).display());
    let files = ["a.csv", "b.csv", "c.csv"].map(|name| (name, with_price(120, 1, 0)));
    let (holidays, overrides) = (setting("holidays", "holidays.csv"), setting("overrides", "overrides.csv"));
    let (output, _) = run(&files, &[&holidays, &overrides], 0);
    let names = |customer| {
        let model = model(output.path(), customer);
        let holidays = model["train_holiday_names"].as_str().unwrap().to_owned();
        ["Sale", "Fair", "Birthday"].map(|name| holidays.contains(name))
    };
    assert_eq!(names("a"), [true, true, false]);
    assert_eq!(names("b"), [true, false, true]);
    assert_eq!(names("c"), [true, false, false]);
    assert_eq!(model(output.path(), "b")["holidays_prior_scale"], 4.0);
    run(&files, &[&setting("holidays", "bad.csv")], 3)
        .1
        .complains_of(&["bad.csv: line 2, column \"lower_window\": \"1\""]);
    run(&files, &[&holidays], 2).1.complains_of(&[
        "holidays.csv: line 4",
        "no customer is in the group \"north\"",
        "overrides=FILE",
    ]);
}

#[test]
fn a_customers_settings_beat_its_groups_and_those_beat_everybodys() {
    let tables = folder([(
        "overrides.csv",
        "customer,group,growth,n_changepoints,regressors\n,north,flat,3,\na,north,,,\nb,north,linear,,price\nc,,cubic,,\n",
    )]);
    let overrides = format!("overrides={}", tables.path().join("overrides.csv").display());
    let files = ["a.csv", "b.csv", "c.csv", "d.csv"].map(|name| (name, with_price(120, 1, 0)));
    let (output, _) = run(&files, &["n_changepoints=7", "max_failures=1", &overrides], 0);
    let of = |customer: &str| {
        let model = model(output.path(), customer);
        let regressors = model["extra_regressors"][0].as_array().unwrap().len();
        (model["growth"].as_str().unwrap().to_owned(), model["n_changepoints"].as_u64().unwrap(), regressors)
    };
    assert_eq!(of("a"), ("flat".into(), 3, 0));
    assert_eq!(of("b"), ("linear".into(), 3, 1));
    assert_eq!(of("d"), ("linear".into(), 7, 0));
    let rows = manifest(&output.path().join("manifest.jsonl"));
    let reason = rows["c"]["reason"].as_str().unwrap();
    for part in ["overrides.csv: line 5", "growth", "\"cubic\"", "use linear, flat or logistic"] {
        assert!(reason.contains(part), "{part} is missing in {reason}");
    }
    assert_eq!(statuses(output.path()), [3, 0, 0, 1]);
}

#[test]
fn only_customers_whose_settings_changed_are_fitted_again() {
    let tables = folder([("overrides.csv", "customer,n_changepoints\na,3\n")]);
    let path = tables.path().join("overrides.csv");
    let overrides = format!("overrides={}", path.display());
    let input = folder(["a.csv", "b.csv"].map(|name| (name, with_price(120, 1, 0))));
    let output = tempfile::tempdir().unwrap();
    let now = || {
        train(input.path(), output.path(), &[&overrides]).with_code(0);
        let rows = manifest(&output.path().join("manifest.jsonl"));
        ["a", "b"].map(|customer| rows[customer]["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(now(), ["fitted", "fitted"]);
    assert_eq!(now(), ["unchanged", "unchanged"]);
    fs::write(&path, "customer,n_changepoints\na,4\n").unwrap();
    assert_eq!(now(), ["fitted", "unchanged"]);
    fs::write(&path, "customer,seed\na,4\n").unwrap();
    train(input.path(), output.path(), &[&overrides])
        .with_code(2)
        .complains_of(&["\"seed\" is not a setting that may differ"]);
}

#[test]
fn customers_of_different_countries_have_each_their_own_holidays() {
    let files = ["a.csv", "b.csv"].map(|name| (name, with_price(400, 1, 0)));
    for codes in [["DE", "US"], ["US", "DE"]] {
        let table = format!("customer,country_holidays\na,{}\nb,{}\n", codes[0], codes[1]);
        let tables = folder([("overrides.csv", table)]);
        let overrides = format!("overrides={}", tables.path().join("overrides.csv").display());
        let (output, _) = run(&files, &["country_holidays=FR", &overrides], 0);
        for (customer, code) in ["a", "b"].into_iter().zip(codes) {
            let holidays = model(output.path(), customer)["holidays"].as_str().unwrap().to_owned();
            let has = ["German Unity Day", "Thanksgiving Day"].map(|name| holidays.contains(name));
            assert_eq!(has, [code == "DE", code == "US"], "{customer} is of {code}");
        }
    }
}

/// A customer's rows of logistic growth, with columns `capA` of 300, `capB` of 200 and `cap` of 400.
fn with_caps() -> String {
    let mut text = String::from("ds,y,capA,capB,cap\n");
    for (at, (date, _)) in daily_rows(150, 1).iter().enumerate() {
        let y = 100.0 / (1.0 + (-(at as f64 - 75.0) / 20.0).exp()) + (at % 5) as f64;
        writeln!(text, "{date},{y},300,200,400").unwrap();
    }
    text
}

#[test]
fn a_customers_limit_is_the_one_that_its_own_settings_name() {
    let cases: [(&[&str], &str, [f64; 3]); 5] = [
        (&["cap=capA"], "customer,cap\na,capB\n", [200.0, 300.0, 300.0]),
        (&["cap=capA"], "customer,cap\nb,1000\n", [300.0, 1000.0, 300.0]),
        (&["cap=500"], "customer,cap\na,cap\n", [400.0, 500.0, 500.0]),
        (&[], "customer,cap\na,capA\nb,capB\n", [300.0, 200.0, 400.0]),
        // The group's row and the customer's together ask for the column.
        (
            &["growth=linear"],
            "customer,group,growth,cap\n,g,,capA\na,g,logistic,\nb,,logistic,capB\nc,,logistic,9e2\n",
            [300.0, 200.0, 900.0],
        ),
    ];
    for (settings, table, expected) in cases {
        let tables = folder([("overrides.csv", table)]);
        let overrides = format!("overrides={}", tables.path().join("overrides.csv").display());
        let files = ["a.csv", "b.csv", "c.csv"].map(|name| (name, with_caps()));
        let growth = if settings == ["growth=linear"] { &[][..] } else { &["growth=logistic"] };
        let (output, _) = run(&files, &[settings, growth, &[&overrides]].concat(), 0);
        let cap = |customer| {
            let history = model(output.path(), customer)["history"].as_str().unwrap().to_owned();
            let history: serde_json::Value = serde_json::from_str(&history).unwrap();
            history["data"][0]["cap"].as_f64().unwrap()
        };
        assert_eq!(["a", "b", "c"].map(cap), expected, "{settings:?} and {table}");
    }
}

#[test]
fn a_column_that_one_customers_settings_name_is_nothing_to_the_others() {
    let tables = folder([("overrides.csv", "customer,n_changepoints\na,3\n")]);
    let path = tables.path().join("overrides.csv");
    let overrides = format!("overrides={}", path.display());
    let without_price =
        |seed| daily_rows(120, seed).iter().fold("ds,y\n".into(), |text, (d, y)| format!("{text}{d},{y}\n"));
    let input =
        folder([("a.csv", with_price(120, 1, 0)), ("b.csv", with_price(120, 2, 0)), ("c.csv", without_price(3))]);
    let output = tempfile::tempdir().unwrap();
    let now = |settings: &[&str], code| {
        train(input.path(), output.path(), &[settings, &[&overrides, "max_failures=0"]].concat()).with_code(code);
        let rows = manifest(&output.path().join("manifest.jsonl"));
        ["a", "b", "c"].map(|customer| rows[customer]["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(now(&[], 0), ["fitted", "fitted", "fitted"]);
    fs::write(&path, "customer,regressors\na,price\n").unwrap();
    assert_eq!(now(&[], 0), ["fitted", "unchanged", "unchanged"]);
    assert_eq!(model(output.path(), "a")["extra_regressors"][0][0], "price");

    // A column that everybody's settings name is asked of those only for whom they hold.
    fs::write(&path, "customer,regressors,model\na,price,\nc,,mean\n").unwrap();
    assert_eq!(now(&["regressors=price"], 0), ["unchanged", "fitted", "fitted"]);
    fs::write(&path, "customer,regressors\na,prize\n").unwrap();
    assert_eq!(now(&["regressors=price"], 3), ["failed", "unchanged", "failed"]);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    for (customer, parts) in [
        ("a", ["overrides.csv: line 2: the model needs a column \"prize\"", "\"price\""]),
        ("c", ["the settings: the model needs a column \"price\"", "none"]),
    ] {
        let reason = rows[customer]["reason"].as_str().unwrap();
        assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    }
}

#[test]
fn words_for_missing_numbers_are_names_and_settings_like_others() {
    let tables = folder([
        (
            "overrides.csv",
            "customer,group,n_changepoints,fallback,country_holidays\n,null,3,,\nNA,null,,,NA\nshort,,,none,\n",
        ),
        ("holidays.csv", "holiday,ds,customer,group\nNaN,2022-02-01,NA,\nnone,2022-03-01,,null\n"),
    ]);
    let setting = |name: &str| format!("{name}={}", tables.path().join(format!("{name}.csv")).display());
    let files = [("NA.csv", with_price(200, 1, 0)), ("short.csv", with_price(1, 1, 0))];
    let (output, _) = run(&files, &[&setting("overrides"), &setting("holidays"), "max_failures=1"], 0);
    assert_eq!(statuses(output.path()), [1, 0, 0, 1]);
    let model = model(output.path(), "NA");
    assert_eq!(model["n_changepoints"], 3);
    let names = model["train_holiday_names"].as_str().unwrap();
    for name in ["\"NaN\"", "\"none\"", "Cassinga Day"] {
        assert!(names.contains(name), "{name} is missing in {names}");
    }
}

#[test]
fn a_group_without_customers_or_without_settings_is_refused() {
    let files = [("a.csv", with_price(120, 1, 0))];
    let refused = |overrides: &str, holidays: &str, words: &[&str]| {
        let tables = folder([("overrides.csv", overrides), ("holidays.csv", holidays)]);
        let setting = |name: &str| format!("{name}={}", tables.path().join(format!("{name}.csv")).display());
        run(&files, &[&setting("overrides"), &setting("holidays")], 2).1.complains_of(words);
    };
    let everybodys = "holiday,ds\nSale,2022-02-01\n";
    refused(
        "customer,group,growth\na,stores,\n,stroes,flat\n",
        everybodys,
        &[
            "overrides.csv: line 3: no customer is in the group \"stroes\"",
            "overrides.csv: line 2: the group \"stores\" has no settings and no holidays",
        ],
    );
    refused(
        "customer,group\na,stores\n",
        "holiday,ds,group\nSale,2022-02-01,stores\nSale,2022-03-01,stroes\n",
        &["holidays.csv: line 3: no customer is in the group \"stroes\""],
    );
}

#[test]
fn customers_of_a_table_that_are_not_in_the_input_are_told() {
    let tables = folder([
        ("overrides.csv", "customer_id,n_changepoints\na,3\nzzz,4\n"),
        ("holidays.csv", "holiday,ds,Customer_ID\nSale,2022-02-01,a\nSale,2022-02-01,y\nSale,2022-02-01,x\n"),
        ("future.csv", "customer,ds\na,2023-01-01\nb,2023-01-01\n"),
    ]);
    let setting = |name: &str| format!("{name}={}", tables.path().join(format!("{name}.csv")).display());
    let files = ["a.csv", "b.csv"].map(|name| (name, with_price(120, 1, 0)));
    for shard in ["0/2", "1/2"] {
        let tables = ["overrides", "holidays", "future"].map(setting);
        let settings = [&tables[0], &tables[1], &tables[2], "horizon=1", &format!("--shard={shard}")];
        let (_, ended) = run(&files, &settings, 0);
        let lines: Vec<&str> = ended.out.lines().filter(|line| line.contains("not in the input")).collect();
        assert_eq!(lines.len(), 2, "{}", ended.out);
        assert!(lines[0].ends_with("overrides.csv: 1 of its customers is not in the input: zzz"), "{}", lines[0]);
        assert!(lines[1].ends_with("holidays.csv: 2 of its customers are not in the input, such as x"), "{}", lines[1]);
    }
}

#[test]
fn holidays_of_one_customer_are_nobody_elses_by_either_name_of_the_column() {
    let tables = folder([("holidays.csv", "holiday,ds,customer_id\nSale,2022-02-01,a\n")]);
    let holidays = format!("holidays={}", tables.path().join("holidays.csv").display());
    let (output, _) = run(&["a.csv", "b.csv"].map(|name| (name, with_price(120, 1, 0))), &[&holidays], 0);
    let has = ["a", "b"].map(|customer| model(output.path(), customer)["holidays"].to_string().contains("Sale"));
    assert_eq!(has, [true, false]);
}
