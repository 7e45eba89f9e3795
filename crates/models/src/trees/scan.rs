//! The one scan that every split search shares: running sums at the boundaries between distinct values.

use super::columns::{Entry, MAX_BINS};

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

/// Per-row numbers that are summed, shape (n).
#[derive(Clone, Copy)]
pub(super) enum RowSums<'a> {
    /// Every row counts 1 in `h`: squared error without weights, the most common case, then reads half as much.
    Unit(&'a [f32]),
    /// `g` and `h` side by side, so that one load and one addition serve both.
    Pairs(&'a [[f32; 2]]),
}

impl RowSums<'_> {
    /// Those of one row.
    #[inline]
    pub(super) fn of(self, row: usize) -> Sums {
        match self {
            Self::Unit(g) => Sums { g: f64::from(g[row]), h: 1.0 },
            Self::Pairs(pairs) => {
                let [g, h] = pairs[row].map(f64::from);
                Sums { g, h }
            }
        }
    }
}

/// The boundaries of one column within one node, from the largest value down.
///
/// Boundary j lies below the j-th largest distinct value: its sums are those of the rows with that value or a larger
/// one. The last boundary therefore holds the sums of all rows that have a value.
#[derive(Debug, Default)]
pub(super) struct Boundaries {
    g: Vec<f64>,
    h: Vec<f64>,
    count: Vec<i32>,
    rank: Vec<u32>,
    score: Vec<f64>,
    deviation: Vec<f32>,
    len: usize,
    /// Whether every row counts 1, so that `count` is `h` too.
    unit: bool,
    bins: Vec<Bin>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    sums: [f64; 2],
    count: i32,
}

#[inline]
fn add<const N: usize>(total: &mut [f64; N], more: [f64; N]) {
    for (total, more) in total.iter_mut().zip(more) {
        *total += more;
    }
}

impl Boundaries {
    /// Makes room for columns of `rows` rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        if self.g.len() < rows {
            self.g.resize(rows, 0.0);
            self.h.resize(rows, 0.0);
            self.score.resize(rows, 0.0);
            self.deviation.resize(rows, 0.0);
            self.count.resize(rows, 0);
            self.rank.resize(rows, 0);
        }
        self.bins.clear();
        self.bins.resize(MAX_BINS + 1, Bin::default());
    }

    /// Scans a node's part of a sorted column, without its missing rows.
    pub(super) fn scan_list<E: Entry>(&mut self, list: &[E], rows: RowSums<'_>) {
        self.unit = matches!(rows, RowSums::Unit(_));
        match rows {
            RowSums::Unit(g) => self.scan_list_with(list, |row| [f64::from(g[row])]),
            RowSums::Pairs(pairs) => self.scan_list_with(list, |row| pairs[row].map(f64::from)),
        }
    }

    #[inline]
    fn scan_list_with<E: Entry, const N: usize>(&mut self, list: &[E], sums: impl Fn(usize) -> [f64; N]) {
        let n = list.len();
        let (gs, hs) = (&mut self.g[..n], &mut self.h[..n]);
        let (counts, ranks) = (&mut self.count[..n], &mut self.rank[..n]);
        let mut total = [0.0; N];
        let mut len = 0;
        for (i, &entry) in list.iter().enumerate() {
            add(&mut total, sums(entry.row()));
            // Written for every row, kept only where the value changes: no branch to mispredict.
            gs[len] = total[0];
            if N == 2 {
                hs[len] = total[N - 1];
            }
            counts[len] = i as i32 + 1;
            ranks[len] = entry.rank();
            let next = list.get(i + 1).map_or(0, |entry| entry.rank());
            len += usize::from(next != entry.rank());
        }
        self.len = len;
    }

    /// Scans a node's rows of a binned column.
    pub(super) fn scan_bins(&mut self, node_rows: &[u32], codes: &[u8], rows: RowSums<'_>) {
        self.unit = matches!(rows, RowSums::Unit(_));
        match rows {
            RowSums::Unit(g) => self.scan_bins_with(node_rows, codes, |row| [f64::from(g[row])]),
            RowSums::Pairs(pairs) => self.scan_bins_with(node_rows, codes, |row| pairs[row].map(f64::from)),
        }
    }

    #[inline]
    fn scan_bins_with<const N: usize>(&mut self, node_rows: &[u32], codes: &[u8], sums: impl Fn(usize) -> [f64; N]) {
        // The bins are all empty. Those that are filled are remembered by bits, and emptied again: a node of a few rows
        // costs a few steps, however many bins there are.
        let Some(bins) = self.bins.first_chunk_mut::<{ MAX_BINS + 1 }>() else { return };
        let mut filled = 0_u64;
        for &row in node_rows {
            let code = usize::from(codes[row as usize]) & MAX_BINS;
            let bin = &mut bins[code];
            let [g, h] = &mut bin.sums;
            let row_sums = sums(row as usize);
            *g += row_sums[0];
            if N == 2 {
                *h += row_sums[N - 1];
            }
            bin.count += 1;
            filled |= 1 << code;
        }
        bins[0] = Bin::default();
        filled &= !1;
        let (mut total, mut count, mut len) = ([0.0; 2], 0, 0);
        while filled != 0 {
            let rank = filled.ilog2();
            filled ^= 1 << rank;
            let bin = std::mem::take(&mut bins[rank as usize]);
            add(&mut total, bin.sums);
            self.g[len] = total[0];
            if N == 2 {
                self.h[len] = total[1];
            }
            count += bin.count;
            self.count[len] = count;
            self.rank[len] = rank;
            len += 1;
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
        Sums { g: self.g[j], h: if self.unit { f64::from(self.count[j]) } else { self.h[j] } }
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
        let gs = &self.g[range.clone()];
        let scores = &mut self.score[range.clone()];
        let (node_h, missing_h) = (node.h + lambda + lambda, missing.h + lambda);
        let score = |g: f64, h: f64| {
            let (right_g, right_h) = (g + missing.g, h + missing_h);
            let (left_g, left_h) = (node.g - right_g, node_h - right_h);
            (left_g * left_g * right_h + right_g * right_g * left_h) / (left_h * right_h)
        };
        if self.unit {
            for ((into, &g), &count) in scores.iter_mut().zip(gs).zip(&self.count[range]) {
                *into = score(g, f64::from(count));
            }
        } else {
            for ((into, &g), &h) in scores.iter_mut().zip(gs).zip(&self.h[range]) {
                *into = score(g, h);
            }
        }
        largest(scores)
    }

    /// The scores that [`Self::score`] left.
    pub(super) fn scores(&self) -> &[f64] {
        &self.score
    }

    /// Finds, among the boundaries `range`, the one that explains most of the node's sum of squared deviations, with
    /// `missing` on the right side, and how much it explains.
    ///
    /// `D² H / (H_left H_right)` with D the right side's sum of deviations from the node's mean: what
    /// `G_left² / H_left + G_right² / H_right` is above `G² / H`, without its cancellation, so that single precision will do
    /// and four boundaries are scored at once. `scale` brings the deviations near 1.
    pub(super) fn most_explained(
        &mut self,
        range: std::ops::Range<usize>,
        node: Sums,
        missing: Sums,
        scale: f64,
    ) -> Option<(usize, f64)> {
        let scores = &mut self.deviation[range.clone()];
        let slope = node.g / node.h * scale;
        let offset = missing.g * scale - slope * missing.h;
        let (node_h, missing_h) = (node.h as f32, missing.h as f32);
        for ((score, &g), &h) in scores.iter_mut().zip(&self.g[range.clone()]).zip(&self.h[range.clone()]) {
            let deviation = (g * scale - slope * h + offset) as f32;
            let right_h = h as f32 + missing_h;
            *score = deviation * deviation / (right_h * (node_h - right_h));
        }
        let top = largest(scores);
        let at = scores.iter().position(|&score| score >= top)?;
        Some((range.start + at, f64::from(top) * node.h / (scale * scale)))
    }
}

/// The largest number, by four maxima side by side; NaN does not count.
#[inline]
fn largest<T: Copy + PartialOrd + From<f32>>(numbers: &[T]) -> T {
    let larger = |top: T, number: T| if number > top { number } else { top };
    let mut lanes = [T::from(f32::NEG_INFINITY); 4];
    let mut chunks = numbers.chunks_exact(4);
    for chunk in &mut chunks {
        for (lane, &number) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, number);
        }
    }
    let top = lanes.into_iter().fold(T::from(f32::NEG_INFINITY), larger);
    chunks.remainder().iter().fold(top, |top, &number| larger(top, number))
}
