//! What became of the rows of the input.

/// Numbers of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RowCounts {
    /// Rows that are written or aggregated.
    pub(super) taken: u64,
    /// Rows that filters removed.
    pub(super) filtered: u64,
    /// Rows of customers in other shards.
    pub(super) elsewhere: u64,
    /// Bad rows within the tolerance.
    pub(super) bad: u64,
}

impl RowCounts {
    /// Adds another thread's counts.
    pub(super) fn add(&mut self, other: &Self) {
        self.taken += other.taken;
        self.filtered += other.filtered;
        self.elsewhere += other.elsewhere;
        self.bad += other.bad;
    }
}
