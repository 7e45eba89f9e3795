//! `manyfit generate`: what the files hold, that they never change, and that nothing of the user's is lost.

use crate::support::{Ended, files, manifest, manyfit, train};
use manyfit::artifact::hex;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

fn generate(output: &Path, arguments: &[&str]) -> Ended {
    manyfit().arg("generate").args(arguments).arg("--output").arg(output).output().unwrap().into()
}

fn generated(arguments: &[&str]) -> crate::support::Files {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("made/up");
    generate(&output, arguments).with_code(0);
    files(&output)
}

fn rows(file: &[u8]) -> Vec<Vec<f64>> {
    let text = std::str::from_utf8(file).unwrap();
    text.lines().map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

/// SHA-256 over all names and contents.
fn digest(files: &crate::support::Files) -> String {
    let mut sha = Sha256::new();
    for (name, content) in files {
        sha.update(name);
        sha.update(content);
    }
    hex(&sha.finalize())
}

#[test]
fn the_bytes_are_those_of_every_other_machine() {
    for (arguments, expected) in [
        (
            "housing --customers 3 --rows 200 --seed 7",
            "bb953527d7e6b132ace3a88359f78da9567850ff86501aada25170fb3a18553f",
        ),
        (
            "energy --customers 3 --rows 200 --seed 7",
            "f8216adcbd5c7310c5c576db1531f60b76dcfd4245500c08d3b14410b56f5df5",
        ),
        (
            "energy --customers 3 --rows 200 --seed 7 --hourly --headerless",
            "f5f4ef9a9884dd540f44c32de3f9eeea3f0a2d437e2c82bf567f6c71f56bbb6a",
        ),
        (
            "energy --customers 3 --rows 200 --seed 7 --single-table",
            "40ff9a70f5529bd9b933083e8a31c3139044bdd1da36ac679b85e6d0f701436c",
        ),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        assert_eq!(digest(&generated(&arguments)), expected, "{arguments:?}");
    }
}

#[test]
fn a_customer_does_not_depend_on_how_many_there_are() {
    let (few, many) = (
        generated(&["housing", "--customers", "2", "--seed", "5"]),
        generated(&["housing", "--customers", "9", "--seed", "5"]),
    );
    assert_eq!((few.len(), many.len()), (4, 18));
    for (name, content) in &few {
        assert_eq!(many[name], *content, "{name}");
    }
    assert_ne!(many["train/city_000000_train.csv"], many["train/city_000001_train.csv"]);
    let other = generated(&["housing", "--customers", "1", "--seed", "6"]);
    assert_ne!(many["train/city_000000_train.csv"], other["train/city_000000_train.csv"]);
}

#[test]
fn prices_without_noise_are_linear_in_the_features_and_with_noise_the_houses_are_the_same() {
    let clean = generated(&["housing", "--customers", "1", "--noise", "0"]);
    let noisy = generated(&["housing", "--customers", "1", "--noise", "0.1"]);
    for (file, expected) in [("train/city_000000_train.csv", 600), ("validation/city_000000_val.csv", 300)] {
        let (clean, noisy) = (rows(&clean[file]), rows(&noisy[file]));
        assert_eq!(clean.len(), expected);
        let mut squares = 0.0;
        for (house, other) in clean.iter().zip(&noisy) {
            let [price, year, feet, bedrooms, bathrooms, acres, garage] = house[..] else { panic!("{house:?}") };
            let value = 150.0 * feet + 10_000.0 * bedrooms + 15_000.0 * (bathrooms + acres + garage);
            assert!((price - (value - 5_000.0 * (2019.0 - year))).abs() <= 1.0, "{house:?}");
            assert_eq!(house[1..], other[1..]);
            squares += (other[0] / price - 1.0).powi(2);
        }
        let deviation = (squares / clean.len() as f64).sqrt();
        assert!((deviation - 0.1).abs() < 0.015, "{deviation}");
    }
}

/// Correlation of a series with itself, `lag` rows later.
fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let product = |(a, b): (&f64, &f64)| (a - mean) * (b - mean);
    let variance: f64 = values.iter().zip(values).map(product).sum();
    values.iter().zip(&values[lag..]).map(product).sum::<f64>() / variance
}

#[test]
fn the_waves_of_a_meter_take_a_year_a_week_and_a_day() {
    let value = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    let daily = generated(&["energy", "--customers", "1", "--noise", "0", "--rows", "1461", "--headerless"]);
    let values: Vec<f64> = std::str::from_utf8(&daily["0.csv"]).unwrap().lines().map(value).collect();
    assert_eq!(values.len(), 1461);
    // Weekly means follow the year: alike from one week to the next, opposite half a year later.
    let weeks: Vec<f64> = values.chunks_exact(7).map(|week| week.iter().sum::<f64>() / 7.0).collect();
    assert!(autocorrelation(&weeks, 1) > 0.97);
    assert!(autocorrelation(&weeks, 26) < -0.3);
    // What a week's mean leaves over repeats every seven days.
    let within: Vec<f64> = values.iter().enumerate().take(1456).map(|(day, value)| value - weeks[day / 7]).collect();
    assert!(autocorrelation(&within, 7) > 0.9);
    let hourly =
        generated(&["energy", "--customers", "1", "--noise", "0", "--rows", "240", "--headerless", "--hourly"]);
    let values: Vec<f64> = std::str::from_utf8(&hourly["0.csv"]).unwrap().lines().map(value).collect();
    assert!(autocorrelation(&values, 12) < autocorrelation(&values, 24));
}

#[test]
fn the_forms_of_energy_differ_in_their_wrapping_alone() {
    let with_header = generated(&["energy", "--customers", "2", "--rows", "30"]);
    let headerless = generated(&["energy", "--customers", "2", "--rows", "30", "--headerless"]);
    let table = generated(&["energy", "--customers", "2", "--rows", "30", "--single-table"]);
    let text = |content: &[u8]| String::from_utf8(content.to_vec()).unwrap();
    let mut expected = String::from("customer_id,timestamp,consumption\n");
    for customer in ["0", "1"] {
        let rows = text(&headerless[&format!("{customer}.csv")]);
        assert_eq!(text(&with_header[&format!("{customer}.csv")]), format!("timestamp,consumption\n{rows}"));
        assert!(rows.starts_with("2023-01-01,") && rows.lines().count() == 30);
        expected.extend(rows.lines().map(|row| format!("{customer},{row}\n")));
    }
    assert_eq!(text(&table["energy_consumption.csv"]), expected);
}

#[test]
fn every_form_of_energy_can_be_trained_on() {
    for form in ["--hourly", "--headerless", "--single-table"] {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        generate(&input, &["energy", "--customers", "3", "--rows", "60", form]).with_code(0);
        let settings: &[&str] = if form == "--single-table" { &["customer=customer_id"] } else { &[] };
        train(&input, &output, settings).with_code(0);
        let manifest = manifest(&output.join("manifest.jsonl"));
        assert_eq!(manifest.keys().collect::<Vec<_>>(), ["0", "1", "2"], "{form}");
        assert!(manifest.values().all(|row| row["status"] == "fitted" && row["rows"] == 60), "{form}: {manifest:?}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_alone_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("0.csv"), "precious").unwrap();
    fs::write(folder.path().join("mine.csv"), "precious").unwrap();
    let arguments = ["energy", "--customers", "1", "--rows", "3"];
    generate(folder.path(), &arguments).with_code(2).complains_of(&["is not empty", "--force"]);
    assert_eq!(fs::read(folder.path().join("0.csv")).unwrap(), b"precious");
    generate(folder.path(), &[&arguments[..], &["--force"]].concat()).with_code(0);
    assert!(fs::read(folder.path().join("0.csv")).unwrap().starts_with(b"timestamp"));
    assert_eq!(fs::read(folder.path().join("mine.csv")).unwrap(), b"precious");
}

#[test]
fn what_cannot_be_made_up_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, word) in [
        ("housing --customers 0", "--customers"),
        ("housing --customers 1 --noise -1", "a share is a number from 0 to 1"),
        ("housing --customers 1 --noise nan", "a share is a number from 0 to 1"),
        ("housing --customers 1 --rows 0", "--rows"),
        ("energy --customers 1 --start 2023-13-01", "2023-01-01"),
        ("energy --customers 1 --start 9999-12-01", "after the year 9999"),
        ("energy --customers 1 --headerless --single-table", "--single-table"),
        ("weather --customers 1", "weather"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        generate(folder.path(), &arguments).with_code(2).complains_of(&[word]);
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    generate(&file, &["housing", "--customers", "1"]).with_code(4).complains_of(&["file"]);
}
