//! Settings that differ by customer: a customer's own beat its group's, and those beat everybody's.
//!
//! The table of overrides has a column `customer`, a column `group` or both, and a column for each setting that differs; an
//! empty cell says nothing. A row with a customer holds its settings, and its group if it has one; a row with a group alone
//! holds those of the group.

use super::{
    ForecastTask, Settings, Task, canonical_name,
    holidays::{CountryCalendars, HolidayTable, pinned_until},
    task::Family,
    text::Text,
};
use crate::{
    dataset::{CustomerId, Series},
    error::{Error, Result},
    holidays::source_version,
    input::{CustomerRows, FurtherColumn, InputSettings, Sheet},
    models::{ModelSpec, frequency::Frequency, prophet::ProphetSpec},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

/// Settings that are the run's and never one customer's.
const OF_THE_RUN: [&str; 6] = ["duplicates", "future", "holidays", "horizon", "include_history", "overrides"];

/// What was read from the tables that the settings name; shared by all copies of the settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    holidays: Option<Arc<HolidayTable>>,
    overrides: Option<Arc<Overrides>>,
    future: Option<Arc<CustomerRows>>,
    calendars: Arc<CountryCalendars>,
}

impl PartialEq for Tables {
    /// Whether they are the same tables: their content is in the settings' shape.
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
            one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
        }
        same(self.holidays.as_ref(), other.holidays.as_ref())
            && same(self.overrides.as_ref(), other.overrides.as_ref())
            && same(self.future.as_ref(), other.future.as_ref())
    }
}

/// The table of overrides.
#[derive(Debug)]
struct Overrides {
    /// Everybody's settings.
    base: BTreeMap<String, String>,
    sheets: Vec<Sheet>,
    /// The columns of settings of each sheet, with their canonical names.
    columns: Vec<Vec<(usize, String)>>,
    customers: HashMap<String, (usize, usize)>,
    groups: HashMap<String, (usize, usize)>,
    /// The group of each customer that has one.
    group_of: HashMap<String, String>,
}

/// What is fitted for one customer.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// The settings that hold for the customer.
    pub task: Cow<'a, ForecastTask>,
    /// Their canonical text, where it differs from everybody's, for the fingerprint.
    pub shape: Option<String>,
}

impl Settings {
    /// Reads the tables that the settings name.
    pub(super) fn read_tables(&mut self, given: &BTreeMap<String, String>) -> Result<()> {
        let Task::Forecast(task) = &mut self.task else { return Ok(()) };
        if let Some(path) = &task.holidays {
            let table = HolidayTable::read(path)?;
            if let ModelSpec::Prophet(spec) = &mut task.model {
                spec.holidays = table.shared.clone();
                check(spec, &path.display().to_string())?;
            }
            task.tables.holidays = Some(Arc::new(table));
        }
        if let Some(path) = &task.future {
            task.tables.future = Some(Arc::new(CustomerRows::read(path)?));
        }
        if let Some(path) = &task.overrides {
            let overrides = Overrides::read(path, given)?;
            for column in overrides.further_columns() {
                let known = self.input.further.iter().any(|further| further.name == column.name);
                self.input.further.extend((!known).then_some(column));
            }
            task.tables.overrides = Some(Arc::new(overrides));
        }
        if let (Some(holidays), None) = (&task.tables.holidays, &task.tables.overrides)
            && holidays.has_groups()
        {
            return Err(Error::Settings(
                "the table of holidays names groups: say who is in them by a table of customers and groups, overrides=FILE"
                    .into(),
            ));
        }
        Ok(())
    }

    /// What is fitted for a customer.
    ///
    /// # Errors
    /// [`Error::Data`] where its overrides cannot be followed, with their file and line.
    pub fn recipe<'a>(&self, task: &'a ForecastTask, customer: &CustomerId) -> Result<Recipe<'a>> {
        let overrides = task.tables.overrides.as_deref();
        let group = overrides.and_then(|overrides| overrides.group_of.get(customer.as_str())).map(String::as_str);
        let own = overrides.map(|overrides| overrides.of(customer.as_str(), group)).transpose()?.flatten();
        let holidays = task.tables.holidays.as_deref().and_then(|table| table.of(customer.as_str(), group));
        if own.is_none() && holidays.is_none() {
            return Ok(Recipe { task: Cow::Borrowed(task), shape: None });
        }
        let (mut own, place) = own.unwrap_or_else(|| (task.clone(), "the table of holidays".into()));
        own.tables = task.tables.clone();
        if let ModelSpec::Prophet(spec) = &mut own.model {
            let shared = task.tables.holidays.as_deref().map(|table| table.shared.clone());
            spec.holidays = holidays.or(shared).unwrap_or_default();
            check(spec, &place)?;
        }
        let settings = Self { task: Task::Forecast(Box::new(own.clone())), ..self.clone() };
        Ok(Recipe { task: Cow::Owned(own), shape: Some(settings.shape()) })
    }
}

fn check(spec: &ProphetSpec, place: &str) -> Result<()> {
    match spec.faults().as_slice() {
        [] => Ok(()),
        faults => Err(Error::Data(format!("{place}: {}", faults.join("; ")))),
    }
}

impl ForecastTask {
    /// The model to fit to a series: where it has holidays of countries, with their days in the years of the series, of ten
    /// years after it and of the horizon.
    ///
    /// # Errors
    /// [`Error::Data`] for years whose holidays are not known.
    pub fn model_for(&self, series: &Series) -> Result<Cow<'_, ModelSpec>> {
        let (ModelSpec::Prophet(spec), Some(&first), Some(until)) =
            (&self.model, series.dates.first(), self.holidays_until(series))
        else {
            return Ok(Cow::Borrowed(&self.model));
        };
        let holidays = self.tables.calendars.of(&self.countries, first, until)?;
        let spec = ProphetSpec { country_holidays: Some(holidays), ..spec.clone() };
        check(&spec, "country_holidays")?;
        Ok(Cow::Owned(ModelSpec::Prophet(spec)))
    }

    /// The settings' canonical text for the fingerprint of a series: `shape`, and what depends on the horizon as well.
    pub fn shape_for<'s>(&self, shape: &'s str, series: &Series) -> Cow<'s, str> {
        match self.holidays_until(series) {
            Some(until) => Cow::Owned(format!("{shape} with holidays until {until}")),
            None => Cow::Borrowed(shape),
        }
    }

    /// The last year whose holidays of countries the model keeps, if it has any: that of the last forecast, or a later one.
    fn holidays_until(&self, series: &Series) -> Option<i32> {
        let (ModelSpec::Prophet(_), false, Some(&last)) = (&self.model, self.countries.is_empty(), series.dates.last())
        else {
            return None;
        };
        let frequency = self.frequency.unwrap_or_else(|| Frequency::infer(&series.dates));
        let forecast = frequency.after(last, self.horizon).last().copied();
        Some(pinned_until(last, forecast.unwrap_or(last)))
    }

    /// The table of the future, if there is one.
    #[must_use]
    pub fn future(&self) -> Option<&CustomerRows> {
        self.tables.future.as_deref()
    }

    /// What the days of the countries' holidays depend on, for the fingerprint.
    pub(super) fn country_shape(&self) -> Option<(Vec<&'static str>, &'static str)> {
        let codes: Vec<&str> = self.countries.iter().map(|country| country.code()).collect();
        (!codes.is_empty()).then(|| (codes, source_version()))
    }
}

impl Overrides {
    fn read(path: &Path, base: &BTreeMap<String, String>) -> Result<Self> {
        let mut input = InputSettings::default();
        let mut allowed = Text::names_of(|text| super::forecast::read(text, Family::Prophet, &mut input));
        allowed.insert("model");
        allowed.retain(|name| !OF_THE_RUN.contains(name));
        let mut overrides = Self {
            base: base.clone(),
            sheets: Sheet::read_all(path)?,
            columns: Vec::new(),
            customers: HashMap::new(),
            groups: HashMap::new(),
            group_of: HashMap::new(),
        };
        for (at, sheet) in overrides.sheets.iter().enumerate() {
            let (customer, group) = (sheet.find(&["customer", "customer_id"]), sheet.find(&["group"]));
            if customer.is_none() && group.is_none() {
                return Err(Error::Settings(format!(
                    "{}: has neither a column customer nor a column group",
                    sheet.file()
                )));
            }
            let mut columns = Vec::new();
            for (column, name) in
                sheet.columns().iter().enumerate().filter(|(at, _)| ![customer, group].contains(&Some(*at)))
            {
                let setting = canonical_name(name);
                if !allowed.contains(setting.as_str()) {
                    let allowed: Vec<&str> = allowed.iter().copied().collect();
                    return Err(Error::Settings(format!(
                        "{}: the column {name:?} is no setting that may differ by customer; those are {}",
                        sheet.file(),
                        allowed.join(", ")
                    )));
                }
                columns.push((column, setting));
            }
            overrides.columns.push(columns);
            for (row, cells) in sheet.rows().enumerate() {
                let text = |column: Option<usize>| column.and_then(|column| cells.text(column));
                let (customer, group) = (text(customer), text(group));
                let (known, name) = match (customer, group) {
                    (Some(customer), _) => (&mut overrides.customers, customer),
                    (None, Some(group)) => (&mut overrides.groups, group),
                    (None, None) => return Err(cells.row_fault("the row names neither a customer nor a group")),
                };
                if known.insert(name.to_owned(), (at, row)).is_some() {
                    return Err(cells.row_fault(&format!("{name} has an earlier row too: remove one")));
                }
                if let (Some(customer), Some(group)) = (customer, group) {
                    overrides.group_of.insert(customer.into(), group.into());
                }
            }
        }
        Ok(overrides)
    }

    /// The settings of rows over everybody's, and where the last of them stands.
    fn of(&self, customer: &str, group: Option<&str>) -> Result<Option<(ForecastTask, String)>> {
        let group = group.and_then(|group| self.groups.get(group));
        let mut settings = self.base.clone();
        let mut place = String::new();
        for &(sheet, row) in group.into_iter().chain(self.customers.get(customer)) {
            let cells = self.sheets[sheet].row(row);
            for (column, name) in &self.columns[sheet] {
                if let Some(value) = cells.text(*column) {
                    settings.insert(name.clone(), value.to_owned());
                }
            }
            place = cells.describe();
        }
        if place.is_empty() {
            return Ok(None);
        }
        let refused = |complaint: String| Error::Data(format!("{place}: {complaint}"));
        let mut text = Text::new(&settings);
        let settings = Settings::read(&mut text);
        let faults = text.into_faults(|name| settings.task.stranger(name));
        match settings.task {
            _ if !faults.is_empty() => Err(refused(format!("setting {}", faults.join("; setting ")))),
            Task::Forecast(task) => Ok(Some((*task, place))),
            Task::Regression(_) => Err(refused("a customer's model forecasts a series, as everybody's does".into())),
        }
    }

    /// The columns of the input that some customer's settings name.
    fn further_columns(&self) -> Vec<FurtherColumn> {
        let mut found: Vec<FurtherColumn> = Vec::new();
        let mut seen: Vec<Vec<Option<&str>>> = Vec::new();
        for (sheet, columns) in self.sheets.iter().zip(&self.columns) {
            let naming = ["growth", "cap", "floor", "regressors", "seasonalities"];
            let naming: Vec<&(usize, String)> =
                columns.iter().filter(|(_, name)| naming.contains(&name.as_str())).collect();
            for row in sheet.rows().filter(|_| !naming.is_empty()) {
                let values: Vec<Option<&str>> = naming.iter().map(|(column, _)| row.text(*column)).collect();
                if seen.contains(&values) {
                    continue;
                }
                let mut settings = self.base.clone();
                for ((_, name), value) in naming.iter().zip(&values) {
                    settings.extend(value.map(|value| (name.clone(), value.to_owned())));
                }
                let read = Settings::read(&mut Text::new(&settings));
                let columns = read.input.further.into_iter().map(|column| FurtherColumn { required: false, ..column });
                for column in columns {
                    if !found.contains(&column) {
                        found.push(column);
                    }
                }
                seen.push(values);
            }
        }
        found
    }
}
