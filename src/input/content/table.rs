//! Rows of features to a table.

use std::collections::HashMap;

use manyfit_models::data::{Feature, Matrix, Table};

/// The most categories of a feature: what single precision counts without gaps.
const MOST_CATEGORIES: usize = 1 << 24;

/// One customer's rows, as they are read.
pub(in crate::input) struct TableRows {
    columns: Vec<Column>,
    /// Row by row.
    values: Vec<f32>,
    targets: Vec<f32>,
    weights: Option<Vec<f32>>,
    rows: Vec<u64>,
    missing: usize,
    /// Of each column.
    unseen: Vec<usize>,
}

/// How a column's values become numbers.
enum Column {
    Numeric,
    /// The categories that were seen so far, in the order in which they were.
    Seen(HashMap<Box<str>, u32>),
    /// The feature of the training rows.
    Known(Feature),
}

impl TableRows {
    /// `categorical` says of each column whether it is; `known` are the features of the training rows, if these are rows
    /// to judge by. About `capacity` rows are to come, from `bytes` bytes of text: a row that looks like many cells may be
    /// one line end.
    pub(in crate::input) fn new(
        categorical: impl ExactSizeIterator<Item = bool>,
        known: Option<&[Feature]>,
        weighted: bool,
        capacity: usize,
        bytes: usize,
    ) -> Self {
        let width = categorical.len();
        let column = |(at, categorical): (usize, bool)| match known.and_then(|known| known.get(at)) {
            Some(feature) if categorical => Column::Known(feature.clone()),
            None if categorical => Column::Seen(HashMap::new()),
            _ => Column::Numeric,
        };
        Self {
            columns: categorical.enumerate().map(column).collect(),
            // A cell has at least the byte that ends it.
            values: Vec::with_capacity(capacity.saturating_mul(width).min(bytes)),
            targets: Vec::with_capacity(capacity),
            weights: weighted.then(|| Vec::with_capacity(capacity)),
            rows: Vec::with_capacity(capacity),
            missing: 0,
            unseen: vec![0; width],
        }
    }

    /// Begins a row that has a target; one value for each column must follow.
    pub(in crate::input) fn begin(&mut self, number: u64, target: f32, weight: f32) {
        self.rows.push(number);
        self.targets.push(target);
        if let Some(weights) = &mut self.weights {
            weights.push(weight);
        }
    }

    /// Counts a row that has no target.
    pub(in crate::input) fn leave_out(&mut self) {
        self.missing += 1;
    }

    #[inline]
    pub(in crate::input) fn push(&mut self, value: f32) {
        self.values.push(value);
    }

    /// Takes a category; an empty one is missing.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the value.
    pub(in crate::input) fn push_category(&mut self, column: usize, text: &str) -> Result<(), &'static str> {
        let code = match &mut self.columns[column] {
            _ if manyfit_models::data::is_missing(text.as_bytes()) => f32::NAN,
            Column::Seen(seen) => {
                let next = seen.len();
                match seen.get(text) {
                    Some(&code) => code as f32,
                    None if next == MOST_CATEGORIES => return Err("is one category too many: leave the column out"),
                    None => {
                        seen.insert(text.into(), next as u32);
                        next as f32
                    }
                }
            }
            Column::Known(feature) => {
                let code = feature.encode(manyfit_models::data::Cell::Text(text)).unwrap_or(f32::NAN);
                self.unseen[column] += usize::from(code.is_nan());
                code
            }
            Column::Numeric => return Err("is not a number"),
        };
        self.values.push(code);
        Ok(())
    }

    /// The table; `None` where no row has a target. `names` are those of the columns.
    pub(in crate::input) fn finish<'a>(
        mut self,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<Table>, String> {
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
                    let mut categories: Vec<(Box<str>, u32)> = seen.into_iter().collect();
                    categories.sort_unstable();
                    let mut places = vec![0.0; categories.len()];
                    categories.iter().enumerate().for_each(|(place, (_, code))| places[*code as usize] = place as f32);
                    for value in self.values.iter_mut().skip(at).step_by(width).filter(|value| !value.is_nan()) {
                        *value = places[*value as usize];
                    }
                    let categories = categories.into_iter().map(|(category, _)| category.into()).collect();
                    Feature { name, categories: Some(categories) }
                }
            });
        }
        let matrix = Matrix::from_rows(width, &self.values).map_err(|error| error.to_string())?;
        let Self { targets, weights, rows, missing, unseen, .. } = self;
        Ok(Some(Table { features, matrix, targets, weights, rows, missing, unseen }))
    }
}

/// The rule for a feature's number: NaN is missing, and what single precision cannot hold is refused.
pub(in crate::input) fn single(number: f64) -> Result<f32, &'static str> {
    let single = number as f32;
    if single.is_infinite() {
        Err("is infinite, or too large for single precision: mend the value, or leave the cell empty if it is unknown")
    } else {
        Ok(single)
    }
}

/// The rule for a target: none if it is missing, and squares of sums must stay finite.
pub(in crate::input) fn target(number: Option<f64>) -> Result<Option<f32>, &'static str> {
    match number {
        Some(number) if number.abs() > f64::from(Matrix::MAX_TARGET) => {
            Err("is too large a target: choose a larger unit")
        }
        number => Ok(number.map(|number| number as f32)),
    }
}

/// What is wrong with text that is no number, where a weight should be.
pub(in crate::input) const NOT_A_WEIGHT: &str = "is not a number: every row needs a weight, from 0 to 1000000000";

/// The rule for a weight.
pub(in crate::input) fn weight(number: Option<f64>) -> Result<f32, &'static str> {
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
        let mut rows = TableRows::new([false, true].into_iter(), known, false, cells.len(), 0);
        for ((x, category), number) in cells.iter().zip(1..) {
            rows.begin(number, *x, 1.0);
            rows.push(*x);
            rows.push_category(1, category).unwrap();
        }
        rows.finish([&b"x"[..], b"kind"].into_iter()).unwrap()
    }

    #[test]
    fn categories_are_numbered_in_the_order_of_their_names() {
        let table = rows(None, &[(1.0, "pear"), (2.0, "apple"), (3.0, ""), (4.0, "pear"), (5.0, "fig")]).unwrap();
        assert_eq!(table.features[1].categories.as_deref().unwrap(), ["apple", "fig", "pear"]);
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
    fn no_rows_are_no_table() {
        assert_eq!(rows(None, &[]), None);
    }
}
