//! Rows in the order of a file to a series in the order of time.

use crate::input::{
    content::rows::{Context, FileRow, Rows},
    data_error::{DataError, Position},
    schema::{header::Header, series_columns::SeriesColumns},
    settings::Duplicates,
    value::{number, timestamp},
};
use manyfit_models::data::{Columns, Feature, Series};

/// One row: a time, and a value, NaN if it is missing.
#[derive(Clone, Copy, Debug)]
struct Row {
    time: i64,
    value: f64,
    /// The line or row of the file, increasing.
    number: u64,
}

/// The rows of a series, and the numbers of their extra columns.
#[derive(Default)]
pub(in crate::input) struct SeriesRows {
    rows: Vec<Row>,
    /// The numbers of the extra columns, row after row in the order of the file; empty if there are no such columns.
    extra: Vec<f64>,
    /// The line or row of each of them, increasing.
    numbers: Vec<u64>,
}

impl SeriesRows {
    pub(in crate::input) fn clear(&mut self) {
        self.rows.clear();
        self.extra.clear();
        self.numbers.clear();
    }
}

impl Rows for SeriesRows {
    type Columns = SeriesColumns;
    type Data = Series;

    fn with_capacity(_: &SeriesColumns, _: Option<&[Feature]>, rows: usize, _: usize) -> Self {
        Self { rows: Vec::with_capacity(rows), ..Self::default() }
    }

    #[inline]
    fn push(&mut self, row: &impl FileRow, columns: &SeriesColumns, header: &Header) -> Result<(), DataError> {
        let time = match columns.times.form.time(row.cell(columns.timestamp)) {
            Ok(time) => time,
            Err(complaint) => return bad_cell(row, columns.timestamp, header, complaint),
        };
        let time = match columns.clock {
            None => time,
            Some(at) => time + row.cell(at).time_of_day().map_err(|complaint| row.bad(at, header, complaint))?,
        };
        let value = match row.number_cell(columns.target).number(number::NOT_A_TARGET) {
            Ok(value) => value.unwrap_or(f64::NAN),
            Err(complaint) => return bad_cell(row, columns.target, header, complaint),
        };
        let (Position::Line(number) | Position::Row(number)) = row.position();
        if !columns.extra.is_empty() {
            self.numbers.push(number);
            for &at in &columns.extra {
                let extra = row
                    .number_cell(at)
                    .number(number::NOT_A_NUMBER)
                    .map_err(|complaint| row.bad(at, header, complaint))?;
                self.extra.push(extra.unwrap_or(f64::NAN));
            }
        }
        self.rows.push(Row { time, value, number });
        Ok(())
    }

    fn finish(mut self, columns: &SeriesColumns, _: &Header, context: Context) -> Result<Series, DataError> {
        let mut series = Series::default();
        sort_and_combine(&mut self, columns, context, &mut series)?;
        Ok(series)
    }
}

#[cold]
fn bad_cell(row: &impl FileRow, at: usize, header: &Header, complaint: &str) -> Result<(), DataError> {
    if row.is_blank() { Ok(()) } else { Err(row.bad(at, header, complaint)) }
}

/// Sorts the rows, combines rows with the same timestamp and fills the series. Rows that are in order cost one comparison each.
pub(in crate::input) fn sort_and_combine(
    gathered: &mut SeriesRows,
    columns: &SeriesColumns,
    context: Context,
    series: &mut Series,
) -> Result<(), DataError> {
    let names = &columns.extra_names[..];
    let SeriesRows { rows, extra, numbers } = gathered;
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
        let value = if rest.is_empty() { first.value } else { combine(group, columns, context)? };
        series.dates.push(first.time);
        if !names.is_empty() {
            let of = |row: &Row| {
                let at = numbers.binary_search(&row.number).map_or(0, |at| at * names.len());
                &extra[at..at + names.len()]
            };
            series.columns.push_row((0..names.len()).map(|column| {
                let values = group.iter().map(|row| of(row)[column]).filter(|value| !value.is_nan());
                combine_extra(values, context.duplicates)
            }));
        }
        if !value.is_nan() {
            series.timestamps.push(first.time);
            series.values.push(value);
        }
    }
    Ok(())
}

/// The one number of an extra column for rows with the same time; NaN if none of them has any. Targets may be added up, but
/// not a price or a capacity: then it is the mean.
fn combine_extra(mut values: impl Iterator<Item = f64> + Clone, duplicates: Duplicates) -> f64 {
    match duplicates {
        Duplicates::Error | Duplicates::First => values.next(),
        Duplicates::Last => values.last(),
        Duplicates::Mean | Duplicates::Sum => mean(values),
    }
    .unwrap_or(f64::NAN)
}

/// The one value of several rows with the same time; NaN if none of them has a value.
#[cold]
fn combine(
    group: &[Row],
    columns: &SeriesColumns,
    Context { duplicates, position, many }: Context,
) -> Result<f64, DataError> {
    let mut values = group.iter().map(|row| row.value).filter(|value| !value.is_nan());
    let value = match duplicates {
        Duplicates::Error => {
            let (first, second) = (position(group[0].number), position(group[1].number));
            let time = timestamp::format(group[0].time);
            let hint = match &columns.unused_clock {
                Some([clock, date]) => {
                    format!("; if the column {clock:?} holds the time of day, set timestamp to {date},{clock}")
                }
                None if may_be_repeated_hour(group[0].time) => {
                    "; if the clocks are set back there, manyfit prepare --timezone ZONE tells the two hours apart by their order"
                        .into()
                }
                None if many => String::new(),
                None => "; if the file holds several customers, set customer to the column of their names".into(),
            };
            return Err(DataError::row(
                second,
                format!(
                    "the timestamp {time} is also on {first}: remove one, or set duplicates to first, last, mean \
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
                position(group[0].number),
                format!("the values of {time} add up to more than the largest number"),
            ))
        }
        value => Ok(value.unwrap_or(f64::NAN)),
    }
}

/// Whether clocks without an offset may show a time twice when summer ends: on the morning of a Sunday, nearly everywhere.
const fn may_be_repeated_hour(time: i64) -> bool {
    const DAY: i64 = 86_400_000;
    // 1 January 1970 was a Thursday.
    let (day, time_of_day) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    day.rem_euclid(7) == 3 && 0 < time_of_day && time_of_day < DAY / 6
}

/// The sum over the count, or the sum of the parts if the sum overflows.
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

    fn combined(rows: &[(i64, f64)], duplicates: Duplicates) -> Result<Series, String> {
        let mut gathered = SeriesRows::default();
        for (&(day, value), number) in rows.iter().zip(2..) {
            gathered.rows.push(Row { time: day * DAY, value, number });
        }
        let mut series = Series::default();
        let result = sort_and_combine(
            &mut gathered,
            &SeriesColumns::default(),
            Context { duplicates, position: Position::Line, many: false },
            &mut series,
        );
        result.map(|()| series).map_err(|fault| fault.in_file("f.csv").to_string())
    }

    #[test]
    fn unsorted_rows_are_sorted_and_missing_values_are_left_out() {
        let series = combined(&[(3, 30.0), (1, 10.0), (2, f64::NAN)], Duplicates::Error).unwrap();
        assert_eq!(series.dates, [DAY, 2 * DAY, 3 * DAY]);
        assert_eq!(series.timestamps, [DAY, 3 * DAY]);
        assert_eq!(series.values, [10.0, 30.0]);
        assert_eq!(series.missing(), 1);
    }

    #[test]
    fn duplicate_timestamps_are_refused_with_both_lines() {
        let refusal = combined(&[(2, 1.0), (1, 1.0), (2, 1.0)], Duplicates::Error).unwrap_err();
        assert!(refusal.starts_with("f.csv: line 4: the timestamp 1970-01-03 is also on line 2: "), "{refusal}");
    }

    #[test]
    fn duplicate_timestamps_are_combined_over_the_rows_that_have_a_value() {
        let rows = [(2, 8.0), (1, f64::NAN), (1, 6.0), (1, 3.0), (1, 1.5), (1, f64::NAN), (3, f64::NAN), (3, f64::NAN)];
        for (duplicates, expected) in
            [(Duplicates::First, 6.0), (Duplicates::Last, 1.5), (Duplicates::Mean, 3.5), (Duplicates::Sum, 10.5)]
        {
            let series = combined(&rows, duplicates).unwrap();
            assert_eq!(series.dates, [DAY, 2 * DAY, 3 * DAY], "{duplicates:?}");
            assert_eq!(series.values, [expected, 8.0], "{duplicates:?}");
        }
    }

    #[test]
    fn a_sum_beyond_the_numbers_is_refused_and_a_mean_is_not() {
        let rows = [(1, f64::MAX), (1, f64::MAX)];
        assert!(combined(&rows, Duplicates::Sum).unwrap_err().contains("1970-01-02"));
        assert_eq!(combined(&rows, Duplicates::Mean).unwrap().values, [f64::MAX]);
    }
}
