//! The columns' names, for people.

use std::fmt;

use crate::input::{
    InputSettings,
    schema::feature_columns::TableColumns,
    schema::header::{Columns, Header},
};

/// Features that are named; of more, their number is said.
const SHOWN: usize = 12;

/// The columns that one file's series or tables are made of.
///
/// Displays as `timestamp = "WeekStarting", target = "Quantity" (guessed; set timestamp and target to choose)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames {
    /// The column of timestamps, in files of series.
    pub timestamp: Option<ColumnName>,
    /// The column of values.
    pub target: ColumnName,
    /// The column that says whose row it is, in files of many customers.
    pub customer: Option<ColumnName>,
    /// The columns of features, in files of tables.
    pub features: Vec<String>,
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
    pub(in crate::input) fn new(columns: Columns, settings: &InputSettings, header: &Header) -> Self {
        let choice = |at: usize, set: &Option<String>| ColumnName { name: header.display(at), guessed: set.is_none() };
        Self {
            timestamp: Some(choice(columns.timestamp, &settings.timestamp)),
            target: choice(columns.target, &settings.target),
            customer: columns.customer.map(|at| choice(at, &settings.customer)),
            features: Vec::new(),
        }
    }

    pub(in crate::input) fn of_table(columns: &TableColumns, settings: &InputSettings, header: &Header) -> Self {
        // A column that is called target is one; files without a header have no other.
        let choice = |at: usize, set: &Option<String>| {
            let name = header.display(at);
            ColumnName { guessed: set.is_none() && name != "target", name }
        };
        Self {
            timestamp: None,
            target: choice(columns.target, &settings.target),
            customer: columns.customer.map(|at| choice(at, &settings.customer)),
            features: columns.features.iter().map(|column| header.display(column.at)).collect(),
        }
    }
}

impl fmt::Display for ColumnNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(timestamp) = &self.timestamp {
            write!(f, "timestamp = {:?}, ", timestamp.name)?;
        }
        write!(f, "target = {:?}", self.target.name)?;
        if let Some(customer) = &self.customer {
            write!(f, ", customer = {:?}", customer.name)?;
        }
        match self.features.len() {
            0 => {}
            number @ 1..=SHOWN => write!(f, ", {number} features: {}", self.features.join(", "))?,
            number => write!(f, ", {number} features, from {:?} to {:?}", self.features[0], self.features[number - 1])?,
        }
        let guessed: Vec<&str> = [
            ("timestamp", self.timestamp.as_ref()),
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
