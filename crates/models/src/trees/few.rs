//! The least-squares search of small nodes, of which a tree that is grown to the end has most.
//!
//! A few rows are sorted again in each column, by ranks that were found once, so that no sorted column is kept for them.
//! Boundaries, their order and the arithmetic are those of [`super::scan`]. The number of rows is known to the compiler, which
//! unrolls the loops and needs almost no branches.

use super::{
    columns::{Columns, Entry, Layout, sortable_bits},
    grow::Split,
    scan::{RowSums, Sums},
};

/// Nodes of at most this many rows are small.
pub(super) const FEW: usize = 8;

/// The rows of a small node.
pub(super) struct FewRows<'a, E> {
    columns: &'a Columns<E>,
    rows: &'a [u32],
    /// The sums of each row.
    sums: [[f64; 2]; FEW],
    /// The sums of all rows.
    total: Sums,
    terms: Terms,
    /// As in [`super::scan::Boundaries::most_explained`].
    slope: f64,
}

/// The constraints and the scale of a search.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Fewest rows on each side.
    pub(super) least: usize,
    /// The inverse of the targets' standard deviation.
    pub(super) scale: f64,
}

/// N rows sorted by one column.
struct Sorted<const N: usize> {
    /// Descending.
    rank: [u32; N],
    /// The sums of the first row, of the first two, and so on.
    above: [[f64; 2]; N],
}

/// The best boundary: how much it explains, and the ranks next to it.
struct Boundary {
    gain: f64,
    above: u32,
    below: u32,
    /// Number of rows on its right side.
    right: usize,
}

impl<'a, E: Entry> FewRows<'a, E> {
    pub(super) fn new(columns: &'a Columns<E>, rows: &'a [u32], sums: RowSums<'_>, total: Sums, terms: Terms) -> Self {
        let mut row_sums = [[0.0; 2]; FEW];
        for (into, &row) in row_sums.iter_mut().zip(rows) {
            let Sums { g, h } = sums.of(row as usize);
            *into = [g, h];
        }
        Self { columns, rows, sums: row_sums, total, terms, slope: total.g / total.h * terms.scale }
    }

    /// An upper bound, up to rounding, of what a split of these rows can explain: the best split of the rows in the order of
    /// their targets.
    pub(super) fn most_explained(&self) -> f64 {
        match self.rows.len() {
            3 => self.most_explained_of::<3>(),
            4 => self.most_explained_of::<4>(),
            5 => self.most_explained_of::<5>(),
            // More rows can be split in so many ways that a column hardly ever reaches the bound.
            _ => f64::INFINITY,
        }
    }

    fn most_explained_of<const N: usize>(&self) -> f64 {
        let mut rank = [0; N];
        for (rank, [g, h]) in rank.iter_mut().zip(self.sums) {
            *rank = sortable_bits((g / h) as f32);
        }
        let sorted = self.sort(rank);
        self.best_boundary(&sorted, 0, Sums::default()).map_or(f64::INFINITY, |boundary| boundary.gain)
    }

    /// Searches one column for a better split than `best`. `false` if no two rows differ in it.
    pub(super) fn search(&self, feature: usize, best: &mut Option<Split>) -> bool {
        if self.columns.column(feature).layout == Layout::Useless {
            return false;
        }
        match self.rows.len() {
            2 => self.search_all::<2>(feature, best),
            3 => self.search_all::<3>(feature, best),
            4 => self.search_all::<4>(feature, best),
            5 => self.search_all::<5>(feature, best),
            6 => self.search_all::<6>(feature, best),
            7 => self.search_all::<7>(feature, best),
            8 => self.search_all::<8>(feature, best),
            _ => false,
        }
    }

    #[inline]
    fn search_all<const N: usize>(&self, feature: usize, best: &mut Option<Split>) -> bool {
        let ranks = self.columns.ranks(feature);
        let mut rank = [0; N];
        for (rank, &row) in rank.iter_mut().zip(self.rows) {
            *rank = ranks[row as usize];
        }
        if rank.iter().all(|&other| other == rank[0]) {
            return false;
        }
        let sorted = self.sort(rank);
        if sorted.rank[N - 1] == 0 {
            self.search_with_missing(feature, &sorted, best);
        } else if let Some(boundary) = self.best_boundary(&sorted, 0, Sums::default()) {
            self.offer(feature, &boundary, N > 2 * boundary.right, best);
        }
        true
    }

    /// Sorts the rows by descending rank, and equal ones by descending row, as the sorted columns are.
    #[inline]
    fn sort<const N: usize>(&self, rank: [u32; N]) -> Sorted<N> {
        let mut keys = [0_u64; N];
        for (i, (key, &rank)) in keys.iter_mut().zip(&rank).enumerate() {
            *key = u64::from(rank) << 8 | i as u64;
        }
        // By minima and maxima: no branch to mispredict.
        for end in 1..N {
            for i in (0..end).rev() {
                (keys[i], keys[i + 1]) = (keys[i].max(keys[i + 1]), keys[i].min(keys[i + 1]));
            }
        }
        let mut total = [0.0; 2];
        let above = keys.map(|key| {
            let [g, h] = self.sums[(key & 0xff) as usize % FEW];
            total = [total[0] + g, total[1] + h];
            total
        });
        Sorted { rank: keys.map(|key| (key >> 8) as u32), above }
    }

    /// As [`super::scan::Boundaries::most_explained`]; `lacking` rows with the sums `absent` join the right side.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "lazy operators would be branches to mispredict")]
    fn best_boundary<const N: usize>(&self, sorted: &Sorted<N>, lacking: usize, absent: Sums) -> Option<Boundary> {
        let Terms { least, scale } = self.terms;
        let offset = absent.g * scale - self.slope * absent.h;
        let (node_h, absent_h) = (self.total.h as f32, absent.h as f32);
        let (mut top, mut at) = (f32::NEG_INFINITY, N);
        for i in 0..N - 1 {
            let [g, h] = sorted.above[i];
            let deviation = (g * scale - self.slope * h + offset) as f32;
            let right_h = h as f32 + absent_h;
            let score = deviation * deviation / (right_h * (node_h - right_h));
            let right = i + 1 + lacking;
            let apart = (sorted.rank[i] != sorted.rank[i + 1]) & (sorted.rank[i + 1] > 0);
            let better = apart & (right >= least) & (N >= right + least) & (score > top);
            top = if better { score } else { top };
            at = if better { i } else { at };
        }
        let below = *sorted.rank.get(at + 1)?;
        Some(Boundary {
            gain: f64::from(top) * self.total.h / (scale * scale),
            above: sorted.rank[at],
            below,
            right: at + 1 + lacking,
        })
    }

    #[cold]
    fn search_with_missing<const N: usize>(&self, feature: usize, sorted: &Sorted<N>, best: &mut Option<Split>) {
        if let Some(boundary) = self.best_boundary(sorted, 0, Sums::default()) {
            self.offer(feature, &boundary, true, best);
        }
        let count = sorted.rank.iter().filter(|&&rank| rank > 0).count();
        let [g, h] = sorted.above[count.saturating_sub(1)];
        let present = Sums { g, h };
        let absent = self.total - present;
        if let Some(boundary) = self.best_boundary(sorted, N - count, absent) {
            self.offer(feature, &boundary, false, best);
        }
        if N - count >= self.terms.least && count >= self.terms.least {
            Split::of_missing(feature, present, absent, self.total).offer(best);
        }
    }

    #[inline]
    fn offer(&self, feature: usize, boundary: &Boundary, default_left: bool, best: &mut Option<Split>) {
        let &Boundary { gain, above, below, .. } = boundary;
        if best.is_none_or(|best| gain > best.gain) {
            let values = self.columns.values(self.columns.column(feature));
            let threshold = middle(values[below as usize - 1], values[above as usize - 1]);
            *best = Some(Split { gain, feature: feature as u32, threshold, default_left });
        }
    }
}

/// A number above `below` and not above `above`, in the middle if there is one. Rows equal to the threshold go right.
pub(super) fn middle(below: f32, above: f32) -> f32 {
    // Halves first: the sum of two large values may overflow.
    let middle = below * 0.5 + above * 0.5;
    if middle > below { middle } else { above }
}

#[cfg(test)]
mod tests {
    use super::super::{
        ForestParams, Matrix, Samples,
        grow::{Arena, ColumnScanner, Open, Rule, grow},
        least_squares::LeastSquares,
        tree::Stat,
    };
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// The same rule, with every node searched by sorted columns and bins.
    struct ByLists<'a>(LeastSquares<'a>);

    impl Rule for ByLists<'_> {
        type Info = ();

        fn root(&mut self, sums: Sums) {
            self.0.root(sums);
        }

        fn children(&mut self, info: &(), split: &Split, left: Sums, right: Sums) -> ((), ()) {
            self.0.children(info, split, left, right)
        }

        fn splittable(&self, depth: usize, sums: Sums, rows: &[u32]) -> bool {
            self.0.splittable(depth, sums, rows)
        }

        fn search(&mut self, node: &Open<()>, scanner: &mut dyn ColumnScanner) -> Option<Split> {
            self.0.search(node, scanner)
        }

        fn finish(&self, node: &Open<()>) -> (f32, Stat) {
            self.0.finish(node)
        }
    }

    #[test]
    fn small_nodes_are_split_as_the_sorted_columns_would() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for case in 0..600_usize {
            // One column, so that no draw decides; few values for ties, many for sorted columns.
            let (n, kinds) = (2 + case % 90, if case % 3 == 0 { 5 } else { 1000 });
            let missing = if case % 2 == 0 { 0.0 } else { 0.25 };
            let value = |rng: &mut rand_chacha::ChaCha8Rng| {
                if rng.random_bool(missing) { f32::NAN } else { rng.random_range(0..kinds) as f32 / 7.0 }
            };
            let column: Vec<f32> = (0..n).map(|_| value(&mut rng)).collect();
            let targets: Vec<f32> = (0..n).map(|_| rng.random_range(-9.0..9.0)).collect();
            let pairs: Vec<[f32; 2]> = targets
                .iter()
                .map(|y| {
                    let weight = rng.random_range(1..4) as f32;
                    [y * weight, weight]
                })
                .collect();
            let params = ForestParams { min_samples_leaf: Samples::Count(1 + case % 4), ..ForestParams::default() };
            let matrix = Matrix::from_columns(n, column).unwrap();
            let mut arena = Arena::<u32>::default();
            arena.prepare(&matrix);
            arena.columns.compute_ranks();
            let mut leaf_of = vec![0; n];
            let mut rule = LeastSquares::new(&params, &targets, 1, 0.2);
            arena.take_rows(n, None);
            let few = grow(&mut rule, &mut arena, &matrix, RowSums::Pairs(&pairs), &mut leaf_of);
            arena.take_rows(n, None);
            let lists = grow(&mut ByLists(rule), &mut arena, &matrix, RowSums::Pairs(&pairs), &mut leaf_of);
            assert_eq!(few, lists, "case {case}");
        }
    }
}
