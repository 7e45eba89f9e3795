//! Estimates a job's time, memory, requests and cost from a sample of its input.
//!
//! ```text
//! files ─► groups of about equal bytes ─► batches, in random order ─► trained by the caller, on one thread
//!              │                                                                │ seconds, customers, bytes
//!              └────────────────► Estimate of the whole ◄──────────────────────┘
//!                                     │
//!                     prices ─► instances, minutes, cost
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `groups` | which files are sampled, and in which order |
//! | `estimate` | extrapolation from the sample to all files |
//! | `prices` | the price list of instances and requests |
//! | `offer` | count, time and cost of instances of a type |
//! | `report` | the printed report |

mod estimate;
mod groups;
mod offer;
mod prices;
mod report;

pub use estimate::Estimate;
pub use groups::{Batch, Groups, Tried};
pub use offer::{Memory, Offer, Requests};
pub use prices::{Instance, Prices};
pub use report::Report;
