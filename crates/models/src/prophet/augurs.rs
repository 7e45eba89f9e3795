//! The exact solver as an optimizer for `augurs_prophet`, instead of Stan.

use super::{
    normal_equations::NormalMatrix,
    posterior::Design,
    solver::{Problem, Solver},
    spec::Growth,
};
use crate::interrupt::Interrupt;
use augurs_prophet::{
    PositiveFloat, TrendIndicator,
    optimizer::{Data, Error, InitialParams, OptimizeOpts, OptimizedParams, Optimizer},
};

/// Finds the exact optimum of models with linear or flat growth and additive features.
///
/// Ignores the options and initial parameters, which only iterative optimizers need.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExactOptimizer;

impl Optimizer for ExactOptimizer {
    fn optimize(&self, _: &InitialParams, data: &Data, _: &OptimizeOpts) -> Result<OptimizedParams, Error> {
        let growth = match data.trend_indicator {
            TrendIndicator::Linear => Growth::Linear,
            TrendIndicator::Flat => Growth::Flat,
            TrendIndicator::Logistic => return Err(Error::static_str("logistic growth is not additive")),
        };
        if data.s_m.iter().any(|&multiplicative| multiplicative != 0) {
            return Err(Error::static_str("multiplicative features are not additive"));
        }
        let (rows, features) = (data.T as usize, data.K as usize);
        if rows < 2 || data.y.len() != rows || data.t.len() != rows || data.X.len() != rows * features {
            return Err(Error::static_str("T, K and the lengths of y, t and X do not agree, or T is less than 2"));
        }
        if !data.t.is_sorted() || !data.t_change.is_sorted() {
            return Err(Error::static_str("t and t_change must be sorted"));
        }
        let design = Design {
            growth,
            t: data.t.clone(),
            changepoints: data.t_change.clone(),
            changepoint_prior_scale: data.tau.into(),
            features: (0..features).flat_map(|j| (0..rows).map(move |i| data.X[i * features + j])).collect(),
            prior_scales: data.sigmas.iter().map(|&sigma| sigma.into()).collect(),
            multiplicative: vec![false; features],
            cap: Vec::new(),
        };
        let mut solver = Solver::default();
        let problem = Problem {
            design: &design,
            normal: &NormalMatrix::new(&design),
            y: &data.y,
            interrupt: Interrupt::default(),
        };
        let optimum = solver.solve(&problem).map_err(Error::custom)?;
        let parameters = optimum.parameters;
        Ok(OptimizedParams {
            k: parameters.k,
            m: parameters.m,
            sigma_obs: PositiveFloat::try_new(parameters.sigma).map_err(Error::custom)?,
            delta: parameters.delta,
            beta: parameters.beta,
            trend: solver.trend,
        })
    }
}
