//! What a path tells: the format, the customer, the columns that its folders are, and what the rows are used for.
//!
//! | path | customer |
//! |---|---|
//! | `8.csv`, `north/BRK.A.csv.gz`, `8.snappy.parquet` | the file's name without the extensions of tables |
//! | `8/data.csv` | the folder |
//! | `customer=8/part-0.parquet` | the value, as in pyarrow, DuckDB and Spark: of the folder that is called like the column of customers, |
//! | `store=8/year=2024/part-0.parquet` | … or of the only folder `name=value` that is not a part of a date |

use std::borrow::Cow;

use crate::input::{schema::header::CUSTOMERS, settings::Purpose};

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
    let folders = split(key).0.split('/').filter_map(|folder| folder.split_once('='));
    folders.filter(|(name, _)| !name.is_empty()).map(|(name, value)| (name, decoded(value))).collect()
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
pub(crate) fn customer_name(key: &str) -> Result<Cow<'_, str>, String> {
    let (folders, file) = split(key);
    let stem = stem_of(file);
    let is_folders = stem.eq_ignore_ascii_case("data") && !folders.is_empty();
    let by_name = if is_folders { last_of(folders) } else { stem };
    Ok(only_folder(key)?.unwrap_or(Cow::Borrowed(by_name)))
}

/// The value of the only folder `name=value` that is not a part of a date.
fn only_folder(key: &str) -> Result<Option<Cow<'_, str>>, String> {
    if !key.contains('=') {
        return Ok(None);
    }
    let is_date = |name: &str| DATES.iter().any(|known| name.eq_ignore_ascii_case(known));
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
    purpose_of(key).1.is_some()
}

/// The customer and what the rows are used for, by a name such as `8_train.csv` or `8/validation.csv`.
pub(in crate::input) fn purpose_of(key: &str) -> (Cow<'_, str>, Option<Purpose>) {
    const WORDS: [(&str, Purpose); 5] = [
        ("train", Purpose::Training),
        ("training", Purpose::Training),
        ("val", Purpose::Validation),
        ("validation", Purpose::Validation),
        ("test", Purpose::Test),
    ];
    let (folders, file) = split(key);
    let stem = stem_of(file);
    let (customer, word) = match stem.rsplit_once('_') {
        Some((customer, word)) if !customer.is_empty() => (customer, word),
        _ if !folders.is_empty() => (last_of(folders), stem),
        _ => (stem, stem),
    };
    let by_folder = only_folder(key).ok().flatten();
    let purpose = WORDS.iter().find(|(known, _)| *known == word).map(|(_, purpose)| *purpose);
    (by_folder.unwrap_or(Cow::Borrowed(customer)), purpose)
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
            assert_eq!(customer_name(key).unwrap(), customer, "{key}");
        }
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
            assert_eq!(customer_name(key).unwrap(), customer, "{key}");
        }
        let refusal = customer_name("region=north/store=7/x.csv").unwrap_err();
        assert_eq!(refusal, "the folders region and store could each name the customer: set customer to one of them");
        let (customer, purpose) = purpose_of("store=7/val.csv");
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
