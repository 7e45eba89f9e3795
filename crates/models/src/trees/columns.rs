//! Feature columns made ready for split search: sorted once for each data set.

use super::Matrix;

/// Columns with at most this many distinct values are searched by bins (one sum for each value) instead of by sorted
/// lists, which then need not be moved. With the bin of the missing values they fit the bits of one word.
pub(super) const MAX_BINS: usize = 63;

/// A (rank, row) pair of a sorted column in one machine word.
///
/// - ranks count the distinct values of the column from 1 in ascending order; rank 0 means missing;
/// - the order of the words is the order of the ranks.
pub(super) trait Entry: Copy + Default + Ord {
    /// The most rows that fit.
    const MAX_ROWS: usize;

    fn new(rank: u32, row: u32) -> Self;
    fn rank(self) -> u32;
    fn row(self) -> usize;
}

/// For data sets whose ranks and rows fit 16 bits: half the memory traffic, and the working set of a small model stays
/// in the first-level cache.
impl Entry for u32 {
    const MAX_ROWS: usize = u16::MAX as usize;

    #[inline]
    fn new(rank: u32, row: u32) -> Self {
        rank << 16 | row
    }

    #[inline]
    fn rank(self) -> u32 {
        self >> 16
    }

    #[inline]
    fn row(self) -> usize {
        (self & 0xffff) as usize
    }
}

impl Entry for u64 {
    const MAX_ROWS: usize = u32::MAX as usize - 1;

    #[inline]
    fn new(rank: u32, row: u32) -> Self {
        Self::from(rank) << 32 | Self::from(row)
    }

    #[inline]
    fn rank(self) -> u32 {
        (self >> 32) as u32
    }

    #[inline]
    fn row(self) -> usize {
        (self & 0xffff_ffff) as usize
    }
}

/// How the rows of a column are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layout {
    /// Never splits: one value or none, and the same for every row.
    Useless,
    /// The n entries at this slot of [`Columns::orders`].
    Sorted(usize),
    /// The n codes at this slot of [`Columns::codes`].
    Binned(usize),
}

/// What split search knows of one column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) layout: Layout,
    /// Number of distinct values that are not missing.
    pub(super) distinct: usize,
    /// Where its distinct values start in [`Columns::values`].
    values_start: usize,
    /// Whether any row lacks a value.
    pub(super) missing: bool,
}

/// The sorted columns of a [`Matrix`].
#[derive(Debug, Default)]
pub(super) struct Columns<E> {
    features: Vec<Column>,
    /// The distinct values of every column, ascending, one column after another.
    values: Vec<f32>,
    /// n entries for each sorted column: descending by rank, so missing values come last.
    orders: Vec<E>,
    /// n ranks for each binned column.
    codes: Vec<u8>,
    /// The rank of every row in each column, shape (columns, n); empty unless [`Self::compute_ranks`] was called.
    ranks: Vec<u32>,
    keys: Vec<u64>,
    rows: usize,
}

impl<E: Entry> Columns<E> {
    /// Sorts every column of `matrix`.
    pub(super) fn sort(&mut self, matrix: &Matrix) {
        self.rows = matrix.rows();
        self.features.clear();
        self.values.clear();
        self.orders.clear();
        self.codes.clear();
        self.ranks.clear();
        for feature in 0..matrix.columns() {
            self.sort_column(matrix.column(feature));
        }
    }

    fn sort_column(&mut self, column: &[f32]) {
        self.keys.clear();
        self.keys.extend(
            column
                .iter()
                .enumerate()
                .filter(|(_, x)| !x.is_nan())
                .map(|(row, &x)| u64::from(sortable(x)) << 32 | row as u64),
        );
        self.keys.sort_unstable();
        let values_start = self.values.len();
        Self::ranked(&self.keys, |rank, row| {
            if self.values.len() < values_start + rank as usize {
                self.values.push(column[row as usize] + 0.0);
            }
        });
        let distinct = self.values.len() - values_start;
        let missing = self.keys.len() < self.rows;
        let layout = if distinct == 0 || (distinct == 1 && !missing) {
            Layout::Useless
        } else if distinct <= MAX_BINS {
            Layout::Binned(self.compute_codes())
        } else {
            Layout::Sorted(self.compute_order(column))
        };
        self.features.push(Column { layout, distinct, values_start, missing });
    }

    /// Calls `put(rank, row)` for each key in ascending order.
    fn ranked(keys: &[u64], mut put: impl FnMut(u32, u32)) {
        let (mut rank, mut last) = (0, None);
        for &key in keys {
            let sortable = key >> 32;
            rank += u32::from(last != Some(sortable));
            last = Some(sortable);
            put(rank, key as u32);
        }
    }

    fn compute_codes(&mut self) -> usize {
        let start = self.codes.len();
        self.codes.resize(start + self.rows, 0);
        let codes = &mut self.codes[start..];
        Self::ranked(&self.keys, |rank, row| codes[row as usize] = rank as u8);
        start / self.rows
    }

    fn compute_order(&mut self, column: &[f32]) -> usize {
        let start = self.orders.len();
        self.orders.resize(start + self.rows, E::default());
        let (present, absent) = self.orders[start..].split_at_mut(self.keys.len());
        let mut place = present.iter_mut().rev();
        Self::ranked(&self.keys, |rank, row| {
            if let Some(place) = place.next() {
                *place = E::new(rank, row);
            }
        });
        let lacking = column.iter().enumerate().filter(|(_, x)| x.is_nan());
        for (place, (row, _)) in absent.iter_mut().zip(lacking) {
            *place = E::new(0, row as u32);
        }
        start / self.rows
    }

    /// Makes [`Self::ranks`] ready.
    pub(super) fn compute_ranks(&mut self) {
        self.ranks.resize(self.features.len() * self.rows, 0);
        for (column, ranks) in self.features.iter().zip(self.ranks.chunks_exact_mut(self.rows)) {
            match column.layout {
                Layout::Useless => {}
                Layout::Sorted(slot) => {
                    for entry in &self.orders[slot * self.rows..][..self.rows] {
                        ranks[entry.row()] = entry.rank();
                    }
                }
                Layout::Binned(slot) => {
                    let codes = &self.codes[slot * self.rows..][..self.rows];
                    ranks.iter_mut().zip(codes).for_each(|(rank, &code)| *rank = u32::from(code));
                }
            }
        }
    }

    /// The rank of every row in a column that can split, shape (n).
    pub(super) fn ranks(&self, feature: usize) -> &[u32] {
        &self.ranks[feature * self.rows..][..self.rows]
    }

    pub(super) fn column(&self, feature: usize) -> &Column {
        &self.features[feature]
    }

    /// The distinct values of a column, ascending: the value of rank r is at r - 1.
    pub(super) fn values(&self, column: &Column) -> &[f32] {
        &self.values[column.values_start..][..column.distinct]
    }

    /// The rank of every row in a binned column, shape (n).
    pub(super) fn codes(&self, slot: usize) -> &[u8] {
        &self.codes[slot * self.rows..][..self.rows]
    }

    /// The entries of all sorted columns, n for each.
    pub(super) fn orders(&self) -> &[E] {
        &self.orders
    }
}

/// Bits that sort as the numbers do, where both zeros are one number.
fn sortable(x: f32) -> u32 {
    sortable_bits(x + 0.0)
}

/// Bits that sort as the numbers do.
#[inline]
pub(super) const fn sortable_bits(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_laid_out_by_descending_rank_with_the_missing_rows_last() {
        let n = 2 * MAX_BINS as u32;
        let mut values: Vec<f32> = (0..n).map(|row| -(row as f32)).collect();
        (values[3], values[5]) = (f32::NAN, -4.0);
        let matrix = Matrix::from_columns(values.len(), values).unwrap();
        let mut columns = Columns::<u32>::default();
        columns.sort(&matrix);
        let column = *columns.column(0);
        assert!(column.missing);
        assert_eq!(column.distinct, n as usize - 2);
        let entries: Vec<_> = columns.orders().iter().map(|e| (e.rank(), e.row())).collect();
        assert_eq!(entries[..5], [(n - 2, 0), (n - 3, 1), (n - 4, 2), (n - 5, 5), (n - 5, 4)]);
        assert_eq!(entries[n as usize - 1], (0, 3));
    }

    #[test]
    fn few_distinct_values_become_bins_and_constants_are_never_searched() {
        let matrix = Matrix::from_columns(4, vec![1.0, 2.0, 1.0, f32::NAN, 3.0, 3.0, 3.0, 3.0]).unwrap();
        let mut columns = Columns::<u64>::default();
        columns.sort(&matrix);
        assert_eq!(columns.column(0).layout, Layout::Binned(0));
        assert_eq!(columns.codes(0), [1, 2, 1, 0]);
        assert_eq!(columns.column(1).layout, Layout::Useless);
    }
}
