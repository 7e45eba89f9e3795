//! The end of a series: values that stand still for longer than ever before.

use super::finding::Finding;

/// Equal values at the end that are the fewest to be told of.
const FEWEST: usize = 6;

/// How many times as long as the longest run before it the last one must be. A last run that is merely the longest is so by chance in
/// one series of as many as it has runs; of zeros that come at random, one that is twice as long is rare.
const TIMES: usize = 2;

/// The last values, if they are equal for more than twice as long as any before them.
pub(super) fn stale_end(values: &[f64]) -> Option<Finding> {
    let &value = values.last()?;
    let mut runs = values.chunk_by(|a, b| a == b).rev().map(<[f64]>::len);
    let last = runs.next()?;
    let before = runs.max()?;
    (last >= FEWEST && last > TIMES * before).then_some(Finding::StaleEnd {
        values: last as u64,
        value,
        before: before as u64,
    })
}
