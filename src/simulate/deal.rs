//! Distribution of keys to hosts.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Distributes keys as ShardedByS3Key distributes objects: one to each host in turn, in the order of their names or shuffled.
///
/// The platform promises only that each host gets about the same number of objects and that none is split; the seed
/// covers whatever else it may do. Results must not depend on it.
pub(super) fn deal(mut keys: Vec<String>, hosts: usize, shuffle: Option<u64>) -> Vec<Vec<String>> {
    keys.sort_unstable();
    if let Some(seed) = shuffle {
        keys.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    }
    let mut dealt = vec![Vec::new(); hosts];
    for (at, key) in keys.into_iter().enumerate() {
        dealt[at % hosts].push(key);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_dealt_once_and_evenly_whatever_the_seed() {
        let keys: Vec<String> = (0..20).map(|i| format!("{i:02}.csv")).collect();
        for (hosts, shuffle) in [(1, None), (3, None), (7, Some(1)), (7, Some(2)), (30, Some(3))] {
            let dealt = deal(keys.clone(), hosts, shuffle);
            assert_eq!(dealt.len(), hosts);
            assert!(dealt.iter().all(|own| own.len() == 20 / hosts || own.len() == 20 / hosts + 1));
            let mut all = dealt.concat();
            all.sort();
            assert_eq!(all, keys);
        }
        assert_ne!(deal(keys.clone(), 3, Some(1)), deal(keys.clone(), 3, Some(2)));
        assert_eq!(deal(keys.clone(), 3, Some(1)), deal(keys, 3, Some(1)));
    }
}
