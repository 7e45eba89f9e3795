//! From text to settings, with the tables that they name.

use super::{
    family::Family,
    forecast::check,
    groups::check_groups,
    holiday_table::HolidayTable,
    lookup::{find, merge},
    overrides::Overrides,
    reader::Reader,
    run::{Settings, refused},
    tables::Tables,
    task::Task,
};
use crate::{
    error::Result,
    input::{CustomerRows, ExtraColumn},
};
use manyfit_models::SeriesSpec;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    mem, slice,
    sync::Arc,
};

impl Settings {
    /// Checks settings as text, without a look at the tables that they name, which may be where only the run itself can read
    /// them.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) with every fault on a line of its own.
    pub fn without_tables(given: &BTreeMap<String, String>) -> Result<Self> {
        Self::check(given).map_err(|faults| refused(&faults))
    }

    /// Checks settings as text, names in any spelling, and reads the tables that they name.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) with every fault on a line of its own;
    /// [`Error::Data`](crate::error::Error::Data) for a table that cannot be used.
    pub fn from_text(given: &BTreeMap<String, String>) -> Result<Self> {
        let mut settings = Self::without_tables(given)?;
        let Task::Forecast(task) = &mut settings.task else { return Ok(settings) };
        let (mut tables, sheets) = (Tables::default(), settings.input.sheets());
        if let Some(path) = task.holidays.clone() {
            let table = HolidayTable::read(&path, &sheets)?;
            for model in task.models_mut() {
                if let SeriesSpec::Prophet(spec) = model {
                    spec.holidays = table.shared.clone();
                    check(spec, &path.display().to_string())?;
                }
            }
            tables.holidays = Some(table);
        }
        if let Some(path) = &task.future {
            task.future_rows = Some(Arc::new(CustomerRows::read(path, &sheets)?));
        }
        if let Some(path) = &task.overrides {
            let overrides = Overrides::read(path, &sheets)?;
            tables.given = merge(slice::from_ref(given)).expect("they were checked");
            tables.columns = mem::take(&mut settings.input.extra);
            settings.input.extra = columns_to_read(&overrides, &tables);
            tables.overrides = Some(overrides);
        }
        check_groups(&tables)?;
        settings.tables = Arc::new(tables);
        Ok(settings)
    }
}

/// The columns of the input that the settings of any customer name, as files call them. None is required in every file: each
/// customer's settings require their own.
fn columns_to_read(overrides: &Overrides, tables: &Tables) -> Vec<ExtraColumn> {
    let mut columns: BTreeSet<String> = tables.columns.iter().map(|column| column.column.clone()).collect();
    let mut seen = HashSet::new();
    for customer in overrides.customers.keys() {
        let mut naming = overrides.settings_of(customer);
        naming.retain(|name, _| find(Family::Prophet, name).is_some_and(|setting| setting.names_columns));
        if naming.is_empty() || seen.contains(&naming) {
            continue;
        }
        let read = Settings::read(&mut Reader::new(&tables.given_with(&naming)));
        columns.extend(read.input.extra.into_iter().map(|column| column.column));
        seen.insert(naming);
    }
    columns.iter().map(|column| ExtraColumn { required: false, ..ExtraColumn::required(column) }).collect()
}
