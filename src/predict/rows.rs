//! One customer's predictions for rows of features.

use crate::{
    error::Result,
    input::{CustomerRows, Sheet},
    results::Rows,
    words::counted,
};
use manyfit_models::{
    Fitted, FittedRows,
    data::{Cell, Feature},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many values of each feature are categories that the model was not trained on.
pub(super) type Unseen = BTreeMap<String, usize>;

/// The columns of a model's SHAP values.
pub(super) fn shap_names(model: &Fitted) -> Vec<String> {
    let Fitted::Rows(model) = model else { return Vec::new() };
    shap_columns(model)
}

fn shap_columns(model: &FittedRows) -> Vec<String> {
    let features = model.features().iter().map(|feature| format!("shap_{}", feature.name));
    features.chain(["shap_bias".to_owned()]).collect()
}

/// Predictions for a customer's rows of features, as rows of a table with these columns.
pub(super) fn predict(
    customer: &str,
    model: &FittedRows,
    features: &CustomerRows,
    shap: bool,
    columns: &[String],
) -> Result<(Rows, Unseen)> {
    let mut without_names = HashSet::new();
    let rows = features.rows_unless_names(customer, |sheet| {
        let is_data = names_are_data(sheet, model)?;
        if is_data || sheet.headerless {
            without_names.insert(sheet.file.as_str());
        }
        Ok(is_data)
    })?;
    let shap_columns = if shap { shap_columns(model) } else { Vec::new() };
    let mut predictions = Vec::with_capacity(rows.len());
    let mut contributions = vec![Vec::new(); shap_columns.len()];
    let mut encoded = Vec::new();
    let mut unseen = Unseen::new();
    for row in &rows {
        let mut cells = Vec::with_capacity(model.features().len());
        for (at, feature) in model.features().iter().enumerate() {
            let (has, needs) = (row.sheet.columns.len(), model.features().len());
            let column = match row.sheet.find(&[&feature.name]) {
                // Without names the columns are the features in their order, as in XGBoost.
                None if without_names.contains(row.sheet.file.as_str()) => at,
                None => row.sheet.require(&[&feature.name])?,
                Some(column) => column,
            };
            if column >= has && without_names.contains(row.sheet.file.as_str()) {
                let (has, needs) = (counted(has, "field"), counted(needs, "feature"));
                return Err(row.row_fault(&format!("the row has {has}, and the model has {needs}")));
            }
            cells.push(match &feature.categories {
                None if row.has_own_notation() => row.number(column)?.map_or(Cell::Missing, Cell::Number),
                _ => row.text(column).map_or(Cell::Missing, Cell::Text),
            });
        }
        model.encode(cells.iter().copied(), &mut encoded).map_err(|fault| row.row_fault(&fault))?;
        for (feature, (cell, number)) in model.features().iter().zip(cells.iter().zip(&encoded)) {
            if feature.is_unseen(*cell, *number) {
                *unseen.entry(feature.name.clone()).or_default() += 1;
            }
        }
        predictions.push(shortest(model.predict(&encoded)?));
        if shap {
            for (column, value) in contributions.iter_mut().zip(model.shap_values(&encoded)?) {
                column.push(value);
            }
        }
    }
    let keys = (1..=rows.len() as i64).collect();
    let mut by_name: HashMap<String, Vec<f64>> = shap_columns.into_iter().zip(contributions).collect();
    by_name.insert("prediction".into(), predictions);
    let columns = columns.iter().map(|name| by_name.remove(name).unwrap_or_default()).collect();
    Ok((Rows { customer: customer.to_owned(), keys, columns }, unseen))
}

/// Whether the first line of a table is data, not names: it names no feature, and each field may be a feature's value.
///
/// # Errors
/// `Error::Data` if the line names some features but not all.
fn names_are_data(sheet: &Sheet, model: &FittedRows) -> Result<bool> {
    if sheet.headerless {
        return Ok(false);
    }
    let features = model.features();
    let missing: Vec<&Feature> = features.iter().filter(|feature| sheet.find(&[&feature.name]).is_none()).collect();
    let Some(first) = missing.first() else { return Ok(false) };
    let values = sheet.columns.iter().map(|name| Cell::Text(name));
    let could_be = missing.len() == features.len() && sheet.has_number_as_name();
    if could_be && model.encode(values, &mut Vec::new()).is_ok() {
        return Ok(true);
    }
    sheet.require(&[&first.name]).map(|_| false)
}

/// A single-precision number as the double with the same shortest decimal: 0.1 instead of 0.10000000149011612.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}
