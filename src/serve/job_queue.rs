//! Computation off the async threads, with a limit on running and on waiting jobs.

use super::{error::ApiError, observe::Counted};
use prometheus_client::metrics::gauge::Gauge;
use std::sync::Arc;
use tokio::{sync::Semaphore, task};

/// Runs a bounded number of jobs at once; a bounded number waits, and further ones are rejected.
#[derive(Debug)]
pub(super) struct JobQueue {
    slots: Arc<Semaphore>,
    waiting: Gauge,
    longest: usize,
}

impl JobQueue {
    /// Runs at most `jobs` at once and lets at most `longest` wait, whose number is in `waiting`.
    pub(super) fn new(jobs: usize, longest: usize, waiting: Gauge) -> Self {
        Self { slots: Arc::new(Semaphore::new(jobs)), waiting, longest }
    }

    /// Runs a job on a blocking thread when its turn comes.
    ///
    /// A job that has started runs to its end and keeps its slot, even if its caller is gone.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let slot = if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            slot
        } else {
            // Until its turn comes or its caller is gone.
            let waiting = Counted::new(&self.waiting);
            if self.waiting.get() > self.longest as i64 {
                return Err(ApiError::busy(format!(
                    "{} requests are waiting already, which is the limit: try again later, or give the server more processors",
                    self.longest
                )));
            }
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            drop(waiting);
            slot.map_err(|_| ApiError::busy("the server is shutting down"))?
        };
        let done = task::spawn_blocking(move || {
            let _slot = slot;
            job()
        });
        done.await
            .map_err(|_| ApiError::internal("Prediction failed: the computation panicked, which is a bug in manyfit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::Future, sync::mpsc, time::Duration};

    fn block_on(future: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap().block_on(future);
    }

    #[test]
    fn jobs_beyond_the_limit_are_rejected_and_a_panic_is_an_error_response() {
        block_on(async {
            let queue = Arc::new(JobQueue::new(1, 1, Gauge::default()));
            let (release, held) = mpsc::channel::<()>();
            let begin = |job: Box<dyn FnOnce() + Send>| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.run(job).await })
            };
            let first = begin(Box::new(move || held.recv().unwrap()));
            tokio::time::sleep(Duration::from_millis(20)).await;
            let second = begin(Box::new(|| panic!("on purpose")));
            while queue.waiting.get() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(queue.run(|| ()).await.unwrap_err().status, 503);
            assert_eq!(queue.waiting.get(), 1);
            release.send(()).unwrap();
            first.await.unwrap().unwrap();
            assert_eq!(second.await.unwrap().unwrap_err().status, 500);
            queue.run(|| ()).await.unwrap();
            assert_eq!(queue.waiting.get(), 0);
        });
    }
}
