//! Complex exponential smoothing: a level with an information potential, in four forms of season, chosen by AICc.
//!
//! Svetunkov, Kourentzes and Ord, Complex exponential smoothing, Naval Research Logistics 69(8), 2022. First states, errors and
//! criterion are those of statsforecast's `AutoCES`; the level's smoothing parameter is kept where errors are forgotten, as the paper
//! demands. Intervals are those of the model with normal errors.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | a specification, a fitted model |
//! | `form.rs` | the forms, and what each has |
//! | `recursion.rs` | states, errors and their derivatives |
//! | `estimate.rs` | a form's least sum of squares |
//! | `future.rs` | forecasts and their variances |
//!
//! What a series does not allow is left out: a season needs two whole ones, and AICc two more values than it counts parameters.
//! Fewer than five values are a random walk. Equal values are continued.

mod estimate;
mod form;
mod future;
mod recursion;
#[cfg(test)]
mod tests;

pub(in crate::local) use estimate::{Near, Workspace};
pub use form::CesModel;

use crate::{Error, Result, fit_error::FitError, footprint, forecast::Scores, interrupt::Interrupt};
use estimate::Point;
use recursion::Recursion;
use serde::{Deserialize, Serialize};

/// Fewer values than this leave no degree of freedom to the simplest form.
const LEAST: usize = 5;

/// The smoothing parameters that repeat the last value.
const RANDOM_WALK: [f64; 2] = [2.0, 1.0];

/// No part of a smoothing parameter is larger.
const LARGEST: f64 = 2.0;

/// Complex exponential smoothing, unfitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CesSpec {
    /// The form.
    pub model: CesModel,
}

/// Fitted complex exponential smoothing: its parameters, and the states after the last value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedCes {
    /// The form; never [`CesModel::Auto`].
    pub model: CesModel,
    /// The smoothing parameter α₀ + iα₁ of the level; in the simple form of each place's own level.
    pub alpha: [f64; 2],
    /// The smoothing parameter β₀ + iβ₁ of the season. The partial form has β₀ alone.
    #[serde(default, skip_serializing_if = "are_zeros")]
    pub beta: [f64; 2],
    /// The level.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub level: f64,
    /// The level's information potential.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub potential: f64,
    /// The season of the next steps, in order; none without a season.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<f64>,
    /// The information potential of each season, where the form has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub season_potentials: Vec<f64>,
    /// Standard deviation of the errors.
    pub sigma: f64,
    /// The corrected Akaike criterion, as statsforecast counts it; none of a series that no form is estimated for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aicc: Option<f64>,
    /// The sum of squared one-step errors.
    #[serde(skip)]
    pub squares: f64,
    /// In-sample one-step errors.
    #[serde(skip)]
    pub scores: Scores,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

fn are_zeros(x: &[f64; 2]) -> bool {
    *x == [0.0; 2]
}

impl CesSpec {
    /// Fits a series of at least one value; `season` is the length of the season in steps, 1 for none.
    ///
    /// # Errors
    /// [`FitError::TooShort`] without values, [`FitError::NotFinite`], [`FitError::Interrupted`].
    pub(super) fn fit(
        self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedCes, FitError> {
        let Some(first) = values.first() else { return Err(FitError::TooShort { rows: 0 }) };
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        if !largest.is_finite() {
            return Err(FitError::NotFinite);
        }
        // A power of two changes no digit.
        let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
        workspace.values.clear();
        workspace.values.extend(values.iter().map(|y| libm::scalbn(*y, -exponent)));
        let scaled = if values.len() < LEAST || values.iter().all(|y| y == first) {
            FittedCes::random_walk(&workspace.values)
        } else {
            let seasonal = season > 1 && values.len() / 2 >= season;
            self.choose(if seasonal { season } else { 1 }, interrupt, workspace)?
        };
        Ok(scaled.scaled(exponent, values.len()))
    }

    /// The form with the least AICc.
    fn choose(self, period: usize, interrupt: Interrupt<'_>, workspace: &mut Workspace) -> Result<FittedCes, FitError> {
        let rows = workspace.values.len();
        let negligible = rows as f64 * 1e-30;
        workspace.found.clear();
        for model in [self.model, CesModel::None] {
            let mut best: Option<(f64, CesModel, Point)> = None;
            for &form in model.forms(period > 1) {
                if form.parameters() + 1 >= rows {
                    continue;
                }
                // AICc is n log(sum) + this.
                let (n, k) = (rows as f64, form.parameters() as f64);
                let penalty = 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
                let rival = best.map_or(f64::INFINITY, |(aicc, ..)| libm::exp((aicc - penalty) / n));
                if let Some(point) = workspace.estimate(form, period, rival, interrupt)? {
                    let aicc = n * libm::log(point.sum.max(negligible)) + penalty;
                    if best.is_none_or(|(least, ..)| aicc < least) {
                        best = Some((aicc, form, point));
                    }
                }
            }
            if let Some((aicc, form, point)) = best {
                return Ok(FittedCes::new(form, point, aicc, period, workspace));
            }
        }
        Err(FitError::NotFinite)
    }
}

impl FittedCes {
    /// The states after the last value, and the sizes of the errors.
    fn new(model: CesModel, point: Point, aicc: f64, period: usize, workspace: &mut Workspace) -> Self {
        let (mut squares, mut sum) = (0.0, 0.0);
        workspace.begin(model, period);
        let Workspace { values, first, buffers, .. } = workspace;
        Recursion::new(model, values, first, buffers).run(&point.weights[..model.weights()], |error| {
            squares += error * error;
            sum += error.abs();
        });
        let states = &buffers.states;
        let rows = values.len();
        let mut seasons = states.seasons.clone();
        if !seasons.is_empty() {
            let places = seasons.len();
            seasons.rotate_left(rows % places);
        }
        let [a, b, c, d] = point.weights;
        let n = rows as f64;
        Self {
            model,
            alpha: [a, b],
            beta: if model.has_level() && model.has_season() { [c, d] } else { [0.0; 2] },
            level: states.level[0],
            potential: states.level[1],
            season_potentials: if model.has_potentials() {
                seasons.iter().map(|pair| pair[1]).collect()
            } else {
                Vec::new()
            },
            seasons: seasons.into_iter().map(|pair| pair[0]).collect(),
            // As many degrees of freedom as statsforecast counts.
            sigma: (squares / (n - model.parameters() as f64 - 1.0)).sqrt(),
            aicc: Some(aicc),
            squares,
            scores: Scores { mae: sum / n, rmse: (squares / n).sqrt() },
        }
    }

    /// What repeats the last value.
    fn random_walk(values: &[f64]) -> Self {
        let changes = || values.windows(2).map(|pair| pair[1] - pair[0]);
        let number = (values.len() - 1).max(1) as f64;
        let squares: f64 = changes().map(|change| change * change).sum();
        let rmse = (squares / number).sqrt();
        Self {
            model: CesModel::None,
            alpha: RANDOM_WALK,
            beta: [0.0; 2],
            level: values[values.len() - 1],
            potential: 0.0,
            seasons: Vec::new(),
            season_potentials: Vec::new(),
            sigma: rmse,
            aicc: None,
            squares,
            scores: Scores { mae: changes().map(f64::abs).sum::<f64>() / number, rmse },
        }
    }

    /// The fit to values 2^exponent times as large.
    fn scaled(mut self, exponent: i32, rows: usize) -> Self {
        let scale = |x: &mut f64| *x = libm::scalbn(*x, exponent);
        self.seasons.iter_mut().chain(&mut self.season_potentials).for_each(scale);
        let Self { level, potential, sigma, scores, .. } = &mut self;
        [level, potential, sigma, &mut scores.mae, &mut scores.rmse].into_iter().for_each(scale);
        self.squares = libm::scalbn(self.squares, 2 * exponent);
        self.aicc = self.aicc.map(|aicc| aicc + 2.0 * rows as f64 * std::f64::consts::LN_2 * f64::from(exponent));
        self
    }

    /// Checks what a file says.
    pub(super) fn check(&self) -> Result<()> {
        let (seasons, potentials) = (self.seasons.len(), self.season_potentials.len());
        let expected = (self.model.has_season(), if self.model.has_potentials() { seasons } else { 0 });
        let weights = [("alpha", self.alpha), ("beta", self.beta)];
        let strange = weights.iter().find(|(_, pair)| pair.iter().any(|weight| !(0.0..=LARGEST).contains(weight)));
        let fault = if self.model == CesModel::Auto {
            "model is \"Z\": a fitted model is one of the others".into()
        } else if expected != (seasons > 0, potentials) {
            format!("{seasons} values of seasons and {potentials} of season_potentials do not agree with the model")
        } else if let Some((name, pair)) = strange {
            format!("{name} is {pair:?}: both parts are from 0 to {LARGEST}")
        } else if self.sigma.is_nan() || self.sigma < 0.0 {
            format!("sigma is {}: a standard deviation is not negative", self.sigma)
        } else {
            return Ok(());
        };
        Err(Error::Data(fault))
    }

    /// Bytes on the heap.
    pub(super) fn footprint(&self) -> usize {
        footprint::of_vec(&self.seasons) + footprint::of_vec(&self.season_potentials)
    }
}
