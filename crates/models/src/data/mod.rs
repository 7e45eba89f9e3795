//! One customer's data, as every other part sees it.

mod matrix;
mod table;

pub use matrix::Matrix;
pub use table::{Cell, Feature, Table, is_missing};

use std::{fmt, sync::Arc};

/// The name of a customer.
///
/// - not empty, at most 200 bytes of UTF-8;
/// - one path component that is safe on every file system and in an S3 key: no `/`, `\`, control character, leading
///   dot or underscore (such names are hidden), surrounding white space, none of `: * ? " < > |`;
/// - it becomes a part of the artifact's name, so two customers never share one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(Arc<str>);

impl CustomerId {
    /// The longest name, in bytes: leaves room for a prefix and a suffix within the 1,024 bytes of an S3 key.
    pub const MAX_BYTES: usize = 200;

    /// Checks the rules above.
    ///
    /// # Errors
    /// A sentence that says which rule is broken, without the file: the caller knows it.
    pub fn new(name: &str) -> Result<Self, String> {
        let complaint = if name.is_empty() {
            "is empty"
        } else if name.len() > Self::MAX_BYTES {
            "is longer than 200 bytes"
        } else if name.starts_with(['.', '_']) {
            "starts with a dot or an underscore"
        } else if name.trim() != name {
            "starts or ends with white space"
        } else if name.chars().any(|c| c.is_control() || r#"/\:*?"<>|"#.contains(c)) {
            "has a character that is not safe in a file name"
        } else {
            return Ok(Self(name.into()));
        };
        Err(format!("the customer name {name:?} {complaint}"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerId({})", self.0)
    }
}

/// A univariate time series: one value for each timestamp.
///
/// - times are milliseconds since 1970-01-01T00:00:00, without a time zone (UTC where the input had an offset);
/// - `dates` are the times of all rows, with or without a value, strictly increasing;
/// - `timestamps` and `values` are the rows that have a value: same length, strictly increasing, finite;
/// - `columns` has a row for each of `dates`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The times of all rows.
    pub dates: Vec<i64>,
    /// The times of the rows that have a value, shape (n).
    pub timestamps: Vec<i64>,
    /// The values, shape (n), in the units of the input.
    pub values: Vec<f64>,
    /// Further columns, which a model may ask for.
    pub columns: Columns,
}

/// Named columns of numbers beside the dates of a series or of a future: regressors, conditions, `cap`, `floor`.
///
/// - all have the same length, NaN where a value is missing;
/// - a name occurs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

/// Columns and the dates of their rows, strictly increasing: what a fit or a forecast looks its further numbers up in.
#[derive(Clone, Copy, Debug)]
pub struct Covariates<'a> {
    /// Milliseconds since the epoch, as in [`Series`].
    pub dates: &'a [i64],
    /// A row for each of them.
    pub columns: &'a Columns,
}

impl Columns {
    /// No columns.
    pub const NONE: &'static Self = &Self { names: Vec::new(), values: Vec::new() };

    /// Columns of these names, without rows.
    #[must_use]
    pub fn named<Name: Into<String>>(names: impl IntoIterator<Item = Name>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self { values: vec![Vec::new(); names.len()], names }
    }

    /// Adds a column, in the place of one of the same name.
    pub fn insert(&mut self, name: &str, values: Vec<f64>) {
        if let Some(known) = self.names.iter().position(|known| known == name) {
            self.values[known] = values;
        } else {
            self.names.push(name.into());
            self.values.push(values);
        }
    }

    /// Adds a row: a value for each name, in their order.
    pub fn push_row(&mut self, row: impl IntoIterator<Item = f64>) {
        self.values.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }

    /// The names, in the order of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A column by its name, NaN where a value is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.names.iter().position(|known| known == name).map(|at| &self.values[at][..])
    }

    /// Names and values of all columns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.names.iter().map(String::as_str).zip(self.values.iter().map(Vec::as_slice))
    }

    /// Forgets the rows and keeps the names and the memory.
    pub fn clear_rows(&mut self) {
        self.values.iter_mut().for_each(Vec::clear);
    }
}

impl Covariates<'static> {
    /// For models that need none.
    pub const NONE: Self = Self { dates: &[], columns: Columns::NONE };
}

impl Series {
    /// Forgets the rows and keeps the memory, for the next customer.
    pub fn clear(&mut self) {
        self.dates.clear();
        self.timestamps.clear();
        self.values.clear();
        self.columns.clear_rows();
    }

    /// Its further columns, with their dates.
    #[must_use]
    pub fn covariates(&self) -> Covariates<'_> {
        Covariates { dates: &self.dates, columns: &self.columns }
    }

    /// Number of rows that have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no row has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of rows that were dropped because their value is missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.dates.len() - self.timestamps.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_names_are_taken_as_they_are() {
        for name in ["8", "store-2_brand.a", "Zürich 3", "a=b", "x%2Fy"] {
            assert_eq!(CustomerId::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn columns_are_found_by_name_and_keep_their_names_when_their_rows_go() {
        let mut columns = Columns::named(["price", "promotion"]);
        columns.push_row([1.0, f64::NAN]);
        columns.push_row([2.0, 1.0]);
        columns.insert("cap", vec![9.0, 9.0]);
        columns.insert("price", vec![3.0, 4.0]);
        assert_eq!(columns.get("price"), Some(&[3.0, 4.0][..]));
        assert_eq!(columns.get("floor"), None);
        columns.clear_rows();
        assert_eq!(columns.names(), ["price", "promotion", "cap"]);
        assert!(columns.iter().all(|(_, values)| values.is_empty()));
    }

    #[test]
    fn unsafe_names_are_refused_with_the_rule() {
        for (name, rule) in [
            ("", "empty"),
            ("../etc", "dot"),
            (".hidden", "dot"),
            ("_SUCCESS", "underscore"),
            ("a/b", "not safe"),
            ("a\\b", "not safe"),
            ("a\nb", "not safe"),
            (" a", "white space"),
            (&"x".repeat(201), "longer"),
        ] {
            let complaint = CustomerId::new(name).unwrap_err();
            assert!(complaint.contains(rule), "{name:?}: {complaint}");
        }
    }
}
