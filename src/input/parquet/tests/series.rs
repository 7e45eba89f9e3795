//! Series from Parquet.

use polars::prelude::*;

use crate::input::{Contents, Format, InputFile, InputSettings, Reader, discover, testing::Memory};
use crate::store::Entry;
use manyfit_models::data::{CustomerId, Series as Read};

const DAY: i64 = 86_400_000;

fn written(columns: Vec<Column>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
    bytes
}

fn read_bytes(bytes: Vec<u8>) -> Result<Read, String> {
    let store = Memory::with([("8.parquet", bytes)]);
    let contents = Contents::One(CustomerId::new("8").unwrap());
    let file = InputFile::new(Entry { key: "8.parquet".into(), size: 0 }, Format::Parquet, contents);
    let mut reader = Reader::new(InputSettings::default());
    reader.read_series(&store, &file).cloned().map_err(|error| error.to_string())
}

fn read(times: Column, values: Column) -> Result<Read, String> {
    read_bytes(written(vec![values, times]))
}

fn numbers() -> Column {
    Column::new("y".into(), [Some(2.0), None, Some(1.0)])
}

#[test]
fn every_type_of_timestamp_is_read() {
    let days = Column::new("ds".into(), [3_i32, 2, 1]).cast(&DataType::Date).unwrap();
    let milliseconds = [3 * DAY, 2 * DAY, DAY];
    let datetime = |per_ms: i64, unit: TimeUnit| {
        let times = milliseconds.map(|time| time * per_ms);
        Column::new("ds".into(), times).cast(&DataType::Datetime(unit, None)).unwrap()
    };
    let expected = Read {
        dates: vec![DAY, 2 * DAY, 3 * DAY],
        timestamps: vec![DAY, 3 * DAY],
        values: vec![1.0, 2.0],
        ..Read::default()
    };
    for times in [
        days,
        datetime(1, TimeUnit::Milliseconds),
        datetime(1000, TimeUnit::Microseconds),
        datetime(1_000_000, TimeUnit::Nanoseconds),
        Column::new("ds".into(), ["1970-01-04", "1970-01-03", " 1970-01-02T00:00Z "]),
        Column::new("ds".into(), [19_700_104_i64, 19_700_103, 19_700_102]),
    ] {
        assert_eq!(read(times.clone(), numbers()).unwrap(), expected, "{times:?}");
    }
    let epoch = Column::new("ds".into(), [1_325_376_000_i64, 1_325_462_400, 1_325_548_800]);
    let fractions = epoch.cast(&DataType::Float64).unwrap();
    assert_eq!(read(epoch, numbers()).unwrap(), read(fractions, numbers()).unwrap());
}

#[test]
fn every_type_of_target_is_read() {
    let times = Column::new("ds".into(), ["1970-01-02", "1970-01-03", "1970-01-04"]);
    for values in [
        Column::new("y".into(), [1_i64, 0, 1]),
        Column::new("y".into(), [1_u32, 0, 1]),
        Column::new("y".into(), [1_f32, 0.0, 1.0]),
        Column::new("y".into(), [true, false, true]),
        Column::new("y".into(), ["1", "0.0", "1e0"]),
    ] {
        assert_eq!(read(times.clone(), values).unwrap().values, [1.0, 0.0, 1.0]);
    }
    let gaps = Column::new("y".into(), [Some(f64::NAN), None, Some(1.0)]);
    assert_eq!(read(times, gaps).unwrap().values, [1.0]);
}

#[test]
fn an_error_names_file_row_column_and_value() {
    let times = || Column::new("ds".into(), ["1970-01-02", "1970-01-03", "1970-01-04"]);
    for (times, values, expected) in [
        (times(), Column::new("y".into(), [1.0, f64::INFINITY, 1.0]), r#"row 2, column "y": "inf" is infinite"#),
        (times(), Column::new("y".into(), ["1", "2", "x"]), r#"row 3, column "y": "x" is not a number"#),
        (Column::new("ds".into(), [Some("1970-01-02"), None, None]), numbers(), r#"row 2, column "ds": "" is empty"#),
        (Column::new("ds".into(), [2019_i64, 2020, 2021]), numbers(), r#"row 1, column "ds": "2019" is neither"#),
        (Column::new("ds".into(), [true, true, true]), numbers(), r#"row 1, column "ds": "true" is not a timestamp"#),
        (Column::new("ds".into(), ["1970-01-02"; 3]), numbers(), "row 2: the timestamp 1970-01-02 is also on row 1"),
    ] {
        let complaint = read(times, values).unwrap_err();
        assert!(complaint.starts_with(&format!("in/8.parquet: {expected}")), "{complaint}");
    }
}

#[test]
fn a_type_that_is_not_read_is_refused_and_other_columns_do_not_matter() {
    let times = Column::new("ds".into(), ["1970-01-02"]);
    let list = |name: &str| Column::new(name.into(), [Series::new("".into(), [1.0])]);
    let refusal = read(times.clone(), list("y")).unwrap_err();
    assert!(refusal.starts_with(r#"in/8.parquet: the column "y" has the Parquet type"#), "{refusal}");
    let bytes = written(vec![list("extra"), times, Column::new("y".into(), [5.0])]);
    assert_eq!(read_bytes(bytes).unwrap().values, [5.0]);
}

#[test]
fn files_that_are_cut_are_refused() {
    let times = Column::new("ds".into(), ["1970-01-02", "1970-01-03", "1970-01-04"]);
    let whole = written(vec![times, numbers()]);
    let cut_short = (0..whole.len()).map(|length| whole[..length].to_vec());
    let cut_off = (1..whole.len()).map(|start| whole[start..].to_vec());
    for bytes in cut_short.chain(cut_off) {
        assert!(read_bytes(bytes).is_err());
    }
    let refusal = read_bytes(b"ds,y\n".to_vec()).unwrap_err();
    assert!(refusal.starts_with("in/8.parquet: cannot be read as Parquet"), "{refusal}");
}

#[test]
fn customers_are_names_or_integers() {
    let (times, values) = (Column::new("ds".into(), ["1970-01-02"; 3]), Column::new("y".into(), [1.0, 2.0, 3.0]));
    for (customers, expected) in [
        (Column::new("customer".into(), ["b", "a", "c"]), ["a", "b", "c"]),
        (Column::new("customer".into(), [8_i64, 7, 9]), ["7", "8", "9"]),
    ] {
        let store = Memory::with([("all.parquet", written(vec![times.clone(), customers, values.clone()]))]);
        let found = discover(&store, &InputSettings::default()).unwrap();
        let mut reader = Reader::new(InputSettings::default());
        let read = reader.read_bundle(&store, &found.files[0]).unwrap();
        let names: Vec<&str> = read.iter().map(|(customer, _)| customer.as_str()).collect();
        assert_eq!(names, expected);
        let values: Vec<f64> = read.iter().map(|(_, series)| series.as_ref().unwrap().values[0]).collect();
        assert_eq!(values, [2.0, 1.0, 3.0]);
    }
    let nobody = Column::new("customer".into(), [Some("b"), None, None]);
    let store = Memory::with([("all.parquet", written(vec![times, nobody, values]))]);
    let found = discover(&store, &InputSettings::default()).unwrap();
    assert!(found.refused[0].1.contains("row 2, column \"customer\": \"\" does not name"), "{:?}", found.refused);
}
