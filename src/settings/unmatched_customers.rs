//! Customers of the tables of overrides, holidays and the future that are not in the input: most are misspelled.

use super::{run::Settings, task::Task};
use crate::input::CustomerRows;
use std::{collections::HashSet, path::Path};

impl Settings {
    /// For each table with customers that are not in the input, a line that says how many and names the first.
    pub fn unmatched<'a>(&self, input: impl Iterator<Item = &'a str>) -> Vec<String> {
        let Task::Forecast(task) = &self.task else { return Vec::new() };
        let overrides = self.tables.overrides.iter().flat_map(|table| table.customers.keys().map(String::as_str));
        let holidays = self.tables.holidays.iter().flat_map(|table| table.by_customer.keys().map(String::as_str));
        let future = task.future().into_iter().flat_map(CustomerRows::customers);
        let mut unmatched: Vec<(Option<&Path>, HashSet<&str>)> = vec![
            (task.overrides.as_deref(), overrides.collect()),
            (task.holidays.as_deref(), holidays.collect()),
            (task.future.as_deref(), future.collect()),
        ];
        // Most runs have no such table, and the input may be millions of customers.
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
