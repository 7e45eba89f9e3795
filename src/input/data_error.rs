//! Errors in the content of a file, before the name of the file is added.

use std::fmt::Write;

use crate::error::Error;

/// A sentence: where in the file, what is wrong, and what to do.
///
/// The name of the file is added at the edge ([`DataError::in_file`]): the parsers know only bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataError(Box<str>);

impl DataError {
    /// An error of the whole file.
    pub(crate) fn file(sentence: impl Into<String>) -> Self {
        Self(sentence.into().into())
    }

    /// An error of a row.
    pub(crate) fn row(position: Position, sentence: impl AsRef<str>) -> Self {
        Self(format!("{position}: {}", sentence.as_ref()).into())
    }

    /// An error of one value: `complaint` is the rest of the sentence that begins with the value.
    pub(crate) fn cell(position: Position, column: &[u8], value: &[u8], complaint: &str) -> Self {
        Self(format!("{position}, column {}: {} {complaint}", quoted(column), quoted(value)).into())
    }

    /// Appends to the sentence.
    pub(crate) fn and(self, more: &str) -> Self {
        Self(format!("{}{more}", self.0).into())
    }

    /// The error as the run reports it.
    pub(crate) fn in_file(self, file: &str) -> Error {
        Error::Data(format!("{file}: {}", self.0))
    }
}

/// A position in a file: a line of CSV, or a row of Parquet; both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Line(u64),
    Row(u64),
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Row(number) => write!(f, "row {number}"),
        }
    }
}

/// The text in quotes, on one line, at most 60 characters of it.
pub(crate) fn quoted(text: &[u8]) -> String {
    // Four bytes are the longest character, so this many bytes hold more characters than are shown.
    const SHOWN: usize = 60;
    let start = String::from_utf8_lossy(&text[..text.len().min(4 * SHOWN + 4)]);
    let mut shown = String::from("\"");
    for character in start.chars().take(SHOWN) {
        match character {
            '"' | '\'' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if start.chars().nth(SHOWN).is_some() {
        let _ = write!(shown, "… ({} bytes)", text.len());
    }
    shown.push('"');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_position_column_value_and_the_way_out() {
        let error = DataError::cell(Position::Line(7), b"Quantity", b"twelve", "is not a number: correct it");
        assert_eq!(
            error.in_file("in/8.csv").to_string(),
            r#"in/8.csv: line 7, column "Quantity": "twelve" is not a number: correct it"#
        );
    }

    #[test]
    fn long_and_odd_values_are_shown_short_and_on_one_line() {
        assert_eq!(quoted(b"a\nb\xffc"), "\"a\\nb\u{fffd}c\"");
        assert_eq!(quoted("ü".repeat(60).as_bytes()), format!("\"{}\"", "ü".repeat(60)));
        let shown = quoted(&b"x".repeat(5000));
        assert_eq!(shown, format!("\"{}… (5000 bytes)\"", "x".repeat(60)));
    }
}
