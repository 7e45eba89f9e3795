//! Which customers share a file: equal expected work in each.
//!
//! Customers stand in the order of their names' hashes, and the line is cut where the work of the bundles before is used
//! up. So neighbours of the input (a region, a chain of stores) are far from each other, bundles differ by one
//! customer's work at most, and neither the number of threads nor the memory has a say.

use super::{
    gather::{Loaded, Rows},
    options::Options,
    scatter::Room,
    shape::count,
    spool::{Bucket, Spool},
};
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a customer costs in training beside its rows, counted in rows: opening, packing and publishing its model.
pub(super) const CUSTOMER_COST: u64 = 1000;

/// A bundle: its first hash, and its share of all work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    pub(super) first: u64,
    pub(super) work: u64,
}

/// A customer's hash and its expected work.
type Load = (u64, u64);

/// Cuts all customers into bundles of about `size` bytes on average.
pub(super) fn pack(
    spool: &Spool,
    buckets: &[Bucket],
    kept: usize,
    (size, options): (u64, &Options),
    room: Room<'_>,
) -> Result<Vec<Bundle>> {
    let next = AtomicUsize::new(0);
    let counted = room.pool.broadcast(|_| -> Result<Vec<(usize, Vec<Load>)>> {
        let (mut reader, mut loaded) = (spool.reader()?, Loaded::default());
        let mut loads = Vec::new();
        while let Some(bucket) = buckets.get(next.fetch_add(1, Ordering::Relaxed)) {
            room.check()?;
            let _permit = room.permits.take(bucket.size());
            loaded.load(&mut reader, &[bucket], kept, (0, u64::MAX))?;
            let load = |rows: Rows<'_>| (rows.hash, count(rows, options) + CUSTOMER_COST);
            let mut found: Vec<Load> = loaded.customers().into_iter().map(load).collect();
            found.sort_unstable();
            let at = buckets.iter().position(|other| std::ptr::eq(other, bucket));
            if bucket.size() > room.largest_bucket() {
                loaded = Loaded::default();
            }
            loads.push((at.ok_or_else(|| Error::Bug("a bucket got lost".into()))?, found));
        }
        Ok(loads)
    });
    let mut loads = counted.into_iter().collect::<Result<Vec<_>>>()?.concat();
    loads.sort_unstable_by_key(|(at, _)| *at);
    let bytes = buckets.iter().map(Bucket::size).sum::<u64>();
    Ok(cut(loads.iter().flat_map(|(_, loads)| loads), bytes.div_ceil(size.max(1))))
}

/// Cuts the line of customers, in the order of hashes, into so many parts of equal work, or fewer.
fn cut<'a>(loads: impl Iterator<Item = &'a Load> + Clone, count: u64) -> Vec<Bundle> {
    let all: u64 = loads.clone().map(|(_, work)| work).sum();
    let mut bundles: Vec<Bundle> = Vec::new();
    let (mut before, mut last) = (0, None);
    for &(hash, work) in loads {
        // A customer belongs where its middle lies. Two names with one hash stay together.
        let part = (u128::from(2 * before + work) * u128::from(count) / u128::from(2 * all)) as u64;
        match bundles.last_mut() {
            Some(bundle) if last.is_some_and(|(same, other)| other == part || same == hash) => bundle.work += work,
            _ => bundles.push(Bundle { first: hash, work }),
        }
        last = Some((hash, part));
        before += work;
    }
    bundles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_differ_by_one_customers_work_at_most() {
        let loads: Vec<Load> = (0..5000).map(|at| (at << 40, if at % 100 == 0 { 6000 } else { 1050 })).collect();
        let bundles = cut(loads.iter(), 40);
        assert_eq!(bundles.len(), 40);
        let work: Vec<u64> = bundles.iter().map(|bundle| bundle.work).collect();
        assert_eq!(work.iter().sum::<u64>(), loads.iter().map(|(_, work)| work).sum::<u64>());
        assert!(work.iter().max().unwrap() - work.iter().min().unwrap() <= 2 * 6000, "{work:?}");
    }

    #[test]
    fn a_customer_larger_than_a_bundle_has_one_to_itself() {
        let loads: Vec<Load> = vec![(1, 10), (2, 1000), (3, 10), (4, 10)];
        let first: Vec<u64> = cut(loads.iter(), 10).iter().map(|bundle| bundle.first).collect();
        assert!(first.starts_with(&[1, 2, 3]), "{first:?}");
        assert_eq!(cut(loads.iter(), 1).len(), 1);
        assert!(cut(std::iter::empty(), 3).is_empty());
    }
}
