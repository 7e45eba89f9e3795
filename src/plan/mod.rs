//! What a job will take, from a sample of its input: time, memory, requests, and what they cost.
//!
//! ```text
//! files ─► groups of about equal bytes ─► batches, in a random order ─► trained by the caller, on one thread
//!              │                                                                │ seconds, customers, bytes
//!              └────────────────► Estimate of the whole ◄──────────────────────┘
//!                                     │
//!                     prices ─► instances, minutes, cost
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `groups` | which files are tried, and in which order |
//! | `estimate` | from what a sample took to what all will take |
//! | `prices` | the table of instances and requests |
//! | `offer` | what the job takes on instances of a kind |
//! | `report` | the words for it |

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
