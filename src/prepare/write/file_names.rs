//! Names of output files.

use sha2::{Digest, Sha256};

use crate::{
    prepare::options::{Arrangement, Options},
    shard::Shard,
};
use manyfit_models::data::CustomerId;

/// The name of a bundle. It starts with a hash, so that bundles that are written together are spread over a bucket's
/// partitions by prefix and over the instances of a job.
pub(super) fn bundle_key(at: usize, count: usize, shard: Shard, extension: &str) -> String {
    let host = if shard.count() > 1 { format!("-{}", shard.index()) } else { String::new() };
    let digest = Sha256::digest(format!("{at}/{count}{host}"));
    format!("{:02x}{:02x}-bundle{host}-{at:05}.{extension}", digest[0], digest[1])
}

/// Whether a file may belong to another shard of the same preparation.
pub(in crate::prepare) fn is_of_another_shard(key: &str, shard: Shard, options: &Options) -> bool {
    let stem = key.strip_suffix(options.format.extension()).and_then(|stem| stem.strip_suffix('.'));
    let Some(stem) = stem.filter(|_| shard.count() > 1) else { return false };
    match options.arrangement {
        Arrangement::Customers => CustomerId::new(stem).is_ok() && !shard.contains_name(stem),
        Arrangement::Bundles(_) => {
            let parts: Vec<&str> = stem.split('-').collect();
            matches!(parts[..], [_, "bundle", host, _]
                if host.parse().is_ok_and(|host: u64| host < shard.count() && host != shard.index()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_neighbouring_bundles_are_far_apart() {
        let keys: Vec<String> = (0..100).map(|at| bundle_key(at, 100, Shard::ALL, "csv")).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 100);
        let neighbours = keys.windows(2).filter(|pair| {
            let at = |key: &String| sorted.binary_search(key).unwrap();
            at(&pair[0]).abs_diff(at(&pair[1])) == 1
        });
        assert!(neighbours.count() < 10);
        assert_ne!(
            bundle_key(0, 2, Shard::new(0, 2).unwrap(), "csv"),
            bundle_key(0, 2, Shard::new(1, 2).unwrap(), "csv")
        );
    }
}
