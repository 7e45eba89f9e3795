//! Extra columns of a series or of a forecast, and errors in them.

use crate::{Error, frequency::civil, holidays::covered_years, interrupt::Interruption};

/// Named columns of numbers at the dates of a series or of a forecast: regressors, conditions, `cap`, `floor`.
///
/// - all have the same length, NaN where a value is missing;
/// - a name occurs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

/// Columns and the dates of their rows, strictly increasing, in which a fit or a forecast looks values up.
#[derive(Clone, Copy, Debug)]
pub struct Covariates<'a> {
    /// Milliseconds since the epoch, as in [`Series`](super::Series).
    pub dates: &'a [i64],
    /// A row for each of them.
    pub columns: &'a Columns,
}

impl Columns {
    /// No columns.
    pub const NONE: &'static Self = &Self { names: Vec::new(), values: Vec::new() };

    /// Columns of these names, without rows.
    #[must_use]
    pub fn named<Name: Into<String>>(names: impl IntoIterator<Item = Name>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self { values: vec![Vec::new(); names.len()], names }
    }

    /// Adds a column, or replaces the one of the same name.
    pub fn insert(&mut self, name: &str, values: Vec<f64>) {
        if let Some(known) = self.names.iter().position(|known| known == name) {
            self.values[known] = values;
        } else {
            self.names.push(name.into());
            self.values.push(values);
        }
    }

    /// Adds a row: a value for each name, in their order.
    pub fn push_row(&mut self, row: impl IntoIterator<Item = f64>) {
        self.values.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }

    /// The names, in the order of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A column by its name, NaN where a value is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.names.iter().position(|known| known == name).map(|at| &self.values[at][..])
    }

    /// Names and values of all columns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.names.iter().map(String::as_str).zip(self.values.iter().map(Vec::as_slice))
    }

    /// Removes the rows and keeps the names and the memory.
    pub fn clear_rows(&mut self) {
        self.values.iter_mut().for_each(Vec::clear);
    }
}

impl Covariates<'static> {
    /// For models that need none.
    pub const NONE: Self = Self { dates: &[], columns: Columns::NONE };
}

impl Covariates<'_> {
    /// The values of a column at dates; `default` where there is none.
    pub(crate) fn values_at(
        self,
        column: &str,
        dates: &[i64],
        default: Option<f64>,
    ) -> Result<Vec<f64>, CovariateError> {
        let Some(values) = self.columns.get(column) else {
            let default = default.ok_or_else(|| CovariateError::MissingColumn { column: column.into() })?;
            return Ok(vec![default; dates.len()]);
        };
        let mut row = 0;
        dates
            .iter()
            .map(|&date| {
                // Dates are mostly in order and consecutive.
                if self.dates.get(row) != Some(&date) {
                    row = self.dates.partition_point(|&known| known < date);
                }
                let found = self.dates.get(row) == Some(&date);
                let value = values.get(row).copied().filter(|value| found && value.is_finite());
                row += usize::from(found);
                value.or(default).ok_or_else(|| CovariateError::MissingValue { column: column.into(), date })
            })
            .collect()
    }

    /// The values of a condition: 0 or 1.
    pub(crate) fn condition_at(self, column: &str, dates: &[i64]) -> Result<Vec<f64>, CovariateError> {
        let values = self.values_at(column, dates, None)?;
        match values.iter().position(|&value| value != 0.0 && value != 1.0) {
            Some(row) => Err(CovariateError::InvalidCondition { column: column.into(), date: dates[row] }),
            None => Ok(values),
        }
    }
}

/// Of a forecast, unlike [`Interruption`]'s text, which is of a fit.
fn ended_early(interruption: Interruption) -> String {
    match interruption {
        Interruption::OutOfTime => "the forecast did not end within its time limit: ask for fewer dates, or lower \
                                    uncertainty_samples"
            .into(),
        other => other.to_string(),
    }
}

/// What is missing or wrong in the extra columns of a series or of a forecast.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CovariateError {
    /// A column is missing.
    #[error("the model needs a column {column:?}, which is missing")]
    MissingColumn {
        /// Its name.
        column: String,
    },
    /// A row or its value is missing.
    #[error("the column {column:?} has no value on {}, which the model needs", civil(*date))]
    MissingValue {
        /// Its name.
        column: String,
        /// Milliseconds since the epoch.
        date: i64,
    },
    /// A condition is neither 0 nor 1.
    #[error("the condition {column:?} is neither 0 nor 1 on {}", civil(*date))]
    InvalidCondition {
        /// Its name.
        column: String,
        /// Milliseconds since the epoch.
        date: i64,
    },
    /// The cap is not above the floor.
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
    /// A date is so far after the history that the steps up to it are too many to compute.
    #[error("{} is {steps} steps after the history: the farthest is {most}", civil(*date))]
    TooFar {
        /// Milliseconds since the epoch.
        date: i64,
        /// Steps of the model's frequency.
        steps: i64,
        /// The most that are computed.
        most: i64,
    },
    /// The columns that the model needs end before the forecast.
    #[error("horizon={horizon} needs {horizon} future values of {columns}; {dates} are given")]
    TooFewDates {
        /// Number of steps of the forecast.
        horizon: usize,
        /// The columns that the model needs: `price`, or `price and promo`.
        columns: String,
        /// Number of known dates after the last value.
        dates: usize,
    },
    /// The forecast was ended early.
    #[error("{}", ended_early(*.0))]
    Interrupted(#[from] Interruption),
    /// A model file of Python's names a country without the days of its holidays.
    #[error("the model needs the days of the holidays of {country:?}, which its file does not contain")]
    UnknownHolidays {
        /// As in Python's `add_country_holidays`.
        country: String,
    },
    /// The country is unknown, or its holidays are not known for all years.
    #[error(transparent)]
    Holidays(Error),
    /// A baseline can only forecast dates after its history.
    #[error("the model repeats its last season: it can only forecast dates after its training data")]
    WithinHistory,
    /// The forecast ends after the years for which the model has holidays.
    #[error(
        "the model knows the holidays of {country} until {until}, and the forecast goes to {year}: shorten it{}",
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
    /// Whether adding the column, or more rows of it, would help.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::MissingColumn { .. } | Self::MissingValue { .. } | Self::TooFewDates { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_keep_their_names_when_their_rows_go() {
        let mut columns = Columns::named(["price", "promotion"]);
        columns.push_row([1.0, f64::NAN]);
        columns.push_row([2.0, 1.0]);
        columns.insert("cap", vec![9.0, 9.0]);
        columns.insert("price", vec![3.0, 4.0]);
        assert_eq!(columns.get("price"), Some(&[3.0, 4.0][..]));
        assert_eq!(columns.get("floor"), None);
        columns.clear_rows();
        assert_eq!(columns.names(), ["price", "promotion", "cap"]);
        assert!(columns.iter().all(|(_, values)| values.is_empty()));
    }

    #[test]
    fn values_are_found_by_date_and_what_is_missing_is_named() {
        let mut columns = Columns::named(["price"]);
        for price in [1.0, f64::NAN, 3.0] {
            columns.push_row([price]);
        }
        let covariates = Covariates { dates: &[10, 20, 30], columns: &columns };
        assert_eq!(covariates.values_at("price", &[10, 30], None), Ok(vec![1.0, 3.0]));
        assert_eq!(covariates.values_at("price", &[30, 10], None), Ok(vec![3.0, 1.0]));
        assert_eq!(covariates.values_at("price", &[10, 20], None), missing(20));
        assert_eq!(covariates.values_at("price", &[10, 86_400_000], None), missing(86_400_000));
        assert_eq!(covariates.values_at("price", &[20, 25, 30], Some(7.0)), Ok(vec![7.0, 7.0, 3.0]));
        assert_eq!(covariates.values_at("cap", &[20], Some(7.0)), Ok(vec![7.0]));
        assert_eq!(
            covariates.values_at("cap", &[20], None).unwrap_err().to_string(),
            "the model needs a column \"cap\", which is missing"
        );
        assert!(missing(86_400_000).unwrap_err().to_string().contains("1970-01-02T00:00:00"));
        assert!(matches!(
            covariates.condition_at("price", &[10, 30]),
            Err(CovariateError::InvalidCondition { date: 30, .. })
        ));
    }

    fn missing(date: i64) -> Result<Vec<f64>, CovariateError> {
        Err(CovariateError::MissingValue { column: "price".into(), date })
    }
}
