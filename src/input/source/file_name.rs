//! What a file name tells: the format, the customer, and what the rows are used for.

use crate::input::settings::Purpose;

/// The format of a file. Gzip is recognised by the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text: `.csv`, `.csv.gz`.
    Csv,
    /// Columns: `.parquet`.
    Parquet,
}

/// The format by the extension; `None`: not a table, a marker, or a hidden file.
pub(crate) fn format_of(key: &str) -> Option<Format> {
    if key.split('/').any(|part| part.starts_with(['.', '_'])) {
        return None;
    }
    let ends_with = |extension: &str| {
        let start = key.len().checked_sub(extension.len());
        start.and_then(|start| key.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(extension))
    };
    if ends_with(".csv") || ends_with(".csv.gz") {
        Some(Format::Csv)
    } else {
        ends_with(".parquet").then_some(Format::Parquet)
    }
}

/// The customer that a file is named after: the name up to the first dot, or the directory of a `data.csv`.
pub(crate) fn customer_name(key: &str) -> &str {
    let (directories, file) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = file.split('.').next().unwrap_or(file);
    if stem.eq_ignore_ascii_case("data") && !directories.is_empty() {
        directories.rsplit('/').next().unwrap_or(directories)
    } else {
        stem
    }
}

/// Whether a name is the name of a table: `.csv`, `.csv.gz`, `.parquet`, and not hidden.
pub(crate) fn is_table(key: &str) -> bool {
    format_of(key).is_some()
}

pub(crate) fn is_parquet(key: &str) -> bool {
    format_of(key) == Some(Format::Parquet)
}

/// Whether a name tells what the rows are used for, so that another file may hold more rows of the same customer.
pub(crate) fn tells_purpose(key: &str) -> bool {
    purpose_of(key).1.is_some()
}

/// The customer and what the rows are used for, by a name such as `8_train.csv` or `8/validation.csv`.
pub(in crate::input) fn purpose_of(key: &str) -> (&str, Option<Purpose>) {
    const WORDS: [(&str, Purpose); 5] = [
        ("train", Purpose::Training),
        ("training", Purpose::Training),
        ("val", Purpose::Validation),
        ("validation", Purpose::Validation),
        ("test", Purpose::Test),
    ];
    let (directories, file) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = file.split('.').next().unwrap_or(file);
    let (customer, word) = match stem.rsplit_once('_') {
        Some((customer, word)) if !customer.is_empty() => (customer, word),
        _ if !directories.is_empty() => (directories.rsplit('/').next().unwrap_or(directories), stem),
        _ => (stem, stem),
    };
    (customer, WORDS.iter().find(|(known, _)| *known == word).map(|(_, purpose)| *purpose))
}
