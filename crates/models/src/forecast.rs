//! A forecast, and how closely a model follows its history.

use serde::{Deserialize, Serialize};

/// A forecast: one value per date in each vector, in the units of the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Milliseconds since the epoch.
    pub dates: Vec<i64>,
    /// The point forecast.
    pub yhat: Vec<f64>,
    /// Lower end of its interval.
    pub yhat_lower: Vec<f64>,
    /// Upper end of its interval.
    pub yhat_upper: Vec<f64>,
    /// The trend.
    pub trend: Vec<f64>,
    /// Lower end of the trend's interval.
    pub trend_lower: Vec<f64>,
    /// Upper end of the trend's interval.
    pub trend_upper: Vec<f64>,
    /// Sum of the additive components.
    pub additive_terms: Vec<f64>,
    /// Sum of the multiplicative components, as a share of the trend: yhat is trend · (1 + it) + `additive_terms`.
    pub multiplicative_terms: Vec<f64>,
    /// Each component by name: additive ones in the units of the input, multiplicative ones as a share of the trend.
    ///
    /// Seasonalities, each holiday, `holidays` for all of them, regressors, `extra_regressors_additive` and
    /// `extra_regressors_multiplicative`. The optimum is one set of parameters, so a component has no interval.
    pub components: Vec<(String, Vec<f64>)>,
}

impl Forecast {
    /// The forecast of a model that has no components: its trend is yhat.
    pub(crate) fn without_components(
        dates: Vec<i64>,
        yhat: Vec<f64>,
        yhat_lower: Vec<f64>,
        yhat_upper: Vec<f64>,
    ) -> Self {
        Self {
            dates,
            yhat_lower,
            yhat_upper,
            trend: yhat.clone(),
            trend_lower: yhat.clone(),
            trend_upper: yhat.clone(),
            additive_terms: vec![0.0; yhat.len()],
            multiplicative_terms: vec![0.0; yhat.len()],
            components: Vec::new(),
            yhat,
        }
    }

    /// The forecast at other dates, each with the values of the row at its place.
    pub(crate) fn select(&self, dates: &[i64], places: &[usize]) -> Self {
        let pick = |values: &[f64]| places.iter().map(|&place| values[place]).collect::<Vec<_>>();
        Self {
            dates: dates.to_vec(),
            yhat: pick(&self.yhat),
            yhat_lower: pick(&self.yhat_lower),
            yhat_upper: pick(&self.yhat_upper),
            trend: pick(&self.trend),
            trend_lower: pick(&self.trend_lower),
            trend_upper: pick(&self.trend_upper),
            additive_terms: pick(&self.additive_terms),
            multiplicative_terms: pick(&self.multiplicative_terms),
            components: self.components.iter().map(|(name, values)| (name.clone(), pick(values))).collect(),
        }
    }

    /// Multiplies the distance of each end of yhat's interval from yhat by a factor; the trend's interval stays.
    pub(crate) fn scaled(mut self, factor: f64) -> Self {
        // Not even the last bit of an interval changes by a factor of 1.
        if factor.to_bits() != 1.0_f64.to_bits() {
            for end in [&mut self.yhat_lower, &mut self.yhat_upper] {
                for (end, yhat) in end.iter_mut().zip(&self.yhat) {
                    *end = yhat + factor * (*end - yhat);
                }
            }
        }
        self
    }

    /// Raises yhat and the ends of its interval to a bound; the trend and the components stay.
    pub(crate) fn bounded(mut self, bound: Option<f64>) -> Self {
        if let Some(bound) = bound {
            for y in [&mut self.yhat, &mut self.yhat_lower, &mut self.yhat_upper].into_iter().flatten() {
                *y = y.max(bound);
            }
        }
        self
    }
}

/// In-sample errors of a model of a series, in the units of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean absolute error.
    pub mae: f64,
    /// Root mean squared error.
    pub rmse: f64,
}
