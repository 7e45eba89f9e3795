//! Settings that differ by customer: a customer's own beat its group's, and those beat everybody's.
//!
//! The table of overrides has a column `customer` (or `customer_id`), a column `group` or both, and a column for each setting
//! that differs; an empty cell says nothing. A row with a customer holds its settings, and its group if it has one; a row
//! with a group alone holds those of the group.

use super::{
    ForecastTask, Settings, Task, canonical_name,
    holidays::{CountryCalendars, HolidayTable, pinned_until},
    task::Family,
    text::Text,
};
use crate::{
    error::{Error, Result},
    input::{CustomerRows, ExtraColumn, InputSettings, Sheet, SheetRow},
};
use manyfit_models::{
    SeriesSpec,
    data::{Columns, CustomerId, Series},
    frequency::Frequency,
    holidays::source_version,
    prophet::ProphetSpec,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    mem,
    path::Path,
    sync::Arc,
};

/// Settings that are the run's and never one customer's.
const OF_THE_RUN: [&str; 6] = ["duplicates", "future", "holidays", "horizon", "include_history", "overrides"];

/// Settings that decide which columns of the input a model is given.
const NAMING_COLUMNS: [&str; 6] = ["cap", "floor", "growth", "model", "regressors", "seasonalities"];

/// What was read from the tables that the settings name; shared by all copies of the settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) holidays: Option<Arc<HolidayTable>>,
    pub(super) overrides: Option<Arc<Overrides>>,
    pub(super) future: Option<Arc<CustomerRows>>,
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
pub(super) struct Overrides {
    /// Everybody's settings.
    base: BTreeMap<String, String>,
    /// The columns that those name.
    further: Vec<ExtraColumn>,
    sheets: Vec<Sheet>,
    /// The columns of settings of each sheet, with their canonical names.
    columns: Vec<Vec<(usize, String)>>,
    /// Sheet and row of each customer.
    pub(super) customers: HashMap<String, (usize, usize)>,
    /// Sheet and row of each group.
    pub(super) groups: HashMap<String, (usize, usize)>,
    /// The group of each customer that has one.
    pub(super) group_of: HashMap<String, String>,
}

/// What is fitted for one customer.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// The settings that hold for the customer.
    pub task: Cow<'a, ForecastTask>,
    /// Their canonical text, where it differs from everybody's, for the fingerprint.
    pub shape: Option<String>,
    /// The columns that these settings name, where others name others.
    further: Option<Cow<'a, [ExtraColumn]>>,
    /// Where they stand.
    place: String,
}

/// A customer's settings over everybody's.
struct Own {
    task: ForecastTask,
    further: Vec<ExtraColumn>,
    /// The last of their rows.
    place: String,
}

impl Recipe<'_> {
    /// The customer's series as its model is given it. Where settings differ by customer, files are read for all of them: here
    /// the customer has its own columns, under the model's names for them, and no other's.
    ///
    /// # Errors
    /// [`Error::Data`] where a column that the model needs is not there.
    pub fn series<'s>(&self, series: &'s Series) -> Result<Cow<'s, Series>> {
        let Some(further) = &self.further else { return Ok(Cow::Borrowed(series)) };
        let mut columns = Columns::default();
        for ExtraColumn { name, column, required } in further.iter() {
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
    /// Reads the tables that the settings name.
    pub(super) fn read_tables(&mut self, given: &BTreeMap<String, String>) -> Result<()> {
        let Task::Forecast(task) = &mut self.task else { return Ok(()) };
        if let Some(path) = &task.holidays {
            let table = HolidayTable::read(path)?;
            if let SeriesSpec::Prophet(spec) = &mut task.model {
                spec.holidays = table.shared.clone();
                check(spec, &path.display().to_string())?;
            }
            task.tables.holidays = Some(Arc::new(table));
        }
        if let Some(path) = &task.future {
            task.tables.future = Some(Arc::new(CustomerRows::read(path)?));
        }
        if let Some(path) = &task.overrides {
            let overrides = Overrides::read(path, given, mem::take(&mut self.input.extra))?;
            self.input.extra = overrides.columns_to_read();
            task.tables.overrides = Some(Arc::new(overrides));
        }
        task.tables.check_groups()
    }

    /// What is fitted for a customer.
    ///
    /// # Errors
    /// [`Error::Data`] where its overrides cannot be followed, with their file and line.
    pub fn recipe<'a>(&self, task: &'a ForecastTask, customer: &CustomerId) -> Result<Recipe<'a>> {
        let overrides = task.tables.overrides.as_deref();
        let group = overrides.and_then(|overrides| overrides.group_of.get(customer.as_str())).map(String::as_str);
        let own = overrides.map(|overrides| overrides.of(customer.as_str())).transpose()?.flatten();
        let holidays = task.tables.holidays.as_deref().and_then(|table| table.of(customer.as_str(), group));
        let everybodys = || overrides.map(|overrides| Cow::Borrowed(&overrides.further[..]));
        if own.is_none() && holidays.is_none() {
            let place = "the settings".into();
            return Ok(Recipe { task: Cow::Borrowed(task), shape: None, further: everybodys(), place });
        }
        let (mut own, further, place) = match own {
            Some(Own { task, further, place }) => (task, Some(Cow::Owned(further)), place),
            None => (task.clone(), everybodys(), "the table of holidays".into()),
        };
        own.tables = task.tables.clone();
        if let SeriesSpec::Prophet(spec) = &mut own.model {
            let shared = task.tables.holidays.as_deref().map(|table| table.shared.clone());
            spec.holidays = holidays.or(shared).unwrap_or_default();
            check(spec, &place)?;
        }
        let settings = Self { task: Task::Forecast(Box::new(own.clone())), ..self.clone() };
        Ok(Recipe { task: Cow::Owned(own), shape: Some(settings.shape()), further, place })
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
    pub fn model_for(&self, series: &Series) -> Result<Cow<'_, SeriesSpec>> {
        let (SeriesSpec::Prophet(spec), Some(&first), Some(until)) =
            (&self.model, series.dates.first(), self.holidays_until(series))
        else {
            return Ok(Cow::Borrowed(&self.model));
        };
        let holidays = self.tables.calendars.of(&self.countries, first, until)?;
        let spec = ProphetSpec { country_holidays: Some(holidays), ..spec.clone() };
        check(&spec, "country_holidays")?;
        Ok(Cow::Owned(SeriesSpec::Prophet(spec)))
    }

    /// The settings' canonical text for the fingerprint of a series: `shape`, and what depends on the horizon as well.
    #[must_use]
    pub fn shape_for<'s>(&self, shape: &'s str, series: &Series) -> Cow<'s, str> {
        match self.holidays_until(series) {
            Some(until) => Cow::Owned(format!("{shape} with holidays until {until}")),
            None => Cow::Borrowed(shape),
        }
    }

    /// The last year whose holidays of countries the model keeps, if it has any: that of the last forecast, or a later one.
    fn holidays_until(&self, series: &Series) -> Option<i32> {
        let (SeriesSpec::Prophet(_), false, Some(&last)) =
            (&self.model, self.countries.is_empty(), series.dates.last())
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
    fn read(path: &Path, base: &BTreeMap<String, String>, further: Vec<ExtraColumn>) -> Result<Self> {
        let mut input = InputSettings::default();
        let mut allowed = Text::names_of(|text| super::forecast::read(text, Family::Prophet, &mut input));
        allowed.insert("model");
        allowed.retain(|name| !OF_THE_RUN.contains(name));
        let mut overrides = Self {
            base: base.clone(),
            further,
            sheets: Sheet::read_all(path)?,
            columns: Vec::new(),
            customers: HashMap::new(),
            groups: HashMap::new(),
            group_of: HashMap::new(),
        };
        for (at, sheet) in overrides.sheets.iter().enumerate() {
            let (customer, group) = (sheet.customer(), sheet.find(&["group"]));
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
                let word = |column: Option<usize>| column.and_then(|column| cells.word(column));
                let (customer, group) = (word(customer), word(group));
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

    /// Where a row is, as in "overrides.csv: line 3".
    pub(super) fn place(&self, (sheet, row): (usize, usize)) -> String {
        self.sheets[sheet].row(row).describe()
    }

    /// The rows of a customer's group and of the customer, with the numbers of their sheets.
    fn rows_of(&self, customer: &str) -> impl Iterator<Item = (usize, SheetRow<'_>)> {
        let group = self.group_of.get(customer).and_then(|group| self.groups.get(group));
        let rows = group.into_iter().chain(self.customers.get(customer));
        rows.map(|&(sheet, row)| (sheet, self.sheets[sheet].row(row)))
    }

    /// What those rows say, in their order.
    fn said_of(&self, customer: &str) -> impl Iterator<Item = (&str, &str)> {
        self.rows_of(customer).flat_map(|(sheet, cells)| {
            let columns = self.columns[sheet].iter();
            columns.filter_map(move |(column, name)| Some((name.as_str(), cells.word(*column)?)))
        })
    }

    /// The settings of a customer's rows over everybody's.
    fn of(&self, customer: &str) -> Result<Option<Own>> {
        let Some((_, last)) = self.rows_of(customer).last() else { return Ok(None) };
        let place = last.describe();
        let mut settings = self.base.clone();
        settings.extend(self.said_of(customer).map(|(name, value)| (name.to_owned(), value.to_owned())));
        let refused = |complaint: String| Error::Data(format!("{place}: {complaint}"));
        let mut text = Text::new(&settings);
        let settings = Settings::read(&mut text);
        let faults = text.into_faults(|name| settings.task.stranger(name));
        match settings.task {
            _ if !faults.is_empty() => Err(refused(format!("setting {}", faults.join("; setting ")))),
            Task::Forecast(task) => Ok(Some(Own { task: *task, further: settings.input.extra, place })),
            Task::Regression(_) => Err(refused("a customer's model forecasts a series, as everybody's does".into())),
        }
    }

    /// The columns of the input that anybody's settings name, as files call them. None is needed in every file: a customer's
    /// recipe insists on its own.
    fn columns_to_read(&self) -> Vec<ExtraColumn> {
        let mut columns: BTreeSet<String> = self.further.iter().map(|further| further.column.clone()).collect();
        let mut seen = HashSet::new();
        for customer in self.customers.keys() {
            let naming = self.said_of(customer).filter(|(name, _)| NAMING_COLUMNS.contains(name));
            let naming: BTreeMap<&str, &str> = naming.collect();
            if naming.is_empty() || seen.contains(&naming) {
                continue;
            }
            let mut settings = self.base.clone();
            settings.extend(naming.iter().map(|(&name, &value)| (name.to_owned(), value.to_owned())));
            let read = Settings::read(&mut Text::new(&settings));
            columns.extend(read.input.extra.into_iter().map(|further| further.column));
            seen.insert(naming);
        }
        columns.iter().map(|column| ExtraColumn { required: false, ..ExtraColumn::required(column) }).collect()
    }
}
