//! Groups in the tables of overrides and holidays must have customers, and settings or holidays.

use super::tables::Tables;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Checks that each group has customers, and settings or holidays: others are usually misspelled.
pub(super) fn check_groups(tables: &Tables) -> Result<()> {
    let groups = groups_without_effect(tables);
    if groups.is_empty() { Ok(()) } else { Err(Error::all_settings("groups have no effect", &groups)) }
}

/// A sentence for each group that has settings or holidays and no customers, or customers and neither.
fn groups_without_effect(tables: &Tables) -> Vec<String> {
    let overrides = tables.overrides.as_ref();
    let holidays = tables.holidays.as_ref().map(|table| &table.groups);
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
        "give it to customers in the column group, or remove the row"
    } else {
        "name its customers in a table of customers and groups, overrides=FILE"
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
