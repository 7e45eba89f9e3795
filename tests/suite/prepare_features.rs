//! `manyfit prepare --regression`: one raw table of features to a file per customer, and rows set apart for validation.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use tempfile::TempDir;

use super::support::{Ended, Files, artifacts, files, folder, json, manifest, manyfit, members, prepare, train};

/// Houses of so many cities, all mixed: city 0 has three rows, and each next one three more. The price follows the other columns.
fn raw(cities: usize) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let mut table = String::from("rooms,city,sold,price,area\n");
    for round in 0..3 * cities {
        for city in round / 3..cities {
            let (rooms, area) = (rng.random_range(1..9), rng.random_range(300..2000));
            let price = 1000 * rooms + 20 * area + rng.random_range(0..3000) + 500 * city;
            writeln!(table, "{rooms},c-{city},2024-{:02}-{:02},{price},{area}.50", 1 + round % 12, 1 + round % 28)
                .unwrap();
        }
    }
    table
}

/// The rows of a table's lines by city, as they are to be written.
fn by_city(table: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let [rooms, city, sold, price, area] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        rows.entry(city.to_owned()).or_default().push(format!("{price},{rooms},{sold},{area}"));
    }
    rows
}

fn text(header: &str, rows: &[String]) -> Vec<u8> {
    format!("{header}\n{}\n", rows.join("\n")).into_bytes()
}

const OPTIONS: [&str; 3] = ["--regression", "--customer=city", "--target=price"];

fn prepared(table: &str, options: &[&str]) -> (TempDir, Ended) {
    let (input, output) = (folder([("raw.csv", table)]), tempfile::tempdir().unwrap());
    let ended = prepare(input.path(), output.path(), &[&OPTIONS[..], options].concat());
    (output, ended)
}

/// The customers' files, and those for validation.
fn both(output: &Path) -> [Files; 2] {
    ["customers", "validation"].map(|place| files(&output.join(place)))
}

#[test]
fn a_table_of_features_becomes_a_file_for_each_customer_with_all_its_columns() {
    let table = raw(5);
    let (output, ended) = prepared(&table, &[]);
    let ended = ended.with_code(0);
    assert!(ended.out.contains(r#"customer = "city", target = "price", 3 other columns kept"#), "{}", ended.out);
    assert!(ended.out.contains("45 rows of 5 customers: 45 rows in 5 files\n0 missing, 0 zero"), "{}", ended.out);
    let expected: Files = by_city(&table)
        .into_iter()
        .map(|(city, rows)| (format!("{city}.csv"), text("target,rooms,sold,area", &rows)))
        .collect();
    assert_eq!(both(output.path()), [expected, Files::new()]);
    let summary = json(&output.path().join("summary.json"));
    assert_eq!((&summary["rows"], &summary["written"], &summary["customers"]), (&json!(45), &json!(45), &json!(5)));
    assert_eq!(summary.get("validation"), None);
    // Chosen columns, under other names; and the form of AWS's containers.
    let input = folder([("raw.csv", &table)]);
    let output = tempfile::tempdir().unwrap();
    let options =
        ["--regression", "--customer=city", "--target=price=eur", "--keep=area=m2,rooms", "--filter=rooms>=2"];
    prepare(input.path(), output.path(), &options).with_code(0);
    let found = String::from_utf8(both(output.path())[0]["c-4.csv"].clone()).unwrap();
    let wanted: Vec<String> = by_city(&table)["c-4"]
        .iter()
        .filter_map(|row| {
            let [price, rooms, _, area] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
            (rooms != "1").then(|| format!("{price},{area},{rooms}"))
        })
        .collect();
    assert_eq!(found.into_bytes(), text("eur,m2,rooms", &wanted));
    let (output, ended) = prepared("city,price,rooms\na,1,2\na,3,4\n", &["--no-header"]);
    ended.with_code(0);
    assert_eq!(both(output.path())[0]["a.csv"], b"1,2\n3,4\n");
}

#[test]
fn validation_rows_are_those_that_training_would_draw_and_models_and_errors_are_the_same() {
    let table = raw(12);
    let (whole, ended) = prepared(&table, &["--keep=rooms,area"]);
    ended.with_code(0);
    let (split, ended) = prepared(&table, &["--keep=rooms,area", "--validation-fraction=0.3", "--seed=5"]);
    let ended = ended.with_code(0);
    assert!(
        ended.out.contains("234 rows of 12 customers: 163 rows in 12 files, and for validation 71 rows"),
        "{}",
        ended.out
    );
    let [training, validation] = both(split.path());
    assert_eq!(training.keys().collect::<Vec<_>>(), validation.keys().collect::<Vec<_>>());
    let lines = |files: &Files, name: &str| String::from_utf8(files[name].clone()).unwrap().lines().count() - 1;
    for city in 0..12 {
        let name = format!("c-{city}.csv");
        let rows = 3 * (city + 1);
        assert_eq!(lines(&validation, &name), (0.3 * rows as f64).round() as usize, "{name}");
        assert_eq!(lines(&training, &name) + lines(&validation, &name), rows, "{name}");
    }
    let settings = ["model=gradient-boosting", "num_round=60", "early_stopping_rounds=3", "seed=5"];
    let run = |input: &Path, more: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        train(&input.join("customers"), output.path(), &[&settings[..], more].concat()).with_code(0);
        let models: BTreeMap<String, Vec<u8>> = artifacts(&output.path().join("models"))
            .into_iter()
            .map(|(name, bytes)| {
                (name, members(&bytes).into_iter().find(|(name, _)| name == "xgboost-model").unwrap().1)
            })
            .collect();
        let accuracy: BTreeMap<String, serde_json::Value> = manifest(&output.path().join("manifest.jsonl"))
            .into_iter()
            .map(|(customer, row)| (customer, row["accuracy"].clone()))
            .collect();
        let mut predictions: Vec<String> = fs::read_to_string(output.path().join("predictions.csv"))
            .unwrap()
            .lines()
            .skip(1)
            .map(|line| {
                // Without the number of the row, which is another one in a file of fewer.
                let fields: Vec<&str> = line.split(',').collect();
                [fields[0], fields[2], fields[3]].join(",")
            })
            .collect();
        predictions.sort();
        (output, models, accuracy, predictions)
    };
    let place = format!("--validation={}", split.path().join("validation").display());
    let (output, models, accuracy, predictions) = run(split.path(), &[&place]);
    let (_, drawn_models, drawn_accuracy, drawn_predictions) = run(whole.path(), &["validation_fraction=0.3"]);
    assert_eq!(models, drawn_models);
    assert_eq!(accuracy, drawn_accuracy);
    assert_eq!(predictions, drawn_predictions);
    assert_eq!(predictions.len(), 71);
    assert!(accuracy.values().all(|row| row["on"] == "validation"));
    // The models say of the validation rows what the run wrote down.
    let again = output.path().join("again.csv");
    let mut command = manyfit();
    command.arg("predict").arg(output.path().join("models")).arg("--input").arg(split.path().join("validation"));
    Ended::from(command.arg("--output").arg(&again).output().unwrap()).with_code(0);
    let column = |path: &Path, name: &str| -> Vec<f32> {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let at = lines.next().unwrap().split(',').position(|column| column == name).unwrap();
        lines.map(|line| line.split(',').nth(at).unwrap().parse().unwrap()).collect()
    };
    assert_eq!(column(&again, "prediction"), column(&output.path().join("predictions.csv"), "prediction"));
}

#[test]
fn threads_memory_shards_and_the_cut_of_the_input_change_no_row_of_either_place() {
    let table = raw(25);
    let cut = table.find('\n').unwrap() + 1;
    let middle = cut + table[cut..].len() / 2;
    let middle = middle + table[middle..].find('\n').unwrap() + 1;
    let whole = folder([("t.csv", table.clone())]);
    let parts =
        folder([("a.csv", table[..middle].to_owned()), ("b.csv", format!("{}{}", &table[..cut], &table[middle..]))]);
    let run = |input: &TempDir, options: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        let split = ["--validation-fraction=0.4"];
        prepare(input.path(), output.path(), &[&OPTIONS[..], &split, options].concat()).with_code(0);
        both(output.path())
    };
    let expected = run(&whole, &["--jobs=1"]);
    assert_eq!(expected[1].len(), 25);
    assert_eq!(run(&whole, &["--jobs=3", "--memory=1MB"]), expected);
    assert_eq!(run(&parts, &["--jobs=2", "--memory=4MB"]), expected);
    assert_ne!(run(&whole, &["--seed=1"])[1], expected[1]);
    let mut union = [Files::new(), Files::new()];
    for shard in ["--shard=0/2", "--shard=1/2"] {
        for (all, part) in union.iter_mut().zip(run(&whole, &[shard])) {
            all.extend(part);
        }
    }
    assert_eq!(union, expected);
    // Bundles have the same rows, and both places the same files.
    let [training, validation] = run(&whole, &["--bundle=2k"]);
    assert!(training.len() > 3);
    assert_eq!(training.keys().collect::<Vec<_>>(), validation.keys().collect::<Vec<_>>());
    for (bundles, single) in [(training, &expected[0]), (validation, &expected[1])] {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for bytes in bundles.into_values() {
            for line in String::from_utf8(bytes).unwrap().lines().skip(1) {
                let (city, row) = line.split_once(',').unwrap();
                let file = found.entry(format!("{city}.csv")).or_insert_with(|| "target,rooms,sold,area\n".into());
                writeln!(file, "{row}").unwrap();
            }
        }
        let found: Files = found.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        assert_eq!(found, *single);
    }
}

#[test]
fn each_customer_keeps_a_row_to_train_on_and_rows_without_a_target_are_not_drawn() {
    let mut table = String::from("city,price,x\n");
    for (city, rows) in [("one", 1), ("two", 2), ("three", 3)] {
        (0..rows).for_each(|row| writeln!(table, "{city},{row}.5,{row}").unwrap());
    }
    (0..9).for_each(|row| writeln!(table, "empty,,{row}").unwrap());
    table.push_str("empty,7,9\nempty,8,10\n");
    for (share, counts) in [
        ("0.9", [("empty", 10, 1), ("one", 1, 0), ("three", 1, 2), ("two", 1, 1)]),
        ("0.2", [("empty", 11, 0), ("one", 1, 0), ("three", 2, 1), ("two", 2, 0)]),
    ] {
        let (output, ended) = prepared(&table, &["--validation-fraction", share]);
        let ended = ended.with_code(0);
        let [training, validation] = both(output.path());
        let lines = |files: &Files, city: &str| {
            files.get(&format!("{city}.csv")).map_or(0, |bytes| bytes.split(|byte| *byte == b'\n').count() - 2)
        };
        for (city, trained, validated) in counts {
            assert_eq!((lines(&training, city), lines(&validation, city)), (trained, validated), "{city} at {share}");
        }
        let (rows, with) =
            counts.iter().fold((0, 0), |(rows, with), (_, _, each)| (rows + each, with + u64::from(*each > 0)));
        let summary = json(&output.path().join("summary.json"));
        assert_eq!(summary["validation"], json!({"rows": rows, "customers": with, "untrained": 0}));
        assert_eq!(summary["missing"], 9);
        let without = 4 - with;
        assert!(
            ended.out.contains(&format!("{without} customer")) && ended.out.contains("no row for validation"),
            "{}",
            ended.out
        );
    }
    let (_output, ended) = prepared("city,price,x\na,1,2\n", &["--validation-fraction=0.2"]);
    assert!(ended.with_code(0).out.contains("warning: no row is for validation: every customer has too few rows"));
}

#[test]
fn rows_from_a_time_on_are_for_validation_in_the_zone_of_the_output() {
    let table = "city,sold,price,x\na,2024-03-01 00:30,1,1\na,2024-02-29 23:30,2,2\nb,2024-03-02,3,3\na,2024-01-05,4,4\n\
                 c,2024-02-01,5,5\na,2024-03-01 01:00,6,6\n";
    let cut = ["--timestamp=sold", "--validation-from=2024-03-01"];
    let (output, ended) = prepared(table, &cut);
    let ended = ended.with_code(0);
    for words in [
        r#"customer = "city", timestamp = "sold", target = "price", 2 other columns kept"#,
        "6 rows of 3 customers: 3 rows in 2 files, and for validation 3 rows of 2 customers",
        "warning: 1 customer has no row before --validation-from: no file to train on, so no model",
        "1 customer has no row for validation",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing in {}", ended.out);
    }
    let header = "target,sold,x\n";
    let [training, validation] = both(output.path());
    let text = |files: &Files, name: &str| files.get(name).map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(text(&training, "a.csv"), Some(format!("{header}2,2024-02-29 23:30,2\n4,2024-01-05,4\n")));
    assert_eq!(text(&validation, "a.csv"), Some(format!("{header}1,2024-03-01 00:30,1\n6,2024-03-01 01:00,6\n")));
    assert_eq!((text(&training, "b.csv"), text(&validation, "c.csv")), (None, None));
    assert_eq!(text(&validation, "b.csv"), Some(format!("{header}3,2024-03-02,3\n")));
    // In Berlin the cut is an hour earlier.
    let (output, ended) = prepared(table, &[&cut[..], &["--output-timezone=Europe/Berlin"]].concat());
    ended.with_code(0);
    assert_eq!(both(output.path())[0]["a.csv"], format!("{header}4,2024-01-05,4\n").as_bytes());
    // The column of times is named to train, which does not take it for a feature.
    let models = tempfile::tempdir().unwrap();
    let place = format!("--validation={}", output.path().join("validation").display());
    let settings = ["model=ridge", "timestamp=sold", &place];
    train(&output.path().join("customers"), models.path(), &settings).with_code(0);
    let rows = manifest(&models.path().join("manifest.jsonl"));
    assert_eq!(rows["a"]["accuracy"]["on"], "validation");
    let (_output, ended) = prepared(table, &["--timestamp=sold", "--validation-from=2042-01-01"]);
    assert!(ended.with_code(0).out.contains("warning: no row is for validation: all are before --validation-from"));
}

#[test]
fn numbers_with_a_decimal_comma_are_written_with_a_point_and_words_as_they_are() {
    let table = "city;price;area;kind;note\na;1.234,5;20,25;flat;1,5 rooms\na;7;3,0;a,b;x\n";
    let (output, ended) = prepared(table, &[]);
    let ended = ended.with_code(0);
    assert!(ended.out.contains("numbers read with a decimal comma"), "{}", ended.out);
    let expected = "target,area,kind,note\n1234.5,20.25,flat,\"1,5 rooms\"\n7,3.0,\"a,b\",x\n";
    assert_eq!(String::from_utf8(both(output.path())[0]["a.csv"].clone()).unwrap(), expected);
}

#[test]
fn tables_without_a_customer_column_a_header_or_rows_of_their_own_columns() {
    // AWS's form: a file per customer, no header, the target first; a row of delimiters is no row.
    let input = folder([("8.csv", "1.5,2,3\n,,\n4,,6\n"), ("9.csv", "7,8,9\n")]);
    let output = tempfile::tempdir().unwrap();
    prepare(input.path(), output.path(), &["--regression", "--bundle=1k"]).with_code(0);
    let [bundles, _] = both(output.path());
    let mut lines: Vec<String> = bundles
        .into_values()
        .flat_map(|bytes| String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    lines.sort();
    lines.dedup();
    assert_eq!(lines, ["8,1.5,2,3", "8,4,,6", "9,7,8,9", "customer,target,f0,f1"]);
    // Row numbers of data frames are no feature.
    let (output, ended) = prepared(",city,price,x,Unnamed: 0\n0,a,1,2,5\n", &[]);
    ended.with_code(0);
    assert_eq!(both(output.path())[0]["a.csv"], b"target,x\n1,2\n");
    for (files, complaint) in [
        (
            [("1.csv", "city,price,w,x\na,1,2,3\n"), ("2.csv", "city,price,w\na,1,2\n")],
            "2.csv: has no column \"x\", which the first table has",
        ),
        (
            [("1.csv", "city,price,x\na,1,2\n"), ("2.csv", "city,price,x,z\na,1,2,3\n")],
            "2.csv: has the column \"z\", which the first table does not have",
        ),
        ([("1.csv", "city,price,x\na,1,2\n"), ("2.csv", "city,price,x\na,one,2\n")], "\"one\" is not a number"),
        (
            [("1.csv", "city,price,x\na,1,2\n"), ("2.csv", "city,price,x\nb_val,1,2\n")],
            "ends like the name of a file for training",
        ),
        (
            [("1.csv", "city,price,x\ntest,1,2\n"), ("2.csv", "city,price,x\nb,1,2\n")],
            "ends like the name of a file for training",
        ),
    ] {
        let (input, output) = (folder(files), tempfile::tempdir().unwrap());
        prepare(input.path(), output.path(), &OPTIONS).with_code(3).complains_of(&[complaint]);
        assert!(super::support::files(output.path()).is_empty());
    }
    let input = folder([("8_train.csv", "target,x\n1,2\n"), ("8_val.csv", "target,x\n1,2\n")]);
    let output = tempfile::tempdir().unwrap();
    // The first table, every time: others are read beside it.
    for _ in 0..20 {
        let refused = prepare(input.path(), output.path(), &["--regression"]).with_code(3);
        refused.complains_of(&["8_train.csv: its name says", "split already"]);
    }
}

#[test]
fn options_that_make_no_sense_together_are_refused() {
    for (options, complaint) in [
        (&["--validation-fraction=0.2"][..], "--regression"),
        (&["--regression", "--validation-fraction=1"], "a share is a number above 0 and below 1"),
        (&["--regression", "--validation-from=2024-01-01"], "--timestamp"),
        (&["--regression", "--seed=1"], "--validation-fraction"),
        (&["--regression", "--from=2024-01-01"], "--from needs --timestamp with --regression"),
        (&["--regression", "--timezone=UTC"], "--timezone needs --timestamp with --regression"),
        (&["--regression", "--duplicates=mean"], "--duplicates"),
        (&["--regression", "--aggregate=sum", "--frequency=D"], "--aggregate"),
    ] {
        let (input, output) = (folder([("t.csv", "city,price,x\na,1,2\n")]), tempfile::tempdir().unwrap());
        prepare(input.path(), output.path(), options).with_code(2).complains_of(&[complaint]);
    }
}

#[test]
fn a_processing_job_writes_validation_rows_to_an_output_of_their_own() {
    let outputs = |names: &[&str]| {
        let output = |name: &&str| {
            json!({"OutputName": name,
                "S3Output": {"LocalPath": format!("/opt/ml/processing/output/{name}"), "S3Uri": format!("s3://b/{name}")}})
        };
        json!({"ProcessingInputs": [{"InputName": "raw", "S3Input": {"LocalPath": "/opt/ml/processing/input/raw",
            "S3Uri": "s3://b/raw", "S3DataDistributionType": "FullyReplicated"}}],
            "ProcessingOutputConfig": {"Outputs": names.iter().map(output).collect::<Vec<_>>()}})
        .to_string()
    };
    let run = |names: &[&str]| {
        let base = folder([
            ("config/processingjobconfig.json", outputs(names)),
            ("config/resourceconfig.json", r#"{"current_host": "algo-1", "hosts": ["algo-1"]}"#.to_owned()),
            ("processing/input/raw/t.csv", raw(4)),
        ]);
        let mut command = manyfit();
        command.env("SAGEMAKER_BASE_DIR", base.path()).arg("prepare").args(OPTIONS).arg("--validation-fraction=0.5");
        let ended = Ended::from(command.output().unwrap());
        (base, ended)
    };
    let (expected, ended) = prepared(&raw(4), &["--validation-fraction=0.5"]);
    ended.with_code(0);
    let (base, ended) = run(&["customers", "validation", "report"]);
    ended.with_code(0);
    let output = base.path().join("processing/output");
    assert_eq!(both(&output), both(expected.path()));
    assert!(output.join("report/summary.json").exists());
    let (base, ended) = run(&["all"]);
    ended.with_code(0);
    assert_eq!(both(&base.path().join("processing/output/all")), both(expected.path()));
    run(&["customers", "report"]).1.with_code(2).complains_of(&["add one that is called validation"]);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_in_and_out_has_the_same_rows_as_text() {
    use crate::parquet_files::{parquet, texts};
    use polars_arrow::{
        array::{BooleanArray, Float64Array, Int32Array, Int64Array},
        datatypes::ArrowDataType,
    };
    let columns = [
        ("city", Int64Array::from_slice([1, 2, 1, 1]).boxed()),
        ("flag", BooleanArray::from_slice([true, false, true, false]).boxed()),
        ("price", Float64Array::from_slice([1.5, 2.0, 3.25, 4.0]).boxed()),
        ("rooms", Int32Array::from_iter([Some(3), None, Some(4), Some(5)]).boxed()),
        ("kind", texts(&["flat", "house", "", "flat"])),
    ];
    let bytes = parquet(&columns, 4);
    let input = folder([("t.parquet", bytes)]);
    let run = |input: &Path, options: &[&str]| {
        let output = tempfile::tempdir().unwrap();
        prepare(input, output.path(), options).with_code(0);
        output
    };
    let split = [&OPTIONS[..], &["--validation-fraction=0.4"]].concat();
    let csv = run(input.path(), &split);
    let [training, validation] = both(csv.path());
    let lines = |files: &Files, name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert_eq!(lines(&training, "2.csv"), "target,flag,rooms,kind\n2,false,,house\n");
    let mut rows: Vec<String> = [lines(&training, "1.csv"), lines(&validation, "1.csv")]
        .iter()
        .flat_map(|text| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    rows.sort();
    assert_eq!(rows, ["1.5,true,3,flat", "3.25,true,4,", "4,false,5,flat"]);
    // Written as Parquet and prepared again as text, nothing is another; and it is trained to the same models.
    let packed = run(input.path(), &[&split[..], &["--format=parquet", "--bundle=1k"]].concat());
    let models = |prepared: &Path| {
        let output = tempfile::tempdir().unwrap();
        let place = format!("--validation={}", prepared.join("validation").display());
        let settings = ["model=ridge", "categorical=kind", &place];
        train(&prepared.join("customers"), output.path(), &settings).with_code(0);
        artifacts(&output.path().join("models"))
    };
    assert_eq!(models(packed.path()), models(csv.path()));
    for place in ["customers", "validation"] {
        let again = run(&packed.path().join(place), &["--regression"]);
        assert_eq!(both(again.path())[0], files(&csv.path().join(place)), "{place}");
    }
    // Typed times are cut as written ones are.
    let days = Int32Array::from_slice([19_782, 19_783, 19_784, 19_783]).to(ArrowDataType::Date32).boxed();
    let dated: Vec<_> = columns.into_iter().chain([("sold", days)]).collect();
    let bytes = parquet(&dated, 4);
    let input = folder([("t.parquet", bytes)]);
    let cut = ["--keep=rooms,sold", "--timestamp=sold", "--validation-from=2024-03-01"];
    let [training, validation] = both(run(input.path(), &[&OPTIONS[..], &cut].concat()).path());
    assert_eq!(lines(&training, "1.csv"), "target,rooms,sold\n1.5,3,2024-02-29\n");
    assert_eq!(lines(&validation, "1.csv"), "target,rooms,sold\n3.25,4,2024-03-02\n4,5,2024-03-01\n");
    assert_eq!(lines(&validation, "2.csv"), "target,rooms,sold\n2,,2024-03-01\n");
}
