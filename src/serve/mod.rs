//! The prediction server.
//!
//! ```text
//! connection ─► http: routes ─┬► management (load, unload, list) ─► models: loader ─► registry (names, memory budget)
//!                             ├► invocations ─► models: registry or folder ─► LoadedModel
//!                             │                 ─► payload, on a blocking thread ─► response
//!                             └► ping, metrics, openapi
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `http` | connections, request bodies, routes and handlers |
//! | `models` | models in memory: registry, loading from a folder or a bucket, memory budget |
//! | `payload` | request and response bodies: formats, forecasts, predictions |
//! | `observe` | metrics, log, captured requests |
//! | `direct` | a model that answers bodies without HTTP |
//!
//! - All models share one process. A request keeps the model that it started with, even if that is unloaded or replaced.
//! - Calls, status codes and messages follow Multi Model Server, which SageMaker's multi-model endpoints expect. A name is
//!   checked before its path, and a failed load leaves no name behind.
//! - No request waits for a disk or a log: capture and log have threads with bounded queues.
//! - The caller supplies the listener and the stop signal.

mod direct;
mod error;
mod http;
mod job_queue;
mod models;
mod observe;
mod payload;
mod settings;

#[doc(hidden)]
pub use direct::DirectModel;
pub use http::{App, serve};
pub use observe::{CaptureSettings, LogLevel};
pub use payload::{Format, Rules, Selection};
pub use settings::{Models, Settings};
