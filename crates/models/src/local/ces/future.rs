//! Point forecasts and the variance of their errors.
//!
//! The model is linear: an error has the weight ψⱼ on the value j steps later, which is what the recursion makes of the states that
//! the error alone leaves. The variance h steps ahead is σ² (1 + Σ ψⱼ²), over j from 1 to h − 1.

use super::FittedCes;
use crate::local::outlook::Outlook;

/// The largest forecast and deviation that is told: states grow without bound where α₁ is above 1.
const WIDEST: f64 = 1e300;

/// A level or a season, with its potential.
type Pair = [f64; 2];

/// A step without an error.
fn follow([own, potential]: Pair, [real, imaginary]: Pair) -> Pair {
    [own - (1.0 - imaginary) * potential, own + (1.0 - real) * potential].map(|part| part.clamp(-WIDEST, WIDEST))
}

/// What an error of 1 leaves.
const fn gain([real, imaginary]: Pair) -> Pair {
    [real - imaginary, real + imaginary]
}

impl FittedCes {
    /// The next `horizon` steps.
    pub(in crate::local) fn outlook(&self, horizon: usize) -> Outlook {
        let deviation = self.deviations(horizon);
        Outlook { mean: self.means(horizon), deviation, simulated: Vec::new() }
    }

    /// The smoothing parameter of the seasons that have potentials.
    const fn of_season(&self) -> Pair {
        if self.model.has_level() { self.beta } else { self.alpha }
    }

    fn means(&self, horizon: usize) -> Vec<f64> {
        let mut level = [self.level, self.potential];
        let potentials = self.season_potentials.iter().copied().chain(std::iter::repeat(0.0));
        let mut seasons: Vec<Pair> =
            self.seasons.iter().zip(potentials).map(|(s, potential)| [*s, potential]).collect();
        (0..horizon)
            .map(|step| {
                let mut y = if self.model.has_level() { level[0] } else { 0.0 };
                level = follow(level, self.alpha);
                if !seasons.is_empty() {
                    let places = seasons.len();
                    let season = &mut seasons[step % places];
                    y += season[0];
                    if self.model.has_potentials() {
                        *season = follow(*season, self.of_season());
                    }
                }
                y.clamp(-WIDEST, WIDEST)
            })
            .collect()
    }

    fn deviations(&self, horizon: usize) -> Vec<f64> {
        let places = self.seasons.len();
        let mut level = if self.model.has_level() { gain(self.alpha) } else { [0.0; 2] };
        let mut season = if self.model.has_potentials() { gain(self.of_season()) } else { [self.beta[0], 0.0] };
        let mut sum = 1.0;
        (1..=horizon)
            .map(|step| {
                let deviation = (self.sigma * f64::sqrt(sum)).min(WIDEST);
                let mut weight = level[0];
                level = follow(level, self.alpha);
                if places > 0 && step.is_multiple_of(places) {
                    weight += season[0];
                    if self.model.has_potentials() {
                        season = follow(season, self.of_season());
                    }
                }
                sum = (sum + weight * weight).min(WIDEST);
                deviation
            })
            .collect()
    }
}
