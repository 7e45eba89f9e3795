//! Which dates are forecast, and what is known of them: the same for a training run and for `predict`.

use super::{FittedSeries, SeriesModel, frequency::Frequency, prophet::CovariateError};
use crate::data::{Columns, Covariates};
use std::borrow::Cow;

/// The dates to come, and the further columns of these and of the history.
#[derive(Debug)]
pub struct Future<'a> {
    /// The dates to forecast, increasing.
    pub dates: Vec<i64>,
    /// The dates that the columns have rows for, increasing.
    known: Cow<'a, [i64]>,
    columns: Cow<'a, Columns>,
}

impl<'a> Future<'a> {
    /// `horizon` steps; without one, all dates of the table. `own` are the rows of the series, with or without a value, and
    /// `table` is what a table of the future has of it, which overrules them.
    ///
    /// - Where there is a table, or the rows have values of [`FittedSeries::all_columns`] after the last value of the series, the
    ///   steps are the first dates after that value which either has. Beyond them the frequency leads on, unless the model
    ///   needs columns there.
    /// - Otherwise they are steps of the frequency after the last row.
    /// - A baseline repeats its season and knows no dates: it always has steps after the last row.
    ///
    /// # Errors
    /// [`CovariateError::TooFewDates`] where the columns that the model needs end before the horizon.
    pub fn new(
        model: &FittedSeries,
        frequency: Frequency,
        horizon: Option<usize>,
        own: Covariates<'a>,
        table: Option<Covariates<'a>>,
    ) -> Result<Self, CovariateError> {
        let Some(horizon) = horizon else {
            let table = table.unwrap_or(Covariates::NONE);
            return Ok(Self { dates: table.dates.to_vec(), ..Self::of(table) });
        };
        let SeriesModel::Prophet(fitted) = &model.model else {
            return Ok(Self { dates: model.future_dates(frequency, horizon), ..Self::of(Covariates::NONE) });
        };
        let (wanted, needed) = (model.all_columns(), model.columns());
        let last = fitted.last_value();
        let is_told = table.is_some() || !needed.is_empty() || has_values_after(last, own, &wanted);
        let future = match table {
            Some(table) => {
                let (known, columns) = joined(own, table, &wanted);
                Self { dates: Vec::new(), known: known.into(), columns: Cow::Owned(columns) }
            }
            None => Self::of(own),
        };
        let mut dates: Vec<i64> =
            future.known.iter().copied().filter(|date| is_told && *date > last).take(horizon).collect();
        if dates.len() < horizon && !needed.is_empty() {
            let (columns, dates) = (needed.join(", "), dates.len());
            return Err(CovariateError::TooFewDates { horizon, columns, dates });
        }
        let end = dates.last().copied().unwrap_or_else(|| fitted.last_date());
        dates.extend(frequency.after(end, horizon - dates.len()));
        Ok(Self { dates, ..future })
    }

    /// The columns, with their dates.
    #[must_use]
    pub fn covariates(&self) -> Covariates<'_> {
        Covariates { dates: &self.known, columns: &self.columns }
    }

    fn of(Covariates { dates, columns }: Covariates<'a>) -> Self {
        Self { dates: Vec::new(), known: Cow::Borrowed(dates), columns: Cow::Borrowed(columns) }
    }
}

fn has_values_after(last: i64, Covariates { dates, columns }: Covariates<'_>, wanted: &[&str]) -> bool {
    let ahead = dates.partition_point(|date| *date <= last);
    let has = |name: &&str| columns.get(name).is_some_and(|values| values[ahead..].iter().any(|value| !value.is_nan()));
    wanted.iter().any(has)
}

/// Two tables by date as one; where both have a number, the second counts.
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
