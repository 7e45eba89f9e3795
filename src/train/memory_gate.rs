//! Keeps the files that are read at once within the memory.

use std::sync::Arc;

use crate::{
    gate::Gate,
    input::{Format, InputFile},
};

/// For `jobs` threads that read pieces of these sizes; none where as many of the largest fit as there are threads, as they
/// nearly always do: then nobody is counted.
pub(super) fn memory_gate(memory: u64, jobs: usize, sizes: impl Iterator<Item = u64>) -> Option<Arc<Gate>> {
    let largest = sizes.max().unwrap_or(0);
    (largest.saturating_mul(jobs as u64) > memory).then(|| Gate::new(usize::MAX, memory))
}

/// A file's size as text, estimated from its size as stored: packed tables are about a tenth of it.
pub(super) fn unpacked_size(file: &InputFile) -> u64 {
    let packed = file.format == Format::Parquet || file.key.to_ascii_lowercase().ends_with(".gz");
    if packed { file.size.saturating_mul(12) } else { file.size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_counted_where_the_largest_fit_all_at_once() {
        assert!(memory_gate(600, 4, [150, 40].into_iter()).is_none());
        assert!(memory_gate(599, 4, [150, 40].into_iter()).is_some());
        assert!(memory_gate(0, 4, std::iter::empty()).is_none());
    }
}
