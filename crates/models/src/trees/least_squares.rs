//! The split search of forests: the boundary that explains most of a node's squared deviations.

use super::{
    ForestParams,
    columns::{Columns, Entry},
    few::{FEW, FewRows, Terms, middle},
    grow::{Candidate, ColumnScanner, Open, Rule, Split},
    mt19937::Mt19937,
    scan::{RowSums, Sums},
    tree::Stat,
};

/// Splits that reduce the weighted sum of squared deviations most.
pub(super) struct LeastSquares<'a> {
    params: &'a ForestParams,
    targets: &'a [f32],
    features: Vec<u32>,
    /// Number of features that are searched in each node.
    searched: usize,
    generator: Mt19937,
    /// The inverse of the targets' standard deviation.
    scale: f64,
}

impl<'a> LeastSquares<'a> {
    /// For trees on `targets`, shape (n), with features 0 to `features` - 1; `scale` is the inverse of the targets'
    /// standard deviation.
    pub(super) fn new(params: &'a ForestParams, targets: &'a [f32], features: usize, scale: f64) -> Self {
        Self {
            params,
            targets,
            features: (0..features as u32).collect(),
            searched: params.max_features.of(features),
            generator: Mt19937::new(params.random_state),
            scale,
        }
    }

    /// Starts the draws of another tree.
    pub(super) fn begin_tree(&mut self, seed: u32) {
        self.generator = Mt19937::new(seed);
    }

    /// Features are searched in a new random order in every node, so that in small nodes, where many features separate
    /// the rows equally well, no feature is preferred. At least one that varies in the node is searched; `search` returns
    /// whether its feature does.
    #[inline]
    fn search_in_random_order(
        &mut self,
        is_enough: impl Fn(&Split) -> bool,
        mut search: impl FnMut(usize, &mut Option<Split>) -> bool,
    ) -> Option<Split> {
        let (mut best, mut varies, k) = (None, false, self.features.len());
        for at in 0..k {
            if (at >= self.searched && varies) || best.as_ref().is_some_and(&is_enough) {
                break;
            }
            let other = at + self.generator.below((k - at) as u32) as usize;
            self.features.swap(at, other);
            varies |= search(self.features[at] as usize, &mut best);
        }
        best
    }
}

impl Rule for LeastSquares<'_> {
    type Info = ();

    fn root(&mut self, _: Sums) {}

    fn children(&mut self, (): &(), _: &Split, _: Sums, _: Sums) -> ((), ()) {
        ((), ())
    }

    fn splittable(&self, depth: usize, _: Sums, rows: &[u32]) -> bool {
        let least = self.params.least_to_split(self.targets.len());
        let mut targets = rows.iter().map(|&row| self.targets[row as usize]);
        self.params.max_depth.is_none_or(|deepest| depth < deepest)
            && rows.len() >= least
            && targets.next().is_some_and(|first| targets.any(|y| y.total_cmp(&first).is_ne()))
    }

    fn search(&mut self, node: &Open<()>, scanner: &mut dyn ColumnScanner) -> Option<Split> {
        let (least, scale) = (self.params.least_in_leaf(self.targets.len()), self.scale);
        // Two rows are parted completely by any feature that parts them.
        self.search_in_random_order(
            |_| node.count() == 2,
            |feature, best| {
                let Some(mut candidate) = scanner.column(feature) else { return false };
                search_column(node, &mut candidate, least, scale, best);
                varies(node, &candidate)
            },
        )
    }

    const FEW: usize = FEW;

    fn search_few<E: Entry>(
        &mut self,
        node: &Open<()>,
        columns: &Columns<E>,
        rows: &[u32],
        sums: RowSums<'_>,
    ) -> Option<Split> {
        let terms = Terms { least: self.params.least_in_leaf(self.targets.len()), scale: self.scale };
        let few = FewRows::new(columns, rows, sums, node.sums, terms);
        let enough = few.most_explained() * (1.0 - 1e-6);
        // Features that part the rows equally well come in random order, so the first will do.
        let is_enough = |best: &Split| node.count() == 2 || best.gain >= enough;
        self.search_in_random_order(is_enough, |feature, best| few.search(feature, best))
    }

    fn finish(&self, node: &Open<()>) -> (f32, Stat) {
        let mean = (node.sums.g / node.sums.h) as f32;
        (mean, Stat { base_weight: mean, loss_change: 0.0, sum_hessian: node.sums.h as f32 })
    }
}

/// Whether a column has two different values in a node, a missing one counted as a value.
fn varies(node: &Open<()>, candidate: &Candidate<'_>) -> bool {
    match candidate.boundaries.len() {
        0 => false,
        1 => candidate.boundaries.count_above(0) < node.count(),
        _ => true,
    }
}

/// Searches one column, with the rows that lack a value on either side.
fn search_column(node: &Open<()>, candidate: &mut Candidate<'_>, least: usize, scale: f64, best: &mut Option<Split>) {
    let boundaries = &mut *candidate.boundaries;
    let Some(inner) = boundaries.len().checked_sub(1) else { return };
    let with_values = boundaries.count_above(inner);
    let lacking = node.count() - with_values;
    let absent = if lacking > 0 { node.sums - boundaries.present() } else { Sums::default() };
    for default_left in [true, false] {
        if lacking == 0 && !default_left {
            continue;
        }
        let (on_right, moved) = if default_left { (0, Sums::default()) } else { (lacking, absent) };
        let right_count = |j: usize| boundaries.count_above(j) + on_right;
        let first = (0..inner).find(|&j| right_count(j) >= least).unwrap_or(inner);
        let last = (first..inner).rev().find(|&j| node.count() - right_count(j) >= least).map_or(first, |j| j + 1);
        if first == last {
            continue;
        }
        if let Some((j, gain)) = boundaries.most_explained(first..last, node.sums, moved, scale) {
            let (below, above) =
                (candidate.values[boundaries.value_below(j)], candidate.values[boundaries.value_above(j)]);
            // Where no row lacks a value, one that does goes with the majority.
            let default_left = if lacking > 0 { default_left } else { node.count() > 2 * boundaries.count_above(j) };
            let threshold = middle(below, above);
            Split { gain, feature: candidate.feature as u32, threshold, default_left }.offer(best);
        }
    }
    if lacking >= least && with_values >= least {
        Split::of_missing(candidate.feature, boundaries.present(), absent, node.sums).offer(best);
    }
}
