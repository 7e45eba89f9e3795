//! The parameters of an earlier model in the scales of a new one: where the search for its optimum begins.
//!
//! The series has usually grown a little, so that time, values and changepoints have new scales; the trend is carried over as a curve,
//! with each change of slope at the nearest new changepoint.

use super::{
    calendar::Calendar,
    features::{Component, Terms},
    fitted::FittedProphet,
    posterior::Parameters,
    scales::Scales,
    spec::Growth,
    terms::Mode,
};

impl FittedProphet {
    /// These parameters in the scales of another fit; none where the trends are of different kinds.
    pub(super) fn carry_over(
        &self,
        growth: Growth,
        calendar: &Calendar,
        scales: &Scales,
        terms: &Terms,
        timestamps: &[i64],
    ) -> Option<Parameters> {
        if self.spec.growth != growth {
            return None;
        }
        let (first, last) = (timestamps[0], timestamps[timestamps.len() - 1]);
        // Old time at the new start, and in a unit of new time.
        let (begin, unit) = (self.scaled_time(first), (last - first) as f64 / self.t_scale as f64);
        let ratio = self.y_scale / scales.y_scale;
        let logistic = growth == Growth::Logistic;
        // The exponent of logistic growth has no unit.
        let slope_unit = if logistic { unit } else { unit * ratio };

        let Parameters { k, delta, beta, sigma, .. } = &self.parameters;
        let (mut slope, mut changes) = (*k, vec![0.0; calendar.design.changepoints.len()]);
        for (s, delta) in self.changepoints_t.iter().zip(delta) {
            let at = (s - begin) / unit;
            let distance = |s: &f64| (s - at).abs();
            let nearest = (0..changes.len()).min_by(|&i, &j| {
                let s = &calendar.design.changepoints;
                distance(&s[i]).total_cmp(&distance(&s[j]))
            });
            match nearest {
                Some(nearest) if *s > begin => changes[nearest] += delta * slope_unit,
                _ => slope += delta,
            }
        }
        let k = slope * slope_unit;
        let level = self.path(begin);
        let m = if logistic { -level / k } else { level * ratio + (self.floor - scales.floor) / scales.y_scale };
        let beta = carry_coefficients(&self.terms, beta, terms, ratio);
        let delta = if growth == Growth::Flat { vec![0.0; changes.len()] } else { changes };
        Some(Parameters { k, m, delta, beta, sigma: sigma * ratio })
    }
}

/// Coefficients by the names of their terms; 0 for those that are new.
fn carry_coefficients(old_terms: &Terms, old: &[f64], new_terms: &Terms, ratio: f64) -> Vec<f64> {
    let mut new = vec![0.0; new_terms.columns()];
    for Component { name, mode, columns, .. } in new_terms.components() {
        let Some(known) = old_terms.components().find(|known| known.name == name && known.mode == mode) else {
            continue;
        };
        let deviation = |terms: &Terms| {
            terms.regressors.iter().find(|regressor| regressor.name == name).map_or(1.0, |one| one.deviation)
        };
        let unit = if mode == Mode::Additive { ratio } else { 1.0 } * deviation(new_terms) / deviation(old_terms);
        for (column, old_column) in columns.zip(known.columns) {
            new[column] = old[old_column] * unit;
        }
    }
    new
}
