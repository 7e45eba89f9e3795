//! Threads for asynchronous work.

use super::{catch_panic, pool::try_threads};
use std::{io, sync::mpsc, thread, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// How long a thread may take to start before another is started in its place, and how often that is done.
const STARTED: Duration = Duration::from_secs(1);
const REPEATS: u32 = 10;

/// An asynchronous runtime of `workers` threads that never block, and of at most `blocking` others for what does; all are called
/// `name`.
///
/// If the system refuses a thread, Tokio panics, waits without end for the threads that it has, or says nothing, and what was meant
/// for that thread waits without end. So `tried` threads are started at once before; then all workers and one of the others must
/// really begin. That one stays, so that blocking work may have to queue for it, but is always done.
///
/// # Errors
/// If the system starts too few threads.
pub(crate) fn async_runtime(name: &str, workers: usize, blocking: usize, tried: usize) -> io::Result<Runtime> {
    try_threads(tried.max(workers + 1))?;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).max_blocking_threads(blocking).thread_keep_alive(Duration::MAX);
    builder.thread_name(name).enable_all();
    let (sender, receiver) = mpsc::channel();
    // In a thread that can be left behind.
    let start = move || sender.send(catch_panic(|| begin(builder, workers))).unwrap_or(());
    thread::Builder::new().name(name.into()).spawn(start)?;
    let runtime = receiver.recv_timeout(2 * REPEATS * STARTED).map_err(|_| io::ErrorKind::WouldBlock)?;
    runtime.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

/// Builds the runtime and waits until its workers and one other thread have begun.
fn begin(mut builder: Builder, workers: usize) -> io::Result<Runtime> {
    let (begun, begins) = mpsc::channel();
    // Nobody listens any more to threads that start later.
    let runtime = builder.on_thread_start(move || begun.send(()).unwrap_or(())).build()?;
    runtime.spawn_blocking(|| ());
    let (mut waiting_for, mut repeats) = (workers + 1, REPEATS);
    while waiting_for > 0 {
        if begins.recv_timeout(STARTED).is_ok() {
            waiting_for -= 1;
        } else if repeats > 0 {
            repeats -= 1;
            // A thread takes the oldest work: a worker's, if that is not running yet.
            runtime.spawn_blocking(|| ());
        } else {
            // Not dropped, which waits for the threads that are missing.
            runtime.shutdown_background();
            return Err(io::ErrorKind::WouldBlock.into());
        }
    }
    Ok(runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocking_work_is_done_beside_workers_in_threads_of_this_name() {
        let runtime = async_runtime("named", 2, 1, 0).unwrap();
        let named = || thread::current().name() == Some("named");
        assert!(runtime.block_on(runtime.spawn(async move { named() })).unwrap());
        assert!(runtime.block_on(runtime.spawn_blocking(named)).unwrap());
        assert_eq!(runtime.metrics().num_workers(), 2);
    }
}
