//! The one scan that every split search shares: running sums at the boundaries between distinct values.

use super::columns::Entry;

/// Sums of a set of rows: for boosting of gradients and hessians, for a forest of weighted targets and weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) g: f64,
    pub(super) h: f64,
}

impl std::ops::Sub for Sums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { g: self.g - other.g, h: self.h - other.h }
    }
}

/// Per-row numbers that are summed, shape (n) each.
#[derive(Clone, Copy)]
pub(super) struct RowSums<'a> {
    pub(super) g: &'a [f32],
    /// Empty if every row counts 1: squared error without weights, the most common case, then needs no second gather.
    pub(super) h: &'a [f32],
}

/// The boundaries of one column within one node, from the largest value down.
///
/// Boundary j lies below the j-th largest distinct value: its sums are those of the rows with that value or a larger
/// one. The last boundary therefore holds the sums of all rows that have a value.
#[derive(Default)]
pub(super) struct Boundaries {
    g: Vec<f64>,
    h: Vec<f64>,
    count: Vec<u32>,
    rank: Vec<u32>,
    score: Vec<f64>,
    len: usize,
    bins: Vec<Bin>,
}

#[derive(Clone, Copy, Default)]
struct Bin {
    g: f64,
    h: f64,
    count: u32,
}

impl Boundaries {
    /// Makes room for columns of `rows` rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        if self.g.len() < rows {
            self.g.resize(rows, 0.0);
            self.h.resize(rows, 0.0);
            self.score.resize(rows, 0.0);
            self.count.resize(rows, 0);
            self.rank.resize(rows, 0);
        }
        self.bins.resize(256, Bin::default());
    }

    /// Scans a node's part of a sorted column, without its missing rows.
    pub(super) fn scan_list<E: Entry>(&mut self, list: &[E], rows: RowSums<'_>) {
        if rows.h.is_empty() {
            self.scan_list_with(list, |row| (rows.g[row], 1.0));
        } else {
            self.scan_list_with(list, |row| (rows.g[row], rows.h[row]));
        }
    }

    #[inline]
    fn scan_list_with<E: Entry>(&mut self, list: &[E], sums: impl Fn(usize) -> (f32, f32)) {
        let n = list.len();
        let (gs, hs) = (&mut self.g[..n], &mut self.h[..n]);
        let (counts, ranks) = (&mut self.count[..n], &mut self.rank[..n]);
        let (mut g, mut h) = (0.0, 0.0);
        let mut len = 0;
        for (i, &entry) in list.iter().enumerate() {
            let (row_g, row_h) = sums(entry.row());
            g += f64::from(row_g);
            h += f64::from(row_h);
            // Written for every row, kept only where the value changes: no branch to mispredict.
            gs[len] = g;
            hs[len] = h;
            counts[len] = i as u32 + 1;
            ranks[len] = entry.rank();
            let next = list.get(i + 1).map_or(0, |entry| entry.rank());
            len += usize::from(next != entry.rank());
        }
        self.len = len;
    }

    /// Scans a node's rows of a binned column with `distinct` values.
    pub(super) fn scan_bins(&mut self, node_rows: &[u32], codes: &[u8], distinct: usize, rows: RowSums<'_>) {
        if rows.h.is_empty() {
            self.scan_bins_with(node_rows, codes, distinct, |row| (rows.g[row], 1.0));
        } else {
            self.scan_bins_with(node_rows, codes, distinct, |row| (rows.g[row], rows.h[row]));
        }
    }

    #[inline]
    fn scan_bins_with(&mut self, node_rows: &[u32], codes: &[u8], distinct: usize, sums: impl Fn(usize) -> (f32, f32)) {
        let Some(bins) = self.bins.first_chunk_mut::<256>() else { return };
        bins[..=distinct].fill(Bin::default());
        for &row in node_rows {
            let (g, h) = sums(row as usize);
            let bin = &mut bins[usize::from(codes[row as usize])];
            bin.g += f64::from(g);
            bin.h += f64::from(h);
            bin.count += 1;
        }
        let (mut g, mut h, mut count, mut len) = (0.0, 0.0, 0, 0);
        let (gs, hs) = (&mut self.g[..], &mut self.h[..]);
        let (counts, ranks) = (&mut self.count[..], &mut self.rank[..]);
        for (rank, bin) in bins[..=distinct].iter().enumerate().skip(1).rev() {
            if bin.count > 0 {
                g += bin.g;
                h += bin.h;
                count += bin.count;
                gs[len] = g;
                hs[len] = h;
                counts[len] = count;
                ranks[len] = rank as u32;
                len += 1;
            }
        }
        self.len = len;
    }

    /// Number of distinct values in the node.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The sums of the rows at or above boundary `j`.
    #[inline]
    pub(super) fn above(&self, j: usize) -> Sums {
        Sums { g: self.g[j], h: self.h[j] }
    }

    /// Number of rows at or above boundary `j`.
    #[inline]
    pub(super) fn count_above(&self, j: usize) -> usize {
        self.count[j] as usize
    }

    /// The sums of all rows that have a value.
    pub(super) fn present(&self) -> Sums {
        self.len.checked_sub(1).map_or(Sums::default(), |last| self.above(last))
    }

    /// The place of the value just above boundary `j` among the column's distinct values.
    #[inline]
    pub(super) fn value_above(&self, j: usize) -> usize {
        self.rank[j] as usize - 1
    }

    /// The place of the value just below boundary `j` among the column's distinct values.
    #[inline]
    pub(super) fn value_below(&self, j: usize) -> usize {
        self.rank[j + 1] as usize - 1
    }

    /// Scores the boundaries `range` with the regularized explained sum of squares
    /// `G_left² / (H_left + λ) + G_right² / (H_right + λ)`, where `missing` joins the right side, and returns the largest.
    ///
    /// In double precision and with one division for both terms, so within a few units in the last place.
    pub(super) fn score(&mut self, range: std::ops::Range<usize>, node: Sums, missing: Sums, lambda: f64) -> f64 {
        let (gs, hs) = (&self.g[range.clone()], &self.h[range.clone()]);
        let scores = &mut self.score[range];
        let (node_h, missing_h) = (node.h + lambda + lambda, missing.h + lambda);
        for ((score, &g), &h) in scores.iter_mut().zip(gs).zip(hs) {
            let (right_g, right_h) = (g + missing.g, h + missing_h);
            let (left_g, left_h) = (node.g - right_g, node_h - right_h);
            *score = (left_g * left_g * right_h + right_g * right_g * left_h) / (left_h * right_h);
        }
        let mut lanes = [f64::NEG_INFINITY; 4];
        let mut chunks = scores.chunks_exact(4);
        for chunk in &mut chunks {
            for (lane, &score) in lanes.iter_mut().zip(chunk) {
                *lane = if score > *lane { score } else { *lane };
            }
        }
        lanes
            .iter()
            .chain(chunks.remainder())
            .fold(f64::NEG_INFINITY, |top, &score| if score > top { score } else { top })
    }

    /// The scores that [`Self::score`] left.
    pub(super) fn scores(&self) -> &[f64] {
        &self.score
    }
}
