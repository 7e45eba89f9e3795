//! Rows at local times that occur twice, of which the order of their customer's rows does not tell which is meant: bad rows,
//! found before the first file is written.

use super::{
    buckets::{Bucket, BucketFile},
    gather::{LoadedRows, UntoldRow, is_told_either_way},
    resources::Resources,
    scatter::{BadRow, Rejects, RepeatedRow},
};
use crate::{error::Result, input::format_timestamp};

const UNTOLD: &str = "occurs twice, because the clocks are set back, and the rows of its customer are in no order that tells which \
    is meant: sort the tables by time, choose with --ambiguous first or last, or write timestamps with an offset";

/// Adds such rows to the rejects, which all later loads of these buckets leave out. Returns how many there are; `repeated` are all
/// rows at times that occur twice, and `timestamp` is the name of their column.
///
/// # Errors
/// As for [`Rejects::add`].
pub(super) fn reject_untold(
    file: &BucketFile,
    buckets: &[Bucket],
    kept: usize,
    (mut repeated, timestamp): (Vec<RepeatedRow>, &str),
    rejects: &mut Rejects,
    resources: &Resources<'_>,
) -> Result<u64> {
    repeated.sort_unstable();
    // Only the other rows of a customer tell in which direction its rows run; of most it does not matter.
    let is_doubtful =
        |rows: &&[RepeatedRow]| !is_told_either_way(&rows.iter().map(|row| row.local).collect::<Vec<_>>());
    let doubtful: Vec<&[RepeatedRow]> = repeated.chunk_by(|a, b| a.hash == b.hash).filter(is_doubtful).collect();
    let from = |hash: u64| doubtful.partition_point(|rows| rows[0].hash < hash);
    let has_doubtful =
        |bucket: &&Bucket| doubtful.get(from(bucket.first)).is_some_and(|rows| rows[0].hash <= bucket.last());
    let buckets: Vec<&Bucket> = buckets.iter().filter(has_doubtful).collect();
    let found = resources.for_each_index(buckets.len(), LoadedRows::default, |loaded, at| {
        let _permit = resources.admit(buckets[at].size());
        loaded.load(file, std::slice::from_ref(buckets[at]), kept, (0, u64::MAX))?;
        let untold = loaded.untold().to_vec();
        if buckets[at].size() > resources.largest_bucket() {
            *loaded = LoadedRows::default();
        }
        Ok(untold)
    })?;
    let bad = |UntoldRow { hash, ordinal }| {
        let RepeatedRow { block, number, local, .. } = doubtful[from(hash)][ordinal];
        let (column, value) = (timestamp.to_owned(), format_timestamp(local).into_bytes());
        BadRow { block, number, column, value, complaint: UNTOLD.to_owned() }
    };
    let mut bad: Vec<BadRow> = found.into_iter().flatten().map(bad).collect();
    bad.sort_by_key(|row| (row.block, row.number));
    rejects.add(&bad, file)?;
    Ok(bad.len() as u64)
}
