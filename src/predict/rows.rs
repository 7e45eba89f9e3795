//! Tables of the user's, by customer: dates to come with their regressors, or rows of features.

use super::Customer;
use crate::{
    artifact::Opened,
    dataset::{Cell, Columns},
    error::{Error, Result},
    input::{Sheet, SheetRow},
    models::FittedModel,
    tables::Block,
};
use std::{collections::HashMap, path::Path};

/// The rows of one table or of a folder of tables, by customer.
///
/// - A column `customer` says whose each row is;
/// - without one, a table of a folder is that of the customer it is called after, and a table alone is everybody's.
pub struct CustomerRows {
    sheets: Vec<Sheet>,
    /// Table and row of each row of a customer.
    of: HashMap<String, Vec<(usize, usize)>>,
    shared: Option<usize>,
    named: String,
}

impl CustomerRows {
    /// Reads a table or a folder of tables.
    ///
    /// # Errors
    /// As for [`Sheet::read_all`]; [`Error::Data`] for a row that does not say whose it is.
    pub fn read(path: &Path) -> Result<Self> {
        let sheets = Sheet::read_all(path)?;
        let mut of: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        let mut shared = None;
        for (at, sheet) in sheets.iter().enumerate() {
            match sheet.find(&["customer", "customer_id"]) {
                Some(column) => {
                    for (row, cells) in sheet.rows().enumerate() {
                        let customer = cells.text(column).ok_or_else(|| {
                            cells.fault(column, "does not say whose row it is: every row needs a customer")
                        })?;
                        of.entry(customer.to_owned()).or_default().push((at, row));
                    }
                }
                None if path.is_dir() => {
                    let rows = (0..sheet.rows().len()).map(|row| (at, row));
                    of.entry(sheet.stem().to_owned()).or_default().extend(rows);
                }
                None => shared = Some(at),
            }
        }
        Ok(Self { sheets, of, shared, named: path.display().to_string() })
    }

    /// A customer's rows, in the order of the files.
    fn rows(&self, customer: &str) -> Result<Vec<SheetRow<'_>>> {
        if let Some(sheet) = self.shared {
            return Ok(self.sheets[sheet].rows().collect());
        }
        let rows =
            self.of.get(customer).map(|rows| rows.iter().map(|&(sheet, row)| self.sheets[sheet].row(row)).collect());
        rows.ok_or_else(|| Error::Data(format!("{} has no row of {customer}", self.named)))
    }

    /// A customer's dates, increasing, and the columns of numbers that are asked for, as far as they are there.
    pub(super) fn dated(&self, customer: &str, wanted: &[&str]) -> Result<(Vec<i64>, Columns)> {
        let mut dated = Vec::new();
        for row in self.rows(customer)? {
            dated.push((row.time(row.sheet().require(&["ds", "timestamp", "date"])?)?, row));
        }
        dated.sort_by_key(|(date, _)| *date);
        if let Some([_, (_, second)]) = dated.array_windows().find(|[first, second]| first.0 == second.0) {
            return Err(second.row_fault("the date stands in an earlier row of the customer too: remove one"));
        }
        let mut columns = Columns::default();
        for name in wanted {
            let mut values = Vec::with_capacity(dated.len());
            for (_, row) in &dated {
                // What is not there is complained of by the model, which knows whether it can do without.
                let value = row.sheet().find(&[name]).map(|column| row.number(column)).transpose()?.flatten();
                values.push(value.unwrap_or(f64::NAN));
            }
            if dated.iter().any(|(_, row)| row.sheet().find(&[name]).is_some()) {
                columns.insert(name, values);
            }
        }
        Ok((dated.into_iter().map(|(date, _)| date).collect(), columns))
    }
}

/// The columns of a model's SHAP values.
pub(super) fn shap_names(opened: &Opened) -> Vec<String> {
    let FittedModel::Regression(fitted) = &opened.model else { return Vec::new() };
    let features = fitted.features().iter().map(|feature| format!("shap_{}", feature.name));
    features.chain(["shap_bias".to_owned()]).collect()
}

/// Predictions for a customer's rows of features; `columns` are the table's.
pub(super) fn block(customer: Customer, features: &CustomerRows, shap: bool, columns: &[String]) -> Result<Block> {
    let Customer { name, opened } = customer;
    let shap_columns = shap_names(&opened);
    let FittedModel::Regression(fitted) = opened.model else {
        let family = opened.model.name();
        return Err(Error::Data(format!(
            "the model is {family}, which forecasts a series: give --horizon or --future"
        )));
    };
    let rows = features.rows(&name)?;
    let mut predictions = Vec::with_capacity(rows.len());
    let mut contributions = vec![Vec::new(); if shap { shap_columns.len() } else { 0 }];
    let mut encoded = Vec::new();
    for row in &rows {
        let mut cells = Vec::with_capacity(fitted.features().len());
        for (at, feature) in fitted.features().iter().enumerate() {
            let column = match row.sheet().find(&[&feature.name]) {
                // Without names the columns are the features in their order, as XGBoost has it.
                None if row.sheet().is_headerless() => at,
                None => row.sheet().require(&[&feature.name])?,
                Some(column) => column,
            };
            if column >= row.sheet().columns().len() {
                let (has, needs) = (row.sheet().columns().len(), fitted.features().len());
                return Err(row.row_fault(&format!("the row has {has} fields, and the model has {needs} features")));
            }
            cells.push(row.text(column).map_or(Cell::Missing, Cell::Text));
        }
        fitted.encode(cells, &mut encoded).map_err(|fault| row.row_fault(&fault))?;
        predictions.push(shortest(fitted.predict(&encoded)?));
        if shap {
            for (column, value) in contributions.iter_mut().zip(fitted.shap_values(&encoded)?) {
                column.push(value);
            }
        }
    }
    let mut by_name: HashMap<String, Vec<f64>> = shap_columns.into_iter().zip(contributions).collect();
    by_name.insert("prediction".into(), predictions);
    let columns = columns.iter().map(|name| by_name.remove(name).unwrap_or_default()).collect();
    Ok(Block { customer: name, keys: (1..=rows.len() as i64).collect(), columns })
}

/// The number whose shortest decimal is that of a single-precision number: 0.1 instead of 0.10000000149011612.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}
