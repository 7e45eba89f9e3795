//! What must hold for any bytes that a reader is given: one function for each reader.
//!
//! libFuzzer looks for bytes that break them (`fuzz/run`); the test suite runs them on the corpora and on every fault that was
//! found (`tests/suite/fuzz_corpora.rs`), so that they are compiled and checked with every change.
//!
//! Where a reader has options, the last byte of the input chooses among them, so that corpora are files as they are.

mod archives;
mod csv;
mod kept;
mod merge;
mod models;
#[cfg(feature = "parquet")]
mod parquet;
mod prepare;
#[cfg(feature = "s3")]
mod s3;
mod sagemaker;
mod serve;
mod settings;
mod side_tables;
mod times;
mod words;

/// A reader's property; it panics where it does not hold.
pub(crate) type Property = fn(&[u8]);

/// Every reader of bytes from elsewhere, by the name of its corpus.
pub(crate) const TARGETS: &[(&str, Property)] = &[
    ("archive", archives::archive),
    ("artifact", archives::artifact),
    ("csv_features", csv::features),
    ("csv_gz", csv::gzip),
    ("csv_series", csv::series),
    ("csv_split", csv::split),
    ("dates", times::dates),
    ("merge", merge::results),
    ("numbers", words::numbers),
    #[cfg(feature = "parquet")]
    ("parquet", parquet::files),
    ("prepare", prepare::tables),
    ("prophet", models::prophet),
    #[cfg(feature = "s3")]
    ("s3", s3::answers),
    ("sagemaker", sagemaker::files),
    ("serve_forecast", serve::forecast),
    ("serve_rows", serve::rows),
    ("settings", settings::text),
    ("side_tables", side_tables::tables),
    ("small_models", models::small),
    ("tar", archives::tar),
    ("timestamps", times::timestamps),
    ("words", words::grammars),
    ("xgboost_json", models::xgboost_json),
    ("xgboost_ubj", models::xgboost_ubj),
];

/// The input without its last byte, which chooses an option.
fn chosen(input: &[u8]) -> (&[u8], u8) {
    input.split_last().map_or((input, 0), |(last, rest)| (rest, *last))
}

/// An error's text: no control characters but the line feeds of a list, and no more of what was read than people read.
#[track_caller]
fn check_text(error: impl std::fmt::Display) {
    let text = error.to_string();
    for (at, line) in text.split("\n  ").enumerate() {
        assert!(at <= 50 && line.len() <= 1_400, "{} bytes on line {at}: {}", line.len(), text.len());
        assert!(!line.contains(char::is_control), "an error with a control character: {text:?}");
    }
    assert!(!text.ends_with("(a bug in manyfit: please report it)"), "{text}");
}

/// The value, or `None` for an error whose text is checked.
#[track_caller]
fn checked<T, E: std::fmt::Display>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| check_text(error)).ok()
}
