//! `manyfit predict` on what `manyfit train` and others wrote.

use crate::support::{Ended, fleet, folder, manyfit, members, repository, train};
use std::{fs, path::Path};
use tempfile::TempDir;

fn predict(arguments: &[&str]) -> Ended {
    manyfit().arg("predict").args(arguments).output().unwrap().into()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// A fleet that was trained with a horizon: its results.
fn trained(customers: u64, settings: &[&str]) -> TempDir {
    let (input, output) = (fleet(customers, 90), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &[&["horizon=5"], settings].concat()).with_code(0);
    output
}

/// The named columns of a table without quotes, as lines.
fn columns(table: &str, names: &[&str]) -> Vec<String> {
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places: Vec<usize> =
        names.iter().map(|name| header.iter().position(|column| column == name).unwrap()).collect();
    lines.map(|line| places.iter().map(|&at| line[at]).collect::<Vec<_>>().join(",")).collect()
}

const SHARED: [&str; 5] = ["customer", "ds", "yhat", "yhat_lower", "yhat_upper"];

#[test]
fn the_forecasts_are_those_of_the_training_run_for_any_number_of_threads() {
    let output = trained(30, &["seed=7"]);
    let models = output.path().join("models");
    let expected = columns(&text(&output.path().join("forecasts.csv")), &SHARED);
    assert_eq!(expected.len(), 30 * 5);
    for jobs in ["1", "3"] {
        let ended = predict(&[models.to_str().unwrap(), "--horizon=5", "--seed=7", "--jobs", jobs]).with_code(0);
        assert_eq!(ended.out.lines().next().unwrap().split(',').collect::<Vec<_>>(), SHARED);
        assert_eq!(columns(&ended.out, &SHARED), expected);
        assert!(ended.err.contains("30 customers predicted, 0 failed: 150 rows"), "{}", ended.err);
    }
    let ended = predict(&[output.path().to_str().unwrap(), "--horizon=5", "--seed=7", "--components"]).with_code(0);
    let parts = ["trend", "trend_lower", "trend_upper", "additive_terms", "weekly"];
    assert_eq!(columns(&ended.out, &parts), columns(&text(&output.path().join("forecasts.csv")), &parts));
}

#[test]
fn a_model_is_read_packed_unpacked_or_as_a_plain_file_and_is_the_same_customer() {
    let output = trained(2, &[]);
    let archive = output.path().join("models/customer-001.tar.gz");
    let (unpacked, plain) = (output.path().join("x/one"), output.path().join("plain.json"));
    fs::create_dir_all(&unpacked).unwrap();
    for (name, content) in members(&fs::read(&archive).unwrap()) {
        fs::write(unpacked.join(&name), &content).unwrap();
        if name == "model.json" {
            fs::write(&plain, content).unwrap();
        }
    }
    let one = |path: &Path| predict(&[path.to_str().unwrap(), "--horizon", "5"]).with_code(0).out;
    let expected = one(&archive);
    assert!(expected.lines().nth(1).unwrap().starts_with("customer-001,"), "{expected}");
    assert_eq!(one(&unpacked), expected);
    assert_eq!(one(&unpacked.join("model.json")), expected);
    // A model alone has no name but that of its file, and its spacing is that of its last dates.
    let bare = one(&plain);
    assert_eq!(columns(&bare, &["ds", "yhat"]), columns(&expected, &["ds", "yhat"]));
    assert!(bare.lines().nth(1).unwrap().starts_with("plain,"), "{bare}");
    let all = predict(&[output.path().join("models").to_str().unwrap(), "--horizon=5", "--customer=customer-001"])
        .with_code(0);
    assert_eq!(all.out, expected);
}

#[test]
fn one_bad_artifact_never_stops_the_rest() {
    let output = trained(4, &[]);
    let models = output.path().join("models");
    let whole = fs::read(models.join("customer-002.tar.gz")).unwrap();
    fs::write(models.join("customer-002.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    let arguments = [models.to_str().unwrap(), "--horizon=3"];
    let ended =
        predict(&arguments).with_code(3).complains_of(&["customer-002.tar.gz", "damaged", "1 of 4 customers failed"]);
    assert_eq!(ended.out.lines().count(), 1 + 3 * 3);
    let ended =
        predict(&[&arguments[..], &["--max-failures=1"]].concat()).with_code(0).complains_of(&["customer-002.tar.gz"]);
    assert_eq!(ended.out.lines().count(), 1 + 3 * 3);
    fs::copy(models.join("customer-001.tar.gz"), models.join("customer-002.tar.gz")).unwrap();
    predict(&arguments).with_code(3).complains_of(&[
        "customer-002.tar.gz",
        "customer-001 is also in",
        "customer-001.tar.gz",
    ]);
}

#[test]
fn of_customers_that_are_asked_for_by_name_nobody_elses_artifact_matters() {
    let output = trained(3, &[]);
    let models = output.path().join("models");
    let cut = models.join("customer-002.tar.gz");
    let whole = fs::read(&cut).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let table = output.path().join("t.csv");
    let with = |more: &[&str]| {
        predict(&[&[models.to_str().unwrap(), "--horizon=3", "--output", table.to_str().unwrap()], more].concat())
    };
    with(&["--customer=customer-001"]).with_code(0).complains_of(&["1 customer predicted, 0 failed: 3 rows", "wrote"]);
    let before = text(&table);
    with(&["--customer=customer-002"]).with_code(3).complains_of(&["customer-002.tar.gz", "1 of 1 customer failed"]);
    let ended = with(&["--customer=custmer-001"]).with_code(3);
    ended.complains_of(&["no artifact was found for custmer-001 (did you mean customer-001?)"]);
    // Whoever asks for nobody hears of it, whatever is tolerated, and no table is touched.
    fs::write(&table, &before).unwrap();
    for names in [&["nobody"][..], &["customer-001", "nobody"], &["customer-002", "nobody"]] {
        let names: Vec<String> = names.iter().map(|name| format!("--customer={name}")).collect();
        let mut arguments: Vec<&str> = names.iter().map(String::as_str).collect();
        arguments.push("--max-failures=1");
        let ended = with(&arguments).with_code(3).complains_of(&["no artifact was found for nobody"]);
        assert!(!ended.err.contains("wrote"), "{}", ended.err);
        assert_eq!(text(&table), before);
        // Whose the damaged one is cannot be told, unless by its name.
        assert!(ended.err.contains("customer-002.tar.gz"), "{}", ended.err);
    }
}

#[test]
fn dates_of_the_future_come_from_a_table_for_all_or_for_each_customer() {
    let output = trained(2, &[]);
    let models = output.path().join("models");
    let tables = folder([
        ("all.csv", "ds\n2031-01-02\n2031-01-01\n"),
        ("each.csv", "customer,ds\ncustomer-001,2031-01-01\n"),
        ("bad.csv", "ds\n2031-01-01\n2031-13-01\n"),
        ("twice.csv", "ds\n2031-01-01\n2031-01-01\n"),
    ]);
    let with =
        |table: &str| predict(&[models.to_str().unwrap(), "--future", tables.path().join(table).to_str().unwrap()]);
    let all = with("all.csv").with_code(0).out;
    assert_eq!(columns(&all, &["ds"]), ["2031-01-01T00:00:00", "2031-01-02T00:00:00"].repeat(2));
    let each = with("each.csv").with_code(0);
    let each =
        each.complains_of(&["1 model without rows was left out: customer-000\n", "1 customer predicted, 0 failed"]);
    let of = |customer: &str, more: &[&str]| {
        let each = tables.path().join("each.csv");
        let customer = format!("--customer={customer}");
        predict(&[&[models.to_str().unwrap(), "--future", each.to_str().unwrap(), &customer], more].concat())
    };
    // Who is asked for by name must have rows, unless a number of steps is enough for its model.
    of("customer-000", &[]).with_code(3).complains_of(&["each.csv has no row of customer-000"]);
    assert_eq!(of("customer-000", &["--horizon=2"]).with_code(0).out.lines().count(), 3);
    assert_eq!(each.out.lines().nth(1), all.lines().nth(3).filter(|line| line.starts_with("customer-001,2031-01-01")));
    with("bad.csv").with_code(3).complains_of(&["bad.csv: line 3, column \"ds\": \"2031-13-01\""]);
    with("twice.csv").with_code(3).complains_of(&["twice.csv: line 3", "remove one"]);
    predict(&[models.to_str().unwrap()]).with_code(2).complains_of(&["--horizon N", "--future FILE", "--input PLACE"]);
    predict(&["no-models", "--horizon=3"]).with_code(2).complains_of(&["no-models: there is no such file or folder"]);
    with("none.csv").with_code(2).complains_of(&["none.csv", "no such file"]);
}

#[test]
fn rows_of_features_are_predicted_by_models_that_xgboost_saved() {
    let model = repository("tests/golden/xgboost-3.2.0-squarederror.json");
    let expected = fs::read(repository("tests/golden/xgboost-3.2.0.expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let numbers = |name: &str| expected[name].as_array().unwrap().clone();
    let (features, predictions) = (numbers("validation_features"), numbers("squarederror"));
    let lines: Vec<String> = features
        .chunks(features.len() / predictions.len())
        .map(|row| {
            row.iter().map(|x| x.as_f64().map(|x| x.to_string()).unwrap_or_default()).collect::<Vec<_>>().join(",")
        })
        .collect();
    let name = "xgboost-3.2.0-squarederror";
    let with_customer = format!("{name},{}\n", lines.join(&format!("\n{name},")));
    let tables = folder([
        ("bare.csv", lines.join("\n")),
        ("named.csv", format!("f0,f1,f2,f3\n{}", lines.join("\n"))),
        ("customers.csv", format!("customer,f0,f1,f2,f3\n{with_customer}other,1,2,3,x\n")),
        ("short.csv", "f0,f1,f2\n1,2,3\n".into()),
        ("text.csv", "f0,f1,f2,f3\n1,2,3,4\n1,2,big,4\n".into()),
    ]);
    let with = |table: &str, more: &[&str]| {
        let table = tables.path().join(table);
        predict(&[&[model.to_str().unwrap(), "--input", table.to_str().unwrap()], more].concat())
    };
    let out = with("bare.csv", &[]).with_code(0).out;
    let predicted: Vec<f32> = columns(&out, &["prediction"]).iter().map(|text| text.parse().unwrap()).collect();
    let expected: Vec<f32> = predictions.iter().map(|x| x.as_f64().unwrap() as f32).collect();
    assert_eq!(predicted, expected);
    assert_eq!(out.lines().nth(2).unwrap().split(',').take(2).collect::<Vec<_>>(), [name, "2"]);
    for table in ["named.csv", "customers.csv"] {
        assert_eq!(with(table, &[]).with_code(0).out, out, "{table}");
    }
    let out = with("named.csv", &["--shap"]).with_code(0).out;
    let shap = ["shap_f0", "shap_f1", "shap_f2", "shap_f3", "shap_bias"];
    for (row, prediction) in columns(&out, &shap).iter().zip(expected) {
        let sum: f64 = row.split(',').map(|x| x.parse::<f64>().unwrap()).sum();
        assert!((sum - f64::from(prediction)).abs() < 1e-5, "{row} is not {prediction}");
    }
    with("short.csv", &[]).with_code(3).complains_of(&["short.csv: has no column f3"]);
    with("text.csv", &[]).with_code(3).complains_of(&["text.csv: line 3", "\"f2\"", "\"big\" is not a number"]);
}

#[test]
fn rows_that_no_model_can_answer_are_told_of() {
    let rows: Vec<_> = (0..60).map(|i| format!("{i},{},0.5,{}\n", i % 10, ["red", "blue"][i % 2])).collect();
    let (input, output) = (folder([("a.csv", rows.concat())]), tempfile::tempdir().unwrap());
    let settings = ["model=gradient-boosting", "num_round=5", "header=false", "categorical=f2"];
    train(input.path(), output.path(), &settings).with_code(0);
    let tables = folder([
        ("named.csv", "f0,f1,f2\n0.3,0.5,red\n8,0.5,blue\n"),
        ("bare.csv", "0.3,0.5,red\n8,0.5,blue\n"),
        ("twins.csv", "0.3,0.3,red\n"),
        ("names.csv", "f0,f1,f2\n"),
        ("short.csv", "0.3,red\n"),
        ("others.csv", "g0,g1,g2\n"),
        ("customers.csv", "customer,f0,f1,f2\nnope,1,2,red\na,1,2,violet\na,1,2,red\nnope,1,2,red\na,1,2,\n"),
    ]);
    let with = |table: &str| {
        let table = tables.path().join(table);
        predict(&[output.path().join("models").to_str().unwrap(), "--input", table.to_str().unwrap()])
    };
    // A line of data is data, whatever it holds beside numbers; a line of other names is not.
    let named = with("named.csv").with_code(0).out;
    assert_eq!(named.lines().count(), 1 + 2);
    assert_eq!(with("bare.csv").with_code(0).out, named);
    assert_eq!(with("twins.csv").with_code(0).out.lines().count(), 1 + 1);
    assert_eq!(with("names.csv").with_code(0).out.lines().count(), 1);
    with("short.csv").with_code(3).complains_of(&["short.csv: has no column f0", "if this is a row of data"]);
    with("others.csv").with_code(3).complains_of(&["others.csv: has no column f0; its columns are \"g0\""]);
    let told = with("customers.csv").with_code(0);
    assert_eq!(told.out.lines().count(), 1 + 3);
    let unseen = "rows with a value of \"f2\" that is not a category of the training rows, treated as missing: 1\n";
    told.complains_of(&[unseen, "rows of 1 customer without a model were left out: nope\n"]);
}

#[test]
fn models_without_rows_are_left_out_and_rows_without_a_customer_are_nobodys() {
    let table = |seed: usize| (0..40).map(|i| format!("{},{},0.5\n", i + seed, i % 10)).collect::<Vec<_>>().concat();
    let names = ["BRK.A", "BRK.B", "NA", "d"];
    let (input, output) = (folder(names.map(|name| (format!("{name}.csv"), table(1)))), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), &["model=gradient-boosting", "num_round=5", "header=false"]).with_code(0);
    let rows = "f0,f1\n0.3,0.5\n";
    let bundle = "customer,f0,f1\nNA,1,2\n,1,2\nnull,1,2\n,3,4\n";
    let tables = folder([
        ("one/BRK.B.csv", rows),
        ("two/north/NA.tsv", rows),
        ("two/customer=BRK.A/part-0.csv", rows),
        ("two/customer=BRK.A/part-1.csv", rows),
        ("twice/north/d.csv", rows),
        ("twice/south/d.csv", rows),
        ("bundle.csv", bundle),
        ("none/x.csv", rows),
    ]);
    let with = |place: &str, more: &[&str]| {
        let place = tables.path().join(place);
        let models = output.path().join("models");
        predict(&[&[models.to_str().unwrap(), "--input", place.to_str().unwrap()], more].concat())
    };
    let one = with("one", &[]).with_code(0);
    assert_eq!(columns(&one.out, &["customer"]), ["BRK.B"]);
    one.complains_of(&["3 models without rows were left out: BRK.A, NA, d\n", "1 customer predicted, 0 failed: 1 row"]);
    assert_eq!(columns(&with("two", &[]).with_code(0).out, &["customer"]), ["BRK.A", "BRK.A", "NA"]);
    with("twice", &[]).with_code(3).complains_of(&["the customer \"d\" is also in", "different names"]);
    let bundle = with("bundle.csv", &["--max-failures=1"]).with_code(0);
    assert_eq!(columns(&bundle.out, &["customer"]), ["NA"]);
    bundle.complains_of(&[
        "bundle.csv: line 3, column \"customer\": \"\" does not name a customer",
        "2 left out",
        "without a model were left out: null",
    ]);
    // Nobody asked for is nothing done, and who is asked for by name must have rows.
    with("none", &[]).with_code(3).complains_of(&["no model has rows"]);
    with("one", &["--customer=d"]).with_code(3).complains_of(&["has no row of d"]);
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_is_read() {
    let output = trained(1, &[]);
    let models = output.path().join("models");
    let models = models.to_str().unwrap();
    predict(&[models]).with_code(2).complains_of(&["--input"]);
    predict(&[models, "--horizon=0"]).with_code(2);
    predict(&[models, "--horizon=3", "--output=x.xlsx"]).with_code(2).complains_of(&["x.xlsx", ".parquet"]);
    predict(&["nowhere", "--horizon=3"]).with_code(2).complains_of(&["nowhere"]);
    predict(&[models, "--horizon=3", "--customer=9"]).with_code(3).complains_of(&["no artifact was found for 9"]);
    let table = folder([("rows.csv", "a,b\n1,2\n")]);
    let rows = table.path().join("rows.csv");
    predict(&[models, "--input", rows.to_str().unwrap()])
        .with_code(3)
        .complains_of(&["prophet", "--horizon or --future"]);
}
