//! A table in memory: its columns, and the values of some of its rows.

use std::{
    collections::BTreeSet,
    ops::Range,
    slice,
    sync::{Arc, OnceLock},
};

use polars_arrow::array::{
    Array,
    builder::{ShareStrategy, make_builder},
};

use super::values::{array, becomes, is_dictionary_of_numbers, joined, values};
use crate::{
    error::{Error, Result},
    input::{
        data_error::DataError,
        parquet::{column::ColumnValues, values::ArrowDataType},
        value::column_times::Decision,
    },
};

/// Rows of a column that are looked at in one piece.
const BLOCK: usize = 1 << 16;

/// The columns of a table in memory.
#[derive(Debug)]
pub struct Frame {
    columns: Vec<Column>,
    /// The rows of each chunk, and of all columns alike.
    chunks: Vec<Range<usize>>,
    /// The form of the timestamps, which is that of the whole column.
    pub(in crate::input) times: OnceLock<Result<Decision, DataError>>,
}

/// A column.
#[derive(Debug)]
struct Column {
    name: String,
    /// What its values become.
    kind: ArrowDataType,
    chunks: Vec<Box<dyn Array>>,
}

/// A customer's rows of a table: ranges of its rows, in their order.
#[derive(Clone, Debug)]
pub(in crate::input) struct FrameRows {
    pub(in crate::input) frame: Arc<Frame>,
    /// The column of customers, which is not one of the customer's.
    customer: usize,
    ranges: Arc<Ranges>,
    /// Which of them are the customer's.
    own: Range<usize>,
    /// All rows as one group, as a file of Parquet has several.
    whole: Range<usize>,
}

/// The numbers of some rows in the table, from 0.
pub(in crate::input) enum Numbers {
    /// From this one on.
    From(u64),
    /// Each.
    Each(Vec<u32>),
}

impl Numbers {
    /// Of one of these rows.
    #[inline]
    pub(in crate::input) fn of(&self, row: usize) -> u64 {
        match self {
            Self::From(first) => first + row as u64,
            Self::Each(numbers) => numbers[row].into(),
        }
    }
}

/// Ranges of rows of all customers, customer by customer.
#[derive(Debug)]
pub(super) struct Ranges {
    /// The first row of each.
    pub(super) starts: Vec<u32>,
    /// The number of rows of each; `None` if each is one row.
    pub(super) lengths: Option<Vec<u32>>,
}

impl Ranges {
    fn range(&self, at: usize) -> Range<usize> {
        let start = self.starts[at] as usize;
        start..start + self.lengths.as_ref().map_or(1, |lengths| lengths[at]) as usize
    }
}

impl Frame {
    /// A table of columns with these names; each part of the rows has an array for every column.
    ///
    /// # Errors
    /// [`Error::Data`] for more than 4,294,967,295 rows, and for arrays of different lengths.
    pub fn new(names: impl IntoIterator<Item = String>, parts: Vec<Vec<Box<dyn Array>>>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().collect();
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        let (mut chunks, mut end) = (Vec::with_capacity(parts.len()), 0);
        for part in &parts {
            let rows = part.first().map_or(0, |first| first.len());
            if part.len() != names.len() || part.iter().any(|array| array.len() != rows) {
                return Err(Error::Data("the parts of the table do not fit together".into()));
            }
            chunks.push(end..end + rows);
            end += rows;
        }
        if u32::try_from(end).is_err() {
            let advice = "fit it in parts, each with whole customers";
            return Err(Error::Data(format!("the table has {end} rows, more than {}: {advice}", u32::MAX)));
        }
        let mut arrays: Vec<_> = names.iter().map(|_| Vec::with_capacity(parts.len())).collect();
        for part in parts {
            part.into_iter().zip(&mut arrays).for_each(|(array, chunks)| chunks.push(array));
        }
        for (name, mut chunks) in names.into_iter().zip(arrays) {
            let kind = chunks.first().map_or(ArrowDataType::Null, |first| becomes(first.dtype()));
            for chunk in &mut chunks {
                if is_dictionary_of_numbers(chunk.dtype())
                    && let Some(values) = values(&**chunk)
                {
                    *chunk = array(values);
                }
            }
            columns.push(Column { name, kind, chunks });
        }
        Ok(Self { columns, chunks, times: OnceLock::new() })
    }

    /// A table of columns whose arrays end at different rows, which need not be copied to agree.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn of_columns(columns: Vec<(String, Vec<Box<dyn Array>>)>) -> Result<Self> {
        let mut ends = BTreeSet::new();
        for (_, arrays) in &columns {
            let mut end = 0;
            ends.extend(arrays.iter().map(|array| {
                end += array.len();
                end
            }));
        }
        let (mut names, mut parts) = (Vec::new(), ends.iter().map(|_| Vec::new()).collect::<Vec<Vec<_>>>());
        for (name, arrays) in columns {
            names.push(name);
            let (mut arrays, mut start, mut array_start) = (arrays.into_iter().peekable(), 0, 0);
            for (part, &end) in parts.iter_mut().zip(&ends) {
                while let Some(array) = arrays.peek()
                    && array_start + array.len() <= start
                    && end > start
                {
                    array_start += array.len();
                    arrays.next();
                }
                // A column that ends too early has none, which is an error below.
                let inside = arrays.peek().filter(|array| end <= array_start + array.len());
                part.extend(inside.map(|array| array.sliced(start - array_start, end - start)));
                start = end;
            }
        }
        Self::new(names, parts)
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| last.end)
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// What the values of a column become.
    pub(super) fn kind(&self, at: usize) -> &ArrowDataType {
        &self.columns[at].kind
    }

    /// The values of a column block by block, with the number of the first row of each, from 0.
    pub(in crate::input) fn blocks(&self, at: usize) -> impl Iterator<Item = (usize, Option<ColumnValues>)> {
        self.columns[at].chunks.iter().zip(&self.chunks).flat_map(|(chunk, rows)| {
            let starts = (0..chunk.len()).step_by(BLOCK);
            starts.map(|start| {
                let part = chunk.sliced(start, BLOCK.min(chunk.len() - start));
                (rows.start + start, values(&*part))
            })
        })
    }

    /// The parts of the chunks that some rows are in.
    fn pieces(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let first = self.chunks.partition_point(|chunk| chunk.end <= rows.start);
        let inside = self.chunks[first..].iter().take_while(move |chunk| chunk.start < rows.end).enumerate();
        inside.map(move |(at, chunk)| {
            let part = rows.start.max(chunk.start) - chunk.start..rows.end.min(chunk.end) - chunk.start;
            (first + at, part)
        })
    }
}

impl FrameRows {
    /// Some rows of a table: `own` of all ranges.
    pub(super) fn new(frame: Arc<Frame>, customer: usize, ranges: Arc<Ranges>, own: Range<usize>) -> Self {
        let rows = own.clone().map(|at| ranges.range(at).len()).sum();
        Self { frame, customer, ranges, own, whole: 0..rows }
    }

    fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        self.own.clone().map(|at| self.ranges.range(at))
    }

    /// The place in the table of a column of these rows.
    pub(in crate::input) const fn place(&self, at: usize) -> usize {
        if at < self.customer { at } else { at + 1 }
    }

    pub(in crate::input) fn names(&self) -> impl Iterator<Item = &str> {
        self.frame.names().enumerate().filter(|(at, _)| *at != self.customer).map(|(_, name)| name)
    }

    /// What the values of the columns become.
    pub(in crate::input) fn kinds(&self) -> Vec<ArrowDataType> {
        let others = (0..self.frame.columns.len()).filter(|at| *at != self.customer);
        others.map(|at| self.frame.kind(at).clone()).collect()
    }

    pub(in crate::input) fn groups(&self) -> &[Range<usize>] {
        slice::from_ref(&self.whole)
    }

    /// Number of rows.
    pub(in crate::input) const fn len(&self) -> usize {
        self.whole.end
    }

    /// The number of each row in the table, from 0.
    pub(in crate::input) fn numbers(&self) -> Numbers {
        match self.own.len() {
            1 => Numbers::From(self.ranges.starts[self.own.start].into()),
            _ => Numbers::Each(self.runs().flatten().map(|row| row as u32).collect()),
        }
    }

    /// The values of a column.
    pub(in crate::input) fn values(&self, at: usize) -> Result<ColumnValues, DataError> {
        let column = &self.frame.columns[self.place(at)];
        let mut pieces = self.runs().flat_map(|run| self.frame.pieces(run));
        let found = match (pieces.next(), pieces.next()) {
            (None, _) => return Ok(ColumnValues::Missing(0)),
            (Some((chunk, rows)), None) => values(&*column.chunks[chunk].sliced(rows.start, rows.len())),
            (Some(first), Some(second)) => {
                let pieces = [first, second].into_iter().chain(pieces);
                let part = |(chunk, rows): (usize, Range<usize>)| column.chunks[chunk].sliced(rows.start, rows.len());
                match &column.chunks[0].dtype() {
                    // Each chunk has a dictionary of its own.
                    ArrowDataType::Dictionary(..) => joined(pieces.map(|piece| values(&*part(piece)))),
                    plain => {
                        let mut builder = make_builder(plain);
                        builder.reserve(self.len());
                        for (chunk, rows) in pieces {
                            let chunk = &*column.chunks[chunk];
                            builder.subslice_extend(chunk, rows.start, rows.len(), ShareStrategy::Always);
                        }
                        values(&*builder.freeze_reset())
                    }
                }
            }
        };
        found.ok_or_else(|| DataError::file(format!("the column {:?} cannot be read", column.name)))
    }
}
