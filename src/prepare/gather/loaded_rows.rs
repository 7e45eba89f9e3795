//! Rows in memory, by customer and in the order of time.

use std::collections::{BTreeMap, HashMap};

use super::repeated_hours::tell_apart;
use crate::{
    error::{Error, Result},
    prepare::buckets::{
        Bucket, BucketFile, EncodedRow, begin_piece, encoded_rows, end_piece, hash, occurrences, pieces,
    },
};

/// The rows of a range of hashes. Each thread has one and reuses its memory.
#[derive(Default)]
pub(in crate::prepare) struct LoadedRows {
    /// Number of kept columns.
    kept: usize,
    bytes: Vec<u8>,
    /// The rows in the order of the input.
    unsorted: Vec<RowPosition>,
    /// The rows by customer, then time, then the order of the input.
    sorted: Vec<RowPosition>,
    customers: Vec<Customer>,
    /// Rows that were left out, because nothing tells which of two times they have.
    untold: Vec<UntoldRow>,
}

/// A row at a time that occurs twice, of which the order of rows does not tell which is meant.
#[derive(Clone, Copy, Debug)]
pub(in crate::prepare) struct UntoldRow {
    /// That of the customer.
    pub(in crate::prepare) hash: u64,
    /// How many rows of the customer at such times come before it in the input.
    pub(in crate::prepare) ordinal: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct RowPosition {
    time: i64,
    /// Offset in the bytes.
    at: u32,
    customer: u32,
}

#[derive(Clone, Copy, Debug)]
struct Customer {
    hash: u64,
    /// Offset of a row that has its name.
    at: u32,
    /// The range of its sorted rows.
    start: usize,
    end: usize,
}

/// The rows of one customer.
#[derive(Clone, Copy)]
pub(in crate::prepare) struct CustomerSlice<'a> {
    pub(in crate::prepare) customer: &'a str,
    pub(in crate::prepare) hash: u64,
    loaded: &'a LoadedRows,
    positions: &'a [RowPosition],
}

impl<'a> CustomerSlice<'a> {
    pub(in crate::prepare) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(in crate::prepare) fn time(&self, at: usize) -> i64 {
        self.positions[at].time
    }

    pub(in crate::prepare) fn row(&self, at: usize) -> EncodedRow<'a> {
        self.loaded.row(self.positions[at].at)
    }
}

impl LoadedRows {
    /// Loads the rows whose hashes are between `first` and `last`, from buckets that hold all of them.
    pub(in crate::prepare) fn load(
        &mut self,
        file: &BucketFile,
        buckets: &[Bucket],
        kept: usize,
        (first, last): (u64, u64),
    ) -> Result<()> {
        let Self { bytes, unsorted, customers, .. } = self;
        self.kept = kept;
        bytes.clear();
        unsorted.clear();
        customers.clear();
        let mut some_repeated = false;
        for bucket in buckets {
            let whole = first <= bucket.first && bucket.last() <= last;
            let start = bytes.len();
            for &extent in &bucket.extents {
                let begin = bytes.len();
                file.read(extent, bytes)?;
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
            let mut previous: Option<(&[u8], u32)> = None;
            for (_, begin, rows) in found {
                let mut at = (start + begin) as u32;
                for row in encoded_rows(rows, kept) {
                    let name = row.customer();
                    let customer = match previous {
                        Some((same, customer)) if same == name => customer,
                        _ => *by_name.entry(name).or_insert_with(|| {
                            customers.push(Customer { hash: hash(name), at, start: 0, end: 0 });
                            customers.len() as u32 - 1
                        }),
                    };
                    previous = Some((name, customer));
                    // The number of rows for now.
                    customers[customer as usize].end += 1;
                    let time = row.time();
                    some_repeated |= occurrences(time).0 != time;
                    unsorted.push(RowPosition { time, at, customer });
                    at += row.bytes().len() as u32;
                }
            }
        }
        self.untold.clear();
        if some_repeated {
            self.tell_repeated_apart();
        }
        self.sort();
        Ok(())
    }

    /// The rows that were left out, because nothing tells which of two times they have.
    pub(in crate::prepare) fn untold(&self) -> &[UntoldRow] {
        &self.untold
    }

    /// Replaces the times that occur twice by those that are meant, and leaves out rows of which nothing tells it.
    fn tell_repeated_apart(&mut self) {
        let is_repeated = |position: &RowPosition| occurrences(position.time).0 != position.time;
        let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for position in self.unsorted.iter().filter(|position| is_repeated(position)) {
            rows_of.entry(position.customer).or_default();
        }
        for (at, position) in self.unsorted.iter().enumerate() {
            if let Some(rows) = rows_of.get_mut(&position.customer) {
                rows.push(at);
            }
        }
        let mut left_out = Vec::new();
        for rows in rows_of.into_values() {
            let mut times: Vec<i64> = rows.iter().map(|at| self.unsorted[*at].time).collect();
            let untold = tell_apart(&mut times);
            if !untold.is_empty() {
                let customer = &mut self.customers[self.unsorted[rows[0]].customer as usize];
                customer.end -= untold.len();
                let repeated = |at: &usize| is_repeated(&self.unsorted[*at]);
                let row = |at: &usize| UntoldRow {
                    hash: customer.hash,
                    ordinal: rows[..*at].iter().filter(|row| repeated(row)).count(),
                };
                self.untold.extend(untold.iter().map(row));
                left_out.extend(untold.iter().map(|at| rows[*at]));
            }
            rows.iter().zip(times).for_each(|(at, time)| self.unsorted[*at].time = time);
        }
        left_out.sort_unstable();
        let mut at = 0..;
        self.unsorted.retain(|_| at.next().is_some_and(|at| left_out.binary_search(&at).is_err()));
    }

    /// Sorts the rows by customer and time.
    fn sort(&mut self) {
        let Self { unsorted, sorted, customers, .. } = self;
        let mut begin = 0;
        for customer in customers.iter_mut() {
            let count = customer.end;
            (customer.start, customer.end) = (begin, begin);
            begin += count;
        }
        sorted.clear();
        sorted.resize(unsorted.len(), RowPosition::default());
        for position in unsorted.iter() {
            let customer = &mut customers[position.customer as usize];
            sorted[customer.end] = *position;
            customer.end += 1;
        }
        for customer in customers.iter() {
            let rows = &mut sorted[customer.start..customer.end];
            if !rows.is_sorted_by_key(|position| position.time) {
                rows.sort_by_key(|position| position.time);
            }
        }
    }

    fn row(&self, at: u32) -> EncodedRow<'_> {
        EncodedRow::first(&self.bytes[at as usize..], self.kept)
    }

    /// The customers, sorted by name.
    pub(in crate::prepare) fn customers(&self) -> Vec<CustomerSlice<'_>> {
        let slice = |customer: &Customer| CustomerSlice {
            // Names were checked to be UTF-8 when their rows were read.
            customer: str::from_utf8(self.row(customer.at).customer()).unwrap_or_default(),
            hash: customer.hash,
            loaded: self,
            positions: &self.sorted[customer.start..customer.end],
        };
        let mut customers: Vec<_> = self.customers.iter().filter(|rows| rows.start < rows.end).map(slice).collect();
        customers.sort_unstable_by_key(|rows| rows.customer);
        customers
    }
}

/// Keeps only the rows with wanted hashes in the pieces that start at `begin`.
fn retain(bytes: &mut Vec<u8>, begin: usize, kept: usize, wanted: impl Fn(u64) -> bool) {
    let mut remaining = Vec::with_capacity(bytes.len() - begin);
    for (block, _, rows) in pieces(&bytes[begin..]) {
        let piece = begin_piece(block, &mut remaining);
        for row in encoded_rows(rows, kept).filter(|row| wanted(hash(row.customer()))) {
            remaining.extend_from_slice(row.bytes());
        }
        end_piece(piece, &mut remaining);
    }
    bytes.truncate(begin);
    bytes.extend_from_slice(&remaining);
}
