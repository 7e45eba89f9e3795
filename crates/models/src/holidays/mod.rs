//! Public holidays of countries, and trading holidays of markets, as in Python's `holidays` package.
//!
//! Stock Prophet's `add_country_holidays` takes English names, nationwide holidays and observed days from that package; the
//! table in `countries.bin` has the same days, for 250 countries and 33 markets and the years 1950 to 2099. It was
//! made by `make_countries.py` from the version that [`source_version`] names, so the dates change only when the table is
//! made anew. The package is under the MIT licence: <https://pypi.org/project/holidays/>.

mod table;

pub use table::PublicHoliday;

use crate::{Error, frequency::civil};
use std::{ops::RangeInclusive, sync::LazyLock};
use table::Table;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::unpack(include_bytes!("countries.bin")));

/// A country or a market of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Country(usize);

impl Country {
    /// Finds a country by its code of two or three letters or its name in one word: `DE`, `DEU`, `Germany`; or a market,
    /// such as `NYSE`. Case does not matter.
    ///
    /// # Errors
    /// [`Error::Parameter`] with all codes.
    pub fn new(code: &str) -> Result<Self, Error> {
        TABLE.find(code).map(Self).ok_or_else(|| {
            Error::Parameter(format!(
                "no holidays are known for {code:?}; the countries are {}; the markets are {}",
                TABLE.codes(false).join(", "),
                TABLE.codes(true).join(", ")
            ))
        })
    }

    /// Its usual code, such as `DE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        TABLE.countries[self.0].codes[0]
    }

    /// Its holidays in the years, by date and then by name.
    ///
    /// # Errors
    /// [`Error::Data`] for years that the table does not cover.
    pub fn holidays(self, years: RangeInclusive<i32>) -> Result<Vec<PublicHoliday>, Error> {
        let covered = covered_years();
        if !(years.is_empty() || covered.contains(years.start()) && covered.contains(years.end())) {
            return Err(Error::Data(format!(
                "the holidays of {} are known from {} to {}, and {} to {} are needed: leave country_holidays out, or give the \
                 holidays in a table",
                self.code(),
                covered.start(),
                covered.end(),
                years.start(),
                years.end()
            )));
        }
        Ok(TABLE.holidays(self.0, years))
    }
}

/// The years of the table.
#[must_use]
pub fn covered_years() -> RangeInclusive<i32> {
    TABLE.years()
}

/// The year of a time in UTC, milliseconds since the epoch; the first or last year of the calendar for times outside it.
#[must_use]
pub fn year_of(ms: i64) -> i32 {
    i32::from(civil(ms).year())
}

/// The version of Python's `holidays` package that the table was made from.
#[must_use]
pub fn source_version() -> &'static str {
    TABLE.version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(country: &str, years: RangeInclusive<i32>) -> Vec<(String, &'static str)> {
        let day = |ms| jiff::Timestamp::from_millisecond(ms).unwrap().strftime("%F").to_string();
        let holidays = Country::new(country).unwrap().holidays(years).unwrap();
        holidays.into_iter().map(|holiday| (day(holiday.date), holiday.name)).collect()
    }

    #[test]
    fn a_year_of_the_united_states_is_known_with_its_observed_days() {
        // As printed by Python's make_holidays_df([2021], "US").
        let expected = [
            ("2021-01-01", "New Year's Day"),
            ("2021-01-18", "Martin Luther King Jr. Day"),
            ("2021-02-15", "Washington's Birthday"),
            ("2021-05-31", "Memorial Day"),
            ("2021-06-18", "Juneteenth National Independence Day (observed)"),
            ("2021-06-19", "Juneteenth National Independence Day"),
            ("2021-07-04", "Independence Day"),
            ("2021-07-05", "Independence Day (observed)"),
            ("2021-09-06", "Labor Day"),
            ("2021-10-11", "Columbus Day"),
            ("2021-11-11", "Veterans Day"),
            ("2021-11-25", "Thanksgiving Day"),
            ("2021-12-24", "Christmas Day (observed)"),
            ("2021-12-25", "Christmas Day"),
            ("2021-12-31", "New Year's Day (observed)"),
        ];
        let found = named("US", 2021..=2021);
        assert!(found.iter().map(|(date, name)| (date.as_str(), *name)).eq(expected), "{found:?}");
        assert_eq!(named("usa", 2021..=2021), found);
        assert_eq!(named("UnitedStates", 2021..=2021), found);
    }

    #[test]
    fn every_country_has_holidays_in_order_and_within_the_years_asked_for() {
        let codes = [TABLE.codes(false), TABLE.codes(true)].concat();
        assert_eq!(codes.len(), 283);
        for code in codes {
            let found = Country::new(code).unwrap().holidays(covered_years()).unwrap();
            // Nobody lives there all the year round.
            assert_eq!(found.is_empty(), ["BV", "HM", "IO"].contains(&code), "{code}");
            assert!(found.is_sorted(), "{code}");
            let decade = named(code, 2010..=2019);
            assert!(decade.iter().all(|(date, _)| ("2010".."2020").contains(&date.as_str())), "{code}");
            let years: usize = (2010..=2019).map(|year| named(code, year..=year).len()).sum();
            assert_eq!(years, decade.len(), "{code}");
        }
    }

    #[test]
    fn an_unknown_country_is_refused_with_the_known_ones() {
        let refusal = Country::new("UX").unwrap_err().to_string();
        for known in ["\"UX\"", " DE,", " ZW;", " XNYS,"] {
            assert!(refusal.contains(known), "{known} is missing in: {refusal}");
        }
        let refusal = Country::new("DE").unwrap().holidays(1949..=1951).unwrap_err().to_string();
        assert!(refusal.contains("from 1950 to 2099"), "{refusal}");
    }
}
