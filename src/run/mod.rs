//! What every command that works in parallel shares: threads, memory, and panics that stay one item's failure.

mod async_runtime;
mod gate;
mod machine;
mod panic;
mod pool;
mod program;

pub(crate) use self::{
    async_runtime::async_runtime,
    gate::{Admitted, Gate},
    machine::{available_memory, default_jobs, peak_memory, raise_open_files, resident_memory},
    panic::catch_panic,
    pool::thread_pool,
    program::{set_program, this_program},
};
