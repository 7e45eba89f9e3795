//! Which files are sampled, and in which order.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::store::Entry;
use serde::Serialize;

/// Number of groups, of about equal total bytes: a few large files weigh as much as many small ones.
const GROUPS: u64 = 8;

/// Maximum ratio of the largest to the smallest file of a group: time is only roughly proportional to size.
const MAX_SIZE_RATIO: u64 = 4;

/// Maximum files of a batch, so that each group has several.
const BATCH_FILES: usize = 64;

/// Bytes at which a batch is complete.
const BATCH_BYTES: u64 = 1 << 20;

/// The files of a job by size, with the resources of the sampled ones.
#[derive(Debug)]
pub struct Groups {
    pub(super) of_size: Vec<Group>,
    /// Sizes in key order, in which files are distributed to instances.
    pub(super) sizes: Vec<u64>,
    /// The group of the next batch.
    turn: usize,
}

/// Files of similar size.
#[derive(Debug)]
pub(super) struct Group {
    /// In sampling order.
    files: Vec<Entry>,
    /// Number of sampled files.
    pub(super) tried_files: usize,
    pub(super) bytes: u64,
    pub(super) largest: u64,
    pub(super) tried: Vec<(u64, Tried)>,
}

/// Files that are trained together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The files.
    pub files: Vec<Entry>,
    group: usize,
}

/// Resources of a batch on one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tried {
    /// Seconds from reading to publishing.
    pub seconds: f64,
    /// Customers in the files.
    pub customers: usize,
    /// Customers that failed.
    pub failed: usize,
    /// Bytes of the artifacts.
    pub artifacts: usize,
}

impl Groups {
    /// Groups all files of a job. The sampling order depends on the seed.
    #[must_use]
    pub fn new(mut files: Vec<Entry>, seed: u64) -> Self {
        files.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let sizes = files.iter().map(|file| file.size).collect();
        files.sort_by_key(|file| file.size);
        let share = (files.iter().map(|file| weight(file.size)).sum::<u64>() / GROUPS).max(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut groups, mut group, mut bytes) = (Vec::new(), Vec::<Entry>::new(), 0);
        for file in files {
            let too_large =
                group.first().is_some_and(|first| file.size > weight(first.size).saturating_mul(MAX_SIZE_RATIO));
            if too_large || bytes >= share {
                groups.push(Group::new(std::mem::take(&mut group), &mut rng));
                bytes = 0;
            }
            bytes += weight(file.size);
            group.push(file);
        }
        groups.extend((!group.is_empty()).then(|| Group::new(group, &mut rng)));
        Self { of_size: groups, sizes, turn: 0 }
    }

    /// The next batch, from each group in turn; `None` when all files were sampled.
    pub fn next_batch(&mut self) -> Option<Batch> {
        for _ in 0..self.of_size.len() {
            let group = self.turn;
            self.turn = (self.turn + 1) % self.of_size.len();
            let files = self.of_size[group].take();
            if !files.is_empty() {
                return Some(Batch { files, group });
            }
        }
        None
    }

    /// Whether the sample is large enough for an error estimate: two batches of each group, or all of it.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.of_size.iter().all(|group| group.tried.len() > 1 || group.tried_files == group.files.len())
    }

    /// Records the resources of a batch.
    pub fn record(&mut self, batch: &Batch, tried: Tried) {
        let bytes = batch.files.iter().map(|file| weight(file.size)).sum();
        self.of_size[batch.group].tried.push((bytes, tried));
    }
}

impl Tried {
    pub(super) fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.customers += other.customers;
        self.failed += other.failed;
        self.artifacts += other.artifacts;
    }
}

impl Group {
    /// Files in ascending order of size.
    fn new(mut files: Vec<Entry>, rng: &mut ChaCha8Rng) -> Self {
        if let Some(last) = files.len().checked_sub(1) {
            // The largest first, so that the memory of the job is known early.
            files.swap(0, last);
            files[1..].shuffle(rng);
        }
        Self {
            bytes: files.iter().map(|file| weight(file.size)).sum(),
            largest: files.first().map_or(0, |file| weight(file.size)),
            files,
            tried_files: 0,
            tried: Vec::new(),
        }
    }

    fn take(&mut self) -> Vec<Entry> {
        let begin = self.tried_files;
        // At most an eighth of the group, so that there are several measurements.
        let most = BATCH_FILES.min(self.files.len().div_ceil(8));
        let mut bytes = 0;
        while self.tried_files < self.files.len() && self.tried_files - begin < most && bytes < BATCH_BYTES {
            bytes += self.files[self.tried_files].size;
            self.tried_files += 1;
        }
        self.files[begin..self.tried_files].to_vec()
    }
}

/// A file's weight: its size, but at least 1, because an empty file takes time too.
pub(super) fn weight(size: u64) -> u64 {
    size.max(1)
}
