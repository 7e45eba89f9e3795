//! Counts of the rows of the input, by how they were used.

use serde::{Deserialize, Serialize};

/// Numbers of rows of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows that are written or aggregated.
    pub rows: u64,
    /// Rows that filters removed.
    pub filtered: u64,
    /// Rows of customers in other shards.
    pub elsewhere: u64,
    /// Bad rows within the tolerance, which are listed in the rejects.
    pub bad: u64,
    /// Rows of local times that clocks skip, moved forward.
    #[serde(default)]
    pub skipped_times: u64,
    /// Rows of local times that clocks repeat.
    #[serde(default)]
    pub repeated_times: u64,
}

impl RowCounts {
    /// All rows that were looked at, but for bad ones.
    pub(super) const fn seen(&self) -> u64 {
        self.rows + self.filtered + self.elsewhere
    }

    /// Rows that were counted as rows at repeated local times, and are bad.
    pub(super) const fn left_out_as_bad(&mut self, rows: u64) {
        self.rows -= rows;
        self.repeated_times -= rows;
        self.bad += rows;
    }

    /// Adds another thread's counts.
    pub(super) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.filtered += other.filtered;
        self.elsewhere += other.elsewhere;
        self.bad += other.bad;
        self.skipped_times += other.skipped_times;
        self.repeated_times += other.repeated_times;
    }
}
