//! How a customer's values are scaled, with the cap and the floor of logistic growth.

use super::spec::{Growth, ProphetSpec, Scaling};
use crate::data::{CovariateError, Series};

/// Scales of one series, as in `Prophet.initialize_scales`.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// What is subtracted from y where the floor was not given. Where it was: what Python calls `y_min`.
    pub(super) floor: f64,
    pub(super) y_scale: f64,
    /// The floor was given, as a constant or as a column.
    pub(super) logistic_floor: bool,
    /// The given floors at the rows, in the units of the input; empty where it was not given.
    pub(super) floors: Vec<f64>,
    /// The caps at the rows, in the units of the input; empty where growth is not logistic.
    pub(super) caps: Vec<f64>,
}

impl Scales {
    /// Finds the scales of a series that is not empty.
    pub(super) fn of(spec: &ProphetSpec, series: &Series) -> Result<Self, CovariateError> {
        let mut scales = Self::default();
        let values = &series.values;
        if spec.growth == Growth::Logistic {
            let covariates = series.covariates();
            if spec.floor.is_some() || covariates.columns.get("floor").is_some() {
                scales.logistic_floor = true;
                scales.floors = covariates.values_at("floor", &series.timestamps, spec.floor)?;
            }
            scales.caps = covariates.values_at("cap", &series.timestamps, spec.cap)?;
        }
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), y| (least.min(y), most.max(y)))
        };
        let (floor, y_scale) = match (scales.logistic_floor, spec.scaling) {
            (false, Scaling::Absmax) => (0.0, range(&mut values.iter().map(|y| y.abs())).1),
            (false, Scaling::Minmax) => {
                let (least, most) = range(&mut values.iter().copied());
                (least, most - least)
            }
            (true, Scaling::Absmax) => {
                range(&mut values.iter().zip(&scales.floors).map(|(y, floor)| (y - floor).abs()))
            }
            (true, Scaling::Minmax) => {
                let least = range(&mut scales.floors.iter().copied()).0;
                (least, range(&mut scales.caps.iter().copied()).1 - least)
            }
        };
        scales.floor = floor;
        scales.y_scale = if y_scale == 0.0 { 1.0 } else { y_scale };
        let below = |row: &usize| scales.caps[*row] <= scales.floor_at(*row);
        match (0..scales.caps.len()).find(below) {
            Some(row) => {
                let (cap, floor) = (scales.caps[row], scales.floor_at(row));
                Err(CovariateError::CapBelowFloor { date: series.timestamps[row], cap, floor })
            }
            None => Ok(scales),
        }
    }

    fn floor_at(&self, row: usize) -> f64 {
        if self.logistic_floor { self.floors[row] } else { self.floor }
    }

    /// y in the scale of the model, shape (n).
    pub(super) fn scale(&self, values: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.extend(values.iter().enumerate().map(|(row, y)| (y - self.floor_at(row)) / self.y_scale));
    }
}

/// The one value of a vector that has no other.
pub(super) fn constant(values: &[f64]) -> Option<f64> {
    values.first().copied().filter(|first| values.iter().all(|value| value == first))
}
