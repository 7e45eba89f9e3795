//! Forecasts of a theta model, and their variances.

use super::{FittedTheta, optimum::SMALLEST_POWER};
use crate::local::outlook::Outlook;

/// Level, mean of the values, and slope of the line through them: what a forecast is a linear function of.
type State = [f64; 3];

impl FittedTheta {
    /// The next steps.
    ///
    /// Forecasts stand in for the values that are not known. The variances are those of the model with normal errors in every step,
    /// exactly: for the models with a fixed line σ²·(1 + (h − 1)·α²).
    pub(crate) fn outlook(&self, horizon: usize) -> Outlook {
        let decay = 1.0 - self.alpha;
        let mut power = libm::pow(decay, self.steps as f64);
        let mut state = [self.level, self.mean, self.slope];
        let mut covariance = [[0.0; 3]; 3];
        let mut outlook = Outlook {
            mean: Vec::with_capacity(horizon),
            deviation: Vec::with_capacity(horizon),
            simulated: Vec::new(),
        };
        for step in 0..horizon {
            power = power.max(SMALLEST_POWER);
            let weights = self.weights(step, power);
            let (mut y, mut deviation) =
                (dot(&weights, &state), self.sigma * (1.0 + quadratic(&weights, &covariance)).sqrt());
            let (transition, gain) = self.transition(step, &weights);
            state = transition.map(|row| dot(&row, &state));
            covariance = propagate(&transition, &gain, &covariance);
            power *= decay;
            if let Some(season) = &self.season {
                y = season.apply(y, step);
                deviation *= season.factor(step).abs();
            }
            outlook.mean.push(y);
            outlook.deviation.push(deviation);
        }
        outlook
    }

    /// The forecast's weights of the state; `power` is (1 − α) to the number of values before it.
    fn weights(&self, step: usize, power: f64) -> State {
        let line = if self.model.is_dynamic() { self.steps + step } else { self.steps };
        let centre = 0.5 * (line as f64 + 1.0);
        let weight = 1.0 - 1.0 / self.theta;
        let slope = (1.0 - power * (1.0 - self.alpha)) / self.alpha - power * centre;
        [1.0, weight * power, weight * slope]
    }

    /// How the next state depends on this one, and on the step's error.
    fn transition(&self, step: usize, weights: &State) -> ([State; 3], State) {
        let known = (self.steps + step) as f64;
        let (mut own, gain) = if self.model.is_dynamic() {
            let slope = 6.0 / ((known + 1.0) * (known + 2.0));
            let own = [[0.0; 3], [0.0, known / (known + 1.0), 0.0], [0.0, -slope, (known - 1.0) / (known + 2.0)]];
            (own, [self.alpha, 1.0 / (known + 1.0), slope])
        } else {
            ([[0.0; 3], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [self.alpha, 0.0, 0.0])
        };
        own[0][0] = 1.0 - self.alpha;
        for (row, gain) in own.iter_mut().zip(&gain) {
            for (own, weight) in row.iter_mut().zip(weights) {
                *own += gain * weight;
            }
        }
        (own, gain)
    }
}

fn dot(a: &State, b: &State) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn quadratic(weights: &State, covariance: &[State; 3]) -> f64 {
    dot(weights, &covariance.map(|row| dot(&row, weights)))
}

/// The state's covariance after a step whose error has variance 1.
fn propagate(transition: &[State; 3], gain: &State, covariance: &[State; 3]) -> [State; 3] {
    // The covariance is symmetric, so its rows are its columns.
    let half: [State; 3] = transition.map(|row| covariance.map(|column| dot(&row, &column)));
    std::array::from_fn(|i| std::array::from_fn(|j| dot(&half[i], &transition[j]) + gain[i] * gain[j]))
}
