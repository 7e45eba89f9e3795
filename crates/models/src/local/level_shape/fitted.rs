//! What is kept of a fit.

use super::level::Level;
use crate::{Error, Result, footprint, forecast::Scores};
use serde::{Deserialize, Serialize};

/// More simulated futures than this are not believed of a file.
const MOST_SAMPLES: usize = 1_000;
/// Values that bound the forecast of a few steps; of further steps, twice as many as steps.
pub(super) const RECENT: usize = 50;

/// A fitted level × shape model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FittedLevelShape {
    /// Share of its season's level that each step has; shape (season), and one share of 1 where no season pays for its shape.
    pub shape: Vec<f64>,
    /// Relative errors of the shape in past seasons, one after the other; shape (seasons × season).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape_errors: Vec<f32>,
    /// The levels; none where there are fewer than five rows: the last value is the forecast then.
    pub level: Option<Level>,
    /// Values are divided by this first.
    pub scale: f64,
    /// Added to the divided values to make them positive.
    pub shift: f64,
    /// The last value, in the units of the input.
    pub last: f64,
    /// Standard deviation of the last changes, where they are all that there is.
    pub change: f64,
    /// The least value, divided: no forecast is below it.
    pub floor: f64,
    /// Of the last 50 values, 100, 200, …: the highest value that a forecast may reach, divided; at most a range above the maximum.
    pub ceilings: Vec<f64>,
    /// Whether all values are whole numbers: then simulated ones are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Simulated futures.
    pub samples: usize,
    /// In-sample errors.
    #[serde(skip)]
    pub scores: Scores,
}

impl FittedLevelShape {
    /// Memory on the heap, in bytes.
    pub(crate) fn footprint(&self) -> usize {
        let own =
            footprint::of_vec(&self.shape) + footprint::of_vec(&self.shape_errors) + footprint::of_vec(&self.ceilings);
        own + self.level.as_ref().map_or(0, Level::footprint)
    }

    /// Checks what was read from a file: sizes that fit each other, and finite numbers.
    pub(crate) fn check(&self) -> Result<()> {
        let season = self.shape.len();
        let numbers = [self.scale, self.shift, self.last, self.change, self.floor];
        let finite = |values: &[f64]| values.iter().all(|x| x.is_finite());
        let whole_seasons = season > 0 && self.shape_errors.len().is_multiple_of(season);
        if !whole_seasons || self.ceilings.is_empty() || self.samples > MOST_SAMPLES {
            return Err(Error::Data(
                "the shape, its errors and the ceilings of the level × shape model do not fit each other".into(),
            ));
        }
        let errors_finite = self.shape_errors.iter().all(|e| e.is_finite());
        if !(finite(&numbers) && finite(&self.shape) && finite(&self.ceilings) && errors_finite) {
            return Err(Error::Data("the level × shape model has a number that is not finite".into()));
        }
        self.level.as_ref().map_or(Ok(()), Level::check)
    }
}
