//! Tables of features from Parquet.

use super::{Column, column, written};
use crate::input::{Contents, Format, InputFile, InputSettings, Reader, TableSettings, discover, testing::Memory};
use crate::store::Entry;
use manyfit_models::data::{CustomerId, Table};

fn settings(categorical: &[&str]) -> InputSettings {
    let categorical = categorical.iter().map(ToString::to_string).collect();
    let table = TableSettings { categorical, ..TableSettings::default() };
    InputSettings { table: Some(table), ..InputSettings::default() }
}

fn read(columns: Vec<Column>, categorical: &[&str]) -> Result<Option<Table>, String> {
    let store = Memory::with([("8.parquet", written(columns))]);
    let contents = Contents::One(CustomerId::new("8").unwrap());
    let file = InputFile::new(Entry { key: "8.parquet".into(), size: 0 }, Format::Parquet, contents);
    Reader::new(settings(categorical)).read_table(&store, &file, None).map_err(|error| error.to_string())
}

#[test]
fn every_type_of_number_is_a_feature_and_nulls_are_missing() {
    let table = read(
        vec![
            column("i", [1_i32, 2, 3]),
            column("y", [Some(1.5), None, Some(2.5)]),
            column("b", [true, false, true]),
            column("t", ["1", "x", " 2.5 "]),
            column("f", [Some(0.5_f32), None, None]),
        ],
        &[],
    );
    let table = table.unwrap().unwrap();
    let names: Vec<&str> = table.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["i", "b", "t", "f"]);
    assert_eq!((&table.targets[..], &table.rows[..], table.missing), (&[1.5, 2.5][..], &[1, 3][..], 1));
    assert_eq!(table.matrix.column(0), [1.0, 3.0]);
    assert_eq!(table.matrix.column(2), [1.0, 2.5]);
    assert!(table.matrix.column(3)[1].is_nan());
}

#[test]
fn categories_are_text_or_integers() {
    let columns = vec![
        column("y", [1.0, 2.0, 3.0]),
        column("state", [Some("GA"), None, Some("CA")]),
        column("zip", [30_301_i64, 90_001, 30_301]),
    ];
    let table = read(columns.clone(), &["state", "zip"]).unwrap().unwrap();
    assert_eq!(table.features[0].categories.as_ref().unwrap().names(), ["CA", "GA"]);
    assert_eq!(table.features[1].categories.as_ref().unwrap().names(), ["30301", "90001"]);
    assert_eq!(table.matrix.column(1), [0.0, 1.0, 0.0]);
    let floats = read(
        vec![
            column("y", [1.0, 2.0, 3.0]),
            column("code", [1.0, 12_345_678.0, 12_345_679.0]),
            column("part", [0.1_f32, 0.123_456_7, 0.123_456_9]),
            column("flag", [true, false, true]),
        ],
        &["code", "part", "flag"],
    );
    let floats = floats.unwrap().unwrap();
    let names = |at: usize| floats.features[at].categories.as_ref().unwrap().names().join(" ");
    assert_eq!(names(0), "1.0 12345678.0 12345679.0", "every digit counts");
    assert_eq!(names(1), "0.1 0.1234567 0.1234569");
    assert_eq!(names(2), "false true");
    let refusal = read(columns, &["zip"]).unwrap_err();
    assert!(refusal.starts_with(r#"in/8.parquet: row 1, column "state": "GA" is not a number"#), "{refusal}");
    assert!(refusal.contains("setting categorical"), "{refusal}");
}

#[test]
fn bundles_are_split_by_customer() {
    let bytes = written(vec![
        column("customer", ["b", "a", "b"]),
        column("y", [1.0, 2.0, 3.0]),
        column("x", [10.0, 20.0, f64::INFINITY]),
    ]);
    let store = Memory::with([("all.parquet", bytes)]);
    let found = discover(&store, &settings(&[])).unwrap();
    let mut reader = Reader::new(settings(&[]));
    let read = reader.read_table_bundle(&store, &found.files[0], None).unwrap();
    assert_eq!(read[0].1.as_ref().unwrap().as_ref().unwrap().targets, [2.0]);
    let complaint = read[1].1.as_ref().unwrap_err().to_string();
    assert!(complaint.starts_with(r#"in/all.parquet: row 3, column "x": "inf" is infinite"#), "{complaint}");
}
