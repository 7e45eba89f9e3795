//! Which files are tried, and in which order.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::store::Entry;
use serde::Serialize;

/// Groups of files of about the same bytes altogether: a few large files weigh as much as many small ones.
const GROUPS: u64 = 8;

/// The largest file of a group is at most so many times its smallest: what a file takes goes with its size only nearly.
const LIKE: u64 = 4;

/// A batch is at most so many files, so that there are several from each group.
const BATCH_FILES: usize = 64;

/// A batch ends with the file that brings it to so many bytes.
const BATCH_BYTES: u64 = 1 << 20;

/// The files of a job, by size, and what some of them took.
#[derive(Debug)]
pub struct Groups {
    pub(super) of_size: Vec<Group>,
    /// Sizes in the order of the keys, as files are dealt to instances.
    pub(super) sizes: Vec<u64>,
    /// The group whose turn it is.
    turn: usize,
}

/// Files of similar size.
#[derive(Debug)]
pub(super) struct Group {
    /// In the order in which they are tried.
    files: Vec<Entry>,
    next: usize,
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

/// What a batch of files took on one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tried {
    /// Seconds of work: reading to publishing.
    pub seconds: f64,
    /// Customers in the files.
    pub customers: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// Bytes of the artifacts.
    pub artifacts: usize,
}

impl Groups {
    /// For all files of a job. The order in which they are tried depends on the seed.
    #[must_use]
    pub fn new(mut files: Vec<Entry>, seed: u64) -> Self {
        files.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let sizes = files.iter().map(|file| file.size).collect();
        files.sort_by_key(|file| file.size);
        let share = (files.iter().map(|file| weight(file.size)).sum::<u64>() / GROUPS).max(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut groups, mut group, mut bytes) = (Vec::new(), Vec::<Entry>::new(), 0);
        for file in files {
            let unlike = group.first().is_some_and(|first| file.size > weight(first.size).saturating_mul(LIKE));
            if unlike || bytes >= share {
                groups.push(Group::new(std::mem::take(&mut group), &mut rng));
                bytes = 0;
            }
            bytes += weight(file.size);
            group.push(file);
        }
        groups.extend((!group.is_empty()).then(|| Group::new(group, &mut rng)));
        Self { of_size: groups, sizes, turn: 0 }
    }

    /// The next files to try, from each group in turn; `None` where all have been.
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

    /// Whether enough was tried for an estimate with an error: of each group two batches, or all there is.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.of_size.iter().all(|group| group.tried.len() > 1 || group.next == group.files.len())
    }

    /// Notes what a batch took.
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
            // The largest first: the memory that the job takes is known early.
            files.swap(0, last);
            files[1..].shuffle(rng);
        }
        Self {
            bytes: files.iter().map(|file| weight(file.size)).sum(),
            largest: files.first().map_or(0, |file| weight(file.size)),
            files,
            next: 0,
            tried: Vec::new(),
        }
    }

    /// Files that were tried.
    pub(super) const fn tried_files(&self) -> usize {
        self.next
    }

    fn take(&mut self) -> Vec<Entry> {
        let begin = self.next;
        // At most an eighth of the group, so that what it takes is seen more than once.
        let most = BATCH_FILES.min(self.files.len().div_ceil(8));
        let mut bytes = 0;
        while self.next < self.files.len() && self.next - begin < most && bytes < BATCH_BYTES {
            bytes += self.files[self.next].size;
            self.next += 1;
        }
        self.files[begin..self.next].to_vec()
    }
}

/// A file's weight: its size, and something for an empty file, which takes a while as well.
pub(super) fn weight(size: u64) -> u64 {
    size.max(1)
}
