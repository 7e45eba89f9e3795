//! A thread for work that requests must not wait for, such as writing to a slow disk or to a pipe that nobody reads.

use std::{
    io,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

/// A thread with a bounded queue; items that do not fit into the queue are dropped and counted.
#[derive(Debug)]
pub(super) struct Background<T> {
    queue: SyncSender<Message<T>>,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum Message<T> {
    Item(T),
    Flush(SyncSender<()>),
}

impl<T: Send + 'static> Background<T> {
    /// Starts the thread; it ends when this value is dropped and the queue is empty.
    pub(super) fn start(name: &str, capacity: usize, mut handle: impl FnMut(T) + Send + 'static) -> io::Result<Self> {
        let (queue, messages) = mpsc::sync_channel(capacity);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for message in messages {
                match message {
                    Message::Item(item) => handle(item),
                    // The caller may have stopped waiting.
                    Message::Flush(done) => drop(done.send(())),
                }
            }
        })?;
        Ok(Self { queue, dropped: AtomicU64::new(0) })
    }

    /// Queues an item if there is room. Never waits.
    pub(super) fn offer(&self, item: T) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.queue.try_send(Message::Item(item)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Number of dropped items.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until the queued items are handled, for `timeout` at most.
    pub(super) fn flush(&self, timeout: Duration) {
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
    use std::sync::{Arc, Mutex};

    #[test]
    fn items_that_do_not_fit_are_dropped_and_counted_without_waiting() {
        let handled = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Mutex::new(()));
        let (thread_handled, thread_gate) = (Arc::clone(&handled), Arc::clone(&gate));
        let closed = gate.lock().unwrap();
        let background = Background::start("test", 2, move |item: u32| {
            drop(thread_gate.lock().unwrap());
            thread_handled.lock().unwrap().push(item);
        })
        .unwrap();
        for item in 0..10 {
            background.offer(item);
        }
        // One may be in the handler already, two are queued.
        assert!((7..=8).contains(&background.dropped()), "{}", background.dropped());
        drop(closed);
        while handled.lock().unwrap().len() as u64 + background.dropped() < 10 {
            thread::yield_now();
        }
        background.offer(99);
        background.flush(Duration::from_secs(10));
        assert_eq!(handled.lock().unwrap().last(), Some(&99));
    }
}
