//! What Parquet files of series hold: times with a zone, names, and times that are too far. Only with the feature `parquet`.

use crate::{
    parquet_files::{Column, parquet, texts},
    support::{files, folder, manifest, prepare, statuses, train},
};
use jiff::{ToSpan, civil::date, tz::TimeZone};
use polars_arrow::{
    array::{Float64Array, Int32Array, Int64Array},
    datatypes::{ArrowDataType, TimeUnit},
};
use std::{fs, path::Path};

/// Times in microseconds in a zone.
fn times(times: Vec<i64>, zone: &str) -> Column {
    let dtype = ArrowDataType::Timestamp(TimeUnit::Microsecond, Some(zone.into()));
    ("ds", Int64Array::from_vec(times).to(dtype).boxed())
}

fn values(rows: usize) -> Column {
    ("y", Float64Array::from_vec((0..rows).map(|row| (row * 37 % 11) as f64).collect()).boxed())
}

/// The midnights of 320 days from 2024-01-15 in a zone, with both changes of the clocks of the north or the south.
fn midnights(zone: &str) -> Vec<i64> {
    let tz = TimeZone::get(zone).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::Offset::constant(5)));
    let midnight = |day: i64| date(2024, 1, 15).checked_add(day.days()).unwrap().at(0, 0, 0, 0).to_zoned(tz.clone());
    (0..320).map(|day| midnight(day).unwrap().timestamp().as_microsecond()).collect()
}

/// The dates of a table of forecasts.
fn forecast_dates(output: &Path) -> Vec<String> {
    let table = fs::read_to_string(output.join("forecasts.csv")).unwrap();
    table.lines().skip(1).map(|line| line.split([',', 'T']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn midnights_of_a_zone_are_its_dates_in_every_command() {
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "+05:00", "UTC"] {
        let file = parquet(&[times(midnights(zone), zone), values(320)], 100);
        let input = folder([("8.parquet", file)]);
        let (output, prepared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ended = train(input.path(), output.path(), &["horizon=3"]).with_code(0);
        // 2024-01-15 is day 0, and 2024-11-29 day 319.
        assert_eq!(forecast_dates(output.path()), ["2024-11-30", "2024-12-01", "2024-12-02"], "{zone}");
        assert_eq!(ended.out.contains("local dates"), zone != "UTC", "{zone}: {}", ended.out);
        prepare(input.path(), prepared.path(), &[]).with_code(0);
        let table = &files(&prepared.path().join("customers"))["8.csv"];
        let lines: Vec<&str> = str::from_utf8(table).unwrap().lines().collect();
        assert_eq!((lines.len(), lines[1]), (321, "2024-01-15,0"), "{zone}");
        assert_eq!(lines[320], "2024-11-29,0", "{zone}");
    }
}

#[test]
fn other_times_of_a_zone_are_utc() {
    let zone = "America/New_York";
    let mut changed = midnights(zone);
    changed[200] += 3_600_000_000;
    let input = folder([("8.parquet", parquet(&[times(changed, zone), values(320)], 320))]);
    let output = tempfile::tempdir().unwrap();
    prepare(input.path(), output.path(), &[]).with_code(0);
    let table = String::from_utf8(files(&output.path().join("customers"))["8.csv"].clone()).unwrap();
    assert!(table.contains("\n2024-01-15T05:00:00,0\n") && table.contains("\n2024-07-01T04:00:00,"), "{table}");
}

#[test]
fn names_are_text_whatever_they_say() {
    let names = ["NA", "NULL", "Null", "None", "NaN", "nan", "n/a", "true", "-", "8"];
    let customers: Vec<&str> = names.iter().flat_map(|name| [*name; 30]).collect();
    let days = (0..300).map(|row| 19_000 + row % 30).collect();
    let columns = [
        ("customer", texts(&customers)),
        ("ds", Int32Array::from_vec(days).to(ArrowDataType::Date32).boxed()),
        values(300),
    ];
    let input = folder([("all.parquet", parquet(&columns, 70))]);
    let output = tempfile::tempdir().unwrap();
    // A slash separates folders.
    train(input.path(), output.path(), &["max_failures=1"]).with_code(0);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    for name in names.iter().filter(|name| **name != "n/a") {
        assert_eq!(rows[*name]["status"], "fitted", "{name}: {rows:?}");
        assert!(output.path().join(format!("models/{name}.tar.gz")).exists(), "{name}");
    }
    assert_eq!(statuses(output.path()), [9, 0, 0, 1]);
}

#[test]
fn times_that_are_too_far_fail_their_file() {
    let far = [("days.parquet", i64::from(i32::MAX)), ("seconds.parquet", i64::MAX), ("past.parquet", i64::MIN)];
    let file = |name: &str, time: i64| {
        let column = if name == "days.parquet" {
            Int32Array::from_vec(vec![19_000, time as i32]).to(ArrowDataType::Date32).boxed()
        } else {
            let dtype = ArrowDataType::Timestamp(TimeUnit::Millisecond, None);
            Int64Array::from_vec(vec![1_700_000_000_000, time]).to(dtype).boxed()
        };
        parquet(&[("ds", column), values(2)], 2)
    };
    let input = folder(far.map(|(name, time)| (name, file(name, time))));
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &[]).with_code(3);
    for (customer, row) in manifest(&output.path().join("manifest.jsonl")) {
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.contains("row 2, column \"ds\": \""), "{customer}: {reason}");
        assert!(reason.contains("1678") && !reason.contains("bug"), "{customer}: {reason}");
    }
    for (name, time) in far {
        let (input, output) = (folder([(name, file(name, time))]), tempfile::tempdir().unwrap());
        let ended = prepare(input.path(), output.path(), &[]).with_code(3);
        ended.complains_of(&[name, "row 2, column \"ds\": \"", "1678"]);
    }
}
