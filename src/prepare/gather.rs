//! Second half: the rows of some buckets by customer, in the order of time.

use std::collections::HashMap;

use super::{
    permits::{MEMORY_PER_BYTE, MOST},
    record::{self, Encoded},
    spool::{Bucket, Buffers, Extent, Spool, SpoolReader, pieces},
};
use crate::error::{Error, Result};

/// Halvings of a bucket that is too large, at a time.
const MORE_BITS: u32 = 4;
/// Bytes that wait for each part of a bucket that is being split.
const SPLIT_BUFFER: usize = 64 << 10;

/// The rows of a range of hashes. Each thread has its own, and keeps its memory.
#[derive(Default)]
pub(super) struct Loaded {
    kept: usize,
    bytes: Vec<u8>,
    scattered: Vec<Place>,
    /// The rows, customer by customer, each in the order of time and, where times are equal, of the input.
    rows: Vec<Place>,
    customers: Vec<Customer>,
}

/// A row: its time, and where it stands in the bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    time: i64,
    at: u32,
    customer: u32,
}

#[derive(Clone, Copy, Debug)]
struct Customer {
    hash: u64,
    /// Where a row stands that has its name.
    at: u32,
    start: usize,
    end: usize,
}

/// One customer's rows.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) customer: &'a str,
    pub(super) hash: u64,
    loaded: &'a Loaded,
    places: &'a [Place],
}

impl<'a> Rows<'a> {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn time(&self, at: usize) -> i64 {
        self.places[at].time
    }

    pub(super) fn row(&self, at: usize) -> Encoded<'a> {
        Encoded::first(&self.loaded.bytes[self.places[at].at as usize..], self.loaded.kept).0
    }
}

impl Loaded {
    /// Loads the rows of the customers whose hashes lie between `first` and `last`, from buckets that hold them all.
    pub(super) fn load(
        &mut self,
        reader: &mut SpoolReader,
        buckets: &[&Bucket],
        kept: usize,
        (first, last): (u64, u64),
    ) -> Result<()> {
        let Self { bytes, scattered, customers, .. } = self;
        self.kept = kept;
        bytes.clear();
        scattered.clear();
        customers.clear();
        for bucket in buckets {
            let whole = first <= bucket.first && bucket.last() <= last;
            let start = bytes.len();
            for &extent in &bucket.extents {
                let begin = bytes.len();
                reader.read(extent, bytes)?;
                if !whole {
                    retain(bytes, begin, kept, |hash| (first..=last).contains(&hash));
                }
            }
            if u32::try_from(bytes.len()).is_err() {
                return Err(Error::Bug("more than 4 GB of rows were loaded at once".into()));
            }
            // Threads wrote the blocks of the input in any order.
            let mut found: Vec<(u32, usize, &[u8])> = pieces(&bytes[start..]).collect();
            found.sort_by_key(|(block, ..)| *block);
            let mut by_name: HashMap<&[u8], u32> = HashMap::new();
            let mut previous: (&[u8], u32) = (&[], u32::MAX);
            for (_, begin, rows) in found {
                let mut rest = rows;
                while !rest.is_empty() {
                    let (row, length) = Encoded::first(rest, kept);
                    let name = row.customer();
                    let at = (start + begin + rows.len() - rest.len()) as u32;
                    rest = &rest[length..];
                    if previous.1 == u32::MAX || previous.0 != name {
                        let known = *by_name.entry(name).or_insert_with(|| {
                            customers.push(Customer { hash: record::hash(name), at, start: 0, end: 0 });
                            customers.len() as u32 - 1
                        });
                        previous = (name, known);
                    }
                    customers[previous.1 as usize].end += 1;
                    scattered.push(Place { time: row.time(), at, customer: previous.1 });
                }
            }
        }
        self.sort();
        Ok(())
    }

    /// Brings the rows together by customer, and into the order of time.
    fn sort(&mut self) {
        let Self { scattered, rows, customers, .. } = self;
        let mut begin = 0;
        for customer in customers.iter_mut() {
            let count = customer.end;
            (customer.start, customer.end) = (begin, begin);
            begin += count;
        }
        rows.clear();
        rows.resize(scattered.len(), Place::default());
        for place in scattered.iter() {
            let customer = &mut customers[place.customer as usize];
            rows[customer.end] = *place;
            customer.end += 1;
        }
        for customer in customers.iter() {
            let rows = &mut rows[customer.start..customer.end];
            if !rows.is_sorted_by_key(|place| place.time) {
                rows.sort_by_key(|place| place.time);
            }
        }
    }

    /// The customers, sorted by name.
    pub(super) fn customers(&self) -> Vec<Rows<'_>> {
        let rows = |customer: &Customer| Rows {
            // Names were checked to be UTF-8 as their rows were read.
            customer: str::from_utf8(Encoded::first(&self.bytes[customer.at as usize..], self.kept).0.customer())
                .unwrap_or_default(),
            hash: customer.hash,
            loaded: self,
            places: &self.rows[customer.start..customer.end],
        };
        let mut customers: Vec<_> = self.customers.iter().map(rows).collect();
        customers.sort_unstable_by_key(|rows| rows.customer);
        customers
    }
}

/// Keeps the rows of some hashes among the pieces that begin here.
fn retain(bytes: &mut Vec<u8>, begin: usize, kept: usize, wanted: impl Fn(u64) -> bool) {
    let mut remaining = Vec::with_capacity(bytes.len() - begin);
    for (block, _, mut rest) in pieces(&bytes[begin..]) {
        let piece = remaining.len();
        remaining.extend_from_slice(&block.to_le_bytes());
        remaining.extend_from_slice(&[0; 4]);
        while !rest.is_empty() {
            let (row, length) = Encoded::first(rest, kept);
            if wanted(record::hash(row.customer())) {
                remaining.extend_from_slice(row.bytes());
            }
            rest = &rest[length..];
        }
        let length = (remaining.len() - piece - 8) as u32;
        remaining[piece + 4..piece + 8].copy_from_slice(&length.to_le_bytes());
    }
    bytes.truncate(begin);
    bytes.extend_from_slice(&remaining);
}

/// Splits buckets until all threads can load one of them, or each is one customer's.
///
/// `wanted` is the largest bucket that need not be split, `possible` the largest that can be loaded, in bytes.
///
/// # Errors
/// [`Error::Settings`] where one customer alone is too large.
pub(super) fn split_large(
    spool: &Spool,
    buckets: Vec<Bucket>,
    kept: usize,
    (wanted, possible): (u64, u64),
) -> Result<Vec<Bucket>> {
    let mut reader = spool.reader()?;
    let mut small = Vec::with_capacity(buckets.len());
    // The last is the next, so that buckets stay in the order of their hashes.
    let mut waiting: Vec<Bucket> = buckets.into_iter().rev().collect();
    while let Some(bucket) = waiting.pop() {
        if bucket.size() <= wanted {
            small.push(bucket);
        } else if let Some(parts) = split(spool, &mut reader, &bucket, kept)? {
            waiting.extend(parts.into_iter().rev());
        } else if bucket.size() <= possible {
            small.push(bucket);
        } else {
            return Err(too_large(&mut reader, &bucket, kept)?);
        }
    }
    Ok(small)
}

/// A bucket's parts; `None`: it is one customer's.
fn split(spool: &Spool, reader: &mut SpoolReader, bucket: &Bucket, kept: usize) -> Result<Option<Vec<Bucket>>> {
    if bucket.bits + MORE_BITS > u64::BITS {
        return Ok(None);
    }
    if is_of_one(reader, bucket, kept)? {
        return Ok(None);
    }
    let mut buffers = Buffers::new(spool, bucket.bits, MORE_BITS, SPLIT_BUFFER);
    let mut bytes = Vec::new();
    for &extent in &bucket.extents {
        bytes.clear();
        reader.read(extent, &mut bytes)?;
        for (block, _, mut rest) in pieces(&bytes) {
            while !rest.is_empty() {
                let (row, length) = Encoded::first(rest, kept);
                buffers.place(record::hash(row.customer()), block, length)?.extend_from_slice(row.bytes());
                rest = &rest[length..];
            }
        }
    }
    let parts = Bucket::split(bucket.first, bucket.bits, MORE_BITS);
    let fill = |(part, extents): (Bucket, Vec<Extent>)| Bucket { extents, ..part };
    Ok(Some(parts.into_iter().zip(buffers.finish()?).map(fill).collect()))
}

/// Whether all rows have one hash, and no split would part them. Told before any is written again.
fn is_of_one(reader: &mut SpoolReader, bucket: &Bucket, kept: usize) -> Result<bool> {
    let (mut bytes, mut hash) = (Vec::new(), None);
    for &extent in &bucket.extents {
        bytes.clear();
        reader.read(extent, &mut bytes)?;
        for (.., mut rest) in pieces(&bytes) {
            while !rest.is_empty() {
                let (row, length) = Encoded::first(rest, kept);
                let own = record::hash(row.customer());
                if *hash.get_or_insert(own) != own {
                    return Ok(false);
                }
                rest = &rest[length..];
            }
        }
    }
    Ok(true)
}

fn too_large(reader: &mut SpoolReader, bucket: &Bucket, kept: usize) -> Result<Error> {
    let mut bytes = Vec::new();
    if let Some(extent) = bucket.extents.first() {
        reader.read(*extent, &mut bytes)?;
    }
    let first = pieces(&bytes).find(|(.., rows)| !rows.is_empty());
    let name = first.map(|(.., rows)| String::from_utf8_lossy(Encoded::first(rows, kept).0.customer()).into_owned());
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let advice = if bucket.size() > MOST {
        format!("and no customer's may take more than {} MB", megabytes(MOST))
    } else {
        let needed = megabytes(bucket.size() * MEMORY_PER_BYTE);
        format!("for which {needed} MB are needed: give --memory {needed}MB, on a machine that has twice that free")
    };
    Ok(Error::Settings(format!(
        "the rows of the customer {:?} take {} MB, {advice}; or leave rows out with --filter, --from, --to",
        name.unwrap_or_default(),
        megabytes(bucket.size())
    )))
}
