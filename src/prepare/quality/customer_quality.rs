//! The quality of one customer's data: a row of the quality report.

use serde::{Deserialize, Serialize};

use crate::{
    input::value::timestamp,
    prepare::{gather::CustomerSlice, options::Options, write::output_rows::OutputRow},
};
use manyfit_models::{
    frequency::{CalendarFit, Inferred},
    quantiles::quantiles_in_place,
};

/// Outliers are this many interquartile ranges beyond the quartiles (Tukey's outer fences).
const OUTER_FENCE: f64 = 3.0;

/// A row of the quality report. Counts refer to written rows unless stated otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The customer.
    pub customer: String,
    /// Its file.
    pub file: String,
    /// Rows of the input that passed the filters.
    pub rows: u64,
    /// Rows written, apart from those for validation.
    pub written: u64,
    /// Rows written for validation.
    #[serde(default)]
    pub validation: u64,
    /// Rows without a value.
    pub missing: u64,
    /// Rows of the input that share their timestamp with an earlier one.
    pub duplicates: u64,
    /// The first time, as written in the file: `2024-02-29T06:30:00`, or the date alone.
    pub start: String,
    /// The last time.
    pub end: String,
    /// The frequency as a pandas alias: as set, or inferred from the dates.
    pub frequency: String,
    /// How well an inferred frequency explains the dates.
    #[serde(default)]
    pub inferred: Option<CalendarFit>,
    /// Periods between the first and the last without a row in the input.
    pub gaps: u64,
    /// The longest run of gaps.
    pub longest_gap: u64,
    /// Zeros.
    pub zeros: u64,
    /// Whether there are values and all are equal.
    pub constant: bool,
    /// Values further than three times the interquartile range beyond the quartiles (Tukey's outer fences).
    pub outliers: u64,
    /// The smallest value; `None` if all are missing.
    pub minimum: Option<f64>,
    /// The arithmetic mean.
    pub mean: Option<f64>,
    /// The largest value.
    pub maximum: Option<f64>,
    /// The sum of the values, in the order of time.
    pub sum: f64,
}

impl Quality {
    /// Of a customer's rows as they are written to `file`, and of those for validation.
    pub(in crate::prepare) fn new(
        rows: CustomerSlice<'_>,
        [output, validation]: [&[OutputRow<'_>]; 2],
        file: &str,
        options: &Options,
    ) -> Self {
        let written = Self {
            customer: rows.customer.to_owned(),
            file: file.to_owned(),
            rows: rows.len() as u64,
            written: output.len() as u64,
            validation: validation.len() as u64,
            ..Self::of_values(output.iter().chain(validation))
        };
        if options.has_features() { written } else { written.with_times(rows, output, options) }
    }

    /// What the values are like.
    fn of_values<'r>(rows: impl Iterator<Item = &'r OutputRow<'r>>) -> Self {
        let mut missing = 0;
        let mut values = Vec::new();
        for row in rows {
            let number = row.value.number();
            if number.is_nan() {
                missing += 1;
            } else {
                values.push(number);
            }
        }
        let sum = values.iter().sum::<f64>();
        let (count, constant) = (values.len(), !values.is_empty() && values.iter().all(|value| *value == values[0]));
        let zeros = values.iter().filter(|value| **value == 0.0).count() as u64;
        let extreme = |better: fn(f64, f64) -> f64| values.iter().copied().reduce(better);
        Self {
            missing,
            zeros,
            constant,
            minimum: extreme(f64::min),
            maximum: extreme(f64::max),
            mean: (count > 0).then(|| sum / count as f64).filter(|mean| mean.is_finite()),
            sum: if sum.is_finite() { sum } else { f64::MAX.copysign(sum) },
            outliers: outliers(&mut values),
            ..Self::default()
        }
    }

    /// Adds what the times of a series are like.
    fn with_times(self, rows: CustomerSlice<'_>, output: &[OutputRow<'_>], options: &Options) -> Self {
        let mut dates: Vec<i64> = output.iter().filter(|row| row.source.is_some()).map(|row| row.time).collect();
        dates.dedup();
        let (frequency, inferred) = if let Some((_, period)) = options.aggregate {
            (period.frequency(), None)
        } else {
            let Inferred { frequency, fit } = Inferred::of(&dates);
            (frequency, Some(fit))
        };
        let (mut gaps, mut longest_gap) = (0, 0);
        for pair in dates.windows(2) {
            let gap = (frequency.steps(pair[0], pair[1]) - 1).max(0) as u64;
            gaps += gap;
            longest_gap = longest_gap.max(gap);
        }
        let time = |at: Option<&OutputRow<'_>>| at.map(|row| timestamp::format(row.time)).unwrap_or_default();
        Self {
            duplicates: (1..rows.len()).filter(|&at| rows.time(at) == rows.time(at - 1)).count() as u64,
            start: time(output.first()),
            end: time(output.last()),
            frequency: frequency.to_string(),
            inferred,
            gaps,
            longest_gap,
            ..self
        }
    }
}

/// Number of outliers; reorders the values.
fn outliers(values: &mut [f64]) -> u64 {
    if values.len() < 4 {
        return 0;
    }
    let (low, high) = quantiles_in_place(values, 0.25, 0.75);
    let reach = OUTER_FENCE * (high - low);
    values.iter().filter(|&&value| value < low - reach || value > high + reach).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_far_beyond_the_quartiles_is_an_outlier() {
        assert_eq!(outliers(&mut [7.0, 1.0, 3.0, 100.0, 5.0, 2.0]), 1);
        assert_eq!(outliers(&mut [7.0, 1.0, 3.0, 19.0, 5.0, 2.0]), 0);
        assert_eq!(outliers(&mut [1.0, 1.0, 1.0, 2.0, 1.0]), 1);
        assert_eq!(outliers(&mut [1.0, 100.0]), 0);
    }
}
