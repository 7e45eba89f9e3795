//! Tables in memory give the artifacts and forecasts that files of the same rows give. What Python's libraries hand over is tested
//! in `tests/python`.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    sync::{Arc, atomic::AtomicBool},
};

use manyfit::{
    error::Error,
    frames::{Fit, Models, Run, Wanted, fit},
    input::Frame,
    settings::MaxFailures,
    store::MemoryStore,
    train::Progress,
};
use polars_arrow::array::{Array, DictionaryArray, Float64Array, UInt8Array, Utf8Array, Utf8ViewArray};

use super::support::{Files, artifacts, daily_rows, files, train};

/// A column of each part of the rows.
type Part = Vec<Box<dyn Array>>;

const NAMES: [&str; 3] = ["shop", "ds", "y"];

/// Three customers with 60 days each, customer by customer.
fn rows() -> Vec<(&'static str, String, f64)> {
    let of = |(seed, name)| daily_rows(60, seed).into_iter().map(move |(date, value)| (name, date, value));
    [(1, "a"), (2, "b"), (3, "c")].into_iter().flat_map(of).collect()
}

fn part(rows: &[(&str, String, f64)]) -> Part {
    let text = |values: Vec<&str>| Utf8ViewArray::from_slice_values(values).boxed();
    vec![
        text(rows.iter().map(|row| row.0).collect()),
        text(rows.iter().map(|row| row.1.as_str()).collect()),
        Float64Array::from_vec(rows.iter().map(|row| row.2).collect()).boxed(),
    ]
}

fn frame(parts: Vec<Part>) -> Arc<Frame> {
    Arc::new(Frame::new(NAMES.map(String::from), parts).unwrap())
}

fn fitted(frame: &Arc<Frame>, settings: &[(&str, &str)]) -> Result<Run, Error> {
    let settings: BTreeMap<String, String> =
        settings.iter().chain(&[("target", "y")]).map(|(name, value)| ((*name).into(), (*value).into())).collect();
    fit(&Fit {
        frame,
        customer: "shop",
        validation: None,
        settings: &settings,
        output: None,
        memory: &MemoryStore::default(),
        jobs: Some(2),
        stop: &AtomicBool::new(false),
        progress: Progress::Silent,
    })
}

fn archives(models: &Models) -> Files {
    models.names().unwrap().into_iter().map(|name| (name.clone(), models.artifact(&name).unwrap().unwrap())).collect()
}

/// What the command writes for the same rows.
fn of_command() -> (Files, String) {
    let (input, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut lines = String::from("shop,ds,y\n");
    for (shop, date, value) in rows() {
        writeln!(lines, "{shop},{date},{value}").unwrap();
    }
    fs::write(input.path().join("all.csv"), lines).unwrap();
    train(input.path(), output.path(), &["customer=shop", "horizon=3"]).with_code(0);
    let forecasts = String::from_utf8(files(output.path()).remove("forecasts.csv").unwrap()).unwrap();
    (artifacts(&output.path().join("models")), forecasts)
}

#[test]
fn rows_in_any_order_and_in_any_parts_give_the_artifacts_of_a_file() {
    let (expected, _) = of_command();
    let sorted = rows();
    let mut in_turn = rows();
    in_turn.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    let parts = |rows: &[_], size| rows.chunks(size).map(part).collect::<Vec<Part>>();
    for (name, parts) in [
        ("sorted", vec![part(&sorted)]),
        ("a part of three customers", parts(&sorted, 70)),
        ("in turn", vec![part(&in_turn)]),
        ("in turn in parts", parts(&in_turn, 7)),
        ("a row a part", parts(&sorted, 1)),
        ("empty parts", vec![part(&[]), part(&sorted), part(&[])]),
    ] {
        let run = fitted(&frame(parts), &[]).unwrap();
        assert_eq!(run.summary.verdict().map_err(|error| error.to_string()), Ok(()), "{name}");
        assert!(archives(&run.models) == expected, "{name}");
    }
}

#[test]
fn columns_may_end_their_parts_at_different_rows() {
    let (expected, _) = of_command();
    let rows = rows();
    let column =
        |at: usize, size: usize| -> Part { rows.chunks(size).map(|rows| part(rows).swap_remove(at)).collect() };
    let columns = |sizes: [usize; 3]| {
        NAMES.iter().zip(sizes).enumerate().map(|(at, (name, size))| ((*name).into(), column(at, size)))
    };
    for sizes in [[180, 180, 180], [180, 7, 50], [1, 60, 61], [11, 13, 17]] {
        let frame = Arc::new(Frame::of_columns(columns(sizes).collect()).unwrap());
        assert!(archives(&fitted(&frame, &[]).unwrap().models) == expected, "{sizes:?}");
    }
    let mut short: Vec<(String, Part)> = columns([60, 60, 60]).collect();
    short[1].1.pop();
    assert!(Frame::of_columns(short).is_err());
    let mut with_empty: Vec<(String, Part)> = columns([60, 180, 45]).collect();
    for (_, arrays) in &mut with_empty {
        let empty = arrays[0].sliced(0, 0);
        arrays.insert(1, empty);
    }
    assert!(archives(&fitted(&Arc::new(Frame::of_columns(with_empty).unwrap()), &[]).unwrap().models) == expected);
}

#[test]
fn dictionaries_of_each_part_are_read_as_their_values() {
    let (expected, _) = of_command();
    let rows = rows();
    let coded = |rows: &[(&str, String, f64)]| {
        let mut part = part(rows);
        let mut names: Vec<&str> = rows.iter().map(|row| row.0).collect();
        names.reverse();
        names.dedup();
        let code = |name: &str| names.iter().position(|known| *known == name).unwrap() as u8;
        let keys = UInt8Array::from_vec(rows.iter().map(|row| code(row.0)).collect());
        let values = Utf8Array::<i64>::from_slice(&names).boxed();
        part[0] = DictionaryArray::<u8>::try_from_keys(keys, values, false).unwrap().boxed();
        part
    };
    let run = fitted(&frame(rows.chunks(100).map(coded).collect()), &[]).unwrap();
    assert!(archives(&run.models) == expected);
}

#[test]
fn models_forecast_what_the_run_of_the_command_forecast() {
    let (_, expected) = of_command();
    let run = fitted(&frame(vec![part(&rows())]), &[]).unwrap();
    let stop = AtomicBool::new(false);
    let wanted = |widths| Wanted {
        customers: &[],
        horizon: Some(3),
        rows: None,
        features: false,
        customer: None,
        parts: false,
        widths,
        seed: 0,
        max_failures: MaxFailures::default(),
        jobs: Some(1),
        stop: &stop,
    };
    let (table, summary) = run.models.predict(&wanted(&[])).unwrap();
    assert!(summary.verdict().is_ok());
    let column = table.names.iter().position(|name| name == "yhat").unwrap();
    let numbers =
        |part: &Part| part[column].as_any().downcast_ref::<Float64Array>().unwrap().values().as_slice().to_vec();
    let found: Vec<f64> = table.parts.iter().flat_map(numbers).collect();
    let mut lines = expected.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let at = lines.next().unwrap().iter().position(|name| *name == "yhat").unwrap();
    assert_eq!(found, lines.map(|line| line[at].parse::<f64>().unwrap()).collect::<Vec<_>>());

    let (table, _) = run.models.predict(&wanted(&[0.5, 0.975])).unwrap();
    let names = ["customer", "ds", "yhat", "yhat-lo-50", "yhat-hi-50", "yhat-lo-97.5", "yhat-hi-97.5"];
    assert_eq!(table.names, names);
    assert!(table.parts.iter().all(|part| part.len() == names.len()));
}

#[test]
fn rows_without_a_customer_and_bad_names_are_refused_and_the_others_fitted() {
    let mut rows = rows();
    for row in &mut rows[60..62] {
        row.0 = " ";
    }
    for row in &mut rows[150..] {
        row.0 = "c/d";
    }
    let run = fitted(&frame(vec![part(&rows)]), &[("max_failures", "2")]).unwrap();
    let failed: Vec<&str> = run.manifest.lines().filter(|line| line.contains(r#""status":"failed""#)).collect();
    assert_eq!((archives(&run.models).len(), failed.len()), (3, 2), "{failed:?}");
    assert!(failed[0].contains("the table: row 61: does not name a customer"), "{}", failed[0]);
    assert!(failed[0].contains("2 such rows are left out"), "{}", failed[0]);
    assert!(failed[1].contains("rename the customer"), "{}", failed[1]);
    let nameless =
        fitted(&Arc::new(Frame::new(["ds".into(), "y".into()], vec![part(&rows)[1..].to_vec()]).unwrap()), &[]);
    let error = nameless.err().unwrap().to_string();
    assert_eq!(error, r#"the table has no column "shop" of customers; its columns are "ds", "y""#);
}

#[test]
fn a_table_of_parts_that_do_not_fit_is_refused() {
    let rows = rows();
    let mut uneven = part(&rows);
    uneven[2] = Float64Array::from_vec(vec![1.0]).boxed();
    assert!(Frame::new(NAMES.map(String::from), vec![uneven]).is_err());
    assert!(Frame::new(NAMES.map(String::from), vec![part(&rows)[..2].to_vec()]).is_err());
    let empty = fitted(&frame(vec![part(&[])]), &[]).err().unwrap().to_string();
    assert_eq!(empty, "the table has no rows: there is nothing to fit");
}
