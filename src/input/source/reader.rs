//! A file to the data of its customer, or of each of its customers.

use std::collections::HashMap;

use crate::{
    error::{Error, Result},
    input::{
        content::{
            rows::{Context, Rows},
            series::{SeriesRows, sort_and_combine},
            sink::{Bundle, Single, Sink},
            table::TableRows,
        },
        csv::file::Scratch,
        data_error::{DataError, Position},
        schema::{columns::Columns, description::ColumnNames},
        settings::InputSettings,
        source::{
            file_name::Format,
            input_file::{Contents, InputFile},
            load::Bytes,
            open_file::OpenFile,
        },
    },
    store::Store,
};
use manyfit_models::data::{CustomerId, Feature, Series, Table};

/// The features of the customers' training rows, for reading validation rows.
pub type KnownFeatures<'a> = HashMap<&'a CustomerId, &'a [Feature]>;

/// Reads files, one after another. Each worker thread has its own.
///
/// - It owns all buffers, so that reading a plain CSV file of a series does not allocate once the largest was read;
/// - the result depends on the file, the settings and the known features alone.
#[derive(Default)]
pub struct Reader {
    settings: InputSettings,
    /// The columns of the run's first file.
    first: Option<ColumnNames>,
    bytes: Bytes,
    scratch: Scratch,
    rows: SeriesRows,
    series: Series,
}

impl Reader {
    /// A reader with these settings.
    #[must_use]
    pub fn new(settings: InputSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Refuses files of series whose columns are detected to be others than these, of the run's first file.
    #[must_use]
    pub fn agreeing_with(self, first: Option<ColumnNames>) -> Self {
        Self { first, ..self }
    }

    /// The series of a file of one customer, valid until the next call. Empty if the file has no rows.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value of the first error; [`Error::Storage`] if the file cannot be
    /// read.
    pub fn read_series(&mut self, store: &dyn Store, file: &InputFile) -> Result<&Series> {
        check_single(file)?;
        let Self { settings, first, bytes, scratch, rows, series } = self;
        let bytes = bytes.load_file(store, file)?;
        rows.clear();
        // Moved into the sink and back, for their memory.
        let own = std::mem::take(rows);
        read_into(bytes, file, (settings, first.as_ref()), None, scratch, |_| Single(own))
            .and_then(|(Single(read), columns)| {
                *rows = read;
                sort_and_combine(rows, &columns, context(settings, file), series)
            })
            .map_err(|error| error.in_file(&store.describe(&file.key)))?;
        Ok(series)
    }

    /// The series of the customers of a file, sorted by name. The rows of a customer need not be adjacent. Customers that
    /// are not in [`InputFile::contents`], because they are refused or in another shard, are not parsed.
    ///
    /// # Errors
    /// As for [`Reader::read_series`]: of the file, if a row does not name its customer; of one customer, if one of its rows
    /// is bad.
    pub fn read_bundle(&mut self, store: &dyn Store, file: &InputFile) -> Result<Vec<(CustomerId, Result<Series>)>> {
        self.read_customers::<SeriesRows>(store, file, None)
    }

    /// The table of a file of one customer; `None` if no row has a target. `known`: the features of the training rows, for
    /// validation rows, which get the same columns and the same numbers of categories.
    ///
    /// # Errors
    /// As for [`Reader::read_series`].
    pub fn read_table(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        known: Option<&[Feature]>,
    ) -> Result<Option<Table>> {
        check_single(file)?;
        let Self { settings, first: columns, bytes, scratch, .. } = self;
        let bytes = bytes.load_file(store, file)?;
        let sink = |columns: &_| {
            let (rows, bytes) = match file.format {
                // The number of lines is about that of rows.
                Format::Csv => (memchr::memchr_iter(b'\n', bytes).count() + 1, bytes.len()),
                Format::Parquet => (0, 0),
            };
            Single(TableRows::with_capacity(columns, known, rows, bytes))
        };
        read_into(bytes, file, (settings, columns.as_ref()), known, scratch, sink)
            .and_then(|(Single(rows), columns)| rows.finish(&columns, &scratch.header, context(settings, file)))
            .map_err(|error| error.in_file(&store.describe(&file.key)))
    }

    /// The tables of the customers of a file, sorted by name; with `known`, only of the customers in it, as for
    /// [`Self::read_table`]. All of these have the same names of features.
    ///
    /// # Errors
    /// As for [`Self::read_bundle`].
    pub fn read_table_bundle(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        known: Option<&KnownFeatures<'_>>,
    ) -> Result<Vec<(CustomerId, Result<Option<Table>>)>> {
        self.read_customers::<TableRows>(store, file, known)
    }

    fn read_customers<R: Rows>(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        known: Option<&KnownFeatures<'_>>,
    ) -> Result<Vec<(CustomerId, Result<R::Data>)>> {
        let Contents::Many(customers) = &file.contents else {
            return Err(Error::Bug(format!("{} was read as a file of many customers", file.key)));
        };
        let is_wanted = |customer: &CustomerId| known.is_none_or(|known| known.contains_key(customer));
        let wanted: Vec<&(CustomerId, usize)> = customers.iter().filter(|(customer, _)| is_wanted(customer)).collect();
        let Some((first, _)) = wanted.first() else { return Ok(Vec::new()) };
        let features = |customer: &CustomerId| known.and_then(|known| known.get(customer).copied());
        let Self { settings, first: columns, bytes, scratch, .. } = self;
        let bytes = bytes.load_file(store, file)?;
        let all_rows = customers.iter().map(|(_, rows)| rows).sum::<usize>().max(1);
        let text_bytes = if file.format == Format::Csv { bytes.len() } else { 0 };
        let sink = |columns: &R::Columns| {
            Bundle::new(wanted.iter().map(|(customer, rows)| {
                // Its share of the bytes: all customers together must not reserve more than the file has.
                let share = (text_bytes as f64 * (*rows as f64 / all_rows as f64)) as usize;
                (customer, R::with_capacity(columns, features(customer), *rows, share))
            }))
        };
        let in_file = |error: DataError| error.in_file(&store.describe(&file.key));
        let settings_and_columns = (&*settings, columns.as_ref());
        let (bundle, columns) =
            read_into(bytes, file, settings_and_columns, features(first), scratch, sink).map_err(in_file)?;
        let context = context(settings, file);
        let finish = |rows: Result<R, DataError>| {
            rows.and_then(|rows| rows.finish(&columns, &scratch.header, context)).map_err(in_file)
        };
        Ok(bundle.into_customers().map(|(customer, rows)| (customer.clone(), finish(rows))).collect())
    }
}

/// Gives all rows of a file to a sink that is made for its columns.
fn read_into<R: Rows, S: Sink<R>>(
    bytes: &[u8],
    file: &InputFile,
    (settings, first): (&InputSettings, Option<&ColumnNames>),
    known: Option<&[Feature]>,
    scratch: &mut Scratch,
    sink: impl FnOnce(&R::Columns) -> S,
) -> Result<(S, R::Columns), DataError> {
    let mut open = OpenFile::of_input::<R::Columns>(bytes, file, settings, scratch)?;
    let mut columns: R::Columns = open.resolve(settings, file.whose(), known)?;
    columns.resolve_extra(open.header(), settings)?;
    first.map_or(Ok(()), |first| columns.agree(open.header(), first))?;
    open.decide_forms(&mut columns, settings)?;
    let mut sink = sink(&columns);
    open.read(&columns, &columns.wanted(), &mut sink)?;
    Ok((sink, columns))
}

fn check_single(file: &InputFile) -> Result<()> {
    match file.contents {
        Contents::One(_) => Ok(()),
        Contents::Many(_) => Err(Error::Bug(format!("{} was read as one customer's file", file.key))),
    }
}

const fn is_bundle(file: &InputFile) -> bool {
    matches!(file.contents, Contents::Many(_))
}

fn context(settings: &InputSettings, file: &InputFile) -> Context {
    let position = match file.format {
        Format::Csv => Position::Line,
        Format::Parquet => Position::Row,
    };
    Context { duplicates: settings.duplicates, position, many: is_bundle(file) || file.is_in_memory() }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        input::{Duplicates, ExtraColumn, TableSettings, discover, discover_with, testing::Memory},
        store::Entry,
    };

    fn one(key: &str) -> InputFile {
        let contents = Contents::One(CustomerId::new("8").unwrap());
        InputFile::new(Entry { key: key.into(), size: 0 }, Format::Csv, contents)
    }

    /// The series of a file with the text, or the complaint.
    fn read(text: &str, settings: InputSettings) -> Result<Series, String> {
        let store = Memory::with([("8.csv", text)]);
        let mut reader = Reader::new(settings);
        reader.read_series(&store, &one("8.csv")).cloned().map_err(|error| error.to_string())
    }

    fn guessed(text: &str) -> Result<Series, String> {
        read(text, InputSettings::default())
    }

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_file_becomes_a_series_in_the_order_of_time() {
        let series = guessed("note,y,ds\nb,2.5,1970-01-03\na,1,1970-01-02\nc,NA,1970-01-04\n,,\n").unwrap();
        assert_eq!(series.dates, [DAY, 2 * DAY, 3 * DAY]);
        assert_eq!(series.timestamps, [DAY, 2 * DAY]);
        assert_eq!(series.values, [1.0, 2.5]);
    }

    #[test]
    fn a_file_without_a_header_is_timestamp_and_target() {
        let expected = guessed("ds,y\n1970-01-02,1\n1970-01-03,\n1970-01-04,3\n").unwrap();
        assert_eq!(guessed("1970-01-02,1\n1970-01-03,\n1970-01-04,3").unwrap(), expected);
        assert_eq!(guessed("1970-01-02;1;x\r\n1970-01-03;;y\r\n1970-01-04;3;z\r\n").unwrap(), expected);
        let settings = InputSettings { target: Some("kwh".into()), ..InputSettings::default() };
        let refusal = read("1970-01-02,1\n", settings).unwrap_err();
        assert!(
            refusal.starts_with(r#"in/8.csv: has no header, so the column "kwh" of the setting target"#),
            "{refusal}"
        );
    }

    #[test]
    fn an_error_names_file_line_column_and_value() {
        for (text, expected) in [
            ("ds,y\n2024-01-01,1\n\n2024-01-02,x1\n", r#"in/8.csv: line 4, column "y": "x1" is not a number: correct"#),
            (
                "ds,y\n\"2024-01-01\",\"1,234.5\"\n",
                r#"in/8.csv: line 2, column "y": "1,234.5" is not a number: write a point"#,
            ),
            ("ds,y\n2024-02-30,1\n", r#"in/8.csv: line 2, column "ds": "2024-02-30" is not a calendar time"#),
            (
                "ds,y\n01/02/2024,1\n",
                r#"in/8.csv: line 2, column "ds": "01/02/2024" could be day/month/year or month/day/year"#,
            ),
            ("ds,y\n,1\n", r#"in/8.csv: line 2, column "ds": "" is empty: every row needs a timestamp"#),
            ("ds,y,n\n2024-01-01,1,\"a\nb\"\n2024-01-02,inf,c\n", r#"in/8.csv: line 4, column "y": "inf" is infinite"#),
            (
                "ds,y\n2024-01-01,1\n2024-01-02,1,000\n",
                "in/8.csv: line 3: the row has 3 fields where the first line has 2",
            ),
            ("ds,y\n2024-01-01\n", "in/8.csv: line 2: the row has 1 field where"),
            ("ds,y\n2024-01-01,1\n2024-01-01,2\n", "in/8.csv: line 3: the timestamp 2024-01-01 is also on line 2"),
            ("", "in/8.csv: is empty"),
            ("one\ntwo\n", "in/8.csv: no column looks like timestamps: set timestamp to one of \"one\""),
            ("2024-01-01,1\n2024-01-02,x\n", r##"in/8.csv: line 2, column "#2": "x" is not a number"##),
        ] {
            let complaint = guessed(text).unwrap_err();
            assert!(complaint.starts_with(expected), "{complaint}");
        }
    }

    #[test]
    fn extra_columns_go_with_their_dates_whether_the_target_is_there_or_not() {
        let settings = InputSettings {
            duplicates: Duplicates::Sum,
            extra: vec![
                ExtraColumn::required("price"),
                ExtraColumn { name: "cap".into(), column: "Limit".into(), required: false },
                ExtraColumn { name: "floor".into(), column: "floor".into(), required: false },
            ],
            ..InputSettings::default()
        };
        let text = "ds,y,PRICE,limit\n1970-01-03,,5,true\n1970-01-02,1,2,\n1970-01-02,2,4,false\n";
        let series = read(text, settings.clone()).unwrap();
        assert_eq!((&series.dates[..], &series.values[..]), (&[DAY, 2 * DAY][..], &[3.0][..]));
        assert_eq!(series.columns.names(), ["price", "cap"]);
        assert_eq!(series.columns.get("price").unwrap(), [3.0, 5.0]);
        assert_eq!(series.columns.get("cap").unwrap(), [0.0, 1.0]);
        for (text, expected) in [
            ("ds,y\n2024-01-01,1\n", r#"in/8.csv: has no column "price", which the model needs; its columns are "ds""#),
            ("ds,y,price\n2024-01-01,1,high\n", r#"in/8.csv: line 2, column "price": "high" is not a number"#),
            ("2024-01-01,1\n2024-01-02,1\n", r#"in/8.csv: has no header, so the column "price""#),
        ] {
            let refusal = read(text, settings.clone()).unwrap_err();
            assert!(refusal.starts_with(expected), "{refusal}");
        }
    }

    #[test]
    fn marks_of_missing_numbers_are_missing_in_the_first_rows_too() {
        for mark in [".", "-", "--", "?", "#N/A N/A", "#N/A", "n/a"] {
            let rows: Vec<_> = (1..=25).map(|day| format!("2024-01-{day:02},{mark},x,{mark}\n")).collect();
            let rows = rows.concat();
            let text = format!("DATE,DGS10,note,more\n{rows}2024-01-26,1.5,x,2\n");
            let series = guessed(&text).unwrap();
            assert_eq!((&series.values[..], series.missing()), (&[1.5][..], 25), "{mark}");
        }
    }

    #[test]
    fn a_file_with_names_only_is_an_empty_series() {
        assert_eq!(guessed("ds,y\n").unwrap(), Series::default());
    }

    #[test]
    fn a_reader_forgets_one_file_before_the_next() {
        let store = Memory::with([
            ("a.csv", "ds;y\n2024-01-01;1\n"),
            ("b.csv", "y,ds\n\"2\",2024-01-02\n"),
            ("c.csv", "ds,y\nx,1\n"),
        ]);
        let mut reader = Reader::new(InputSettings::default());
        for _ in 0..2 {
            assert_eq!(reader.read_series(&store, &one("a.csv")).unwrap().values, [1.0]);
            assert!(reader.read_series(&store, &one("c.csv")).is_err());
            assert_eq!(reader.read_series(&store, &one("b.csv")).unwrap().values, [2.0]);
        }
    }

    #[test]
    fn rows_of_customers_may_be_mixed_and_a_bad_row_fails_one_customer_only() {
        let text = "customer,ds,y\nb,2024-01-02,20\na,2024-01-01,1\nb,2024-01-01,10\nc,2024-01-01,x\nc,2024-01-02,y\na,2024-01-02,2\n";
        let store = Memory::with([("all.csv", text)]);
        let found = discover(&store, &InputSettings::default()).unwrap();
        let mut reader = Reader::new(InputSettings::default());
        let read = reader.read_bundle(&store, &found.files[0]).unwrap();
        let names: Vec<&str> = read.iter().map(|(customer, _)| customer.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(read[0].1.as_ref().unwrap().values, [1.0, 2.0]);
        assert_eq!(read[1].1.as_ref().unwrap().values, [10.0, 20.0]);
        let complaint = read[2].1.as_ref().unwrap_err().to_string();
        assert!(complaint.starts_with(r#"in/all.csv: line 5, column "y": "x" is not a number"#), "{complaint}");
        let mut selected = found.files[0].clone();
        if let Contents::Many(customers) = &mut selected.contents {
            customers.retain(|(customer, _)| customer.as_str() == "b");
        }
        assert_eq!(reader.read_bundle(&store, &selected).unwrap().len(), 1);
    }

    #[test]
    fn a_file_is_read_once_within_the_budget_and_twice_beyond_it() {
        let table = InputSettings { table: Some(TableSettings::default()), ..InputSettings::default() };
        let series = InputSettings::default();
        for (kind, settings, header) in [
            ("series", &series, "ds,y\n2024-01-01,1\n2024-01-02,2\n"),
            ("bundles of series", &series, "customer,ds,y\n#,2024-01-01,1\n#,2024-01-02,2\n"),
            ("tables", &table, "y,a\n1,2\n2,3\n"),
            ("bundles of tables", &table, "customer,y,a\n#,1,2\n#,2,3\n"),
        ] {
            let text = |name: &str| header.replace('#', name);
            let reads = |budget: u64| {
                let store = Memory::with([("1.csv", text("a")), ("2.csv", text("b"))]);
                let found =
                    discover_with(&store, settings, budget, |files, scan| files.iter().map(scan).collect()).unwrap();
                let mut reader = Reader::new(settings.clone());
                for file in &found.files {
                    let rows = match (&file.contents, &settings.table) {
                        (Contents::One(_), None) => reader.read_series(&store, file).unwrap().len(),
                        (Contents::One(_), Some(_)) => reader.read_table(&store, file, None).unwrap().unwrap().len(),
                        (Contents::Many(_), None) => {
                            reader.read_bundle(&store, file).unwrap()[0].1.as_ref().unwrap().len()
                        }
                        (Contents::Many(_), Some(_)) => {
                            let tables = reader.read_table_bundle(&store, file, None).unwrap();
                            tables[0].1.as_ref().unwrap().as_ref().unwrap().len()
                        }
                    };
                    assert_eq!(rows, 2, "{kind}");
                    assert!(!file.kept.is_some(), "{kind}: dropped once it is read");
                }
                store.reads().into_values().collect::<Vec<usize>>()
            };
            assert_eq!(reads(u64::MAX), [1, 1], "{kind}");
            let many = kind.starts_with("bundles");
            // Without a budget: the first file to inspect it, others to see whether they are bundles, a bundle to count its
            // rows, and every file for its rows.
            assert_eq!(reads(0), if many { [3, 2] } else { [2, 2] }, "{kind}");
            assert_eq!(reads(text("a").capacity() as u64), [1, 2], "{kind}: room for one");
        }
    }

    #[test]
    fn the_two_kinds_of_files_are_not_mistaken_for_each_other() {
        let store = Memory::with([("a.csv", "ds,y\n2024-01-01,1\n"), ("b.csv", "customer,ds,y\nb,2024-01-01,1\n")]);
        let mut reader = Reader::new(InputSettings::default());
        let refusal = reader.read_series(&store, &one("b.csv")).unwrap_err().to_string();
        assert!(refusal.starts_with(r#"in/b.csv: has a column "customer""#), "{refusal}");
        let bundle = InputFile { contents: Contents::Many(Vec::new()), ..one("a.csv") };
        assert!(matches!(reader.read_series(&store, &bundle), Err(Error::Bug(_))));
        assert!(matches!(reader.read_bundle(&store, &one("a.csv")), Err(Error::Bug(_))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            values in proptest::collection::btree_map(-30_000_i64..80_000, proptest::option::of(-1e300..1e300_f64), 0..50),
            quoted: bool,
        ) {
            let mut text = String::from(if quoted { "\"ds\",y\n" } else { "ds,y\n" });
            for (day, value) in values.iter().rev() {
                let value = value.map(|value: f64| value.to_string()).unwrap_or_default();
                let date = crate::input::value::timestamp::format(day * DAY);
                writeln!(text, "{date},{value}").unwrap();
            }
            let series = guessed(&text).unwrap();
            prop_assert_eq!(series.dates, values.keys().map(|day| day * DAY).collect::<Vec<_>>());
            prop_assert_eq!(series.values, values.values().copied().flatten().collect::<Vec<f64>>());
        }

        #[test]
        fn arbitrary_files_never_panic(start in "(customer,)?(ds[,;]y|when,[a-z\"]*|)\r?\n?", rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let store = Memory::with([("8.csv", [start.as_bytes(), &rest].concat())]);
            for duplicates in [Duplicates::Error, Duplicates::Mean] {
                let settings = InputSettings { duplicates, ..InputSettings::default() };
                let found = discover(&store, &settings).unwrap();
                let mut reader = Reader::new(settings);
                for file in &found.files {
                    let _ = reader.read_series(&store, file);
                    let _ = reader.read_bundle(&store, file);
                }
            }
        }

        #[test]
        fn almost_files_never_panic(text in "(ds,y\n)?(20[0-9]{2}-0[0-9]-[0-3][0-9],[0-9\"]{0,4}\n){0,5}") {
            let _ = guessed(&text);
        }
    }
}
