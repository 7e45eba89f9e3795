//! Parquet files of many customers, in many row groups, read by many threads at once. Only with the feature `parquet`.

use crate::support::{manifest, train};
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};
use std::fs::File;

#[test]
fn bundles_in_many_row_groups_are_read_side_by_side() {
    let (input, output) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for bundle in 0..12 {
        let rows = 20 * 60;
        let customers: Vec<String> = (0..rows).map(|row| format!("customer-{bundle}-{}", row / 60)).collect();
        let dates: Vec<i64> = (0..i64::from(rows)).map(|row| 1_700_000_000 + row % 60 * 86_400).collect();
        let values: Vec<f64> = (0..rows).map(|row| f64::from(row * 37 % 101)).collect();
        let columns: Vec<Column> = vec![
            Series::new("customer".into(), customers).into(),
            Series::new("ds".into(), dates).into(),
            Series::new("y".into(), values).into(),
        ];
        let mut frame = DataFrame::new(rows as usize, columns).unwrap();
        let file = File::create(input.path().join(format!("{bundle}.parquet"))).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(50)).finish(&mut frame).unwrap();
    }
    for jobs in ["--jobs=2", "--jobs=8"] {
        train(input.path(), output.path(), &[jobs]).with_code(0);
        assert_eq!(manifest(&output.path().join("manifest.jsonl")).len(), 240);
    }
}
