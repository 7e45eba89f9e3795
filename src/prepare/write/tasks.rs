//! The second half of a run, cut into tasks that each fit into memory.

use std::ops::Range;

use super::bundles::Bundle;
use crate::prepare::{buckets::Bucket, options::Arrangement};

/// A range of hashes whose files are written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::prepare) struct WriteTask {
    pub(in crate::prepare) first: u64,
    pub(in crate::prepare) last: u64,
    /// Indices of the buckets that hold the range.
    pub(in crate::prepare) buckets: Range<usize>,
    /// Indices of the bundles in the range; empty if each customer has its own file.
    pub(in crate::prepare) bundles: Range<usize>,
}

/// Divides all hashes into tasks; `largest` is the largest bucket in bytes that all threads can load at the same time.
pub(in crate::prepare) fn tasks(
    buckets: &[Bucket],
    bundles: &[Bundle],
    arrangement: Arrangement,
    largest: u64,
) -> Vec<WriteTask> {
    if arrangement == Arrangement::Customers {
        let task = |(at, bucket): (usize, &Bucket)| WriteTask {
            first: bucket.first,
            last: bucket.last(),
            buckets: at..at + 1,
            bundles: 0..0,
        };
        return buckets.iter().enumerate().filter(|(_, bucket)| bucket.size() > 0).map(task).collect();
    }
    let work: u64 = bundles.iter().map(|bundle| bundle.work).sum();
    let bytes: u64 = buckets.iter().map(Bucket::size).sum();
    // Bundles of the same bucket are written together, so that it is not read for each of them.
    let most = (largest / 2).min(bytes / buckets.len().max(1) as u64 * 2);
    let mut tasks: Vec<WriteTask> = Vec::new();
    let mut room = 0;
    for (at, bundle) in bundles.iter().enumerate() {
        let size = (u128::from(bundle.work) * u128::from(bytes) / u128::from(work.max(1))) as u64;
        match tasks.last_mut() {
            Some(task) if room >= size => task.bundles.end = at + 1,
            _ => {
                room = most;
                tasks.push(WriteTask { first: bundle.first, last: 0, buckets: 0..0, bundles: at..at + 1 });
            }
        }
        room = room.saturating_sub(size);
    }
    for task in &mut tasks {
        task.last = bundles.get(task.bundles.end).map_or(u64::MAX, |next| next.first - 1);
        let start = buckets.partition_point(|bucket| bucket.last() < task.first);
        let end = buckets.partition_point(|bucket| bucket.first <= task.last);
        task.buckets = start..end;
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_cover_every_hash_and_every_bundle_once() {
        let buckets = Bucket::default().split(3);
        let bundle = |at: u64| Bundle { first: at << 59 | 5, work: 10 };
        let bundles: Vec<Bundle> = (0..32).map(bundle).collect();
        let tasks = tasks(&buckets, &bundles, Arrangement::Bundles(1), 1000);
        assert_eq!(tasks.first().unwrap().bundles.start, 0);
        assert_eq!(tasks.last().unwrap().last, u64::MAX);
        for pair in tasks.windows(2) {
            assert_eq!(pair[0].last + 1, pair[1].first);
            assert_eq!(pair[0].bundles.end, pair[1].bundles.start);
        }
        for task in &tasks {
            assert!(
                buckets[task.buckets.start].first <= task.first && buckets[task.buckets.end - 1].last() >= task.last
            );
        }
    }
}
