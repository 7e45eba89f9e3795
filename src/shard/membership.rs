//! Which customers belong to a shard.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use manyfit_models::data::CustomerId;

/// One of `count` parts of the customers, equal in expectation.
///
/// - `index` counts from 0 and is less than `count`;
/// - each customer is in exactly one of the `count` shards. Membership depends only on its name, so shards need not see
///   the same listing;
/// - membership is the same on every machine and in every version: the first 8 bytes of the name's SHA-256, as a
///   big-endian number, modulo `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// All customers.
    pub const ALL: Self = Self { index: 0, count: 1 };

    /// Part `index` of `count`.
    ///
    /// # Errors
    /// A message that says which rule is violated.
    pub fn new(index: u64, count: u64) -> Result<Self, String> {
        if count == 0 {
            Err(format!("shard {index}/{count}: there must be at least one shard"))
        } else if index >= count {
            Err(format!("shard {index}/{count}: shards count from 0, so the last of {count} is {}/{count}", count - 1))
        } else {
            Ok(Self { index, count })
        }
    }

    /// Its number, from 0.
    pub(crate) const fn index(self) -> u64 {
        self.index
    }

    /// The number of shards.
    pub(crate) const fn count(self) -> u64 {
        self.count
    }

    /// What names of files of this shard end in, so that shards can share a directory: `-0-of-3`, or nothing for the only
    /// shard.
    pub(crate) fn suffix(self) -> String {
        if self.count > 1 { format!("-{}-of-{}", self.index, self.count) } else { String::new() }
    }

    /// Whether the customer belongs to this shard.
    pub(crate) fn contains(self, customer: &CustomerId) -> bool {
        self.contains_name(customer.as_str())
    }

    /// Whether the customer with this name belongs to this shard.
    pub(crate) fn contains_name(self, customer: &str) -> bool {
        if self.count == 1 {
            return true;
        }
        let digest = Sha256::digest(customer);
        let first = digest.iter().take(8).fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        first % self.count == self.index
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(index, count)| Some((index.trim().parse().ok()?, count.trim().parse().ok()?)));
        let Some((index, count)) = numbers else {
            return Err(format!("{text:?} is not a shard: write index/count, such as 0/4 for the first of four"));
        };
        Self::new(index, count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_is_in_exactly_one_shard_and_shards_are_even() {
        for count in [1, 2, 3, 7, 16] {
            let shards: Vec<Shard> = (0..count).map(|index| Shard::new(index, count).unwrap()).collect();
            let mut sizes = vec![0_u64; count as usize];
            for number in 0..8000 {
                let customer = CustomerId::new(&format!("customer-{number}")).unwrap();
                let homes: Vec<usize> = (0..shards.len()).filter(|&at| shards[at].contains(&customer)).collect();
                assert_eq!(homes.len(), 1, "{customer} of {count}");
                sizes[homes[0]] += 1;
            }
            // Five standard deviations of a binomial count.
            let mean = 8000.0 / count as f64;
            let tolerance = 5.0 * mean.sqrt();
            assert!(sizes.iter().all(|&size| (size as f64 - mean).abs() <= tolerance), "{sizes:?}");
        }
    }

    #[test]
    fn membership_never_changes_between_versions() {
        for (name, home) in [("1000_dominicks", 1), ("8", 0), ("Zürich 3", 1), ("a", 1), ("b", 1)] {
            let customer = CustomerId::new(name).unwrap();
            assert!(Shard::new(home, 3).unwrap().contains(&customer), "{name}");
        }
    }

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        assert_eq!("1/4".parse(), Shard::new(1, 4));
        assert_eq!(Shard::new(1, 4).unwrap().to_string(), "1/4");
        assert_eq!(Shard::default(), Shard::ALL);
    }

    #[test]
    fn invalid_shards_are_rejected_with_a_hint() {
        for (text, complaint) in [
            ("4/4", "the last of 4 is 3/4"),
            ("0/0", "at least one"),
            ("1", "index/count"),
            ("a/b", "index/count"),
            ("-1/2", "index/count"),
            ("", "index/count"),
        ] {
            let refusal = text.parse::<Shard>().unwrap_err();
            assert!(refusal.contains(complaint), "{text:?}: {refusal}");
        }
    }
}
