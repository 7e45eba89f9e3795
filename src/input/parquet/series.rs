//! Parquet bytes to rows, through polars.
//!
//! | column | types |
//! |---|---|
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target | integers, floats, Boolean as 0 and 1, text |
//! | customer | text, integers |
//!
//! Nulls are missing. Other types are refused with the column named; other columns are not read.

#[cfg(feature = "parquet")]
pub(in crate::input) use with_polars::{columns, customers, names_customers, read, texts};
#[cfg(not(feature = "parquet"))]
pub(in crate::input) use without_polars::{columns, customers, names_customers, read, refusal, texts};

/// The answer of a binary that was built without Parquet.
#[cfg(not(feature = "parquet"))]
mod without_polars {
    use crate::input::{
        InputSettings, Sink,
        data_error::DataError,
        schema::header::{Columns, Header},
    };

    pub(in crate::input) fn refusal() -> DataError {
        DataError::file("this manyfit was built without Parquet: use a build with the feature parquet, or write CSV")
    }

    pub(in crate::input) fn names_customers(_: &[u8], _: &InputSettings) -> Result<bool, DataError> {
        Err(refusal())
    }

    pub(in crate::input) fn columns(_: &[u8], _: &InputSettings, _: bool) -> Result<(Header, Columns), DataError> {
        Err(refusal())
    }

    pub(in crate::input) fn customers(_: &[u8], _: &InputSettings, _: impl FnMut(&[u8])) -> Result<(), DataError> {
        Err(refusal())
    }

    pub(in crate::input) fn read(
        _: &[u8],
        _: &InputSettings,
        _: bool,
        _: &mut impl Sink,
    ) -> Result<Vec<String>, DataError> {
        Err(refusal())
    }

    pub(in crate::input) fn texts(_: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
        Err(refusal())
    }
}

#[cfg(feature = "parquet")]
mod with_polars {
    use polars::prelude::AnyValue;

    use crate::input::{
        InputSettings, Sink,
        content::series::Row,
        data_error::{DataError, Position, quoted},
        parquet::features as table_parquet,
        parquet::values::{
            check_type, customer_of, is_readable, kind, load, moment, number_in, schema, target, text_of, value_at,
        },
        schema::header::{Columns, Header},
        value::timestamp,
    };

    pub(in crate::input) fn names_customers(bytes: &[u8], settings: &InputSettings) -> Result<bool, DataError> {
        Ok(schema(bytes)?.0.customer(settings)?.is_some())
    }

    pub(in crate::input) fn columns(
        bytes: &[u8],
        settings: &InputSettings,
        many: bool,
    ) -> Result<(Header, Columns), DataError> {
        let (header, types) = schema(bytes)?;
        let columns = header.resolve(settings, many, || types.iter().map(kind).collect())?;
        for at in [Some(columns.timestamp), Some(columns.target), columns.customer].into_iter().flatten() {
            check_type(header.name(at), &types[at])?;
        }
        Ok((header, columns))
    }

    pub(in crate::input) fn customers(
        bytes: &[u8],
        settings: &InputSettings,
        mut count: impl FnMut(&[u8]),
    ) -> Result<(), DataError> {
        let (header, at) = match settings.table {
            None => columns(bytes, settings, true).map(|(header, columns)| (header, columns.customer))?,
            Some(_) => table_parquet::columns(bytes, settings, true, None)
                .map(|(header, columns)| (header, columns.customer))?,
        };
        let at = at.unwrap_or_default();
        let [customers] = load(bytes, [at])?;
        (0..customers.len()).try_for_each(|row| customer_of(&customers, row, header.name(at), &mut |name| count(name)))
    }

    pub(in crate::input) fn read(
        bytes: &[u8],
        settings: &InputSettings,
        many: bool,
        sink: &mut impl Sink,
    ) -> Result<Vec<String>, DataError> {
        let (header, columns) = columns(bytes, settings, many)?;
        let (places, names) = header.further(settings, true)?;
        let loaded = places.iter().map(|&at| load(bytes, [at]).map(|[column]| column));
        let loaded = loaded.collect::<Result<Vec<_>, _>>()?;
        let mut further = vec![f64::NAN; places.len()];
        let [times, values] = load(bytes, [columns.timestamp, columns.target])?;
        let customers = columns.customer.map(|at| Ok((load(bytes, [at])?, header.name(at)))).transpose()?;
        for row in 0..times.len() {
            let mut slot = None;
            match &customers {
                Some(([names], column)) => customer_of(names, row, column, &mut |name| slot = sink.slot(name))?,
                None => slot = sink.slot(&[]),
            }
            let Some(slot) = slot else { continue };
            let place = Position::Row(row as u64 + 1);
            let cell = |column: usize, cell: &AnyValue<'_>, complaint: &str| {
                DataError::cell(place, header.name(column), text_of(cell).as_bytes(), complaint)
            };
            let (time, value) = (value_at(&times, row)?, value_at(&values, row)?);
            let parsed = match (moment(&time), target(&value)) {
                (Err(complaint), _) => Err(cell(columns.timestamp, &time, complaint)),
                (_, Err(complaint)) => Err(cell(columns.target, &value, complaint)),
                (Ok(time), Ok(value)) => Ok(Row { time, value: value.unwrap_or(f64::NAN), number: row as u64 + 1 }),
            };
            let mut fault = None;
            for ((value, column), &at) in further.iter_mut().zip(&loaded).zip(&places) {
                let found = value_at(column, row)?;
                *value = number_in(&found).unwrap_or_else(|_| {
                    let complaint = "is not a number: mend the value, or leave it null if it is unknown";
                    fault.get_or_insert_with(|| cell(at, &found, complaint));
                    f64::NAN
                });
            }
            match (parsed, fault) {
                (Ok(row), None) => sink.push(slot, row, &further),
                (Err(fault), _) | (_, Some(fault)) => sink.fail(slot, fault)?,
            }
        }
        Ok(names)
    }

    /// All columns as text: their names, and for each its cells; nothing where a cell is null or NaN.
    pub(in crate::input) fn texts(bytes: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
        let (header, types) = schema(bytes)?;
        let names: Vec<String> = (0..header.len()).map(|at| header.display(at)).collect();
        let text = |value: &AnyValue<'_>| match value {
            AnyValue::Boolean(value) => u8::from(*value).to_string(),
            // What is not a number is how data frames say that there is none.
            AnyValue::Float32(_) | AnyValue::Float64(_) => {
                let number = value.extract::<f64>().filter(|number| !number.is_nan());
                number.map(|number| number.to_string()).unwrap_or_default()
            }
            AnyValue::Date(_) | AnyValue::Datetime(..) => moment(value).map(timestamp::format).unwrap_or_default(),
            value => text_of(value),
        };
        let columns = types.iter().enumerate().map(|(at, kind)| {
            if !is_readable(kind) {
                let column = quoted(header.name(at));
                return Err(DataError::file(format!(
                    "the column {column} has the Parquet type {kind:?}, which is not read"
                )));
            }
            let [column] = load(bytes, [at])?;
            (0..column.len()).map(|row| value_at(&column, row).map(|value| text(&value))).collect()
        });
        Ok((names, columns.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests {
    use polars::prelude::*;

    use crate::input::{Contents, Format, InputFile, InputSettings, Reader, discover, testing::Memory};
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
        let file = InputFile { key: "8.parquet".into(), size: 0, format: Format::Parquet, contents };
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
            (
                Column::new("ds".into(), [Some("1970-01-02"), None, None]),
                numbers(),
                r#"row 2, column "ds": "" is empty"#,
            ),
            (Column::new("ds".into(), [2019_i64, 2020, 2021]), numbers(), r#"row 1, column "ds": "2019" is neither"#),
            (
                Column::new("ds".into(), [true, true, true]),
                numbers(),
                r#"row 1, column "ds": "true" is not a timestamp"#,
            ),
            (
                Column::new("ds".into(), ["1970-01-02"; 3]),
                numbers(),
                "row 2: the timestamp 1970-01-02 stands also on row 1",
            ),
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
            let read = reader.read_bundle(&store, &found.files[0], &|_| true).unwrap();
            let names: Vec<&str> = read.iter().map(|(customer, _)| customer.as_str()).collect();
            assert_eq!(names, expected);
            let values: Vec<f64> = read.iter().map(|(_, series)| series.as_ref().unwrap().values[0]).collect();
            assert_eq!(values, [2.0, 1.0, 3.0]);
        }
        let nobody = Column::new("customer".into(), [Some("b"), None, None]);
        let store = Memory::with([("all.parquet", written(vec![times, nobody, values]))]);
        let found = discover(&store, &InputSettings::default()).unwrap();
        assert!(found.refused[0].1.contains("row 2, column \"customer\": \"\" does not say"), "{:?}", found.refused);
    }
}
