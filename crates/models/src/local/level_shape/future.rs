//! Forecasts of a level × shape model, and its simulated futures.

use super::{
    super::outlook::Outlook,
    fitted::{FittedLevelShape, RECENT},
    level::Level,
};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

impl FittedLevelShape {
    /// The next `horizon` steps; the seed draws simulated futures.
    pub(crate) fn outlook(&self, horizon: usize, seed: [u8; 32]) -> Outlook {
        let Some(level) = &self.level else {
            let deviation = (1..=horizon).map(|step| self.change * (step as f64).sqrt()).collect();
            return Outlook { mean: vec![self.last; horizon], deviation, simulated: Vec::new() };
        };
        let season = self.shape.len();
        let mut central = Vec::with_capacity(horizon.div_ceil(season));
        let widenings: Vec<f64> = (level.trend().take(horizon.div_ceil(season)))
            .map(|trend| {
                let widening = level.widening(&central, trend);
                central.push(level.next(&central, trend));
                widening
            })
            .collect();
        let ceiling = self.ceiling(horizon);
        let past = (self.shape_errors.len() / season).max(1) as f64;
        let bias: Vec<f64> = (0..season)
            .map(|phase| {
                self.shape_errors.iter().skip(phase).step_by(season).map(|e| f64::from(*e)).sum::<f64>() / past
            })
            .collect();
        let mean: Vec<f64> = (0..horizon)
            .map(|step| {
                let (k, phase) = (step / season, step % season);
                self.assemble(level.restore(central[k], k), phase, bias[phase] / widenings[k], ceiling)
            })
            .collect();
        let simulated = self.simulate(level, horizon, &widenings, &mut ChaCha8Rng::from_seed(seed));
        let deviation = simulated.iter().map(|draws| deviation(draws)).collect();
        Outlook { mean, deviation, simulated }
    }

    /// Sorted draws of each step. A future is a path of levels, and the errors of the shape in one past season.
    fn simulate(&self, level: &Level, horizon: usize, widenings: &[f64], rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let season = self.shape.len();
        let (ceiling, past) = (self.ceiling(horizon), self.shape_errors.len() / season);
        let mut simulated = vec![Vec::with_capacity(self.samples); horizon];
        let mut path = Vec::with_capacity(widenings.len());
        for _ in 0..self.samples {
            path.clear();
            for (trend, widening) in level.trend().zip(widenings) {
                let error = f64::from(level.errors[rng.random_range(0..level.errors.len())]);
                path.push(level.next(&path, trend) + error * level.deviation * widening);
            }
            let errors =
                if past == 0 { &[] } else { &self.shape_errors[rng.random_range(0..past) * season..][..season] };
            for (k, steps) in simulated.chunks_mut(season).enumerate() {
                let level = level.restore(path[k], k);
                for (phase, draws) in steps.iter_mut().enumerate() {
                    let error = errors.get(phase).map_or(0.0, |error| f64::from(*error));
                    let y = self.assemble(level, phase, error / widenings[k], ceiling);
                    draws.push(if self.whole { y.round_ties_even() } else { y });
                }
            }
        }
        for draws in &mut simulated {
            draws.sort_unstable_by(f64::total_cmp);
        }
        simulated
    }

    /// A value in the units of the input, not below the least value of the history, nor far above its last ones.
    fn assemble(&self, level: f64, phase: usize, error: f64, ceiling: f64) -> f64 {
        let y = level * self.shape[phase] * (1.0 + error) - self.shift;
        y.max(self.floor).min(ceiling) * self.scale
    }

    /// The bound of the last 50 values, or the first of twice as many, and so on, that is twice the horizon.
    fn ceiling(&self, horizon: usize) -> f64 {
        let doublings = (horizon.saturating_mul(2).div_ceil(RECENT)).next_power_of_two().trailing_zeros() as usize;
        self.ceilings[doublings.min(self.ceilings.len() - 1)]
    }
}

/// The standard deviation of draws, without overflow.
fn deviation(draws: &[f64]) -> f64 {
    let largest = draws.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let n = draws.len() as f64;
    let mean = draws.iter().map(|y| y / largest).sum::<f64>() / n;
    largest * (draws.iter().map(|y| (y / largest - mean) * (y / largest - mean)).sum::<f64>() / n).sqrt()
}
