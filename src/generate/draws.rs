//! Random numbers that are identical on every machine: integers from ChaCha, logarithms from `libm`.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// The random numbers of one customer.
pub(super) struct Draws {
    generator: ChaCha8Rng,
    /// The second normal number of a pair.
    spare: Option<f64>,
}

impl Draws {
    pub(super) fn new(seed: u64, customer: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(customer);
        Self { generator, spare: None }
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn whole(&mut self, low: u32, high: u32) -> u32 {
        let choices = u64::from(high - low) + 1;
        // Lemire's multiplication; the bias for these few choices is below 2⁻³⁰.
        low + ((u64::from(self.generator.next_u32()) * choices) >> 32) as u32
    }

    /// A number between `low` and `high`.
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// A normal number, by Marsaglia's polar method. It uses only exact operations and `libm`, so the result does not depend on
    /// the platform's math library.
    pub(super) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let standard = self.spare.take().unwrap_or_else(|| {
            loop {
                let (u, v) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
                let square = u * u + v * v;
                if square > 0.0 && square < 1.0 {
                    let factor = (-2.0 * libm::log(square) / square).sqrt();
                    self.spare = Some(v * factor);
                    return u * factor;
                }
            }
        });
        mean + deviation * standard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_the_mean_and_the_deviation_asked_for() {
        let mut draws = Draws::new(1, 2);
        let n = 40_000;
        let numbers: Vec<f64> = (0..n).map(|_| draws.normal(5.0, 2.0)).collect();
        let mean = numbers.iter().sum::<f64>() / f64::from(n);
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        let beyond = numbers.iter().filter(|x| (**x - 5.0).abs() > 4.0).count() as f64 / f64::from(n);
        assert!((mean - 5.0).abs() < 0.05, "{mean}");
        assert!((variance.sqrt() - 2.0).abs() < 0.04, "{variance}");
        assert!((beyond - 0.0455).abs() < 0.005, "{beyond}");
    }

    #[test]
    fn whole_numbers_reach_both_ends_equally_often() {
        let mut draws = Draws::new(3, 0);
        let mut counts = [0; 5];
        for _ in 0..10_000 {
            counts[draws.whole(2, 6) as usize - 2] += 1;
        }
        assert!(counts.iter().all(|&count: &i32| (count - 2_000).abs() < 200), "{counts:?}");
    }
}
