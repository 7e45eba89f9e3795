//! MSTL: a decomposition by local regression for each of several seasons, and another local model for what is left without them.
//!
//! (Bandara, Hyndman and Bergmeir, MSTL: a seasonal-trend decomposition algorithm for time series with multiple seasonal patterns,
//! arXiv 2107.13462, 2021; the windows are those of `mstl` in R's package forecast.) Shorter seasons are taken out first, and each is
//! refined once more without the others. Forecasts repeat the last season of each.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | a specification, a fitted model |
//! | `stl.rs` | the decomposition by one season |
//! | `loess.rs` | local regression |

mod loess;
mod stl;
#[cfg(test)]
mod tests;

use super::outlook::Outlook;
use crate::{Error, Result, fit_error::FitError, footprint, interrupt::Interrupt};
use serde::{Deserialize, Serialize};
use stl::Stl;

/// Times that the seasons are taken out, where there are several.
const ROUNDS: usize = 2;

/// A decomposition to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct MstlSpec {
    /// Lengths of longer seasons, in steps: 365 for daily values beside their week, 168 for hourly values beside their day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longer_seasons: Vec<usize>,
    /// Whether outliers count less.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub robust: bool,
}

/// A decomposition, and a model of the values without their seasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FittedMstl<T> {
    /// The last season of each length, from the shortest: its first value is that of the next step. None where the history had not
    /// more than two seasons of any length.
    pub seasons: Vec<Vec<f64>>,
    /// The model of the values without their seasons; its in-sample errors are those of the whole.
    pub adjusted: T,
}

/// Buffers of the decomposition.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    stl: Vec<Stl>,
    seasonal: Vec<Vec<f64>>,
    adjusted: Vec<f64>,
}

impl MstlSpec {
    /// As in the setting `model`.
    pub(crate) const NAME: &str = "mstl";

    /// Takes the seasons out of values, oldest first, and fits another model to the rest by `fit_adjusted`.
    ///
    /// Seasons that the history does not have more than twice are left in.
    pub(crate) fn fit<T>(
        &self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
        fit_adjusted: impl FnOnce(&[f64]) -> Result<T, FitError>,
    ) -> Result<FittedMstl<T>, FitError> {
        let seasons = self.seasons(values.len(), season);
        self.decompose(values, &seasons, interrupt, scratch)?;
        let last = |(length, seasonal): (&usize, &Vec<f64>)| seasonal[seasonal.len() - length..].to_vec();
        Ok(FittedMstl {
            seasons: seasons.iter().zip(&scratch.seasonal).map(last).collect(),
            adjusted: fit_adjusted(&scratch.adjusted)?,
        })
    }

    /// Lengths of the seasons that the history has more than twice, increasing.
    fn seasons(&self, rows: usize, season: usize) -> Vec<usize> {
        let lengths = self.longer_seasons.iter().copied().chain([season]);
        let mut seasons: Vec<usize> = lengths.filter(|length| *length > 1 && *length < rows.div_ceil(2)).collect();
        seasons.sort_unstable();
        seasons.dedup();
        seasons
    }

    /// Leaves the seasonal parts and the values without them in the buffers.
    fn decompose(
        &self,
        values: &[f64],
        seasons: &[usize],
        interrupt: Interrupt<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), FitError> {
        let Scratch { stl, seasonal, adjusted } = scratch;
        // Sums of very large values would overflow.
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        let scale = if largest > 1e100 { largest } else { 1.0 };
        adjusted.clear();
        adjusted.extend(values.iter().map(|y| y / scale));
        stl.resize_with(seasons.len().max(stl.len()), Stl::default);
        seasonal.resize_with(seasons.len(), Vec::new);
        for part in seasonal.iter_mut() {
            part.clear();
            part.resize(values.len(), 0.0);
        }
        for _ in 0..if seasons.len() > 1 { ROUNDS } else { 1 } {
            for (k, (&season, part)) in seasons.iter().zip(seasonal.iter_mut()).enumerate() {
                for (y, part) in adjusted.iter_mut().zip(part.iter()) {
                    *y += part;
                }
                stl[k].decompose(adjusted, season, 11 + 4 * k, self.robust, interrupt)?;
                part.copy_from_slice(&stl[k].seasonal);
                for (y, part) in adjusted.iter_mut().zip(part.iter()) {
                    *y -= part;
                }
            }
        }
        if scale != 1.0 {
            for y in seasonal.iter_mut().flatten().chain(adjusted) {
                *y *= scale;
            }
        }
        Ok(())
    }
}

/// The share of the variance of season and rest together that is not the rest's, of a series of more than two seasons: its strength.
pub(crate) fn seasonal_strength(
    values: &[f64],
    season: usize,
    interrupt: Interrupt<'_>,
    scratch: &mut Scratch,
) -> Result<f64, FitError> {
    MstlSpec::default().decompose(values, &[season], interrupt, scratch)?;
    let Some(stl) = scratch.stl.first() else { return Ok(0.0) };
    let rest = || scratch.adjusted.iter().zip(&stl.trend).map(|(y, trend)| y - trend);
    let variance = |values: &mut dyn Iterator<Item = f64>| {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for y in values {
            count += 1.0;
            let away = y - mean;
            mean += away / count;
            squares += away * (y - mean);
        }
        squares
    };
    let whole = variance(&mut rest().zip(&scratch.seasonal[0]).map(|(rest, season)| rest + season));
    Ok(if whole > 0.0 { (1.0 - variance(&mut rest()) / whole).clamp(0.0, 1.0) } else { 0.0 })
}

impl<T> FittedMstl<T> {
    /// The next `horizon` steps, from those of the other model.
    pub(crate) fn outlook(&self, horizon: usize, adjusted: impl FnOnce(&T) -> Outlook) -> Outlook {
        let mut outlook = adjusted(&self.adjusted);
        for step in 0..horizon {
            let seasonal: f64 = self.seasons.iter().map(|season| season[step % season.len()]).sum();
            outlook.mean[step] += seasonal;
            for draws in outlook.simulated.iter_mut().skip(step).take(1) {
                for y in draws {
                    *y += seasonal;
                }
            }
        }
        outlook
    }

    /// Memory of the seasons on the heap, in bytes.
    pub(crate) fn footprint(&self) -> usize {
        footprint::of_vec(&self.seasons) + self.seasons.iter().map(footprint::of_vec).sum::<usize>()
    }

    /// Checks what was read from a file, but for the other model.
    pub(crate) fn check(&self) -> Result<()> {
        let valid = |season: &Vec<f64>| !season.is_empty() && season.iter().all(|y| y.is_finite());
        if self.seasons.iter().all(valid) {
            return Ok(());
        }
        Err(Error::Data("a season of the decomposition is empty, or has a number that is not finite".into()))
    }
}
