//! The endpoint: models in memory, requests, answers.
//!
//! ```text
//! connection ─► routes ─┬► management: load, unload, list ─► loader ─► registry (names, budget) ─► Resident
//!                       ├► invocations ─► registry or folder ─► Resident ─► payload, on a thread of `work` ─► answer
//!                       └► ping, metrics, openapi
//! ```
//!
//! - All models live in one process and are shared: a request has the model that was there when it came, also where it is
//!   unloaded or replaced meanwhile.
//! - The calls, their statuses and their texts are those of Multi Model Server, which SageMaker's multi-model endpoints
//!   expect; a name is checked before its path, and a load that fails leaves no name behind.
//! - Nothing waits for a disk or a log: capture and journal have threads and bounded queues of their own.
//! - The listener and the stop signal are the caller's.

mod app;
mod background;
mod body;
mod budget;
mod capture;
mod connections;
mod fault;
mod folder;
mod invocations;
mod journal;
mod loader;
mod management;
mod metrics;
mod origin;
mod payload;
mod registry;
mod resident;
mod routes;
mod settings;
mod work;

pub use app::App;
pub use capture::CaptureSettings;
pub use connections::serve;
pub use journal::Detail;
pub use payload::{Format, Rules};
pub use settings::{Models, Settings};
