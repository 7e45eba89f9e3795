//! Buckets that are too large to load, split into smaller ones.

use crate::{
    error::{Error, Result},
    prepare::{
        buckets::{Bucket, BucketFile, BucketWriter, EncodedRow, encoded_rows, hash, pieces},
        resources::{MEMORY_PER_BYTE, MOST_LOADED},
    },
};

/// A bucket is split into 2 to the power of this many parts.
const MORE_BITS: u32 = 4;
/// Bytes of the write buffer of each part.
const BUFFER: usize = 64 << 10;

/// Splits buckets until all threads can load one at the same time, or each holds only one customer.
///
/// `wanted` is the largest bucket that need not be split, `possible` the largest that can be loaded at all, in bytes.
///
/// # Errors
/// [`Error::Settings`] if one customer alone is too large.
pub(in crate::prepare) fn split_large(
    file: &BucketFile,
    buckets: Vec<Bucket>,
    kept: usize,
    (wanted, possible): (u64, u64),
) -> Result<Vec<Bucket>> {
    let mut small = Vec::with_capacity(buckets.len());
    // A stack, so that buckets stay in the order of their hashes.
    let mut stack: Vec<Bucket> = buckets.into_iter().rev().collect();
    while let Some(bucket) = stack.pop() {
        if bucket.size() <= wanted {
            small.push(bucket);
        } else if let Some(parts) = split(file, &bucket, kept)? {
            stack.extend(parts.into_iter().rev());
        } else if bucket.size() <= possible {
            small.push(bucket);
        } else {
            let mut name = String::new();
            for_each_row(file, &bucket, kept, |_, row| {
                name = String::from_utf8_lossy(row.customer()).into_owned();
                Ok(false)
            })?;
            return Err(too_large(&name, bucket.size()));
        }
    }
    Ok(small)
}

/// The parts of a bucket, or `None` if all its rows have the same hash.
fn split(file: &BucketFile, bucket: &Bucket, kept: usize) -> Result<Option<Vec<Bucket>>> {
    if bucket.bits + MORE_BITS > u64::BITS {
        return Ok(None);
    }
    // Checked before any row is written again.
    let mut first = None;
    let same = for_each_row(file, bucket, kept, |_, row| {
        let hash = hash(row.customer());
        Ok(*first.get_or_insert(hash) == hash)
    })?;
    if same {
        return Ok(None);
    }
    let mut parts = BucketWriter::new(file, bucket, MORE_BITS, BUFFER);
    for_each_row(file, bucket, kept, |block, row| {
        parts.buffer(hash(row.customer()), block, row.bytes().len())?.extend_from_slice(row.bytes());
        Ok(true)
    })?;
    parts.finish().map(Some)
}

/// Calls `each` with the block and the content of every row as long as it returns true. Whether it always did.
fn for_each_row(
    file: &BucketFile,
    bucket: &Bucket,
    kept: usize,
    mut each: impl FnMut(u32, EncodedRow<'_>) -> Result<bool>,
) -> Result<bool> {
    let mut bytes = Vec::new();
    for &extent in &bucket.extents {
        bytes.clear();
        file.read(extent, &mut bytes)?;
        for (block, _, rows) in pieces(&bytes) {
            for row in encoded_rows(rows, kept) {
                if !each(block, row)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

fn too_large(customer: &str, size: u64) -> Error {
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let advice = if size > MOST_LOADED {
        format!("but the rows of a customer may not take more than {} MB", megabytes(MOST_LOADED))
    } else {
        let needed = megabytes(size * MEMORY_PER_BYTE);
        format!("for which {needed} MB are needed: give --memory {needed}MB, on a machine that has twice that free")
    };
    Error::Settings(format!(
        "the rows of the customer {customer:?} take {} MB, {advice}; or leave rows out with --filter, --from, --to",
        megabytes(size)
    ))
}
