//! Names in the tables of settings that match nobody: most are slips of the pen.

use super::{Settings, Task, holidays::HolidayTable, recipe::Tables};
use crate::{
    error::{Error, Result},
    input::CustomerRows,
};
use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

impl Tables {
    /// Insists that each group has customers, and settings or holidays.
    pub(super) fn check_groups(&self) -> Result<()> {
        match self.idle_groups().as_slice() {
            [] => Ok(()),
            [group] => Err(Error::Settings(group.clone())),
            groups => Err(Error::Settings(format!("{} groups lead nowhere:\n  {}", groups.len(), groups.join("\n  ")))),
        }
    }

    /// A sentence for each group that has settings or holidays and no customers, or customers and neither.
    fn idle_groups(&self) -> Vec<String> {
        let overrides = self.overrides.as_deref();
        let holidays = self.holidays.as_deref().map(HolidayTable::groups);
        let mut defined: BTreeMap<&str, String> = BTreeMap::new();
        let mut members: BTreeMap<&str, &str> = BTreeMap::new();
        defined.extend(holidays.into_iter().flatten().map(|(group, place)| (group.as_str(), place.clone())));
        if let Some(overrides) = overrides {
            defined.extend(overrides.groups.iter().map(|(group, at)| (group.as_str(), overrides.place(*at))));
            for (customer, group) in &overrides.group_of {
                // The first by name, so that the message is always the same.
                let first = members.entry(group).or_insert(customer);
                *first = (*first).min(customer);
            }
        }
        let way_out = if overrides.is_some() {
            "write it beside its customers, or remove the row"
        } else {
            "say who is in it by a table of customers and groups, overrides=FILE"
        };
        let empty = (defined.iter().filter(|(group, _)| !members.contains_key(*group)))
            .map(|(group, place)| format!("{place}: no customer is in the group {group:?}: {way_out}"));
        let bare = members.iter().filter(|(group, _)| !defined.contains_key(*group)).filter_map(|(group, customer)| {
            let overrides = overrides?;
            Some(format!(
                "{}: the group {group:?} has no settings and no holidays: give it a row of its own, or leave the cell empty",
                overrides.place(overrides.customers[*customer])
            ))
        });
        empty.chain(bare).collect()
    }
}

impl Settings {
    /// For each table with customers that are not in the input, a line that says how many and names the first.
    pub fn unmatched<'a>(&self, input: impl Iterator<Item = &'a str>) -> Vec<String> {
        let Task::Forecast(task) = &self.task else { return Vec::new() };
        let Tables { overrides, holidays, future, .. } = &task.tables;
        let overrides = overrides.iter().flat_map(|table| table.customers.keys().map(String::as_str));
        let holidays = holidays.iter().flat_map(|table| table.customers());
        let future = future.as_deref().into_iter().flat_map(CustomerRows::customers);
        let mut unmatched: Vec<(Option<&Path>, HashSet<&str>)> = vec![
            (task.overrides.as_deref(), overrides.collect()),
            (task.holidays.as_deref(), holidays.collect()),
            (task.future.as_deref(), future.collect()),
        ];
        // Most runs name nobody: their input may be millions of customers.
        unmatched.retain(|(_, names)| !names.is_empty());
        if unmatched.is_empty() {
            return Vec::new();
        }
        for customer in input {
            for (_, names) in &mut unmatched {
                names.remove(customer);
            }
        }
        let line = |(path, names): (Option<&Path>, HashSet<&str>)| {
            let (path, first) = (path?.display(), names.iter().min()?);
            Some(match names.len() {
                1 => format!("{path}: 1 of its customers is not in the input: {first}"),
                count => format!("{path}: {count} of its customers are not in the input, such as {first}"),
            })
        };
        unmatched.into_iter().filter_map(line).collect()
    }
}
