//! Parquet bytes to rows of features, through polars.
//!
//! | column | types |
//! |---|---|
//! | target, weight, features | integers, floats, Boolean as 0 and 1, text that holds numbers |
//! | categorical features | text, integers, Boolean |
//! | customer | text, integers |
//!
//! Nulls are missing. Other types are refused with the column named; other columns are not read.

#[cfg(feature = "parquet")]
pub(in crate::input) use with_polars::{columns, read};
#[cfg(not(feature = "parquet"))]
pub(in crate::input) use without_polars::{columns, read};

/// The answer of a binary that was built without Parquet.
#[cfg(not(feature = "parquet"))]
mod without_polars {
    use crate::input::{
        InputSettings, data_error::DataError, parquet::series::refusal, schema::feature_columns::TableColumns,
        schema::header::Header, source::table_reader::TableSink,
    };
    use manyfit_models::data::Feature;

    pub(in crate::input) fn columns(
        _: &[u8],
        _: &InputSettings,
        _: bool,
        _: Option<&[Feature]>,
    ) -> Result<(Header, TableColumns), DataError> {
        Err(refusal())
    }

    pub(in crate::input) fn read(
        _: &[u8],
        _: &Header,
        _: &TableColumns,
        _: &mut impl TableSink,
    ) -> Result<(), DataError> {
        Err(refusal())
    }
}

#[cfg(feature = "parquet")]
mod with_polars {
    use std::{collections::HashMap, io::Cursor};

    use polars::prelude::{AnyValue, DataType, ParallelStrategy, ParquetReader, SerReader, Series};

    use crate::input::{
        InputSettings,
        content::table as table_rows,
        csv::features as table_csv,
        data_error::{DataError, Position, quoted},
        parquet::values::{customer_of, guarded, is_readable, schema, text_of, value_at},
        schema::feature_columns::TableColumns,
        schema::header::Header,
        source::table_reader::TableSink,
        value::number,
    };
    use manyfit_models::data::Feature;

    /// A column's values.
    enum Values {
        /// NaN where there is none.
        Numbers(Vec<f64>),
        Others(Series),
    }

    pub(in crate::input) fn columns(
        bytes: &[u8],
        settings: &InputSettings,
        many: bool,
        known: Option<&[Feature]>,
    ) -> Result<(Header, TableColumns), DataError> {
        let (header, types) = schema(bytes)?;
        let columns = header.resolve_table(settings, many, true, known)?;
        let features = columns.features.iter().map(|column| column.at);
        let wanted = features.chain([columns.target]).chain(columns.weight).chain(columns.customer);
        for at in wanted {
            if !is_readable(&types[at]) {
                return Err(DataError::file(format!(
                    "the column {} has the Parquet type {:?}, which is not read: write it as Float64, Int64, Boolean or \
                     text, or leave it out with the setting features",
                    quoted(header.name(at)),
                    types[at]
                )));
            }
        }
        Ok((header, columns))
    }

    pub(in crate::input) fn read(
        bytes: &[u8],
        header: &Header,
        columns: &TableColumns,
        sink: &mut impl TableSink,
    ) -> Result<(), DataError> {
        let categorical = columns.features.iter().filter(|column| column.categorical).map(|column| column.at);
        let texts: Vec<usize> = categorical.chain(columns.customer).collect();
        let features = columns.features.iter().map(|column| column.at);
        let wanted: Vec<usize> =
            features.chain([columns.target]).chain(columns.weight).chain(columns.customer).collect();
        let (rows, values) = load(bytes, header, &wanted, &texts)?;
        for row in 0..rows {
            let mut slot = None;
            match columns.customer.map(|at| (&values[&at], header.name(at))) {
                Some((Values::Others(names), column)) => {
                    customer_of(names, row, column, &mut |name| slot = sink.slot(name))?;
                }
                _ => slot = sink.slot(&[]),
            }
            let Some(slot) = slot else { continue };
            if let Err(fault) = take(row, header, columns, &values, sink.rows(slot)) {
                sink.fail(slot, fault)?;
            }
        }
        Ok(())
    }

    /// One row.
    fn take(
        row: usize,
        header: &Header,
        columns: &TableColumns,
        values: &HashMap<usize, Values>,
        rows: &mut table_rows::TableRows,
    ) -> Result<(), DataError> {
        let place = Position::Row(row as u64 + 1);
        let bad = |at: usize, complaint: &str| {
            let text = match &values[&at] {
                Values::Numbers(numbers) if numbers[row].is_nan() => String::new(),
                Values::Numbers(numbers) => numbers[row].to_string(),
                Values::Others(column) => value_at(column, row).map(|value| text_of(&value)).unwrap_or_default(),
            };
            DataError::cell(place, header.name(at), text.as_bytes(), complaint)
        };
        let number = |at: usize, complaint| match &values[&at] {
            Values::Numbers(numbers) => number::check(numbers[row]),
            Values::Others(column) => match column.get(row) {
                Ok(AnyValue::String(text)) => number::parse_or(text.trim().as_bytes(), complaint),
                Ok(AnyValue::Null) => Ok(None),
                _ => Err(complaint),
            },
        };
        let target = number(columns.target, number::NOT_A_TARGET).and_then(table_rows::target);
        let Some(target) = target.map_err(|complaint| bad(columns.target, complaint))? else {
            rows.leave_out();
            return Ok(());
        };
        let weight = match columns.weight {
            Some(at) => number(at, table_rows::NOT_A_WEIGHT)
                .and_then(table_rows::weight)
                .map_err(|complaint| bad(at, complaint))?,
            None => 1.0,
        };
        rows.begin(row as u64 + 1, target, weight);
        for (place, column) in columns.features.iter().enumerate() {
            let at = column.at;
            match &values[&at] {
                Values::Numbers(numbers) => {
                    rows.push(table_rows::single(numbers[row]).map_err(|complaint| bad(at, complaint))?);
                }
                Values::Others(series) => {
                    let value = value_at(series, row)?;
                    let text = text_of(&value);
                    if column.categorical {
                        rows.push_category(place, text.trim()).map_err(|complaint| bad(at, complaint))?;
                    } else {
                        let feature = table_csv::feature(text.trim().as_bytes());
                        rows.push(feature.map_err(|complaint| bad(at, complaint))?);
                    }
                }
            }
        }
        Ok(())
    }

    /// Some columns by position, those in `texts` as they are, and the number of rows. One thread: many files are read at
    /// once already.
    fn load(
        bytes: &[u8],
        header: &Header,
        wanted: &[usize],
        texts: &[usize],
    ) -> Result<(usize, HashMap<usize, Values>), DataError> {
        let mut sorted = wanted.to_vec();
        sorted.sort_unstable();
        let frame = guarded(|| {
            ParquetReader::new(Cursor::new(bytes))
                .with_projection(Some(sorted.clone()))
                .read_parallel(ParallelStrategy::None)
                .finish()
        })?;
        let rows = frame.height();
        let mut by_name: HashMap<String, Series> = HashMap::new();
        for column in frame.into_columns() {
            by_name.insert(column.name().to_string(), column.take_materialized_series().rechunk());
        }
        let mut values = HashMap::with_capacity(sorted.len());
        for at in sorted {
            let missing = || DataError::file("has columns that share a name: give each its own");
            let series = by_name.remove(&header.display(at)).ok_or_else(missing)?;
            let is_text = series.dtype() == &DataType::String || texts.contains(&at);
            values.insert(at, if is_text { Values::Others(series) } else { Values::Numbers(numbers(&series)?) });
        }
        Ok((rows, values))
    }

    fn numbers(series: &Series) -> Result<Vec<f64>, DataError> {
        let cast = guarded(|| series.cast(&DataType::Float64))?;
        let cast = guarded(|| cast.f64().cloned())?;
        Ok(cast.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
    }
}

#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests {
    use polars::prelude::*;

    use crate::input::{
        Contents, Format, InputFile, InputSettings, TableReader, TableSettings, discover, testing::Memory,
    };
    use manyfit_models::data::{CustomerId, Table};

    fn written(columns: Vec<Column>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        bytes
    }

    fn settings(categorical: &[&str]) -> InputSettings {
        let categorical = categorical.iter().map(ToString::to_string).collect();
        let table = TableSettings { categorical, ..TableSettings::default() };
        InputSettings { table: Some(table), ..InputSettings::default() }
    }

    fn read(columns: Vec<Column>, categorical: &[&str]) -> Result<Option<Table>, String> {
        let store = Memory::with([("8.parquet", written(columns))]);
        let contents = Contents::One(CustomerId::new("8").unwrap());
        let file = InputFile { key: "8.parquet".into(), size: 0, format: Format::Parquet, contents };
        TableReader::new(settings(categorical)).read_table(&store, &file, None).map_err(|error| error.to_string())
    }

    #[test]
    fn every_type_of_number_is_a_feature_and_nulls_are_missing() {
        let table = read(
            vec![
                Column::new("i".into(), [1_i32, 2, 3]),
                Column::new("y".into(), [Some(1.5), None, Some(2.5)]),
                Column::new("b".into(), [true, false, true]),
                Column::new("t".into(), ["1", "x", " 2.5 "]),
                Column::new("f".into(), [Some(0.5_f32), None, None]),
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
            Column::new("y".into(), [1.0, 2.0, 3.0]),
            Column::new("state".into(), [Some("GA"), None, Some("CA")]),
            Column::new("zip".into(), [30_301_i64, 90_001, 30_301]),
        ];
        let table = read(columns.clone(), &["state", "zip"]).unwrap().unwrap();
        assert_eq!(table.features[0].categories.as_deref().unwrap(), ["CA", "GA"]);
        assert_eq!(table.features[1].categories.as_deref().unwrap(), ["30301", "90001"]);
        assert_eq!(table.matrix.column(1), [0.0, 1.0, 0.0]);
        let refusal = read(columns, &["zip"]).unwrap_err();
        assert!(refusal.starts_with(r#"in/8.parquet: row 1, column "state": "GA" is not a number"#), "{refusal}");
        assert!(refusal.contains("setting categorical"), "{refusal}");
    }

    #[test]
    fn bundles_are_split_by_customer() {
        let bytes = written(vec![
            Column::new("customer".into(), ["b", "a", "b"]),
            Column::new("y".into(), [1.0, 2.0, 3.0]),
            Column::new("x".into(), [10.0, 20.0, f64::INFINITY]),
        ]);
        let store = Memory::with([("all.parquet", bytes)]);
        let found = discover(&store, &settings(&[])).unwrap();
        let mut reader = TableReader::new(settings(&[]));
        let read = reader.read_table_bundle(&store, &found.files[0], None).unwrap();
        assert_eq!(read[0].1.as_ref().unwrap().as_ref().unwrap().targets, [2.0]);
        let complaint = read[1].1.as_ref().unwrap_err().to_string();
        assert!(complaint.starts_with(r#"in/all.parquet: row 3, column "x": "inf" is infinite"#), "{complaint}");
    }
}
