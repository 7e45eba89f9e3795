//! Metrics, log and data capture.

mod background;
mod capture;
mod log;
mod metrics;

pub use capture::CaptureSettings;
pub use log::LogLevel;

pub(super) use capture::{Capture, Captured, CapturedBody};
pub(super) use log::Log;
pub(super) use metrics::{Counted, Metrics};
