//! Values for the steps of the calendar that have none.

use super::series::Series;
use crate::frequency::Frequency;
use serde::{Deserialize, Serialize};

/// Steps that a row may stand for, in the mean, before the calendar cannot be that of the rows.
const MOST_STEPS_PER_ROW: i64 = 100;
/// Steps that any series may have.
const MOST_STEPS_OF_FEW: i64 = 1_000;

/// What a step between the first and the last value gets that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// A value on the straight line between its neighbours.
    Interpolate,
    /// Zero.
    Zero,
    /// The value before it.
    Forward,
}

impl Fill {
    /// Its word in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interpolate => "interpolate",
            Self::Zero => "zero",
            Self::Forward => "forward",
        }
    }

    /// The series with a value at every step between the first and the last value; none if none is missing.
    ///
    /// `frequency` is the calendar of the dates; without one, only rows without a value are filled. So it is where the series has
    /// further columns, which a new row would lack.
    ///
    /// # Errors
    /// A sentence, if the calendar has far more steps than the series has rows.
    pub fn apply(self, series: &Series, frequency: Option<Frequency>) -> Result<Option<Series>, String> {
        let Series { dates, timestamps, values, columns } = series;
        let (Some(&first), Some(&last)) = (timestamps.first(), timestamps.last()) else { return Ok(None) };
        let calendar = frequency.filter(|_| columns.names().is_empty());
        if let Some(frequency) = calendar {
            let steps = frequency.steps(first, last);
            if steps > MOST_STEPS_OF_FEW.max(MOST_STEPS_PER_ROW * values.len() as i64) {
                return Err(format!(
                    "{} rows have a value, on {steps} steps of the frequency {frequency}: too few to fill the gaps between them; set \
                     frequency to their spacing",
                    values.len()
                ));
            }
        }
        let mut filled = Series { columns: columns.clone(), ..Series::default() };
        let mut rows = dates.iter().copied().peekable();
        filled.dates.extend(std::iter::from_fn(|| rows.next_if(|date| *date < first)));
        for (at, (&date, &value)) in timestamps.iter().zip(values).enumerate() {
            rows.next_if(|row| *row == date);
            filled.dates.push(date);
            filled.timestamps.push(date);
            filled.values.push(value);
            let Some((&next, &after)) = timestamps.get(at + 1).zip(values.get(at + 1)) else { break };
            let between = filled.dates.len();
            filled.dates.extend(std::iter::from_fn(|| rows.next_if(|row| *row < next)));
            if let Some(frequency) = calendar {
                let steps = frequency.steps(date, next);
                let has_row = |new: i64, dates: &[i64]| {
                    dates.iter().any(|row| frequency.steps(date, *row) == frequency.steps(date, new))
                };
                let new = frequency.after(date, (steps - 1).max(0) as usize);
                let known = filled.dates[between..].to_vec();
                filled.dates.extend(new.into_iter().filter(|new| *new < next && !has_row(*new, &known)));
                filled.dates[between..].sort_unstable();
            }
            for row in between..filled.dates.len() {
                let new = filled.dates[row];
                filled.timestamps.push(new);
                filled.values.push(match self {
                    Self::Zero => 0.0,
                    Self::Forward => value,
                    Self::Interpolate => {
                        let share = share_of_way(date, new, next, frequency);
                        value * (1.0 - share) + after * share
                    }
                });
            }
        }
        filled.dates.extend(rows);
        Ok((filled.values.len() > values.len()).then_some(filled))
    }
}

/// How far a date is from one to another: in steps of the calendar, or in time.
fn share_of_way(from: i64, at: i64, to: i64, frequency: Option<Frequency>) -> f64 {
    let in_steps = frequency.map(|frequency| (frequency.steps(from, at), frequency.steps(from, to)));
    let (part, whole) = in_steps.filter(|(_, whole)| *whole > 0).unwrap_or((at - from, to - from));
    (part as f64 / whole as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::Fill;
    use crate::{
        data::{Columns, Series},
        frequency::Frequency,
    };

    const DAY: i64 = 86_400_000;

    /// Values on some days, and rows without a value on others.
    fn series(values: &[(i64, f64)], without: &[i64]) -> Series {
        let timestamps: Vec<i64> = values.iter().map(|(day, _)| day * DAY).collect();
        let mut dates: Vec<i64> = timestamps.iter().copied().chain(without.iter().map(|day| day * DAY)).collect();
        dates.sort_unstable();
        Series { dates, timestamps, values: values.iter().map(|(_, y)| *y).collect(), ..Series::default() }
    }

    fn filled(fill: Fill, series: &Series, frequency: Option<Frequency>) -> Option<(Vec<i64>, Vec<f64>)> {
        let filled = fill.apply(series, frequency).unwrap()?;
        assert!(
            filled.dates.is_sorted_by(|a, b| a < b) && filled.timestamps.iter().all(|at| filled.dates.contains(at))
        );
        Some((filled.dates.iter().map(|date| date / DAY).collect(), filled.values))
    }

    #[test]
    fn steps_without_a_row_and_rows_without_a_value_are_filled_between_the_first_and_the_last_value() {
        let gappy = series(&[(2, 1.0), (3, 2.0), (6, 8.0), (8, 4.0)], &[0, 5, 10]);
        let daily = Some(Frequency::DAILY);
        let dates = vec![0, 2, 3, 4, 5, 6, 7, 8, 10];
        for (fill, values) in [
            (Fill::Interpolate, [1.0, 2.0, 4.0, 6.0, 8.0, 6.0, 4.0]),
            (Fill::Zero, [1.0, 2.0, 0.0, 0.0, 8.0, 0.0, 4.0]),
            (Fill::Forward, [1.0, 2.0, 2.0, 2.0, 8.0, 8.0, 4.0]),
        ] {
            assert_eq!(filled(fill, &gappy, daily), Some((dates.clone(), values.to_vec())), "{fill:?}");
        }
        assert_eq!(filled(Fill::Zero, &series(&[(2, 1.0), (3, 2.0)], &[0, 10]), daily), None);
        assert_eq!(filled(Fill::Zero, &Series::default(), daily), None);
    }

    #[test]
    fn without_a_calendar_or_with_columns_only_rows_are_filled() {
        let mut gappy = series(&[(2, 1.0), (6, 9.0)], &[5]);
        assert_eq!(filled(Fill::Interpolate, &gappy, None), Some((vec![2, 5, 6], vec![1.0, 7.0, 9.0])));
        gappy.columns.insert("price", vec![1.0, 2.0, 3.0]);
        let with_columns = Fill::Interpolate.apply(&gappy, Some(Frequency::DAILY)).unwrap().unwrap();
        assert_eq!(with_columns.values, [1.0, 7.0, 9.0]);
        assert_eq!(with_columns.columns, Columns::clone(&gappy.columns));
    }

    #[test]
    fn a_calendar_decides_which_steps_there_are() {
        // Friday to Tuesday: Monday is missing.
        let business = series(&[(1, 1.0), (5, 3.0)], &[]);
        let frequency = "B".parse().ok();
        assert_eq!(filled(Fill::Interpolate, &business, frequency), Some((vec![1, 4, 5], vec![1.0, 2.0, 3.0])));
        let far = series(&[(0, 1.0), (36_500, 3.0)], &[]);
        let refused = Fill::Zero.apply(&far, Some(Frequency::DAILY)).unwrap_err();
        assert!(refused.contains("2 rows have a value, on 36500 steps of the frequency D"), "{refused}");
    }
}
