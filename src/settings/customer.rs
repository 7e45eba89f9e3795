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

/// Different settings of customers that are kept at once: with more, they are read again for each.
const MOST_KNOWN: usize = 4096;

/// What is fitted for one customer.
#[derive(Debug)]
pub struct CustomerSettings<'a> {
    /// The settings that apply to the customer.
    pub task: Cow<'a, ForecastTask>,
    /// Their canonical text for the fingerprint, where it is not that of the run.
    pub shape: Option<String>,
    /// The columns that these settings name, where customers differ.
    columns: Option<Cow<'a, [ExtraColumn]>>,
    /// Where these settings were read.
    place: String,
}

impl CustomerSettings<'_> {
    /// The customer's series as its model is given it. Where settings differ by customer, files are read for all of them: here
    /// the customer gets the columns that its own settings name, under the model's names for them, and no others.
    ///
    /// # Errors
    /// [`Error::Data`] where a column that the model needs is not there.
    pub fn series<'s>(&self, series: &'s Series) -> Result<Cow<'s, Series>> {
        let Some(wanted) = &self.columns else { return Ok(Cow::Borrowed(series)) };
        let mut columns = Columns::default();
        for ExtraColumn { name, column, required } in wanted.iter() {
            match series.columns.get(column) {
                Some(values) => columns.insert(name, values.to_vec()),
                None if *required => {
                    let there: Vec<String> = series.columns.names().iter().map(|name| format!("{name:?}")).collect();
                    let there = if there.is_empty() { "none".into() } else { there.join(", ") };
                    return Err(Error::Data(format!(
                        "{}: the model needs a column {column:?}, and the customer's rows have {there} of the columns that \
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
    /// What is fitted for a customer of a run whose settings are `task`.
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
            Some((place, said)) => {
                let checked = self.checked(task, &said);
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
            if let SeriesSpec::Prophet(spec) = &mut task.model {
                spec.holidays = holidays;
                check(spec, &customer.place)?;
            }
            customer.shape = Some(task.shape(self.version.as_deref()));
        }
        Ok(customer)
    }

    /// The settings of a customer whose rows say this, over those of the run and with the holidays of all customers.
    fn checked(&self, task: &ForecastTask, said: &BTreeMap<&str, &str>) -> Arc<Checked> {
        let key = serde_json::to_string(said).expect("text has a JSON form");
        let known = || self.tables.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checked) = known().get(&key) {
            return Arc::clone(checked);
        }
        let checked = Arc::new(self.read_over(task, said));
        let mut known = known();
        if known.len() < MOST_KNOWN {
            known.insert(key, Arc::clone(&checked));
        }
        checked
    }

    fn read_over(&self, run: &ForecastTask, said: &BTreeMap<&str, &str>) -> Checked {
        let mut settings = self.tables.given.clone();
        settings.extend(said.iter().map(|(&name, &value)| (name.to_owned(), value.to_owned())));
        let read = Self::check(&settings).map_err(|faults| format!("setting {}", faults.join("; setting ")))?;
        let Task::Forecast(task) = read.task else {
            return Err("a customer's model forecasts a series, as that of the run does".into());
        };
        let mut task =
            ForecastTask { future_rows: run.future_rows.clone(), calendars: Arc::clone(&run.calendars), ..*task };
        if let SeriesSpec::Prophet(spec) = &mut task.model {
            spec.holidays = self.tables.holidays.as_ref().map(|table| table.shared.clone()).unwrap_or_default();
            let faults = spec.faults();
            if !faults.is_empty() {
                return Err(faults.join("; "));
            }
        }
        Ok(CustomerTask { shape: task.shape(self.version.as_deref()), task, columns: read.input.extra })
    }
}
