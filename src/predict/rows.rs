//! Predictions for rows of features.

use super::{Customer, Unseen};
use crate::{
    artifact::Opened,
    error::{Error, Result},
    input::{CustomerRows, Sheet},
    results::Rows,
};
use manyfit_models::{
    Fitted, FittedRows,
    data::{Cell, Feature},
};
use std::collections::{HashMap, HashSet};

/// The columns of a model's SHAP values.
pub(super) fn shap_names(opened: &Opened) -> Vec<String> {
    let Fitted::Rows(fitted) = &opened.model else { return Vec::new() };
    let features = fitted.features().iter().map(|feature| format!("shap_{}", feature.name));
    features.chain(["shap_bias".to_owned()]).collect()
}

/// Predictions for a customer's rows of features; `columns` are the table's.
pub(super) fn block(
    customer: Customer,
    features: &CustomerRows,
    shap: bool,
    columns: &[String],
) -> Result<(Rows, Unseen)> {
    let Customer { name, opened } = customer;
    let shap_columns = shap_names(&opened);
    let Fitted::Rows(fitted) = opened.model else {
        let family = opened.model.name();
        return Err(Error::Data(format!(
            "the model is {family}, which forecasts a series: give --horizon or --future"
        )));
    };
    let mut untitled = HashSet::new();
    let rows = features.rows_unless_names(&name, |sheet| {
        let is_data = names_are_data(sheet, &fitted)?;
        if is_data || sheet.is_headerless() {
            untitled.insert(sheet.file());
        }
        Ok(is_data)
    })?;
    let mut predictions = Vec::with_capacity(rows.len());
    let mut contributions = vec![Vec::new(); if shap { shap_columns.len() } else { 0 }];
    let mut encoded = Vec::new();
    let mut unseen = Unseen::new();
    for row in &rows {
        let mut cells = Vec::with_capacity(fitted.features().len());
        for (at, feature) in fitted.features().iter().enumerate() {
            let column = match row.sheet().find(&[&feature.name]) {
                // Without names the columns are the features in their order, as XGBoost has it.
                None if untitled.contains(row.sheet().file()) => at,
                None => row.sheet().require(&[&feature.name])?,
                Some(column) => column,
            };
            if column >= row.sheet().columns().len() {
                let (has, needs) = (row.sheet().columns().len(), fitted.features().len());
                return Err(row.row_fault(&format!("the row has {has} fields, and the model has {needs} features")));
            }
            cells.push(row.text(column).map_or(Cell::Missing, Cell::Text));
        }
        fitted.encode(cells.iter().copied(), &mut encoded).map_err(|fault| row.row_fault(&fault))?;
        for (feature, (cell, number)) in fitted.features().iter().zip(cells.iter().zip(&encoded)) {
            if feature.categories.is_some() && number.is_nan() && matches!(cell, Cell::Text(_)) {
                *unseen.entry(feature.name.clone()).or_default() += 1;
            }
        }
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
    Ok((Rows { customer: name, keys: (1..=rows.len() as i64).collect(), columns }, unseen))
}

/// Whether a table's line of names is none, but a row of data: no feature is named there, and each could have its value.
///
/// # Errors
/// A feature that has no column.
fn names_are_data(sheet: &Sheet, fitted: &FittedRows) -> Result<bool> {
    if sheet.is_headerless() {
        return Ok(false);
    }
    let features = fitted.features();
    let lacking: Vec<&Feature> = features.iter().filter(|feature| sheet.find(&[&feature.name]).is_none()).collect();
    let Some(first) = lacking.first() else { return Ok(false) };
    let values = sheet.columns().iter().map(|name| Cell::Text(name));
    let could_be = lacking.len() == features.len() && sheet.has_number_as_name();
    if could_be && fitted.encode(values, &mut Vec::new()).is_ok() {
        return Ok(true);
    }
    sheet.require(&[&first.name]).map(|_| false)
}

/// The number whose shortest decimal is that of a single-precision number: 0.1 instead of 0.10000000149011612.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}
