//! Rows of features to a table.

use std::collections::HashMap;

use crate::input::{
    content::rows::{Context, FileRow, Rows},
    data_error::DataError,
    schema::{
        feature_columns::{FeatureColumn, FeatureColumns},
        header::Header,
    },
    value::{cell::Cell, number},
};
use manyfit_models::data::{Cell as Value, Feature, Matrix, Spelling, Table};

/// The most categories of a feature: single precision has every integer up to here.
const MOST_CATEGORIES: usize = 1 << 24;

/// The rows of one customer's table.
pub(in crate::input) struct TableRows {
    columns: Vec<Column>,
    /// Row after row.
    values: Vec<f32>,
    targets: Vec<f32>,
    weights: Option<Vec<f32>>,
    rows: Vec<u64>,
    missing: usize,
    /// For each column, the number of categories that are not in the training rows.
    unseen: Vec<usize>,
}

/// How a column's values become numbers.
enum Column {
    Numeric,
    /// The categories so far.
    Seen(SeenCategories),
    /// The feature of the training rows.
    Known(Feature),
}

/// The categories so far, numbered in the order of their first row.
#[derive(Default)]
struct SeenCategories {
    number: u32,
    /// The number of each text.
    of_text: HashMap<Box<str>, u32>,
    /// The number of each value that texts spell plainly: `1` and `1.0` are one category.
    of_value: HashMap<u64, u32>,
}

impl SeenCategories {
    /// The number of a text's category; `None` if there would be too many.
    fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(&number) = self.of_text.get(text) {
            return Some(number);
        }
        let next = self.number;
        let number = match Spelling::of(text).and_then(Spelling::plain_bits) {
            Some(value) => *self.of_value.entry(value).or_insert(next),
            None => next,
        };
        if number as usize >= MOST_CATEGORIES {
            return None;
        }
        self.number += u32::from(number == next);
        self.of_text.insert(text.into(), number);
        Some(number)
    }

    /// The categories by name, and the place of each by its number. Of several texts the name is the shortest, of these the
    /// first by its bytes, in whatever order the rows come.
    fn into_names(self) -> (Vec<String>, Vec<f32>) {
        let mut names: Vec<Option<Box<str>>> = vec![None; self.number as usize];
        for (text, number) in self.of_text {
            let name = &mut names[number as usize];
            if name.as_ref().is_none_or(|name| (text.len(), &text) < (name.len(), name)) {
                *name = Some(text);
            }
        }
        let mut sorted: Vec<(Box<str>, usize)> =
            names.into_iter().enumerate().filter_map(|(number, name)| Some((name?, number))).collect();
        sorted.sort_unstable();
        let mut places = vec![0.0; sorted.len()];
        sorted.iter().enumerate().for_each(|(place, (_, number))| places[*number] = place as f32);
        (sorted.into_iter().map(|(name, _)| name.into()).collect(), places)
    }
}

impl TableRows {
    /// Begins a row with a target; one value for each column must follow.
    fn begin(&mut self, number: u64, target: f32, weight: f32) {
        self.rows.push(number);
        self.targets.push(target);
        if let Some(weights) = &mut self.weights {
            weights.push(weight);
        }
    }

    /// Adds a category; an empty one is missing.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the value.
    fn push_category(&mut self, column: usize, text: &str) -> Result<(), &'static str> {
        let code = match &mut self.columns[column] {
            _ if number::is_missing(text.as_bytes()) => f32::NAN,
            Column::Seen(seen) => seen.number(text).ok_or("is one category too many: leave the column out")? as f32,
            Column::Known(feature) => {
                let code = feature.encode(Value::Text(text)).unwrap_or(f32::NAN);
                self.unseen[column] += usize::from(code.is_nan());
                code
            }
            Column::Numeric => return Err("is not a number"),
        };
        self.values.push(code);
        Ok(())
    }

    /// The table; `None` if no row has a target. `names` are those of the columns.
    fn into_table<'a>(mut self, names: impl Iterator<Item = &'a [u8]>) -> Result<Option<Table>, String> {
        if self.targets.is_empty() {
            return Ok(None);
        }
        let width = self.columns.len();
        let mut features = Vec::with_capacity(width);
        for (at, (column, name)) in self.columns.into_iter().zip(names).enumerate() {
            let name = String::from_utf8_lossy(name).into_owned();
            features.push(match column {
                Column::Numeric => Feature::numeric(name),
                Column::Known(feature) => feature,
                Column::Seen(seen) => {
                    let (categories, places) = seen.into_names();
                    for value in self.values.iter_mut().skip(at).step_by(width).filter(|value| !value.is_nan()) {
                        *value = places[*value as usize];
                    }
                    Feature { name, categories: Some(categories.into()) }
                }
            });
        }
        let matrix = Matrix::from_rows(width, &self.values).map_err(|error| error.to_string())?;
        let Self { targets, weights, rows, missing, unseen, .. } = self;
        Ok(Some(Table { features, matrix, targets, weights, rows, missing, unseen }))
    }
}

impl Rows for TableRows {
    type Columns = FeatureColumns;
    type Data = Option<Table>;

    fn with_capacity(columns: &FeatureColumns, known: Option<&[Feature]>, rows: usize, bytes: usize) -> Self {
        let width = columns.features.len();
        let column = |(at, column): (usize, &FeatureColumn)| match known.and_then(|known| known.get(at)) {
            Some(feature) if column.categorical => Column::Known(feature.clone()),
            None if column.categorical => Column::Seen(SeenCategories::default()),
            _ => Column::Numeric,
        };
        Self {
            columns: columns.features.iter().enumerate().map(column).collect(),
            // A row that seems to have many cells may be one line end, and a cell has at least the byte that ends it.
            values: Vec::with_capacity(rows.saturating_mul(width).min(bytes)),
            targets: Vec::with_capacity(rows),
            weights: columns.weight.map(|_| Vec::with_capacity(rows)),
            rows: Vec::with_capacity(rows),
            missing: 0,
            unseen: vec![0; width],
        }
    }

    #[inline]
    fn push(&mut self, row: &impl FileRow, columns: &FeatureColumns, header: &Header) -> Result<(), DataError> {
        let bad = |at: usize| move |complaint: &str| row.bad(at, header, complaint);
        let value = row.number_cell(columns.target).number(number::NOT_A_TARGET).and_then(target);
        let Some(target) = value.map_err(bad(columns.target))? else {
            self.missing += usize::from(!row.is_blank());
            return Ok(());
        };
        let weight = match columns.weight {
            Some(at) => row.number_cell(at).number(NOT_A_WEIGHT).and_then(weight).map_err(bad(at))?,
            None => 1.0,
        };
        self.begin(row.ordinal(), target, weight);
        for (feature, column) in columns.features.iter().enumerate() {
            let pushed = if column.categorical {
                let text = row.text(column.at);
                str::from_utf8(&text)
                    .map_err(|_| "is not text in UTF-8")
                    .and_then(|text| self.push_category(feature, text))
            } else {
                number_of(row.number_cell(column.at)).map(|number| self.values.push(number))
            };
            pushed.map_err(bad(column.at))?;
        }
        Ok(())
    }

    fn finish(self, columns: &FeatureColumns, header: &Header, _: Context) -> Result<Option<Table>, DataError> {
        self.into_table(columns.features.iter().map(|column| header.name(column.at))).map_err(DataError::file)
    }
}

/// A feature's number, NaN if it is missing.
#[inline]
fn number_of(cell: Cell<'_>) -> Result<f32, &'static str> {
    match cell {
        Cell::Text(text) => match fast_float2::parse::<f64, _>(text) {
            Ok(number) => single(number),
            Err(_) => match number::parse(text) {
                Ok(number) => Ok(number.map_or(f32::NAN, |number| number as f32)),
                Err(_) => Err(NOT_A_FEATURE),
            },
        },
        Cell::Number(number) => single(number),
        Cell::Integer(_) | Cell::Time(_) | Cell::Other => Err(NOT_A_FEATURE),
    }
}

/// What is wrong with a feature that is not a number.
const NOT_A_FEATURE: &str = "is not a number: correct the value, leave the cell empty if it is unknown, declare the \
    column with the setting categorical, or leave it out with the setting features";

/// Checks a feature's number: NaN is missing, and a number beyond single precision is an error.
#[inline]
fn single(number: f64) -> Result<f32, &'static str> {
    let single = number as f32;
    if single.is_infinite() {
        Err(
            "is infinite, or too large for single precision: correct the value, or leave the cell empty if it is unknown",
        )
    } else {
        Ok(single)
    }
}

/// Checks a target: `None` is missing, and squares of sums must stay finite.
fn target(number: Option<f64>) -> Result<Option<f32>, &'static str> {
    match number {
        Some(number) if number.abs() > f64::from(Matrix::MAX_TARGET) => {
            Err("is too large a target: choose a larger unit")
        }
        number => Ok(number.map(|number| number as f32)),
    }
}

/// What is wrong with a weight that is not a number.
const NOT_A_WEIGHT: &str = "is not a number: every row needs a weight, from 0 to 1000000000";

/// Checks a weight.
fn weight(number: Option<f64>) -> Result<f32, &'static str> {
    match number {
        Some(weight) if (0.0..=1e9).contains(&weight) => Ok(weight as f32),
        Some(_) => Err("is not a weight: it must be from 0 to 1000000000"),
        None => Err("is missing: every row needs a weight"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(known: Option<&[Feature]>, cells: &[(f32, &str)]) -> Option<Table> {
        let features = [false, true].into_iter().enumerate().map(|(at, categorical)| FeatureColumn { at, categorical });
        let columns = FeatureColumns { target: 2, weight: None, customer: None, features: features.collect() };
        let mut rows = TableRows::with_capacity(&columns, known, cells.len(), 0);
        for ((x, category), number) in cells.iter().zip(1..) {
            rows.begin(number, *x, 1.0);
            rows.values.push(*x);
            rows.push_category(1, category).unwrap();
        }
        rows.into_table([&b"x"[..], b"kind"].into_iter()).unwrap()
    }

    #[test]
    fn categories_are_numbered_in_the_order_of_their_names() {
        let table = rows(None, &[(1.0, "pear"), (2.0, "apple"), (3.0, ""), (4.0, "pear"), (5.0, "fig")]).unwrap();
        assert_eq!(table.features[1].categories.as_ref().unwrap().names(), ["apple", "fig", "pear"]);
        assert_eq!(table.matrix.column(0), [1.0, 2.0, 3.0, 4.0, 5.0]);
        let codes = table.matrix.column(1);
        assert!(codes[2].is_nan());
        assert_eq!([codes[0], codes[1], codes[3], codes[4]], [2.0, 0.0, 2.0, 1.0]);

        let judged = rows(Some(&table.features), &[(1.0, "fig"), (2.0, "melon"), (3.0, "")]).unwrap();
        assert_eq!((table.unseen, judged.unseen), (vec![0, 0], vec![0, 1]));
        assert_eq!(judged.features, table.features);
        assert_eq!(judged.matrix.column(1)[0], 1.0);
        assert!(judged.matrix.column(1)[1].is_nan());
    }

    #[test]
    fn one_value_is_one_category_in_training_and_validation_rows() {
        let cells = [(1.0, "1.0"), (2.0, "1"), (3.0, "2.50"), (4.0, "01"), (5.0, "true"), (6.0, "2.5"), (7.0, "x")];
        let table = rows(None, &cells).unwrap();
        assert_eq!(table.features[1].categories.as_ref().unwrap().names(), ["01", "1", "2.5", "x"]);
        assert_eq!(table.matrix.column(1), [1.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0]);
        let mut reversed = cells;
        reversed.reverse();
        assert_eq!(rows(None, &reversed).unwrap().features, table.features);

        let judged = rows(Some(&table.features), &[(1.0, "True"), (2.0, "2.500"), (3.0, "3"), (4.0, "1.00")]).unwrap();
        assert_eq!(judged.unseen, [0, 1]);
        let codes = judged.matrix.column(1);
        assert_eq!([codes[0], codes[1], codes[3]], [1.0, 2.0, 1.0]);
    }

    #[test]
    fn no_rows_are_no_table() {
        assert_eq!(rows(None, &[]), None);
    }
}
