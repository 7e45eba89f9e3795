//! Looking up the further columns that a model asks for, by date.

use crate::{data::Covariates, holidays::covered_years};
use jiff::{SignedDuration, civil::DateTime};

/// What is missing or wrong in the further columns of a series or of a future.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CovariateError {
    /// There is no such column.
    #[error("the model needs a column {column:?}, which is not there")]
    MissingColumn {
        /// Its name.
        column: String,
    },
    /// A row has no number in it, or there is no row.
    #[error("the column {column:?} has no value on {}, which the model needs", civil(*date))]
    MissingValue {
        /// Its name.
        column: String,
        /// Milliseconds since the epoch.
        date: i64,
    },
    /// A condition is neither 0 nor 1.
    #[error("the condition {column:?} is neither 0 nor 1 on {}", civil(*date))]
    NoCondition {
        /// Its name.
        column: String,
        /// Milliseconds since the epoch.
        date: i64,
    },
    /// Nothing fits between them.
    #[error(
        "the cap {cap} is not above the floor {floor} on {}; a floor that is not given is 0, or with scaling=minmax the least value",
        civil(*date)
    )]
    CapBelowFloor {
        /// Milliseconds since the epoch.
        date: i64,
        /// In the units of the input.
        cap: f64,
        /// In the units of the input.
        floor: f64,
    },
    /// The columns that the model needs end before the forecast does.
    #[error(
        "horizon={horizon} steps are to be forecast, and {columns} are known for {dates} dates after the last value"
    )]
    TooFewDates {
        /// Steps that are to be forecast.
        horizon: usize,
        /// What the model needs, with commas between the names.
        columns: String,
        /// Dates after the last value that are known.
        dates: usize,
    },
    /// A model that Python wrote names a country instead of its holidays' days.
    #[error("the model needs the days of the holidays of {country:?}, which its file does not hold")]
    UnknownHolidays {
        /// As Python's `add_country_holidays` has it.
        country: String,
    },
    /// The forecast goes beyond the years whose holidays the model has.
    #[error(
        "the model knows the holidays of {country} until {until}, and the forecast goes to {year}: ask for less{}",
        if until < covered_years().end() { ", or train with a longer horizon" } else { "" }
    )]
    HolidaysTooFar {
        /// The countries of the setting.
        country: String,
        /// The last year that is known.
        until: i32,
        /// The year of the last date.
        year: i32,
    },
}

impl CovariateError {
    /// Whether a column that was given, or more rows of it, would help.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::MissingColumn { .. } | Self::MissingValue { .. } | Self::TooFewDates { .. })
    }
}

/// Milliseconds since the epoch as a date and a time of day.
pub(crate) fn civil(ms: i64) -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(SignedDuration::from_millis(ms))
}

/// The values of a column at dates; `default` where there is none.
pub(super) fn values_at(
    covariates: Covariates<'_>,
    column: &str,
    dates: &[i64],
    default: Option<f64>,
) -> Result<Vec<f64>, CovariateError> {
    let Some(values) = covariates.columns.get(column) else {
        let default = default.ok_or_else(|| CovariateError::MissingColumn { column: column.into() })?;
        return Ok(vec![default; dates.len()]);
    };
    let mut row = 0;
    dates
        .iter()
        .map(|&date| {
            // Dates come in order and mostly next to each other.
            if covariates.dates.get(row) != Some(&date) {
                row = covariates.dates.partition_point(|&known| known < date);
            }
            let found = covariates.dates.get(row) == Some(&date);
            let value = values.get(row).copied().filter(|value| found && value.is_finite());
            row += usize::from(found);
            value.or(default).ok_or_else(|| CovariateError::MissingValue { column: column.into(), date })
        })
        .collect()
}

/// The values of a condition: 0 or 1.
pub(super) fn condition_at(
    covariates: Covariates<'_>,
    column: &str,
    dates: &[i64],
) -> Result<Vec<f64>, CovariateError> {
    let values = values_at(covariates, column, dates, None)?;
    match values.iter().position(|&value| value != 0.0 && value != 1.0) {
        Some(row) => Err(CovariateError::NoCondition { column: column.into(), date: dates[row] }),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Columns;

    #[test]
    fn values_are_found_by_date_and_what_is_missing_is_named() {
        let mut columns = Columns::named(["price"]);
        for price in [1.0, f64::NAN, 3.0] {
            columns.push_row([price]);
        }
        let covariates = Covariates { dates: &[10, 20, 30], columns: &columns };
        assert_eq!(values_at(covariates, "price", &[10, 30], None), Ok(vec![1.0, 3.0]));
        assert_eq!(values_at(covariates, "price", &[30, 10], None), Ok(vec![3.0, 1.0]));
        assert_eq!(values_at(covariates, "price", &[10, 20], None), missing(20));
        assert_eq!(values_at(covariates, "price", &[10, 86_400_000], None), missing(86_400_000));
        assert_eq!(values_at(covariates, "price", &[20, 25, 30], Some(7.0)), Ok(vec![7.0, 7.0, 3.0]));
        assert_eq!(values_at(covariates, "cap", &[20], Some(7.0)), Ok(vec![7.0]));
        assert_eq!(
            values_at(covariates, "cap", &[20], None).unwrap_err().to_string(),
            "the model needs a column \"cap\", which is not there"
        );
        assert!(missing(86_400_000).unwrap_err().to_string().contains("1970-01-02T00:00:00"));
        assert!(matches!(
            condition_at(covariates, "price", &[10, 30]),
            Err(CovariateError::NoCondition { date: 30, .. })
        ));
    }

    fn missing(date: i64) -> Result<Vec<f64>, CovariateError> {
        Err(CovariateError::MissingValue { column: "price".into(), date })
    }
}
