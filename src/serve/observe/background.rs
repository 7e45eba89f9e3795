//! A thread for work that requests must not wait for, such as writing to a slow disk or to a pipe without a reader.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
    time::Duration,
};

/// A thread with a bounded queue. Items that do not fit into the queue, or that the thread cannot handle, are counted as lost.
#[derive(Debug)]
pub(in crate::serve) struct Background<T> {
    queue: SyncSender<Message<T>>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message<T> {
    Item(T),
    Flush(SyncSender<()>),
}

impl<T: Send + 'static> Background<T> {
    /// Starts the thread; it ends when this value is dropped and the queue is empty.
    pub(super) fn start(
        name: &str,
        capacity: usize,
        mut handle: impl FnMut(T) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, messages) = mpsc::sync_channel(capacity);
        let lost = Arc::<AtomicU64>::default();
        let failed = Arc::clone(&lost);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for message in messages {
                match message {
                    Message::Item(item) => {
                        failed.fetch_add(handle(item).is_err().into(), Ordering::Relaxed);
                    }
                    // The caller may have stopped waiting.
                    Message::Flush(done) => drop(done.send(())),
                }
            }
        })?;
        Ok(Self { queue, lost })
    }

    /// Queues an item if there is room. Never waits.
    pub(in crate::serve) fn offer(&self, item: T) {
        if self.queue.try_send(Message::Item(item)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Number of lost items.
    pub(in crate::serve) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until the queued items are handled, for `timeout` at most.
    pub(in crate::serve) fn flush(&self, timeout: Duration) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            // Nothing more can be done about a timeout.
            let _ = wait.recv_timeout(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn items_that_do_not_fit_are_dropped_and_counted_without_waiting() {
        let handled = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Mutex::new(()));
        let (thread_handled, thread_gate) = (Arc::clone(&handled), Arc::clone(&gate));
        let closed = gate.lock().unwrap();
        let background = Background::start("test", 2, move |item: u32| {
            drop(thread_gate.lock().unwrap());
            thread_handled.lock().unwrap().push(item);
            Ok(())
        })
        .unwrap();
        for item in 0..10 {
            background.offer(item);
        }
        // One may be in the handler already, two are queued.
        assert!((7..=8).contains(&background.lost()), "{}", background.lost());
        drop(closed);
        while handled.lock().unwrap().len() as u64 + background.lost() < 10 {
            thread::yield_now();
        }
        background.offer(99);
        background.flush(Duration::from_secs(10));
        assert_eq!(handled.lock().unwrap().last(), Some(&99));
    }
}
