//! Worker threads.

use crate::error::{Error, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::io;

/// A pool of `threads` worker threads, which are called `{name}-0`, `{name}-1`, ….
pub(crate) fn thread_pool(name: &'static str, threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |i| format!("{name}-{i}"))
        .build()
        .map_err(|error| Error::no_threads(io::Error::other(error)))
}
