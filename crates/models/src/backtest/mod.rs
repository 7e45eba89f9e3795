//! Backtests: how well models would have forecast the past, from cutoffs that roll through the history.
//!
//! ```text
//! Series ─► BacktestSpec::windows ─► each model fitted to the rows up to each cutoff, and its forecasts of the rows after it: Track
//!                                    Track ─► Metrics                                errors, beside the seasonal naive
//!                                    Tracks of candidates ─► Weights ─► Track        the better forecast for this series
//!                                    Track ─► Calibration                            a factor for its intervals
//! ```
//!
//! | file | |
//! |---|---|
//! | `evaluation.rs` | the whole backtest of a series: forecasts, choice, calibration |
//! | `windows.rs` | which rows come before and after each cutoff |
//! | `track.rs` | what a model forecast at the cutoffs |
//! | `metrics.rs` | the errors of those forecasts |
//! | `choice.rs` | one model or a combination of several, by their errors |
//! | `calibration.rs` | how much wider intervals must be to cover what they promise |
//! | `priors.rs` | what is known of models from other series |
//! | `record.rs` | what is kept |

mod calibration;
mod choice;
mod evaluation;
mod metrics;
mod priors;
mod record;
mod track;
mod windows;

pub use calibration::Calibration;
pub use choice::{Candidate, Choice, Combine};
pub use evaluation::{Contest, Evaluation};
pub use metrics::Metrics;
pub use priors::Prior;
pub use record::{BacktestRecord, CandidateRecord};
pub use track::Track;
pub use windows::{BacktestSpec, Window};
