//! Calendars of public holidays.

use crate::error::Result;
use manyfit_models::{
    holidays::{Country, covered_years, year_of},
    prophet::{CountryHolidays, Holiday},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Years after the end of a history whose holidays a model of a country keeps, so that it can forecast them.
const YEARS_AHEAD: i32 = 10;

/// Calendars of countries that were looked up: customers of the same countries whose histories are of the same years share
/// one.
#[derive(Debug, Default)]
pub(super) struct CountryCalendars(Mutex<HashMap<CalendarKey, CountryHolidays>>);

/// The countries in the order of the setting, and the first and the last year.
type CalendarKey = (Vec<Country>, i32, i32);

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
