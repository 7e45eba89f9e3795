//! CSV: split, and read as series and as tables of features.

use std::io::{Read, Write};

use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use manyfit::{
    error::Result,
    fuzzing,
    input::{
        Contents, CustomerFrom, Decimal, Duplicates, ExtraColumn, InputSettings, Purpose, Reader, TableSettings,
        TimeSettings, discover,
    },
};
use manyfit_models::data::{Series, Table};

use super::{check_text, checked, chosen, kept::Kept};

/// What a file of customers holds, each with its rows or an error's text.
pub(super) type Found<T> = Vec<(String, Result<T, String>)>;

/// The records are those of the `csv` crate, where both mean the same by the text.
pub(super) fn split(input: &[u8]) {
    let Some((delimiter, records)) = checked(fuzzing::csv_records(input)) else { return };
    let mut lines = 0;
    for (line, _) in &records {
        assert!(*line > lines, "line {line} after line {lines}");
        lines = *line;
    }
    // What follows a closing quote, and a quote within a field, is a matter of taste; so are a byte order mark, what white
    // space is, and lone carriage returns in the middle of lines.
    let text = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let is_plain = !text.starts_with(b"\xef\xbb\xbf") && well_quoted(text, delimiter);
    if !is_plain {
        return;
    }
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).delimiter(delimiter);
    let theirs: Vec<Vec<Vec<u8>>> = reader
        .from_reader(text)
        .byte_records()
        .map(|record| record.expect("memory is read").iter().map(|field| field.trim_ascii().to_vec()).collect())
        .collect();
    let ours: Vec<Vec<Vec<u8>>> =
        records.into_iter().map(|(_, fields)| fields.expect("well-formed text has no torn record")).collect();
    assert_eq!(ours, theirs);
}

/// Whether quotes are only around fields, closed, and doubled within.
fn well_quoted(text: &[u8], delimiter: u8) -> bool {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut end = 0;
            loop {
                match (quoted.get(end), quoted.get(end + 1)) {
                    (None, _) => return false,
                    (Some(b'"'), Some(b'"')) => end += 2,
                    (Some(b'"'), _) => break,
                    _ => end += 1,
                }
            }
            at += end + 2;
        } else {
            let end = rest.iter().position(|byte| [delimiter, b'\n', b'\r'].contains(byte)).unwrap_or(rest.len());
            if rest[..end].contains(&b'"') {
                return false;
            }
            at += end;
        }
        match text.get(at) {
            None => return true,
            Some(byte) if [delimiter, b'\n', b'\r'].contains(byte) => at += 1,
            Some(_) => return false,
        }
    }
}

/// Series: in order, finite, one value for each time, whoever holds the file; and the same from gzip.
pub(super) fn series(input: &[u8]) {
    let (bytes, choice) = chosen(input);
    let settings = series_settings(choice);
    let found = read_series("8.csv", bytes, &settings);
    for (_, series) in &found {
        match series {
            Ok(series) => check_series(series, &settings),
            Err(error) => check_text(error),
        }
    }
    if choice.is_multiple_of(16) && !is_gzip(bytes) {
        // Missing values are equal as text only.
        assert_eq!(format!("{:?}", read_series("8.csv", &packed(bytes), &settings)), format!("{found:?}"));
    }
}

/// Tables of features: as many cells as rows and columns, and the same from gzip.
pub(super) fn features(input: &[u8]) {
    let (bytes, choice) = chosen(input);
    let settings = table_settings(choice);
    let found = read_tables("8.csv", bytes, &settings);
    for (_, table) in &found {
        match table {
            Ok(table) => check_table(table),
            Err(error) => check_text(error),
        }
    }
    if choice.is_multiple_of(16) && !is_gzip(bytes) {
        // Missing values are equal as text only.
        assert_eq!(format!("{:?}", read_tables("8.csv", &packed(bytes), &settings)), format!("{found:?}"));
    }
}

/// What is said to be gzip is read as what flate2 unpacks, or refused where flate2 does.
pub(super) fn gzip(input: &[u8]) {
    let settings = InputSettings::default();
    let found = read_series("8.csv.gz", input, &settings);
    for error in found.iter().filter_map(|(_, series)| series.as_ref().err()) {
        check_text(error);
    }
    let mut unpacked = Vec::new();
    if !is_gzip(input) {
        assert_eq!(read_series("8.csv.gz", &packed(input), &settings), found);
    } else if MultiGzDecoder::new(input).read_to_end(&mut unpacked).is_ok() {
        let is_packed_twice = is_gzip(&unpacked);
        assert!(is_packed_twice || read_series("8.csv.gz", &unpacked, &settings) == found);
    } else {
        assert!(found.iter().all(|(_, series)| series.is_err()), "{found:?}");
    }
}

/// What is packed twice is unpacked once.
fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory is written")
}

/// Settings of series, by a byte.
pub(super) fn series_settings(choice: u8) -> InputSettings {
    const DUPLICATES: [Duplicates; 5] =
        [Duplicates::Error, Duplicates::Mean, Duplicates::First, Duplicates::Last, Duplicates::Sum];
    let mut settings = InputSettings::default();
    match choice % 10 {
        1 => settings.decimal = Some(Decimal::Comma),
        2 => settings.times = TimeSettings { dayfirst: Some(true), ..TimeSettings::default() },
        3 => settings.times = TimeSettings { format: "%d.%m.%Y %H:%M".parse().ok(), dayfirst: None },
        4 => settings.skip_lines = Some(1),
        5 => settings.customer = Some("id".into()),
        6 => (settings.timestamp, settings.target) = (Some("#1".into()), Some("#2".into())),
        7 => {
            let column = |name: &str, required| ExtraColumn { name: name.into(), column: name.into(), required };
            settings.extra = vec![column("price", true), column("cap", false)];
        }
        8 => settings.customer_from = CustomerFrom::Path,
        9 => settings.decimal = Some(Decimal::Point),
        _ => {}
    }
    settings.duplicates = DUPLICATES[usize::from(choice / 10) % DUPLICATES.len()];
    settings
}

/// Settings of tables of features, by a byte.
pub(super) fn table_settings(choice: u8) -> InputSettings {
    let mut table =
        TableSettings { header: [None, Some(true), Some(false)][usize::from(choice) % 3], ..TableSettings::default() };
    match choice / 3 % 5 {
        1 => table.categorical = vec!["a".into()],
        2 => table.weight = Some("w".into()),
        3 => table.features = vec!["a".into(), "b".into()],
        4 => table.purpose = Purpose::Validation,
        _ => {}
    }
    let decimal = if choice >= 128 { Some(Decimal::Comma) } else { None };
    InputSettings { table: Some(table), decimal, ..InputSettings::default() }
}

/// The series of a file, customer by customer.
pub(super) fn read_series(key: &str, bytes: &[u8], settings: &InputSettings) -> Found<Series> {
    let store = Kept::one(key, bytes);
    let discovery = discover(&store, settings).expect("memory is listed");
    let mut reader = Reader::new(settings.clone());
    let mut found: Found<Series> = refusals(&discovery.refused);
    for file in &discovery.files {
        match &file.contents {
            Contents::One(customer) => {
                let series = reader.read_series(&store, file).cloned().map_err(|error| error.to_string());
                found.push((customer.as_str().into(), series));
            }
            Contents::Many(_) => match reader.read_bundle(&store, file) {
                Ok(all) => found.extend(named(all)),
                Err(error) => found.push((String::new(), Err(error.to_string()))),
            },
        }
    }
    found
}

/// The tables of features of a file, customer by customer; a customer without rows is left out.
pub(super) fn read_tables(key: &str, bytes: &[u8], settings: &InputSettings) -> Found<Table> {
    let store = Kept::one(key, bytes);
    let discovery = discover(&store, settings).expect("memory is listed");
    let mut reader = Reader::new(settings.clone());
    let mut found: Found<Table> = refusals(&discovery.refused);
    let present = |table: Result<Option<Table>, String>| table.transpose();
    for file in &discovery.files {
        match &file.contents {
            Contents::One(customer) => {
                let table = reader.read_table(&store, file, None).map_err(|error| error.to_string());
                let table = present(table);
                found.extend(table.map(|table| (customer.as_str().to_owned(), table)));
            }
            Contents::Many(_) => match reader.read_table_bundle(&store, file, None) {
                Ok(all) => {
                    found.extend(named(all).filter_map(|(name, table)| Some((name, present(table)?))));
                }
                Err(error) => found.push((String::new(), Err(error.to_string()))),
            },
        }
    }
    found
}

fn refusals<T>(refused: &[(String, String)]) -> Found<T> {
    refused.iter().map(|(name, reason)| (name.clone(), Err(reason.clone()))).collect()
}

fn named<N: std::fmt::Display, T>(all: Vec<(N, Result<T>)>) -> impl Iterator<Item = (String, Result<T, String>)> {
    all.into_iter().map(|(name, rows)| (name.to_string(), rows.map_err(|error| error.to_string())))
}

/// The promises of a series that was read.
pub(super) fn check_series(series: &Series, settings: &InputSettings) {
    assert!(series.dates.is_sorted_by(|a, b| a < b), "{:?}", series.dates);
    assert!(series.timestamps.is_sorted_by(|a, b| a < b), "{:?}", series.timestamps);
    assert!(series.values.iter().all(|value| value.is_finite()), "{:?}", series.values);
    assert_eq!(series.timestamps.len(), series.values.len());
    assert!(series.dates.len() >= series.values.len());
    for (name, values) in series.columns.iter() {
        assert!(settings.extra.iter().any(|column| column.name == name), "{name}");
        assert!(
            values.len() == series.dates.len() && values.iter().all(|value| !value.is_infinite()),
            "{name}: {values:?}"
        );
    }
}

/// The promises of a table that was read.
pub(super) fn check_table(table: &Table) {
    assert_eq!(table.matrix.rows(), table.len());
    assert_eq!(table.matrix.columns(), table.features.len());
    assert!((0..table.matrix.columns()).all(|at| table.matrix.column(at).iter().all(|value| !value.is_infinite())));
    assert!(table.targets.iter().all(|target| target.is_finite()));
}
