//! Customers to files.

use super::{
    bundles::Bundle,
    gather::Rows,
    options::{Arrangement, Format, Options},
    quality::{Quality, Scratch},
    shape::{Shaped, shape},
    spool::Bucket,
    text::{TimeForm, TimeWriter, write_header, write_rows},
};
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::{Stamp, Store},
};
use manyfit_models::data::CustomerId;
use sha2::{Digest, Sha256};
use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// A part of the second half: a range of hashes, whose files are written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) first: u64,
    pub(super) last: u64,
    /// The buckets that hold the range, by their places.
    pub(super) buckets: std::ops::Range<usize>,
    /// The bundles that lie in the range, by their places; none where each customer has its own file.
    pub(super) bundles: std::ops::Range<usize>,
}

/// Cuts the second half into tasks that each fit into memory.
pub(super) fn tasks(buckets: &[Bucket], bundles: &[Bundle], arrangement: Arrangement, largest: u64) -> Vec<Task> {
    if arrangement == Arrangement::Customers {
        let task = |(at, bucket): (usize, &Bucket)| Task {
            first: bucket.first,
            last: bucket.last(),
            buckets: at..at + 1,
            bundles: 0..0,
        };
        return buckets.iter().enumerate().filter(|(_, bucket)| bucket.size() > 0).map(task).collect();
    }
    let work: u64 = bundles.iter().map(|bundle| bundle.work).sum();
    let bytes: u64 = buckets.iter().map(Bucket::size).sum();
    // Bundles of one bucket go together, so that it is not read for each of them.
    let most = (largest / 2).min(bytes / buckets.len().max(1) as u64 * 2);
    let mut tasks: Vec<Task> = Vec::new();
    let mut room = 0;
    for (at, bundle) in bundles.iter().enumerate() {
        let size = (u128::from(bundle.work) * u128::from(bytes) / u128::from(work.max(1))) as u64;
        match tasks.last_mut() {
            Some(task) if room >= size => task.bundles.end = at + 1,
            _ => {
                room = most;
                tasks.push(Task { first: bundle.first, last: 0, buckets: 0..0, bundles: at..at + 1 });
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

/// The name of a bundle. It begins with a hash, so that bundles that are made together, and a store's partitions by
/// prefix, and the shares of a job's instances, have nothing to do with each other.
pub(super) fn bundle_key(at: usize, count: usize, shard: Shard, extension: &str) -> String {
    let host = if shard.count() > 1 { format!("-{}", shard.index()) } else { String::new() };
    let digest = Sha256::digest(format!("{at}/{count}{host}"));
    format!("{:02x}{:02x}-bundle{host}-{at:05}.{extension}", digest[0], digest[1])
}

/// Whether a file can be of this preparation, and is not this shard's.
pub(super) fn is_of_another_shard(key: &str, shard: Shard, options: &Options) -> bool {
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

/// What every file of a run has in common.
pub(super) struct Style<'a> {
    pub(super) options: &'a Options,
    pub(super) shard: Shard,
    /// The kept columns, as they are called in the output.
    pub(super) kept: Vec<String>,
    /// How many bundles the run has.
    pub(super) bundles: usize,
}

/// Writes files. Each thread has its own.
pub(super) struct Publisher<'a> {
    style: &'a Style<'a>,
    store: &'a dyn Store,
    times: TimeWriter,
    text: Vec<u8>,
    scratch: Scratch,
    on_their_way: Arc<OnTheirWay>,
}

/// Files that were handed to the store.
#[derive(Default)]
struct OnTheirWay {
    /// How many have not arrived, and the first failure.
    state: Mutex<(usize, Option<Error>)>,
    arrived: Condvar,
}

impl OnTheirWay {
    fn state(&self) -> MutexGuard<'_, (usize, Option<Error>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a file over; fails where one has failed before.
    fn send(self: &Arc<Self>, store: &dyn Store, key: &str, bytes: Vec<u8>) -> Result<()> {
        self.state().0 += 1;
        let way = Arc::clone(self);
        let done = move |result: Result<Option<Stamp>>| {
            let mut state = way.state();
            state.0 -= 1;
            if let Err(error) = result {
                state.1.get_or_insert(error);
            }
            way.arrived.notify_all();
        };
        store.publish_behind(key, bytes, Box::new(done));
        self.state().1.take().map_or(Ok(()), Err)
    }

    /// Waits until all have arrived.
    fn wait(&self) -> Result<()> {
        let mut state = self.state();
        while state.0 > 0 {
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.1.take().map_or(Ok(()), Err)
    }
}

impl<'a> Publisher<'a> {
    pub(super) fn new(style: &'a Style<'a>, store: &'a dyn Store) -> Self {
        let on_their_way = Arc::default();
        Self { style, store, times: TimeWriter::new(), text: Vec::new(), scratch: Scratch::default(), on_their_way }
    }

    /// Writes the files of a task; `customers` are sorted by name. What the data are like, by customer. All files are in their
    /// places then.
    pub(super) fn publish(&mut self, task: &Task, bundles: &[Bundle], customers: &[Rows<'_>]) -> Result<Vec<Quality>> {
        let report = self.send(task, bundles, customers);
        let arrived = self.on_their_way.wait();
        report.and_then(|report| arrived.map(|()| report))
    }

    fn send(&mut self, task: &Task, bundles: &[Bundle], customers: &[Rows<'_>]) -> Result<Vec<Quality>> {
        let extension = self.style.options.format.extension();
        let mut report = Vec::with_capacity(customers.len());
        if task.bundles.is_empty() {
            for rows in customers {
                let shaped = [(*rows, shape(*rows, self.style.options)?)];
                self.file(&format!("{}.{extension}", rows.customer), &shaped, false, &mut report)?;
            }
            return Ok(report);
        }
        for at in task.bundles.clone() {
            let (first, end) = (bundles[at].first, bundles.get(at + 1).map(|next| next.first));
            let inside = |rows: &&Rows<'_>| rows.hash >= first && end.is_none_or(|end| rows.hash < end);
            let shaped = customers.iter().filter(inside).map(|rows| Ok((*rows, shape(*rows, self.style.options)?)));
            let shaped = shaped.collect::<Result<Vec<_>>>()?;
            let key = bundle_key(at, self.style.bundles, self.style.shard, extension);
            self.file(&key, &shaped, true, &mut report)?;
        }
        report.sort_unstable_by(|a, b| a.customer.cmp(&b.customer));
        Ok(report)
    }

    /// Writes one file.
    fn file(
        &mut self,
        key: &str,
        customers: &[(Rows<'_>, Vec<Shaped<'_>>)],
        many: bool,
        report: &mut Vec<Quality>,
    ) -> Result<()> {
        let Style { options, kept, .. } = self.style;
        let (times, text) = (&mut self.times, &mut self.text);
        text.clear();
        match options.format {
            Format::Csv { header } => {
                times.form = TimeForm::of(customers.iter().flat_map(|(_, shaped)| shaped).map(|row| row.time));
                if header {
                    write_header(many, &options.target_name, kept, text);
                }
                for (rows, shaped) in customers {
                    write_rows(many.then_some(rows.customer), shaped, kept.len(), times, text);
                }
            }
            #[cfg(feature = "parquet")]
            Format::Parquet => super::parquet_write::write(customers, many, &options.target_name, kept, text)?,
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => {
                return Err(Error::Settings(
                    "this manyfit was built without Parquet: use a build with the feature parquet, or --format csv"
                        .into(),
                ));
            }
        }
        self.on_their_way.send(self.store, key, mem::take(text))?;
        let scratch = &mut self.scratch;
        report.extend(customers.iter().map(|(rows, shaped)| Quality::new(*rows, shaped, key, options, scratch)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_have_names_that_are_far_apart() {
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

    #[test]
    fn tasks_cover_every_hash_and_every_bundle_once() {
        let buckets = Bucket::split(0, 0, 3);
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
