//! Seasonal and trend decomposition by local regression. (Cleveland, Cleveland, McRae and Terpenning, STL: a seasonal-trend
//! decomposition procedure based on loess, Journal of Official Statistics 6(1), 1990.)
//!
//! Smooths are worked out at each point, without the paper's jumps.

use super::loess::Loess;
use crate::interrupt::{Interrupt, Interruption};

/// Inner loops, and outer loops after the first, without robustness weights and with them.
const LOOPS: [(usize, usize); 2] = [(5, 0), (2, 15)];

/// A decomposition, and its buffers.
#[derive(Debug, Default)]
pub(super) struct Stl {
    /// Smoothers of the values of one phase, which are one more in the first phases where the history ends within a season.
    phases: [Loess; 2],
    low_pass: Loess,
    trend_smoother: Loess,
    /// The seasonal part, shape (n).
    pub(super) seasonal: Vec<f64>,
    /// The trend, shape (n).
    pub(super) trend: Vec<f64>,
    rest: Vec<f64>,
    /// Smooths of all phases, one season longer than the history at both ends.
    cycle: Vec<f64>,
    averages: [Vec<f64>; 2],
    phase: Vec<f64>,
    phase_smooth: Vec<f64>,
    phase_weights: Vec<f64>,
    robustness: Vec<f64>,
}

impl Stl {
    /// Decomposes at least two seasons. `window` is the odd length of the seasonal smoother, whose smooths are local constants.
    pub(super) fn decompose(
        &mut self,
        y: &[f64],
        season: usize,
        window: usize,
        robust: bool,
        interrupt: Interrupt<'_>,
    ) -> Result<(), Interruption> {
        let n = y.len();
        self.phases[0].prepare(n.div_ceil(season), window, false);
        self.phases[1].prepare(n / season, window, false);
        self.low_pass.prepare(n, odd(season + 1), true);
        let shortest = (1.5 * season as f64 / (1.0 - 1.5 / window as f64)).ceil() as usize;
        self.trend_smoother.prepare(n, odd(shortest), true);
        for (buffer, length) in [
            (&mut self.seasonal, n),
            (&mut self.trend, n),
            (&mut self.rest, n),
            (&mut self.cycle, n + 2 * season),
            (&mut self.phase, n.div_ceil(season)),
            (&mut self.phase_smooth, n.div_ceil(season)),
            (&mut self.phase_weights, n.div_ceil(season)),
        ] {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
        let (inner, outer) = LOOPS[usize::from(robust)];
        for pass in 0..=outer {
            for _ in 0..inner {
                interrupt.check()?;
                self.step(y, season, pass > 0);
            }
            if pass < outer {
                self.weigh(y);
            }
        }
        Ok(())
    }

    /// One inner loop: the season of what is without the trend, then the trend of what is without the season.
    fn step(&mut self, y: &[f64], season: usize, weighted: bool) {
        for ((rest, y), trend) in self.rest.iter_mut().zip(y).zip(&self.trend) {
            *rest = y - trend;
        }
        for phase in 0..season {
            self.smooth_phase(season, phase, weighted);
        }
        let [first, second] = &mut self.averages;
        moving_average(&self.cycle, season, first);
        moving_average(first, season, second);
        moving_average(second, 3, first);
        self.low_pass.smooth(first, None, &mut self.rest);
        for (i, seasonal) in self.seasonal.iter_mut().enumerate() {
            *seasonal = self.cycle[season + i] - self.rest[i];
            self.rest[i] = y[i] - *seasonal;
        }
        let robustness = if weighted { Some(self.robustness.as_slice()) } else { None };
        self.trend_smoother.smooth(&self.rest, robustness, &mut self.trend);
    }

    /// Smooths the values of one phase into the cycle, and one value beyond either end.
    fn smooth_phase(&mut self, season: usize, phase: usize, weighted: bool) {
        let count = (self.rest.len() - phase).div_ceil(season);
        let smoother = &mut self.phases[usize::from(count < self.phase.len())];
        let gather = |from: &[f64], to: &mut [f64]| {
            to.iter_mut().zip(from[phase..].iter().step_by(season)).for_each(|(to, from)| *to = *from);
        };
        let (values, smooth) = (&mut self.phase[..count], &mut self.phase_smooth[..count]);
        gather(&self.rest, values);
        if weighted {
            gather(&self.robustness, &mut self.phase_weights[..count]);
        }
        let weights = weighted.then_some(&self.phase_weights[..count]);
        smoother.smooth(values, weights, smooth);
        let [before, after] = smoother.beyond(values, weights);
        let mut cycle = self.cycle[phase..].iter_mut().step_by(season);
        let ends = (before.unwrap_or(smooth[0]), after.unwrap_or(smooth[count - 1]));
        let smooths = std::iter::once(&ends.0).chain(smooth.iter()).chain(std::iter::once(&ends.1));
        smooths.for_each(|smooth| *cycle.next().expect("the cycle is two seasons longer than the history") = *smooth);
    }

    /// Robustness weights: bisquare of what is left, within six times its median.
    fn weigh(&mut self, y: &[f64]) {
        self.robustness.clear();
        self.robustness.extend((0..y.len()).map(|i| (y[i] - self.trend[i] - self.seasonal[i]).abs()));
        self.rest.copy_from_slice(&self.robustness);
        let n = y.len();
        self.rest.sort_unstable_by(f64::total_cmp);
        let reach = 3.0 * (self.rest[n / 2] + self.rest[n - n / 2 - 1]);
        for weight in &mut self.robustness {
            // Where more than half of the points are met exactly, none is an outlier.
            *weight = if reach == 0.0 || *weight <= 0.001 * reach {
                1.0
            } else if *weight <= 0.999 * reach {
                let rest = 1.0 - (*weight / reach) * (*weight / reach);
                rest * rest
            } else {
                0.0
            };
        }
    }
}

/// The least odd number that is not below another.
const fn odd(length: usize) -> usize {
    length | 1
}

/// Means of `length` values each, as many fewer than the values.
fn moving_average(values: &[f64], length: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut sum: f64 = values[..length].iter().sum();
    out.push(sum / length as f64);
    for (new, old) in values[length..].iter().zip(values) {
        sum += new - old;
        out.push(sum / length as f64);
    }
}
