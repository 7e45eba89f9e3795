//! Merges sources that are each sorted. Memory does not grow with their items.

use crate::error::Result;
use std::{cmp::Reverse, collections::BinaryHeap};

/// Calls `each` with the items of all sources and the number of the source, sorted by key; items with the same key are in
/// the order of the sources.
pub(crate) fn merge_sorted<T, K: Ord>(
    mut sources: Vec<impl Iterator<Item = Result<T>>>,
    key: impl Fn(&T) -> K,
    mut each: impl FnMut(usize, T) -> Result<()>,
) -> Result<()> {
    let (mut heads, mut order) = (Vec::with_capacity(sources.len()), BinaryHeap::new());
    for (at, source) in sources.iter_mut().enumerate() {
        let head = source.next().transpose()?;
        order.extend(head.as_ref().map(|item| Reverse((key(item), at))));
        heads.push(head);
    }
    while let Some(Reverse((_, at))) = order.pop() {
        let next = sources[at].next().transpose()?;
        order.extend(next.as_ref().map(|item| Reverse((key(item), at))));
        if let Some(item) = std::mem::replace(&mut heads[at], next) {
            each(at, item)?;
        }
    }
    Ok(())
}
