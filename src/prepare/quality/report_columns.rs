//! The columns of the quality report.

use super::customer_quality::Quality;

/// How a column's value is taken from a row.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Text(fn(&Quality) -> &str),
    Count(fn(&Quality) -> u64),
    Number(fn(&Quality) -> Option<f64>),
    Flag(fn(&Quality) -> bool),
}

/// Name and value of each column, of reports on series and on features.
const COLUMNS: [(Rows, &str, Column); 20] = [
    (Rows::Any, "customer", Column::Text(|row| &row.customer)),
    (Rows::Any, "file", Column::Text(|row| &row.file)),
    (Rows::Any, "rows", Column::Count(|row| row.rows)),
    (Rows::Any, "written", Column::Count(|row| row.written)),
    (Rows::Features, "validation", Column::Count(|row| row.validation)),
    (Rows::Any, "missing", Column::Count(|row| row.missing)),
    (Rows::Series, "duplicates", Column::Count(|row| row.duplicates)),
    (Rows::Series, "start", Column::Text(|row| &row.start)),
    (Rows::Series, "end", Column::Text(|row| &row.end)),
    (Rows::Series, "frequency", Column::Text(|row| &row.frequency)),
    (Rows::Series, "off_calendar", Column::Count(|row| row.inferred.map_or(0, |fit| fit.off))),
    (Rows::Series, "gaps", Column::Count(|row| row.gaps)),
    (Rows::Series, "longest_gap", Column::Count(|row| row.longest_gap)),
    (Rows::Any, "zeros", Column::Count(|row| row.zeros)),
    (Rows::Any, "constant", Column::Flag(|row| row.constant)),
    (Rows::Any, "outliers", Column::Count(|row| row.outliers)),
    (Rows::Any, "minimum", Column::Number(|row| row.minimum)),
    (Rows::Any, "mean", Column::Number(|row| row.mean)),
    (Rows::Any, "maximum", Column::Number(|row| row.maximum)),
    (Rows::Any, "sum", Column::Number(|row| Some(row.sum))),
];

/// Which rows a column is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    Any,
    Series,
    Features,
}

/// The columns of a report on series, or on features.
pub(super) fn columns(features: bool) -> impl Iterator<Item = (&'static str, Column)> {
    let other = if features { Rows::Series } else { Rows::Features };
    COLUMNS.into_iter().filter(move |(rows, ..)| *rows != other).map(|(_, name, column)| (name, column))
}
