//! The parameters as the search moves them, without the noise.

use super::{
    normal_equations::trend_columns,
    posterior::{Design, Parameters},
    spec::Growth,
};

/// A point of the search: the parameters in the coordinates of the path.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    /// Slope, level and β; level and β with flat growth.
    pub(super) free: Vec<f64>,
    pub(super) delta: Vec<f64>,
}

/// A point to begin at, and u = σ² there.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) point: Point,
    pub(super) variance: f64,
}

impl Point {
    /// `share` of the way from one point to another; all the way is exactly there, zeros too.
    pub(super) fn blend(&mut self, from: &Self, to: &Self, share: f64) {
        let blend = |out: &mut Vec<f64>, from: &[f64], to: &[f64]| {
            out.clear();
            if share == 1.0 {
                out.extend_from_slice(to);
            } else {
                out.extend(from.iter().zip(to).map(|(from, to)| from + share * (to - from)));
            }
        };
        blend(&mut self.free, &from.free, &to.free);
        blend(&mut self.delta, &from.delta, &to.delta);
    }

    pub(super) fn from_parameters(design: &Design, parameters: &Parameters) -> Self {
        let Parameters { k, m, delta, beta, .. } = parameters;
        let mut free = match design.growth {
            Growth::Linear => vec![*k, *m],
            Growth::Logistic => vec![*k, -k * m],
            Growth::Flat => vec![*m],
        };
        free.extend_from_slice(beta);
        let ramps = if design.growth == Growth::Flat { 0 } else { design.changepoints.len() };
        Self { free, delta: delta[..ramps].to_vec() }
    }

    pub(super) fn into_parameters(self, design: &Design, sigma: f64) -> Parameters {
        let (head, beta) = self.free.split_at(trend_columns(design.growth));
        let (k, m) = match (design.growth, head) {
            (Growth::Logistic, &[k, level]) => (k, -level / k),
            (_, &[k, m]) => (k, m),
            (_, head) => (0.0, head[0]),
        };
        let mut delta = self.delta;
        // Flat growth has changepoints too, which its trend does not use: their prior puts them at 0.
        delta.resize(design.changepoints.len(), 0.0);
        Parameters { k, m, delta, beta: beta.to_vec(), sigma }
    }
}
