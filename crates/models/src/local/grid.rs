//! A series as equally spaced values: the dates are counted in steps of the calendar, and gaps are filled.

use crate::{data::Series, fit_error::FitError, frequency::Frequency};

/// Steps that a row may stand for, in the mean, before the calendar cannot be that of the rows.
const MOST_STEPS_PER_ROW: i64 = 100;
/// Steps that any series may have.
const MOST_STEPS_OF_FEW: i64 = 1_000;

/// What a step without a value counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gaps {
    /// A value that is not known: a straight line between its neighbours.
    Interpolated,
    /// No demand.
    Zero,
}

/// Equally spaced values, from the first to the last that is known.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// One value for each step.
    pub(super) values: Vec<f64>,
    /// Rows at each step.
    counts: Vec<u32>,
}

impl Grid {
    /// Places the rows that have a value. Rows of the same step, which only irregular dates have, are averaged. Where gaps are zero, the
    /// rows without a value at the end count too.
    ///
    /// # Errors
    /// [`FitError::Unsuitable`] if the dates are too far apart for their calendar.
    pub(super) fn place(&mut self, series: &Series, frequency: Frequency, gaps: Gaps) -> Result<(), FitError> {
        let (Some(&first), Some(&last_value), Some(&last_date)) =
            (series.timestamps.first(), series.timestamps.last(), series.dates.last())
        else {
            return Err(FitError::TooShort { rows: 0 });
        };
        let last = if gaps == Gaps::Zero { last_date } else { last_value };
        let steps = frequency.steps(first, last).max(0) + 1;
        let rows = series.values.len();
        if steps > MOST_STEPS_OF_FEW.max(MOST_STEPS_PER_ROW * rows as i64) {
            return Err(FitError::Unsuitable(format!(
                "{rows} rows have a value, on {steps} steps of the frequency {frequency}: too few to fill the gaps between them; \
                 set frequency to their spacing"
            )));
        }
        self.values.clear();
        self.values.resize(steps as usize, 0.0);
        self.counts.clear();
        self.counts.resize(steps as usize, 0);
        for (&date, &value) in series.timestamps.iter().zip(&series.values) {
            let at = frequency.steps(first, date).clamp(0, steps - 1) as usize;
            self.counts[at] += 1;
            // A running mean, which no large values overflow.
            self.values[at] += (value - self.values[at]) / f64::from(self.counts[at]);
        }
        if gaps == Gaps::Interpolated {
            self.interpolate();
        }
        Ok(())
    }

    /// Draws straight lines over the steps without rows; the first and the last step have some.
    fn interpolate(&mut self) {
        let mut before = 0;
        for at in 1..self.values.len() {
            if self.counts[at] == 0 {
                continue;
            }
            let (from, to) = (self.values[before], self.values[at]);
            let length = (at - before) as f64;
            for between in before + 1..at {
                let share = (between - before) as f64 / length;
                self.values[between] = from * (1.0 - share) + to * share;
            }
            before = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn placed(days: &[i64], values: &[f64], without_value: &[i64], gaps: Gaps) -> Result<Vec<f64>, FitError> {
        let timestamps: Vec<i64> = days.iter().map(|day| day * DAY).collect();
        let mut dates: Vec<i64> = timestamps.iter().copied().chain(without_value.iter().map(|day| day * DAY)).collect();
        dates.sort_unstable();
        let series = Series { timestamps, dates, values: values.to_vec(), ..Series::default() };
        let mut grid = Grid::default();
        grid.place(&series, Frequency::DAILY, gaps).map(|()| grid.values)
    }

    #[test]
    fn gaps_are_lines_or_zeros() {
        let (days, values) = ([0, 1, 4, 6], [1.0, 2.0, 8.0, 4.0]);
        let lines = placed(&days, &values, &[5, 8], Gaps::Interpolated).unwrap();
        assert_eq!(lines, [1.0, 2.0, 4.0, 6.0, 8.0, 6.0, 4.0]);
        let zeros = placed(&days, &values, &[5, 8], Gaps::Zero).unwrap();
        assert_eq!(zeros, [1.0, 2.0, 0.0, 0.0, 8.0, 0.0, 4.0, 0.0, 0.0]);
    }

    #[test]
    fn the_calendar_says_what_a_gap_is() {
        // Months of 28 to 31 days, one of them missing.
        let date = |month: i8| crate::frequency::milliseconds(jiff::civil::date(2024, month, 1).into());
        let timestamps: Vec<i64> = [1, 2, 4, 5].map(date).into();
        let series =
            Series { dates: timestamps.clone(), timestamps, values: vec![1.0, 2.0, 4.0, 5.0], ..Series::default() };
        let mut grid = Grid::default();
        grid.place(&series, "MS".parse().unwrap(), Gaps::Interpolated).unwrap();
        assert_eq!(grid.values, [1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn two_rows_a_century_apart_are_refused() {
        let refused = placed(&[0, 36_500], &[1.0, 2.0], &[], Gaps::Interpolated).unwrap_err().to_string();
        assert!(refused.contains("2 rows have a value, on 36501 steps of the frequency D"), "{refused}");
        assert_eq!(placed(&[3], &[7.0], &[], Gaps::Interpolated).unwrap(), [7.0]);
        assert_eq!(placed(&[], &[], &[0], Gaps::Zero), Err(FitError::TooShort { rows: 0 }));
    }

    #[test]
    fn large_values_do_not_overflow() {
        let values = placed(&[0, 2], &[1e300, -1e300], &[], Gaps::Interpolated).unwrap();
        assert_eq!(values, [1e300, 0.0, -1e300]);
    }
}
