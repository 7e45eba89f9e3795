//! Made-up series for the tests of several families.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// Independent normal values.
pub(super) fn noise(seed: u8, rows: usize) -> Vec<f64> {
    let mut random = ChaCha8Rng::from_seed([seed; 32]);
    (0..rows).map(|_| StandardNormal.sample(&mut random)).collect()
}

/// Their running sums.
pub(super) fn walk(seed: u8, rows: usize) -> Vec<f64> {
    noise(seed, rows)
        .iter()
        .scan(0.0, |sum, step| {
            *sum += step;
            Some(*sum)
        })
        .collect()
}
