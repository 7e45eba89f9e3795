//! First half of a run: every row of every table into its customer's bucket.

mod bad_rows;
mod blocks;
#[cfg(feature = "parquet")]
mod parquet_table;
mod row_mapping;
mod time_zones;
mod worker;

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use self::{
    bad_rows::{BadRows, Rejects},
    blocks::BlockReader,
    worker::{Shared, Worker},
};
use super::{
    buckets::{Bucket, BucketFile, BucketWriter},
    options::Options,
    progress::Progress,
    resources::Resources,
    row_counts::RowCounts,
};
use crate::{error::Result, shard::Shard, store::Store};

/// All rows in buckets.
pub(super) struct Scattered {
    pub(super) file: BucketFile,
    pub(super) buckets: Vec<Bucket>,
    pub(super) counts: RowCounts,
    pub(super) rejects: Rejects,
    /// Names of the kept columns in the input.
    pub(super) kept: Vec<String>,
    /// Which role each column was given.
    pub(super) description: String,
}

/// Reads all tables of a store into buckets in the file `rows`; remote Parquet files are copied to the directory `copies`.
pub(super) fn scatter(
    store: &dyn Store,
    options: &Options,
    shard: Shard,
    (rows, copies): (&Path, &Path),
    resources: &Resources<'_>,
) -> Result<Scattered> {
    let blocks = BlockReader::new(store, options, shard, copies)?;
    // Small enough to load, and enough of them to keep all threads busy to the end.
    let wanted = (blocks.estimated_size() / (resources.largest_bucket() / 2)).clamp(32, 1024);
    let bits = wanted.next_power_of_two().trailing_zeros();
    let file = BucketFile::create(rows)?;
    let bad_rows = BadRows::new(options.max_bad_rows);
    let shared = Shared { blocks: Mutex::new(blocks), bad_rows, resources, progress: Progress::new() };
    let (all, buffer) = (Bucket::default(), resources.write_buffer(1 << bits));
    let parts = resources
        .on_every_thread(|| Worker::new(&shared, &file, BucketWriter::new(&file, &all, bits, buffer)).run())?;
    let (mut buckets, mut counts) = (all.split(bits), RowCounts::default());
    for (part, written) in parts {
        counts.add(&part);
        buckets.iter_mut().zip(written).for_each(|(bucket, more)| bucket.extents.extend(more.extents));
    }
    let blocks = shared.blocks.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (description, kept) = blocks.first().map(|(mapping, kept)| (mapping.description(), kept)).unwrap_or_default();
    let (starts, names) = blocks.into_starts();
    let rejects = shared.bad_rows.finish(starts, names)?;
    counts.bad = rejects.count;
    Ok(Scattered { file, buckets, counts, rejects, kept, description })
}
