//! What was read from the tables of overrides and holidays; shared by all copies of the settings.

use super::{forecast::ForecastTask, holiday_table::HolidayTable, overrides::Overrides};
use crate::input::ExtraColumn;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

/// What differs by customer.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) holidays: Option<HolidayTable>,
    pub(super) overrides: Option<Overrides>,
    /// The settings of the run as text.
    pub(super) given: BTreeMap<String, String>,
    /// The columns of the input that those name.
    pub(super) columns: Vec<ExtraColumn>,
    /// Settings of customers by their overrides as JSON: most tables have few different rows.
    pub(super) known: Mutex<HashMap<String, Arc<Checked>>>,
}

impl Tables {
    /// The settings of the run as text, with a customer's overrides.
    pub(super) fn given_with(&self, overrides: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
        let overrides = overrides.iter().map(|(&name, &value)| (name.to_owned(), value.to_owned()));
        self.given.clone().into_iter().chain(overrides).collect()
    }
}

/// Settings that were read over those of the run, or a complaint.
pub(super) type Checked = Result<CustomerTask, String>;

/// The settings of a customer.
#[derive(Clone, Debug)]
pub(super) struct CustomerTask {
    pub(super) task: ForecastTask,
    /// The columns of the input that they name.
    pub(super) columns: Vec<ExtraColumn>,
    /// Their canonical text.
    pub(super) shape: String,
}
