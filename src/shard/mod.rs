//! Shards: parts of the customers that independent runs process, and how a run learns which part is its own.

mod choice;
mod membership;
mod runner;

pub(crate) use choice::ShardChoice;
pub use membership::Shard;
