//! Holidays from tables, and of countries.
//!
//! A table has the columns of Python's `holidays` data frame: `holiday`, `ds`, and if wanted `lower_window`, `upper_window`,
//! `prior_scale`; a column `customer` (or `customer_id`) or `group` says whose a row is, and a row where both are empty is
//! everybody's.

use crate::{error::Result, input::Sheet};
use manyfit_models::{
    holidays::{Country, covered_years, year_of},
    prophet::{CountryHolidays, Holiday, Holidays},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Years after the end of a history whose holidays a model of a country keeps, so that it can forecast them.
const YEARS_AHEAD: i32 = 10;

/// The holidays of tables, by whose they are.
#[derive(Debug, Default)]
pub(super) struct HolidayTable {
    pub(super) shared: Holidays,
    by_group: HashMap<String, Vec<Holiday>>,
    /// Where each group is named first.
    groups: BTreeMap<String, String>,
    by_customer: HashMap<String, Vec<Holiday>>,
}

/// Calendars of countries that were looked up: customers of the same countries whose histories are of the same years share
/// one.
#[derive(Debug, Default)]
pub(super) struct CountryCalendars(Mutex<HashMap<CalendarKey, CountryHolidays>>);

/// The countries in the order of the setting, and the first and the last year.
type CalendarKey = (Vec<Country>, i32, i32);

impl HolidayTable {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut table = Self::default();
        let mut shared = Vec::new();
        for sheet in Sheet::read_all(path)? {
            let name = sheet.require(&["holiday", "name"])?;
            let date = sheet.require(&["ds", "date"])?;
            let [lower, upper] = [&["lower_window"], &["upper_window"]].map(|names| sheet.find(names));
            let [prior, group] = [&["prior_scale"], &["group"]].map(|names| sheet.find(names));
            let customer = sheet.customer();
            for row in sheet.rows() {
                let window = |column: Option<usize>, low: f64, high: f64, complaint: &str| {
                    let Some(column) = column else { return Ok(0) };
                    let days = row.number(column)?.unwrap_or(0.0);
                    if days.fract() == 0.0 && (low..=high).contains(&days) {
                        Ok(days as i32)
                    } else {
                        Err(row.fault(column, complaint))
                    }
                };
                let prior_scale = prior.map(|column| row.number(column)).transpose()?.flatten();
                if let (Some(column), Some(scale)) = (prior, prior_scale)
                    && !(1e-9..=1e9).contains(&scale)
                {
                    return Err(row.fault(column, "is no prior scale: use a number from 1e-9 to 1e9"));
                }
                let holiday = Holiday {
                    name: row.word(name).ok_or_else(|| row.fault(name, "is no name of a holiday"))?.to_owned(),
                    date: row.time(date)?,
                    lower_window: window(lower, -366.0, 0.0, "is no lower window: use days from -366 to 0")?,
                    upper_window: window(upper, 0.0, 366.0, "is no upper window: use days from 0 to 366")?,
                    prior_scale,
                };
                let word = |column: Option<usize>| column.and_then(|column| row.word(column));
                match (word(customer), word(group)) {
                    (Some(_), Some(_)) => {
                        return Err(row.row_fault("the row names a customer and a group: leave one of them empty"));
                    }
                    (Some(customer), None) => table.by_customer.entry(customer.into()).or_default().push(holiday),
                    (None, Some(group)) => {
                        table.groups.entry(group.into()).or_insert_with(|| row.describe());
                        table.by_group.entry(group.into()).or_default().push(holiday);
                    }
                    (None, None) => shared.push(holiday),
                }
            }
        }
        table.shared = shared.into();
        Ok(table)
    }

    /// The groups that have holidays, and where each is named first.
    pub(super) const fn groups(&self) -> &BTreeMap<String, String> {
        &self.groups
    }

    /// The customers that have holidays of their own.
    pub(super) fn customers(&self) -> impl Iterator<Item = &str> {
        self.by_customer.keys().map(String::as_str)
    }

    /// Everybody's holidays, those of the group and those of the customer; `None` where they are everybody's alone.
    pub(super) fn of(&self, customer: &str, group: Option<&str>) -> Option<Holidays> {
        let (group, own) = (group.and_then(|group| self.by_group.get(group)), self.by_customer.get(customer));
        if group.is_none() && own.is_none() {
            return None;
        }
        let further = group.into_iter().chain(own).flatten();
        Some(self.shared.iter().chain(further).cloned().collect())
    }
}

impl CountryCalendars {
    /// The holidays of the countries from the year of the first date to the year `until`.
    pub(super) fn of(&self, countries: &[Country], first: i64, until: i32) -> Result<CountryHolidays> {
        let first = year_of(first);
        let key = (countries.to_vec(), first, until);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holidays) = known.get(&key) {
            return Ok(holidays.clone());
        }
        let mut days = Vec::new();
        for country in countries {
            days.extend(country.holidays(first..=until)?.into_iter().map(|day| (day.date, day.name)));
        }
        // A holiday that two countries have on one day is one.
        days.sort_unstable();
        days.dedup();
        let codes: Vec<&str> = countries.iter().map(|country| country.code()).collect();
        let days = days.into_iter().map(|(date, name)| Holiday::new(name, date)).collect();
        let holidays = CountryHolidays { country: codes.join(","), days, until };
        known.insert(key, holidays.clone());
        Ok(holidays)
    }
}

/// The last year whose holidays a model keeps: some years after the last date of its history, and not before the last date
/// that the run forecasts, as far as they are known.
pub(super) fn pinned_until(last: i64, forecast: i64) -> i32 {
    let last = year_of(last);
    (last + YEARS_AHEAD).max(year_of(forecast)).min(*covered_years().end()).max(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_of_the_same_years_have_each_their_own_calendar() {
        let [germany, america] = ["DE", "US"].map(|code| Country::new(code).unwrap());
        let calendars = CountryCalendars::default();
        let in_2022 = 1_640_995_200_000;
        let of = |countries: &[Country]| {
            let CountryHolidays { country, days, .. } = calendars.of(countries, in_2022, 2022).unwrap();
            (country, ["German Unity Day", "Thanksgiving Day"].map(|name| days.iter().any(|day| day.name == name)))
        };
        for _ in 0..2 {
            assert_eq!(of(&[germany]), ("DE".into(), [true, false]));
            assert_eq!(of(&[america]), ("US".into(), [false, true]));
            assert_eq!(of(&[germany, america]), ("DE,US".into(), [true, true]));
        }
    }
}
