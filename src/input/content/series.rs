//! Rows in the order of a file to a series in the order of time.

use crate::input::{
    Duplicates,
    data_error::{DataError, Position},
    value::timestamp,
};
use manyfit_models::data::{Columns, Series};

/// One row: a time, and a value or NaN where it is missing.
#[derive(Clone, Copy, Debug)]
pub(in crate::input) struct Row {
    pub(in crate::input) time: i64,
    pub(in crate::input) value: f64,
    /// The line or row it came from: increasing in the order of the file.
    pub(in crate::input) number: u64,
}

/// Rows as they were read, and beside them the numbers of the further columns.
#[derive(Default)]
pub(in crate::input) struct Gathered {
    rows: Vec<Row>,
    /// The further columns' numbers, row after row in the order of the file; nothing where there are no such columns.
    further: Vec<f64>,
    /// The line or row of each of them, increasing.
    numbers: Vec<u64>,
}

impl Gathered {
    pub(in crate::input) fn with_capacity(rows: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), ..Self::default() }
    }

    pub(in crate::input) fn clear(&mut self) {
        self.rows.clear();
        self.further.clear();
        self.numbers.clear();
    }

    #[inline]
    pub(in crate::input) fn push(&mut self, row: Row, further: &[f64]) {
        if !further.is_empty() {
            self.numbers.push(row.number);
            self.further.extend_from_slice(further);
        }
        self.rows.push(row);
    }
}

/// What settling depends on beside the rows.
#[derive(Clone, Copy)]
pub(in crate::input) struct Rules {
    pub(in crate::input) duplicates: Duplicates,
    /// How a row is named in a message.
    pub(in crate::input) place: fn(u64) -> Position,
    /// Whether the file holds many customers.
    pub(in crate::input) many: bool,
}

/// Sorts the rows, settles duplicate timestamps and fills the series; `names` are those of the further columns. Rows in
/// order cost one comparison each.
pub(in crate::input) fn settle(
    gathered: &mut Gathered,
    names: &[String],
    rules: Rules,
    series: &mut Series,
) -> Result<(), DataError> {
    let Gathered { rows, further, numbers } = gathered;
    series.clear();
    if series.columns.names() != names {
        series.columns = Columns::named(names);
    }
    if !rows.is_sorted_by_key(|row| row.time) {
        // The number makes equal times keep the order of the file, as a stable sort would, without its memory.
        rows.sort_unstable_by_key(|row| (row.time, row.number));
    }
    series.dates.reserve(rows.len());
    series.timestamps.reserve(rows.len());
    series.values.reserve(rows.len());
    for group in rows.chunk_by(|a, b| a.time == b.time) {
        let [first, rest @ ..] = group else { continue };
        let value = if rest.is_empty() { first.value } else { combine(group, rules)? };
        series.dates.push(first.time);
        if !names.is_empty() {
            let of = |row: &Row| {
                let at = numbers.binary_search(&row.number).map_or(0, |at| at * names.len());
                &further[at..at + names.len()]
            };
            series.columns.push_row((0..names.len()).map(|column| {
                let values = group.iter().map(|row| of(row)[column]).filter(|value| !value.is_nan());
                combine_further(values, rules.duplicates)
            }));
        }
        if !value.is_nan() {
            series.timestamps.push(first.time);
            series.values.push(value);
        }
    }
    Ok(())
}

/// The one number of a further column for rows with the same time, NaN where none of them has any. A price or a capacity does
/// not add up where targets do: it is their mean.
fn combine_further(mut values: impl Iterator<Item = f64> + Clone, duplicates: Duplicates) -> f64 {
    match duplicates {
        Duplicates::Error | Duplicates::First => values.next(),
        Duplicates::Last => values.last(),
        Duplicates::Mean | Duplicates::Sum => mean(values),
    }
    .unwrap_or(f64::NAN)
}

/// The one value of several rows with the same time; NaN where none of them has a value.
#[cold]
fn combine(group: &[Row], Rules { duplicates, place, many }: Rules) -> Result<f64, DataError> {
    let mut values = group.iter().map(|row| row.value).filter(|value| !value.is_nan());
    let value = match duplicates {
        Duplicates::Error => {
            let (first, second) = (place(group[0].number), place(group[1].number));
            let time = timestamp::format(group[0].time);
            let hint = if many {
                ""
            } else {
                "; if the file holds several customers, set customer to the column of their names"
            };
            return Err(DataError::row(
                second,
                format!(
                    "the timestamp {time} stands also on {first}: remove one, or set duplicates to first, last, mean \
                     or sum{hint}"
                ),
            ));
        }
        Duplicates::First => values.next(),
        Duplicates::Last => values.next_back(),
        Duplicates::Mean => mean(values),
        Duplicates::Sum => values.reduce(|sum, value| sum + value),
    };
    match value {
        Some(value) if value.is_infinite() => {
            let time = timestamp::format(group[0].time);
            Err(DataError::row(
                place(group[0].number),
                format!("the values of {time} add up to more than a number holds"),
            ))
        }
        value => Ok(value.unwrap_or(f64::NAN)),
    }
}

/// The sum over the count, or the sum of the parts where the sum is more than a number holds.
fn mean(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count() as f64;
    let sum: f64 = values.clone().sum();
    match count {
        0.0 => None,
        _ if sum.is_finite() => Some(sum / count),
        _ => Some(values.map(|value| value / count).sum()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn settled(rows: &[(i64, f64)], duplicates: Duplicates) -> Result<Series, String> {
        let mut gathered = Gathered::default();
        for (&(day, value), number) in rows.iter().zip(2..) {
            gathered.push(Row { time: day * DAY, value, number }, &[]);
        }
        let mut series = Series::default();
        let settled = settle(&mut gathered, &[], Rules { duplicates, place: Position::Line, many: false }, &mut series);
        settled.map(|()| series).map_err(|fault| fault.in_file("f.csv").to_string())
    }

    #[test]
    fn unsorted_rows_are_sorted_and_missing_values_are_left_out() {
        let series = settled(&[(3, 30.0), (1, 10.0), (2, f64::NAN)], Duplicates::Error).unwrap();
        assert_eq!(series.dates, [DAY, 2 * DAY, 3 * DAY]);
        assert_eq!(series.timestamps, [DAY, 3 * DAY]);
        assert_eq!(series.values, [10.0, 30.0]);
        assert_eq!(series.missing(), 1);
    }

    #[test]
    fn duplicate_timestamps_are_refused_with_both_lines() {
        let refusal = settled(&[(2, 1.0), (1, 1.0), (2, 1.0)], Duplicates::Error).unwrap_err();
        assert!(refusal.starts_with("f.csv: line 4: the timestamp 1970-01-03 stands also on line 2: "), "{refusal}");
    }

    #[test]
    fn duplicate_timestamps_are_settled_over_the_rows_that_have_a_value() {
        let rows = [(2, 8.0), (1, f64::NAN), (1, 6.0), (1, 3.0), (1, 1.5), (1, f64::NAN), (3, f64::NAN), (3, f64::NAN)];
        for (duplicates, expected) in
            [(Duplicates::First, 6.0), (Duplicates::Last, 1.5), (Duplicates::Mean, 3.5), (Duplicates::Sum, 10.5)]
        {
            let series = settled(&rows, duplicates).unwrap();
            assert_eq!(series.dates, [DAY, 2 * DAY, 3 * DAY], "{duplicates}");
            assert_eq!(series.values, [expected, 8.0], "{duplicates}");
        }
    }

    #[test]
    fn a_sum_beyond_the_numbers_is_refused_and_a_mean_is_not() {
        let rows = [(1, f64::MAX), (1, f64::MAX)];
        assert!(settled(&rows, Duplicates::Sum).unwrap_err().contains("1970-01-02"));
        assert_eq!(settled(&rows, Duplicates::Mean).unwrap().values, [f64::MAX]);
    }
}
