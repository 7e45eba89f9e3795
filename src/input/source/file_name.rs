//! What a path tells: the format, the customer, the columns that its folders are, and what the rows are used for.
//!
//! | path | customer |
//! |---|---|
//! | `8.csv`, `north/BRK.A.csv.gz`, `8.snappy.parquet` | the file's name without the extensions of tables |
//! | `8/data.csv` | the folder |
//! | `customer=8/part-0.parquet` | the value, as in pyarrow, DuckDB and Spark: of the folder that is called like the column of customers, |
//! | `store=8/year=2024/part-0.parquet` | … or of the only folder `name=value` that is not a part of a date |
//!
//! Where the setting `customer_from` is `path`, it is the folders and the name: `north-8` of `north/8.csv`.

use std::borrow::Cow;

use crate::input::{
    schema::header::CUSTOMERS,
    settings::{CustomerFrom, Purpose},
};

/// The format of a file. Gzip is recognised by the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text: `.csv`, `.csv.gz`, `.tsv`; `.txt` and names without an extension, if the text is a table.
    Csv,
    /// Columns: `.parquet`.
    Parquet,
}

const PARQUET: &str = ".parquet";
/// Extensions of text that is a table, …
const TABLES: [&str; 2] = [".csv", ".tsv"];
/// … and of text that may be one.
const TEXT: &str = ".txt";
const GZIP: &str = ".gz";
/// What writers of Parquet put before the extension.
const CODECS: [&str; 6] = [".snappy", ".gz", ".gzip", ".zstd", ".lz4", ".brotli"];

/// What Spark and Hive write for a value that is missing.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// Folders `name=value` with these names are parts of a date, never customers.
const DATES: [&str; 16] = [
    "year",
    "yyyy",
    "month",
    "mm",
    "day",
    "dd",
    "date",
    "dt",
    "ds",
    "hour",
    "hh",
    "week",
    "quarter",
    "minute",
    "time",
    "timestamp",
];

/// The format by the extension; `None`: not a table by its name, a marker, or a hidden file.
pub(crate) fn format_of(key: &str) -> Option<Format> {
    if is_hidden(key) {
        return None;
    }
    if without(key, PARQUET).is_some() {
        return Some(Format::Parquet);
    }
    let text = without(key, GZIP).unwrap_or(key);
    TABLES.iter().any(|end| without(text, end).is_some()).then_some(Format::Csv)
}

/// Whether a name leaves open if the file is a table of text: `.txt`, or no extension, as of `part-00000`.
pub(in crate::input) fn may_be_text(key: &str) -> bool {
    let text = without(key, GZIP).unwrap_or(key);
    !is_hidden(key) && (without(text, TEXT).is_some() || extension_of(text).is_empty())
}

/// The end of a file's name from its last dot; empty if there is none.
pub(in crate::input) fn extension_of(key: &str) -> &str {
    let file = split(key).1;
    file.rfind('.').map_or("", |dot| &file[dot..])
}

fn is_hidden(key: &str) -> bool {
    key.split('/').any(|part| part.starts_with(['.', '_']))
}

/// The text before an extension, whose case does not matter.
fn without<'a>(name: &'a str, extension: &str) -> Option<&'a str> {
    let (start, end) = name.split_at_checked(name.len().checked_sub(extension.len())?)?;
    end.eq_ignore_ascii_case(extension).then_some(start)
}

/// The folders and the file of a path.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

/// A file's name without the extensions of tables. Other dots stay: `BRK.A.csv` is `BRK.A`.
fn stem_of(file: &str) -> &str {
    if let Some(stem) = without(file, PARQUET) {
        return CODECS.iter().find_map(|codec| without(stem, codec)).unwrap_or(stem);
    }
    let text = without(file, GZIP).unwrap_or(file);
    TABLES.iter().chain([&TEXT]).find_map(|end| without(text, end)).unwrap_or(text)
}

/// The folders `name=value` of a path: columns with one value. The values are decoded as they were encoded for the path.
pub(crate) fn folder_columns(key: &str) -> Vec<(&str, Cow<'_, str>)> {
    if !key.contains('=') {
        return Vec::new();
    }
    let folders = split(key).0.split('/').filter_map(|folder| folder.split_once('='));
    folders.filter(|(name, _)| !name.is_empty()).map(|(name, value)| (name, decoded(value))).collect()
}

/// [`folder_columns`] of their own.
pub(crate) fn owned_folder_columns(key: &str) -> Vec<(String, String)> {
    folder_columns(key).into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect()
}

/// The customer that a folder such as `customer=8` names: of the column that is `set`, else of a well-known name.
pub(crate) fn customer_by_folder<'k>(key: &'k str, set: Option<&str>) -> Option<Cow<'k, str>> {
    if !key.contains('=') {
        return None;
    }
    let is_customers = |name: &str| match set {
        Some(set) => name.eq_ignore_ascii_case(set.trim()),
        None => CUSTOMERS.iter().any(|known| name.replace(['_', '-', ' '], "").eq_ignore_ascii_case(known)),
    };
    folder_columns(key).into_iter().find(|(name, _)| is_customers(name)).map(|(_, value)| value)
}

/// The customer of a file in which no column names it: see the table above.
///
/// # Errors
/// The rest of a sentence that begins with the path, if several folders could name the customer.
pub(crate) fn customer_name(key: &str, from: CustomerFrom) -> Result<Cow<'_, str>, String> {
    let (folders, file) = split(key);
    let stem = stem_of(file);
    let is_folders = stem.eq_ignore_ascii_case("data") && !folders.is_empty();
    let own = Some(stem).filter(|_| !is_folders);
    match from {
        CustomerFrom::Name => Ok(only_folder(key)?.unwrap_or(Cow::Borrowed(own.unwrap_or(last_of(folders))))),
        CustomerFrom::Path => Ok(joined(folders, own)),
    }
}

/// Folders and a name as one name without slashes: `north/1` is `north-1`. Parts of a date are left out.
fn joined<'k>(folders: &'k str, name: Option<&'k str>) -> Cow<'k, str> {
    let folders = folders.split('/').filter_map(|folder| match folder.split_once('=') {
        Some((column, _)) if is_date(column) => None,
        Some((_, value)) => Some(decoded(value)),
        None => Some(Cow::Borrowed(folder)),
    });
    let parts: Vec<_> = folders.filter(|folder| !folder.is_empty()).chain(name.map(Cow::Borrowed)).collect();
    Cow::Owned(parts.join("-"))
}

/// Whether files that share a name would have names of their own by their paths.
pub(crate) fn paths_differ(keys: [&str; 2]) -> bool {
    let [first, second] = keys.map(|key| customer_name(key, CustomerFrom::Path));
    first != second
}

fn is_date(column: &str) -> bool {
    DATES.iter().any(|known| column.eq_ignore_ascii_case(known))
}

/// The value of the only folder `name=value` that is not a part of a date.
fn only_folder(key: &str) -> Result<Option<Cow<'_, str>>, String> {
    if !key.contains('=') {
        return Ok(None);
    }
    let mut columns = folder_columns(key).into_iter().filter(|(name, _)| !is_date(name));
    let first = columns.next();
    match (&first, columns.next()) {
        (Some((first, _)), Some((second, _))) => {
            Err(format!("the folders {first} and {second} could each name the customer: set customer to one of them"))
        }
        _ => Ok(first.map(|(_, value)| value)),
    }
}

fn last_of(folders: &str) -> &str {
    folders.rsplit('/').next().unwrap_or(folders)
}

/// A value of a path with `%2F` and the like as the characters that they stand for.
fn decoded(value: &str) -> Cow<'_, str> {
    if value == MISSING {
        return Cow::Borrowed("");
    }
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.as_bytes());
    while let [first, after @ ..] = rest {
        let code = if let [high, low, ..] = after
            && *first == b'%'
        {
            str::from_utf8(&[*high, *low]).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
        } else {
            None
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Whether a name is the name of a table: `.csv`, `.csv.gz`, `.tsv`, `.parquet`, and not hidden.
pub(crate) fn is_table(key: &str) -> bool {
    format_of(key).is_some()
}

/// Whether a name tells what the rows are used for, so that another file may hold more rows of the same customer.
pub(crate) fn tells_purpose(key: &str) -> bool {
    purpose_of(key, CustomerFrom::Name).1.is_some()
}

/// The customer and what the rows are used for, by a name such as `8_train.csv` or `8/validation.csv`.
pub(in crate::input) fn purpose_of(key: &str, from: CustomerFrom) -> (Cow<'_, str>, Option<Purpose>) {
    const WORDS: [(&str, Purpose); 5] = [
        ("train", Purpose::Training),
        ("training", Purpose::Training),
        ("val", Purpose::Validation),
        ("validation", Purpose::Validation),
        ("test", Purpose::Test),
    ];
    let (folders, file) = split(key);
    let stem = stem_of(file);
    let (own, word) = match stem.rsplit_once('_') {
        Some((customer, word)) if !customer.is_empty() => (Some(customer), word),
        _ if !folders.is_empty() => (None, stem),
        _ => (Some(stem), stem),
    };
    let by_name = || Cow::Borrowed(own.unwrap_or(last_of(folders)));
    let customer = match from {
        CustomerFrom::Name => only_folder(key).ok().flatten().unwrap_or_else(by_name),
        CustomerFrom::Path => joined(folders, own),
    };
    let purpose = WORDS.iter().find(|(known, _)| *known == word).map(|(_, purpose)| *purpose);
    (customer, purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_the_name_without_the_extensions_of_tables() {
        for (key, customer) in [
            ("BRK.A.csv", "BRK.A"),
            ("BRK.B.csv.gz", "BRK.B"),
            ("AIR.PA.CSV", "AIR.PA"),
            ("meter 1.5kW.parquet", "meter 1.5kW"),
            ("store.1.tsv", "store.1"),
            ("deep/down/10.v2.csv", "10.v2"),
            ("8.snappy.parquet", "8"),
            ("8.c000.zstd.parquet", "8.c000"),
            ("notes.txt", "notes"),
            ("part-00000", "part-00000"),
            ("part-00000.gz", "part-00000"),
            ("a.csv.csv", "a.csv"),
            ("Zürich.csv", "Zürich"),
            ("data.csv", "data"),
            ("11/data.csv", "11"),
            ("a=b.csv", "a=b"),
        ] {
            assert_eq!(customer_name(key, CustomerFrom::Name).unwrap(), customer, "{key}");
        }
    }

    #[test]
    fn a_path_names_a_customer_when_asked_to() {
        for (key, customer) in [
            ("8.csv", "8"),
            ("north/8.csv.gz", "north-8"),
            ("in/north/BRK.A.csv", "in-north-BRK.A"),
            ("north/8/data.csv", "north-8"),
            ("data.csv", "data"),
            ("region=north%20sea/year=2024/8.parquet", "north sea-8"),
        ] {
            assert_eq!(customer_name(key, CustomerFrom::Path).unwrap(), customer, "{key}");
        }
        for (key, customer) in
            [("north/8_train.csv", "north-8"), ("north/8/train.csv", "north-8"), ("train.csv", "train")]
        {
            let (name, purpose) = purpose_of(key, CustomerFrom::Path);
            assert_eq!((&*name, purpose), (customer, Some(Purpose::Training)), "{key}");
        }
        assert!(paths_differ(["north/1.csv", "south/1.csv"]) && !paths_differ(["a/b/c.csv", "a-b/c.csv"]));
    }

    #[test]
    fn folders_with_names_and_values_are_columns() {
        for (key, set, named) in [
            ("customer=a/part-0.parquet", None, Some("a")),
            ("year=2024/Customer_ID=a%2Fb%20c/x.csv", None, Some("a/b c")),
            ("store=7/region=north/x.csv", Some("Store"), Some("7")),
            ("store=7/x.csv", None, None),
            ("customer=a/x.csv", Some("store"), None),
            ("customer=100%/x.csv", None, Some("100%")),
            ("customer=a.csv", None, None),
        ] {
            assert_eq!(customer_by_folder(key, set).as_deref(), named, "{key}");
        }
        for (key, customer) in [
            ("store=7/part-0.csv", "7"),
            ("store=7/year=2024/month=1/part-0.csv", "7"),
            ("dt=2024-01-01/8.csv", "8"),
            ("in/store=7/data.csv", "7"),
        ] {
            assert_eq!(customer_name(key, CustomerFrom::Name).unwrap(), customer, "{key}");
        }
        let refusal = customer_name("region=north/store=7/x.csv", CustomerFrom::Name).unwrap_err();
        assert_eq!(refusal, "the folders region and store could each name the customer: set customer to one of them");
        let (customer, purpose) = purpose_of("store=7/val.csv", CustomerFrom::Name);
        assert_eq!((&*customer, purpose), ("7", Some(Purpose::Validation)));
    }

    #[test]
    fn the_format_is_told_by_the_extension_or_left_open() {
        for (key, format, open) in [
            ("8.csv", Some(Format::Csv), false),
            ("8.TSV.gz", Some(Format::Csv), false),
            ("8.gz.parquet", Some(Format::Parquet), false),
            ("8.txt", None, true),
            ("v1.2/part-00000", None, true),
            ("part-00000.gz", None, true),
            ("c0.csv.out", None, false),
            ("a.zip", None, false),
            ("a.csv.zip", None, false),
            ("_SUCCESS", None, false),
            (".x/8.csv", None, false),
            ("é", None, true),
        ] {
            assert_eq!((format_of(key), may_be_text(key)), (format, open), "{key}");
        }
    }
}
