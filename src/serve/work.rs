//! Computation off the threads that talk to clients: so much at once, so much waiting, and no more.

use super::fault::Fault;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{sync::Semaphore, task};

/// A bounded number of jobs at once, and a bounded number that wait.
#[derive(Debug)]
pub(super) struct Work {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

/// One that waits; gives its place back when its turn comes, or when its caller leaves.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Work {
    pub(super) fn new(jobs: usize, queue: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(jobs)), waiting: AtomicUsize::new(0), queue }
    }

    /// Jobs that wait now.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs a job on a thread of its own when its turn comes.
    ///
    /// A job that was begun is finished and keeps its turn even when nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let turn = if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            turn
        } else {
            let place = Waiting(&self.waiting);
            if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
                return Err(Fault::busy(format!(
                    "{} requests wait already, which is the limit: try again, or give the server more processors",
                    self.queue
                )));
            }
            let turn = Arc::clone(&self.turns).acquire_owned().await;
            drop(place);
            turn.map_err(|_| Fault::busy("the server is being stopped"))?
        };
        let done = task::spawn_blocking(move || {
            let _turn = turn;
            job()
        });
        done.await.map_err(|_| {
            Fault::internal("Prediction failed: the model's arithmetic ended in a panic, which is a bug in manyfit")
        })
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
    fn more_than_may_wait_are_turned_away_and_a_panic_is_an_answer() {
        block_on(async {
            let work = Arc::new(Work::new(1, 1));
            let (release, held) = mpsc::channel::<()>();
            let begin = |job: Box<dyn FnOnce() + Send>| {
                let work = Arc::clone(&work);
                tokio::spawn(async move { work.run(job).await })
            };
            let first = begin(Box::new(move || held.recv().unwrap()));
            tokio::time::sleep(Duration::from_millis(20)).await;
            let second = begin(Box::new(|| panic!("on purpose")));
            while work.waiting() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(work.run(|| ()).await.unwrap_err().status, 503);
            assert_eq!(work.waiting(), 1);
            release.send(()).unwrap();
            first.await.unwrap().unwrap();
            assert_eq!(second.await.unwrap().unwrap_err().status, 500);
            work.run(|| ()).await.unwrap();
            assert_eq!(work.waiting(), 0);
        });
    }
}
