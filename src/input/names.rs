//! The columns' names, for people.

use std::fmt;

use super::{
    InputSettings,
    columns::{Columns, Header},
};

/// The columns that one file's series are made of.
///
/// Displays as `timestamp = "WeekStarting", target = "Quantity" (guessed; set timestamp and target to choose)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames {
    /// The column of timestamps.
    pub timestamp: ColumnName,
    /// The column of values.
    pub target: ColumnName,
    /// The column that says whose row it is, in files of many customers.
    pub customer: Option<ColumnName>,
}

/// A column's name, and whether it was guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// The name as the file has it; `#1` for the first column of a file without a header.
    pub name: String,
    /// Not set by the user.
    pub guessed: bool,
}

impl ColumnNames {
    pub(super) fn new(columns: Columns, settings: &InputSettings, header: &Header) -> Self {
        let choice = |at: usize, set: &Option<String>| ColumnName { name: header.display(at), guessed: set.is_none() };
        Self {
            timestamp: choice(columns.timestamp, &settings.timestamp),
            target: choice(columns.target, &settings.target),
            customer: columns.customer.map(|at| choice(at, &settings.customer)),
        }
    }
}

impl fmt::Display for ColumnNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timestamp = {:?}, target = {:?}", self.timestamp.name, self.target.name)?;
        if let Some(customer) = &self.customer {
            write!(f, ", customer = {:?}", customer.name)?;
        }
        let guessed: Vec<&str> = [
            ("timestamp", Some(&self.timestamp)),
            ("target", Some(&self.target)),
            ("customer", self.customer.as_ref()),
        ]
        .into_iter()
        .filter_map(|(setting, column)| column.is_some_and(|column| column.guessed).then_some(setting))
        .collect();
        match guessed.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " ({one} is guessed; set {one} to choose)"),
            [first @ .., last] => write!(f, " (guessed; set {} and {last} to choose)", first.join(", ")),
        }
    }
}
