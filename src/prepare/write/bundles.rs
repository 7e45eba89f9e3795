//! Which customers share a file, so that every bundle takes the same expected work in training.
//!
//! Customers are ordered by the hash of their name, and this order is cut into parts of equal work. So neighbours in the input
//! (a region, a chain of shops) are spread over bundles, bundles differ by at most one customer's work, and the result does
//! not depend on threads or memory.

use crate::{
    error::Result,
    prepare::{
        buckets::{Bucket, BucketFile},
        gather::{CustomerSlice, LoadedRows},
        options::Options,
        resources::Resources,
        write::output_rows,
    },
};

/// The work of training a customer apart from its rows (opening, packing and publishing its model), in rows.
const CUSTOMER_COST: u64 = 1000;

/// A bundle: the customers from one hash to the next bundle's, and their work in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::prepare) struct Bundle {
    pub(in crate::prepare) first: u64,
    pub(in crate::prepare) work: u64,
}

/// A customer's hash and expected work.
type Load = (u64, u64);

/// Divides all customers into bundles of about `size` bytes on average.
pub(in crate::prepare) fn pack(
    file: &BucketFile,
    buckets: &[Bucket],
    kept: usize,
    (size, options): (u64, &Options),
    resources: &Resources<'_>,
) -> Result<Vec<Bundle>> {
    let loads = resources.for_each_index(buckets.len(), LoadedRows::default, |loaded, at| {
        let size = buckets[at].size();
        let _permit = resources.admit(size);
        loaded.load(file, &buckets[at..=at], kept, (0, u64::MAX))?;
        let load = |rows: CustomerSlice<'_>| (rows.hash, output_rows::count(rows, options) + CUSTOMER_COST);
        let mut loads: Vec<Load> = loaded.customers().into_iter().map(load).collect();
        loads.sort_unstable();
        if size > resources.largest_bucket() {
            *loaded = LoadedRows::default();
        }
        Ok(loads)
    })?;
    let bytes = buckets.iter().map(Bucket::size).sum::<u64>();
    Ok(cut(loads.iter().flatten(), bytes.div_ceil(size.max(1))))
}

/// Cuts the customers, in the order of their hashes, into at most `count` parts of equal work.
fn cut<'a>(loads: impl Iterator<Item = &'a Load> + Clone, count: u64) -> Vec<Bundle> {
    let all: u64 = loads.clone().map(|(_, work)| work).sum();
    let mut bundles: Vec<Bundle> = Vec::new();
    let (mut before, mut last) = (0, None);
    for &(hash, work) in loads {
        // A customer belongs to the part that its middle is in. Names with the same hash stay together.
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
