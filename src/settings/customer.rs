//! The settings of one customer: those of the run, with its overrides and holidays.

use super::{
    forecast::{ForecastTask, check},
    run::Settings,
    tables::{Checked, CustomerTask},
    task::Task,
};
use crate::{
    error::{Error, Result},
    input::ExtraColumn,
};
use manyfit_models::{
    SeriesSpec,
    data::{Columns, CustomerId, Series},
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

/// Largest number of different customer settings to cache; beyond it, settings are read again for each customer.
const MOST_KNOWN: usize = 4096;

/// What is fitted for one customer.
#[derive(Debug)]
pub struct CustomerSettings<'a> {
    /// The settings that apply to the customer.
    pub task: Cow<'a, ForecastTask>,
    /// Their canonical text for the fingerprint, if it differs from the run's.
    pub shape: Option<String>,
    /// The columns that these settings name, where customers differ.
    columns: Option<Cow<'a, [ExtraColumn]>>,
    /// Where these settings were read.
    place: String,
}

impl CustomerSettings<'_> {
    /// The customer's series with the columns that its model needs. Where settings differ by customer, files are read with the
    /// columns of all of them; here the customer's own are selected, under the model's names for them.
    ///
    /// # Errors
    /// [`Error::Data`] if a column that the model needs is missing.
    pub fn series<'s>(&self, series: &'s Series) -> Result<Cow<'s, Series>> {
        let Some(wanted) = &self.columns else { return Ok(Cow::Borrowed(series)) };
        let mut columns = Columns::default();
        for ExtraColumn { name, column, required } in wanted.iter() {
            match series.columns.get(column) {
                Some(values) => columns.insert(name, values.to_vec()),
                None if *required => {
                    let found: Vec<String> = series.columns.names().iter().map(|name| format!("{name:?}")).collect();
                    let found = if found.is_empty() { "none".into() } else { found.join(", ") };
                    return Err(Error::Data(format!(
                        "{}: the model needs a column {column:?}, and the customer's rows have {found} of the columns that \
                         settings name: add it, or name another",
                        self.place
                    )));
                }
                None => {}
            }
        }
        let Series { dates, timestamps, values, .. } = series.clone();
        Ok(Cow::Owned(Series { dates, timestamps, values, columns }))
    }
}

impl Settings {
    /// What is fitted for a customer of a run with the settings `task`.
    ///
    /// # Errors
    /// [`Error::Data`] where its overrides are invalid, with their file and line.
    pub fn for_customer<'a>(&'a self, task: &'a ForecastTask, customer: &CustomerId) -> Result<CustomerSettings<'a>> {
        let (name, tables) = (customer.as_str(), &*self.tables);
        let overrides = tables.overrides.as_ref();
        let group = overrides.and_then(|overrides| overrides.group_of.get(name)).map(String::as_str);
        let own = overrides.and_then(|overrides| Some((overrides.place_of(name)?, overrides.settings_of(name))));
        let holidays = tables.holidays.as_ref().and_then(|table| table.of(name, group));
        let shared_columns = overrides.map(|_| Cow::Borrowed(&tables.columns[..]));
        let (task, shape, columns, place) = match own {
            Some((place, settings)) => {
                let checked = self.checked(task, &settings);
                let invalid = |complaint: &String| Error::Data(format!("{place}: {complaint}"));
                let CustomerTask { task, columns, shape } = (*checked).as_ref().map_err(invalid)?.clone();
                (Cow::Owned(task), Some(shape), Some(Cow::Owned(columns)), place)
            }
            None if holidays.is_some() => (Cow::Borrowed(task), None, shared_columns, "the table of holidays".into()),
            None => (Cow::Borrowed(task), None, shared_columns, "the settings".into()),
        };
        let mut customer = CustomerSettings { task, shape, columns, place };
        if let Some(holidays) = holidays {
            let task = customer.task.to_mut();
            for model in task.models_mut() {
                if let SeriesSpec::Prophet(spec) = model {
                    spec.holidays.clone_from(&holidays);
                    check(spec, &customer.place)?;
                }
            }
            customer.shape = Some(task.shape(self.version.as_deref()));
        }
        Ok(customer)
    }

    /// The settings of a customer with these overrides, and with the holidays of all customers; read once for all with the same.
    fn checked(&self, task: &ForecastTask, overrides: &BTreeMap<&str, &str>) -> Arc<Checked> {
        let key = serde_json::to_string(overrides).expect("text has a JSON form");
        let known = || self.tables.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checked) = known().get(&key) {
            return Arc::clone(checked);
        }
        let checked = Arc::new(self.read_over(task, overrides));
        let mut known = known();
        if known.len() < MOST_KNOWN {
            known.insert(key, Arc::clone(&checked));
        }
        checked
    }

    fn read_over(&self, run: &ForecastTask, overrides: &BTreeMap<&str, &str>) -> Checked {
        let read = Self::check(&self.tables.given_with(overrides))
            .map_err(|faults| format!("setting {}", faults.join("; setting ")))?;
        let Task::Forecast(task) = read.task else {
            return Err("a customer's model forecasts a series, as that of the run does".into());
        };
        let mut task =
            ForecastTask { future_rows: run.future_rows.clone(), calendars: Arc::clone(&run.calendars), ..*task };
        for model in task.models_mut() {
            if let SeriesSpec::Prophet(spec) = model {
                spec.holidays = self.tables.holidays.as_ref().map(|table| table.shared.clone()).unwrap_or_default();
                let faults = spec.faults();
                if !faults.is_empty() {
                    return Err(faults.join("; "));
                }
            }
        }
        Ok(CustomerTask { shape: task.shape(self.version.as_deref()), task, columns: read.input.extra })
    }
}
