//! The levels: a regression of their changes on a trend, the level before, and the one a longer season before.

use super::{
    box_cox,
    fold::{Fold, second_shape},
    ridge::{COLUMNS, Ridge},
    spectrum::TINY,
};
use crate::{Error, Result, footprint, forecast::Scores};
use serde::{Deserialize, Serialize};

/// Rows that the regression needs with the lag of a longer season; without, there is always as many.
const LEAST_ROWS: usize = 4;
/// Errors that are kept as they are; of more, as many of their quantiles.
const MOST_ERRORS: usize = 100;

/// The regression of levels, for its recursion beyond the last one.
///
/// In z, the transformed level less the last one: zₜ = a + b·t/n + c·zₜ₋₁ + d·zₜ₋ₗ. Beyond the last level the trend, t/n, is damped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Level {
    /// a, b, c and, if there is the lag of a longer season, d.
    pub coefficients: Vec<f64>,
    /// The last z, the latest last: as many as the longest lag.
    pub past: Vec<f64>,
    /// n, the number of levels.
    pub levels: usize,
    /// By what the trend's next step is multiplied, from 0 to below 1.
    pub damping: f64,
    /// The power of Box and Cox's transformation, from 0 to 1.
    pub power: f64,
    /// The last level, transformed.
    pub last: f64,
    /// The shape of a longer season, beginning with the next level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub season: Vec<f64>,
    /// The lower triangle of A: the leverage of a row x is xᵀ A x.
    pub leverage: Vec<f64>,
    /// Leave-one-out errors, or their quantiles, with mean 0 and variance 1.
    pub errors: Vec<f32>,
    /// Their standard deviation.
    pub deviation: f64,
}

/// Buffers of the fit.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    ridge: Ridge,
    logarithms: Vec<f64>,
    transformed: Vec<f64>,
    season: Vec<f64>,
}

impl Level {
    /// Bytes on the heap; an estimate.
    pub(crate) fn footprint(&self) -> usize {
        let numbers = [&self.coefficients, &self.past, &self.season, &self.leverage];
        numbers.into_iter().map(footprint::of_vec).sum::<usize>() + footprint::of_vec(&self.errors)
    }

    /// Fits the levels, shape (n), positive; divides them by the shape of a longer season.
    pub(super) fn fit(levels: &mut [f64], fold: &Fold, buffers: &mut Buffers) -> Self {
        let Buffers { ridge, logarithms, transformed: z, season } = buffers;
        let n = levels.len();
        season.clear();
        if let Some(shape) = fold.longer.first().and_then(|length| second_shape(levels, *length)) {
            season.extend(shape);
            for (level, share) in levels.iter_mut().zip(season.iter().cycle()) {
                *level /= share.max(TINY);
            }
        }
        let power = box_cox::power(levels, logarithms);
        z.clear();
        z.extend(levels.iter().map(|level| box_cox::transform(*level, power)));
        let damping = damping(z);
        let last = z[n - 1];
        for z in z.iter_mut() {
            *z -= last;
        }

        let first = if n - fold.first() < LEAST_ROWS { 1 } else { fold.first() };
        ridge.target.clear();
        ridge.target.extend(z[first - 1..].windows(2).map(|pair| pair[1] - pair[0]));
        ridge.columns.clear();
        ridge.columns.resize(n - first, 1.0);
        ridge.columns.extend((first..n).map(|t| t as f64 / n as f64));
        // The level before has its sign changed: a ridge draws 1 − c to zero, a random walk.
        ridge.columns.extend(z[first - 1..n - 1].iter().map(|z| -z));
        if first > 1 {
            ridge.columns.extend_from_slice(&z[..n - first]);
        }
        let average = ridge.fit();
        let width = if first > 1 { COLUMNS } else { COLUMNS - 1 };
        let mut coefficients = average.coefficients[..width].to_vec();
        coefficients[2] = 1.0 - coefficients[2];
        let (errors, deviation) = unit(&ridge.left_out);
        Self {
            coefficients,
            past: z[n - first..].to_vec(),
            levels: n,
            damping,
            power,
            last,
            season: (0..season.len()).map(|step| season[(n + step) % season.len()]).collect(),
            leverage: (0..width).flat_map(|i| average.leverage[i][..=i].to_vec()).collect(),
            errors,
            deviation,
        }
    }

    /// In-sample errors of the last fit, whose buffers these are.
    pub(super) fn scores(&self, folded: &[f64], shape: &[f64], buffers: &Buffers) -> Scores {
        let n = buffers.transformed.len();
        let errors = &buffers.ridge.errors;
        let (mut sum, mut squares) = (0.0, 0.0);
        for ((level, error), values) in
            (n - errors.len()..n).zip(errors).zip(folded.chunks_exact(shape.len()).skip(n - errors.len()))
        {
            let season = if buffers.season.is_empty() { 1.0 } else { buffers.season[level % buffers.season.len()] };
            let fitted = season * box_cox::restore(buffers.transformed[level] + self.last - error, self.power);
            for (y, share) in values.iter().zip(shape) {
                let error = y - fitted * share;
                sum += error.abs();
                squares += error * error;
            }
        }
        let n = (errors.len() * shape.len()) as f64;
        Scores { mae: sum / n, rmse: (squares / n).sqrt() }
    }

    /// Checks what was read from a file.
    pub(super) fn check(&self) -> Result<()> {
        let width = self.coefficients.len();
        let sizes = (width == COLUMNS || width == COLUMNS - 1)
            && self.leverage.len() == width * (width + 1) / 2
            && !self.past.is_empty()
            && !self.errors.is_empty()
            && self.levels > 0;
        if !sizes {
            return Err(Error::Data(
                "the coefficients, errors and past levels of the level × shape model do not fit each other".into(),
            ));
        }
        let numbers = [&self.coefficients, &self.past, &self.season, &self.leverage, &vec![self.last, self.deviation]];
        let finite = numbers.iter().all(|numbers| numbers.iter().all(|x| x.is_finite()));
        let shares = (0.0..=1.0).contains(&self.power) && (0.0..1.0).contains(&self.damping);
        if !(finite && shares && self.errors.iter().all(|e| e.is_finite())) {
            return Err(Error::Data(
                "the levels of the level × shape model have a number that is not finite or out of bounds".into(),
            ));
        }
        Ok(())
    }

    /// The trend's value at the next levels, from the first.
    pub(super) fn trend(&self) -> impl Iterator<Item = f64> {
        let n = self.levels as f64;
        let (mut sum, mut power) = (n - 1.0, 1.0);
        std::iter::repeat_with(move || {
            power *= self.damping;
            sum += power;
            sum / n
        })
    }

    /// The next z, without noise.
    ///
    /// `path` has all z after the last level.
    pub(super) fn next(&self, path: &[f64], trend: f64) -> f64 {
        let row = self.row(path, trend);
        self.coefficients.iter().zip(row).map(|(coefficient, x)| coefficient * x).sum()
    }

    fn row(&self, path: &[f64], trend: f64) -> [f64; COLUMNS] {
        let lag = |steps: usize| match path.len().checked_sub(steps) {
            Some(place) => path[place],
            None => self.past[self.past.len() + path.len() - steps],
        };
        [1.0, trend, lag(1), if self.coefficients.len() == COLUMNS { lag(self.past.len()) } else { 0.0 }]
    }

    /// By what the deviation of a level's errors is multiplied: √(1 + its leverage).
    pub(super) fn widening(&self, path: &[f64], trend: f64) -> f64 {
        // The regression has the sign of the level before changed.
        let mut row = self.row(path, trend);
        row[2] = -row[2];
        let width = self.coefficients.len();
        let mut sum = 0.0;
        for i in 0..width {
            for j in 0..=i {
                let twice = if i == j { 1.0 } else { 2.0 };
                sum += twice * self.leverage[i * (i + 1) / 2 + j] * row[i] * row[j];
            }
        }
        (1.0 + sum.clamp(0.0, 10.0)).sqrt()
    }

    /// The level of a step from 0, from its z.
    pub(super) fn restore(&self, z: f64, step: usize) -> f64 {
        let season = if self.season.is_empty() { 1.0 } else { self.season[step % self.season.len()] };
        season * box_cox::restore(z + self.last, self.power)
    }
}

/// How far the trend persists: the autocorrelation of changes, where there are five of them and it is positive.
fn damping(z: &[f64]) -> f64 {
    let n = z.len() - 1;
    let mean = (z[n] - z[0]) / n as f64;
    let (mut squares, mut products, mut before) = (0.0, 0.0, 0.0);
    for pair in z.windows(2) {
        let change = pair[1] - pair[0] - mean;
        squares += change * change;
        products += change * before;
        before = change;
    }
    if n < 5 || squares < TINY {
        return 0.0;
    }
    let persistence = (products / squares).clamp(0.0, 1.0 - TINY);
    if persistence <= TINY { 0.0 } else { persistence }
}

/// Errors with mean 0 and variance 1, or as many of their quantiles as are kept, and their deviation.
fn unit(errors: &[f64]) -> (Vec<f32>, f64) {
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let deviation = (errors.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / n).sqrt();
    let mut sorted = errors.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len().min(MOST_ERRORS);
    let kept = |k: usize| sorted[(2 * k + 1) * sorted.len() / (2 * count)];
    let unit = (0..count).map(|k| ((kept(k) - mean) / deviation.max(TINY)) as f32).collect();
    (unit, deviation)
}
