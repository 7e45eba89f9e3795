//! What to forecast: the dates, their known columns, and the interval.

use crate::{
    data::{Columns, CovariateError, Covariates},
    frequency::Frequency,
    interrupt::Interrupt,
};
use std::borrow::Cow;

/// The dates of a forecast.
#[derive(Clone, Copy, Debug)]
pub enum Dates<'a> {
    /// A number of steps after the history.
    ///
    /// - If there is a table of the future, or the series has values of
    ///   [`FittedSeries::all_columns`](crate::FittedSeries::all_columns) after its last value, the steps are the first dates
    ///   after that value which either of them has. The frequency continues them, unless the model needs columns there.
    /// - Otherwise the frequency continues the last date of the history.
    /// - A local model or a baseline reads no columns: its steps always follow the last date of the history.
    Steps {
        /// Number of steps.
        horizon: usize,
        /// Their spacing.
        frequency: Frequency,
    },
    /// All dates of the table of the future.
    Table,
    /// These dates, milliseconds since the epoch, in any order.
    At(&'a [i64]),
}

/// What to forecast.
///
/// ```
/// use manyfit_models::{Dates, ForecastRequest, frequency::Frequency};
///
/// let dates = Dates::Steps { horizon: 7, frequency: Frequency::DAILY };
/// let week = ForecastRequest { seed: [1; 32], ..ForecastRequest::new(dates) };
/// assert_eq!(week.interval_width, None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ForecastRequest<'a> {
    /// The dates.
    pub dates: Dates<'a>,
    /// Dates of the history to predict as well, increasing; those before the first of `dates` count. Prophet only.
    pub history: &'a [i64],
    /// The columns of the series, with and without a value, for [`Dates::Steps`].
    pub series: Covariates<'a>,
    /// A table of the future, which takes precedence over `series`.
    pub future: Option<Covariates<'a>>,
    /// Probability that the interval should cover, from 0 to below 1; by default that of the fit.
    pub interval_width: Option<f64>,
    /// Simulated futures behind the interval of Prophet, 0 for no interval; by default those of the fit.
    pub uncertainty_samples: Option<usize>,
    /// Seed of the simulated futures: the same seed gives the same forecast.
    pub seed: [u8; 32],
    /// What ends it early. Prophet only.
    pub interrupt: Interrupt<'a>,
}

impl<'a> ForecastRequest<'a> {
    /// The forecast at these dates, with no columns, the interval of the fit and the seed 0.
    #[must_use]
    pub const fn new(dates: Dates<'a>) -> Self {
        Self {
            dates,
            history: &[],
            series: Covariates::NONE,
            future: None,
            interval_width: None,
            uncertainty_samples: None,
            seed: [0; 32],
            interrupt: Interrupt::NONE,
        }
    }
}

/// What determines the dates of a forecast in the history of a model.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    /// The last date that has a value.
    pub(crate) last_value: i64,
    /// The last date.
    pub(crate) last_date: i64,
    /// Columns that a forecast needs.
    pub(crate) needed: &'a [&'a str],
    /// Columns that a forecast reads.
    pub(crate) wanted: &'a [&'a str],
}

/// The dates of a forecast, and their known columns.
pub(crate) struct Future<'a> {
    /// The dates to forecast.
    pub(crate) dates: Cow<'a, [i64]>,
    /// The dates that the columns have rows for, increasing.
    known: Cow<'a, [i64]>,
    columns: Cow<'a, Columns>,
}

impl<'a> Future<'a> {
    /// # Errors
    /// [`CovariateError::TooFewDates`] where the columns that the model needs end before the horizon.
    pub(crate) fn new(request: &ForecastRequest<'a>, past: Past<'_>) -> Result<Self, CovariateError> {
        let table = request.future.unwrap_or(Covariates::NONE);
        let (horizon, frequency) = match request.dates {
            Dates::At(dates) => return Ok(Self::of(dates.into(), table)),
            Dates::Table => return Ok(Self::of(table.dates.into(), table)),
            Dates::Steps { horizon, frequency } => (horizon, frequency),
        };
        let Past { last_value, last_date, needed, wanted } = past;
        let is_told =
            request.future.is_some() || !needed.is_empty() || has_values_after(last_value, request.series, wanted);
        let mut future = Self::of(Cow::default(), request.series);
        if let Some(table) = request.future {
            let (known, columns) = joined(request.series, table, wanted);
            (future.known, future.columns) = (known.into(), Cow::Owned(columns));
        }
        let known = future.known.iter().copied();
        let mut dates: Vec<i64> = known.filter(|date| is_told && *date > last_value).take(horizon).collect();
        if dates.len() < horizon && !needed.is_empty() {
            let columns = match needed {
                [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
                needed => needed.join(", "),
            };
            let dates = dates.len();
            return Err(CovariateError::TooFewDates { horizon, columns, dates });
        }
        let end = dates.last().copied().unwrap_or(last_date);
        dates.extend(frequency.after(end, horizon - dates.len()));
        Ok(Self { dates: dates.into(), ..future })
    }

    /// The columns, with their dates.
    pub(crate) fn covariates(&self) -> Covariates<'_> {
        Covariates { dates: &self.known, columns: &self.columns }
    }

    const fn of(wanted: Cow<'a, [i64]>, Covariates { dates, columns }: Covariates<'a>) -> Self {
        Self { dates: wanted, known: Cow::Borrowed(dates), columns: Cow::Borrowed(columns) }
    }
}

fn has_values_after(last: i64, Covariates { dates, columns }: Covariates<'_>, wanted: &[&str]) -> bool {
    let ahead = dates.partition_point(|date| *date <= last);
    let has = |name: &&str| columns.get(name).is_some_and(|values| values[ahead..].iter().any(|value| !value.is_nan()));
    wanted.iter().any(has)
}

/// Joins two tables by date; where both have a number, the second takes precedence.
fn joined(rows: Covariates<'_>, table: Covariates<'_>, wanted: &[&str]) -> (Vec<i64>, Columns) {
    let mut all: Vec<i64> = rows.dates.iter().chain(table.dates).copied().collect();
    all.sort_unstable();
    all.dedup();
    let at = |Covariates { dates, columns }: Covariates<'_>, name: &str, date: i64| {
        let row = dates.binary_search(&date).ok()?;
        columns.get(name)?.get(row).copied().filter(|value| !value.is_nan())
    };
    let mut joined = Columns::default();
    for name in wanted {
        let value = |&date: &i64| at(table, name, date).or_else(|| at(rows, name, date));
        joined.insert(name, all.iter().map(|date| value(date).unwrap_or(f64::NAN)).collect());
    }
    (all, joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_future_fills_up_and_overrules_the_rows() {
        let column = |values: &[f64]| {
            let mut columns = Columns::default();
            columns.insert("price", values.to_vec());
            columns
        };
        let (rows, table) = (column(&[10.0, f64::NAN, 30.0]), column(&[20.0, 33.0, 50.0]));
        let (dates, columns) = joined(
            Covariates { dates: &[1, 2, 3], columns: &rows },
            Covariates { dates: &[2, 3, 5], columns: &table },
            &["price"],
        );
        assert_eq!(dates, [1, 2, 3, 5]);
        assert_eq!(columns.get("price").unwrap(), [10.0, 20.0, 33.0, 50.0]);
    }
}
