//! What every command that works in parallel shares: threads, memory, and panics that stay one item's failure.

mod gate;
mod machine;
mod panic;
mod pool;

pub(crate) use self::{
    gate::{Admitted, Gate},
    machine::{available_memory, default_jobs, peak_memory, raise_open_files, resident_memory},
    panic::catch_panic,
    pool::{thread_pool, try_threads},
};
