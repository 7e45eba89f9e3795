//! A file to the series of its customer, or of its customers.

use crate::input::{
    Contents, Format, InputFile, InputSettings, Sink,
    content::bundle::{Bundle, Slot},
    content::series::{self as rows, Gathered, Row, Rules},
    csv::series as csv,
    data_error::{DataError, Position},
    parquet::series as parquet,
    source::load::Bytes,
};
use crate::{
    error::{Error, Result},
    store::Store,
};
use manyfit_models::data::{CustomerId, Series};

/// Reads files, one after another. Each worker thread has its own.
///
/// - It owns all memory that reading takes, so that a plain CSV file costs no allocation once the largest was seen;
/// - what it makes of a file depends on that file and the settings alone.
pub struct Reader {
    settings: InputSettings,
    bytes: Bytes,
    scratch: csv::Scratch,
    rows: Gathered,
    series: Series,
}

impl Reader {
    /// A reader that follows the settings.
    #[must_use]
    pub fn new(settings: InputSettings) -> Self {
        Self {
            settings,
            bytes: Bytes::default(),
            scratch: csv::Scratch::default(),
            rows: Gathered::default(),
            series: Series::default(),
        }
    }

    /// The series of a file that holds one customer, valid until the next call. Empty where the file has no rows.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value of the first fault; [`Error::Storage`] where the file
    /// cannot be read.
    pub fn read_series(&mut self, store: &dyn Store, file: &InputFile) -> Result<&Series> {
        let Contents::One(_) = &file.contents else {
            return Err(Error::Bug(format!("{} was read as one customer's file", file.key)));
        };
        let Self { settings, bytes, scratch, rows, series } = self;
        rows.clear();
        let bytes = bytes.load(store, &file.key)?;
        let read = match file.format {
            Format::Csv => csv::read(bytes, settings, false, scratch, rows),
            Format::Parquet => parquet::read(bytes, settings, false, rows),
        };
        read.and_then(|names| rows::settle(rows, &names, rules(settings, file), series))
            .map_err(|fault| fault.in_file(&store.describe(&file.key)))?;
        Ok(series)
    }

    /// The series of those customers of a file that are `wanted`, sorted by name. A customer's rows may stand anywhere
    /// in the file. Customers that discovery refused are not in [`InputFile::contents`], and are not read.
    ///
    /// # Errors
    /// As for [`Reader::read_series`]: of the file, where a row does not say whose it is; of one customer, where one of
    /// its rows is bad.
    pub fn read_bundle(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        wanted: &dyn Fn(&CustomerId) -> bool,
    ) -> Result<Vec<(CustomerId, Result<Series>)>> {
        let Contents::Many(customers) = &file.contents else {
            return Err(Error::Bug(format!("{} was read as a file of many customers", file.key)));
        };
        let wanted = customers.iter().filter(|(customer, _)| wanted(customer));
        let mut bundle: Bundle<'_, SlotRows> =
            Bundle::new(wanted.map(|(customer, rows)| (customer, Ok(Gathered::with_capacity(*rows)))));
        if bundle.slots.is_empty() {
            return Ok(Vec::new());
        }
        let name = || store.describe(&file.key);
        let bytes = self.bytes.load(store, &file.key)?;
        let names = match file.format {
            Format::Csv => csv::read(bytes, &self.settings, true, &mut self.scratch, &mut bundle),
            Format::Parquet => parquet::read(bytes, &self.settings, true, &mut bundle),
        }
        .map_err(|fault| fault.in_file(&name()))?;
        let rules = rules(&self.settings, file);
        let series = |slot: Slot<'_, SlotRows>| {
            let settled = slot.content.and_then(|mut rows| {
                let mut series = Series::default();
                rows::settle(&mut rows, &names, rules, &mut series).map(|()| series)
            });
            (slot.customer.clone(), settled.map_err(|fault| fault.in_file(&name())))
        };
        Ok(bundle.slots.into_iter().map(series).collect())
    }
}

fn rules(settings: &InputSettings, file: &InputFile) -> Rules {
    let place = match file.format {
        Format::Csv => Position::Line,
        Format::Parquet => Position::Row,
    };
    Rules { duplicates: settings.duplicates, place, many: matches!(file.contents, Contents::Many(_)) }
}

impl Sink for Gathered {
    #[inline]
    fn slot(&mut self, _: &[u8]) -> Option<usize> {
        Some(0)
    }

    #[inline]
    fn push(&mut self, _: usize, row: Row, further: &[f64]) {
        Self::push(self, row, further);
    }

    fn fail(&mut self, _: usize, fault: DataError) -> Result<(), DataError> {
        Err(fault)
    }
}

/// One customer's rows, or its first fault.
type SlotRows = Result<Gathered, DataError>;

impl Sink for Bundle<'_, SlotRows> {
    fn slot(&mut self, customer: &[u8]) -> Option<usize> {
        let slot = self.find(customer)?;
        // Nothing more is wanted of a customer that has failed.
        self.slots[slot].content.is_ok().then_some(slot)
    }

    fn push(&mut self, slot: usize, row: Row, further: &[f64]) {
        if let Ok(rows) = &mut self.slots[slot].content {
            rows.push(row, further);
        }
    }

    fn fail(&mut self, slot: usize, fault: DataError) -> Result<(), DataError> {
        self.slots[slot].content = Err(fault);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::input::{Duplicates, ExtraColumn, discover, testing::Memory};

    fn one(key: &str) -> InputFile {
        let contents = Contents::One(CustomerId::new("8").unwrap());
        InputFile { key: key.into(), size: 0, format: Format::Csv, contents }
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
            ("ds,y\n2024-01-01,1\n\n2024-01-02,x1\n", r#"in/8.csv: line 4, column "y": "x1" is not a number: mend"#),
            (
                "ds,y\n\"2024-01-01\",\"1,234.5\"\n",
                r#"in/8.csv: line 2, column "y": "1,234.5" is not a number: write a point"#,
            ),
            ("ds,y\n2024-02-30,1\n", r#"in/8.csv: line 2, column "ds": "2024-02-30" is not a moment of the calendar"#),
            ("ds,y\n01/02/2024,1\n", r#"in/8.csv: line 2, column "ds": "01/02/2024" could be day/month or month/day"#),
            ("ds,y\n,1\n", r#"in/8.csv: line 2, column "ds": "" is empty: every row needs a timestamp"#),
            ("ds,y,n\n2024-01-01,1,\"a\nb\"\n2024-01-02,inf,c\n", r#"in/8.csv: line 4, column "y": "inf" is infinite"#),
            (
                "ds,y\n2024-01-01,1\n2024-01-02,1,000\n",
                "in/8.csv: line 3: the row has 3 fields where the first line has 2",
            ),
            ("ds,y\n2024-01-01\n", "in/8.csv: line 2: the row has 1 fields"),
            ("ds,y\n2024-01-01,1\n2024-01-01,2\n", "in/8.csv: line 3: the timestamp 2024-01-01 stands also on line 2"),
            ("", "in/8.csv: is empty"),
            ("one\ntwo\n", "in/8.csv: no column looks like timestamps: set timestamp to one of \"one\""),
            ("2024-01-01,1\n2024-01-02,x\n", r##"in/8.csv: line 2, column "#2": "x" is not a number"##),
        ] {
            let complaint = guessed(text).unwrap_err();
            assert!(complaint.starts_with(expected), "{complaint}");
        }
    }

    #[test]
    fn further_columns_go_with_their_dates_whether_the_target_is_there_or_not() {
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
    fn rows_of_customers_may_be_mixed_and_a_bad_row_spoils_one_customer_only() {
        let text = "customer,ds,y\nb,2024-01-02,20\na,2024-01-01,1\nb,2024-01-01,10\nc,2024-01-01,x\nc,2024-01-02,y\na,2024-01-02,2\n";
        let store = Memory::with([("all.csv", text)]);
        let found = discover(&store, &InputSettings::default()).unwrap();
        let mut reader = Reader::new(InputSettings::default());
        let read = reader.read_bundle(&store, &found.files[0], &|_| true).unwrap();
        let names: Vec<&str> = read.iter().map(|(customer, _)| customer.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(read[0].1.as_ref().unwrap().values, [1.0, 2.0]);
        assert_eq!(read[1].1.as_ref().unwrap().values, [10.0, 20.0]);
        let complaint = read[2].1.as_ref().unwrap_err().to_string();
        assert!(complaint.starts_with(r#"in/all.csv: line 5, column "y": "x" is not a number"#), "{complaint}");
        let wanted = reader.read_bundle(&store, &found.files[0], &|customer| customer.as_str() == "b").unwrap();
        assert_eq!(wanted.len(), 1);
    }

    #[test]
    fn the_two_kinds_of_files_are_not_mistaken_for_each_other() {
        let store = Memory::with([("a.csv", "ds,y\n2024-01-01,1\n"), ("b.csv", "customer,ds,y\nb,2024-01-01,1\n")]);
        let mut reader = Reader::new(InputSettings::default());
        let refusal = reader.read_series(&store, &one("b.csv")).unwrap_err().to_string();
        assert!(refusal.starts_with(r#"in/b.csv: has a column "customer""#), "{refusal}");
        let bundle = InputFile { contents: Contents::Many(Vec::new()), ..one("a.csv") };
        assert!(matches!(reader.read_series(&store, &bundle), Err(Error::Bug(_))));
        assert!(matches!(reader.read_bundle(&store, &one("a.csv"), &|_| true), Err(Error::Bug(_))));
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
                    let _ = reader.read_bundle(&store, file, &|_| true);
                }
            }
        }

        #[test]
        fn almost_files_never_panic(text in "(ds,y\n)?(20[0-9]{2}-0[0-9]-[0-3][0-9],[0-9\"]{0,4}\n){0,5}") {
            let _ = guessed(&text);
        }
    }
}
