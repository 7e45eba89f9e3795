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
    sync::{Arc, Mutex, PoisonError},
};

use self::{
    bad_rows::BadRows,
    blocks::BlockReader,
    row_mapping::RowMapping,
    worker::{Done, Shared, Worker},
};
pub(super) use self::{
    bad_rows::{BadRow, Rejects},
    worker::RepeatedRow,
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
    /// The rows at local times that occur twice, if the order of rows tells them apart.
    pub(super) repeated: Vec<RepeatedRow>,
    /// Names of the kept columns in the input.
    pub(super) kept: Vec<String>,
    /// Name of the column of timestamps.
    pub(super) timestamp: String,
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
    let (mut buckets, mut counts, mut repeated) = (all.split(bits), RowCounts::default(), Vec::new());
    for Done { counts: part, buckets: written, repeated: found } in parts {
        counts.add(&part);
        repeated.extend(found);
        buckets.iter_mut().zip(written).for_each(|(bucket, more)| bucket.extents.extend(more.extents));
    }
    let blocks = shared.blocks.into_inner().unwrap_or_else(PoisonError::into_inner);
    let found = |(mapping, kept): (Arc<RowMapping<'_>>, Vec<String>)| {
        let timestamp = mapping.layout.timestamp.map(|at| mapping.layout.name(at).to_owned()).unwrap_or_default();
        (mapping.description(), kept, timestamp)
    };
    let (description, kept, timestamp) = blocks.first().map(found).unwrap_or_default();
    let (starts, names) = blocks.into_starts();
    let rejects = shared.bad_rows.finish(starts, names)?;
    counts.bad = rejects.count;
    Ok(Scattered { file, buckets, counts, rejects, repeated, kept, timestamp, description })
}
