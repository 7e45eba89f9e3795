//! Options of a level × shape model, and its fit.

use super::{
    fitted::{FittedLevelShape, RECENT},
    fold::{Fold, shape_errors},
    level::{Buffers, Level},
    spectrum::Spectrum,
};
use crate::{fit_error::FitError, forecast::Scores, interrupt::Interrupt};
use serde::{Deserialize, Serialize};

/// With fewer rows the last value is the forecast.
const LEAST_ROWS: usize = 5;
/// Largest magnitudes within these bounds are computed with as they are: the location is shifted by one and penalties are absolute,
/// so that a scale matters.
const USUAL_MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-3..=1e9;

/// A level × shape model to fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct LevelShapeSpec {
    /// Lengths of longer seasons, in steps: 365 for daily values beside their week, 168 for hourly values beside their day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longer_seasons: Vec<usize>,
    /// Simulated futures.
    pub samples: usize,
}

impl Default for LevelShapeSpec {
    fn default() -> Self {
        Self { longer_seasons: Vec::new(), samples: 200 }
    }
}

/// Buffers of the fit.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    values: Vec<f64>,
    levels: Vec<f64>,
    spectrum: Spectrum,
    fit: Buffers,
}

impl LevelShapeSpec {
    /// As in the setting `model`.
    pub(crate) const NAME: &str = "level-shape";

    /// Fits at least one value, oldest first; `season` is the length of the season in steps, 1 for none.
    pub(crate) fn fit(
        &self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
    ) -> Result<FittedLevelShape, FitError> {
        let Some(&last) = values.last() else { return Err(FitError::TooShort { rows: 0 }) };
        let (scale, shift) = place(values);
        let Scratch { values: placed, levels, spectrum, fit } = scratch;
        placed.clear();
        placed.extend(values.iter().map(|y| y / scale + shift));
        let mut fitted = FittedLevelShape {
            shape: vec![1.0],
            shape_errors: Vec::new(),
            level: None,
            scale,
            shift,
            last,
            change: 0.0,
            floor: values.iter().copied().fold(f64::INFINITY, f64::min) / scale,
            ceilings: ceilings(values, scale).collect(),
            whole: scale == 1.0 && values.iter().all(|y| y.round() == *y),
            samples: self.samples,
            scores: Scores::default(),
        };
        if values.len() < LEAST_ROWS {
            let changes = placed.windows(2).map(|pair| pair[1] - pair[0]);
            let (sum, squares) = changes.fold((0.0, 0.0), |(sum, squares), d| (sum + f64::abs(d), squares + d * d));
            let n = values.len().max(2) as f64 - 1.0;
            fitted.change = scale * (squares / n).sqrt();
            fitted.scores = Scores { mae: scale * sum / n, rmse: fitted.change };
            return Ok(fitted);
        }
        interrupt.check()?;
        let fold = Fold::choose(placed, &self.seasons(season), season, spectrum);
        interrupt.check()?;
        let folded = fold.folded(placed);
        levels.clear();
        levels.extend(folded.chunks_exact(fold.season).map(|values| values.iter().sum::<f64>()));
        fitted.shape = fold.shape(folded);
        if fold.season > 1 {
            fitted.shape_errors = shape_errors(folded, &fitted.shape, levels);
        }
        for level in levels.iter_mut() {
            *level *= fold.shrinkage;
        }
        let level = Level::fit(levels, &fold, fit);
        let Scores { mae, rmse } = level.scores(folded, &fitted.shape, fit);
        fitted.scores = Scores { mae: mae * scale, rmse: rmse * scale };
        fitted.level = Some(level);
        Ok(fitted)
    }

    /// Lengths of seasons of at least two steps, increasing.
    fn seasons(&self, season: usize) -> Vec<usize> {
        let mut seasons: Vec<usize> = self.longer_seasons.iter().copied().chain([season]).filter(|p| *p > 1).collect();
        seasons.sort_unstable();
        seasons.dedup();
        seasons
    }
}

/// The scale, a power of two or 1, and the shift that makes the least value at least 1.
fn place(values: &[f64]) -> (f64, f64) {
    let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    let scale = if largest == 0.0 || USUAL_MAGNITUDES.contains(&largest) {
        1.0
    } else {
        libm::ldexp(1.0, (libm::frexp(largest).1 - 10).max(-1022))
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min) / scale;
    (scale, (1.0 - least).max(1.0))
}

/// The maximum and once more the range of the last 50 values, 100, 200, … until all.
fn ceilings(values: &[f64], scale: f64) -> impl Iterator<Item = f64> {
    let (mut highest, mut lowest, mut seen) = (f64::NEG_INFINITY, f64::INFINITY, 0);
    let lengths = std::iter::successors(Some(RECENT), |length| Some(length * 2));
    let doubled = lengths.take_while(|length| length / 2 < values.len() || *length == RECENT);
    doubled.map(move |length| {
        let length = length.min(values.len());
        for y in &values[values.len() - length..values.len() - seen] {
            (highest, lowest) = (highest.max(*y), lowest.min(*y));
        }
        seen = length;
        highest / scale + ((highest - lowest) / scale).max(1e-6)
    })
}
