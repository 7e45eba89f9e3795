//! The parameters of least squared one-step errors.
//!
//! A forecast is linear in the initial level ℓ₀ and in the weight of the trend w = 1 − 1/θ, given the smoothing parameter α:
//!
//! ŷₜ = Lₜ + (1 − α)ᵗ·ℓ₀ + w·Tₜ,  Tₜ = Aₜ·(1 − α)ᵗ + Bₜ·(1 − (1 − α)ᵗ⁺¹)/α
//!
//! with t values known, L the smoothed values from an initial level of zero, and A and B the trend line, which depends on no
//! parameter. So one pass over the values gives the exact optimum for a given α, and what is left is a search in one dimension: on a
//! grid, and then in ever smaller brackets of each local minimum. A pass takes several α at once, since each is a chain of
//! dependent operations.

use crate::interrupt::{Interrupt, Interruption};

/// Bounds of α.
const ALPHA: [f64; 2] = [0.1, 0.99];
/// The largest weight of the trend: θ = 10¹⁰.
pub(super) const LARGEST_WEIGHT: f64 = 1.0 - 1e-10;
/// The weight where the values say nothing about it, and that of the standard models: θ = 2.
pub(super) const STANDARD_WEIGHT: f64 = 0.5;
/// The first errors, which depend most on the initial level, do not count.
pub(super) const SKIPPED: usize = 3;

/// Values of α in a pass.
const LANES: usize = 8;
/// Passes over the grid.
const GRID: usize = 4;
/// The width of α's bracket at which the search ends.
const NARROW: f64 = 1e-8;
/// Powers of 1 − α are kept above this: numbers without full precision are slow.
pub(super) const SMALLEST_POWER: f64 = 1e-100;
/// Share of the trend's squares, beside what the initial level explains, up to which it counts as explained.
const COLLINEAR: f64 = 1e-12;

/// A series whose first value is zero, and its trend line: A and B after each value.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) values: Vec<f64>,
    pub(super) intercepts: Vec<f64>,
    pub(super) slopes: Vec<f64>,
}

impl Lines {
    pub(super) fn draw(&mut self, dynamic: bool) {
        if dynamic { self.follow() } else { self.keep_one() }
    }

    /// The least-squares line through all values.
    fn keep_one(&mut self) {
        let n = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / n;
        let centre = 0.5 * (n + 1.0);
        let moments = self.values.iter().zip(1..).map(|(y, t)| (f64::from(t) - centre) * (y - mean)).sum::<f64>();
        let slope = 12.0 * moments / (n * (n * n - 1.0));
        self.intercepts.clear();
        self.intercepts.resize(self.values.len(), mean - slope * centre);
        self.slopes.clear();
        self.slopes.resize(self.values.len(), slope);
    }

    /// The least-squares line through the values up to each, which the dynamic models have.
    fn follow(&mut self) {
        self.intercepts.clear();
        self.slopes.clear();
        let (mut mean, mut slope) = (0.0, 0.0);
        for (&y, known) in self.values.iter().zip(1..) {
            let known = f64::from(known);
            slope = ((known - 2.0) * slope + 6.0 * (y - mean) / known) / (known + 1.0);
            mean += (y - mean) / known;
            self.slopes.push(slope);
            self.intercepts.push(mean - slope * (known + 1.0) / 2.0);
        }
    }
}

/// Parameters, and the sum of squared errors that they have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Optimum {
    pub(super) squares: f64,
    pub(super) alpha: f64,
    /// The initial level ℓ₀.
    pub(super) initial: f64,
    /// 1 − 1/θ.
    pub(super) weight: f64,
}

/// The best parameters; `weight` if it is not to be optimised.
pub(super) fn search(lines: &Lines, weight: Option<f64>, interrupt: Interrupt<'_>) -> Result<Optimum, Interruption> {
    let mut grid = [Optimum::default(); GRID * LANES];
    let step = (ALPHA[1] - ALPHA[0]) / (grid.len() - 1) as f64;
    for (block, found) in grid.chunks_exact_mut(LANES).enumerate() {
        interrupt.check()?;
        let alphas = std::array::from_fn(|lane| ALPHA[0] + step * (block * LANES + lane) as f64);
        found.copy_from_slice(&pass(lines, alphas, weight));
    }
    let mut best = grid[0];
    for at in 0..grid.len() {
        let (before, after) = (grid[at.saturating_sub(1)], grid[(at + 1).min(grid.len() - 1)]);
        let falls = at == 0 || grid[at].squares < before.squares;
        if falls && grid[at].squares <= after.squares {
            let found = narrow(lines, weight, [before, grid[at], after], interrupt)?;
            best = if found.squares < best.squares { found } else { best };
        }
    }
    Ok(best)
}

/// The minimum in a bracket, whose ends may be its middle.
fn narrow(
    lines: &Lines,
    weight: Option<f64>,
    [mut low, mut best, mut high]: [Optimum; 3],
    interrupt: Interrupt<'_>,
) -> Result<Optimum, Interruption> {
    while high.alpha - low.alpha > NARROW {
        interrupt.check()?;
        let step = (high.alpha - low.alpha) / (LANES + 1) as f64;
        let found = pass(lines, std::array::from_fn(|lane| low.alpha + step * (lane + 1) as f64), weight);
        let mut places = [low; LANES + 2];
        places[1..=LANES].copy_from_slice(&found);
        places[LANES + 1] = high;
        let lowest = (1..places.len())
            .fold(0, |lowest, at| if places[at].squares < places[lowest].squares { at } else { lowest });
        best = if places[lowest].squares < best.squares { places[lowest] } else { best };
        low = places[lowest.saturating_sub(1)];
        high = places[(lowest + 1).min(LANES + 1)];
    }
    Ok(best)
}

/// The optimum for each of several α.
fn pass(lines: &Lines, alphas: [f64; LANES], weight: Option<f64>) -> [Optimum; LANES] {
    let zero = [0.0; LANES];
    let inverse = alphas.map(|alpha| 1.0 / alpha);
    let decays = alphas.map(|alpha| 1.0 - alpha);
    let (mut levels, mut powers) = (zero, [1.0; LANES]);
    let mut sums = [zero; 6];
    let known = lines.intercepts.iter().zip(&lines.slopes);
    for (at, (&y, (&intercept, &slope))) in lines.values[1..].iter().zip(known).enumerate() {
        if at + 1 == SKIPPED {
            sums = [zero; 6];
        }
        for lane in 0..LANES {
            let power = powers[lane] * decays[lane];
            let power = if power < SMALLEST_POWER { SMALLEST_POWER } else { power };
            powers[lane] = power;
            let trend = intercept * power + slope * (inverse[lane] - power * decays[lane] * inverse[lane]);
            let error = y - levels[lane];
            levels[lane] += alphas[lane] * error;
            sums[0][lane] += error * error;
            sums[1][lane] += error * power;
            sums[2][lane] += error * trend;
            sums[3][lane] += power * power;
            sums[4][lane] += power * trend;
            sums[5][lane] += trend * trend;
        }
    }
    std::array::from_fn(|lane| solve(alphas[lane], sums.map(|sum| sum[lane]), weight))
}

/// Least squares with two unknowns, the second within bounds. The sums are the products of error, power and trend, in the order of
/// their pairs.
fn solve(alpha: f64, [ee, ep, et, pp, pt, tt]: [f64; 6], weight: Option<f64>) -> Optimum {
    // What is left of each beside the powers.
    let (rest_ee, rest_et, rest_tt) = (ee - ep * ep / pp, et - ep * pt / pp, tt - pt * pt / pp);
    let weight = weight.unwrap_or_else(|| {
        if rest_tt > COLLINEAR * tt { (rest_et / rest_tt).clamp(0.0, LARGEST_WEIGHT) } else { STANDARD_WEIGHT }
    });
    let squares = (rest_ee - weight * (2.0 * rest_et - weight * rest_tt)).max(0.0);
    Optimum { squares, alpha, initial: (ep - weight * pt) / pp, weight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn no_smoothing_parameter_of_a_fine_grid_is_better() {
        for seed in 0..24 {
            let mut random = ChaCha8Rng::from_seed([seed; 32]);
            let rows = [5, 9, 30, 90][usize::from(seed % 4)];
            let noise = (0..rows).map(|_| StandardNormal.sample(&mut random));
            let walk = noise.scan(0.0, |sum: &mut f64, step: f64| {
                *sum = if seed < 12 { *sum } else { 0.0 } + step;
                Some(*sum)
            });
            let mut lines = Lines { values: walk.collect(), ..Lines::default() };
            let origin = lines.values[0];
            lines.values.iter_mut().for_each(|y| *y -= origin);
            for (dynamic, weight) in [(false, Some(0.5)), (false, None), (true, Some(0.5)), (true, None)] {
                lines.draw(dynamic);
                let found = search(&lines, weight, Interrupt::default()).unwrap();
                for block in 0..250 {
                    let place = |lane: usize| (block * LANES + lane) as f64 / 1_999.0;
                    let alphas = std::array::from_fn(|lane| ALPHA[0] + (ALPHA[1] - ALPHA[0]) * place(lane));
                    for other in pass(&lines, alphas, weight) {
                        assert!(found.squares <= other.squares * (1.0 + 1e-9) + 1e-20, "{seed}: {found:?} {other:?}");
                    }
                }
            }
        }
    }
}
