//! What the user sets about the input; the rest is detected from each file.

use clap::ValueEnum;
use serde::Deserialize;

use crate::input::value::{decimal::Decimal, time_form::TimeSettings};

/// Settings of the input. What is not set is detected in each file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSettings {
    /// The column of timestamps.
    pub timestamp: Option<String>,
    /// How timestamps are written.
    pub times: TimeSettings,
    /// Lines of CSV before the header; found in each file unless set.
    pub skip_lines: Option<u32>,
    /// How numbers are written in CSV; decided from each file unless set.
    pub decimal: Option<Decimal>,
    /// The column of values to forecast.
    pub target: Option<String>,
    /// The column of customer names; if set, every file holds many customers.
    pub customer: Option<String>,
    /// What names the customer of a file in which no column does.
    pub customer_from: CustomerFrom,
    /// How to treat rows of a customer that share a timestamp.
    pub duplicates: Duplicates,
    /// Numeric columns to read in addition to the target of a series.
    pub extra: Vec<ExtraColumn>,
    /// Settings of tables of features; `None` if files hold series.
    pub table: Option<TableSettings>,
}

/// What names the customer of a file in which no column does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum CustomerFrom {
    /// Its name: 1 of north/1.csv
    #[default]
    Name,
    /// Its folders and its name: north-1 of north/1.csv
    Path,
}

/// How tables besides the input are read; what is not set is decided from each table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetSettings {
    /// What the column of customer names may be called, besides `customer` and `customer_id`.
    pub customer: Option<String>,
    /// What names the customer of a table of a folder in which no column does.
    pub customer_from: CustomerFrom,
    /// How times are written, where a column does not tell it.
    pub times: TimeSettings,
    /// How numbers are written in CSV.
    pub decimal: Option<Decimal>,
    /// Lines before the header.
    pub skip_lines: Option<u32>,
}

impl InputSettings {
    /// How the tables of a run with these settings are read. They may come from elsewhere, without the lines before the header
    /// that its files have, and with another decimal sign.
    pub(crate) fn sheets(&self) -> SheetSettings {
        let Self { customer, customer_from, times, .. } = self.clone();
        SheetSettings { customer, customer_from, times, ..SheetSettings::default() }
    }
}

/// A numeric column besides the target: a regressor, a condition, a capacity. `true` and `false` are read as 1 and 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraColumn {
    /// Its name in the model.
    pub name: String,
    /// Its name in files.
    pub column: String,
    /// Whether every file must have it.
    pub required: bool,
}

impl ExtraColumn {
    /// A column that every file must have, with the same name in the model and in files.
    pub(crate) fn required(name: &str) -> Self {
        Self { name: name.into(), column: name.into(), required: true }
    }
}

/// Settings of tables of features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSettings {
    /// The feature columns, in this order; empty: all columns without another role.
    pub features: Vec<String>,
    /// The columns with categorical values.
    pub categorical: Vec<String>,
    /// The column of sample weights.
    pub weight: Option<String>,
    /// Whether files begin with a header; `None`: detect it from the first line.
    pub header: Option<bool>,
    /// What the rows are used for.
    pub purpose: Purpose,
}

/// What rows of features are used for.
///
/// A file name may say it with a suffix: `_train`, `_val`, `_validation`, `_test`. If any file name of a directory has the
/// suffix of the wanted purpose, files with the suffix of another purpose are skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To fit models.
    #[default]
    Training,
    /// To evaluate models, and for early stopping.
    Validation,
    /// Neither.
    Test,
}

/// How to treat rows of a customer that share a timestamp.
///
/// Only rows with a value count; if none has one, the timestamp has a missing value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// The customer fails; the error names the timestamp and the lines.
    #[default]
    Error,
    /// The first value in the order of the file.
    First,
    /// The last value in the order of the file.
    Last,
    /// The mean of the values.
    Mean,
    /// The sum of the values.
    Sum,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_have_the_names_that_settings_use() {
        for (name, choice) in [
            ("error", Duplicates::Error),
            ("first", Duplicates::First),
            ("last", Duplicates::Last),
            ("mean", Duplicates::Mean),
            ("sum", Duplicates::Sum),
        ] {
            assert_eq!(serde_json::from_value::<Duplicates>(name.into()).unwrap(), choice);
        }
    }
}
