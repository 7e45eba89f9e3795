//! Which dates a run forecasts for a customer, and what is known of them.

use crate::{
    dataset::{Columns, CustomerId, Series},
    error::{Error, Result},
    models::{FittedModel, frequency::Frequency},
    settings::ForecastTask,
};

/// The dates to come, and the further columns of these and of the history.
pub(super) struct Future {
    /// The dates to forecast, increasing.
    pub(super) dates: Vec<i64>,
    /// The dates that the columns have rows for, increasing.
    pub(super) known: Vec<i64>,
    pub(super) columns: Columns,
}

impl Future {
    /// Steps of the frequency after the history. A model that needs further columns goes as far as they are known instead:
    /// its dates are those of the customer's rows after its last value, and those of the table of the future.
    pub(super) fn new(
        task: &ForecastTask,
        customer: &CustomerId,
        series: &Series,
        model: &FittedModel,
        frequency: Frequency,
    ) -> Result<Self> {
        let wanted = model.columns();
        if wanted.is_empty() {
            let dates = model.future_dates(frequency, task.horizon);
            return Ok(Self { dates, known: Vec::new(), columns: Columns::default() });
        }
        let (mut known, mut columns) = (series.dates.clone(), series.columns.clone());
        // A customer without a row in it has its own rows alone.
        if let Some(table) = task.future().filter(|table| table.has(customer.as_str())) {
            let (dates, further) = table.dated(customer.as_str(), &wanted)?;
            (known, columns) = joined((&known, &columns), (&dates, &further), &wanted);
        }
        let last = series.timestamps.last().copied().unwrap_or(i64::MIN);
        let mut dates: Vec<i64> = known.iter().copied().filter(|date| *date > last).collect();
        if dates.len() < task.horizon {
            return Err(Error::Data(format!(
                "horizon={} steps are to be forecast, and {} are known for {} dates after the last value: add rows without a \
                 value, or a table of the future (future=FILE)",
                task.horizon,
                wanted.join(", "),
                dates.len()
            )));
        }
        dates.truncate(task.horizon);
        Ok(Self { dates, known, columns })
    }
}

/// Two tables by date as one; where both have a number, the second counts.
fn joined(
    (dates, columns): (&[i64], &Columns),
    (others, further): (&[i64], &Columns),
    wanted: &[&str],
) -> (Vec<i64>, Columns) {
    let mut all: Vec<i64> = dates.iter().chain(others).copied().collect();
    all.sort_unstable();
    all.dedup();
    let at = |dates: &[i64], columns: &Columns, name: &str, date: i64| {
        let row = dates.binary_search(&date).ok()?;
        columns.get(name)?.get(row).copied().filter(|value| !value.is_nan())
    };
    let mut joined = Columns::default();
    for name in wanted {
        let value = |&date: &i64| at(others, further, name, date).or_else(|| at(dates, columns, name, date));
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
        let (dates, columns) = joined(
            (&[1, 2, 3], &column(&[10.0, f64::NAN, 30.0])),
            (&[2, 3, 5], &column(&[20.0, 33.0, 50.0])),
            &["price"],
        );
        assert_eq!(dates, [1, 2, 3, 5]);
        assert_eq!(columns.get("price").unwrap(), [10.0, 20.0, 33.0, 50.0]);
    }
}
