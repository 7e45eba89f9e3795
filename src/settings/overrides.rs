//! The table of settings that differ by customer. Precedence: customer, then group, then the settings of the run.
//!
//! It has a column `customer` (or `customer_id`, or called as in the input), a column `group` or both, and a column for each setting that differs; an
//! empty cell leaves a setting as it is. A row with a customer holds its settings, and its group if it has one; a row with a
//! group alone holds those of the group.

use super::{
    compatibility,
    family::Family,
    lookup::{find, normalized, settings_of},
};
use crate::{
    error::{Error, Result},
    input::{Sheet, SheetRow, SheetSettings},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The table of overrides.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    sheets: Vec<Sheet>,
    /// The columns of settings of each sheet, with their canonical names.
    columns: Vec<Vec<(usize, String)>>,
    /// Sheet and row of each customer.
    pub(super) customers: HashMap<String, (usize, usize)>,
    /// Sheet and row of each group.
    pub(super) groups: HashMap<String, (usize, usize)>,
    /// The group of each customer that has one.
    pub(super) group_of: HashMap<String, String>,
}

impl Overrides {
    pub(super) fn read(path: &Path, settings: &SheetSettings) -> Result<Self> {
        let mut overrides = Self { sheets: Sheet::read_all(path, settings)?, ..Self::default() };
        for (at, sheet) in overrides.sheets.iter().enumerate() {
            let customer = sheet.customer();
            let group = sheet.find(&["group"]).filter(|group| customer != Some(*group));
            if customer.is_none() && group.is_none() {
                return Err(Error::Settings(format!(
                    "{}: has neither a column customer nor a column group",
                    sheet.file
                )));
            }
            let settings = sheet.columns.iter().enumerate().filter(|(at, _)| ![customer, group].contains(&Some(*at)));
            let settings = settings.map(|(column, name)| {
                Ok((
                    column,
                    setting(name).map_err(|complaint| {
                        Error::Settings(format!("{}: the column {name:?} {complaint}", sheet.file))
                    })?,
                ))
            });
            overrides.columns.push(settings.collect::<Result<_>>()?);
            for (row, cells) in sheet.rows().enumerate() {
                let word = |column: Option<usize>| column.and_then(|column| cells.word(column));
                let (customer, group) = (word(customer), word(group));
                let (known, name) = match (customer, group) {
                    (Some(customer), _) => (&mut overrides.customers, customer),
                    (None, Some(group)) => (&mut overrides.groups, group),
                    (None, None) => return Err(cells.row_fault("the row names neither a customer nor a group")),
                };
                if known.insert(name.to_owned(), (at, row)).is_some() {
                    return Err(cells.row_fault(&format!("{name} has an earlier row too: remove one")));
                }
                if let (Some(customer), Some(group)) = (customer, group) {
                    overrides.group_of.insert(customer.into(), group.into());
                }
            }
        }
        Ok(overrides)
    }

    /// File and line of a row, as in "overrides.csv: line 3".
    pub(super) fn place(&self, (sheet, row): (usize, usize)) -> String {
        self.sheets[sheet].row(row).describe()
    }

    /// File and line of the last row that is about a customer; `None` where there is no row about it.
    pub(super) fn place_of(&self, customer: &str) -> Option<String> {
        self.rows_of(customer).last().map(|(_, row)| row.describe())
    }

    /// The rows of a customer's group and of the customer, with the numbers of their sheets.
    fn rows_of(&self, customer: &str) -> impl Iterator<Item = (usize, SheetRow<'_>)> {
        let group = self.group_of.get(customer).and_then(|group| self.groups.get(group));
        let rows = group.into_iter().chain(self.customers.get(customer));
        rows.map(|&(sheet, row)| (sheet, self.sheets[sheet].row(row)))
    }

    /// What those rows set.
    pub(super) fn settings_of(&self, customer: &str) -> BTreeMap<&str, &str> {
        let cells = self.rows_of(customer).flat_map(|(sheet, row)| {
            let columns = self.columns[sheet].iter();
            columns.filter_map(move |(column, name)| Some((name.as_str(), row.word(*column)?)))
        });
        cells.collect()
    }
}

/// The canonical name of a setting that may differ by customer.
fn setting(column: &str) -> Result<String, String> {
    let name = normalized(column);
    match find(Family::Prophet, &name) {
        Some(setting) if setting.per_customer => Ok(setting.name.into()),
        None if compatibility::check(Family::Prophet, &name, "0").is_some_and(|checked| checked.is_ok()) => Ok(name),
        _ => {
            let allowed = settings_of(Family::Prophet).filter(|setting| setting.per_customer);
            let allowed: Vec<&str> = allowed.map(|setting| setting.name).collect();
            Err(format!("is not a setting that may differ by customer; those are {}", allowed.join(", ")))
        }
    }
}
