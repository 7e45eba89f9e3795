//! The families of local models: one variant for each, with the same verbs.

use super::{
    arima::{self, ArimaSpec, FittedArima},
    ces::{self, CesSpec, FittedCes},
    ets::{self, EtsSpec, FittedEts},
    grid::Gaps,
    intermittent::{self, FittedIntermittent, IntermittentSpec},
    level_shape::{self, FittedLevelShape, LevelShapeSpec},
    mstl::{self, FittedMstl, MstlSpec},
    naive::{FittedNaive, NaiveSpec},
    outlook::Outlook,
    theta::{self, FittedTheta, ThetaSpec},
};
use crate::{Error, Result, fit_error::FitError, footprint, forecast::Scores, interrupt::Interrupt};
use serde::{Deserialize, Serialize};

/// A family of local models, with its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalFamily {
    /// Random walk, drift, averages of windows.
    Naive(NaiveSpec),
    /// The theta family.
    Theta(ThetaSpec),
    /// Exponential smoothing.
    Ets(EtsSpec),
    /// Complex exponential smoothing.
    Ces(CesSpec),
    /// Seasonal ARIMA.
    Arima(ArimaSpec),
    /// Intermittent demand.
    Intermittent(IntermittentSpec),
    /// Levels of seasons times their shape.
    LevelShape(LevelShapeSpec),
    /// Several seasons by local regression, and another model for the rest.
    Mstl {
        /// The decomposition.
        #[serde(flatten)]
        decomposition: MstlSpec,
        /// The model of the values without their seasons.
        adjusted: Box<LocalFamily>,
    },
}

/// What is kept of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalState {
    /// Random walk, drift, averages of windows.
    Naive(FittedNaive),
    /// The theta family.
    Theta(FittedTheta),
    /// Exponential smoothing.
    Ets(FittedEts),
    /// Complex exponential smoothing.
    Ces(FittedCes),
    /// Seasonal ARIMA.
    Arima(Box<FittedArima>),
    /// Intermittent demand.
    Intermittent(FittedIntermittent),
    /// Levels of seasons times their shape.
    LevelShape(FittedLevelShape),
    /// Several seasons, and another family for what is left without them.
    Mstl(FittedMstl<Box<LocalState>>),
}

/// Buffers that the fits of all families reuse.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    theta: theta::Scratch,
    pub(super) ets: ets::Workspace,
    pub(super) ces: ces::Workspace,
    arima: arima::Workspace,
    intermittent: intermittent::Scratch,
    level_shape: level_shape::Scratch,
    mstl: mstl::Scratch,
}

impl LocalFamily {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Naive(spec) => spec.name(),
            Self::Theta(_) => "theta",
            Self::Ets(_) => "ets",
            Self::Ces(_) => "ces",
            Self::Arima(_) => ArimaSpec::NAME,
            Self::Intermittent(spec) => spec.name(),
            Self::LevelShape(_) => LevelShapeSpec::NAME,
            Self::Mstl { .. } => MstlSpec::NAME,
        }
    }

    /// What a step without a value counts as.
    pub(super) const fn gaps(&self) -> Gaps {
        if matches!(self, Self::Intermittent(_)) { Gaps::Zero } else { Gaps::Interpolated }
    }

    /// Fits equally spaced values, oldest first, that have seasons of these lengths in steps, the shortest first.
    pub(super) fn fit(
        &self,
        values: &[f64],
        seasons: &[usize],
        interrupt: Interrupt<'_>,
        buffers: &mut Buffers,
    ) -> Result<LocalState, FitError> {
        let (season, longer) = seasons.split_first().map_or((1, &[][..]), |(&season, longer)| (season.max(1), longer));
        Ok(match self {
            Self::Naive(spec) => LocalState::Naive(spec.fit(values, season)?),
            Self::Theta(spec) => LocalState::Theta(spec.fit(values, season, interrupt, &mut buffers.theta)?),
            Self::Ets(spec) => LocalState::Ets(spec.fit(values, season, interrupt, &mut buffers.ets)?),
            Self::Ces(spec) => LocalState::Ces(spec.fit(values, season, interrupt, &mut buffers.ces)?),
            Self::Arima(spec) => {
                LocalState::Arima(Box::new(spec.fit(values, season, interrupt, &mut buffers.arima)?))
            }
            Self::Intermittent(spec) => {
                LocalState::Intermittent(spec.fit(values, interrupt, &mut buffers.intermittent)?)
            }
            Self::LevelShape(spec) => {
                let spec = LevelShapeSpec { longer_seasons: [longer, &spec.longer_seasons].concat(), ..spec.clone() };
                LocalState::LevelShape(spec.fit(values, season, interrupt, &mut buffers.level_shape)?)
            }
            Self::Mstl { decomposition, adjusted } => {
                let spec = MstlSpec {
                    longer_seasons: [longer, &decomposition.longer_seasons].concat(),
                    ..decomposition.clone()
                };
                // The other family has buffers of its own, among them those of the decomposition: it is none itself.
                let mut scratch = std::mem::take(&mut buffers.mstl);
                let fitted = spec.fit(values, season, interrupt, &mut scratch, |rest| {
                    adjusted.fit(rest, &[1], interrupt, buffers).map(Box::new)
                });
                buffers.mstl = scratch;
                LocalState::Mstl(fitted?)
            }
        })
    }
}

impl LocalState {
    /// The name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Naive(fitted) => fitted.kind.name(),
            Self::Theta(_) => "theta",
            Self::Ets(_) => "ets",
            Self::Ces(_) => "ces",
            Self::Arima(_) => ArimaSpec::NAME,
            Self::Intermittent(fitted) => fitted.kind.name(),
            Self::LevelShape(_) => LevelShapeSpec::NAME,
            Self::Mstl(_) => MstlSpec::NAME,
        }
    }

    /// One-step errors within the history; zero for a model that was read from its file.
    #[must_use]
    pub fn scores(&self) -> Scores {
        match self {
            Self::Naive(fitted) => fitted.scores,
            Self::Theta(fitted) => fitted.scores,
            Self::Ets(fitted) => fitted.scores,
            Self::Ces(fitted) => fitted.scores,
            Self::Arima(fitted) => fitted.scores,
            Self::Intermittent(fitted) => fitted.scores,
            Self::LevelShape(fitted) => fitted.scores,
            Self::Mstl(fitted) => fitted.adjusted.scores(),
        }
    }

    /// Simulated futures behind the interval; none where it is a formula.
    pub(super) fn simulated_futures(&self) -> Option<usize> {
        match self {
            Self::Naive(_) | Self::Theta(_) | Self::Ets(_) | Self::Ces(_) | Self::Arima(_) | Self::Intermittent(_) => {
                None
            }
            Self::LevelShape(fitted) => Some(fitted.samples),
            Self::Mstl(fitted) => fitted.adjusted.simulated_futures(),
        }
    }

    /// The next steps.
    pub(super) fn outlook(&self, horizon: usize, seed: [u8; 32]) -> Outlook {
        match self {
            Self::Naive(fitted) => fitted.outlook(horizon),
            Self::Theta(fitted) => fitted.outlook(horizon),
            Self::Ets(fitted) => fitted.outlook(horizon),
            Self::Ces(fitted) => fitted.outlook(horizon),
            Self::Arima(fitted) => fitted.outlook(horizon),
            Self::Intermittent(fitted) => fitted.outlook(horizon),
            Self::LevelShape(fitted) => fitted.outlook(horizon, seed),
            Self::Mstl(fitted) => fitted.outlook(horizon, |adjusted| adjusted.outlook(horizon, seed)),
        }
    }

    /// # Errors
    /// What a file holds that cannot be forecast from.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Naive(fitted) => fitted.check(),
            Self::Theta(fitted) => fitted.check(),
            Self::Ets(fitted) => fitted.check(),
            Self::Ces(fitted) => fitted.check(),
            Self::Arima(fitted) => fitted.check(),
            Self::Intermittent(fitted) => fitted.check(),
            Self::LevelShape(fitted) => fitted.check(),
            Self::Mstl(fitted) if matches!(*fitted.adjusted, Self::Mstl(_)) => {
                Err(Error::Data("adjusted is a decomposition again: it is a model without seasons".into()))
            }
            Self::Mstl(fitted) => fitted.check().and_then(|()| fitted.adjusted.check()),
        }
    }

    /// Bytes on the heap; an estimate.
    pub(super) fn footprint(&self) -> usize {
        match self {
            Self::Naive(fitted) => footprint::of_vec(&fitted.season),
            Self::Theta(fitted) => fitted.season.as_ref().map_or(0, |season| footprint::of_vec(&season.indices)),
            Self::Ets(fitted) => footprint::of_vec(&fitted.seasons),
            Self::Ces(fitted) => fitted.footprint(),
            Self::Arima(fitted) => fitted.footprint(),
            Self::Intermittent(_) => 0,
            Self::LevelShape(fitted) => fitted.footprint(),
            Self::Mstl(fitted) => fitted.footprint() + size_of::<Self>() + fitted.adjusted.footprint(),
        }
    }
}
