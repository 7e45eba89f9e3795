//! How many rows the tables held, by what became of them.

/// What the tables held.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Counts {
    /// Rows that go to customers.
    pub(super) taken: u64,
    /// Rows that filters left out.
    pub(super) filtered: u64,
    /// Rows of other hosts' customers.
    pub(super) elsewhere: u64,
    /// Bad rows that were left out.
    pub(super) bad: u64,
}

impl Counts {
    /// Adds what another thread counted; bad rows are counted where they are kept.
    pub(super) fn add(&mut self, other: &Self) {
        self.taken += other.taken;
        self.filtered += other.filtered;
        self.elsewhere += other.elsewhere;
    }
}
