//! Rows of features with a target, for regression.

use super::{Categories, Examples, Matrix, truth};
use serde::{Deserialize, Serialize};

/// Texts that mean a missing value, in any case, as does an empty text.
const MISSING: [&[u8]; 7] = [b"na", b"nan", b"null", b"none", b"n/a", b"#n/a", b"<na>"];

/// Whether a cell's text means a missing value.
#[must_use]
pub fn is_missing(text: &[u8]) -> bool {
    text.is_empty() || MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing))
}

/// Texts that mean a missing number, and may be a category or a name: FRED's and SAS's point, and what people type.
const MISSING_NUMBERS: [&[u8]; 6] = [b".", b"-", b"--", b"?", b"#n/a n/a", b"#na"];

/// Whether a cell's text means a missing value where numbers are expected.
#[must_use]
pub fn is_missing_number(text: &[u8]) -> bool {
    is_missing(text) || MISSING_NUMBERS.iter().any(|missing| text.eq_ignore_ascii_case(missing))
}

/// A feature of a model: its name, and how its values become numbers.
///
/// - a numeric feature has no categories; its values are taken as single precision, `true` and `false` as 1 and 0;
/// - a value of a categorical feature is its category's code, see [`Categories`]. A value that is not a category counts as
///   missing: it did not occur in training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// The column's name; `f0`, `f1`, … for the columns after the target in files without a header, as in XGBoost.
    pub name: String,
    /// The categories; none for a numeric feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
}

/// A value of a feature before it is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing, or null.
    Missing,
    /// A number; 1 or 0 for a truth value.
    Number(f64),
    /// A number that a double may not hold exactly.
    Integer(i64),
    /// Text: a category, a number as text, or a mark of a missing value such as `NA`.
    Text(&'a str),
}

impl Feature {
    /// A numeric feature.
    #[must_use]
    pub fn numeric(name: impl Into<String>) -> Self {
        Self { name: name.into(), categories: None }
    }

    /// XGBoost's names for features that have none: `f0`, `f1`, …
    #[must_use]
    pub fn unnamed(count: usize) -> Vec<Self> {
        (0..count).map(|at| Self::numeric(format!("f{at}"))).collect()
    }

    /// The number that a model sees, NaN where the value is missing.
    ///
    /// # Errors
    /// A sentence that names the feature and the value: text that is not a number in a numeric feature, infinite values.
    pub fn encode(&self, cell: Cell<'_>) -> Result<f32, String> {
        let complain = |value: &dyn std::fmt::Display, complaint: &str| {
            Err(format!("feature {:?}: {value} {complaint}", self.name))
        };
        let number = match (cell, &self.categories) {
            (Cell::Missing, _) => return Ok(f32::NAN),
            (Cell::Text(text), _) if is_missing(text.trim().as_bytes()) => return Ok(f32::NAN),
            (Cell::Text(text), Some(categories)) => return Ok(code(categories.code(text.trim()))),
            (Cell::Number(number), Some(categories)) => return Ok(code(categories.code_of(number))),
            (Cell::Integer(number), Some(categories)) => return Ok(code(categories.code(&number.to_string()))),
            (Cell::Number(number), None) => number,
            (Cell::Integer(number), None) => number as f64,
            (Cell::Text(text), None) => match (text.trim().parse(), truth(text.trim().as_bytes())) {
                (Ok(number), _) => number,
                (_, Some(truth)) => f64::from(u8::from(truth)),
                _ if is_missing_number(text.trim().as_bytes()) => return Ok(f32::NAN),
                _ => return complain(&format_args!("{text:?}"), "is not a number, and the feature is numeric"),
            },
        };
        let single = number as f32;
        if single.is_infinite() {
            return complain(&number, "is infinite, or too large for single precision; leave it out if it is unknown");
        }
        Ok(single)
    }

    /// Whether [`Feature::encode`] made `encoded` of a value that is not one of the categories.
    #[must_use]
    pub fn is_unseen(&self, cell: Cell<'_>, encoded: f32) -> bool {
        self.categories.is_some() && encoded.is_nan() && !cell.is_missing()
    }
}

impl Cell<'_> {
    /// Whether there is no value.
    #[must_use]
    pub fn is_missing(self) -> bool {
        match self {
            Self::Missing => true,
            Self::Number(number) => number.is_nan(),
            Self::Integer(_) => false,
            Self::Text(text) => is_missing(text.trim().as_bytes()),
        }
    }
}

/// A category's code as the number that a model sees, NaN if there is no such category.
fn code(code: Option<usize>) -> f32 {
    code.map_or(f32::NAN, |code| code as f32)
}

/// One customer's rows of features with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the columns of `matrix` are, shape (k).
    pub features: Vec<Feature>,
    /// The features' values, shape (n, k), categories as their indices.
    pub matrix: Matrix,
    /// The targets, shape (n), in the units of the input; finite.
    pub targets: Vec<f32>,
    /// The sample weights, shape (n), if the rows are weighted.
    pub weights: Option<Vec<f32>>,
    /// The number of each row among the rows of its file, shape (n), from 1, the header not counted.
    pub rows: Vec<u64>,
    /// Number of rows that were dropped because they have no target.
    pub missing: usize,
    /// Number of values of each feature, shape (k), that are not one of its categories, and count as missing: 0 in training rows.
    pub unseen: Vec<usize>,
}

impl Table {
    /// The rows as a model takes them.
    #[must_use]
    pub fn examples(&self) -> Examples<'_> {
        Examples::new(&self.matrix, &self.targets, self.weights.as_deref())
    }

    /// Number of rows, n.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are no rows: never true of a table that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The rows at these indices, in this order; `None` for no rows.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Option<Self> {
        let columns = (0..self.matrix.columns()).map(|column| self.matrix.column(column));
        let values: Vec<f32> = columns.flat_map(|column| places.iter().map(|&row| column[row])).collect();
        Some(Self {
            features: self.features.clone(),
            matrix: Matrix::from_columns(places.len(), values).ok()?,
            targets: places.iter().map(|&row| self.targets[row]).collect(),
            weights: self.weights.as_ref().map(|weights| places.iter().map(|&row| weights[row]).collect()),
            rows: places.iter().map(|&row| self.rows[row]).collect(),
            missing: self.missing,
            unseen: self.unseen.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_its_place_and_an_unseen_one_is_missing() {
        let categories = ["7", "CA", "GA"].map(str::to_owned).to_vec();
        let sorted = Feature { name: "STATE".into(), categories: Some(categories.into()) };
        assert_eq!(sorted.encode(Cell::Text(" GA ")), Ok(2.0));
        for seven in [Cell::Number(7.0), Cell::Integer(7), Cell::Text("7.0")] {
            assert_eq!(sorted.encode(seven), Ok(0.0), "{seven:?}");
        }
        for (cell, unseen) in [(Cell::Text("TX"), true), (Cell::Number(8.0), true), (Cell::Text(" NA"), false)] {
            assert_eq!(sorted.is_unseen(cell, sorted.encode(cell).unwrap()), unseen, "{cell:?}");
        }
        assert!(sorted.encode(Cell::Text("TX")).unwrap().is_nan());
        assert!(sorted.encode(Cell::Text("null")).unwrap().is_nan());
        assert!(sorted.encode(Cell::Missing).unwrap().is_nan());
    }

    #[test]
    fn text_and_infinity_in_a_numeric_feature_are_refused_by_name_and_value() {
        let feature = Feature::numeric("SQFT");
        assert_eq!(feature.encode(Cell::Text("1.5e3")), Ok(1500.0));
        assert_eq!((feature.encode(Cell::Text("True")), feature.encode(Cell::Text("false"))), (Ok(1.0), Ok(0.0)));
        assert!(feature.encode(Cell::Text("NA")).unwrap().is_nan());
        assert!(
            feature.encode(Cell::Text("big")).unwrap_err().starts_with("feature \"SQFT\": \"big\" is not a number")
        );
        for infinite in [Cell::Number(1e39), Cell::Number(f64::NEG_INFINITY), Cell::Text("inf")] {
            assert!(feature.encode(infinite).unwrap_err().contains("infinite"), "{infinite:?}");
        }
    }

    #[test]
    fn rows_are_selected_with_all_that_belongs_to_them() {
        let table = Table {
            features: Feature::unnamed(2),
            matrix: Matrix::from_rows(2, &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0]).unwrap(),
            targets: vec![0.1, 0.2, 0.3],
            weights: Some(vec![1.0, 2.0, 3.0]),
            rows: vec![1, 3, 4],
            missing: 1,
            unseen: vec![0; 2],
        };
        let some = table.select(&[2, 0]).unwrap();
        assert_eq!((some.matrix.column(1), &some.targets[..]), (&[30.0, 10.0][..], &[0.3, 0.1][..]));
        assert_eq!((some.weights, some.rows), (Some(vec![3.0, 1.0]), vec![4, 1]));
        assert_eq!(table.select(&[]), None);
    }
}
