//! SIGTERM and SIGINT, as a flag for work that runs on threads. `serve` awaits them instead.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::{Arc, atomic::AtomicBool};

/// A flag that the first SIGTERM or SIGINT raises; a second one ends the process at once.
pub(super) fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        let code = i32::from(Error::Stopped(String::new()).code());
        signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Error::storage("listening for signals", error))?;
    }
    Ok(stop)
}
