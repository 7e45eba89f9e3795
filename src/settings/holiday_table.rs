//! Holidays from tables.
//!
//! A table has the columns of Python's `holidays` data frame: `holiday`, `ds`, and optionally `lower_window`, `upper_window`,
//! `prior_scale`. A column `customer` (or `customer_id`, or called as in the input) or `group` restricts a row to a customer or a group; a row where both
//! are empty applies to all customers.

use crate::{
    error::Result,
    input::{Sheet, SheetSettings},
};
use manyfit_models::prophet::{Holiday, Holidays};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The holidays of tables: of all customers, by group and by customer.
#[derive(Debug, Default)]
pub(super) struct HolidayTable {
    pub(super) shared: Holidays,
    by_group: HashMap<String, Vec<Holiday>>,
    /// The groups that have holidays, and where each is named first.
    pub(super) groups: BTreeMap<String, String>,
    /// Holidays of single customers.
    pub(super) by_customer: HashMap<String, Vec<Holiday>>,
}

impl HolidayTable {
    pub(super) fn read(path: &Path, settings: &SheetSettings) -> Result<Self> {
        let mut table = Self::default();
        let mut shared = Vec::new();
        for sheet in Sheet::read_all(path, settings)? {
            let name = sheet.require(&["holiday", "name"])?;
            let date = sheet.require(&["ds", "date"])?;
            let [lower, upper] = [&["lower_window"], &["upper_window"]].map(|names| sheet.find(names));
            // Where the input's customers are called by another word of this table, that word keeps its meaning here.
            let customer = sheet.customer().filter(|at| ![name, date].contains(at));
            let prior = sheet.find(&["prior_scale"]);
            let group = sheet.find(&["group"]).filter(|group| customer != Some(*group));
            for row in sheet.rows() {
                let window = |column: Option<usize>, low: f64, high: f64, complaint: &str| {
                    let Some(column) = column else { return Ok(0) };
                    let days = row.number(column)?.unwrap_or(0.0);
                    if days.fract() == 0.0 && (low..=high).contains(&days) {
                        Ok(days as i32)
                    } else {
                        Err(row.fault(column, complaint))
                    }
                };
                let prior_scale = prior.map(|column| row.number(column)).transpose()?.flatten();
                if let (Some(column), Some(scale)) = (prior, prior_scale)
                    && !(1e-9..=1e9).contains(&scale)
                {
                    return Err(row.fault(column, "is not a prior scale: use a number from 1e-9 to 1e9"));
                }
                let holiday = Holiday {
                    name: row.word(name).ok_or_else(|| row.fault(name, "is not the name of a holiday"))?.to_owned(),
                    date: row.time(date)?,
                    lower_window: window(lower, -366.0, 0.0, "is not a lower window: use days from -366 to 0")?,
                    upper_window: window(upper, 0.0, 366.0, "is not an upper window: use days from 0 to 366")?,
                    prior_scale,
                };
                let word = |column: Option<usize>| column.and_then(|column| row.word(column));
                match (word(customer), word(group)) {
                    (Some(_), Some(_)) => {
                        return Err(row.row_fault("the row names a customer and a group: leave one of them empty"));
                    }
                    (Some(customer), None) => table.by_customer.entry(customer.into()).or_default().push(holiday),
                    (None, Some(group)) => {
                        table.groups.entry(group.into()).or_insert_with(|| row.describe());
                        table.by_group.entry(group.into()).or_default().push(holiday);
                    }
                    (None, None) => shared.push(holiday),
                }
            }
        }
        table.shared = shared.into();
        Ok(table)
    }

    /// The holidays of a customer: shared ones, those of its group and its own; `None` where there are only shared ones.
    pub(super) fn of(&self, customer: &str, group: Option<&str>) -> Option<Holidays> {
        let (group, own) = (group.and_then(|group| self.by_group.get(group)), self.by_customer.get(customer));
        if group.is_none() && own.is_none() {
            return None;
        }
        let extra = group.into_iter().chain(own).flatten();
        Some(self.shared.iter().chain(extra).cloned().collect())
    }
}
