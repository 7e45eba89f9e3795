//! Extrapolation from a sample to all files.
//!
//! Within a group, time is proportional to bytes: a ratio estimator (Cochran, *Sampling Techniques*, 3rd edition, chapter 6), whose
//! variance comes from the residuals of the batches, with the correction for a finite population.

use super::groups::{Group, Groups, Tried, weight};
use serde::Serialize;

/// Estimated resources of a whole job.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Whether files hold several customers each.
    pub bundles: bool,
    /// Input files.
    pub files: usize,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// Sampled files.
    pub tried_files: usize,
    /// Resources of the sample.
    pub tried: Tried,
    /// Customers in all files.
    pub customers: f64,
    /// Seconds of one thread for all files.
    pub seconds: f64,
    /// Standard error of `seconds`, from the spread of the batches.
    pub error: f64,
    /// Bytes of all artifacts.
    pub artifacts: f64,
    /// Seconds of one thread for each file, in key order.
    #[serde(skip)]
    pub by_file: Vec<f64>,
}

impl Estimate {
    /// Extrapolates from a sample. `bundles`: files hold several customers each.
    #[must_use]
    pub fn new(sample: &Groups, bundles: bool) -> Self {
        let mut whole = Self {
            bundles,
            files: sample.sizes.len(),
            bytes: sample.sizes.iter().sum(),
            tried_files: sample.of_size.iter().map(|group| group.tried_files).sum(),
            ..Self::default()
        };
        let (mut variance, mut paces) = (0.0, Vec::new());
        for group in &sample.of_size {
            let (bytes, tried) = group.sum();
            whole.tried.add(&tried);
            let scale = if bytes == 0 { 0.0 } else { group.bytes as f64 / bytes as f64 };
            whole.seconds += tried.seconds * scale;
            whole.customers += tried.customers as f64 * scale;
            whole.artifacts += tried.artifacts as f64 * scale;
            variance += group.variance(bytes, tried.seconds);
            paces.push((group.largest, if bytes == 0 { 0.0 } else { tried.seconds / bytes as f64 }));
        }
        whole.error = f64::sqrt(variance);
        if !bundles {
            whole.customers = whole.files as f64;
        }
        let seconds = |size: u64| {
            let at = paces.partition_point(|(largest, _)| *largest < size).min(paces.len() - 1);
            paces[at].1 * size as f64
        };
        whole.by_file = sample.sizes.iter().map(|size| seconds(weight(*size))).collect();
        whole
    }

    /// The share of the sampled customers that failed.
    #[must_use]
    pub fn failing(&self) -> f64 {
        self.tried.failed as f64 / self.tried.customers.max(1) as f64
    }
}

impl Group {
    /// Total bytes and resources of its batches.
    fn sum(&self) -> (u64, Tried) {
        let mut sum = Tried::default();
        self.tried.iter().for_each(|(_, tried)| sum.add(tried));
        (self.tried.iter().map(|(bytes, _)| bytes).sum(), sum)
    }

    /// The variance of the estimated seconds of the group, of which `bytes` took `seconds`.
    fn variance(&self, bytes: u64, seconds: f64) -> f64 {
        let n = self.tried.len() as f64;
        if n < 2.0 {
            return 0.0;
        }
        let pace = seconds / bytes as f64;
        let residuals: f64 =
            self.tried.iter().map(|(bytes, tried)| (tried.seconds - pace * *bytes as f64).powi(2)).sum();
        let (mean, untried) = (bytes as f64 / n, 1.0 - bytes as f64 / self.bytes as f64);
        (self.bytes as f64 / mean).powi(2) * untried * residuals / (n - 1.0) / n
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Entry;

    fn fleet(sizes: impl IntoIterator<Item = u64>) -> Groups {
        let file = |(i, size)| Entry { key: format!("{i:05}.csv"), size };
        Groups::new(sizes.into_iter().enumerate().map(file).collect(), 7)
    }

    /// What files would take: a fixed time for each and one that goes with the size.
    fn work(size: u64) -> f64 {
        1e-4 + 1e-7 * size as f64
    }

    fn try_some(sample: &mut Groups, batches: usize) {
        for _ in 0..batches {
            let Some(batch) = sample.next_batch() else { return };
            let seconds = batch.files.iter().map(|file| work(file.size)).sum();
            let customers = batch.files.len();
            sample.record(&batch, Tried { seconds, customers, failed: 0, artifacts: 2000 * customers });
        }
    }

    #[test]
    fn all_files_tried_give_what_they_took_without_an_error() {
        let mut sample = fleet((0..1000).map(|i| 500 + i % 90));
        try_some(&mut sample, usize::MAX);
        let estimate = Estimate::new(&sample, false);
        let expected: f64 = (0..1000).map(|i| work(500 + i % 90)).sum();
        assert!((estimate.seconds / expected - 1.0).abs() < 1e-12);
        assert!(estimate.error < 1e-9 * expected, "{}", estimate.error);
        assert_eq!((estimate.tried_files, estimate.customers, estimate.artifacts), (1000, 1000.0, 2e6));
    }

    #[test]
    fn a_sample_of_a_skewed_fleet_tells_of_the_whole() {
        // One in a hundred holds half of the bytes.
        let size = |i: u64| if i.is_multiple_of(100) { 200_000 + i } else { 2_000 + i % 97 };
        let mut sample = fleet((0..20_000).map(size));
        try_some(&mut sample, 24);
        assert!(sample.is_enough());
        let estimate = Estimate::new(&sample, false);
        let expected: f64 = (0..20_000).map(|i| work(size(i))).sum();
        assert!(estimate.tried_files < 2_000, "{}", estimate.tried_files);
        assert!((estimate.seconds / expected - 1.0).abs() < 0.02, "{} for {expected}", estimate.seconds);
        let bundled = Estimate::new(&sample, true);
        assert!((bundled.customers / 20_000.0 - 1.0).abs() < 0.02, "{}", bundled.customers);
        assert_eq!(estimate.customers, 20_000.0);
        let by_file: f64 = estimate.by_file.iter().sum();
        assert!((by_file / expected - 1.0).abs() < 0.02, "{by_file} for {expected}");
        assert!((estimate.by_file[100] / work(size(100)) - 1.0).abs() < 0.05);
    }

    #[test]
    fn the_error_is_as_large_as_the_estimates_of_other_samples_differ() {
        let size = |i: u64| 1_000 + 37 * (i % 211);
        // Time that has nothing to do with the size.
        let odd = |size: u64| 1e-3 * (1.0 + (size as f64).sin());
        let estimates: Vec<(f64, f64)> = (0..100)
            .map(|seed| {
                let file = |i| Entry { key: format!("{i:05}.csv"), size: size(i) };
                let mut sample = Groups::new((0..3_000).map(file).collect(), seed);
                for _ in 0..24 {
                    let batch = sample.next_batch().unwrap();
                    let seconds = batch.files.iter().map(|file| odd(file.size)).sum();
                    sample.record(&batch, Tried { seconds, ..Tried::default() });
                }
                let estimate = Estimate::new(&sample, false);
                (estimate.seconds, estimate.error)
            })
            .collect();
        let mean = estimates.iter().map(|(seconds, _)| seconds).sum::<f64>() / 100.0;
        let spread = (estimates.iter().map(|(seconds, _)| (seconds - mean).powi(2)).sum::<f64>() / 99.0).sqrt();
        let told = (estimates.iter().map(|(_, error)| error * error).sum::<f64>() / 100.0).sqrt();
        assert!((0.7..1.4).contains(&(told / spread)), "{told} told, {spread} seen");
    }

    #[test]
    fn few_files_and_empty_ones_are_no_trouble() {
        for sizes in [vec![], vec![0], vec![0, 0, 0], vec![5, 1 << 40]] {
            let mut sample = fleet(sizes.clone());
            try_some(&mut sample, usize::MAX);
            assert!(sample.is_enough());
            let estimate = Estimate::new(&sample, false);
            assert_eq!((estimate.files, estimate.tried_files), (sizes.len(), sizes.len()));
            let expected: f64 = sizes.iter().map(|size| work(*size)).sum();
            assert!((estimate.seconds - expected).abs() <= 1e-9 * expected, "{sizes:?}: {}", estimate.seconds);
        }
    }
}
