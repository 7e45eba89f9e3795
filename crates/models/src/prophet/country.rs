//! The days of a country's holidays that a model's file lacks.

use super::{
    fitted::FittedProphet,
    terms::{CountryHolidays, Holiday, Holidays},
};
use crate::{
    Result,
    data::CovariateError,
    holidays::{Country, year_of},
};

impl FittedProphet {
    /// Looks up the holidays that a file written by Python lacks, from the first year of the history to that of `last`,
    /// milliseconds since the epoch. Does nothing for other models.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) for a country that is not known,
    /// [`Error::Data`](crate::Error::Data) for years whose holidays are not.
    pub(super) fn look_up_holidays(&mut self, last: i64) -> Result<()> {
        if let Some(country) = self.unknown_holidays.clone() {
            let until = year_of(last).max(year_of(self.last_date()));
            let days = Country::new(&country)?.holidays(year_of(self.start)..=until)?;
            self.set_country_holidays(days.into_iter().map(|day| Holiday::new(day.name, day.date)));
            self.spec.country_holidays = Some(CountryHolidays { country, days: Holidays::default(), until });
        }
        Ok(())
    }

    /// Checks that the model knows its country's holidays in the year of `last`, milliseconds since the epoch.
    pub(super) fn check_holidays(&self, last: i64) -> Result<(), CovariateError> {
        if let Some(country) = &self.unknown_holidays {
            return Err(CovariateError::UnknownHolidays { country: country.clone() });
        }
        match &self.spec.country_holidays {
            Some(CountryHolidays { country, until, .. }) if year_of(last) > *until => {
                Err(CovariateError::HolidaysTooFar { country: country.clone(), until: *until, year: year_of(last) })
            }
            _ => Ok(()),
        }
    }
}
