//! The days of a country's holidays that a model's file does not hold.

use super::{fitted::FittedProphet, terms::Holiday};
use crate::{
    error::{Error, Result},
    holidays::Country,
};
use jiff::{Timestamp, tz::TimeZone};

impl FittedProphet {
    /// Gives a model that Python wrote its country's holidays, from the first year of its history to that of `last`,
    /// milliseconds since the epoch; and insists that any model knows those of that year.
    ///
    /// # Errors
    /// [`Error::Settings`] for a country that is not known, [`Error::Data`] for years whose holidays are not.
    pub fn know_holidays_until(&mut self, last: i64) -> Result<()> {
        if let Some(country) = &self.unknown_holidays {
            let years = year(self.start)..=year(last).max(year(self.last_date()));
            let days = Country::new(country)?.holidays(years)?;
            self.know_holidays(days.into_iter().map(|day| Holiday::new(day.name, day.date)));
        }
        self.insist_on_holidays(last)
    }

    /// Insists that the model knows its country's holidays in the year of `last`, milliseconds since the epoch.
    ///
    /// # Errors
    /// [`Error::Data`] where it does not.
    pub fn insist_on_holidays(&self, last: i64) -> Result<()> {
        let Some(country) = &self.spec.country_holidays else { return Ok(()) };
        let known = country.days.iter().chain(&self.holidays).map(|day| day.date).max().map_or(i32::MAX, year);
        if year(last) > known {
            return Err(Error::Data(format!(
                "the artifact knows the holidays of {} until {known}, and the forecast goes to {}: train again, or ask for less",
                country.country,
                year(last)
            )));
        }
        Ok(())
    }
}

fn year(ms: i64) -> i32 {
    Timestamp::from_millisecond(ms).map_or(0, |at| i32::from(at.to_zoned(TimeZone::UTC).year()))
}
