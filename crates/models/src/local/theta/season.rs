//! Whether a series has a season, and taking it out: classical decomposition by moving averages.

use crate::interrupt::{Interrupt, Interruption};
use serde::{Deserialize, Serialize};

/// Seasons shorter than this are not looked for.
const SHORTEST: usize = 4;
/// The 95 % quantile of the normal distribution: a season is one that white noise has by chance in one series of ten.
const CRITICAL: f64 = 1.644_853_626_951_472_7;
/// Indices below this cannot be divided by.
const SMALLEST_INDEX: f64 = 0.01;

/// How a season and the rest of the series make up its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decomposition {
    /// Values are the product of both. Where a value is not positive or an index is near zero, their sum.
    #[default]
    Multiplicative,
    /// Values are the sum of both.
    Additive,
}

/// What each place in the season multiplies or adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Season {
    /// How it enters the values.
    pub decomposition: Decomposition,
    /// One for each step of the season, beginning with the step after the history: factors of mean 1, or summands of mean 0 in the
    /// units of the values.
    pub indices: Vec<f64>,
}

impl Season {
    /// A value with the season of the step of this number after the history, from 0.
    pub(super) fn apply(&self, value: f64, step: usize) -> f64 {
        let index = self.indices[step % self.indices.len()];
        match self.decomposition {
            Decomposition::Multiplicative => value * index,
            Decomposition::Additive => value + index,
        }
    }

    /// What an error in the row of this number is multiplied by, of a history of so many rows.
    pub(super) fn factor_of_row(&self, row: usize, rows: usize) -> f64 {
        let length = self.indices.len();
        self.factor(row + length - rows % length)
    }

    /// What an error is multiplied by at the step of this number after the history, from 0.
    pub(super) fn factor(&self, step: usize) -> f64 {
        match self.decomposition {
            Decomposition::Multiplicative => self.indices[step % self.indices.len()],
            Decomposition::Additive => 1.0,
        }
    }
}

/// Takes the season out of the values, if they have one.
pub(super) fn remove(
    values: &mut [f64],
    length: usize,
    decomposition: Decomposition,
    interrupt: Interrupt<'_>,
) -> Result<Option<Season>, Interruption> {
    if !is_seasonal(values, length, interrupt)? {
        return Ok(None);
    }
    let multiplicative = decomposition == Decomposition::Multiplicative && values.iter().all(|&y| y > 0.0);
    let factors = multiplicative.then(|| indices(values, length, Decomposition::Multiplicative));
    let (decomposition, by_row) = match factors {
        Some(factors) if factors.iter().all(|&factor| factor >= SMALLEST_INDEX) => {
            (Decomposition::Multiplicative, factors)
        }
        _ => (Decomposition::Additive, indices(values, length, Decomposition::Additive)),
    };
    for (y, index) in values.iter_mut().zip(by_row.iter().cycle()) {
        match decomposition {
            Decomposition::Multiplicative => *y /= index,
            Decomposition::Additive => *y -= index,
        }
    }
    let next = values.len() % length;
    let indices = by_row[next..].iter().chain(&by_row[..next]).copied().collect();
    Ok(Some(Season { decomposition, indices }))
}

/// Whether the autocorrelation at the season's lag is beyond 1.645 of its standard errors by Bartlett's formula, given those at
/// shorter lags. At least two seasons are needed.
fn is_seasonal(values: &[f64], length: usize, interrupt: Interrupt<'_>) -> Result<bool, Interruption> {
    let n = values.len();
    if length < SHORTEST || n / 2 < length {
        return Ok(false);
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>();
    if variance <= 0.0 {
        return Ok(false);
    }
    let mut squares = 0.0;
    for lag in 1..=length {
        interrupt.check()?;
        let covariance = values[lag..].iter().zip(values).map(|(y, before)| (y - mean) * (before - mean)).sum::<f64>();
        let correlation = covariance / variance;
        if lag == length {
            let standard_error = ((1.0 + 2.0 * squares) / n as f64).sqrt();
            return Ok(correlation.abs() > CRITICAL * standard_error);
        }
        squares += correlation * correlation;
    }
    Ok(false)
}

/// What each place in the season adds, beginning with the first value, by classical decomposition. Needs two seasons.
pub(in crate::local) fn additive_season(values: &[f64], length: usize) -> Vec<f64> {
    indices(values, length, Decomposition::Additive)
}

/// The season's index at each place, beginning with the first row: the mean of what a centred moving average of one season leaves.
fn indices(values: &[f64], length: usize, decomposition: Decomposition) -> Vec<f64> {
    let half = length / 2;
    let mut sums = vec![0.0; length];
    let mut counts = vec![0_u32; length];
    for at in half..values.len() - half {
        let window = &values[at - half..=at + half];
        // Both ends of an even season's window are the same place, with half a weight each.
        let inner: f64 = window[1..window.len() - 1].iter().sum();
        let ends = window[0] + window[window.len() - 1];
        let trend = (inner + if length.is_multiple_of(2) { ends / 2.0 } else { ends }) / length as f64;
        let rest = match decomposition {
            Decomposition::Multiplicative => values[at] / trend,
            Decomposition::Additive => values[at] - trend,
        };
        sums[at % length] += rest;
        counts[at % length] += 1;
    }
    let mut indices: Vec<f64> = sums.iter().zip(&counts).map(|(sum, &count)| sum / f64::from(count)).collect();
    let mean = indices.iter().sum::<f64>() / length as f64;
    for index in &mut indices {
        match decomposition {
            Decomposition::Multiplicative => *index /= mean,
            Decomposition::Additive => *index -= mean,
        }
    }
    indices
}
