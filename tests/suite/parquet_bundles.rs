//! Parquet files of many customers, in many row groups, read by many threads at once. Only with the feature `parquet`.

use crate::{
    parquet_files::{parquet, texts},
    support::{manifest, train},
};
use polars_arrow::array::{Float64Array, Int64Array};
use std::fs;

#[test]
fn bundles_in_many_row_groups_are_read_side_by_side() {
    let (input, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for bundle in 0..12 {
        let rows = 20 * 60;
        let customers: Vec<String> = (0..rows).map(|row| format!("customer-{bundle}-{}", row / 60)).collect();
        let dates: Vec<i64> = (0..i64::from(rows)).map(|row| 1_700_000_000 + row % 60 * 86_400).collect();
        let values: Vec<f64> = (0..rows).map(|row| f64::from(row * 37 % 101)).collect();
        let columns = [
            ("customer", texts(&customers)),
            ("ds", Int64Array::from_vec(dates).boxed()),
            ("y", Float64Array::from_vec(values).boxed()),
        ];
        fs::write(input.path().join(format!("{bundle}.parquet")), parquet(&columns, 50)).unwrap();
    }
    for jobs in ["--jobs=2", "--jobs=8"] {
        train(input.path(), output.path(), &[jobs]).with_code(0);
        assert_eq!(manifest(&output.path().join("manifest.jsonl")).len(), 240);
    }
}
