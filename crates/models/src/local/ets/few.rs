//! Values too few for a likelihood.

use super::{
    estimate::{Estimate, Workspace},
    form::{Form, Trend},
    recursion::{BETA, HIGHEST, LEVEL, Recursion, SEASONS, SLOPE},
    starts::{ALPHAS, Bounds},
};
use crate::{
    interrupt::{Interrupt, Interruption},
    local::least_squares::Search,
};

/// A form without season whose initial states are given, at its least sum of squares.
pub(super) fn from_states(
    workspace: &mut Workspace,
    form: Form,
    states: [f64; 2],
    interrupt: Interrupt<'_>,
) -> Result<Estimate, Interruption> {
    let Workspace { values, buffers, solver, .. } = workspace;
    let Bounds { mut lower, mut upper } = Bounds::of(form, 1);
    upper[BETA] = if form.trend == Trend::None { 0.0 } else { HIGHEST };
    for bounds in [&mut lower, &mut upper] {
        bounds[LEVEL..=SLOPE].copy_from_slice(&states);
    }
    let mut recursion = Recursion { form, period: 1, values, buffers };
    let (lower, upper) = (&lower[..], &upper[..]);
    let search = Search {
        lower,
        upper,
        damped: SEASONS,
        tolerance: 1e-12,
        steps: 100,
        negligible: 1e-30,
        rival: f64::INFINITY,
        own: f64::INFINITY,
        patience: 1.0,
    };
    let mut best = Estimate { form, variables: Vec::new(), sum: f64::INFINITY };
    for alpha in ALPHAS {
        for beta in [0.1, 0.5, 0.9] {
            let mut variables = vec![alpha, beta, 0.0, 1.0, states[0], states[1]];
            let sum = solver.minimise(&mut recursion, &mut variables, search, interrupt)?;
            if best.variables.is_empty() || sum < best.sum {
                best = Estimate { form, variables, sum };
            }
        }
    }
    Ok(best)
}
