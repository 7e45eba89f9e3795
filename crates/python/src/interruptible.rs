//! Work without the interpreter's lock that a signal's handler, as of Ctrl-C, can end.

use std::{
    panic::resume_unwind,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use pyo3::prelude::*;

/// How often the interpreter is asked whether a signal has come.
const TICK: Duration = Duration::from_millis(50);

/// Runs `work` on a thread of its own, and meanwhile lets the interpreter handle signals and call `tick`. If one of them raises,
/// `stop` is set, and the exception is given once the work has ended.
pub(crate) fn interruptible<T: Send>(
    python: Python<'_>,
    stop: &AtomicBool,
    work: impl FnOnce() -> T + Send,
    mut tick: impl FnMut(Python<'_>) -> PyResult<()> + Send,
) -> PyResult<T> {
    python.detach(|| {
        thread::scope(|scope| {
            let (done, inbox) = mpsc::channel();
            let worker = scope.spawn(move || drop(done.send(work())));
            let mut raised = None;
            loop {
                match inbox.recv_timeout(TICK) {
                    Ok(result) => return raised.map_or(Ok(result), Err),
                    Err(RecvTimeoutError::Timeout) if raised.is_some() => {}
                    Err(RecvTimeoutError::Timeout) => {
                        let looked = Python::attach(|python| python.check_signals().and_then(|()| tick(python)));
                        raised = looked.err();
                        stop.fetch_or(raised.is_some(), Ordering::Relaxed);
                    }
                    Err(RecvTimeoutError::Disconnected) => match worker.join() {
                        Err(panic) => resume_unwind(panic),
                        Ok(()) => unreachable!("the work sends its result before it ends"),
                    },
                }
            }
        })
    })
}
