//! What a run may use: threads and memory, until it is stopped.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rayon::ThreadPool;

use crate::{
    error::{Error, Result},
    run::{Admitted, Gate, thread_pool},
};

/// Bytes of memory for each byte of loaded rows: the row, its position, its position in sorted order, the output.
pub(super) const MEMORY_PER_BYTE: u64 = 5;
/// A thread never loads more than this many bytes of rows: positions are 32 bits.
pub(super) const MOST_LOADED: u64 = 3 << 30;

/// Threads, memory and the stop signal of a run.
///
/// Buckets of the usual size never wait for memory: as many as there are threads fit. A customer with more rows waits until
/// they fit, and the other threads wait for it.
pub(super) struct Resources<'a> {
    pool: ThreadPool,
    memory: u64,
    /// Bytes of rows that all threads together may have loaded.
    loadable: u64,
    gate: Arc<Gate>,
    stop: &'a AtomicBool,
}

impl<'a> Resources<'a> {
    pub(super) fn new(threads: usize, memory: u64, stop: &'a AtomicBool) -> Result<Self> {
        let pool = thread_pool("prepare", threads)?;
        let loadable = (memory / MEMORY_PER_BYTE).clamp(1 << 16, MOST_LOADED);
        Ok(Self { pool, memory, loadable, gate: Gate::new(usize::MAX, loadable), stop })
    }

    fn threads(&self) -> u64 {
        self.pool.current_num_threads() as u64
    }

    /// The largest bucket in bytes that one thread alone can load.
    pub(super) const fn loadable(&self) -> u64 {
        self.loadable
    }

    /// The largest bucket in bytes that every thread can load at the same time.
    pub(super) fn largest_bucket(&self) -> u64 {
        (self.loadable / self.threads()).clamp(1 << 16, 1 << 30)
    }

    /// Bytes of each thread's write buffer for each of so many buckets.
    pub(super) fn write_buffer(&self, buckets: u64) -> usize {
        (self.memory / 4 / (self.threads() * buckets)).clamp(4 << 10, 128 << 10) as usize
    }

    /// Waits until so many bytes of rows may be loaded; for more than fit, until nothing else is loaded.
    pub(super) fn admit(&self, bytes: u64) -> Admitted {
        self.gate.admit(bytes)
    }

    /// # Errors
    /// [`Error::Stopped`] once the run is to stop.
    pub(super) fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            Err(Error::Stopped("stopped before every customer was written: run it again to continue".into()))
        } else {
            Ok(())
        }
    }

    /// Calls `work` once on every thread. The first failure stops the other threads and is returned.
    pub(super) fn on_every_thread<T: Send>(&self, work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
        let results = self.pool.broadcast(|_| {
            let result = work();
            if result.is_err() {
                self.stop.store(true, Ordering::Relaxed);
            }
            result
        });
        let (mut done, mut stopped) = (Vec::with_capacity(results.len()), None);
        for result in results {
            match result {
                Ok(result) => done.push(result),
                // Another thread's failure is the reason, if there is one.
                Err(error @ Error::Stopped(_)) => stopped = Some(error),
                Err(error) => return Err(error),
            }
        }
        stopped.map_or(Ok(done), Err)
    }

    /// Calls `work` with every index below `count` and the state of the thread that it runs on. The results are in the order
    /// of the indices.
    pub(super) fn for_each_index<S, T: Send>(
        &self,
        count: usize,
        state: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let next = AtomicUsize::new(0);
        let done = self.on_every_thread(|| {
            let (mut state, mut done) = (state(), Vec::new());
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return Ok(done);
                }
                self.check()?;
                done.push((at, work(&mut state, at)?));
            }
        })?;
        let mut done: Vec<(usize, T)> = done.into_iter().flatten().collect();
        done.sort_unstable_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}
