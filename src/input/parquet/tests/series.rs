//! Series from Parquet.

use polars_arrow::{
    array::{Int32Array, Int64Array, ListArray, PrimitiveArray},
    datatypes::{ArrowDataType, Field, TimeUnit},
    offset::OffsetsBuffer,
};

use jiff::tz::TimeZone;

use super::{Column, column, written, written_in_groups};
use crate::input::{
    Contents, Format, InputFile, InputSettings, Reader, discover, testing::Memory, value::time_form::zone_named,
};
use crate::store::Entry;
use manyfit_models::data::{CustomerId, Series as Read};

const DAY: i64 = 86_400_000;

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

/// Times in this unit.
fn times_of<const ROWS: usize>(times: [i64; ROWS], unit: TimeUnit, zone: Option<&str>) -> Column {
    let dtype = ArrowDataType::Timestamp(unit, zone.map(Into::into));
    ("ds", Int64Array::from_vec(times.into()).to(dtype).boxed())
}

fn numbers() -> Column {
    column("y", [Some(2.0), None, Some(1.0)])
}

#[test]
fn every_type_of_timestamp_is_read() {
    let days = ("ds", Int32Array::from_vec(vec![3, 2, 1]).to(ArrowDataType::Date32).boxed());
    let milliseconds = [3 * DAY, 2 * DAY, DAY];
    let datetime = |per_ms: i64, unit: TimeUnit| times_of(milliseconds.map(|time| time * per_ms), unit, None);
    let expected = Read {
        dates: vec![DAY, 2 * DAY, 3 * DAY],
        timestamps: vec![DAY, 3 * DAY],
        values: vec![1.0, 2.0],
        ..Read::default()
    };
    for times in [
        days,
        datetime(1, TimeUnit::Millisecond),
        datetime(1000, TimeUnit::Microsecond),
        datetime(1_000_000, TimeUnit::Nanosecond),
        column("ds", ["1970-01-04", "1970-01-03", " 1970-01-02T00:00Z "]),
        column("ds", [19_700_104_i64, 19_700_103, 19_700_102]),
    ] {
        assert_eq!(read(times.clone(), numbers()).unwrap(), expected, "{times:?}");
    }
    let epoch = column("ds", [1_325_376_000_i64, 1_325_462_400, 1_325_548_800]);
    let fractions = column("ds", [1_325_376_000_f64, 1_325_462_400.0, 1_325_548_800.0]);
    assert_eq!(read(epoch, numbers()).unwrap(), read(fractions, numbers()).unwrap());
}

#[test]
fn every_type_of_target_is_read() {
    let times = column("ds", ["1970-01-02", "1970-01-03", "1970-01-04"]);
    for values in [
        column("y", [1_i64, 0, 1]),
        column("y", [1_u32, 0, 1]),
        column("y", [1_u64, 0, 1]),
        column("y", [1_i8, 0, 1]),
        column("y", [1_u16, 0, 1]),
        column("y", [1_f32, 0.0, 1.0]),
        column("y", [true, false, true]),
        column("y", ["1", "0.0", "1e0"]),
    ] {
        assert_eq!(read(times.clone(), values).unwrap().values, [1.0, 0.0, 1.0]);
    }
    let gaps = column("y", [Some(f64::NAN), None, Some(1.0)]);
    assert_eq!(read(times, gaps).unwrap().values, [1.0]);
}

#[test]
fn an_error_names_file_row_column_and_value() {
    let times = || column("ds", ["1970-01-02", "1970-01-03", "1970-01-04"]);
    for (times, values, expected) in [
        (times(), column("y", [1.0, f64::INFINITY, 1.0]), r#"row 2, column "y": "inf" is infinite"#),
        (times(), column("y", ["1", "2", "x"]), r#"row 3, column "y": "x" is not a number"#),
        (column("ds", [Some("1970-01-02"), None, None]), numbers(), r#"row 2, column "ds": "" is empty"#),
        (column("ds", [2019_i64, 2020, 2021]), numbers(), r#"row 1, column "ds": "2019" is neither"#),
        (column("ds", [true, true, true]), numbers(), r#"row 1, column "ds": "true" is not a timestamp"#),
        (column("ds", ["1970-01-02"; 3]), numbers(), "row 2: the timestamp 1970-01-02 is also on row 1"),
    ] {
        let complaint = read(times, values).unwrap_err();
        assert!(complaint.starts_with(&format!("in/8.parquet: {expected}")), "{complaint}");
    }
}

#[test]
fn a_type_that_is_not_read_is_refused_and_other_columns_do_not_matter() {
    let times = column("ds", ["1970-01-02"]);
    let list = |name| {
        let inner = PrimitiveArray::from_vec(vec![1.0]).boxed();
        let field = Field::new("item".into(), ArrowDataType::Float64, true);
        let offsets = OffsetsBuffer::try_from(vec![0, 1]).unwrap();
        (name, ListArray::<i64>::new(ArrowDataType::LargeList(Box::new(field)), offsets, inner, None).boxed())
    };
    let refusal = read(times.clone(), list("y")).unwrap_err();
    assert!(refusal.starts_with(r#"in/8.parquet: the column "y" has the type"#), "{refusal}");
    let bytes = written(vec![list("extra"), times, column("y", [5.0])]);
    assert_eq!(read_bytes(bytes).unwrap().values, [5.0]);
}

#[test]
fn files_that_are_cut_are_refused() {
    let times = column("ds", ["1970-01-02", "1970-01-03", "1970-01-04"]);
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
    let (times, values) = (column("ds", ["1970-01-02"; 3]), column("y", [1.0, 2.0, 3.0]));
    for (customers, expected) in
        [(column("customer", ["b", "a", "c"]), ["a", "b", "c"]), (column("customer", [8_i64, 7, 9]), ["7", "8", "9"])]
    {
        let store = Memory::with([("all.parquet", written(vec![times.clone(), customers, values.clone()]))]);
        let found = discover(&store, &InputSettings::default()).unwrap();
        let mut reader = Reader::new(InputSettings::default());
        let read = reader.read_bundle(&store, &found.files[0]).unwrap();
        let names: Vec<&str> = read.iter().map(|(customer, _)| customer.as_str()).collect();
        assert_eq!(names, expected);
        let values: Vec<f64> = read.iter().map(|(_, series)| series.as_ref().unwrap().values[0]).collect();
        assert_eq!(values, [2.0, 1.0, 3.0]);
    }
    let nobody = column("customer", [Some("b"), None, None]);
    let store = Memory::with([("all.parquet", written(vec![times, nobody, values]))]);
    let found = discover(&store, &InputSettings::default()).unwrap();
    assert!(found.refused[0].1.contains("row 2, column \"customer\": \"\" does not name"), "{:?}", found.refused);
}

/// The midnights of some days around the changes of the clocks, of 2024 in a zone, in milliseconds.
fn midnights(zone: &TimeZone) -> [i64; 6] {
    [(3, 9), (3, 10), (3, 11), (3, 31), (4, 1), (11, 4)].map(|(month, day)| {
        let midnight = jiff::civil::date(2024, month, day).to_zoned(zone.clone()).unwrap();
        midnight.timestamp().as_millisecond()
    })
}

#[test]
fn times_of_a_zone_are_its_local_dates_if_all_are_midnights() {
    let values = || column("y", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let dates = midnights(&TimeZone::UTC);
    for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC", "+05:30", "-03:00"] {
        let zone = zone_named(name).unwrap_or(TimeZone::UTC);
        let times = midnights(&zone);
        assert_eq!(read(times_of(times, TimeUnit::Millisecond, Some(name)), values()).unwrap().dates, dates, "{name}");
        let nanoseconds = times.map(|time| time * 1_000_000);
        let read_ns = read(times_of(nanoseconds, TimeUnit::Nanosecond, Some(name)), values()).unwrap();
        assert_eq!(read_ns.dates, dates, "{name}");
        // One other time, and all of them are times of UTC.
        let changed = times.map(|time| if time == times[5] { time + 60_000 } else { time });
        let read = read(times_of(changed, TimeUnit::Millisecond, Some(name)), values()).unwrap();
        assert_eq!(read.dates, changed, "{name}");
    }
    // A zone that nobody knows, and none.
    for name in ["Mars/Olympus", ""] {
        let times = midnights(&TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(read(times_of(times, TimeUnit::Millisecond, Some(name)), values()).unwrap().dates, times, "{name}");
    }
}

#[test]
fn times_that_no_calendar_has_are_an_error_of_their_row() {
    let values = || column("y", [1.0, 2.0]);
    let far = |time: i64, unit| times_of([0, time], unit, None);
    let days = |day: i32| ("ds", Int32Array::from_vec(vec![0, day]).to(ArrowDataType::Date32).boxed());
    for times in [
        days(i32::MAX),
        days(i32::MIN),
        days(-200_000),
        far(i64::MAX, TimeUnit::Millisecond),
        far(i64::MIN, TimeUnit::Microsecond),
        far(i64::MAX, TimeUnit::Second),
        times_of([0, i64::MIN], TimeUnit::Millisecond, Some("Europe/Berlin")),
        column("ds", [1_i64, i64::MAX]),
        column("ds", [1_u64, u64::MAX]),
    ] {
        let complaint = read(times.clone(), values()).unwrap_err();
        assert!(complaint.starts_with("in/8.parquet: row "), "{complaint}");
        assert!(!complaint.contains("bug"), "{complaint}");
    }
}

#[test]
fn rows_are_counted_through_all_row_groups() {
    let group = |days: [&'static str; 2], values: [&'static str; 2]| vec![column("ds", days), column("y", values)];
    let first = || group(["1970-01-02", "1970-01-03"], ["1", ""]);
    let bytes = written_in_groups(vec![first(), group(["1970-01-04", "1970-01-05"], ["3", "4"])]);
    let read = read_bytes(bytes).unwrap();
    assert_eq!((&read.values[..], read.missing()), (&[1.0, 3.0, 4.0][..], 1));
    let bytes = written_in_groups(vec![first(), group(["1970-01-04", "1970-01-05"], ["3", "x"])]);
    let complaint = read_bytes(bytes).unwrap_err();
    assert!(complaint.starts_with(r#"in/8.parquet: row 4, column "y": "x" is not a number"#), "{complaint}");
}

#[test]
fn dates_are_no_numbers() {
    let dates = ("y", Int32Array::from_vec(vec![1, 2, 3]).to(ArrowDataType::Date32).boxed());
    let complaint = read(column("ds", ["1970-01-02", "1970-01-03", "1970-01-04"]), dates).unwrap_err();
    assert!(complaint.contains(r#"row 1, column "y": "1970-01-02" is not a number"#), "{complaint}");
}
