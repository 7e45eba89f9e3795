//! The columns of the quality report.

use super::customer_quality::Quality;

/// How a column's value is taken from a row.
pub(super) enum Column {
    Text(fn(&Quality) -> &str),
    Count(fn(&Quality) -> u64),
    Number(fn(&Quality) -> Option<f64>),
    Flag(fn(&Quality) -> bool),
}

/// Name and value of each column.
pub(super) const COLUMNS: [(&str, Column); 19] = [
    ("customer", Column::Text(|row| &row.customer)),
    ("file", Column::Text(|row| &row.file)),
    ("rows", Column::Count(|row| row.rows)),
    ("written", Column::Count(|row| row.written)),
    ("missing", Column::Count(|row| row.missing)),
    ("duplicates", Column::Count(|row| row.duplicates)),
    ("start", Column::Text(|row| &row.start)),
    ("end", Column::Text(|row| &row.end)),
    ("frequency", Column::Text(|row| &row.frequency)),
    ("off_calendar", Column::Count(|row| row.inferred.map_or(0, |fit| fit.off))),
    ("gaps", Column::Count(|row| row.gaps)),
    ("longest_gap", Column::Count(|row| row.longest_gap)),
    ("zeros", Column::Count(|row| row.zeros)),
    ("constant", Column::Flag(|row| row.constant)),
    ("outliers", Column::Count(|row| row.outliers)),
    ("minimum", Column::Number(|row| row.minimum)),
    ("mean", Column::Number(|row| row.mean)),
    ("maximum", Column::Number(|row| row.maximum)),
    ("sum", Column::Number(|row| Some(row.sum))),
];
