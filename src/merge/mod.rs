//! Merges the results of all shards of a run: manifests, tables and summaries.
//!
//! Every shard's files are sorted by customer, so they are merged row by row, whatever their size.

mod files;
mod join;
mod manifest;
mod shards;
mod tables;

pub use join::{Merged, merge};
